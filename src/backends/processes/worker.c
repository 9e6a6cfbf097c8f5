/* worker.c: the life of a worker process: it waits for mail, claims and executes chunks, and puts
 * their fragments into its ring.
 *
 * It dies with its caller: the lifeline is a pipe that only the caller holds open, and the kernel
 * kills the worker when that end closes, whatever the worker is doing. */
#include "worker.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crash_signal.h"
#include "mail.h"

#define SPINS_A_LOOK   64
#define MEMORY_SECONDS 0.25 /* between two looks at the own size */
#define ALT_STACK      (32 * 1024)

struct worker {
    const struct nfold_engine *engine;
    struct nf_area *area;
    struct nf_slot *slot;
    unsigned number;
    int socket, bell;
    struct nfold_run *run;
    void *remote;
    uint32_t received; /* mails */
    double measured_at;
};

/* ---- dying --------------------------------------------------------------------------------- */

/* A handler is given nothing but the number. */
static struct nf_slot *own_slot;

static void on_crash(int number)
{
    atomic_store(&own_slot->signal, number);
    raise(number); /* the action is the default again: SA_RESETHAND */
}

static void watch_crashes(struct nf_slot *slot)
{
    static char stack_memory[ALT_STACK];
    stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof stack_memory};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_RESETHAND};
    own_slot = slot;
    sigaltstack(&stack, NULL);
    for (const int *number = nf_crash_signals; *number; number++)
        sigaction(*number, &action, NULL);
}

/* What the caller did with its signals is not for us. Those of the terminal are the caller's: it
 * decides what becomes of its workers. */
static void settle_signals(struct nf_slot *slot)
{
    static const int terminal[] = {SIGINT, SIGQUIT, SIGHUP, SIGALRM};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    for (unsigned k = 0; k < sizeof terminal / sizeof *terminal; k++)
        signal(terminal[k], SIG_IGN);
    watch_crashes(slot);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A function that calls exit ends its worker, but what the program does at its end is the
 * program's. Registered last, so that it comes first. */
static void end_at_once(int status, void *nothing)
{
    (void)nothing;
    _exit(status);
}

static void leave_if_orphan(const struct worker *worker)
{
    if (getppid() != worker->area->caller)
        _exit(0);
}

/* The caller may be dead already: then nothing would tell us. */
static void tie_lifeline(int lifeline)
{
    struct pollfd end = {.fd = lifeline, .events = POLLIN};
    fcntl(lifeline, F_SETOWN, getpid());
    fcntl(lifeline, F_SETSIG, SIGKILL);
    fcntl(lifeline, F_SETFL, O_ASYNC);
    if (poll(&end, 1, 0) > 0)
        _exit(0);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static void ring_bell(const struct worker *worker)
{
    static const uint64_t one = 1;
    ssize_t ignored;
    if (!atomic_load(&worker->area->caller_sleeps))
        return;
    ignored = write(worker->bell, &one, sizeof one);
    (void)ignored;
}

static int has_mail(const struct worker *worker)
{
    return atomic_load_explicit(&worker->slot->posted, memory_order_acquire) != worker->received;
}

static void spin_for_mail(const struct worker *worker)
{
    double deadline = worker->engine->now() + worker->area->spin_seconds;
    if (worker->area->spin_seconds <= 0)
        return;
    do {
        for (int k = 0; k < SPINS_A_LOOK; k++) {
            if (has_mail(worker))
                return;
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#endif
        }
    } while (worker->engine->now() < deadline);
}

/* A byte of the socket; *fd gets its file. The end of the stream is the end of the caller, or its
 * wish. */
static char read_socket(const struct worker *worker, int *fd)
{
    char byte;
    if (nf_mail_receive(worker->socket, &byte, 1, fd, 1) < 0)
        _exit(0);
    return byte;
}

/* The kernel likes to put a worker that is woken beside its waker: there each spins while the other
 * cannot answer, and it may last. Away for a moment is enough: it comes back only when it is moved.
 */
static void step_aside(const struct worker *worker)
{
    int cpu = sched_getcpu();
    cpu_set_t allowed, others;
    if (worker->area->spin_seconds <= 0 || cpu < 0 ||
        cpu != atomic_load_explicit(&worker->area->caller_cpu, memory_order_relaxed) ||
        sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        return;
    others = allowed;
    CPU_CLR(cpu, &others);
    if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0)
        sched_setaffinity(0, sizeof allowed, &allowed);
}

/* A byte that is there without mail only woke us for mail that was seen before. */
static void wait_for_mail(const struct worker *worker)
{
    struct pollfd socket = {.fd = worker->socket, .events = POLLIN};
    int none;
    spin_for_mail(worker);
    while (!has_mail(worker)) {
        int is_ready = 0;
        atomic_store(&worker->slot->sleeps, 1);
        if (!has_mail(worker))
            is_ready = poll(&socket, 1, 1000) > 0;
        atomic_store(&worker->slot->sleeps, 0);
        leave_if_orphan(worker);
        if (is_ready)
            step_aside(worker);
        if (is_ready && !has_mail(worker))
            read_socket(worker, &none);
    }
}

/* ---- executing ----------------------------------------------------------------------------- */

static void wait_for_room(const struct worker *worker)
{
    static const struct timespec briefly = {.tv_nsec = 50000};
    for (int k = 0; k < SPINS_A_LOOK * SPINS_A_LOOK; k++) {
        if (nf_ring_used(&worker->slot->ring) <= NF_RING_BYTES / 2)
            return;
        if (k % SPINS_A_LOOK == 0)
            ring_bell(worker);
        sched_yield();
    }
    leave_if_orphan(worker);
    nanosleep(&briefly, NULL);
}

static void publish(const struct worker *worker, const struct nfold_fragment *fragment)
{
    struct nf_ring *ring = &worker->slot->ring;
    uint64_t used = nf_ring_used(ring);
    if (fragment->chunks.count == 0)
        return;
    while (!nf_ring_put(ring, fragment))
        wait_for_room(worker);
    if (used <= NF_RING_BYTES / 2 && used + nf_ring_size(fragment) > NF_RING_BYTES / 2)
        ring_bell(worker);
}

/* The claim is told before it is executed and taken back after its fragment is in the ring: should
 * the worker die in between, the caller knows what it was doing. */
static int execute(const struct worker *worker, struct nfold_range chunks, enum nf_level level)
{
    struct nf_slot *slot = worker->slot;
    struct nfold_fragment fragment;
    int rc;
    slot->claim = chunks;
    atomic_store_explicit(&slot->level, (int)level, memory_order_relaxed);
    atomic_store_explicit(&slot->has_claim, 1, memory_order_release);
    rc = worker->engine->execute(worker->run, worker->number, chunks, &fragment, NULL);
    publish(worker, &fragment);
    atomic_store_explicit(&slot->has_claim, 0, memory_order_release);
    return rc;
}

static void read_mail(struct worker *worker);

static void claim_all(struct worker *worker)
{
    struct nfold_range chunks;
    while (worker->engine->claim(worker->run, worker->number, &chunks)) {
        execute(worker, chunks, NF_LEVEL_WHOLE);
        while (has_mail(worker))
            read_mail(worker); /* native code: nothing else comes now */
        leave_if_orphan(worker);
    }
}

static void do_range(const struct worker *worker, struct nfold_range chunks, enum nf_level level)
{
    struct nfold_range one = {chunks.first, 1};
    worker->engine->careful(worker->run, worker->number, level == NF_LEVEL_ITEMS);
    if (level == NF_LEVEL_WHOLE)
        execute(worker, chunks, level);
    else
        for (; one.first - chunks.first < chunks.count; one.first++)
            if (execute(worker, one, level) < 0)
                break;
    worker->engine->careful(worker->run, worker->number, 0);
}

/* ---- mail ---------------------------------------------------------------------------------- */

static void refuse(const struct worker *worker, const nfold_error *err)
{
    snprintf(worker->slot->refusal, sizeof worker->slot->refusal, "%s", err->message);
    atomic_store(&worker->slot->refused, err->code);
}

/* A mail's file, as memory; NULL: it cannot be had. */
static const void *map_file(int fd, size_t *size)
{
    struct stat status;
    void *data;
    if (fd < 0 || fstat(fd, &status) < 0 || status.st_size == 0)
        return NULL;
    *size = (size_t)status.st_size;
    data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    return data == MAP_FAILED ? NULL : data;
}

static void attach(struct worker *worker, const void *text, size_t size)
{
    nfold_error err;
    int rc = worker->engine->attach(&worker->remote, &worker->run, text, size,
                                    nf_area_share(worker->area), worker->area->workers, &err);
    if (rc >= 0)
        return;
    worker->run = NULL;
    refuse(worker, &err);
}

static void take_file(struct worker *worker, enum nf_mail_kind kind)
{
    nfold_error err = {.code = NFOLD_E_SYSTEM, .message = "a worker cannot read its mail"};
    size_t size = 0;
    const void *data;
    int fd;
    while (read_socket(worker, &fd) != NF_SOCKET_FILE)
        ;
    data = map_file(fd, &size);
    if (!data && kind == NF_MAIL_WORK)
        refuse(worker, &err);
    else if (kind == NF_MAIL_WORK)
        attach(worker, data, size);
    else if (data && worker->run)
        worker->engine->native_load(worker->run, data, size, NULL); /* or goes on without */
    if (data)
        munmap((void *)(uintptr_t)data, size);
    if (fd >= 0)
        close(fd);
}

static void read_mail(struct worker *worker)
{
    const struct nf_mail mail = worker->slot->mail[worker->received % NF_MAILS];
    worker->received++;
    switch ((enum nf_mail_kind)mail.kind) {
    case NF_MAIL_WORK:
    case NF_MAIL_NATIVE:
        if (mail.has_file)
            take_file(worker, (enum nf_mail_kind)mail.kind);
        else
            attach(worker, worker->area->text, mail.chunks.count);
        break;
    case NF_MAIL_RANGE:
        if (worker->run)
            do_range(worker, mail.chunks, (enum nf_level)mail.level);
        break;
    case NF_MAIL_CLAIM:
        if (worker->run)
            claim_all(worker);
        break;
    }
}

/* Pages that are ours alone: not shared with the caller, not of libraries. */
static void measure_memory(struct worker *worker)
{
    double now = worker->engine->now();
    unsigned long long size, resident, shared;
    FILE *file;
    if (worker->measured_at > 0 && now - worker->measured_at < MEMORY_SECONDS)
        return;
    worker->measured_at = now;
    file = fopen("/proc/self/statm", "re");
    if (!file)
        return;
    if (fscanf(file, "%llu %llu %llu", &size, &resident, &shared) == 3 && resident > shared)
        atomic_store(&worker->slot->memory, (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE));
    fclose(file);
}

static void answer(struct worker *worker)
{
    if (worker->run) {
        worker->engine->rest(worker->run, worker->number);
        measure_memory(worker);
    }
    fflush(stdout);
    atomic_store(&worker->slot->answered, worker->received);
    ring_bell(worker);
}

_Noreturn void nf_worker_live(const struct nf_worker_start *start)
{
    struct worker worker = {.engine = start->engine,
                            .area = start->area,
                            .slot = nf_area_slot(start->area, start->number),
                            .number = start->number,
                            .socket = start->socket,
                            .bell = start->bell,
                            .run = start->run};
    settle_signals(worker.slot);
    on_exit(end_at_once, NULL);
    tie_lifeline(start->lifeline);
    leave_if_orphan(&worker);
    __fpurge(stdout); /* what the caller has not written yet is the caller's */
    __fpurge(stderr);
    dup2(start->socket, STDERR_FILENO); /* shown if it dies, silent otherwise */
    if (worker.run)
        worker.engine->inherit(worker.run);
    atomic_store(&worker.slot->ready_at, worker.engine->now());
    for (;;) {
        wait_for_mail(&worker);
        read_mail(&worker);
        while (has_mail(&worker))
            read_mail(&worker);
        answer(&worker);
    }
}
