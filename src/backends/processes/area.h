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

#include "ring.h"

#define NF_AREA_MAGIC UINT64_C(0x6e666f6c64617231)

enum nf_mail_kind {
    NF_MAIL_WORK, /* the description of a work: a file, or chunks.count bytes of the area's text */
    NF_MAIL_NATIVE, /* with a file: the object of native code */
    NF_MAIL_RANGE,  /* execute chunks at level */
    NF_MAIL_CLAIM,  /* claim and execute until nothing is left */
};

struct nf_mail {
    uint32_t kind, level;
    int has_file; /* it comes through the socket */
    struct nfold_range chunks;
};

#define NF_MAILS 8 /* a worker has fewer to answer at any time */

/* What goes through the socket, a byte each. */
#define NF_SOCKET_WAKE 'w' /* there is mail for a worker that sleeps */
#define NF_SOCKET_FILE 'f' /* with the file of a mail */

#define NF_TEXT_BYTES 8192 /* a longer description is a file */

/* How a range that cost a worker its life is run again. */
enum nf_level { NF_LEVEL_WHOLE, NF_LEVEL_CHUNKS, NF_LEVEL_ITEMS };

struct nf_slot {
    /* Written by the worker. */
    _Alignas(
        128) _Atomic uint32_t answered; /* mails done; the worker rests when it is all of them */
    _Atomic int sleeps;                 /* in its socket: to be woken */
    _Atomic int has_claim;              /* claim is being executed */
    struct nfold_range claim;
    _Atomic int level;       /* of claim */
    _Atomic double ready_at; /* by the clock: its start is over */
    _Atomic int signal;      /* it crashed: told by itself, where nobody can wait for it */
    _Atomic uint64_t memory; /* bytes that only it uses; 0: unknown */
    _Atomic int refused;     /* NFOLD_E_*: it cannot do the work */
    char refusal[512];
    /* Written by the caller. */
    _Alignas(128) _Atomic uint32_t posted; /* mails sent */
    struct nf_mail mail[NF_MAILS];
    struct nf_ring ring;
};

struct nf_area {
    uint64_t magic, size;
    unsigned workers;
    int caller;          /* process number */
    size_t slots, share; /* offsets */
    double spin_seconds;
    char text[NF_TEXT_BYTES];                /* the description of the work */
    _Alignas(128) _Atomic int caller_sleeps; /* it listens to its bell */
    _Atomic int caller_cpu;                  /* where it was when it woke somebody */
};

/* The first bytes in the socket of a worker that was spawned, with three files: the area, the bell
 * of the caller, the lifeline. */
struct nf_welcome {
    uint64_t magic, size;
    unsigned number, version;
    size_t slot_size; /* another build may think otherwise */
};
#define NF_WELCOME_FILES 3
#define NF_WELCOME_VERSION                                                                         \
    ((unsigned)(NFOLD_VERSION_MAJOR * 10000 + NFOLD_VERSION_MINOR * 100 + NFOLD_VERSION_PATCH))
#define NF_SPAWN_SOCKET 3 /* the worker finds its socket there */

static inline struct nf_slot *nf_area_slot(struct nf_area *area, unsigned number)
{
    return (struct nf_slot *)((char *)area + area->slots) + number;
}

static inline void *nf_area_share(struct nf_area *area)
{
    return (char *)area + area->share;
}

#endif
