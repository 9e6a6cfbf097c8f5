/* mpi_bytes.c: counts the bytes of each kind of letter that ranks send. Linked with mpi.c and
 * exported, its MPI_Isend comes before MPI's own. Each rank but 0 says at the end, on stderr:
 *
 *     letter KIND: COUNT, the longest BYTES bytes
 */
#include <mpi.h>
#include <stdio.h>

#include "letter.h"

#define KINDS 32

static struct {
    unsigned count;
    int longest;
} letters[KINDS];

int MPI_Isend(const void *bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    const struct nf_letter_head *head = bytes;
    if (type == MPI_BYTE && count >= (int)sizeof *head && head->kind < KINDS) {
        letters[head->kind].count++;
        if (letters[head->kind].longest < count)
            letters[head->kind].longest = count;
    }
    return PMPI_Isend(bytes, count, type, to, tag, comm, request);
}

int MPI_Finalize(void)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int kind = 0; rank > 0 && kind < KINDS; kind++)
        if (letters[kind].count)
            fprintf(stderr, "letter %s: %u, the longest %d bytes\n",
                    kind == NF_LETTER_FRAGMENT ? "fragment"
                    : kind == NF_LETTER_REPORT ? "report"
                                               : "other",
                    letters[kind].count, letters[kind].longest);
    return PMPI_Finalize();
}
