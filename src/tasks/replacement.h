/* replacement.h: {} {.} {/} {//} {/.} {#} {%} {n…} {name…}: found in text, and what they make of a
 * value. */
#ifndef NF_REPLACEMENT_H
#define NF_REPLACEMENT_H

#include <stddef.h>

enum nf_replacement_what { NF_REPLACE_VALUE, NF_REPLACE_SEQUENCE, NF_REPLACE_SLOT };

enum nf_replacement_form {
    NF_FORM_WHOLE,            /* {} */
    NF_FORM_NO_EXTENSION,     /* {.} */
    NF_FORM_BASE,             /* {/} */
    NF_FORM_FOLDER,           /* {//} */
    NF_FORM_BASE_NO_EXTENSION /* {/.} */
};

struct nf_replacement {
    enum nf_replacement_what what;
    enum nf_replacement_form form;
    int column; /* from 1; negative: from the end; 0: every value */
};

struct nf_replacement_names {
    const char *all; /* what stands for {}: "{}", or -I's */
    const char *const *name;
    unsigned count;
};

/* Bytes of the replacement that text begins with, 0 if it begins with none. */
size_t nf_replacement_match(const char *text, size_t size, const struct nf_replacement_names *names,
                            struct nf_replacement *replacement);
/* Bytes of what looks like one and is none, as {fil} or {0}; 0: it does not look like one. */
size_t nf_replacement_unknown(const char *text, size_t size);
/* The part of value that the form takes; "." and "/" may come from elsewhere than value. */
const char *nf_replacement_take(enum nf_replacement_form form, const char *value, size_t *length);

#endif
