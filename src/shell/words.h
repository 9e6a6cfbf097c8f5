/* words.h: the text of sh and bash, word by word, with columns. */
#ifndef NF_SHELL_WORDS_H
#define NF_SHELL_WORDS_H

#include <stddef.h>

/* Where a byte of shell text stands. A value that is put there is quoted for that place. */
enum nf_shell_place {
    NF_SHELL_BARE,
    NF_SHELL_DOUBLE,        /* inside "…" */
    NF_SHELL_SINGLE,        /* inside '…' */
    NF_SHELL_DOLLAR_SINGLE, /* inside $'…' */
    NF_SHELL_COMMENT,       /* after # to the end of the line */
    NF_SHELL_HERE_DOCUMENT, /* in the body of <<WORD */
};

#endif
