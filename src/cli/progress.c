/* progress.c: one thread that sleeps, reads two counters and draws one line. */
#include "progress.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "clock.h"
#include "context.h"
#include "number.h"

#define FIRST_SECONDS 1.0 /* shorter runs show nothing */
#define EVERY_SECONDS 0.1
#define BAR_LEAST     8
#define BAR_MOST      40
#define TEXT_SIZE     160

/* Share, rate, time left and label: as much of it as fits into less than the terminal's width,
 * since a line that fills the last column wraps on some terminals. Returns its columns. */
static unsigned write_text(const struct nf_progress *progress, char *text, uint64_t done,
                           uint64_t all)
{
    char number[NF_NUMBER_SIZE], rate[NF_NUMBER_SIZE + 8], left[NF_NUMBER_SIZE + 8];
    double here = (double)(done - nf_context_items_continued(progress->context));
    double per_second = here / (nf_clock_now() - progress->began);
    double percent = floor(100.0 * (double)done / (double)all);
    snprintf(rate, sizeof rate, "  %s/s", nf_number_scaled(per_second, number));
    snprintf(left, sizeof left, "  %s left",
             nf_number_seconds((double)(all - done) / per_second, number));
    for (int parts = 3; parts >= 0; parts--) {
        const char *label = parts > 1 ? progress->label : "";
        int width = snprintf(text, TEXT_SIZE, "%s%s%3.0f %%%s%s", label, label[0] ? "  " : "",
                             percent, parts > 2 ? rate : "", parts > 0 ? left : "");
        if (width < (int)progress->terminal->width)
            return (unsigned)width;
    }
    text[0] = '\0';
    return 0;
}

/* Returns its columns. */
static unsigned draw_bar(struct nfold_buffer *line, const struct nf_terminal *terminal,
                         double share, unsigned text_width)
{
    unsigned room = terminal->width > text_width + 4 ? terminal->width - text_width - 4 : 0;
    unsigned cells = room > BAR_MOST ? BAR_MOST : room;
    if (cells < BAR_LEAST)
        return 0;
    nf_buffer_string(line, "[");
    for (unsigned i = 0; i < cells; i++) {
        int is_full = i < (unsigned)(share * cells + 0.5);
        nf_buffer_string(line, is_full ? (terminal->has_unicode ? "█" : "#") : " ");
    }
    nf_buffer_string(line, "] ");
    return cells + 3;
}

/* A line over the last one. Blanks, not an escape, hide what is left of that: a dumb terminal knows
 * no escapes. A line that cannot be written is no reason to fail. */
static void show(struct nf_progress *progress, struct nfold_buffer *line, unsigned columns)
{
    int rest = progress->columns > columns ? (int)(progress->columns - columns) : 0;
    nf_buffer_print(line, "%*s", rest, "");
    progress->columns = columns;
    if (!line->failed && write(progress->terminal->fd, line->data, line->size) < 0)
        line->failed = 1;
}

static void draw(struct nf_progress *progress)
{
    char text[TEXT_SIZE];
    struct nfold_buffer line = {0};
    unsigned columns;
    uint64_t done, all;

    nfold_progress(progress->context, &done, &all);
    if (done <= nf_context_items_continued(progress->context) || done > all ||
        nf_clock_now() <= progress->began)
        return; /* the run has just ended, or has not begun */
    columns = write_text(progress, text, done, all);
    nf_buffer_string(&line, "\r");
    columns += draw_bar(&line, progress->terminal, (double)done / (double)all, columns);
    nf_buffer_string(&line, text);
    show(progress, &line, columns);
    nf_buffer_clear(&line);
}

static void erase(struct nf_progress *progress)
{
    struct nfold_buffer line = {0};
    nf_buffer_print(&line, "\r%*s\r", (int)progress->columns, "");
    progress->columns = 0;
    show(progress, &line, 0);
    nf_buffer_clear(&line);
}

/* Waits until the time has come (1) or the run has ended (0). Called with the lock held. */
static int wait_until(struct nf_progress *progress, double when)
{
    struct timespec until = {.tv_sec = (time_t)when, .tv_nsec = (long)((when - floor(when)) * 1e9)};
    while (!progress->ended && nf_clock_now() < when)
        pthread_cond_timedwait(&progress->wake, &progress->lock, &until);
    return !progress->ended;
}

static void *draw_until_end(void *argument)
{
    struct nf_progress *progress = argument;
    double next = progress->began + FIRST_SECONDS;

    pthread_mutex_lock(&progress->lock);
    for (; wait_until(progress, next); next += EVERY_SECONDS)
        draw(progress);
    pthread_mutex_unlock(&progress->lock);
    if (progress->columns > 0)
        erase(progress);
    return NULL;
}

static int make_thread(struct nf_progress *progress)
{
    pthread_condattr_t attributes;
    sigset_t all, before;
    pthread_mutex_init(&progress->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&progress->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    /* Signals belong to the threads that were there before. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&progress->thread, NULL, draw_until_end, progress);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

void nf_progress_start(struct nf_progress *progress, const nfold_context *context,
                       const struct nf_terminal *terminal, const char *label, int wanted)
{
    memset(progress, 0, sizeof *progress);
    if (!wanted || !terminal->is_terminal)
        return;
    progress->context = context;
    progress->terminal = terminal;
    progress->label = label;
    progress->began = nf_clock_now();
    progress->is_started = make_thread(progress) == 0;
}

void nf_progress_end(struct nf_progress *progress)
{
    if (!progress->is_started)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->ended = 1;
    pthread_cond_signal(&progress->wake);
    pthread_mutex_unlock(&progress->lock);
    pthread_join(progress->thread, NULL);
    pthread_cond_destroy(&progress->wake);
    pthread_mutex_destroy(&progress->lock);
    progress->is_started = 0;
}
