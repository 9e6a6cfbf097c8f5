/* output_group.h: what one attempt of a task printed, from its pipes to the container, and what all
 * of them share: task_output.c says who may print when, output_group.c keeps. */
#ifndef NF_OUTPUT_GROUP_H
#define NF_OUTPUT_GROUP_H

#include "container.h"
#include "excuses.h"
#include "outlet.h"
#include "output_stream.h"
#include "print_order.h"
#include "record.h"
#include "results.h"
#include "task_output.h"

struct nf_output_task {
    struct nf_output *output;
    uint64_t sequence;
    unsigned attempt;
    struct nf_identity identity;
    char *tag;           /* NULL: none */
    char *place;         /* of its results; NULL: none */
    const char *command; /* while it runs */
    int has_ended;
    uint64_t last_frame; /* in the container; 0: none */
    struct nf_output_stream stream[2];
    struct nf_output_task *previous, *next; /* of those that run */
};

struct nf_output {
    int is_ungrouped, is_by_line, is_ordered, is_tagged;
    struct nf_record *record;
    struct nf_results *results; /* NULL: not asked for */
    int has_results_header;
    struct nf_container *container;
    int keeps_nothing; /* there is no place for a container: memory must do */
    char *scratch;     /* NF_OUTPUT_PIECE bytes */
    size_t waiting;    /* bytes of ended groups in memory */
    struct nf_outlet outlet[2];
    struct nf_print_order order;
    uint64_t next_place; /* without -k: the place of the next group that ends */
    struct nf_output_task *running;
    struct nf_output_task *unfinished; /* its line is printed in part: nobody else may print */
    int unfinished_stream;
    struct nf_excuses excuses;
    int is_quiet; /* no summary could say that something was left out */
    int prints_joblog, has_joblog_header;
    struct nfold_buffer aside; /* lines of the joblog that are to be printed between groups */
    int is_piece_aside;
    struct nfold_buffer piece; /* on its way out */
    size_t piece_done;
    int piece_stream;
    void (*cover)(void *user, const char *data, size_t size); /* of a terminal; may be NULL */
    void *cover_user;
    int is_terminal[2];
};

void nf_output_group_free(struct nf_output_task *task);
/* Bytes that it takes in memory. */
size_t nf_output_group_memory(const struct nf_output_task *task);
/* The container goes where the run's folder is, once there is one. */
int nf_output_follow_directory(struct nf_output *output, nfold_error *err);
/* Copies a stream's tail into the container, once. 1; 0: there is no place for it; or < 0. */
int nf_output_group_copy_tail(struct nf_output_task *task, int which, nfold_error *err);
/* Moves it there, or forgets it as far as it was shown. */
int nf_output_group_move_tail(struct nf_output_task *task, int which, nfold_error *err);
/* What an ended group leaves behind when it must not stay in memory: its place in the container,
 * doubled plus one. 0: it has to stay. */
int nf_output_group_pack(struct nf_output_task *task, uint64_t *what, nfold_error *err);
/* The group whose last frame is there, in memory again. */
int nf_output_group_unpack(struct nf_output *output, uint64_t last, struct nf_output_task **group,
                           nfold_error *err);

#endif
