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
#include "mpi/meeting.h"
#include "mpi/post.h"
#include "output.h"
#include "read_file.h"
#include "signals.h"

#define TICK_MS        100
#define LAST_TICK_MS   1
#define LOST_SECONDS   6.0 /* the ranks that are left end within this (session.c, port.c) */
#define REPEAT_SECONDS 6.0 /* two signals in five end Open MPI's mpirun at once */
#define LINE_SIZE      512
#define NOTE           NF_MEETING_NOTE " "

enum { OUTPUT, WORDS, STREAMS };

struct mpirun {
    pid_t pid;
    int fd[STREAMS];         /* its stdout and stderr; -1: closed */
    int status;              /* of waitpid */
    nfold_error lost_output; /* code 0: stdout takes what comes */
    char line[LINE_SIZE];    /* that is not whole yet */
    size_t length, shown;
    struct nfold_buffer notes; /* lines of a rank, its process and host */
    int ended_pid;             /* of the rank that mpirun says has ended; 0: none */
    char ended_host[64];
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
    mpirun->has_rank_spoken |= is_of_nfold(mpirun->line);
    mpirun->is_short_of_slots |= strstr(mpirun->line, "not enough slots") != NULL;
    if (mpirun->lost_at == 0 && strstr(mpirun->line, NF_POST_SILENT))
        mpirun->lost_at = nf_clock_now();
}

/* Who is where is told to this process alone. */
static int is_note(const struct mpirun *mpirun, size_t length)
{
    return mpirun->shown == 0 && strncmp(mpirun->line, NOTE, length) == 0;
}

static void end_line(struct mpirun *mpirun, struct nfold_buffer *out)
{
    mpirun->line[mpirun->length] = '\0';
    if (is_note(mpirun, sizeof NOTE - 1)) {
        nf_buffer_print(&mpirun->notes, "%s\n", mpirun->line + sizeof NOTE - 1);
    } else {
        nf_buffer_bytes(out, mpirun->line + mpirun->shown, mpirun->length - mpirun->shown);
        read_line(mpirun);
    }
    if (!is_note(mpirun, sizeof NOTE - 1) && mpirun->length < LINE_SIZE - 1)
        nf_buffer_bytes(out, "\n", 1);
    mpirun->length = mpirun->shown = 0;
}

/* What may be the beginning of a note waits for its end. */
static void show_words(struct mpirun *mpirun, const struct nfold_buffer *part)
{
    struct nfold_buffer out = {0};
    for (size_t k = 0; k < part->size; k++) {
        if (part->data[k] != '\n')
            mpirun->line[mpirun->length++] = part->data[k];
        if (part->data[k] == '\n' || mpirun->length == LINE_SIZE - 1)
            end_line(mpirun, &out);
    }
    if (!is_note(mpirun, mpirun->length < sizeof NOTE - 1 ? mpirun->length : sizeof NOTE - 1)) {
        nf_buffer_bytes(&out, mpirun->line + mpirun->shown, mpirun->length - mpirun->shown);
        mpirun->shown = mpirun->length;
    }
    nf_output_write(STDERR_FILENO, &out, NULL);
    nf_buffer_clear(&out);
}

/* MPICH's mpirun names the process of a rank that was killed, on stdout, and nobody else could say
 * which rank it is: it kills the others. */
static void read_loss(struct mpirun *mpirun, const char *text)
{
    char host[sizeof mpirun->ended_host];
    const char *line = strstr(text, "=   PID ");
    int pid;
    if (!line || sscanf(line, "= PID %d RUNNING AT %63s", &pid, host) != 2)
        return;
    mpirun->ended_pid = pid;
    memcpy(mpirun->ended_host, host, sizeof host);
}

/* mpirun itself would not say that nobody got the answer. */
static void show_output(struct mpirun *mpirun, const struct nfold_buffer *part)
{
    read_loss(mpirun, nf_buffer_text(part));
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

/* Ranks that have lost one end by themselves; mpirun would wait for minutes to reach its host, and
 * where it has no rank beside it no rank can end it (mpi/warden.c). Open MPI's crashes when it is
 * told to end a second time, so nobody tells it. */
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

/* The rank of a process, or -1. */
static int find_rank(const struct mpirun *mpirun)
{
    const char *line = nf_buffer_text(&mpirun->notes);
    while (mpirun->ended_pid != 0 && line && *line) {
        char host[sizeof mpirun->ended_host];
        int rank, pid;
        if (sscanf(line, "%d on %63s is rank %d", &pid, host, &rank) == 3 &&
            pid == mpirun->ended_pid && strcmp(host, mpirun->ended_host) == 0)
            return rank;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return -1;
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
    if (mpirun->lost_at != 0 && status == 128 + SIGKILL) /* here, or by a rank's warden */
        return nf_fail(
            err, NFOLD_E_SYSTEM,
            "mpirun still waited for the lost host and was ended; the ranks there end by "
            "themselves");
    if (status == 0 || mpirun->has_rank_spoken || nf_signals_caught() != 0)
        return status;
    if (find_rank(mpirun) >= 0)
        return nf_fail(err, NFOLD_E_SYSTEM,
                       "rank %d on %s ended before there was an answer; was it killed?",
                       find_rank(mpirun), mpirun->ended_host);
    return nf_fail(err, NFOLD_E_SYSTEM,
                   "mpirun ended with status %d and no answer: its own words are above", status);
}

/* ---- its beginning --------------------------------------------------------------------------- */

/* It must not outlive this process, whatever ends it. In a group of its own it hears of a signal
 * once, from here. */
static _Noreturn void become_mpirun(struct nf_launcher *launcher, const int end[STREAMS],
                                    pid_t parent)
{
    nfold_error err;
    setenv(NF_MEETING_VARIABLE, "1", 1);
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
    *mpirun = (struct mpirun){.fd = {-1, -1}};
    if (pipe2(output, O_CLOEXEC) < 0)
        return nf_fail_errno(err, "a pipe for mpirun");
    if (pipe2(words, O_CLOEXEC) < 0) {
        nf_fail_errno(err, "a pipe for mpirun");
        close(output[0]);
        close(output[1]);
        return err->code;
    }
    mpirun->fd[OUTPUT] = output[0];
    mpirun->fd[WORDS] = words[0];
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
    if (rc >= 0 && mpirun.lost_output.code < 0) {
        *err = mpirun.lost_output;
        rc = err->code;
    }
    if (rc >= 0)
        rc = explain(&mpirun, launcher, err);
    nf_buffer_clear(&mpirun.notes);
    return rc;
}
