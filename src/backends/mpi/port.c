/* port.c: an MPI as nfold needs it: messages that nobody waits for, and an end that comes.
 *
 *     mpicc -shared -fPIC -O2 port.c -o nfold-mpi-NAME.so
 *
 * MPI exists once in a process, so what is known of it here is global. */
#include "port.h"

#include <limits.h>
#include <mpi.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(OPEN_MPI)
#define NAME "openmpi"
#elif defined(MPICH_VERSION) || defined(MPICH_NUMVERSION) || defined(I_MPI_VERSION)
#define NAME "mpich"
#else
#error "nfold knows Open MPI, and MPICH and its relatives"
#endif

#ifndef NF_PORT_MPIRUN
#define NF_PORT_MPIRUN ""
#endif

#define TAG          7
#define LOST_STATUS  3 /* as nfold_error_status gives */
#define DROP_SECONDS 1
#define END_SECONDS  5 /* MPI_Finalize and MPI_Abort have hung */

/* A message on its way, in either direction. */
struct item {
    struct item *next;
    MPI_Request request;
    int peer, is_whole;
    size_t size;
    char *data;
};

static struct {
    MPI_Comm comm;
    int rank, size;
    int is_ours;     /* MPI was started here */
    int is_watching; /* the handler of the end is registered */
    int is_in_use;
    int (*last_act)(void); /* a rank is gone: before all are aborted */
    _Atomic int is_finalizing;
    pthread_t main; /* the thread that is in MPI_Finalize */
    unsigned meetings;
    int has_own_comm; /* a duplicate of MPI_COMM_WORLD, kept to the end */
    struct item *sent, *received, **last_received;
    struct item *kept, **last_kept; /* for the next start */
    unsigned *on_their_way;         /* [size] */
} here = {.comm = MPI_COMM_NULL};

static void free_item(struct item *item)
{
    free(item->data);
    free(item);
}

static int port_poll(struct nf_port_message *message);

/* ---- the end ------------------------------------------------------------------------------- */

/* For ever: this thread is to read nothing that is meant for another. */
static void stay(int number)
{
    (void)number;
    for (;;)
        pause();
}

/* Between hosts Debian's MPICH waits for ever in MPI_Finalize for a rank that has come farther in
 * it and listens to the launcher only. Who ends without a word has failed, for MPICH's launcher,
 * whatever its status is, and the others are killed: so it is told what MPI_Finalize would have
 * told it last. */
static void leave_launcher(void)
{
    static const char words[] = "cmd=finalize\n";
    const struct sigaction action = {.sa_handler = stay};
    const char *fd = getenv("PMI_FD");
    struct pollfd launcher = {.fd = fd ? atoi(fd) : -1, .events = POLLIN};
    if (launcher.fd < 0 || sigaction(SIGUSR2, &action, NULL) < 0 ||
        pthread_kill(here.main, SIGUSR2) != 0)
        return;
    if (send(launcher.fd, words, sizeof words - 1, MSG_NOSIGNAL) > 0)
        poll(&launcher, 1, 1000);
}

/* Whatever MPI does: the process ends. */
static void *end_anyway(void *status)
{
    const struct timespec grace = {.tv_sec = END_SECONDS};
    nanosleep(&grace, NULL);
    if (here.is_finalizing)
        leave_launcher();
    _exit((int)(long)status);
    return NULL;
}

static void watch_the_end(int status)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_create(&thread, NULL, end_anyway, (void *)(long)status);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* What came too late to be read. UCX would complain of it, or wait in MPI_Finalize for who has
 * gone: so nobody goes before all are here and have nothing left to send. */
static void drop_rest(void)
{
    struct nf_port_message message;
    MPI_Request all = MPI_REQUEST_NULL;
    double end = now() + DROP_SECONDS;
    int are_here = MPI_Ibarrier(here.comm, &all) != MPI_SUCCESS, got;
    do {
        while ((got = port_poll(&message)) > 0)
            free(message.data);
        if (got < 0 || (!are_here && MPI_Test(&all, &are_here, MPI_STATUS_IGNORE) != MPI_SUCCESS))
            return;
        sched_yield();
    } while ((!are_here || here.sent) && now() < end);
}

/* MPICH's launcher drops what it has not read when it hears of the abort. */
static void let_words_out(void)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    double end = now() + DROP_SECONDS;
    struct stat facts;
    int left = 0;
    if (fstat(STDERR_FILENO, &facts) < 0 || !S_ISFIFO(facts.st_mode))
        return;
    while (ioctl(STDERR_FILENO, FIONREAD, &left) == 0 && left > 0 && now() < end)
        nanosleep(&nap, NULL);
}

static void abort_all(int status, int (*last_act)(void))
{
    last_act();
    let_words_out();
    MPI_Abort(MPI_COMM_WORLD, status);
}

/* exit() by a function of the user's, on a thread that may not call MPI, is others' to explain. */
static void end_mpi(int status, void *nothing)
{
    int is_finalized = 0, is_own = 0;
    (void)nothing;
    MPI_Finalized(&is_finalized);
    if (is_finalized || MPI_Is_thread_main(&is_own) != MPI_SUCCESS || !is_own)
        return;
    watch_the_end(status);
    if (here.last_act)
        abort_all(status != 0 ? status : LOST_STATUS, here.last_act);
    if (here.has_own_comm && here.comm != MPI_COMM_NULL && here.on_their_way)
        drop_rest();
    here.main = pthread_self();
    here.is_finalizing = 1;
    MPI_Finalize();
}

/* ---- the beginning ------------------------------------------------------------------------- */

static int fail(int code, const char *call, char *why, size_t size)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    MPI_Error_string(code, text, &length);
    snprintf(why, size, "%s: %s", call, text);
    return -1;
}

static int start_mpi(char *why, size_t size)
{
    int is_started, is_finalized, provided, rc;
    MPI_Finalized(&is_finalized);
    if (is_finalized) {
        snprintf(why, size, "MPI_Finalize was called already, and MPI cannot be started twice");
        return -1;
    }
    MPI_Initialized(&is_started);
    if (is_started)
        return 0;
    rc = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (rc != MPI_SUCCESS)
        return fail(rc, "MPI_Init_thread", why, size);
    here.is_ours = 1;
    if (!here.is_watching && on_exit(end_mpi, NULL) == 0)
        here.is_watching = 1;
    return 0;
}

static int take_comm(const void *communicator, char *why, size_t size)
{
    MPI_Comm from = communicator ? *(const MPI_Comm *)communicator : MPI_COMM_WORLD;
    int rc;
    if (!communicator && here.has_own_comm)
        return 0;
    rc = MPI_Comm_dup(from, &here.comm);
    if (rc != MPI_SUCCESS)
        return fail(rc, "MPI_Comm_dup", why, size);
    here.has_own_comm = !communicator;
    MPI_Comm_set_errhandler(here.comm, MPI_ERRORS_RETURN);
    return 0;
}

/* They are older than anything else. */
static void receive_kept(void)
{
    here.last_received = &here.received;
    while (*here.last_received)
        here.last_received = &(*here.last_received)->next;
    if (!here.kept)
        return;
    *here.last_kept = here.received;
    if (!here.received)
        here.last_received = here.last_kept;
    here.received = here.kept;
    here.kept = NULL;
}

static int port_start(const void *communicator, struct nf_port_place *place, char *why, size_t size)
{
    if (here.is_in_use) {
        snprintf(why, size, "one context of the backend mpi can be open at a time");
        return -1;
    }
    if (start_mpi(why, size) < 0 || take_comm(communicator, why, size) < 0)
        return -1;
    MPI_Comm_rank(here.comm, &here.rank);
    MPI_Comm_size(here.comm, &here.size);
    free(here.on_their_way);
    here.on_their_way = calloc((size_t)here.size, sizeof *here.on_their_way);
    if (!here.on_their_way) {
        snprintf(why, size, "out of memory");
        return -1;
    }
    receive_kept();
    here.is_in_use = 1;
    *place = (struct nf_port_place){here.rank, here.size, !here.is_ours, ++here.meetings};
    return 0;
}

/* "Open MPI v4.1.4, package: ..." and "MPICH Version:\t4.0.2\n..." become "Open MPI 4.1.4",
 * "MPICH 4.0.2".
 */
static void port_describe(char *text, size_t size)
{
    char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    const char *number;
    int length;
    MPI_Get_library_version(version, &length);
    number = strpbrk(version, "0123456789");
    snprintf(text, size, "%s %.*s", strncmp(version, "Open MPI", 8) == 0 ? "Open MPI" : "MPICH",
             number ? (int)strcspn(number, ", \t\n") : 1, number ? number : "?");
    if (strncmp(version, "Intel", 5) == 0)
        snprintf(text, size, "%.*s", (int)strcspn(version, "\n"), version);
}

static int port_is_own_thread(void)
{
    int is_own = 0, level = MPI_THREAD_SINGLE;
    MPI_Query_thread(&level);
    MPI_Is_thread_main(&is_own);
    return is_own || level == MPI_THREAD_MULTIPLE;
}

/* ---- messages ------------------------------------------------------------------------------ */

static struct item *make_item(int peer, size_t size)
{
    struct item *item = calloc(1, sizeof *item);
    if (!item)
        return NULL;
    item->peer = peer;
    item->size = size;
    item->data = malloc(size + 1);
    if (item->data)
        return item;
    free(item);
    return NULL;
}

static int port_send(int to, const void *data, size_t size)
{
    struct item *item = size < INT_MAX ? make_item(to, size) : NULL;
    if (!item)
        return -1;
    memcpy(item->data, data, size);
    if (MPI_Isend(item->data, (int)size, MPI_BYTE, to, TAG, here.comm, &item->request) !=
        MPI_SUCCESS) {
        free_item(item);
        return -1;
    }
    item->next = here.sent;
    here.sent = item;
    here.on_their_way[to]++;
    return 0;
}

static unsigned port_on_their_way(int to)
{
    return here.on_their_way[to];
}

static int finish_sends(void)
{
    for (struct item **at = &here.sent; *at;) {
        struct item *item = *at;
        int is_done = 0;
        if (MPI_Test(&item->request, &is_done, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            return -1;
        if (!is_done) {
            at = &item->next;
            continue;
        }
        here.on_their_way[item->peer]--;
        *at = item->next;
        free_item(item);
    }
    return 0;
}

/* A long message takes its time: its bytes come while others are looked at. */
static int begin_receive(void)
{
    MPI_Message message;
    MPI_Status status;
    struct item *item;
    int is_there, count;
    if (MPI_Improbe(MPI_ANY_SOURCE, TAG, here.comm, &is_there, &message, &status) != MPI_SUCCESS)
        return -1;
    if (!is_there)
        return 0;
    MPI_Get_count(&status, MPI_BYTE, &count);
    item = make_item(status.MPI_SOURCE, (size_t)count);
    if (!item || MPI_Imrecv(item->data, count, MPI_BYTE, &message, &item->request) != MPI_SUCCESS)
        return -1;
    *here.last_received = item;
    here.last_received = &item->next;
    return 1;
}

static int test_received(struct item *item)
{
    if (item->is_whole)
        return 0;
    return MPI_Test(&item->request, &item->is_whole, MPI_STATUS_IGNORE) == MPI_SUCCESS ? 0 : -1;
}

/* Does an earlier message of the same rank still come in? */
static int has_elder(const struct item *item)
{
    for (const struct item *other = here.received; other != item; other = other->next)
        if (other->peer == item->peer)
            return 1;
    return 0;
}

static void take_out(struct item **at)
{
    struct item *item = *at;
    *at = item->next;
    if (here.last_received == &item->next)
        here.last_received = at;
}

static int port_poll(struct nf_port_message *message)
{
    if (finish_sends() < 0 || begin_receive() < 0)
        return -1;
    for (struct item **at = &here.received; *at; at = &(*at)->next) {
        struct item *item = *at;
        if (test_received(item) < 0)
            return -1;
        if (!item->is_whole || has_elder(item))
            continue;
        *message = (struct nf_port_message){item->peer, item->size, item->data};
        take_out(at);
        free(item);
        return 1;
    }
    return 0;
}

/* Without memory it is lost, and who sent it waits. */
static void port_keep(const struct nf_port_message *message)
{
    struct item *item = calloc(1, sizeof *item);
    if (!item)
        return;
    *item = (struct item){
        .peer = message->from, .is_whole = 1, .size = message->size, .data = message->data};
    if (!here.kept)
        here.last_kept = &here.kept;
    *here.last_kept = item;
    here.last_kept = &item->next;
}

static void port_give_up(const char *words, int (*last_act)(void))
{
    fputs(words, stderr);
    watch_the_end(LOST_STATUS);
    abort_all(LOST_STATUS, last_act);
    _exit(LOST_STATUS);
}

/* Of a communicator that is the program's what is left unreceived would hold up MPI_Comm_free. */
static void port_finish(int (*last_act)(void))
{
    int is_finalized;
    MPI_Finalized(&is_finalized);
    here.is_in_use = 0;
    if (last_act)
        here.last_act = last_act;
    if (is_finalized || last_act || here.has_own_comm)
        return;
    while (here.sent && finish_sends() == 0)
        ;
    MPI_Comm_free(&here.comm);
}

extern const struct nf_port nfold_mpi_port;
__attribute__((visibility("default"))) const struct nf_port nfold_mpi_port = {
    .abi = NF_PORT_ABI,
    .size = sizeof(struct nf_port),
    .name = NAME,
    .mpirun = NF_PORT_MPIRUN,
    .describe = port_describe,
    .start = port_start,
    .is_own_thread = port_is_own_thread,
    .send = port_send,
    .on_their_way = port_on_their_way,
    .poll = port_poll,
    .keep = port_keep,
    .give_up = port_give_up,
    .finish = port_finish,
};
