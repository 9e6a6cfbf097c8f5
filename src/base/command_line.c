/* command_line.c: the words of a command line as options and operands. */
#include "command_line.h"

#include <string.h>

/* The words that are left to read. */
struct words {
    char **next;
    int count;
};

static const char *words_take(struct words *words)
{
    if (words->count == 0)
        return NULL;
    words->count--;
    return *words->next++;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int fail_no_value(const struct nf_option *row, nfold_error *err)
{
    const char *wanted = row->metavar ? row->metavar : row->choices ? row->choices : "TEXT";
    return nf_fail(err, NFOLD_E_USAGE, "option --%s needs a value: %s", row->name, wanted);
}

/* Sets a row to value, to the next word if value is NULL, to "on" if it is a flag. */
static int set_row(nfold_options *options, const struct nf_option *row, const char *value,
                   struct words *words, nfold_error *err)
{
    if (!value && row->refused)
        value = ""; /* the refusal says more than a missing value would */
    if (!value && row->type == NF_OPTION_FLAG)
        value = "on";
    if (!value)
        value = words_take(words);
    if (!value)
        return fail_no_value(row, err);
    return nfold_options_set(options, row->name, value, err);
}

static int fail_ambiguous(const nfold_options *options, const char *name, size_t length,
                          nfold_error *err)
{
    struct nfold_buffer names = {0};
    const struct nf_option *row;
    for (unsigned i = 0; (row = nf_options_row(options, i)); i++)
        if (!row->is_hidden && nf_option_match(row, name, length))
            nf_buffer_print(&names, "%s--%s", names.size ? ", " : "", row->name);
    nf_fail(err, NFOLD_E_USAGE, "option --%.*s can mean %s", (int)length, name,
            nf_buffer_text(&names));
    nf_buffer_clear(&names);
    return NFOLD_E_USAGE;
}

static int fail_unknown(const nfold_options *options, const char *name, size_t length,
                        nfold_error *err)
{
    struct nfold_buffer word = {0};
    nf_buffer_bytes(&word, name, length);
    const char *near = nf_options_suggest(options, nf_buffer_text(&word));
    nf_buffer_clear(&word);
    if (near)
        return nf_fail(err, NFOLD_E_USAGE, "no option --%.*s; did you mean --%s?", (int)length,
                       name, near);
    return nf_fail(err, NFOLD_E_USAGE, "no option --%.*s", (int)length, name);
}

/* The row of this name, or the only one that begins with it; a hidden one needs its whole name. */
static int find_long(const nfold_options *options, const char *name, size_t length,
                     const struct nf_option **found, nfold_error *err)
{
    unsigned matches = 0;
    const struct nf_option *row;
    for (unsigned i = 0; (row = nf_options_row(options, i)); i++) {
        int match = nf_option_match(row, name, length);
        if (match == 0 || (row->is_hidden && match < 2))
            continue;
        *found = row;
        if (match == 2)
            return 0;
        matches++;
    }
    if (matches == 1)
        return 0;
    if (matches > 1)
        return fail_ambiguous(options, name, length, err);
    return fail_unknown(options, name, length, err);
}

/* name=value or name, without the dashes */
static int take_long(nfold_options *options, const char *text, struct words *words,
                     nfold_error *err)
{
    size_t length = strcspn(text, "=");
    const struct nf_option *row = NULL;
    int rc = find_long(options, text, length, &row, err);
    if (rc < 0)
        return rc;
    return set_row(options, row, text[length] ? text + length + 1 : NULL, words, err);
}

/* Letters of flags, then perhaps one of an option with a value, which is what follows it. */
static int is_cluster(const nfold_options *options, const char *letters)
{
    for (; *letters; letters++) {
        const struct nf_option *row = nf_options_find_letter(options, *letters);
        if (!row)
            return 0;
        if (row->type != NF_OPTION_FLAG)
            return 1;
    }
    return 1;
}

static int take_cluster(nfold_options *options, const char *letters, struct words *words,
                        nfold_error *err)
{
    for (; *letters; letters++) {
        const struct nf_option *row = nf_options_find_letter(options, *letters);
        int is_flag = row->type == NF_OPTION_FLAG;
        const char *value = !is_flag && letters[1] ? letters + 1 : NULL;
        int rc = set_row(options, row, value, words, err);
        if (rc < 0 || !is_flag)
            return rc;
    }
    return 0;
}

/* -workers where --workers was meant; a name of one letter is a variable, never that. */
static const struct nf_option *find_single_dashed(const nfold_options *options, const char *text)
{
    size_t length = strcspn(text, "=");
    const struct nf_option *row;
    for (unsigned i = 0; length > 2 && (row = nf_options_row(options, i)); i++)
        if (!row->is_hidden && nf_option_match(row, text, length) == 2)
            return row;
    return NULL;
}

/* -n, -n100, -n=1e8: the letter that srun has for tasks. -n*x and -ne are not that. */
static int is_letter_n(const char *letters)
{
    if (letters[0] != 'n' || !memchr("=0123456789", letters[1], sizeof "=0123456789"))
        return 0;
    return letters[1 + strspn(letters + 1, "=0123456789.eE+")] == '\0';
}

/* Returns 1 if the word was an option and is done with, 0 if it is an operand. */
static int take_short(nfold_options *options, const char *letters, struct words *words,
                      nfold_error *err)
{
    if (!is_letter(letters[0]))
        return 0;
    const struct nf_option *meant = find_single_dashed(options, letters);
    if (meant)
        return nf_fail(err, NFOLD_E_USAGE, "-%s has one dash; did you mean --%s?", letters,
                       meant->name);
    if (is_cluster(options, letters)) {
        int rc = take_cluster(options, letters, words, err);
        return rc < 0 ? rc : 1;
    }
    if (is_letter_n(letters))
        return nf_fail(err, NFOLD_E_USAGE,
                       "-n is not an option here: in `srun -n 80` it means tasks, so one letter "
                       "would mean two things; give the number of steps as the operand N");
    return 0;
}

/* As take_short, for any word. */
static int take_option(nfold_options *options, const char *word, struct words *words,
                       nfold_error *err)
{
    if (word[0] != '-')
        return 0;
    if (word[1] != '-')
        return take_short(options, word + 1, words, err);
    if (!is_letter(word[2]))
        return 0; /* --3 and --(x) are expressions */
    int rc = take_long(options, word + 2, words, err);
    return rc < 0 ? rc : 1;
}

static int fail_no_letter(char letter, nfold_error *err)
{
    return nf_fail(err, NFOLD_E_USAGE,
                   "no option -%c; a command that begins with '-' comes after --", letter);
}

/* Every letter is one of an option; the first that takes a value ends the word. */
static int check_cluster(const nfold_options *options, const char *letters, nfold_error *err)
{
    for (; *letters; letters++) {
        const struct nf_option *row = nf_options_find_letter(options, *letters);
        if (!row)
            return fail_no_letter(*letters, err);
        if (row->type != NF_OPTION_FLAG)
            return 0;
    }
    return 0;
}

/* As take_option, where options come first. */
static int take_leading(nfold_options *options, const char *word, struct words *words,
                        nfold_error *err)
{
    if (word[0] != '-' || word[1] == '\0')
        return 0;
    if (word[1] == '-') {
        int rc = take_long(options, word + 2, words, err);
        return rc < 0 ? rc : 1;
    }
    const struct nf_option *meant = find_single_dashed(options, word + 1);
    if (meant)
        return nf_fail(err, NFOLD_E_USAGE, "%s has one dash; did you mean --%s?", word,
                       meant->name);
    int rc = check_cluster(options, word + 1, err);
    if (rc >= 0)
        rc = take_cluster(options, word + 1, words, err);
    return rc < 0 ? rc : 1;
}

int nf_command_line_leading(nfold_options *options, int argc, char **argv, const char *operands[],
                            size_t *operand_count, nfold_error *err)
{
    struct words words = {argv, argc};
    const char *word;
    *operand_count = 0;
    while ((word = words_take(&words)) && strcmp(word, "--") != 0) {
        int taken = take_leading(options, word, &words, err);
        if (taken < 0)
            return taken;
        if (!taken) {
            operands[(*operand_count)++] = word;
            break;
        }
    }
    while ((word = words_take(&words)))
        operands[(*operand_count)++] = word;
    return 0;
}

int nf_command_line(nfold_options *options, int argc, char **argv, const char *operands[],
                    size_t *operand_count, nfold_error *err)
{
    struct words words = {argv, argc};
    const char *word;
    int options_ended = 0;
    *operand_count = 0;
    while ((word = words_take(&words))) {
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = 1;
            continue;
        }
        int taken = options_ended ? 0 : take_option(options, word, &words, err);
        if (taken < 0)
            return taken;
        if (!taken)
            operands[(*operand_count)++] = word;
    }
    return 0;
}
