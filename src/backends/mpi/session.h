/* session.h: one run, as any rank sees it: the crew executes parts, the caller talks. first.h and
 * other.h say what only rank 0, and what only the others do. */
#ifndef NF_SESSION_H
#define NF_SESSION_H

#include "ranks.h"
#include "wait.h"

struct nf_session {
    struct nf_ranks *ranks;
    struct nfold_run *run;
    struct nfold_range part; /* the next for the crew; count 0: none */
    int is_first_part;       /* the crew has had none yet */
    int has_begun;           /* the crew was given one */
    int is_exhausted;        /* there will be no other part */
    int is_stopped, is_resting;
    int has_wanted;        /* another part is asked for */
    uint64_t failed_place; /* the lowest that was passed on */
    double began, rested_at;
    double nap;     /* the last */
    double kept_at; /* what was merged was handed in */
};

void nf_session_begin(struct nf_session *session, struct nf_ranks *ranks, struct nfold_run *run,
                      unsigned crowd);
/* Gives the crew its next part: 1 if it just got one, 0 if it works or there is none yet. Once
 * there is nothing left to do, is_resting is set. */
int nf_session_tend_crew(struct nf_session *session);
/* A new lowest failure of this process: 1. */
int nf_session_has_failed(struct nf_session *session, uint64_t *place, nfold_error *err);
/* Was this process told to stop, for the first time? */
int nf_session_is_told_to_stop(struct nf_session *session);
void nf_session_stop(struct nf_session *session);
/* A nap, shorter when nothing is computed here. */
void nf_session_rest(struct nf_session *session, struct nf_wait *wait);
/* The crew must not be at work when the run ends. */
void nf_session_end(struct nf_session *session);
void nf_session_sum_up(struct nf_session *session, struct nfold_rank_report *report);

/* A fragment as a letter's body; returns its size. */
#define NF_SESSION_FRAGMENT                                                                        \
    (sizeof(struct nf_letter_fragment) + NFOLD_FRAGMENT_NODES * sizeof(struct nfold_node))
size_t nf_session_pack(const struct nfold_fragment *fragment, char body[NF_SESSION_FRAGMENT]);
/* < 0: it is none. */
int nf_session_unpack(const void *body, size_t size, struct nfold_fragment *fragment);

/* Rank 0's side of a run. */
int nf_first_run(struct nf_ranks *ranks, struct nfold_run *run, nfold_error *err);
/* In its place: no rank gets any further, because this one cannot. */
int nf_first_decline(struct nf_ranks *ranks, const nfold_error *err);
int nf_other_decline(struct nf_ranks *ranks, const nfold_error *err);
/* The others': run NULL: rank 0 describes it. 1: there was a run; 0: there will be none any more.
 */
int nf_other_run(struct nf_ranks *ranks, struct nfold_run *run, nfold_error *err);

#endif
