/* progress_line.h: one line on stderr while tasks run: how many of how many, how fast, what is
 * left. On a terminal it is drawn over itself, makes room for what tasks print, and is gone at the
 * end; in a pipe it is a whole line now and then. */
#ifndef NF_PROGRESS_LINE_H
#define NF_PROGRESS_LINE_H

#include <stddef.h>
#include <stdint.h>

struct nf_progress_line {
    int fd;
    int is_terminal, has_unicode;
    double due;       /* the next line, not before */
    unsigned columns; /* of what is drawn now */
    int is_line_open; /* what tasks printed last has no newline yet: nothing is drawn over it */
};

struct nf_progress_state {
    uint64_t done, failed, resumed;
    uint64_t total;    /* 0: not known, then there are */
    uint64_t at_least; /* so many */
    unsigned running;
    double rate; /* a second */
    double left; /* seconds, a prediction; NaN: not known */
};

void nf_progress_line_begin(struct nf_progress_line *line, int fd, int is_terminal, int has_unicode,
                            double now);
/* Draws it if it is due. width: of the terminal now. */
void nf_progress_line_show(struct nf_progress_line *line, const struct nf_progress_state *state,
                           unsigned width, double now);
/* These bytes are about to be written to the same terminal: takes the line away. */
void nf_progress_line_cover(struct nf_progress_line *line, const char *data, size_t size);
/* Erases it; in a pipe the last line says how it ended. */
void nf_progress_line_end(struct nf_progress_line *line, const struct nf_progress_state *state);

/* The text without a bar, of less than width columns. */
#define NF_PROGRESS_TEXT 200
void nf_progress_line_text(const struct nf_progress_state *state, unsigned width,
                           char text[NF_PROGRESS_TEXT]);

#endif
