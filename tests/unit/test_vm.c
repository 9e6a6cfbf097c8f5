/* test_vm.c: the VM gives the bits of nf_ir_evaluate, on every instruction set of this machine. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random_program.h"
#include "vm.h"

#define POINTS_MAX 512
#define PROGRAMS   10000

struct points {
    double x[POINTS_MAX] __attribute__((aligned(64)));
    double y[POINTS_MAX] __attribute__((aligned(64)));
};

/* A machine: the program on one instruction set, with scratch that holds garbage at first. */
struct machine {
    struct nf_vm *vm;
    void *scratch;
};

static void machine_open(struct machine *machine, const nf_ir *ir, enum nf_isa isa)
{
    nfold_error err;
    assert_int_equal(nf_vm_open(&machine->vm, ir, isa, &err), 0);
    size_t size = (nf_vm_scratch_size(machine->vm) + 63) / 64 * 64;
    machine->scratch = aligned_alloc(64, size);
    assert_non_null(machine->scratch);
    memset(machine->scratch, 0xa5, size);
}

static void machine_close(struct machine *machine)
{
    nf_vm_close(machine->vm);
    free(machine->scratch);
}

static void inputs_fill(struct random *random, double *x)
{
    for (size_t i = 0; i < POINTS_MAX; i++)
        x[i] = random_input(random);
}

/* A NaN for a NaN, else the same bits. */
static int is_same(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static void values_check(const nf_ir *ir, const double *x, const double *y, size_t count,
                         uint64_t seed)
{
    for (size_t i = 0; i < count; i++) {
        double wanted = nf_ir_evaluate(ir, &x[i]);
        if (!is_same(wanted, y[i]))
            fail_msg("program %llu, point %zu of %zu: x = %a gives %a, not %a",
                     (unsigned long long)seed, i, count, x[i], y[i], wanted);
    }
}

static void program_check(const nf_ir *ir, struct random *random, size_t count, uint64_t seed)
{
    struct points points;
    for (int isa = 0; isa < NF_ISA_COUNT; isa++) {
        struct machine machine;
        if (!nf_isa_runs_here((enum nf_isa)isa))
            continue;
        machine_open(&machine, ir, (enum nf_isa)isa);
        inputs_fill(random, points.x);
        memset(points.y, 0x5a, sizeof points.y);
        nf_vm_run(machine.vm, machine.scratch, points.x, points.y, count);
        values_check(ir, points.x, points.y, count, seed);
        machine_close(&machine);
    }
}

static void random_programs_give_the_defined_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        struct random random = {seed};
        nf_ir ir;
        random_program(&random, &ir, 1 + random_below(&random, 40));
        program_check(&ir, &random, 1 + random_below(&random, seed % 32 ? 40 : POINTS_MAX), seed);
        nf_ir_clear(&ir);
    }
}

static void long_programs_give_the_defined_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct random random = {seed};
        nf_ir ir;
        random_program(&random, &ir, 2000);
        program_check(&ir, &random, POINTS_MAX - (size_t)seed, seed);
        nf_ir_clear(&ir);
    }
}

static void every_count_gives_the_defined_bits_and_writes_no_more(void **state)
{
    struct random random = {7};
    struct points points;
    nf_ir ir;
    (void)state;
    random_program(&random, &ir, 30);
    inputs_fill(&random, points.x);
    for (int isa = 0; isa < NF_ISA_COUNT; isa++) {
        struct machine machine;
        if (!nf_isa_runs_here((enum nf_isa)isa))
            continue;
        machine_open(&machine, &ir, (enum nf_isa)isa);
        for (size_t count = 1; count <= POINTS_MAX; count++) {
            memset(points.y, 0x5a, sizeof points.y);
            nf_vm_run(machine.vm, machine.scratch, points.x, points.y, count);
            values_check(&ir, points.x, points.y, count, count);
            for (size_t i = count * sizeof(double); i < sizeof points.y; i++)
                assert_int_equal(((unsigned char *)points.y)[i], 0x5a);
        }
        machine_close(&machine);
    }
    nf_ir_clear(&ir);
}

static void the_result_may_take_the_place_of_the_points(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct random random = {seed};
        struct points points;
        struct machine machine;
        nf_ir ir;
        size_t count = 1 + random_below(&random, POINTS_MAX);
        random_program(&random, &ir, 1 + random_below(&random, 20));
        inputs_fill(&random, points.x);
        memcpy(points.y, points.x, sizeof points.y);
        machine_open(&machine, &ir, nf_isa_best());
        nf_vm_run(machine.vm, machine.scratch, points.y, points.y, count);
        values_check(&ir, points.x, points.y, count, seed);
        machine_close(&machine);
        nf_ir_clear(&ir);
    }
}

/* Programs whose only reader of x can form it: whatever follows, and in whatever order. */
static nf_value light_program(struct random *random, nf_ir *ir)
{
    static const enum nf_ir_op op[] = {NF_IR_MUL,  NF_IR_ADD, NF_IR_SUB, NF_IR_DIV,
                                       NF_IR_SQRT, NF_IR_NEG, NF_IR_FMA};
    nf_value x = nf_ir_input(ir, 0), constant = nf_ir_const(ir, random_input(random));
    enum nf_ir_op first = op[random_below(random, 7)];
    nf_value left = random_below(random, 2) ? x : constant, right = left == x ? constant : x;
    nf_value value = first == NF_IR_SQRT || first == NF_IR_NEG ? nf_ir_op1(ir, first, x)
                     : first == NF_IR_FMA      ? nf_ir_op3(ir, first, x, constant, constant)
                     : random_below(random, 3) ? nf_ir_op2(ir, first, left, right)
                                               : nf_ir_op2(ir, first, x, x);
    if (random_below(random, 2))
        value = nf_ir_op2(ir, NF_IR_SUB, constant, value);
    return random_below(random, 2) ? nf_ir_op2(ir, NF_IR_MUL, value, value) : value;
}

static int steps_check(const nf_ir *ir, struct random *random, enum nf_isa isa, uint64_t seed)
{
    double base[32] __attribute__((aligned(64))), h = random_input(random);
    uint64_t first_step = random_below(random, 1000);
    struct points points;
    struct machine machine;
    machine_open(&machine, ir, isa);
    for (unsigned l = 0; l < 32; l++)
        base[l] = random_input(random);
    for (unsigned k = 0; k < POINTS_MAX; k++)
        points.x[k] = fma((double)(32 * (first_step + k / 32)), h, base[k % 32]);
    int rc = nf_vm_run_steps(machine.vm, machine.scratch, base, h, first_step, points.y);
    if (rc == 0)
        values_check(ir, points.x, points.y, POINTS_MAX, seed);
    machine_close(&machine);
    return rc == 0;
}

static void points_that_are_not_stored_give_the_same_bits(void **state)
{
    unsigned light = 0, any = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 1200; seed++) {
        struct random random = {seed};
        enum nf_isa isa = (enum nf_isa)(seed % NF_ISA_COUNT);
        nf_ir ir;
        if (!nf_isa_runs_here(isa))
            continue;
        if (seed % 2) {
            random_program(&random, &ir, 1 + random_below(&random, 6));
            any += (unsigned)steps_check(&ir, &random, isa, seed);
        } else {
            nf_ir_init(&ir);
            assert_int_equal(nf_ir_finish(&ir, light_program(&random, &ir), NULL), 0);
            light += (unsigned)steps_check(&ir, &random, isa, seed);
        }
        nf_ir_clear(&ir);
    }
    assert_true(light > 200);
    assert_true(any > 0);
}

static nf_value build_rare(nf_ir *ir, const nf_value *input)
{
    return nf_ir_op2(ir, NF_IR_DIV, nf_ir_const(ir, 1), input[0]);
}

/* x, but 1/x in the lanes named by rare points, which are negative. */
static void rare_lanes_are_put_back_where_they_belong(void **state)
{
    struct random random = {11};
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0);
    nf_value mask = nf_ir_op2(&ir, NF_IR_LT, x, nf_ir_const(&ir, 0));
    assert_int_equal(nf_ir_finish(&ir, nf_ir_rare(&ir, mask, x, build_rare, &x, 1), NULL), 0);
    for (int isa = 0; isa < NF_ISA_COUNT; isa++) {
        struct machine machine;
        struct points points;
        if (!nf_isa_runs_here((enum nf_isa)isa))
            continue;
        machine_open(&machine, &ir, (enum nf_isa)isa);
        for (unsigned share = 0; share <= 100; share += 5) {
            for (size_t i = 0; i < POINTS_MAX; i++)
                points.x[i] = random_below(&random, 100) < share ? -1.5 - (double)i : (double)i;
            nf_vm_run(machine.vm, machine.scratch, points.x, points.y, POINTS_MAX);
            for (size_t i = 0; i < POINTS_MAX; i++)
                assert_true(points.y[i] == (points.x[i] < 0 ? 1 / points.x[i] : points.x[i]));
        }
        machine_close(&machine);
    }
    nf_ir_clear(&ir);
}

static void programs_of_one_instruction_run(void **state)
{
    struct random random = {3};
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        nf_ir ir;
        nf_ir_init(&ir);
        nf_value value = kind == 0   ? nf_ir_input(&ir, 0)
                         : kind == 1 ? nf_ir_const(&ir, -2.5)
                                     : nf_ir_bits(&ir, UINT64_C(0xfff123456789abcd));
        assert_int_equal(nf_ir_finish(&ir, value, NULL), 0);
        program_check(&ir, &random, 100, (uint64_t)kind);
        nf_ir_clear(&ir);
    }
}

/* A polynomial whose steps are all one chain, of every length. */
static void horner_chains_of_every_length_run(void **state)
{
    struct random random = {5};
    (void)state;
    for (unsigned steps = 1; steps <= 40; steps++) {
        for (int start_is_const = 0; start_is_const < 2; start_is_const++) {
            nf_ir ir;
            nf_ir_init(&ir);
            nf_value x = nf_ir_input(&ir, 0), z = nf_ir_op2(&ir, NF_IR_MUL, x, x);
            nf_value value = start_is_const ? nf_ir_const(&ir, 0.7) : x;
            for (unsigned i = 0; i < steps; i++)
                value = nf_ir_op3(&ir, NF_IR_FMA, value, z, nf_ir_const(&ir, 1.0 / (i + 3)));
            assert_int_equal(nf_ir_finish(&ir, value, NULL), 0);
            program_check(&ir, &random, 64, steps);
            nf_ir_clear(&ir);
        }
    }
}

static void scratch_does_not_grow_with_the_program(void **state)
{
    struct machine machine;
    nf_ir ir;
    (void)state;
    nf_ir_init(&ir);
    nf_value x = nf_ir_input(&ir, 0), value = x;
    for (unsigned i = 0; i < 10000; i++)
        value = nf_ir_op2(&ir, NF_IR_ADD, value, nf_ir_op2(&ir, NF_IR_MUL, x, nf_ir_const(&ir, i)));
    assert_int_equal(nf_ir_finish(&ir, value, NULL), 0);
    machine_open(&machine, &ir, nf_isa_best());
    assert_true(nf_vm_scratch_size(machine.vm) <= 5 * POINTS_MAX * sizeof(double));
    machine_close(&machine);
    nf_ir_clear(&ir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs_give_the_defined_bits),
        cmocka_unit_test(long_programs_give_the_defined_bits),
        cmocka_unit_test(every_count_gives_the_defined_bits_and_writes_no_more),
        cmocka_unit_test(the_result_may_take_the_place_of_the_points),
        cmocka_unit_test(points_that_are_not_stored_give_the_same_bits),
        cmocka_unit_test(rare_lanes_are_put_back_where_they_belong),
        cmocka_unit_test(programs_of_one_instruction_run),
        cmocka_unit_test(horner_chains_of_every_length_run),
        cmocka_unit_test(scratch_does_not_grow_with_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
