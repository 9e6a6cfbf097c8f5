/* earlier.h: what earlier runs left: a journal or a joblog, read into the index. */
#ifndef NF_EARLIER_H
#define NF_EARLIER_H

#include "index.h"
#include "journal_reader.h"

/* What a journal says as a whole. */
struct nf_earlier {
    char *first_pattern; /* identities are made of it; NULL: no run ever began */
    char *last_pattern;  /* the one in force */
    uint64_t tasks;      /* entries of the index that come from it */
    uint64_t sound_end, next_number;
    uint64_t damages, damaged_bytes, torn_bytes, lost_entries;
};

/* index may be NULL: then only the rest is read. */
int nf_earlier_journal(struct nf_earlier *earlier, struct nf_index *index, int fd, const char *path,
                       nfold_error *err);
void nf_earlier_clear(struct nf_earlier *earlier);
/* One line about what is damaged; "" if nothing is. */
void nf_earlier_explain(const struct nf_earlier *earlier, const char *path, char *text,
                        size_t size);

/* A joblog knows command lines alone: counts has how many tasks of each are ok or failed. */
int nf_earlier_joblog(struct nf_index *counts, const char *path, uint64_t *tasks, nfold_error *err);
/* Takes one task of this command line out of the counts, an ok one first: its status, or -1. */
int nf_earlier_take(struct nf_index *counts, const char *command);

#endif
