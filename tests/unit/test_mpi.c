/* The backend mpi where no MPI is needed: shares, what ranks say of themselves, which MPI. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"
#include "error.h"
#include "mpi/choice.h"
#include "mpi/meeting.h"
#include "mpi/share.h"
#include "mpi/warden.h"

/* ---- shares ---- */

/* Follow one another and leave nothing out but what is known. */
static void check_parts(uint64_t chunks, const struct nfold_range *known, unsigned count,
                        const uint64_t *weight, unsigned ranks)
{
    uint64_t at = 0, unknown = chunks;
    for (unsigned k = 0; k < count; k++)
        unknown -= known[k].first < chunks ? known[k].count : 0;
    for (unsigned rank = 0; rank < ranks; rank++) {
        struct nfold_range part = nf_share_part(chunks, known, count, weight, ranks, rank);
        if (part.count == 0)
            continue;
        for (uint64_t chunk = at; chunk < part.first; chunk++) {
            int is_known = 0;
            for (unsigned k = 0; k < count; k++)
                is_known |= chunk - known[k].first < known[k].count;
            assert_true(is_known);
        }
        assert_true(part.first >= at);
        at = part.first + part.count;
        assert_true(at <= chunks);
    }
    assert_true(unknown == 0 || at > 0);
}

static void parts_cover_all_chunks_once(void **state)
{
    static const uint64_t weight[] = {0, 5, 1, 0, 1000000, 2, 0, 3, 0};
    (void)state;
    for (unsigned ranks = 1; ranks <= 9; ranks++)
        for (uint64_t chunks = 1; chunks < 200; chunks += 7) {
            check_parts(chunks, NULL, 0, NULL, ranks);
            if (ranks > 1)
                check_parts(chunks, NULL, 0, weight, ranks);
        }
}

static void even_parts_differ_by_one_chunk_at_most(void **state)
{
    const uint64_t chunks = UINT64_C(274877906944); /* of 2^53 items */
    (void)state;
    for (unsigned rank = 0; rank < 7; rank++) {
        struct nfold_range part = nf_share_part(chunks, NULL, 0, NULL, 7, rank);
        assert_in_range(part.count, chunks / 7, chunks / 7 + 1);
    }
}

static void what_is_known_is_nobody_s_share(void **state)
{
    static const struct nfold_range known[] = {{0, 100}, {150, 10}, {190, 10}, {200, 1}};
    struct nfold_range part;
    (void)state;
    check_parts(200, known, 4, NULL, 3);
    part = nf_share_part(200, known, 4, NULL, 2, 0);
    assert_int_equal(part.first, 100);
    assert_int_equal(part.count, 40);
    part = nf_share_part(200, known, 4, NULL, 2, 1);
    assert_int_equal(part.first, 140);
    assert_int_equal(part.count, 50); /* ten of them are known */
    part = nf_share_part(200, (struct nfold_range[]){{0, 200}}, 1, NULL, 2, 0);
    assert_int_equal(part.count, 0);
}

static void shares_are_read_or_refused(void **state)
{
    static const char *const wrong[] = {"",     "1,x",  "1,2,3", "1",    "0,0",
                                        "-1,2", "1,,2", "1,2,",  "1e9,1"};
    uint64_t weight[2];
    (void)state;
    assert_int_equal(nf_share_read("1,3", 2, weight, NULL), 0);
    assert_true(weight[1] == 3 * weight[0]);
    assert_int_equal(nf_share_read("0.25,0.75", 2, weight, NULL), 0);
    assert_true(weight[1] == 3 * weight[0]);
    for (unsigned k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        nfold_error err = {0};
        assert_int_equal(nf_share_read(wrong[k], 2, weight, &err), NFOLD_E_VALUE);
        assert_non_null(strstr(err.message, "--split"));
    }
}

static void claims_end_and_shrink(void **state)
{
    uint64_t left = 1000000, claims = 0, last = left;
    (void)state;
    while (left > 0) {
        uint64_t claim = nf_share_claim(left, 8, 2, 1e-5);
        assert_in_range(claim, 1, last);
        assert_true((double)claim * 1e-5 <= 0.1 || claim <= 2);
        left -= claim;
        last = claim;
        claims++;
    }
    assert_in_range(claims, 8, 1000);
    assert_int_equal(nf_share_claim(100, 4, 2, 0), 2); /* unknown: one for each thread */
    assert_int_equal(nf_share_claim(1, 4, 2, 0), 1);
    assert_int_equal(nf_share_claim(0, 4, 2, 1), 0);
}

/* ---- what ranks say ---- */

static void a_rank_is_understood_as_it_spoke(void **state)
{
    struct nf_hello own, read;
    struct nfold_buffer text = {0};
    (void)state;
    nf_hello_make(&own, "integrate x*x\n0 1 1e6");
    assert_int_equal(nf_hello_write(&own, &text), 0);
    assert_int_equal(nf_hello_read(&read, text.data, text.size), 0);
    assert_int_equal(nf_hello_compare(&own, &read, "rank 1", NULL), 0);
    assert_string_equal(read.command, own.command);
    assert_string_equal(read.host, own.host);
    assert_true(read.mask == own.mask && read.allowed == own.allowed && read.pid == own.pid);
    nf_buffer_clear(&text);
    assert_true(nf_hello_read(&read, "something else", 14) < 0);
}

static void a_rank_that_differs_is_named(void **state)
{
    struct nf_hello own, other;
    nfold_error err;
    (void)state;
    nf_hello_make(&own, "integrate x 0 1 10");
    other = own;
    strcpy(other.version, "9.8.7");
    assert_int_equal(nf_hello_compare(&own, &other, "rank 1 on h2", &err), NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "rank 1 on h2 has another nfold: 9.8.7, not "));
    other = own;
    strcpy(other.order, "v2");
    assert_int_equal(nf_hello_compare(&own, &other, "rank 1 on h2", &err), NFOLD_E_USAGE);
    other = own;
    strcpy(other.command, "integrate y 0 1 10");
    assert_int_equal(nf_hello_compare(&own, &other, "rank 1 on h2", &err), NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "integrate y 0 1 10"));
}

/* ---- which MPI ---- */

static void a_launcher_of_the_other_mpi_is_refused(void **state)
{
    struct nf_launch launch = {.launcher = "mpirun", .copies = 4, .meets = NF_LAUNCH_OPENMPI};
    nfold_error err;
    (void)state;
    assert_int_equal(nf_choice_make(&launch, "mpich", &err), NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "--mpi openmpi"));
    launch = (struct nf_launch){.launcher = "srun", .copies = 4};
    assert_int_equal(nf_choice_make(&launch, "auto", &err), NFOLD_E_USAGE);
    assert_non_null(strstr(err.message, "--mpi=pmix"));
}

static void a_machine_without_mpi_says_what_to_install(void **state)
{
    const struct nf_launch none = {.copies = 1};
    char path[NF_CHOICE_PATH];
    nfold_error err;
    (void)state;
    setenv("XDG_DATA_HOME", "/nowhere", 1);
    nf_choice_own_folder(path);
    assert_string_equal(path, "/nowhere/nfold");
    /* This program is nowhere near a module. */
    assert_int_equal(nf_choice_make(&none, "auto", &err), NFOLD_E_MISSING);
    assert_non_null(strstr(err.message, "--build-mpi"));
}

/* ---- the end ---- */

/* This test is a rank's parent, and no launcher: it is not to be told anything, by nobody. */
static void a_parent_that_is_no_launcher_is_left_alone(void **state)
{
    int status;
    pid_t rank = fork();
    (void)state;
    if (rank == 0)
        _exit(nf_warden_leave());
    assert_int_equal(waitpid(rank, &status, 0), rank);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_cover_all_chunks_once),
        cmocka_unit_test(even_parts_differ_by_one_chunk_at_most),
        cmocka_unit_test(what_is_known_is_nobody_s_share),
        cmocka_unit_test(shares_are_read_or_refused),
        cmocka_unit_test(claims_end_and_shrink),
        cmocka_unit_test(a_rank_is_understood_as_it_spoke),
        cmocka_unit_test(a_rank_that_differs_is_named),
        cmocka_unit_test(a_launcher_of_the_other_mpi_is_refused),
        cmocka_unit_test(a_machine_without_mpi_says_what_to_install),
        cmocka_unit_test(a_parent_that_is_no_launcher_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
