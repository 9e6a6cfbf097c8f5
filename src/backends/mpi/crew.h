/* crew.h: the thread that runs the inner backend, so that the caller is free to talk. */
#ifndef NF_CREW_H
#define NF_CREW_H

#include <pthread.h>

#include <nfold/backend.h>

struct nf_crew {
    const struct nfold_engine *engine;
    void *inner;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work, rest;
    struct nfold_run *run; /* to be run now; NULL: none */
    int is_started, is_busy, is_closing;
};

/* threads: of the inner backend; returns how many it has. */
int nf_crew_start(struct nf_crew *crew, const struct nfold_engine *engine, unsigned threads,
                  const nfold_options *options, nfold_error *err);
void nf_crew_end(struct nf_crew *crew);
/* Runs what the run is confined to. */
void nf_crew_run(struct nf_crew *crew, struct nfold_run *run);
int nf_crew_is_busy(struct nf_crew *crew);
/* Until it rests, for so many seconds at most. */
void nf_crew_wait(struct nf_crew *crew, double seconds);

#endif
