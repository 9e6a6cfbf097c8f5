/* meeting.h: ranks get to know each other once, when they open. */
#ifndef NF_MEETING_H
#define NF_MEETING_H

#include "post.h"

#define NF_MEETING_COMMAND 2048
/* With this variable rank 0 says on stderr, when all have met, who is where: a line for each rank,
 * "nfold: process 54 on h2 is rank 1". For whoever started them, since MPICH's launcher names a
 * rank that was killed by its process. */
#define NF_MEETING_VARIABLE "NFOLD_RANKS_TOLD"
#define NF_MEETING_NOTE     "nfold: process"

/* What a rank says of itself. */
struct nf_hello {
    char version[32], order[16], host[NFOLD_HOST_SIZE];
    char command[NF_MEETING_COMMAND]; /* the words of the command; "" in a program */
    unsigned allowed;                 /* processors */
    int pid;
    uint64_t mask; /* a hash of which they are */
};

void nf_hello_make(struct nf_hello *hello, const char *command);
/* As text and back; < 0: it is none. A text of another version is read as far as it goes. */
int nf_hello_write(const struct nf_hello *hello, struct nfold_buffer *text);
int nf_hello_read(struct nf_hello *hello, const char *text, size_t size);
/* Do two agree? who: the other one's name. NFOLD_E_MISMATCH or NFOLD_E_USAGE says in what they
 * differ. */
int nf_hello_compare(const struct nf_hello *own, const struct nf_hello *other, const char *who,
                     nfold_error *err);

/* Collective. sharers: how many ranks use this rank's processors. All ranks fail if one does not
 * fit; rank 0's err names it. */
int nf_meeting_hold(struct nf_post *post, const struct nf_hello *own, unsigned *sharers,
                    nfold_error *err);

#endif
