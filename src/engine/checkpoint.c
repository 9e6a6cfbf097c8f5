/* checkpoint.c: decides what is written to a checkpoint and when. */
#include "checkpoint.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint_file.h"
#include "clock.h"
#include "error.h"
#include "identity.h"

#define EVERY_LEAST 1.0 /* seconds between two writes */
#define EVERY_MOST  60.0
#define LOST_SHARE  0.01  /* of the time so far: what a crash may cost */
#define WRITE_SHARE 0.005 /* of the time between two writes: what one may take */

struct nf_checkpoint {
    const struct nf_plan *plan;
    struct nf_checkpoint_file file;
    struct nf_pieces known; /* read from the file */
    double began;
    nf_checkpoint_say *say; /* NULL: nobody wants to know, or has been told */
    void *user;

    pthread_mutex_t lock;     /* guards all below */
    struct nf_pieces fresh;   /* merged and not written */
    struct nf_pieces leaving; /* being written, by whoever has set is_writing */
    int is_writing;
    double due;       /* by the clock: no write before */
    double last_took; /* the last write, seconds */
    struct nf_checkpoint_facts facts;
};

/* ---- opening --------------------------------------------------------------------------------- */

static void count_known(struct nf_checkpoint *checkpoint)
{
    const struct nf_pieces *known = &checkpoint->known;
    for (unsigned k = 0; k < known->count; k++)
        checkpoint->facts.items_known += nf_plan_items_of(
            checkpoint->plan, known->piece[k]->chunks.first, known->piece[k]->chunks.count);
}

static int open_file(struct nf_checkpoint *checkpoint, const char *path,
                     const struct nf_order_job *job, nfold_error *err)
{
    struct nfold_buffer identity = {0};
    int rc = nf_identity(job, &identity, err);
    if (rc == 0)
        rc = nf_checkpoint_file_open(&checkpoint->file, path, nf_buffer_text(&identity), job->stop,
                                     err);
    nf_buffer_clear(&identity);
    if (rc == 0)
        rc = nf_checkpoint_file_read(&checkpoint->file, job->plan, &checkpoint->known, err);
    if (rc == 0)
        rc = nf_checkpoint_file_sign(&checkpoint->file, err);
    return rc;
}

int nf_checkpoint_open(struct nf_checkpoint **checkpoint, const char *path,
                       const struct nf_order_job *job, nfold_error *err)
{
    struct nf_checkpoint *made = calloc(1, sizeof *made);
    double began = nf_clock_now();
    int rc;
    *checkpoint = NULL;
    if (!made)
        return nf_fail_memory(err);
    pthread_mutex_init(&made->lock, NULL);
    made->plan = job->plan;
    made->file.fd = -1;
    rc = open_file(made, path, job, err);
    if (rc < 0) {
        nf_checkpoint_close(made);
        return rc;
    }
    count_known(made);
    made->facts.has_lock = made->file.has_lock;
    made->began = nf_clock_now();
    made->facts.seconds = made->began - began;
    made->due = made->began + EVERY_LEAST;
    *checkpoint = made;
    return 0;
}

void nf_checkpoint_watch(struct nf_checkpoint *checkpoint, nf_checkpoint_say *say, void *user)
{
    checkpoint->say = say;
    checkpoint->user = user;
}

void nf_checkpoint_take(struct nf_checkpoint *checkpoint, struct nf_pieces *pieces)
{
    assert(pieces->made == 0);
    if (!checkpoint)
        return;
    *pieces = checkpoint->known;
    checkpoint->known = (struct nf_pieces){0};
}

/* ---- writing --------------------------------------------------------------------------------- */

/* With the lock held. */
static double every(const struct nf_checkpoint *checkpoint, double now)
{
    double seconds = fmin(EVERY_MOST, LOST_SHARE * (now - checkpoint->began));
    seconds = fmax(EVERY_LEAST, seconds);
    return fmax(seconds, checkpoint->last_took / WRITE_SHARE);
}

static void note_failure(struct nf_checkpoint *checkpoint, int cause)
{
    char text[sizeof checkpoint->facts.failure];
    const char *words = cause == EBUSY    ? "something else has changed it"
                        : cause == ENOENT ? "it was deleted"
                                          : strerror_r(cause, text, sizeof text);
    snprintf(checkpoint->facts.failure, sizeof checkpoint->facts.failure, "%s", words);
}

/* Without memory for it a piece is not kept; its chunks are done again. With the lock held. */
static void add_fresh(struct nf_checkpoint *checkpoint, const struct nfold_fragment *fragment)
{
    if (nf_pieces_add(checkpoint->plan, &checkpoint->fresh, fragment) < 0)
        note_failure(checkpoint, ENOMEM);
}

/* Said while the run goes on, since its end may be far. */
static void say_failure(struct nf_checkpoint *checkpoint, int cause)
{
    nf_checkpoint_say *say = checkpoint->say;
    if (cause == 0 || !say)
        return;
    checkpoint->say = NULL;
    say(checkpoint->user, checkpoint->file.path, checkpoint->facts.failure);
}

/* What could not be written stays for the next time. */
static void book_write(struct nf_checkpoint *checkpoint, int cause, double began)
{
    double now = nf_clock_now();
    pthread_mutex_lock(&checkpoint->lock);
    if (cause == 0) {
        checkpoint->facts.writes++;
        checkpoint->facts.failure[0] = '\0';
    } else {
        note_failure(checkpoint, cause);
        for (unsigned k = 0; k < checkpoint->leaving.count; k++)
            add_fresh(checkpoint, checkpoint->leaving.piece[k]);
    }
    checkpoint->leaving.count = 0;
    say_failure(checkpoint, cause);
    checkpoint->last_took = now - began;
    checkpoint->facts.seconds += now - began;
    checkpoint->due = now + every(checkpoint, now);
    checkpoint->is_writing = 0;
    pthread_mutex_unlock(&checkpoint->lock);
}

/* Without the lock: leaving belongs to whoever has set is_writing. */
static void write_leaving(struct nf_checkpoint *checkpoint)
{
    struct nfold_buffer body = {0};
    double began = nf_clock_now();
    int cause;
    for (unsigned k = 0; k < checkpoint->leaving.count; k++)
        nf_checkpoint_file_put(&body, checkpoint->leaving.piece[k]);
    cause = body.failed ? ENOMEM
                        : nf_checkpoint_file_append(&checkpoint->file, NF_CHECKPOINT_FRAGMENTS,
                                                    body.data, body.size);
    nf_buffer_clear(&body);
    book_write(checkpoint, cause, began);
}

/* With the lock held. */
static void begin_write(struct nf_checkpoint *checkpoint)
{
    struct nf_pieces empty = checkpoint->leaving;
    checkpoint->leaving = checkpoint->fresh;
    checkpoint->fresh = empty;
    checkpoint->is_writing = 1;
}

void nf_checkpoint_keep(struct nf_checkpoint *checkpoint, const struct nfold_fragment *fragment)
{
    double now;
    int is_due;
    if (!checkpoint)
        return;
    now = nf_clock_now();
    pthread_mutex_lock(&checkpoint->lock);
    add_fresh(checkpoint, fragment);
    is_due = now >= checkpoint->due && !checkpoint->is_writing;
    if (is_due)
        begin_write(checkpoint);
    pthread_mutex_unlock(&checkpoint->lock);
    if (is_due)
        write_leaving(checkpoint);
}

double nf_checkpoint_every(struct nf_checkpoint *checkpoint)
{
    double seconds;
    if (!checkpoint)
        return 0;
    pthread_mutex_lock(&checkpoint->lock);
    seconds = every(checkpoint, nf_clock_now());
    pthread_mutex_unlock(&checkpoint->lock);
    return seconds;
}

/* ---- the end --------------------------------------------------------------------------------- */

void nf_checkpoint_end(struct nf_checkpoint *checkpoint)
{
    int is_left;
    if (!checkpoint)
        return;
    pthread_mutex_lock(&checkpoint->lock);
    assert(!checkpoint->is_writing);
    is_left = checkpoint->fresh.count > 0;
    checkpoint->say = NULL; /* the report says it */
    if (is_left)
        begin_write(checkpoint);
    pthread_mutex_unlock(&checkpoint->lock);
    if (is_left)
        write_leaving(checkpoint);
    nf_checkpoint_file_close(&checkpoint->file);
}

const struct nf_checkpoint_facts *nf_checkpoint_facts(const struct nf_checkpoint *checkpoint)
{
    return &checkpoint->facts;
}

void nf_checkpoint_close(struct nf_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    nf_checkpoint_file_close(&checkpoint->file);
    nf_pieces_clear(&checkpoint->known);
    nf_pieces_clear(&checkpoint->fresh);
    nf_pieces_clear(&checkpoint->leaving);
    pthread_mutex_destroy(&checkpoint->lock);
    free(checkpoint);
}
