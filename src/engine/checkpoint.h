/* checkpoint.h: keeps what a run has merged in a file, and begins a run with what is kept
 * (docs/design/checkpoint.md). A NULL checkpoint keeps nothing. */
#ifndef NF_CHECKPOINT_H
#define NF_CHECKPOINT_H

#include "executor.h"
#include "pieces.h"

struct nf_checkpoint;

/* What the report says of it. */
struct nf_checkpoint_facts {
    uint64_t items_known; /* done by earlier runs */
    unsigned writes;      /* of this run, with fragments */
    double seconds;       /* that they took, and opening the file */
    int has_lock;         /* 0: its file system has no locks */
    char failure[160];    /* "" or why the last of it is not in the file */
};

/* Makes the file or continues it; an error comes before anything of it is changed. path is
 * borrowed. */
int nf_checkpoint_open(struct nf_checkpoint **checkpoint, const char *path,
                       const struct nf_order_job *job, nfold_error *err);
/* why: why a write failed. Called once, from any thread, when the run goes on without it for now.
 */
typedef void nf_checkpoint_say(void *user, const char *path, const char *why);
void nf_checkpoint_watch(struct nf_checkpoint *checkpoint, nf_checkpoint_say *say, void *user);
/* What earlier runs have done; moved to *pieces, once. */
void nf_checkpoint_take(struct nf_checkpoint *checkpoint, struct nf_pieces *pieces);
/* Keeps a fragment that was merged; from any thread; writes now and then, outside all locks. */
void nf_checkpoint_keep(struct nf_checkpoint *checkpoint, const struct nfold_fragment *fragment);
/* Seconds between two writes at present; 0: nothing is kept. */
double nf_checkpoint_every(struct nf_checkpoint *checkpoint);
/* Writes what is left, when nobody merges any more, and lets go of the file. */
void nf_checkpoint_end(struct nf_checkpoint *checkpoint);
const struct nf_checkpoint_facts *nf_checkpoint_facts(const struct nf_checkpoint *checkpoint);
void nf_checkpoint_close(struct nf_checkpoint *checkpoint);

#endif
