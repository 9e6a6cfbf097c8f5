/* words.c: the text of sh and bash, word by word, with columns. */
#include "words.h"

typedef int nf_shell_words_follow;
