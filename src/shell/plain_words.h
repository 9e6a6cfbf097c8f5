/* plain_words.h: command lines in which a shell would do nothing but split words and remove quotes;
 * and the words that mean something to a shell. */
#ifndef NF_SHELL_PLAIN_WORDS_H
#define NF_SHELL_PLAIN_WORDS_H

#include "buffer.h"

/* Appends the words of line to words, each ended by a zero byte. Returns their count, 0 if there is
 * none, or -1 if a shell would do more: expand, redirect, assign, end a command. */
int nf_shell_plain_words(const char *line, struct nfold_buffer *words);
/* Appends the first word of line, if it is plain and the line comes to nothing where there is no
 * such command: what follows, if anything does, is a pipe, && or a file for its output. 1 or 0. */
int nf_shell_needed_word(const char *line, struct nfold_buffer *words);
/* A keyword or builtin of sh or bash, or an alias that bash may know without being told. */
int nf_shell_is_own_word(const char *word);

#endif
