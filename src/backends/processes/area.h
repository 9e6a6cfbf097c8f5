/* area.h: the memory that the caller and its workers share, and the mail between them.
 *
 * The area has no name: nothing of it can be left behind. It begins with struct nf_area, then a
 * slot for each worker, then what the engine keeps for the run that is going on. The caller writes
 * mail into a worker's socket; the worker answers by numbers in its slot. What a worker writes may
 * be anything once it has gone wrong, so the caller keeps its own copy of every number it counts
 * with. */
#ifndef NF_PROCESSES_AREA_H
#define NF_PROCESSES_AREA_H

#include <stdatomic.h>

#include <nfold/backend.h>

#define NF_AREA_MAGIC UINT64_C(0x6e666f6c64617231)
#define NF_RING       16 /* fragments on their way from one worker: a power of two */

/* How a range that cost a worker its life is run again. */
enum nf_level { NF_LEVEL_WHOLE, NF_LEVEL_CHUNKS, NF_LEVEL_ITEMS };

struct nf_slot {
    /* Written by the worker. */
    _Alignas(128) _Atomic uint64_t head; /* fragments put into the ring */
    _Atomic uint32_t answered;           /* mails done; the worker rests when it is all of them */
    _Atomic int has_claim;               /* claim is being executed */
    struct nfold_range claim;
    _Atomic int level;       /* of claim */
    _Atomic double ready_at; /* by the clock: its start is over */
    _Atomic int signal;      /* it crashed: told by itself, where nobody can wait for it */
    _Atomic uint64_t memory; /* bytes that only it uses; 0: unknown */
    _Atomic int refused;     /* NFOLD_E_*: it cannot do the work */
    char refusal[256];
    /* Written by the caller. */
    _Alignas(128) _Atomic uint64_t tail; /* fragments taken from the ring */
    _Atomic uint32_t posted;             /* mails sent */
    _Alignas(128) struct nfold_fragment ring[NF_RING];
};

struct nf_area {
    uint64_t magic, size;
    char version[32];
    unsigned workers;
    int caller;          /* process number */
    size_t slots, share; /* offsets */
    double spin_seconds;
};

enum nf_mail_kind {
    NF_MAIL_WORK,   /* with a file: the description of a work */
    NF_MAIL_NATIVE, /* with a file: the object of native code */
    NF_MAIL_RANGE,  /* execute chunks at level */
    NF_MAIL_CLAIM,  /* claim and execute until nothing is left */
};

struct nf_mail {
    uint32_t kind, level;
    struct nfold_range chunks;
};

/* The first bytes in the socket of a worker that was spawned, with three files: the area, the bell
 * of the caller, the lifeline. */
struct nf_welcome {
    uint64_t magic, size;
    unsigned number;
    char version[32];
};
#define NF_WELCOME_FILES 3
#define NF_SPAWN_SOCKET  3 /* the worker finds its socket there */

static inline struct nf_slot *nf_area_slot(struct nf_area *area, unsigned number)
{
    return (struct nf_slot *)((char *)area + area->slots) + number;
}

static inline void *nf_area_share(struct nf_area *area)
{
    return (char *)area + area->share;
}

#endif
