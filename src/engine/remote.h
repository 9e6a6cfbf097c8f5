/* remote.h: what the engine gives backends whose workers are other processes; the rows of the same
 * names in struct nfold_engine say what they do. */
#ifndef NF_REMOTE_H
#define NF_REMOTE_H

#include "run.h"

unsigned nf_remote_traits(const struct nfold_run *run);
size_t nf_remote_share_size(unsigned workers);
void nf_remote_share(struct nfold_run *run, void *memory);
void nf_remote_inherit(struct nfold_run *run);
int nf_remote_attach(void **remote, struct nfold_run **run, const void *description, size_t size,
                     void *memory, unsigned workers, nfold_error *err);
void nf_remote_detach(void *remote);
int nf_remote_native_object(struct nfold_run *run, const void **object, size_t *size);
int nf_remote_native_load(struct nfold_run *run, const void *object, size_t size, nfold_error *err);
int nf_remote_tend(struct nfold_run *run);
void nf_remote_careful(struct nfold_run *run, unsigned worker, int is_careful);
uint64_t nf_remote_pulse(const struct nfold_run *run, unsigned worker, uint64_t *item);
int nf_remote_gap(const struct nfold_run *run, struct nfold_range *gap);
void nf_remote_poisoned(struct nfold_run *run, unsigned worker, uint64_t chunk, const char *what,
                        const char *detail);
void nf_remote_restart(struct nfold_run *run, unsigned worker);
void nf_remote_rest(struct nfold_run *run, unsigned worker);
void nf_remote_note(struct nfold_run *run, const char *sentence);
void nf_remote_note_worker(struct nfold_run *run, unsigned worker, double start_up, uint64_t memory,
                           unsigned restarts);

/* A worker in another process tells its failure to the caller's run. */
void nf_run_tell(struct nfold_run *run, unsigned worker, struct nfold_range chunks,
                 const struct nf_failure *failure);
/* The caller's run takes what its workers told. */
void nf_run_collect(struct nfold_run *run);

#endif
