/* run_operand.c: finding a run and describing it in a line. */
#include "run_operand.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_directory.h"

int nf_run_operand(struct nf_history *history, const struct nf_command *command, nfold_error *err)
{
    char *path;
    *history = (struct nf_history){0};
    if (command->operand_count == 0)
        return nf_verb_misused(command->verb, err,
                               "which run? `nfold runs` lists them; 'last' is the latest");
    int rc = nf_run_directory_find(&path, command->operand[0], err);
    if (rc >= 0)
        rc = nf_history_open(history, path, err);
    free(path);
    return rc;
}

static int restore_input(const struct nf_history *history, int *is_partial, nfold_error *err)
{
    static const char *const names[] = {"input", "input.part"};
    *is_partial = 0;
    for (int i = 0; i < 2; i++) {
        char *path = nf_run_directory_file(history->path, names[i]);
        int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        int rc = path == NULL ? nf_fail_memory(err) : 0;
        if (fd < 0 && rc >= 0 && errno != ENOENT)
            rc = nf_fail_errno(err, "cannot read %s", path);
        if (fd >= 0 && dup2(fd, STDIN_FILENO) < 0)
            rc = nf_fail_errno(err, "cannot read %s as standard input", path);
        free(path);
        if (fd >= 0) {
            close(fd);
            *is_partial = i == 1;
        }
        if (fd >= 0 || rc < 0)
            return rc;
    }
    return 0;
}

int nf_run_return(const struct nf_history *history, int *is_partial, nfold_error *err)
{
    if (chdir(history->command.folder) < 0)
        return nf_fail_errno(err, "cannot go to the folder of the run, %s",
                             history->command.folder);
    return restore_input(history, is_partial, err);
}

static void add_count(struct nfold_buffer *out, uint64_t count, const char *what)
{
    if (count == 0)
        return;
    nf_buffer_print(out, "%s%" PRIu64 " %s", out->size > 0 ? ", " : "", count, what);
}

/* Inputs that are known and have no end. */
static uint64_t count_without_end(const struct nf_history *history)
{
    return history->submitted > history->tasks ? history->submitted - history->tasks : 0;
}

void nf_run_counts(struct nfold_buffer *out, const struct nf_history *history)
{
    struct nfold_buffer text = {0};
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++)
        add_count(&text, history->status[i], nf_task_status_name((enum nf_task_status)i));
    add_count(&text, count_without_end(history), "not started");
    nf_buffer_string(out, text.size > 0 ? nf_buffer_text(&text) : "no task has ended");
    out->failed |= text.failed;
    nf_buffer_clear(&text);
}

void nf_run_counts_json(struct nf_json *json, const struct nf_history *history)
{
    nf_json_object(json, "tasks");
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++)
        if (i != NF_TASK_NOT_STARTED)
            nf_json_unsigned(json, nf_task_status_name((enum nf_task_status)i), history->status[i]);
    nf_json_unsigned(json, nf_task_status_name(NF_TASK_NOT_STARTED),
                     count_without_end(history) + history->status[NF_TASK_NOT_STARTED]);
    nf_json_end(json);
}

const char *nf_run_age(double when, double now, char text[32])
{
    double age = now - when;
    text[0] = '\0';
    if (isnan(age))
        return text;
    if (age < 60)
        return strcpy(text, "just now");
    if (age < 3600)
        snprintf(text, 32, "%.0f min ago", floor(age / 60));
    else if (age < 2 * 86400)
        snprintf(text, 32, "%.0f h ago", floor(age / 3600));
    else
        snprintf(text, 32, "%.0f days ago", floor(age / 86400));
    return text;
}

void nf_run_one_line(struct nfold_buffer *out, const char *text, size_t size, unsigned width)
{
    size_t columns = 0, i = 0;
    for (; i < size && columns + 3 < width; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c == 0x7F)
            c = ' ';
        nf_buffer_bytes(out, &c, 1);
        columns += i + 1 < size ? ((unsigned char)text[i + 1] & 0xC0) != 0x80 : 1;
    }
    while (i < size && ((unsigned char)text[i] & 0xC0) == 0x80)
        nf_buffer_bytes(out, text + i++, 1);
    if (i < size)
        nf_buffer_string(out, "...");
}
