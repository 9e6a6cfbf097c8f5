/* crew.c: worker 0 of the inner backend is a thread of its own; the others are that backend's. */
#include "crew.h"

#include <math.h>
#include <signal.h>
#include <time.h>

#include "crash_signal.h"
#include "error.h"
#include "signal_stack.h"

static void *serve(void *argument)
{
    struct nf_crew *crew = argument;
    void *signal_stack = nf_signal_stack_take();
    pthread_mutex_lock(&crew->lock);
    while (!crew->is_closing) {
        struct nfold_run *run = crew->run;
        if (!run) {
            pthread_cond_wait(&crew->work, &crew->lock);
            continue;
        }
        crew->run = NULL;
        pthread_mutex_unlock(&crew->lock);
        crew->engine->inner_run(crew->inner, run, NULL);
        pthread_mutex_lock(&crew->lock);
        crew->is_busy = 0;
        pthread_cond_signal(&crew->rest);
    }
    pthread_mutex_unlock(&crew->lock);
    nf_signal_stack_drop(signal_stack);
    return NULL;
}

static void make_conditions(struct nf_crew *crew)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&crew->work, &attributes);
    pthread_cond_init(&crew->rest, &attributes);
    pthread_condattr_destroy(&attributes);
}

int nf_crew_start(struct nf_crew *crew, const struct nfold_engine *engine, unsigned threads,
                  const nfold_options *options, nfold_error *err)
{
    sigset_t previous;
    int rc;
    crew->engine = engine;
    make_conditions(crew);
    rc = engine->inner_open(&crew->inner, "threads", threads, options, err);
    if (rc < 0)
        return rc;
    nf_crash_signals_only(&previous);
    crew->is_started = pthread_create(&crew->thread, NULL, serve, crew) == 0;
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (crew->is_started)
        return rc;
    nf_crew_end(crew);
    return nf_fail(err, NFOLD_E_SYSTEM, "a rank cannot start a thread");
}

void nf_crew_end(struct nf_crew *crew)
{
    if (crew->is_started) {
        pthread_mutex_lock(&crew->lock);
        crew->is_closing = 1;
        pthread_cond_signal(&crew->work);
        pthread_mutex_unlock(&crew->lock);
        pthread_join(crew->thread, NULL);
    }
    if (crew->engine) {
        crew->engine->inner_close(crew->inner);
        pthread_cond_destroy(&crew->work);
        pthread_cond_destroy(&crew->rest);
        pthread_mutex_destroy(&crew->lock);
    }
    *crew = (struct nf_crew){0};
}

void nf_crew_run(struct nf_crew *crew, struct nfold_run *run)
{
    pthread_mutex_lock(&crew->lock);
    crew->run = run;
    crew->is_busy = 1;
    pthread_cond_signal(&crew->work);
    pthread_mutex_unlock(&crew->lock);
}

int nf_crew_is_busy(struct nf_crew *crew)
{
    int is_busy;
    pthread_mutex_lock(&crew->lock);
    is_busy = crew->is_busy;
    pthread_mutex_unlock(&crew->lock);
    return is_busy;
}

void nf_crew_wait(struct nf_crew *crew, double seconds)
{
    double until = crew->engine->now() + seconds;
    const struct timespec when = {.tv_sec = (time_t)until,
                                  .tv_nsec = (long)((until - floor(until)) * 1e9)};
    pthread_mutex_lock(&crew->lock);
    if (crew->is_busy)
        pthread_cond_timedwait(&crew->rest, &crew->lock, &when);
    pthread_mutex_unlock(&crew->lock);
}
