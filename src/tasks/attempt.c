/* attempt.c: one try of a task. */
#include "attempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "task_spawn.h"

#define PIECE             4096 /* bytes that a pipe takes without waiting */
#define BIRTH_NANOSECONDS 100000

static int make_cpus(struct nf_attempt *attempt, const struct nf_slot *slot, nfold_error *err)
{
    int highest = 0;
    for (unsigned i = 0; i < slot->cpu_count; i++)
        highest = slot->cpus[i] > highest ? slot->cpus[i] : highest;
    attempt->cpus_size = CPU_ALLOC_SIZE(highest + 1);
    attempt->cpus = CPU_ALLOC((size_t)highest + 1);
    if (!attempt->cpus)
        return nf_fail_memory(err);
    CPU_ZERO_S(attempt->cpus_size, attempt->cpus);
    for (unsigned i = 0; i < slot->cpu_count; i++)
        CPU_SET_S((size_t)slot->cpus[i], attempt->cpus_size, attempt->cpus);
    return 0;
}

int nf_attempt_prepare(struct nf_attempt *attempt, const struct nf_slot *slot,
                       const struct nf_attempt_setting *setting, nfold_error *err)
{
    *attempt = (struct nf_attempt){.slot = slot, .cpu_count = slot->cpu_count, .read_fd = {-1, -1}};
    int rc = nf_task_environment_make(&attempt->environment, environ, slot, setting->pid,
                                      setting->slot_variable, err);
    return rc >= 0 && slot->is_pinned ? make_cpus(attempt, slot, err) : rc;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Into the pipe that becomes the task's output, taking it out again as it fills. */
static int write_piece(struct nf_attempt *attempt, int which, int fd, const char *text, size_t size,
                       nfold_error *err)
{
    int rc = 0;
    while (rc >= 0 && size > 0) {
        size_t piece = size < PIECE ? size : PIECE;
        ssize_t written = write(fd, text, piece);
        if (written < 0 && errno != EINTR)
            return nf_fail_errno(err, "what a task prints could not be passed on");
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
        if (attempt->read_fd[which] >= 0)
            rc = nf_output_readable(attempt->stream, which, err);
    }
    return rc;
}

/* As a shell says it, in the task's own stderr and with a shell's exit codes. */
static int end_not_run(struct nf_attempt *attempt, const char *path, int cause, int fd,
                       nfold_error *err)
{
    struct nfold_buffer text = {0};
    nf_spawn_excuse(path, cause, &text);
    int rc = text.failed
                 ? nf_fail_memory(err)
                 : write_piece(attempt, 1, fd >= 0 ? fd : STDERR_FILENO, text.data, text.size, err);
    nf_buffer_clear(&text);
    attempt->is_done = 1;
    attempt->exit_code = nf_spawn_exit_code(cause);
    return rc < 0 ? rc : 1;
}

static int is_shortage(int cause)
{
    return cause == EAGAIN || cause == ENOMEM || cause == EMFILE || cause == ENFILE;
}

static struct nf_spawn spawn_of(const struct nf_attempt *attempt,
                                const struct nf_attempt_setting *setting)
{
    return (struct nf_spawn){.path = attempt->form.path,
                             .argv = attempt->form.argv,
                             .envp = attempt->environment.envp,
                             .directory = setting->directory,
                             .fd = {setting->null_fd, -1, -1},
                             .cpus = attempt->cpus,
                             .cpus_size = attempt->cpus_size,
                             .has_nice = setting->has_nice,
                             .nice = setting->nice,
                             .files = setting->files,
                             .group_fd = {-1, -1},
                             .mask = &setting->mask};
}

static int spawn_here(struct nf_attempt *attempt, const struct nf_spawn *spawn, nfold_error *err)
{
    int is_exec;
    pid_t pid = nf_spawn(spawn, &is_exec);
    if (pid > 0) {
        attempt->pid = pid;
        return 1;
    }
    if (is_exec)
        return end_not_run(attempt, spawn->path, errno, spawn->fd[2], err);
    return is_shortage(errno) ? 0 : nf_fail_errno(err, "no process can be started");
}

/* On the slot's CPUs already, and its number is known before its program runs. */
static int spawn_elsewhere(struct nf_attempt *attempt, struct nf_spawn *spawn)
{
    spawn->cpus = NULL;
    spawn->born = attempt->born;
    attempt->is_spawned = 1;
    attempt->pid = NF_ATTEMPT_UNBORN;
    nf_spawner_ask(&attempt->spawner, spawn);
    return 1;
}

static int start_process(struct nf_attempt *attempt, const struct nf_attempt_setting *setting,
                         const int fd[2], const int group_fd[2], nfold_error *err)
{
    struct nf_command_form *form = &attempt->form;
    nf_command_form_clear(form);
    int rc = nf_command_form_make(form, setting->shell, nf_buffer_text(&attempt->line), err);
    if (rc < 0)
        return rc;
    struct nf_spawn spawn = spawn_of(attempt, setting);
    memcpy(&spawn.fd[1], fd, 2 * sizeof *fd);
    memcpy(spawn.group_fd, group_fd, sizeof spawn.group_fd);
    nf_task_environment_sequence(&attempt->environment, attempt->task.sequence);
    attempt->began_epoch = nf_clock_epoch();
    attempt->began = nf_clock_now();
    return attempt->born && attempt->spawner.has_thread ? spawn_elsewhere(attempt, &spawn)
                                                        : spawn_here(attempt, &spawn, err);
}

static void forget_streams(struct nf_attempt *attempt)
{
    nfold_error ignored;
    struct nf_task_result result = {.status = NF_TASK_NOT_STARTED};
    nf_output_end(attempt->stream, &result, 1, &ignored);
    attempt->stream = NULL;
    attempt->read_fd[0] = attempt->read_fd[1] = -1;
}

int nf_attempt_start(struct nf_attempt *attempt, const struct nf_attempt_setting *setting,
                     const int group_fd[2], nfold_error *err)
{
    int fd[2] = {-1, -1};
    int rc = nf_output_begin(setting->output, &attempt->task, attempt->slot->number,
                             nf_buffer_text(&attempt->tag), nf_buffer_text(&attempt->line), fd,
                             attempt->read_fd, &attempt->stream, err);
    if (rc < 0)
        return is_shortage(errno) ? 0 : rc;
    attempt->first_output = -1;
    attempt->is_watched = attempt->is_ending = attempt->is_done = attempt->is_spawned = 0;
    attempt->cause = NF_TASK_OK;
    attempt->is_put_back = 0;
    rc = start_process(attempt, setting, fd, group_fd, err);
    if (!attempt->is_spawned) {
        close_fd(&fd[0]);
        close_fd(&fd[1]);
    }
    if (rc <= 0)
        forget_streams(attempt);
    return rc;
}

static void fill_status(const struct nf_attempt *attempt, int status, struct nf_task_result *result)
{
    if (WIFSIGNALED(status))
        result->signal = WTERMSIG(status);
    else
        result->exit_code = WEXITSTATUS(status);
    result->status = result->signal > 0      ? NF_TASK_SIGNALLED
                     : result->exit_code > 0 ? NF_TASK_FAILED
                                             : NF_TASK_OK;
    /* Also where it says 0: whoever catches SIGTERM and exits has not done its work. */
    if (attempt->is_ending) {
        result->status = attempt->cause;
        result->exit_code = -1;
    }
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

void nf_attempt_result(const struct nf_attempt *attempt, int status, const struct rusage *usage,
                       double now, struct nf_task_result *result)
{
    *result = (struct nf_task_result){.slot = attempt->slot->number,
                                      .began = attempt->began_epoch,
                                      .seconds = now - attempt->began,
                                      .first_output = attempt->first_output,
                                      .peak_bytes = attempt->memory_peak};
    if (attempt->is_done) {
        result->exit_code = attempt->exit_code;
        result->status = attempt->exit_code == 0 ? NF_TASK_OK : NF_TASK_FAILED;
        return;
    }
    fill_status(attempt, status, result);
    if (!usage)
        return;
    result->user_seconds = seconds_of(usage->ru_utime);
    result->system_seconds = seconds_of(usage->ru_stime);
    uint64_t peak = (uint64_t)usage->ru_maxrss * 1024;
    if (peak > result->peak_bytes)
        result->peak_bytes = peak;
}

int nf_attempt_end(struct nf_attempt *attempt, struct nf_task_result *result, int is_dropped,
                   nfold_error *err)
{
    int rc = nf_output_end(attempt->stream, result, is_dropped, err);
    attempt->stream = NULL;
    attempt->read_fd[0] = attempt->read_fd[1] = -1;
    if (result->first_output < 0 && result->out_bytes + result->err_bytes > 0)
        result->first_output = result->seconds;
    return rc;
}

void nf_attempt_free(struct nf_attempt *attempt)
{
    nf_task_clear(&attempt->task);
    attempt->pid = 0;
    attempt->is_done = attempt->is_ending = attempt->is_spawned = 0;
    attempt->line.size = attempt->tag.size = 0;
}

void nf_attempt_clear(struct nf_attempt *attempt)
{
    nf_task_clear(&attempt->task);
    nf_command_form_clear(&attempt->form);
    nf_buffer_clear(&attempt->line);
    nf_buffer_clear(&attempt->tag);
    nf_task_environment_clear(&attempt->environment);
    if (attempt->cpus)
        CPU_FREE(attempt->cpus);
    *attempt = (struct nf_attempt){0};
}

pid_t nf_attempt_pid(struct nf_attempt *attempt)
{
    if (attempt->pid == NF_ATTEMPT_UNBORN && *attempt->born > 0)
        attempt->pid = *attempt->born;
    return attempt->pid;
}

pid_t nf_attempt_settle(struct nf_attempt *attempt)
{
    const struct timespec pause = {.tv_nsec = BIRTH_NANOSECONDS};
    while (nf_attempt_pid(attempt) == NF_ATTEMPT_UNBORN && *attempt->born == 0)
        nanosleep(&pause, NULL);
    return nf_attempt_pid(attempt);
}

void nf_attempt_signal(struct nf_attempt *attempt, int number)
{
    if (attempt->pid != 0 && nf_attempt_settle(attempt) > 1)
        kill(-attempt->pid, number);
}
