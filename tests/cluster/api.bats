#!/usr/bin/env bats
# The library in programs that mpirun starts: collective calls, a communicator of the program's.

load mpi

: "${NFOLD:?set NFOLD to the command under test}"

setup() {
    source=$NFOLD_SOURCE_ROOT
    forget_launchers
    cd "$BATS_TEST_TMPDIR" || exit
    library=$(cd "${NFOLD%/*}/../engine" && pwd)
    [[ -e $library/libnfold.so ]] || skip "this build has no shared library"
    cat >common.h <<'C'
#include <nfold/nfold.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static nfold_error err;
static inline int check(int rc)
{
    if (rc < 0) {
        fprintf(stderr, "failed: %s\n", err.message);
        exit(7);
    }
    return rc;
}
/* The integral of square on the ranks of a context: its value in hex. */
static inline double square(double x, void *user)
{
    (void)user;
    return x * x;
}
C
}

# Compiles program.c: with the wrapper of an MPI, or without any.
compile() { # compile COMPILER
    "$1" -O1 -I"$source/include" -I. program.c -o program -L"$library" \
        -Wl,-rpath,"$library" -lnfold
}

@test "a program without a word of MPI: nfold_open is collective, all ranks get the answer" {
    cat >program.c <<'C'
#include "common.h"
int main(void)
{
    nfold_options *options;
    nfold_context *context;
    nfold_report *report;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 100, .n = 1e6};
    check(nfold_options_create(&options, &err));
    check(nfold_options_set(options, "backend", "mpi", &err));
    check(nfold_open(&context, options, &err));
    check(nfold_body_open(&work.body, "x*x", "x", options, &err));
    for (int i = 0; i < 3; i++) {
        check(nfold_run(context, &work, &report, &err));
        printf("run %d %a\n", i, report->value);
        nfold_report_free(report);
    }
    nfold_body_close(work.body);
    nfold_close(context);
    nfold_options_destroy(options);
    return 0;
}
C
    compile cc
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        run ranks $implementation 3 ./program
        echo "$output"
        [[ $status == 0 && ${#lines[@]} == 9 && $(sort -u <<<"$output" | wc -l) == 3 ]]
    done
}

@test "a program that called MPI_Init keeps it, and its own part of the ranks" {
    cat >program.c <<'C'
#include <mpi.h>
#include "common.h"
int main(int argc, char **argv)
{
    nfold_options *options;
    nfold_context *context;
    nfold_report *report;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 100};
    MPI_Comm half;
    int rank, size, is_finalized, sum;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    check(nfold_options_create(&options, &err));
    check(nfold_options_set(options, "backend", "mpi", &err));
    check(nfold_options_set(options, "threads", "2", &err));
    check(nfold_options_set_communicator(options, &half, &err));
    check(nfold_open(&context, options, &err));
    check(nfold_body_open(&work.body, "x*x", "x", options, &err));
    /* The two halves do different works at the same time. */
    work.n = rank % 2 ? 1e6 : 1e5;
    check(nfold_run(context, &work, &report, &err));
    printf("half %d: %a by %u ranks\n", rank % 2, report->value, report->workers);
    nfold_report_free(report);
    nfold_body_close(work.body);
    nfold_close(context);
    nfold_options_destroy(options);
    /* MPI is the program's still. */
    MPI_Finalized(&is_finalized);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (is_finalized || sum != size * (size - 1) / 2)
        return 9;
    MPI_Comm_free(&half);
    MPI_Finalize();
    return 0;
}
C
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        compile "$(mpi_command $implementation mpicc)"
        run ranks $implementation 5 ./program
        echo "$output"
        [[ $status == 0 && $(grep -c 'half 0: .* by 3 ranks' <<<"$output") == 3 ]]
        [[ $(grep -c 'half 1: .* by 2 ranks' <<<"$output") == 2 ]]
        [[ $(grep -o 'half.*' <<<"$output" | sort -u | wc -l) == 2 ]]
    done
}

@test "a function of the program is called on every rank, each with its own" {
    cat >program.c <<'C'
#include "common.h"
static double f(double x, void *user)
{
    (*(int *)user)++;
    return x * x;
}
int main(void)
{
    nfold_options *options;
    nfold_context *context;
    nfold_report *report;
    int calls = 0;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 100, .n = 1e5};
    check(nfold_options_create(&options, &err));
    check(nfold_options_set(options, "backend", "mpi", &err));
    check(nfold_options_set(options, "threads", "1", &err));
    check(nfold_open(&context, options, &err));
    check(nfold_body_function(&work.body, f, &calls, &err));
    check(nfold_run(context, &work, &report, &err));
    printf("%a %s\n", report->value, calls > 20000 ? "called" : "idle");
    nfold_report_free(report);
    nfold_body_close(work.body);
    nfold_close(context);
    nfold_options_destroy(options);
    return 0;
}
C
    compile cc
    needs_module openmpi
    run ranks openmpi 3 ./program
    echo "$output"
    [[ $status == 0 && ${#lines[@]} == 3 && $(sort -u <<<"$output" | wc -l) == 1 ]]
    [[ $output == *called* ]]
}

@test "ranks of a program that run different works are told so, on every rank" {
    cat >program.c <<'C'
#include <mpi.h>
#include "common.h"
int main(int argc, char **argv)
{
    nfold_options *options;
    nfold_context *context;
    nfold_report *report = NULL;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 100, .n = 1e5};
    int rank, rc;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    check(nfold_options_create(&options, &err));
    check(nfold_options_set(options, "backend", "mpi", &err));
    check(nfold_open(&context, options, &err));
    check(nfold_body_open(&work.body, rank == 1 ? "x" : "x*x", "x", options, &err));
    rc = nfold_run(context, &work, &report, &err);
    printf("%s: %s\n", rc < 0 ? "refused" : "run", rc < 0 ? err.message : "");
    /* And the context is as good as before. */
    work.n = 1e4;
    nfold_body_close(work.body);
    check(nfold_body_open(&work.body, "x*x", "x", options, &err));
    check(nfold_run(context, &work, &report, &err));
    printf("then %a\n", report->value);
    nfold_report_free(report);
    nfold_body_close(work.body);
    nfold_close(context);
    nfold_options_destroy(options);
    MPI_Finalize();
    return 0;
}
C
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        compile "$(mpi_command $implementation mpicc)"
        run ranks $implementation 3 ./program
        echo "$output"
        [[ $status == 0 && $(grep -c '^refused: ' <<<"$output") == 3 ]]
        [[ $(grep -c '^refused: rank 1 on .* has another work than rank 0' <<<"$output") == 1 ]]
        [[ $(grep -c '^then ' <<<"$output") == 3 ]]
        [[ $(grep '^then ' <<<"$output" | sort -u | wc -l) == 1 ]]
    done
}

@test "a program that mpirun did not start is one rank" {
    cat >program.c <<'C'
#include "common.h"
int main(void)
{
    nfold_options *options;
    nfold_context *context;
    nfold_report *report;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 100, .n = 1e5};
    check(nfold_options_create(&options, &err));
    check(nfold_options_set(options, "backend", "mpi", &err));
    check(nfold_open(&context, options, &err));
    check(nfold_body_open(&work.body, "x*x", "x", options, &err));
    check(nfold_run(context, &work, &report, &err));
    printf("%u rank\n", report->workers);
    nfold_report_free(report);
    nfold_body_close(work.body);
    nfold_close(context);
    nfold_options_destroy(options);
    return 0;
}
C
    compile cc
    needs_module openmpi
    run within 300 ./program
    echo "$output"
    [[ $status == 0 && $output == "1 rank" ]]
}

@test "a C function of a program is compiled once, on rank 0, and its file is read on no other" {
    echo 'double f(double x) { return x * x / (1 + x); }' >f.c
    printf '#!/bin/sh\necho once >>%s/compilations\nexec cc "$@"\n' "$PWD" >counting-cc
    chmod +x counting-cc
    mkdir elsewhere
    cat >program.c <<'C'
#include "common.h"
#include <unistd.h>
int main(int argc, char **argv)
{
    nfold_options *options;
    nfold_context *context;
    nfold_report *report;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 1, .n = 1e6};
    if (argc > 2 && chdir(argv[2]) < 0)
        return 8;
    check(nfold_options_create(&options, &err));
    check(nfold_options_set(options, "backend", "mpi", &err));
    check(nfold_options_set(options, "cc", argv[1], &err));
    check(nfold_body_open(&work.body, "f.c:f", "x", options, &err));
    check(nfold_open(&context, options, &err));
    for (int i = 0; i < 2; i++) {
        check(nfold_run(context, &work, &report, &err));
        printf("run %d %a %s\n", i, report->value, report->native);
        nfold_report_free(report);
    }
    nfold_body_close(work.body);
    nfold_close(context);
    nfold_options_destroy(options);
    return 0;
}
C
    compile cc
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        rm -f compilations
        "$NFOLD" integrate f.c:f 0 1 1e6 -b serial --cc ./counting-cc
        alone=$(wc -l <compilations)
        rm -f compilations
        run ranks $implementation 3 ./program "$PWD/counting-cc"
        echo "$output"
        [[ $status == 0 && ${#lines[@]} == 6 && $(grep -o '0x[^ ]*' <<<"$output" | sort -u | wc -l) == 1 ]]
        [[ $(wc -l <compilations) == "$alone" ]]
        # Rank 1 cannot read the file, nor has it a compiler.
        run ranks $implementation 1 ./program cc : -n 1 ./program /none elsewhere
        echo "$output"
        [[ $status == 0 && ${#lines[@]} == 4 && $(grep -o '0x[^ ]*' <<<"$output" | sort -u | wc -l) == 1 ]]
    done
}

@test "what rank 0 cannot compile, or continue, is one error, and no rank waits for it" {
    echo 'double f(double x) { return y; }' >wrong.c
    echo 'double f(double x) { return x; }' >right.c
    echo 'something else' >other
    cat >program.c <<'C'
#include "common.h"
static void try(const char *file, const char *checkpoint)
{
    nfold_options *options;
    nfold_context *context;
    nfold_report *report = NULL;
    nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 1, .n = 1e5};
    int rc;
    check(nfold_options_create(&options, &err));
    check(nfold_options_set(options, "backend", "mpi", &err));
    if (checkpoint)
        check(nfold_options_set(options, "checkpoint", checkpoint, &err));
    check(nfold_open(&context, options, &err));
    check(nfold_body_open(&work.body, file, "x", options, &err));
    rc = nfold_run(context, &work, &report, &err);
    printf("%s: %s\n", rc < 0 ? "refused" : "done", rc < 0 ? err.message : "");
    nfold_report_free(report);
    nfold_body_close(work.body);
    /* And the context is as good as before. */
    if (!checkpoint) {
        check(nfold_body_open(&work.body, "right.c:f", "x", options, &err));
        check(nfold_run(context, &work, &report, &err));
        printf("then %a\n", report->value);
        nfold_report_free(report);
        nfold_body_close(work.body);
    }
    nfold_close(context);
    nfold_options_destroy(options);
}
int main(void)
{
    try("wrong.c:f", NULL);
    try("none.c:f", NULL);
    try("right.c:f", "other");
    return 0;
}
C
    compile cc
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        run ranks $implementation 3 ./program
        echo "$output"
        [[ $status == 0 && $(grep -c '^refused: ' <<<"$output") == 9 ]]
        [[ $(grep -c '^refused: wrong.c does not compile' <<<"$output") == 1 ]]
        [[ $(grep -c '^refused: cannot read none.c' <<<"$output") == 1 ]]
        [[ $(grep -c '^refused: other is no checkpoint' <<<"$output") == 1 ]]
        [[ $(grep -c '^refused: .*rank 0 says why' <<<"$output") == 6 ]]
        [[ $(grep -c '^then 0x' <<<"$output") == 6 && $(<other) == 'something else' ]]
    done
}

@test "a rank may open its next context before another has closed the one before" {
    cat >program.c <<'C'
#include "common.h"
#include <unistd.h>
int main(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    rank = rank ? rank : getenv("PMI_RANK");
    for (int i = 0; i < 3; i++) {
        nfold_options *options;
        nfold_context *context;
        nfold_report *report;
        nfold_work work = {.size = sizeof work, .kind = NFOLD_INTEGRATE, .a = 0, .b = 1, .n = 1e5};
        check(nfold_options_create(&options, &err));
        check(nfold_options_set(options, "backend", "mpi", &err));
        check(nfold_open(&context, options, &err));
        check(nfold_body_open(&work.body, "x*x", "x", options, &err));
        check(nfold_run(context, &work, &report, &err));
        printf("%d %a\n", i, report->value);
        nfold_report_free(report);
        nfold_body_close(work.body);
        if (strcmp(rank, "0") == 0)
            usleep(300000);
        nfold_close(context);
        nfold_options_destroy(options);
    }
    return 0;
}
C
    compile cc
    for implementation in "${implementations[@]}"; do
        needs_module $implementation
        run ranks $implementation 3 ./program
        echo "$output"
        [[ $status == 0 && ${#lines[@]} == 9 && $(sort -u <<<"$output" | wc -l) == 3 ]]
    done
}
