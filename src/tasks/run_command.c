/* run_command.c: lines of a key, a blank and a text; in the text a newline is \n, a backslash \\.
 */
#include "run_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "read_file.h"
#include "run_directory.h"

static const char first_line[] = "nfold command 1\n";

static void add_line(struct nfold_buffer *out, const char *key, const char *text)
{
    nf_buffer_print(out, "%s ", key);
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            nf_buffer_string(out, "\\n");
        else if (*text == '\\')
            nf_buffer_string(out, "\\\\");
        else
            nf_buffer_bytes(out, text, 1);
    }
    nf_buffer_string(out, "\n");
}

static int write_file(const char *path, const struct nfold_buffer *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    ssize_t size = write(fd, text->data, text->size);
    int is_whole = size >= 0 && (size_t)size == text->size;
    if (size >= 0 && !is_whole)
        errno = ENOSPC;
    int is_synced = is_whole && (fdatasync(fd) == 0 || errno == EINVAL);
    int cause = errno;
    if (close(fd) < 0 && is_synced)
        return -1;
    errno = cause;
    return is_synced ? 0 : -1;
}

int nf_run_command_write(const char *directory, const char *folder, const char *pattern,
                         char *const *words, nfold_error *err)
{
    struct nfold_buffer text = {0};
    nf_buffer_string(&text, first_line);
    add_line(&text, "folder", folder);
    add_line(&text, "template", pattern);
    for (; *words != NULL; words++)
        add_line(&text, "word", *words);
    char *path = nf_run_directory_file(directory, "command");
    char *draft = nf_run_directory_file(directory, "command.new");
    int rc = 0;
    if (text.failed || path == NULL || draft == NULL)
        rc = nf_fail_memory(err);
    else if (write_file(draft, &text) < 0 || rename(draft, path) < 0) {
        rc = nf_fail_errno(err, "cannot write %s", path);
        unlink(draft);
    }
    free(draft);
    free(path);
    nf_buffer_clear(&text);
    return rc;
}

/* The text of a line, unescaped in place. */
static char *unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from == '\\' && from[1] != '\0')
            *to++ = *++from == 'n' ? '\n' : *from;
        else
            *to++ = *from;
    }
    *to = '\0';
    return text;
}

static int add_word(struct nf_run_command *command, char *text)
{
    char **grown = reallocarray(command->words, command->word_count + 2, sizeof *grown);
    if (grown == NULL)
        return 0;
    command->words = grown;
    grown[command->word_count] = strdup(unescape(text));
    grown[command->word_count + 1] = NULL;
    return grown[command->word_count++] != NULL;
}

static int set_text(char **where, char *text)
{
    free(*where);
    *where = strdup(unescape(text));
    return *where != NULL;
}

/* Keys that are not known belong to a later version. 0: out of memory. */
static int take_line(struct nf_run_command *command, char *line)
{
    char *text = strchr(line, ' ');
    if (text == NULL)
        return 1;
    *text++ = '\0';
    if (strcmp(line, "folder") == 0)
        return set_text(&command->folder, text);
    if (strcmp(line, "template") == 0)
        return set_text(&command->pattern, text);
    return strcmp(line, "word") == 0 ? add_word(command, text) : 1;
}

static int parse(struct nf_run_command *command, char *text, const char *path, nfold_error *err)
{
    size_t front = sizeof first_line - 1;
    if (strncmp(text, first_line, front) != 0)
        return nf_fail(err, NFOLD_E_VALUE, "%s is not the command of a run", path);
    for (char *line = text + front, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (!take_line(command, line))
            return nf_fail_memory(err);
    }
    if (command->folder == NULL || command->pattern == NULL || command->word_count == 0)
        return nf_fail(err, NFOLD_E_VALUE, "%s is not whole", path);
    return 0;
}

int nf_run_command_read(struct nf_run_command *command, const char *directory, nfold_error *err)
{
    *command = (struct nf_run_command){0};
    char *path = nf_run_directory_file(directory, "command");
    if (path == NULL)
        return nf_fail_memory(err);
    char *text = nf_read_file("", path);
    int rc =
        text != NULL ? parse(command, text, path, err) : nf_fail_errno(err, "cannot read %s", path);
    if (rc < 0)
        nf_run_command_clear(command);
    free(text);
    free(path);
    return rc;
}

void nf_run_command_clear(struct nf_run_command *command)
{
    for (size_t i = 0; i < command->word_count; i++)
        free(command->words[i]);
    free(command->words);
    free(command->folder);
    free(command->pattern);
    *command = (struct nf_run_command){0};
}
