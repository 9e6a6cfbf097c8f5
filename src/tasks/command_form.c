/* command_form.c: program or shell. */
#include "command_form.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "plain_words.h"

extern char **environ;

/* A program that was looked up: its path, or "" if a shell has to run it. */
struct program {
    char *name, *path;
};

struct nf_shell_choice {
    char *shell;        /* absolute */
    const char *folder; /* where tasks run; NULL: here */
    struct program *programs;
    size_t count;
};

#define PROGRAMS_REMEMBERED 64

/* ---- looking up ---- */

/* The kernel can start it by itself: not a script without #!, which only a shell would run. */
static int starts_by_itself(int folder_fd, const char *path)
{
    struct stat status;
    char head[4] = {0};
    if (faccessat(folder_fd, path, X_OK, 0) != 0 || fstatat(folder_fd, path, &status, 0) != 0 ||
        !S_ISREG(status.st_mode))
        return 0;
    int fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, head, sizeof head);
    close(fd);
    return got >= 2 && (memcmp(head, "\177ELF", 4) == 0 || memcmp(head, "#!", 2) == 0);
}

/* A path that is not absolute is one of the folder where tasks run. */
static int starts_in_folder(const struct nf_shell_choice *choice, const char *path)
{
    if (!choice->folder)
        return starts_by_itself(AT_FDCWD, path);
    int fd = open(choice->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int starts = fd >= 0 && starts_by_itself(fd, path);
    if (fd >= 0)
        close(fd);
    return starts;
}

/* The first file of that name on PATH that may be executed; NULL: none. */
static char *find_on_path(const char *name)
{
    const char *path = getenv("PATH");
    for (path = path ? path : "/usr/bin:/bin"; path; path = strchr(path, ':')) {
        path += *path == ':';
        size_t length = strcspn(path, ":");
        struct stat status;
        char *file;
        if (asprintf(&file, "%.*s/%s", length ? (int)length : 1, length ? path : ".", name) < 0)
            return NULL;
        if (access(file, X_OK) == 0 && stat(file, &status) == 0 && S_ISREG(status.st_mode))
            return file;
        free(file);
    }
    return NULL;
}

/* bash keeps an exported function f as BASH_FUNC_f%%=… */
static int is_exported_function(const char *name)
{
    static const char prefix[] = "BASH_FUNC_";
    size_t length = strlen(name);
    for (char **each = environ; *each; each++)
        if (strncmp(*each, prefix, sizeof prefix - 1) == 0 &&
            strncmp(*each + sizeof prefix - 1, name, length) == 0 &&
            strncmp(*each + sizeof prefix - 1 + length, "%%=", 3) == 0)
            return 1;
    return 0;
}

/* NULL: no memory. "": a shell has to run it, or say that there is no such program. */
static char *look_up(const struct nf_shell_choice *choice, const char *name)
{
    char *path = NULL;
    int is_path = strchr(name, '/') != NULL;
    if (!nf_shell_is_own_word(name) && !is_exported_function(name))
        path = is_path ? strdup(name) : find_on_path(name);
    if (path && (is_path || path[0] == '/') && starts_in_folder(choice, path))
        return path;
    free(path);
    return strdup("");
}

static const char *program_path(struct nf_shell_choice *choice, const char *name)
{
    for (size_t i = 0; i < choice->count; i++)
        if (strcmp(choice->programs[i].name, name) == 0)
            return choice->programs[i].path;
    struct program program = {strdup(name), look_up(choice, name)};
    if (!program.name || !program.path) {
        free(program.name);
        free(program.path);
        return NULL;
    }
    size_t place = choice->count < PROGRAMS_REMEMBERED ? choice->count++ : choice->count - 1;
    free(choice->programs[place].name);
    free(choice->programs[place].path);
    choice->programs[place] = program;
    return program.path;
}

/* ---- the shell ---- */

/* Those that read quotes as values are quoted. */
static int is_known_shell(const char *path)
{
    static const char *const known[] = {"sh",   "bash", "dash", "ash",     "ksh", "ksh93",
                                        "mksh", "zsh",  "yash", "busybox", NULL};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; known[i]; i++)
        if (strcmp(known[i], name) == 0)
            return 1;
    return 0;
}

static int choose_shell(struct nf_shell_choice *choice, nfold_error *err)
{
    const char *wanted = getenv("NFOLD_SHELL");
    if (wanted && !*wanted)
        wanted = NULL;
    if (wanted && !is_known_shell(wanted))
        return nf_fail(err, NFOLD_E_VALUE,
                       "variable NFOLD_SHELL: '%s' is none of sh, bash, dash, ksh, zsh: values "
                       "would not be safe in it",
                       wanted);
    if (wanted) {
        choice->shell = strchr(wanted, '/') ? realpath(wanted, NULL) : find_on_path(wanted);
        if (!choice->shell || access(choice->shell, X_OK) != 0)
            return nf_fail(err, NFOLD_E_MISSING, "variable NFOLD_SHELL: there is no shell '%s'",
                           wanted);
        return 0;
    }
    choice->shell = find_on_path("bash");
    if (!choice->shell)
        choice->shell = strdup("/bin/sh");
    return choice->shell ? 0 : nf_fail_memory(err);
}

int nf_shell_choice_open(struct nf_shell_choice **choice, nfold_error *err)
{
    struct nf_shell_choice *opened = calloc(1, sizeof *opened);
    *choice = NULL;
    if (opened)
        opened->programs = calloc(PROGRAMS_REMEMBERED, sizeof *opened->programs);
    int rc = opened && opened->programs ? choose_shell(opened, err) : nf_fail_memory(err);
    if (rc < 0) {
        nf_shell_choice_close(opened);
        return rc;
    }
    *choice = opened;
    return 0;
}

void nf_shell_choice_folder(struct nf_shell_choice *choice, const char *folder)
{
    choice->folder = folder;
}

void nf_shell_choice_close(struct nf_shell_choice *choice)
{
    if (!choice)
        return;
    for (size_t i = 0; i < choice->count; i++) {
        free(choice->programs[i].name);
        free(choice->programs[i].path);
    }
    free(choice->programs);
    free(choice->shell);
    free(choice);
}

int nf_shell_choice_knows(struct nf_shell_choice *choice, const char *name)
{
    const char *path = program_path(choice, name), *startup = getenv("BASH_ENV");
    if (!path || *path || nf_shell_is_own_word(name) || is_exported_function(name) ||
        (startup && *startup) || strchr(name, '/'))
        return 1;
    char *found = find_on_path(name);
    free(found);
    return found != NULL;
}

/* ---- forms ---- */

/* argv points into storage: count words, each ended by a zero byte. path may be NULL: the first. */
static int fill_form(struct nf_command_form *form, const char *path, struct nfold_buffer *words,
                     size_t count, nfold_error *err)
{
    char **argv = words->failed ? NULL : calloc(count + 1, sizeof *argv);
    if (!argv) {
        nf_buffer_clear(words);
        return nf_fail_memory(err);
    }
    char *at = words->data;
    for (size_t i = 0; i < count; i++) {
        argv[i] = at;
        at += strlen(at) + 1;
    }
    *form = (struct nf_command_form){path, argv, words->data};
    return 0;
}

static void append_word(struct nfold_buffer *words, const char *word)
{
    nf_buffer_bytes(words, word, strlen(word) + 1);
}

static int make_shell_form(struct nf_command_form *form, const struct nf_shell_choice *choice,
                           const char *line, nfold_error *err)
{
    struct nfold_buffer words = {0};
    append_word(&words, choice->shell);
    append_word(&words, "-c");
    append_word(&words, line);
    return fill_form(form, choice->shell, &words, 3, err);
}

int nf_command_form_make(struct nf_command_form *form, struct nf_shell_choice *choice,
                         const char *line, nfold_error *err)
{
    struct nfold_buffer words = {0};
    int count = nf_shell_plain_words(line, &words);
    const char *path = "";
    if (count > 0 && !words.failed)
        path = program_path(choice, words.data);
    if (path && *path)
        return fill_form(form, path, &words, (size_t)count, err);
    nf_buffer_clear(&words);
    return path ? make_shell_form(form, choice, line, err) : nf_fail_memory(err);
}

void nf_command_form_clear(struct nf_command_form *form)
{
    free(form->argv);
    free(form->storage);
    *form = (struct nf_command_form){0};
}
