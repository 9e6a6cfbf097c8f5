/* option_text.c: the rows of option tables as help, manual and completion words. */
#include "option.h"

#include <string.h>

#define COLUMNS     80
#define HELP_COLUMN 32 /* where the sentences begin */

static void write_blanks(struct nfold_buffer *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        nf_buffer_string(out, " ");
}

/* Words filled into lines of 80 columns; column is where the first one begins. */
static void write_filled(struct nfold_buffer *out, const char *text, size_t column)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + length > COLUMNS) {
            nf_buffer_string(out, "\n");
            write_blanks(out, HELP_COLUMN);
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            nf_buffer_string(out, " ");
            column++;
        }
        nf_buffer_bytes(out, text, length);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    nf_buffer_string(out, "\n");
}

/* What stands for the value: the metavar, else the choices; NULL for a flag. */
static const char *row_metavar(const struct nf_option *row)
{
    if (row->type == NF_OPTION_FLAG)
        return NULL;
    return row->metavar ? row->metavar : row->choices ? row->choices : "VALUE";
}

/* A heading stands over its group, after an empty line. */
static void write_heading(struct nfold_buffer *out, const struct nf_option *row)
{
    nf_buffer_print(out, "\n%s\n", row->heading);
}

static void write_help_row(struct nfold_buffer *out, const struct nf_option *row)
{
    size_t before = out->size;
    const char *metavar = row_metavar(row);
    if (row->letter)
        nf_buffer_print(out, "  -%c, ", row->letter);
    else
        nf_buffer_string(out, "      ");
    nf_buffer_print(out, "--%s%s%s", row->name, metavar ? " " : "", metavar ? metavar : "");
    size_t used = out->size - before;
    if (used + 2 > HELP_COLUMN) {
        nf_buffer_string(out, "\n");
        used = 0;
    }
    write_blanks(out, HELP_COLUMN - used);
    struct nfold_buffer text = {0};
    nf_buffer_string(&text, row->help);
    if (row->metavar && row->choices)
        nf_buffer_print(&text, ": %s", row->choices);
    if (row->initial && row->type != NF_OPTION_FLAG)
        nf_buffer_print(&text, " (%s)", row->initial);
    write_filled(out, nf_buffer_text(&text), HELP_COLUMN);
    out->failed |= text.failed;
    nf_buffer_clear(&text);
}

void nf_option_help(struct nfold_buffer *out, const struct nf_option *table)
{
    for (; table->type != NF_OPTION_END; table++) {
        if (table->heading)
            write_heading(out, table);
        if (!table->is_hidden)
            write_help_row(out, table);
    }
}

/* Text of a manual: backslashes are shown, hyphens stay ASCII so that they can be copied. */
void nf_option_man_text(struct nfold_buffer *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        nf_buffer_string(out, "\\&");
    for (; *text; text++) {
        if (*text == '\\')
            nf_buffer_string(out, "\\e");
        else if (*text == '-')
            nf_buffer_string(out, "\\-");
        else
            nf_buffer_bytes(out, text, 1);
    }
}

/* "lower case, no full stop" as a sentence. */
static void write_sentence(struct nfold_buffer *out, const char *text)
{
    char first = *text;
    if (first >= 'a' && first <= 'z') {
        first = (char)(first - 'a' + 'A');
        nf_buffer_bytes(out, &first, 1);
        text++;
    }
    nf_option_man_text(out, text);
    nf_buffer_string(out, ".\n");
}

static void write_man_flag(struct nfold_buffer *out, const char *flag, const char *metavar)
{
    nf_buffer_string(out, " Fl ");
    nf_option_man_text(out, flag);
    if (!metavar)
        return;
    nf_buffer_string(out, " Ar ");
    nf_option_man_text(out, metavar);
}

static void write_man_row(struct nfold_buffer *out, const struct nf_option *row)
{
    struct nfold_buffer flag = {0};
    nf_buffer_print(&flag, "-%s", row->name);
    nf_buffer_string(out, ".It");
    if (row->letter) {
        write_man_flag(out, (char[]){row->letter, '\0'}, row_metavar(row));
        nf_buffer_string(out, " ,");
    }
    write_man_flag(out, nf_buffer_text(&flag), row_metavar(row));
    nf_buffer_string(out, "\n");
    write_sentence(out, row->help);
    if (row->metavar && row->choices) {
        nf_buffer_string(out, "One of ");
        nf_option_man_text(out, row->choices);
        nf_buffer_string(out, ".\n");
    }
    if (row->initial && row->type != NF_OPTION_FLAG) {
        nf_buffer_string(out, "The default is ");
        nf_option_man_text(out, row->initial);
        nf_buffer_string(out, ".\n");
    }
    char variable[NF_OPTION_VARIABLE_SIZE];
    nf_option_variable(row, variable);
    nf_buffer_print(out, "Variable:\n.Ev %s .\n", variable);
    out->failed |= flag.failed;
    nf_buffer_clear(&flag);
}

void nf_option_man(struct nfold_buffer *out, const struct nf_option *table)
{
    for (; table->type != NF_OPTION_END; table++)
        if (!table->is_hidden)
            write_man_row(out, table);
}

void nf_option_words(struct nfold_buffer *out, const struct nf_option *table)
{
    for (; table->type != NF_OPTION_END; table++) {
        if (table->is_hidden)
            continue;
        nf_buffer_print(out, "--%s ", table->name);
        if (table->letter)
            nf_buffer_print(out, "-%c ", table->letter);
    }
}
