/* terminal.h: what the other end of stdout or stderr can show. */
#ifndef NF_TERMINAL_H
#define NF_TERMINAL_H

struct nf_terminal {
    int fd;
    int is_terminal;
    int has_colour;  /* a terminal, TERM is not dumb, NO_COLOR is not set */
    int has_unicode; /* a terminal in a UTF-8 locale, as far as the environment says */
    unsigned width;  /* columns; 80 where nobody says */
};

enum nf_style { NF_STYLE_BOLD, NF_STYLE_DIM, NF_STYLE_RED, NF_STYLE_GREEN };

void nf_terminal_read(struct nf_terminal *terminal, int fd);
/* The escape that begins a style, and the one that ends any; "" where there is no colour. */
const char *nf_terminal_begin(const struct nf_terminal *terminal, enum nf_style style);
const char *nf_terminal_end(const struct nf_terminal *terminal);

#endif
