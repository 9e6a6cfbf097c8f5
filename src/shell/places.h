/* places.h: where each byte of a command line of sh or bash stands: bare, inside "…", inside '…',
 * inside an expansion. What is put there later has to be quoted for that place.
 *     struct nf_shell_byte *bytes = calloc(size, sizeof *bytes);
 *     nf_shell_places(text, size, bytes, &fault);
 */
#ifndef NF_SHELL_PLACES_H
#define NF_SHELL_PLACES_H

#include <stddef.h>

enum nf_shell_place {
    NF_SHELL_BARE,
    NF_SHELL_DOUBLE,        /* inside "…" */
    NF_SHELL_SINGLE,        /* inside '…' */
    NF_SHELL_DOLLAR_SINGLE, /* inside $'…' */
    NF_SHELL_COMMENT,       /* from # to the end of the line */
    NF_SHELL_HERE,          /* the body of <<WORD: $ ` \ are active */
    NF_SHELL_HERE_RAW,      /* the body of <<'WORD' */
    NF_SHELL_STRICT, /* no quoting helps here: ${…}, $((…)), a[…]=, the WORD of <<WORD and >&WORD.
                        Only text without any special character may be put here */
};

#define NF_SHELL_ESCAPED  1u /* a backslash that is not itself escaped stands before this byte */
#define NF_SHELL_BACKTICK 2u /* inside `…`: \ and ` need a backslash more */
#define NF_SHELL_NESTED   4u /* inside quotes, (…), $(…), ${…} or `…` */

struct nf_shell_byte {
    unsigned char place, flags;
};

struct nf_shell_fault {
    size_t at;        /* where what is wrong begins */
    const char *what; /* "this \" is not closed" */
};

/* Fills bytes[0 … size-1]. 0; -1: fault says what is not closed; -2: no memory. The bytes of a
 * quote sign itself stand in the place that it opens. */
int nf_shell_places(const char *text, size_t size, struct nf_shell_byte *bytes,
                    struct nf_shell_fault *fault);

#endif
