/* upgrade.h: native code beside a run. A helper thread compiles the body while the run goes on;
 * before it is used, one chunk of this very run is computed both ways and compared bit for bit. */
#ifndef NF_UPGRADE_H
#define NF_UPGRADE_H

#include <pthread.h>

#include "executor.h"

/* What was made for a body so far; lives with the body, so that later runs compile nothing. */
struct nf_kernels;
struct nf_kernels *nf_kernels_create(void);
void nf_kernels_destroy(struct nf_kernels *kernels, const struct nfold_body_type *type);
/* While one thread makes the body, no other does. */
void nf_kernels_hold(struct nf_kernels *kernels);
void nf_kernels_release(struct nf_kernels *kernels);
/* Native code that is ready, or NULL. */
nfold_kernel_fn *nf_kernels_take(struct nf_kernels *kernels, enum nfold_shape shape);
/* Its object: 1, or 0 if there is none. */
int nf_kernels_object(struct nf_kernels *kernels, enum nfold_shape shape, const void **object,
                      size_t *size);
/* Native code that was compiled and compared in another process. */
void nf_kernels_put(struct nf_kernels *kernels, enum nfold_shape shape,
                    const struct nfold_native *native);

enum nf_upgrade_policy { NF_UPGRADE_AUTO, NF_UPGRADE_ON, NF_UPGRADE_OFF };
enum nf_upgrade_state { NF_UPGRADE_IDLE, NF_UPGRADE_WAITING, NF_UPGRADE_STARTED };

struct nf_upgrade {
    struct nf_order_job job;    /* stop: the run's */
    _Atomic int state;          /* enum nf_upgrade_state */
    _Atomic int cancel;         /* tells the helper to give up */
    const _Atomic int *give_up; /* cancel, or the run's stop flag while the run itself waits */
    _Atomic(nfold_kernel_fn *) kernel; /* published here; NULL: none (yet) */
    pthread_t helper;
    double seconds; /* spent on native code; the helper's until it is joined, like note */
    char note[256]; /* "" or why there is no native code */
};

/* Takes native code that is there already. ON: compiles now; an error is a failure. AUTO: gets
 * ready. */
int nf_upgrade_start(struct nf_upgrade *upgrade, const struct nf_order_job *job,
                     enum nf_upgrade_policy policy, nfold_error *err);
/* Takes native code that an earlier run got from elsewhere, where this one compiles none. */
void nf_upgrade_take(struct nf_upgrade *upgrade);
/* Called at every claim: starts the helper once the seconds left on all workers pay for it. */
void nf_upgrade_consider(struct nf_upgrade *upgrade, double seconds_left, double seconds_an_item);
/* Ends and joins the helper. */
void nf_upgrade_end(struct nf_upgrade *upgrade);

#endif
