/* walltime.c: the end of the Slurm job that we are in. */
#include "walltime.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "task_spawn.h"
#include "statistics.h"

#define LEARNED_FROM  10 /* tasks that were ok */
#define LEARNED_SHARE 0.95

#define PATIENCE_SECONDS 30 /* a task of --need waits so long for Slurm's first answer */
#define AGAIN_PATIENCE   5  /* and a stop for another one: the job may have been given more time */
#define AGAIN_SECONDS    60 /* an answer holds so long, and no answer, too */

/* The last task of a job array has the number of the array: alone it would stand for all of it. */
#define JOB_OF_SHELL                                                                               \
    "\"${SLURM_ARRAY_TASK_ID:+${SLURM_ARRAY_JOB_ID}_}${SLURM_ARRAY_TASK_ID:-$SLURM_JOB_ID}\""

/* ---- asking Slurm's commands ---- */

/* output: becomes the command's stdout; -1: it has ours. */
static pid_t start_shell(const char *line, int output)
{
    char *const argv[] = {"sh", "-c", (char *)(uintptr_t)line, NULL};
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), is_exec;
    sigset_t none;
    sigemptyset(&none);
    struct nf_spawn spawn = {.path = "/bin/sh",
                             .argv = argv,
                             .envp = environ,
                             .fd = {null_fd, output, output >= 0 ? null_fd : -1},
                             .group_fd = {-1, -1},
                             .mask = &none};
    pid_t pid = nf_spawn(&spawn, &is_exec);
    if (null_fd >= 0)
        close(null_fd);
    return pid;
}

static void ask_squeue(struct nf_walltime *walltime, double now)
{
    int pipe_fd[2];
    walltime->asked_at = now;
    walltime->ask_due = INFINITY;
    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        return;
    walltime->asked =
        start_shell("exec squeue --noheader --jobs=" JOB_OF_SHELL " --format=%L", pipe_fd[1]);
    close(pipe_fd[1]);
    fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
    walltime->answer = pipe_fd[0];
    if (walltime->asked < 0)
        nf_walltime_close(walltime);
}

double nf_walltime_read_left(const char *text)
{
    double days = 0, part[3] = {0};
    char *end;
    int count = 0;
    const char *dash = strchr(text, '-');
    if (dash) {
        days = strtod(text, &end);
        if (end != dash)
            return NAN;
        text = dash + 1;
    }
    for (;;) {
        if (*text < '0' || *text > '9' || count == 3)
            return NAN;
        part[count++] = (double)strtoul(text, &end, 10);
        if (*end != ':')
            break;
        text = end + 1;
    }
    if (*end != '\0' && *end != '\n')
        return NAN;
    double seconds = 0;
    for (int i = 0; i < count; i++)
        seconds = 60 * seconds + part[i];
    return 86400 * days + seconds;
}

/* Not long before the end, because it may have been moved; soon, where there was no answer. */
static void plan_asking(struct nf_walltime *walltime, int is_unanswered, double now)
{
    double before_stop = nf_walltime_stop(walltime) - AGAIN_PATIENCE;
    walltime->ask_due = is_unanswered                        ? now + AGAIN_SECONDS
                        : before_stop >= now + AGAIN_SECONDS ? before_stop
                                                             : INFINITY;
}

void nf_walltime_answered(struct nf_walltime *walltime, double now)
{
    char text[64];
    ssize_t size = read(walltime->answer, text, sizeof text - 1);
    if (size < 0 && errno == EAGAIN)
        return;
    text[size > 0 ? size : 0] = '\0';
    double left = strncmp(text, "UNLIMITED", 9) == 0 ? INFINITY : nf_walltime_read_left(text);
    if (!isnan(left))
        walltime->end = now + left;
    close(walltime->answer);
    walltime->answer = -1;
    plan_asking(walltime, isnan(left), now);
}

/* ---- the job's end ---- */

/* Beside the commands' own variables, tests and other batch systems may set it. */
static double end_of_environment(void)
{
    const char *text = getenv("SLURM_JOB_END_TIME");
    char *end;
    double epoch = text ? strtod(text, &end) : NAN;
    return text && end != text && *end == '\0' && epoch > 0 ? epoch : NAN;
}

int nf_walltime_open(struct nf_walltime *walltime, const nfold_options *options, double epoch,
                     double now, nfold_error *err)
{
    *walltime = (struct nf_walltime){.end = INFINITY,
                                     .ask_due = INFINITY,
                                     .answer = -1,
                                     .need = nf_options_seconds(options, "need"),
                                     .grace = nf_options_seconds(options, "grace")};
    int is_job = getenv("SLURM_JOB_ID") != NULL;
    if (nf_options_flag(options, "requeue") && !is_job)
        return nf_fail(err, NFOLD_E_USAGE,
                       "option 'requeue': this is no Slurm job (SLURM_JOB_ID is not set)");
    double end = end_of_environment();
    if (!isnan(end)) {
        walltime->end = now + (end - epoch);
        walltime->asked_at = now;
        if (is_job)
            plan_asking(walltime, 0, now);
    } else if (is_job) {
        ask_squeue(walltime, now);
        walltime->wait_until = isnan(walltime->need) ? 0 : now + PATIENCE_SECONDS;
    }
    return 0;
}

int nf_walltime_ask_again(struct nf_walltime *walltime, double now)
{
    if (walltime->ask_due <= now)
        walltime->ask_due = now + AGAIN_SECONDS;
    if (!getenv("SLURM_JOB_ID") || walltime->asked > 0 || walltime->answer >= 0 ||
        now < walltime->asked_at + AGAIN_SECONDS)
        return 0;
    ask_squeue(walltime, now);
    walltime->wait_until = now + AGAIN_PATIENCE;
    return walltime->answer >= 0;
}

double nf_walltime_awaited(const struct nf_walltime *walltime, double now)
{
    return walltime->answer >= 0 && now < walltime->wait_until ? walltime->wait_until : 0;
}

double nf_walltime_stop(const struct nf_walltime *walltime)
{
    return walltime->end - walltime->grace;
}

int nf_walltime_admits(const struct nf_walltime *walltime, const struct nf_statistics *statistics,
                       double now)
{
    double need = walltime->need;
    if (isinf(walltime->end))
        return 1;
    if (isnan(need))
        need = nf_statistics_quantile(statistics, LEARNED_SHARE, LEARNED_FROM);
    if (isnan(need))
        need = 0;
    return now + need < nf_walltime_stop(walltime);
}

void nf_walltime_close(struct nf_walltime *walltime)
{
    if (walltime->answer >= 0)
        close(walltime->answer);
    if (walltime->asked > 0) {
        kill(-walltime->asked, SIGKILL);
        /* Its children, too: they are no processes that a task has left. */
        while (waitpid(-walltime->asked, NULL, 0) > 0 || errno == EINTR)
            continue;
    }
    walltime->answer = -1;
    walltime->asked = 0;
}

#define STATUS_IS_ENDING 9

/* Who cancelled a job would have it again: Slurm takes a request for a job that it is ending. */
int nf_walltime_requeue(int may_be_cancelled, nfold_error *err)
{
    int status = 0;
    pid_t pid = start_shell(may_be_cancelled ? "case $(squeue --noheader --jobs=" JOB_OF_SHELL
                                               " --format=%T) in "
                                               "COMPLETING* | CANCELLED*) exit 9 ;; esac; "
                                               "exec scontrol requeue " JOB_OF_SHELL
                                             : "exec scontrol requeue " JOB_OF_SHELL,
                            -1);
    if (pid < 0)
        return nf_fail_errno(err, "scontrol cannot be started");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_IS_ENDING)
        return 0;
    if (status != 0)
        return nf_fail(err, NFOLD_E_SYSTEM,
                       "Slurm would not run this job again (scontrol requeue %s failed); continue "
                       "by hand",
                       getenv("SLURM_JOB_ID"));
    return 1;
}
