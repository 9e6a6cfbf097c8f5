/* completion.c: nfold completion SHELL (hidden): completion scripts, made from the option tables.
 */
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "verb.h"

/* One shell: what stands before and after all verbs, and what each verb and each option becomes. */
struct shell {
    const char *name;
    void (*begin)(struct nfold_buffer *out);
    void (*verb)(struct nfold_buffer *out, const struct nf_verb *verb,
                 const struct nf_option *rows);
    void (*end)(struct nfold_buffer *out);
};

/* "a|b|c" with blanks in place of the bars. */
static void print_choices(struct nfold_buffer *out, const char *choices)
{
    for (; *choices != '\0'; choices++)
        nf_buffer_print(out, "%c", *choices == '|' ? ' ' : *choices);
}

static void print_verb_names(struct nfold_buffer *out)
{
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++)
        if (!(*verb)->is_hidden)
            nf_buffer_print(out, "%s ", (*verb)->name);
}

/* What may follow `nfold help`. */
static void print_help_names(struct nfold_buffer *out)
{
    print_verb_names(out);
    nf_buffer_string(out, "expressions");
}

static void bash_begin(struct nfold_buffer *out)
{
    nf_buffer_string(out, "# bash completion for nfold, made by `nfold completion bash`\n"
                          "_nfold() {\n"
                          "    local word=${COMP_WORDS[COMP_CWORD]} options= values=\n"
                          "    local before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                          "    if ((COMP_CWORD == 1)); then\n"
                          "        COMPREPLY=($(compgen -W \"");
    print_verb_names(out);
    nf_buffer_string(out, "--help --version\" -- \"$word\"))\n"
                          "        return\n"
                          "    fi\n"
                          "    case ${COMP_WORDS[1]} in\n");
}

static void bash_verb(struct nfold_buffer *out, const struct nf_verb *verb,
                      const struct nf_option *rows)
{
    nf_buffer_print(out, "    %s)\n        options=\"", verb->name);
    for (const struct nf_option *row = rows; row->name != NULL; row++)
        nf_buffer_print(out, "%s--%s", row == rows ? "" : " ", row->name);
    nf_buffer_string(out, "\"\n        case $before in\n");
    for (const struct nf_option *row = rows; row->name != NULL; row++) {
        if (row->choices == NULL)
            continue;
        nf_buffer_print(out, "        --%s", row->name);
        if (row->letter != 0)
            nf_buffer_print(out, " | -%c", row->letter);
        nf_buffer_string(out, ") values=\"");
        print_choices(out, row->choices);
        nf_buffer_string(out, "\" ;;\n");
    }
    nf_buffer_string(out, "        esac\n");
    if (strcmp(verb->name, "help") == 0) {
        nf_buffer_string(out, "        values=\"");
        print_help_names(out);
        nf_buffer_string(out, "\"\n");
    }
    nf_buffer_string(out, "        ;;\n");
}

static void bash_end(struct nfold_buffer *out)
{
    nf_buffer_string(out, "    esac\n"
                          "    if [[ -n $values ]]; then\n"
                          "        COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
                          "    elif [[ $word == -* ]]; then\n"
                          "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
                          "    else\n"
                          "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                          "    fi\n"
                          "}\n"
                          "complete -F _nfold nfold\n");
}

/* Text inside single quotes; a colon or bracket would end a field of zsh's _arguments. */
static void print_quoted(struct nfold_buffer *out, const char *text, const char *escaped)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            nf_buffer_string(out, "'\\''");
        else
            nf_buffer_print(out, "%s%c", strchr(escaped, *text) != NULL ? "\\" : "", *text);
    }
}

static void zsh_begin(struct nfold_buffer *out)
{
    nf_buffer_string(out, "#compdef nfold\n"
                          "# zsh completion for nfold, made by `nfold completion zsh`\n"
                          "_nfold() {\n"
                          "    if ((CURRENT == 2)); then\n"
                          "        compadd ");
    print_verb_names(out);
    nf_buffer_string(out, "-- --help --version\n"
                          "        return\n"
                          "    fi\n"
                          "    local verb=$words[2]\n"
                          "    shift words\n"
                          "    ((CURRENT--))\n"
                          "    case $verb in\n");
}

static void zsh_option(struct nfold_buffer *out, const struct nf_option *row, const char *dashes,
                       const char *flag)
{
    nf_buffer_print(out, " \\\n            '%s%s%s[", row->type == NF_OPTION_ASSIGN ? "*" : "",
                    dashes, flag);
    print_quoted(out, row->help, ":[]\\");
    nf_buffer_string(out, "]");
    if (row->type != NF_OPTION_FLAG)
        nf_buffer_print(out, ":%s:", row->metavar != NULL ? row->metavar : "value");
    if (row->choices != NULL) {
        nf_buffer_string(out, "(");
        print_choices(out, row->choices);
        nf_buffer_string(out, ")");
    }
    nf_buffer_string(out, "'");
}

static void zsh_verb(struct nfold_buffer *out, const struct nf_verb *verb,
                     const struct nf_option *rows)
{
    nf_buffer_print(out, "    %s)\n        _arguments", verb->name);
    for (const struct nf_option *row = rows; row->name != NULL; row++) {
        const char letter[2] = {row->letter, '\0'};
        zsh_option(out, row, "--", row->name);
        if (row->letter != 0)
            zsh_option(out, row, "-", letter);
    }
    if (strcmp(verb->name, "help") == 0) {
        nf_buffer_string(out, " \\\n            '1:verb:(");
        print_help_names(out);
        nf_buffer_string(out, ")'\n        ;;\n");
    } else {
        nf_buffer_string(out, " \\\n            '*:operand:_files'\n        ;;\n");
    }
}

static void zsh_end(struct nfold_buffer *out)
{
    nf_buffer_string(out, "    esac\n}\n_nfold \"$@\"\n");
}

static void fish_begin(struct nfold_buffer *out)
{
    nf_buffer_string(out, "# fish completion for nfold, made by `nfold completion fish`\n");
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++) {
        if ((*verb)->is_hidden)
            continue;
        nf_buffer_print(out, "complete -c nfold -f -n __fish_use_subcommand -a %s -d '",
                        (*verb)->name);
        print_quoted(out, (*verb)->summary, "");
        nf_buffer_string(out, "'\n");
    }
}

static void fish_verb(struct nfold_buffer *out, const struct nf_verb *verb,
                      const struct nf_option *rows)
{
    for (const struct nf_option *row = rows; row->name != NULL; row++) {
        nf_buffer_print(out, "complete -c nfold -n '__fish_seen_subcommand_from %s' -l %s",
                        verb->name, row->name);
        if (row->letter != 0)
            nf_buffer_print(out, " -s %c", row->letter);
        if (row->type != NF_OPTION_FLAG)
            nf_buffer_string(out, " -x");
        if (row->choices != NULL) {
            nf_buffer_string(out, " -a '");
            print_choices(out, row->choices);
            nf_buffer_string(out, "'");
        }
        nf_buffer_string(out, " -d '");
        print_quoted(out, row->help, "");
        nf_buffer_string(out, "'\n");
    }
}

static void fish_end(struct nfold_buffer *out)
{
    nf_buffer_string(out, "complete -c nfold -f -n '__fish_seen_subcommand_from help' -a '");
    print_help_names(out);
    nf_buffer_string(out, "'\n");
}

static const struct shell shells[] = {
    {"bash", bash_begin, bash_verb, bash_end},
    {"zsh", zsh_begin, zsh_verb, zsh_end},
    {"fish", fish_begin, fish_verb, fish_end},
};

static int print_verbs(struct nfold_buffer *out, const struct shell *shell, nfold_error *err)
{
    struct nf_option rows[NF_VERB_ROWS];
    for (const struct nf_verb *const *verb = nf_verbs; *verb != NULL; verb++) {
        int rc;
        if ((*verb)->is_hidden)
            continue;
        rc = nf_verb_rows(*verb, rows, err);
        if (rc < 0)
            return rc;
        shell->verb(out, *verb, rows);
    }
    return 0;
}

static const struct shell *find_shell(const char *name)
{
    for (unsigned i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shells[i].name, name) == 0)
            return &shells[i];
    return NULL;
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nfold_buffer text = {0};
    const struct shell *shell;
    int rc;
    if (command->operand_count != 1 || (shell = find_shell(command->operand[0])) == NULL)
        return nf_verb_misused(command->verb, err, "name one shell: bash, zsh or fish");
    shell->begin(&text);
    rc = print_verbs(&text, shell, err);
    shell->end(&text);
    if (rc >= 0)
        rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

static const struct nf_example examples[] = {{"nfold completion bash", ""}, {0}};

const struct nf_verb nf_verb_completion = {
    .name = "completion",
    .summary = "a completion script",
    .operands = "SHELL",
    .about = "For packagers: SHELL is bash, zsh or fish.\n",
    .is_hidden = 1,
    .examples = examples,
    .run = run,
};
