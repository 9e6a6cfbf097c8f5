/* template_pieces.h: a template as it was read. For template*.c. */
#ifndef NF_TEMPLATE_PIECES_H
#define NF_TEMPLATE_PIECES_H

#include "places.h"
#include "replacement.h"
#include "template.h"

enum nf_piece_kind {
    PIECE_TEXT,
    PIECE_BLANK, /* ends a context group */
    PIECE_TAB,   /* begins one, and is repeated with it, as GNU parallel has it */
    PIECE_WORD,  /* -q: a new word begins */
    PIECE_REPLACEMENT,
};

struct nf_piece {
    enum nf_piece_kind kind;
    size_t begin, end; /* in text */
    struct nf_replacement replacement;
    struct nf_shell_byte where;
    int is_before_redirect; /* 2 in {}>file would be the number of a stream */
};

struct nf_template {
    char *text; /* words joined by blanks, and the {} that was added */
    size_t size;
    size_t given_size, given_words; /* without that {} */
    size_t *word_begin;             /* in text, of each word of -q; the last one is size + 1 */
    size_t word_count;
    char *all;           /* what stands for {} */
    int is_text;         /* no command: nothing is quoted */
    int is_argv;         /* -q */
    int is_command_line; /* the values are the command */
    int repeats_context; /* -X -N -L: the word around {} is repeated for each value */
    int awaits_names;    /* --header: names come later */
    char *shown;         /* nf_template_text */
    struct nf_piece *pieces;
    size_t piece_count;
    struct nf_shell_byte *bytes;
    const char *const *names;
    unsigned name_count;
    size_t limit;
};

/* A group ends before a piece of these kinds; a blank and a new word belong to none. */
static inline int nf_piece_ends_group(enum nf_piece_kind kind)
{
    return kind == PIECE_BLANK || kind == PIECE_TAB || kind == PIECE_WORD;
}

/* A {} without a number: there is one for each value. */
static inline int nf_piece_is_for_each(const struct nf_piece *piece)
{
    return piece->kind == PIECE_REPLACEMENT && piece->replacement.what == NF_REPLACE_VALUE &&
           piece->replacement.column == 0;
}

#endif
