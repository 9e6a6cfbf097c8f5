/* post.h: letters between the ranks of a meeting, and who was heard when. */
#ifndef NF_POST_H
#define NF_POST_H

#include "error.h"
#include "letter.h"
#include "port.h"

struct nf_peer {
    char host[NFOLD_HOST_SIZE];
    double heard_at, beaten_at;
    uint64_t items_done;
    unsigned threads;
    int has_joined, has_reported, has_own_isa;
    int serves;     /* what it runs is what rank 0 describes */
    int lacks_body; /* of its own work: in this run it is sent rank 0's */
};

struct nf_post {
    const struct nfold_engine *engine;
    const struct nf_port *port;
    int rank, size;
    uint16_t meeting;
    uint32_t run;         /* the one that is going on; 0: none yet */
    struct nf_peer *peer; /* [size] */
    int is_theirs;        /* MPI is the program's */
    int is_command;       /* of ranks that do nothing else: a program may come late */
    double timeout;       /* a peer may be silent for so long; 0: for ever */
    double keep_every;    /* what is merged is handed in so often; 0: at the end */
    double watched_at;
    double communication; /* seconds in the port */
    int is_broken;        /* a peer is gone, or MPI failed: err says so */
    nfold_error err;
};

/* One that has come. */
struct nf_letter {
    int from;
    enum nf_letter_kind kind;
    const void *body;
    size_t size;
    void *data; /* the whole of it */
};

int nf_post_open(struct nf_post *post, const struct nfold_engine *engine,
                 const struct nf_port *port, const struct nf_port_place *place, nfold_error *err);
void nf_post_close(struct nf_post *post);
/* A failure is kept in the post: everything after it fails, too. */
int nf_post_send(struct nf_post *post, int to, enum nf_letter_kind kind, const void *body,
                 size_t size);
int nf_post_send_all(struct nf_post *post, enum nf_letter_kind kind, const void *body, size_t size);
/* 1: *letter is one of this meeting and run; drop it after use. 0: there is none. */
int nf_post_take(struct nf_post *post, struct nf_letter *letter);
void nf_post_drop(struct nf_letter *letter);
/* The body, if it is at least so long. */
const void *nf_letter_body(const struct nf_letter *letter, size_t size);

/* From here on all that rank 0 awaits, or rank 0 for the others, must be heard. */
void nf_post_begin_watch(struct nf_post *post);
/* Looks which rank has not joined for too long, where that is not for the program to decide: < 0
 * names one. */
int nf_post_watch_missing(struct nf_post *post);
/* Beats, and looks who was silent for too long: < 0 names one. */
int nf_post_watch(struct nf_post *post, uint64_t items_done);
/* Items that the others have done. */
uint64_t nf_post_items(const struct nf_post *post);
/* What is said of a rank that is given up; whoever started the ranks knows it by this. */
#define NF_POST_SILENT "has been silent for"
/* "rank 1 on h2". */
#define NF_POST_NAME (NFOLD_HOST_SIZE + 24)
const char *nf_post_name(const struct nf_post *post, int rank, char name[NF_POST_NAME]);

#endif
