/* compare_ranks.c: starts mpirun, reads its lines, waits for its end. */
#include "compare_ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "mpi/launcher.h"
#include "signals.h"

#define LINE    "nfold-row "
#define TICK_MS 100

extern char **environ;

void nf_compare_ranks_print(struct nfold_buffer *out, const struct nf_compare_table *table,
                            const struct nf_compare_row *row, double ready_at)
{
    nf_buffer_print(out, LINE "words %s %s %s\n", table->order, row->code, table->isa);
    nf_buffer_print(out, LINE "counts %u %d %" PRIx32 "\n", row->runs, row->varies, row->hash);
    nf_buffer_print(out, LINE "answer %a %a %a\n", row->value, row->hi, row->lo);
    nf_buffer_print(out, LINE "times %a %a %a %a %a %a %a\n", row->wall, row->rate, row->cpu,
                    row->imbalance, row->amdahl_limit, row->compile, ready_at);
}

/* 1: all lines are there. */
static int read_row(const char *text, struct nf_compare_table *table, struct nf_compare_row *row,
                    double *ready_at)
{
    const char *words = strstr(text, LINE "words "), *counts = strstr(text, LINE "counts ");
    const char *answer = strstr(text, LINE "answer "), *times = strstr(text, LINE "times ");
    if (!words || !counts || !answer || !times)
        return 0;
    return sscanf(words, LINE "words %15s %15s %15s", table->order, row->code, table->isa) == 3 &&
           sscanf(counts, LINE "counts %u %d %" SCNx32, &row->runs, &row->varies, &row->hash) ==
               3 &&
           sscanf(answer, LINE "answer %la %la %la", &row->value, &row->hi, &row->lo) == 3 &&
           sscanf(times, LINE "times %la %la %la %la %la %la %la", &row->wall, &row->rate,
                  &row->cpu, &row->imbalance, &row->amdahl_limit, &row->compile, ready_at) == 7;
}

/* ---- the child ------------------------------------------------------------------------------- */

struct child {
    pid_t pid;
    int fd; /* what it prints on both streams */
};

static int spawn(struct child *child, const struct nf_launcher *launcher, nfold_error *why)
{
    posix_spawn_file_actions_t actions;
    int ends[2], rc;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return nf_fail_errno(why, "a pipe for mpirun");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    rc = posix_spawn(&child->pid, launcher->path, &actions, NULL, launcher->word, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    child->fd = ends[0];
    if (rc == 0)
        return 0;
    close(ends[0]);
    errno = rc;
    return nf_fail_errno(why, "cannot start %s", launcher->path);
}

/* Until it is silent for ever; a signal to this process is passed on. */
static void listen_to(const struct child *child, struct nfold_buffer *text)
{
    struct pollfd file = {.fd = child->fd, .events = POLLIN};
    char part[4096];
    int is_told = 0;
    for (;;) {
        ssize_t count;
        if (nf_signals_caught() != 0 && !is_told)
            is_told = kill(child->pid, SIGTERM) == 0;
        if (poll(&file, 1, TICK_MS) <= 0)
            continue;
        count = read(child->fd, part, sizeof part);
        if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
            return;
        if (count > 0)
            nf_buffer_bytes(text, part, (size_t)count);
    }
}

static int reap(const struct child *child)
{
    int status = 0;
    close(child->fd);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What the ranks said of themselves, else what mpirun did. */
static int explain(const char *text, int status, nfold_error *why)
{
    static const char own[] = "nfold row: ";
    const char *line = strstr(text, own);
    int is_work = status == nfold_error_status(NFOLD_E_NONFINITE) && line != NULL;
    if (nf_signals_caught() != 0)
        return nf_fail(why, NFOLD_E_STOPPED, "stopped by %s", nf_signals_name(nf_signals_caught()));
    if (line != NULL)
        line += sizeof own - 1;
    else
        line = text + strspn(text, "-\n ");
    return nf_fail(why, is_work ? NFOLD_E_USAGE : NFOLD_E_MISSING, "%.*s", (int)strcspn(line, "\n"),
                   line[0] != '\0' ? line : "mpirun failed");
}

/* ---- the row --------------------------------------------------------------------------------- */

/* The words of this command, for the other verb. */
static char **make_words(const struct nf_command *command)
{
    static char verb[] = "row";
    size_t count = 0;
    char **words;
    while (command->word[count])
        count++;
    words = calloc(count + 1, sizeof *words);
    if (words != NULL) {
        memcpy(words, command->word, count * sizeof *words);
        words[0] = verb;
    }
    return words;
}

static int make_launcher(const struct nf_command *command, unsigned ranks,
                         struct nf_launcher *launcher, char **words, nfold_error *why)
{
    static char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (getenv("SLURM_STEP_ID") != NULL)
        return nf_fail(why, NFOLD_E_USAGE,
                       "this runs inside srun, where mpirun would wait for ever: compare in the "
                       "batch script itself");
    if (length < 0)
        return nf_fail_errno(why, "/proc/self/exe");
    program[length] = '\0';
    return nf_launcher_make(launcher, command->options, ranks, 1, program, words, why);
}

int nf_compare_ranks(const struct nf_command *command, unsigned ranks,
                     struct nf_compare_table *table, struct nf_compare_row *row, nfold_error *why)
{
    char **words = make_words(command);
    struct nf_launcher launcher = {.word = NULL};
    struct nfold_buffer text = {0};
    struct child child;
    double began = nf_clock_now(), ready_at;
    int rc =
        words != NULL ? make_launcher(command, ranks, &launcher, words, why) : nf_fail_memory(why);
    if (rc >= 0) {
        nf_launcher_allow_root();
        rc = spawn(&child, &launcher, why);
    }
    if (rc >= 0) {
        listen_to(&child, &text);
        rc = reap(&child);
        rc = rc == 0 && read_row(nf_buffer_text(&text), table, row, &ready_at)
                 ? 0
                 : explain(nf_buffer_text(&text), rc, why);
    }
    if (rc >= 0)
        row->start_up = ready_at - began;
    row->has_launcher = 1;
    nf_buffer_clear(&text);
    nf_launcher_clear(&launcher);
    free(words);
    return rc;
}
