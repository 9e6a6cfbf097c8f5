/* mpirun.c: starts mpirun, listens to what it says, waits for its end. */
#include "mpirun.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "mpi/post.h"
#include "output.h"
#include "read_file.h"
#include "signals.h"

#define TICK_MS        100
#define LAST_TICK_MS   1
#define LOST_SECONDS   6.0 /* the ranks that are left end within this (session.c, port.c) */
#define REPEAT_SECONDS 6.0 /* two signals in five end Open MPI's mpirun at once */
#define LINE_SIZE      512

enum { OUTPUT, WORDS, STREAMS };

struct mpirun {
    pid_t pid;
    int fd[STREAMS];         /* its stdout and stderr; -1: closed */
    int status;              /* of waitpid */
    nfold_error lost_output; /* code 0: stdout takes what comes */
    char line[LINE_SIZE];    /* that is not whole yet */
    size_t length;
    int has_rank_spoken, is_short_of_slots;
    double caught_at; /* a signal to this process; 0: none */
    double lost_at;   /* a rank was given up; 0: none */
    int is_told;      /* the signal to this process was passed on */
    int is_killed;
};

/* ---- its words ------------------------------------------------------------------------------- */

/* "nfold integrate: ", "nfold: " */
static int is_of_nfold(const char *line)
{
    return strncmp(line, "nfold ", 6) == 0 || strncmp(line, "nfold: ", 7) == 0;
}

static void read_line(struct mpirun *mpirun)
{
    mpirun->line[mpirun->length] = '\0';
    mpirun->length = 0;
    mpirun->has_rank_spoken |= is_of_nfold(mpirun->line);
    mpirun->is_short_of_slots |= strstr(mpirun->line, "not enough slots") != NULL;
    if (mpirun->lost_at == 0 && strstr(mpirun->line, NF_POST_SILENT))
        mpirun->lost_at = nf_clock_now();
}

static void read_words(struct mpirun *mpirun, const char *text, size_t size)
{
    for (size_t k = 0; k < size; k++)
        if (text[k] == '\n')
            read_line(mpirun);
        else if (mpirun->length < LINE_SIZE - 1)
            mpirun->line[mpirun->length++] = text[k];
}

static void show_words(struct mpirun *mpirun, const struct nfold_buffer *part)
{
    nf_output_write(STDERR_FILENO, part, NULL);
    read_words(mpirun, part->data, part->size);
}

/* mpirun itself would not say that nobody got the answer. */
static void show_output(struct mpirun *mpirun, const struct nfold_buffer *part)
{
    if (mpirun->lost_output.code == 0)
        nf_output_write(STDOUT_FILENO, part, &mpirun->lost_output);
}

static void read_stream(struct mpirun *mpirun, int stream)
{
    struct nfold_buffer part = {0};
    char text[4096];
    ssize_t count = read(mpirun->fd[stream], text, sizeof text);
    if (count > 0) {
        nf_buffer_bytes(&part, text, (size_t)count);
        (stream == WORDS ? show_words : show_output)(mpirun, &part);
        nf_buffer_clear(&part);
    } else if (count == 0 || errno != EINTR) {
        close(mpirun->fd[stream]);
        mpirun->fd[stream] = -1;
    }
}

static int listen_to(struct mpirun *mpirun)
{
    struct pollfd file[STREAMS];
    int is_open = mpirun->fd[OUTPUT] >= 0 || mpirun->fd[WORDS] >= 0, count;
    for (int k = 0; k < STREAMS; k++)
        file[k] = (struct pollfd){.fd = mpirun->fd[k], .events = POLLIN};
    count = poll(file, STREAMS, is_open ? TICK_MS : LAST_TICK_MS);
    for (int k = 0; count > 0 && k < STREAMS; k++)
        if (file[k].revents != 0)
            read_stream(mpirun, k);
    return count > 0;
}

/* ---- its end --------------------------------------------------------------------------------- */

/* Slurm signals all processes of a step. */
static int is_from_slurm(void)
{
    char path[32];
    char *name;
    int is_step;
    snprintf(path, sizeof path, "/proc/%d/comm", nf_signals_sender());
    name = nf_read_file("", path);
    is_step = name && strncmp(name, "slurmstepd", 10) == 0;
    free(name);
    return is_step;
}

/* Told twice in five seconds Open MPI's mpirun would end before the ranks have said how far they
 * came, and leave them alone. */
static void pass_signal_on(struct mpirun *mpirun)
{
    int number = nf_signals_caught();
    double now = nf_clock_now();
    if (number == 0 || mpirun->is_told)
        return;
    if (mpirun->caught_at == 0)
        mpirun->caught_at = now;
    if (now - mpirun->caught_at < REPEAT_SECONDS && is_from_slurm())
        return;
    mpirun->is_told = 1;
    kill(mpirun->pid, number);
}

/* Ranks that have lost one end by themselves; mpirun would wait for minutes to reach its host. Open
 * MPI's crashes when it is told to end a second time, so nobody tells it. */
static void end_if_lost(struct mpirun *mpirun)
{
    if (mpirun->lost_at == 0 || mpirun->is_killed ||
        nf_clock_now() - mpirun->lost_at < LOST_SECONDS)
        return;
    kill(mpirun->pid, SIGKILL);
    mpirun->is_killed = 1;
}

/* 1: it has ended, and all that it said is shown; what it has left behind may say more. */
static int has_ended(struct mpirun *mpirun, int has_heard)
{
    pid_t pid = has_heard ? 0 : waitpid(mpirun->pid, &mpirun->status, WNOHANG);
    return pid == mpirun->pid || (pid < 0 && errno != EINTR);
}

static int status_of(const struct mpirun *mpirun)
{
    return WIFEXITED(mpirun->status) ? WEXITSTATUS(mpirun->status) : 128 + WTERMSIG(mpirun->status);
}

static int explain(const struct mpirun *mpirun, const struct nf_launcher *launcher,
                   nfold_error *err)
{
    int status = status_of(mpirun);
    if (mpirun->is_short_of_slots)
        return nf_fail(err, NFOLD_E_USAGE,
                       "mpirun has fewer than %s slots, by its host file, its settings or the job: "
                       "ask for fewer ranks with -j, or for a larger job",
                       launcher->number);
    if (mpirun->is_killed)
        return nf_fail(err, NFOLD_E_SYSTEM,
                       "mpirun still waited for the lost host and was ended; what it had started "
                       "there ends as soon as that host hears of it");
    if (status != 0 && !mpirun->has_rank_spoken && nf_signals_caught() == 0)
        return nf_fail(err, NFOLD_E_SYSTEM,
                       "mpirun ended with status %d and no answer: its own words are above",
                       status);
    return status;
}

/* ---- its beginning --------------------------------------------------------------------------- */

/* It must not outlive this process, whatever ends it. In a group of its own it hears of a signal
 * once, from here. */
static _Noreturn void become_mpirun(struct nf_launcher *launcher, const int end[STREAMS],
                                    pid_t parent)
{
    nfold_error err;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    if (getppid() != parent)
        _exit(1);
    dup2(end[OUTPUT], STDOUT_FILENO);
    dup2(end[WORDS], STDERR_FILENO);
    nf_launcher_execute(launcher, &err);
    dprintf(STDERR_FILENO, "%s\n", err.message);
    _exit(nfold_error_status(err.code));
}

static int start(struct mpirun *mpirun, struct nf_launcher *launcher, nfold_error *err)
{
    const pid_t parent = getpid();
    int output[2], words[2];
    if (pipe2(output, O_CLOEXEC) < 0)
        return nf_fail_errno(err, "a pipe for mpirun");
    if (pipe2(words, O_CLOEXEC) < 0) {
        nf_fail_errno(err, "a pipe for mpirun");
        close(output[0]);
        close(output[1]);
        return err->code;
    }
    *mpirun = (struct mpirun){.fd = {output[0], words[0]}};
    mpirun->pid = fork();
    if (mpirun->pid == 0)
        become_mpirun(launcher, (const int[STREAMS]){output[1], words[1]}, parent);
    close(output[1]);
    close(words[1]);
    return mpirun->pid > 0 ? 0 : nf_fail_errno(err, "cannot start %s", launcher->path);
}

int nf_mpirun_run(struct nf_launcher *launcher, nfold_error *err)
{
    struct mpirun mpirun;
    int rc, has_heard = 1;
    nf_signals_watch(NULL);
    rc = start(&mpirun, launcher, err);
    while (rc >= 0 && !has_ended(&mpirun, has_heard)) {
        pass_signal_on(&mpirun);
        end_if_lost(&mpirun);
        has_heard = listen_to(&mpirun);
    }
    for (int k = 0; k < STREAMS; k++)
        if (mpirun.fd[k] >= 0)
            close(mpirun.fd[k]);
    if (rc < 0)
        return rc;
    if (mpirun.lost_output.code < 0) {
        *err = mpirun.lost_output;
        return err->code;
    }
    return explain(&mpirun, launcher, err);
}
