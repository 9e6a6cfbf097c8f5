/* loop.c: what the supervisor's loop holds: its slots, limits, signals and timers. */
#include "loop.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "run_directory.h"
#include "slot.h"

#define LOOK_SECONDS 0.1
#define OTHER_FILES  64 /* beside those of the slots */

int nf_loop_watch(struct nf_loop *loop, int fd, uint32_t events, uint64_t number)
{
    struct epoll_event event = {.events = events, .data.u64 = number};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_signals(struct nf_loop *loop, nfold_error *err)
{
    const struct nf_guardian *guardian = loop->with->guardian;
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGPIPE); /* a closed stdout is an error to report, not an end */
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    loop->setting.mask = guardian ? guardian->mask : before;
    sigdelset(&blocked, SIGPIPE);
    loop->child_fd = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->setting.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (loop->child_fd < 0 || loop->epoll_fd < 0 || loop->setting.null_fd < 0)
        return nf_fail_errno(err, "the supervisor of the tasks cannot begin");
    if (guardian && (nf_loop_watch(loop, guardian->requests, EPOLLIN, NF_LOOP_REQUESTS) < 0 ||
                     nf_loop_open_bell(loop) < 0))
        return nf_fail_errno(err, "the supervisor of the tasks cannot begin");
    return 0;
}

/* A slot that runs has two pipes, and four ends of them while it starts.
 * Tasks get their own limit back. */
static void raise_files(struct nf_loop *loop)
{
    struct rlimit limit;
    rlim_t wanted = OTHER_FILES + 4 * (rlim_t)loop->with->slots->most;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    loop->setting.files = (unsigned)limit.rlim_cur;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_slots(struct nf_loop *loop, nfold_error *err)
{
    unsigned most = loop->with->slots->most;
    loop->slots = loop->most_slots = loop->with->slots->count;
    loop->attempt = calloc(most, sizeof *loop->attempt);
    loop->pid = calloc(most, sizeof *loop->pid);
    loop->due = calloc(most, sizeof *loop->due);
    loop->area = loop->with->guardian ? loop->with->guardian->area : NULL;
    if (!loop->attempt || !loop->pid || !loop->due)
        return nf_fail_memory(err);
    for (unsigned i = 0; i < most; i++)
        loop->due[i] = INFINITY;
    raise_files(loop);
    return 0;
}

/* --tag is --tagstring '{}'. */
static int open_tag(struct nf_loop *loop, nfold_error *err)
{
    const nfold_options *options = loop->with->options;
    const char *text = nf_options_text(options, "tagstring");
    if (!text && nf_options_flag(options, "tag"))
        text = nf_options_text(options, "replacement");
    int rc = text ? nf_template_open_text(&loop->tag, options, text, err) : 0;
    unsigned count;
    const char *const *names = nf_input_names(loop->with->input, &count);
    return rc >= 0 && loop->tag && names ? nf_template_names(loop->tag, names, count, err) : rc;
}

/* --workdir: made where it is missing, as GNU parallel does. */
static int make_directory(const char *path, nfold_error *err)
{
    if (!path)
        return 0;
    if (access(path, F_OK) != 0)
        nf_run_directory_make(path, NULL);
    return access(path, X_OK) == 0
               ? 0
               : nf_fail_errno(err, "option 'workdir': cannot work in the folder %s", path);
}

static int read_options(struct nf_loop *loop, nfold_error *err)
{
    const nfold_options *options = loop->with->options;
    double nice = nf_options_count(options, "nice");
    struct nf_attempt_setting *setting = &loop->setting;
    setting->output = loop->with->output;
    setting->shell = loop->with->shell;
    setting->directory = nf_options_text(options, "workdir");
    setting->slot_variable = nf_options_text(options, "process-slot-var");
    setting->has_nice = !isnan(nice);
    setting->nice = isnan(nice) ? 0 : (int)nice;
    setting->pid = loop->with->guardian ? loop->with->guardian->pid : getpid();
    int rc = make_directory(setting->directory, err);
    if (rc >= 0)
        rc = nf_halt_read(&loop->halt, nf_options_text(options, "halt"), err);
    if (rc >= 0 && loop->halt.is_share)
        nf_input_ask_total(loop->with->input);
    if (rc >= 0)
        rc = nf_retry_open(&loop->retry, options, err);
    if (rc >= 0)
        rc = nf_timeout_read(&loop->timeout, options, err);
    if (rc >= 0)
        rc = nf_ladder_read(&loop->ladder, nf_options_text(options, "term-seq"), err);
    return rc >= 0 ? nf_gate_read(&loop->gate, options, err) : rc;
}

static int open_walltime(struct nf_loop *loop, nfold_error *err)
{
    int rc = nf_walltime_open(&loop->walltime, loop->with->options, nf_clock_epoch(),
                              nf_clock_now(), err);
    if (rc >= 0 && loop->walltime.answer >= 0)
        nf_loop_watch(loop, loop->walltime.answer, EPOLLIN, NF_LOOP_WALLTIME);
    return rc;
}

static void plan_looks(struct nf_loop *loop)
{
    int is_needed = loop->memory.limit > 0 || loop->gate.memfree > 0 || loop->timeout.share > 0;
    loop->look_seconds = loop->memory.limit > 0 ? NF_MEMORY_LOOK_SECONDS : LOOK_SECONDS;
    loop->look_due = is_needed ? 0 : INFINITY;
    if (loop->area && loop->memory.is_grouped)
        loop->area->memory_groups = loop->slots;
}

int nf_loop_open(struct nf_loop *loop, nfold_error *err)
{
    pthread_mutex_init(&loop->lock, NULL);
    int rc = read_options(loop, err);
    if (rc >= 0)
        rc = open_slots(loop, err);
    if (rc >= 0)
        rc = open_tag(loop, err);
    if (rc >= 0)
        rc = open_signals(loop, err);
    if (rc >= 0)
        rc = nf_memory_limit_open(&loop->memory, loop->with->options,
                                  nf_slots_may_change(loop->with->slots) ? 0 : loop->slots,
                                  loop->setting.pid, err);
    if (rc >= 0)
        rc = open_walltime(loop, err);
    if (rc >= 0)
        plan_looks(loop);
    loop->endings.ladder = &loop->ladder;
    loop->endings_due = INFINITY;
    loop->progress_due = loop->with->show ? 0 : INFINITY;
    loop->end_status = NF_TASK_CUT;
    loop->blocked_fd = -1;
    loop->is_terminal = isatty(STDERR_FILENO);
    loop->now = nf_clock_now();
    return rc;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void nf_loop_close(struct nf_loop *loop)
{
    pthread_mutex_destroy(&loop->lock);
    nf_walltime_close(&loop->walltime);
    nf_memory_limit_close(&loop->memory);
    if (loop->area)
        loop->area->memory_groups = 0;
    for (unsigned i = 0; i < loop->used; i++)
        nf_attempt_clear(&loop->attempt[i]);
    free(loop->attempt);
    free(loop->pid);
    free(loop->due);
    nf_retry_close(&loop->retry);
    nf_endings_clear(&loop->endings);
    nf_template_close(loop->tag);
    close_fd(loop->child_fd);
    close_fd(loop->bell_fd);
    close_fd(loop->epoll_fd);
    close_fd(loop->setting.null_fd);
}
