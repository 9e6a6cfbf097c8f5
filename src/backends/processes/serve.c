/* serve.c: a spawned worker takes what its caller hands it through the socket. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"
#include "mail.h"
#include "processes.h"
#include "worker.h"

/* What the host program had open is not for us. */
static void close_others(const int *keep, unsigned count)
{
    int most = NF_SPAWN_SOCKET;
    for (unsigned k = 0; k < count; k++)
        most = keep[k] > most ? keep[k] : most;
    for (int fd = NF_SPAWN_SOCKET + 1; fd < most; fd++) {
        int is_kept = 0;
        for (unsigned k = 0; k < count; k++)
            is_kept |= keep[k] == fd;
        if (!is_kept)
            close(fd);
    }
#ifdef SYS_close_range
    syscall(SYS_close_range, (unsigned)most + 1, ~0u, 0);
#endif
}

static struct nf_area *map_area(const struct nf_welcome *welcome, int fd)
{
    struct nf_area *area = mmap(NULL, welcome->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (area == MAP_FAILED)
        return NULL;
    if (area->magic != NF_AREA_MAGIC || area->size != welcome->size ||
        welcome->number >= area->workers) {
        munmap(area, welcome->size);
        return NULL;
    }
    return area;
}

int nf_processes_serve(const struct nfold_engine *engine, nfold_error *err)
{
    struct nf_welcome welcome;
    int file[NF_WELCOME_FILES];
    struct nf_worker_start start = {.engine = engine, .socket = NF_SPAWN_SOCKET};
    if (nf_mail_receive(NF_SPAWN_SOCKET, &welcome, sizeof welcome, file, NF_WELCOME_FILES) < 0 ||
        welcome.magic != NF_AREA_MAGIC || file[NF_WELCOME_FILES - 1] < 0)
        return nf_fail(err, NFOLD_E_USAGE, "nfold starts its workers itself");
    if (welcome.version != NF_WELCOME_VERSION || welcome.slot_size != sizeof(struct nf_slot))
        return nf_fail(err, NFOLD_E_MISSING,
                       "the library that starts this command is another build");
    start.area = map_area(&welcome, file[0]);
    if (!start.area)
        return nf_fail(err, NFOLD_E_SYSTEM, "the memory to share cannot be had");
    start.number = welcome.number;
    start.bell = file[1];
    start.lifeline = file[2];
    close_others(file, NF_WELCOME_FILES);
    nf_worker_live(&start);
}
