/* progress_line.c: draws. No escapes: blanks hide the old line, as a dumb terminal needs it. */
#include "progress_line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "number.h"

#define FIRST_SECONDS  1.0 /* shorter runs show nothing */
#define TERMINAL_EVERY 0.25
#define PIPE_EVERY     10.0
#define PIPE_WIDTH     80
#define BAR_CELLS      20
#define PARTS          5

void nf_progress_line_begin(struct nf_progress_line *line, int fd, int is_terminal, int has_unicode,
                            double now)
{
    *line =
        (struct nf_progress_line){.fd = fd, .is_terminal = is_terminal, .has_unicode = has_unicode};
    line->due = now + (is_terminal ? FIRST_SECONDS : PIPE_EVERY);
}

static void write_count(const struct nf_progress_state *state, char *text, size_t size)
{
    const char *sense = state->total > 0 ? "" : ">= ";
    uint64_t all = state->total > 0 ? state->total : state->at_least;
    snprintf(text, size, "%llu of %s%llu", (unsigned long long)state->done, sense,
             (unsigned long long)all);
}

/* A prediction has no tenths of a second. */
static const char *write_left(double seconds, char text[NF_NUMBER_SIZE])
{
    if (seconds >= 119.5)
        return nf_number_seconds(seconds, text);
    snprintf(text, NF_NUMBER_SIZE, "%.0f s", ceil(seconds));
    return text;
}

/* The parts from the most to the least important; the last ones go first where there is no room. */
void nf_progress_line_text(const struct nf_progress_state *state, unsigned width,
                           char text[NF_PROGRESS_TEXT])
{
    char part[PARTS][64] = {{0}}, number[NF_NUMBER_SIZE];
    write_count(state, part[0], sizeof part[0]);
    if (!isnan(state->left))
        snprintf(part[1], sizeof part[1], "%s left", write_left(state->left, number));
    if (state->failed > 0)
        snprintf(part[2], sizeof part[2], "%llu failed", (unsigned long long)state->failed);
    if (state->rate > 0)
        snprintf(part[3], sizeof part[3], "%s/s", nf_number_scaled(state->rate, number));
    snprintf(part[4], sizeof part[4], "%u running", state->running);
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < PARTS; i++) {
        size_t length = strlen(part[i]), comma = used > 0 ? 2 : 0;
        if (length == 0 || used + comma + length >= width ||
            used + comma + length >= NF_PROGRESS_TEXT)
            continue;
        used += (size_t)snprintf(text + used, NF_PROGRESS_TEXT - used, "%s%s", comma ? ", " : "",
                                 part[i]);
    }
}

/* How many cells the bar has: so many that the text beside it rarely has to change for it. */
static unsigned bar_cells(const struct nf_progress_state *state, unsigned width)
{
    return state->total > 0 && width >= 2 * BAR_CELLS ? BAR_CELLS : 0;
}

static void draw_bar(struct nfold_buffer *out, const struct nf_progress_line *line,
                     const struct nf_progress_state *state, unsigned cells)
{
    double share = fmin(1, (double)state->done / (double)state->total);
    nf_buffer_string(out, "[");
    for (unsigned i = 0; i < cells; i++) {
        int is_full = i < (unsigned)(share * cells + 0.5);
        nf_buffer_string(out, is_full ? (line->has_unicode ? "█" : "#") : " ");
    }
    nf_buffer_string(out, "] ");
}

/* A line that cannot be written is no reason to fail. */
static void put(const struct nf_progress_line *line, struct nfold_buffer *out)
{
    if (!out->failed && out->size > 0 && write(line->fd, out->data, out->size) < 0)
        out->failed = 1;
    nf_buffer_clear(out);
}

static void draw(struct nf_progress_line *line, const struct nf_progress_state *state,
                 unsigned width)
{
    struct nfold_buffer out = {0};
    char text[NF_PROGRESS_TEXT];
    unsigned cells = bar_cells(state, width), bar = cells > 0 ? cells + 3 : 0;
    nf_progress_line_text(state, width - bar, text);
    unsigned columns = (unsigned)strlen(text) + bar;
    nf_buffer_string(&out, "\r");
    if (cells > 0)
        draw_bar(&out, line, state, cells);
    nf_buffer_string(&out, text);
    int rest = line->columns > columns ? (int)(line->columns - columns) : 0;
    nf_buffer_print(&out, "%*s", rest, "");
    line->columns = columns;
    put(line, &out);
}

static void print(const struct nf_progress_line *line, const struct nf_progress_state *state)
{
    struct nfold_buffer out = {0};
    char text[NF_PROGRESS_TEXT];
    nf_progress_line_text(state, PIPE_WIDTH, text);
    nf_buffer_print(&out, "%s\n", text);
    put(line, &out);
}

static void erase(struct nf_progress_line *line)
{
    struct nfold_buffer out = {0};
    if (line->columns == 0)
        return;
    nf_buffer_print(&out, "\r%*s\r", (int)line->columns, "");
    line->columns = 0;
    put(line, &out);
}

void nf_progress_line_show(struct nf_progress_line *line, const struct nf_progress_state *state,
                           unsigned width, double now)
{
    if (now < line->due)
        return;
    line->due = now + (line->is_terminal ? TERMINAL_EVERY : PIPE_EVERY);
    if (!line->is_terminal)
        print(line, state);
    else if (!line->is_line_open)
        draw(line, state, width);
}

void nf_progress_line_cover(struct nf_progress_line *line, const char *data, size_t size)
{
    if (!line->is_terminal || size == 0)
        return;
    erase(line);
    line->is_line_open = data[size - 1] != '\n';
}

void nf_progress_line_end(struct nf_progress_line *line, const struct nf_progress_state *state)
{
    if (line->is_terminal)
        erase(line);
    else
        print(line, state);
}
