/* port.h: what nfold asks of an MPI. A module is port.c, compiled by that MPI's own mpicc: it
 * exports one const table under the name NF_PORT_SYMBOL, and neither links nor includes anything of
 * nfold.
 *
 * All of it is called by one thread. Messages are bytes, in order between two ranks; nothing but
 * start and finish waits for another rank. */
#ifndef NF_PORT_H
#define NF_PORT_H

#include <stddef.h>

#define NF_PORT_ABI    3
#define NF_PORT_SYMBOL "nfold_mpi_port"

struct nf_port_place {
    int rank, size;
    int is_theirs;    /* the program started MPI itself, and ends it */
    unsigned meeting; /* how often it was started by now: messages of an earlier time are late */
};

struct nf_port_message {
    int from;
    size_t size;
    void *data; /* the receiver's: free() */
};

struct nf_port {
    unsigned abi, size; /* NF_PORT_ABI, sizeof(struct nf_port): others refuse the module */
    const char *name;   /* "openmpi", "mpich": the word of --mpi */
    const char *mpirun; /* the launcher's path where the builder knew it, or "" */
    /* "Open MPI 4.1.4". */
    void (*describe)(char *text, size_t size);
    /* Collective. communicator: the program's MPI_Comm, or NULL for all ranks. Starts MPI unless it
     * was; MPI that was started here ends at exit(). May be called again after finish. < 0: why
     * says what went wrong. */
    int (*start)(const void *communicator, struct nf_port_place *place, char *why, size_t size);
    /* 1: the calling thread may call MPI. */
    int (*is_own_thread)(void);
    /* Begins to send a copy of data. < 0: it cannot be sent. */
    int (*send)(int to, const void *data, size_t size);
    /* Messages on their way to a rank. */
    unsigned (*on_their_way)(int to);
    /* 1: *message is a whole one; 0: there is none; < 0: MPI failed. */
    int (*poll)(struct nf_port_message *message);
    /* A message that poll gave: it is for the next start, and comes again after that. */
    void (*keep)(const struct nf_port_message *message);
    /* Ends this process and all others now, with these words on stderr. last_act: is called before.
     */
    void (*give_up)(const char *words, int (*last_act)(void));
    /* No messages from here on: MPI stays. last_act: a rank is gone, so at exit(), if MPI was
     * started here, this is called and all are aborted; else NULL. */
    void (*finish)(int (*last_act)(void));
};

#endif
