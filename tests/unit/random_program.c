/* random_program.c: see random_program.h. */
#include "random_program.h"

#include <assert.h>
#include <string.h>

#define VALUES_MAX 256

uint64_t random_bits(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

unsigned random_below(struct random *random, unsigned limit)
{
    return (unsigned)(random_bits(random) % limit);
}

double random_input(struct random *random)
{
    static const double special[] = {0.0,
                                     -0.0,
                                     1.0,
                                     -1.0,
                                     __builtin_inf(),
                                     -__builtin_inf(),
                                     __builtin_nan(""),
                                     0x1p-52,
                                     0x1p-1074,
                                     -0x1p-1022,
                                     0.5,
                                     0x1.fffffffffffffp+1023,
                                     3.0,
                                     0x1p52,
                                     1e-300};
    uint64_t bits = random_bits(random);
    double value;
    switch (random_below(random, 4)) {
    case 0:
        return special[bits % (sizeof special / sizeof *special)];
    case 1:
        return (double)(int64_t)(bits % 2001) - 1000;
    case 2:
        return (double)(int64_t)bits * 0x1p-62;
    default:
        memcpy(&value, &bits, sizeof value);
        return value;
    }
}

/* The values made so far, by what they may be used for. */
struct pool {
    struct random *random;
    nf_ir *ir;
    nf_value number[VALUES_MAX]; /* any bits; a NaN may have any sign and payload */
    nf_value bits[VALUES_MAX];   /* bits that are the same everywhere */
    nf_value mask[VALUES_MAX];
    unsigned number_count, bits_count, mask_count;
};

static void keep(nf_value *values, unsigned *count, nf_value value)
{
    if (*count < VALUES_MAX)
        values[(*count)++] = value;
}

/* Newer values are preferred, so that programs are deep and not only wide. */
static nf_value pick(struct random *random, const nf_value *values, unsigned count)
{
    unsigned recent = count < 6 ? count : 6;
    assert(count > 0);
    return random_below(random, 3) ? values[count - 1 - random_below(random, recent)]
                                   : values[random_below(random, count)];
}

static nf_value constant(struct pool *pool)
{
    return nf_ir_const(pool->ir, random_input(pool->random));
}

static nf_value some_number(struct pool *pool)
{
    unsigned kind = random_below(pool->random, 16);
    if (kind == 0)
        return pick(pool->random, pool->bits, pool->bits_count);
    return kind < 5 ? constant(pool) : pick(pool->random, pool->number, pool->number_count);
}

/* A number becomes bits only where it is no NaN. */
static nf_value some_bits(struct pool *pool)
{
    unsigned kind = random_below(pool->random, 4);
    if (kind == 0)
        return nf_ir_bits(pool->ir, random_bits(pool->random) >> random_below(pool->random, 64));
    if (kind > 1)
        return pick(pool->random, pool->bits, pool->bits_count);
    nf_value number = some_number(pool);
    nf_value is_number = nf_ir_op2(pool->ir, NF_IR_EQ, number, number);
    return nf_ir_op3(pool->ir, NF_IR_SELECT, is_number, number, nf_ir_bits(pool->ir, 7));
}

static nf_value some_mask(struct pool *pool)
{
    return pick(pool->random, pool->mask, pool->mask_count);
}

static void add_arithmetic(struct pool *pool)
{
    static const enum nf_ir_op ops[] = {NF_IR_ADD, NF_IR_SUB, NF_IR_MUL,  NF_IR_DIV, NF_IR_FMA,
                                        NF_IR_FMA, NF_IR_NEG, NF_IR_SQRT, NF_IR_ABS};
    enum nf_ir_op op = ops[random_below(pool->random, sizeof ops / sizeof *ops)];
    nf_value a = some_number(pool), b = some_number(pool), c = some_number(pool);
    size_t operands = strlen(nf_ir_op_info[op].operands);
    nf_value value = operands == 1   ? nf_ir_op1(pool->ir, op, a)
                     : operands == 2 ? nf_ir_op2(pool->ir, op, a, b)
                                     : nf_ir_op3(pool->ir, op, a, b, c);
    keep(pool->number, &pool->number_count, value);
}

/* What Horner loops are made of, with values in the middle that are used elsewhere too. */
static void add_polynomial(struct pool *pool)
{
    nf_value z = some_number(pool), value = some_number(pool);
    for (unsigned steps = 1 + random_below(pool->random, 15); steps > 0; steps--) {
        value = random_below(pool->random, 2)
                    ? nf_ir_op3(pool->ir, NF_IR_FMA, value, z, constant(pool))
                    : nf_ir_op3(pool->ir, NF_IR_FMA, z, value, constant(pool));
        if (random_below(pool->random, 8) == 0)
            keep(pool->number, &pool->number_count, value);
    }
    keep(pool->number, &pool->number_count, value);
}

static void add_bits(struct pool *pool)
{
    static const enum nf_ir_op ops[] = {NF_IR_IADD, NF_IR_ISUB, NF_IR_IMUL, NF_IR_IMULHI,
                                        NF_IR_AND,  NF_IR_OR,   NF_IR_XOR,  NF_IR_SHL,
                                        NF_IR_SHR,  NF_IR_SAR};
    enum nf_ir_op op = ops[random_below(pool->random, sizeof ops / sizeof *ops)];
    nf_value a = some_bits(pool), b = some_bits(pool);
    if (op == NF_IR_SHL || op == NF_IR_SHR || op == NF_IR_SAR)
        b = nf_ir_op2(pool->ir, NF_IR_AND, b, nf_ir_bits(pool->ir, 63));
    keep(pool->bits, &pool->bits_count, nf_ir_op2(pool->ir, op, a, b));
}

static void add_mask(struct pool *pool)
{
    static const enum nf_ir_op of_numbers[] = {NF_IR_LT, NF_IR_LE, NF_IR_EQ, NF_IR_NE};
    static const enum nf_ir_op of_masks[] = {NF_IR_AND, NF_IR_OR, NF_IR_XOR};
    nf_value mask;
    switch (random_below(pool->random, 4)) {
    case 0:
        mask = nf_ir_op2(pool->ir, of_masks[random_below(pool->random, 3)], some_mask(pool),
                         some_mask(pool));
        break;
    case 1:
        mask = nf_ir_op2(pool->ir, random_below(pool->random, 2) ? NF_IR_IEQ : NF_IR_ILT,
                         some_bits(pool), some_bits(pool));
        break;
    default:
        mask = nf_ir_op2(pool->ir, of_numbers[random_below(pool->random, 4)], some_number(pool),
                         some_number(pool));
    }
    keep(pool->mask, &pool->mask_count, mask);
    keep(pool->bits, &pool->bits_count, mask);
}

static void add_select(struct pool *pool)
{
    nf_value mask = some_mask(pool);
    if (random_below(pool->random, 2))
        keep(pool->bits, &pool->bits_count,
             nf_ir_op3(pool->ir, NF_IR_SELECT, mask, some_bits(pool), some_bits(pool)));
    else
        keep(pool->number, &pool->number_count,
             nf_ir_op3(pool->ir, NF_IR_SELECT, mask, some_number(pool), some_number(pool)));
}

static void add_table(struct pool *pool)
{
    uint64_t entry[16];
    size_t count = (size_t)1 << random_below(pool->random, 5);
    for (size_t i = 0; i < count; i++)
        entry[i] = random_bits(pool->random);
    nf_value index =
        nf_ir_op2(pool->ir, NF_IR_AND, some_bits(pool), nf_ir_bits(pool->ir, count - 1));
    keep(pool->bits, &pool->bits_count, nf_ir_table(pool->ir, entry, count, index));
}

static nf_value build_steps(struct pool *pool, unsigned operations);

/* A build function has no argument of its own: the inputs' number decides what it makes. */
static nf_value build_rare(nf_ir *ir, const nf_value *input, unsigned inputs)
{
    struct random random = {inputs};
    struct pool pool = {.random = &random, .ir = ir};
    for (unsigned i = 0; i < inputs; i++)
        keep(pool.number, &pool.number_count, input[i]);
    return build_steps(&pool, 4 + 6 * inputs);
}

static nf_value build_rare_1(nf_ir *ir, const nf_value *input)
{
    return build_rare(ir, input, 1);
}

static nf_value build_rare_2(nf_ir *ir, const nf_value *input)
{
    return build_rare(ir, input, 2);
}

static nf_value build_rare_4(nf_ir *ir, const nf_value *input)
{
    nf_value inner = nf_ir_rare(ir, nf_ir_op2(ir, NF_IR_LT, input[0], input[1]), input[2],
                                build_rare_2, input + 1, 2);
    nf_value value = build_rare(ir, input, 4);
    return nf_ir_op2(ir, NF_IR_ADD, value, inner);
}

static void add_rare(struct pool *pool)
{
    static nf_ir_build_fn *const build[] = {build_rare_1, build_rare_2, build_rare_4};
    static const unsigned inputs[] = {1, 2, 4};
    unsigned which = random_below(pool->random, 3);
    nf_value input[NF_IR_RARE_INPUTS], mask = some_mask(pool);
    for (unsigned i = 0; i < NF_IR_RARE_INPUTS; i++)
        input[i] = some_number(pool);
    if (random_below(pool->random, 2)) /* fewer lanes */
        mask = nf_ir_op2(pool->ir, NF_IR_AND, mask, some_mask(pool));
    keep(pool->number, &pool->number_count,
         nf_ir_rare(pool->ir, mask, some_number(pool), build[which], input, inputs[which]));
}

/* pool has at least one number. */
static nf_value build_steps(struct pool *pool, unsigned operations)
{
    keep(pool->bits, &pool->bits_count, nf_ir_bits(pool->ir, 1));
    keep(pool->mask, &pool->mask_count,
         nf_ir_op2(pool->ir, NF_IR_LT, pool->number[0], nf_ir_const(pool->ir, 1)));
    for (unsigned i = 0; i < operations; i++) {
        unsigned kind = random_below(pool->random, 32);
        if (kind < 10)
            add_arithmetic(pool);
        else if (kind < 11)
            add_polynomial(pool);
        else if (kind < 20)
            add_bits(pool);
        else if (kind < 24)
            add_mask(pool);
        else if (kind < 30)
            add_select(pool);
        else
            add_table(pool);
    }
    nf_value number = pick(pool->random, pool->number, pool->number_count);
    return nf_ir_op3(pool->ir, NF_IR_SELECT, some_mask(pool), number, some_bits(pool));
}

void random_program(struct random *random, nf_ir *ir, unsigned operations)
{
    struct pool pool = {.random = random, .ir = ir};
    nf_ir_init(ir);
    keep(pool.number, &pool.number_count, nf_ir_input(ir, 0));
    nf_value result = build_steps(&pool, operations);
    if (random_below(random, 2)) {
        add_rare(&pool);
        add_arithmetic(&pool);
        add_rare(&pool);
        result = nf_ir_op2(ir, NF_IR_ADD, result, pool.number[pool.number_count - 1]);
    }
    if (nf_ir_finish(ir, result, NULL) < 0)
        assert(!"out of memory");
}
