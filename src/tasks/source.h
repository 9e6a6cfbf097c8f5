/* source.h: one source of inputs, a list of words or a file that is read as it comes, as records.
 */
#ifndef NF_SOURCE_H
#define NF_SOURCE_H

#include <stdint.h>

#include "option.h"

/* Who keeps what is read from standard input. Until there is somebody, what the opening of the
 * input reads (a header) waits in early. */
struct nf_source_watch {
    int (*keep)(void *user, const char *data, size_t size, nfold_error *err);
    void *user;
    int waits; /* early is filled */
    struct nfold_buffer early;
};

/* How bytes become records. */
struct nf_record_rules {
    struct nf_source_watch *watch; /* NULL: nobody keeps anything */
    char *delimiter;               /* "\n" */
    size_t delimiter_size;
    const char *end; /* -E: a record that is this ends its source; NULL: none */
    int is_csv;      /* a newline inside of quotes ends no record */
    int joins_lines; /* -L: a line that ends with a blank goes on in the next one */
    int skips_empty; /* -r */
};

/* null, delimiter, eof, csv, max-lines, no-run-if-empty. NFOLD_E_VALUE. */
int nf_record_rules_read(struct nf_record_rules *rules, const nfold_options *options,
                         nfold_error *err);
void nf_record_rules_clear(struct nf_record_rules *rules);

struct nf_source;

/* words and rules must outlive the source. name: for messages, "list 2". */
int nf_source_open_list(struct nf_source **source, const char *name, const char *const *words,
                        size_t count, const struct nf_record_rules *rules, nfold_error *err);
/* "-" is standard input. */
int nf_source_open_file(struct nf_source **source, const char *path,
                        const struct nf_record_rules *rules, nfold_error *err);
/* 1: *record, to be freed; 0: the end; NF_INPUT_WAIT: poll nf_source_fd for reading; or < 0. With
 * waits it never returns NF_INPUT_WAIT. After NFOLD_E_VALUE the next one may be asked for. */
int nf_source_next(struct nf_source *source, int waits, char **record, nfold_error *err);
/* The same for a record that is no input, a header; it waits. */
int nf_source_leave_out(struct nf_source *source, char **record, nfold_error *err);
/* 1: a list or a regular file, which a twin can read again from its beginning, what was left out
 * passed over, while the source is read; nobody keeps what a twin reads. The source must outlive
 * it. */
int nf_source_is_bounded(const struct nf_source *source);
int nf_source_open_twin(struct nf_source **twin, const struct nf_source *source, nfold_error *err);
int nf_source_fd(const struct nf_source *source);           /* -1: a list */
const char *nf_source_name(const struct nf_source *source); /* "list 1", "standard input", a path */
/* Records in all, as far as that is known without reading; UINT64_MAX: it is not. */
uint64_t nf_source_total(const struct nf_source *source);
void nf_source_close(struct nf_source *source);

#endif
