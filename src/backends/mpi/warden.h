/* warden.h: a process that outlives a rank which gives up, and ends the launcher's process of this
 * host that would stay behind. */
#ifndef NF_WARDEN_H
#define NF_WARDEN_H

/* As the last act of a rank that ends because another one is lost. If the parent of this process is
 * known to be an MPI launcher's, of the same user, a process is left behind that gives it time to
 * end by itself, tells it to, ends it, and is gone within nine seconds. Takes no lock. 1: one was
 * left; 0: nobody is to be watched, or it cannot be. */
int nf_warden_leave(void);

#endif
