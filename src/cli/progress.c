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
#include "number.h"

#define FIRST_SECONDS 1.0 /* shorter runs show nothing */
#define EVERY_SECONDS 0.1
#define BAR_LEAST     8
#define BAR_MOST      40

static void draw_bar(struct nfold_buffer *line, const struct nf_terminal *terminal, double share,
                     unsigned text_width)
{
    unsigned room = terminal->width > text_width + 4 ? terminal->width - text_width - 4 : 0;
    unsigned cells = room > BAR_MOST ? BAR_MOST : room;
    if (cells < BAR_LEAST)
        return;
    nf_buffer_string(line, "[");
    for (unsigned i = 0; i < cells; i++) {
        int is_full = i < (unsigned)(share * cells + 0.5);
        nf_buffer_string(line, is_full ? (terminal->has_unicode ? "█" : "#") : " ");
    }
    nf_buffer_string(line, "] ");
}

static void draw(const struct nf_progress *progress)
{
    char rate[NF_NUMBER_SIZE], left[NF_NUMBER_SIZE], text[160];
    struct nfold_buffer line = {0};
    uint64_t done, all;
    double seconds = nf_clock_now() - progress->began;

    nfold_progress(progress->context, &done, &all);
    if (done == 0 || done > all || seconds <= 0)
        return; /* the run has just ended, or has not begun */
    double per_second = (double)done / seconds;
    int width =
        snprintf(text, sizeof text, "%s%s%3.0f %%  %s/s  %s left", progress->label,
                 progress->label[0] != '\0' ? "  " : "", floor(100.0 * (double)done / (double)all),
                 nf_number_scaled(per_second, rate),
                 nf_number_seconds((double)(all - done) / per_second, left));
    nf_buffer_string(&line, "\r");
    draw_bar(&line, progress->terminal, (double)done / (double)all, (unsigned)width);
    nf_buffer_string(&line, text);
    nf_buffer_string(&line, "\033[K");
    /* A bar that cannot be drawn is no reason to fail. */
    if (!line.failed && write(progress->terminal->fd, line.data, line.size) < 0)
        line.failed = 1;
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
    int is_drawn = 0;

    pthread_mutex_lock(&progress->lock);
    for (; wait_until(progress, next); next += EVERY_SECONDS) {
        draw(progress);
        is_drawn = 1;
    }
    pthread_mutex_unlock(&progress->lock);
    if (is_drawn && write(progress->terminal->fd, "\r\033[K", 4) < 0)
        return NULL;
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
