/* ir.c: builds programs of the IR: folds constants, gives equal instructions one number, and at the
 * end drops what the result does not need. */
#include "ir.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "double_bits.h"
#include "ir_simplify.h"

/* What a search found in the hash: a value, or the bucket where a new one belongs. */
#define NOT_FOUND UINT32_MAX

#define PROGRAMS_SEARCHED 64

void nf_ir_init(nf_ir *ir)
{
    *ir = (nf_ir){0};
}

static void program_clear(struct nf_ir_program *program)
{
    nf_ir_clear(program->ir);
    free(program->ir);
    program->ir = NULL;
}

void nf_ir_clear(nf_ir *ir)
{
    if (!ir)
        return;
    for (size_t i = 0; i < ir->table_count; i++)
        free(ir->table[i].entry);
    for (size_t i = 0; i < ir->program_count; i++)
        program_clear(&ir->program[i]);
    free(ir->program);
    free(ir->table);
    free(ir->rare);
    free(ir->bucket);
    free(ir->instruction);
    nf_ir_init(ir);
}

/* Room for one more element in an array that doubles at powers of two; NULL: out of memory. */
static void *array_grow(nf_ir *ir, void *array, size_t count, size_t element_size)
{
    if (array && (count & (count - 1)) != 0)
        return array;
    size_t capacity = count ? 2 * count : 1;
    void *grown =
        capacity > SIZE_MAX / element_size ? NULL : realloc(array, capacity * element_size);
    if (!grown)
        ir->failed = 1;
    return grown;
}

static unsigned operand_count(enum nf_ir_op op)
{
    return (unsigned)strlen(nf_ir_op_info[op].operands);
}

/* Constants differ in their highest bits only, buckets are chosen by the lowest: both must mix. */
static uint64_t hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 32)) * UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ (hash >> 29);
}

/* The number of a RARE is left out: equal ones have different numbers at first. */
static uint64_t instruction_hash(const struct nf_ir_instruction *instruction)
{
    uint64_t hash = instruction->op;
    for (unsigned i = 0; i < 3; i++)
        hash = hash_mix(hash, instruction->operand[i]);
    return instruction->op == NF_IR_RARE ? hash : hash_mix(hash, instruction->imm);
}

static int rares_equal(const struct nf_ir_rare *a, const struct nf_ir_rare *b)
{
    return a->program == b->program &&
           memcmp(a->input, b->input, a->input_count * sizeof *a->input) == 0;
}

static int instructions_equal(const nf_ir *ir, const struct nf_ir_instruction *a,
                              const struct nf_ir_instruction *b)
{
    if (a->op != b->op || memcmp(a->operand, b->operand, sizeof a->operand) != 0)
        return 0;
    return a->imm == b->imm ||
           (a->op == NF_IR_RARE && rares_equal(&ir->rare[a->imm], &ir->rare[b->imm]));
}

/* Open addressing; a bucket holds an instruction's number + 1, 0 while free. */
static nf_value hash_find(const nf_ir *ir, const struct nf_ir_instruction *wanted, size_t *bucket)
{
    size_t mask = ir->bucket_count - 1;
    size_t i = instruction_hash(wanted) & mask;
    for (; ir->bucket[i]; i = (i + 1) & mask)
        if (instructions_equal(ir, &ir->instruction[ir->bucket[i] - 1], wanted))
            return ir->bucket[i] - 1;
    *bucket = i;
    return NOT_FOUND;
}

/* At most half of the buckets are in use, so that searches stay short. */
static int hash_reserve(nf_ir *ir)
{
    if (2 * (ir->count + 1) <= ir->bucket_count)
        return 1;
    size_t old_count = ir->bucket_count;
    size_t bucket_count = old_count ? 2 * old_count : 64;
    uint32_t *bucket = calloc(bucket_count, sizeof *bucket);
    if (!bucket)
        return 0;
    for (size_t i = 0; i < ir->count; i++) {
        size_t free_bucket = instruction_hash(&ir->instruction[i]) & (bucket_count - 1);
        while (bucket[free_bucket])
            free_bucket = (free_bucket + 1) & (bucket_count - 1);
        bucket[free_bucket] = (uint32_t)i + 1;
    }
    free(ir->bucket);
    ir->bucket = bucket;
    ir->bucket_count = bucket_count;
    return 1;
}

static int instructions_reserve(nf_ir *ir)
{
    if (ir->count < ir->capacity)
        return 1;
    size_t capacity = ir->capacity ? 2 * ir->capacity : 32;
    struct nf_ir_instruction *grown =
        capacity >= NOT_FOUND ? NULL : realloc(ir->instruction, capacity * sizeof *grown);
    if (!grown)
        return 0;
    ir->instruction = grown;
    ir->capacity = capacity;
    return 1;
}

/* The number of an instruction equal to wanted, which is appended if there is none. */
static nf_value instruction_intern(nf_ir *ir, const struct nf_ir_instruction *wanted)
{
    size_t bucket = 0;
    if (ir->failed || !hash_reserve(ir) || !instructions_reserve(ir)) {
        ir->failed = 1;
        return 0;
    }
    nf_value found = hash_find(ir, wanted, &bucket);
    if (found != NOT_FOUND)
        return found;
    ir->instruction[ir->count] = *wanted;
    ir->bucket[bucket] = (uint32_t)ir->count + 1;
    return (nf_value)ir->count++;
}

nf_value nf_ir_bits(nf_ir *ir, uint64_t bits)
{
    return instruction_intern(ir, &(struct nf_ir_instruction){.op = NF_IR_CONST, .imm = bits});
}

nf_value nf_ir_const(nf_ir *ir, double value)
{
    return nf_ir_bits(ir, nf_double_to_bits(value));
}

nf_value nf_ir_input(nf_ir *ir, unsigned number)
{
    return instruction_intern(ir, &(struct nf_ir_instruction){.op = NF_IR_INPUT, .imm = number});
}

int nf_ir_is_const(const nf_ir *ir, nf_value value, uint64_t *bits)
{
    if (ir->failed || ir->instruction[value].op != NF_IR_CONST)
        return 0;
    *bits = ir->instruction[value].imm;
    return 1;
}

static int is_commutative(enum nf_ir_op op)
{
    switch (op) {
    case NF_IR_ADD:
    case NF_IR_MUL:
    case NF_IR_FMA: /* its first two */
    case NF_IR_EQ:
    case NF_IR_NE:
    case NF_IR_IADD:
    case NF_IR_IMUL:
    case NF_IR_IMULHI:
    case NF_IR_AND:
    case NF_IR_OR:
    case NF_IR_XOR:
    case NF_IR_IEQ:
        return 1;
    default:
        return 0;
    }
}

/* Constants go second, otherwise the older value goes first. */
static void operands_order(const nf_ir *ir, nf_value *operand)
{
    uint64_t bits;
    int first_is_const = nf_ir_is_const(ir, operand[0], &bits);
    int second_is_const = nf_ir_is_const(ir, operand[1], &bits);
    int swap = first_is_const != second_is_const ? first_is_const : operand[0] > operand[1];
    if (swap) {
        nf_value first = operand[0];
        operand[0] = operand[1];
        operand[1] = first;
    }
}

static int fold_constants(const nf_ir *ir, enum nf_ir_op op, const nf_value *operand,
                          uint64_t *bits)
{
    uint64_t known[3] = {0};
    for (unsigned i = 0; i < operand_count(op); i++)
        if (!nf_ir_is_const(ir, operand[i], &known[i]))
            return 0;
    *bits = nf_ir_apply(op, known[0], known[1], known[2]);
    return 1;
}

static nf_value operation(nf_ir *ir, struct nf_ir_instruction wanted)
{
    enum nf_ir_op op = wanted.op;
    uint64_t bits;
    if (ir->failed)
        return 0;
    for (unsigned i = 0; i < operand_count(op); i++)
        assert(wanted.operand[i] < ir->count);
    if (is_commutative(op))
        operands_order(ir, wanted.operand);
    if (fold_constants(ir, op, wanted.operand, &bits))
        return nf_ir_bits(ir, bits);
    struct nf_ir_simple simple = nf_ir_simplify(ir, op, wanted.operand);
    switch (simple.kind) {
    case NF_IR_SIMPLE_VALUE:
        return simple.value;
    case NF_IR_SIMPLE_BITS:
        return nf_ir_bits(ir, simple.bits);
    case NF_IR_SIMPLE_NEG:
        return nf_ir_op1(ir, NF_IR_NEG, simple.value);
    case NF_IR_SIMPLE_ABS:
        return nf_ir_op1(ir, NF_IR_ABS, simple.value);
    case NF_IR_SIMPLE_MUL:
        return nf_ir_op2(ir, NF_IR_MUL, simple.value, nf_ir_bits(ir, simple.bits));
    default:
        return instruction_intern(ir, &wanted);
    }
}

nf_value nf_ir_op1(nf_ir *ir, enum nf_ir_op op, nf_value a)
{
    assert(operand_count(op) == 1 && op != NF_IR_TABLE);
    return operation(ir, (struct nf_ir_instruction){.op = op, .operand = {a}});
}

nf_value nf_ir_op2(nf_ir *ir, enum nf_ir_op op, nf_value a, nf_value b)
{
    assert(operand_count(op) == 2 && op != NF_IR_RARE);
    return operation(ir, (struct nf_ir_instruction){.op = op, .operand = {a, b}});
}

nf_value nf_ir_op3(nf_ir *ir, enum nf_ir_op op, nf_value a, nf_value b, nf_value c)
{
    assert(operand_count(op) == 3);
    return operation(ir, (struct nf_ir_instruction){.op = op, .operand = {a, b, c}});
}

static int tables_equal(const struct nf_ir_table *a, const struct nf_ir_table *b)
{
    return a->count == b->count && memcmp(a->entry, b->entry, a->count * sizeof *a->entry) == 0;
}

/* The number of a table equal to these entries, which is added if there is none. */
static uint64_t table_intern(nf_ir *ir, const uint64_t *entry, size_t count)
{
    struct nf_ir_table wanted = {(uint64_t *)entry, count};
    for (size_t i = 0; i < ir->table_count; i++)
        if (tables_equal(&ir->table[i], &wanted))
            return i;
    struct nf_ir_table *grown = array_grow(ir, ir->table, ir->table_count, sizeof *grown);
    if (!grown)
        return 0;
    ir->table = grown;
    wanted.entry = malloc(count * sizeof *entry);
    if (!wanted.entry) {
        ir->failed = 1;
        return 0;
    }
    memcpy(wanted.entry, entry, count * sizeof *entry);
    ir->table[ir->table_count] = wanted;
    return ir->table_count++;
}

nf_value nf_ir_table(nf_ir *ir, const uint64_t *entry, size_t count, nf_value index)
{
    uint64_t bits;
    assert(count > 0);
    if (nf_ir_is_const(ir, index, &bits)) {
        assert(bits < count);
        return nf_ir_bits(ir, entry[bits]);
    }
    if (ir->failed)
        return 0;
    uint64_t number = table_intern(ir, entry, count);
    return instruction_intern(
        ir, &(struct nf_ir_instruction){.op = NF_IR_TABLE, .operand = {index}, .imm = number});
}

static int programs_equal(const struct nf_ir_program *a, const struct nf_ir_program *b)
{
    return a->build == b->build && a->argument_count == b->argument_count &&
           a->is_const == b->is_const && memcmp(a->bits, b->bits, sizeof a->bits) == 0;
}

/* Builds it. Arguments that are constants here are constants there, the others are its inputs. */
static int program_build(struct nf_ir_program *program)
{
    nf_value argument[NF_IR_RARE_INPUTS] = {0};
    unsigned inputs = 0;
    program->ir = malloc(sizeof *program->ir);
    if (!program->ir)
        return 0;
    nf_ir_init(program->ir);
    for (unsigned i = 0; i < program->argument_count; i++)
        argument[i] = program->is_const & (1U << i) ? nf_ir_bits(program->ir, program->bits[i])
                                                    : nf_ir_input(program->ir, inputs++);
    nf_value result = program->build(program->ir, argument);
    if (nf_ir_finish(program->ir, result, NULL) == 0)
        return 1;
    program_clear(program);
    return 0;
}

/* The number of the program wanted, which is built if none of the latest is equal. To look at all
 * would take long in expressions that no person writes, and would only save memory. */
static uint32_t program_intern(nf_ir *ir, struct nf_ir_program *wanted)
{
    for (size_t i = ir->program_count; i > 0 && i + PROGRAMS_SEARCHED > ir->program_count; i--)
        if (programs_equal(&ir->program[i - 1], wanted))
            return (uint32_t)(i - 1);
    struct nf_ir_program *grown = array_grow(ir, ir->program, ir->program_count, sizeof *grown);
    if (!grown)
        return 0;
    ir->program = grown;
    if (!program_build(wanted)) {
        ir->failed = 1;
        return 0;
    }
    ir->program[ir->program_count] = *wanted;
    return (uint32_t)ir->program_count++;
}

/* Adds a rare and its instruction; if an equal one is there, that, and this is dropped. */
static nf_value rare_intern(nf_ir *ir, const struct nf_ir_rare *rare, nf_value mask, nf_value usual)
{
    struct nf_ir_rare *grown = array_grow(ir, ir->rare, ir->rare_count, sizeof *grown);
    size_t number = ir->rare_count, count = ir->count;
    if (!grown)
        return 0;
    ir->rare = grown;
    ir->rare[ir->rare_count++] = *rare;
    nf_value value = instruction_intern(
        ir, &(struct nf_ir_instruction){.op = NF_IR_RARE, .operand = {mask, usual}, .imm = number});
    if (ir->count == count)
        ir->rare_count--;
    return value;
}

nf_value nf_ir_rare(nf_ir *ir, nf_value mask, nf_value usual, nf_ir_build_fn *build,
                    const nf_value *input, unsigned input_count)
{
    struct nf_ir_program wanted = {.build = build, .argument_count = input_count};
    struct nf_ir_rare rare = {0};
    uint64_t bits;
    assert(input_count <= NF_IR_RARE_INPUTS);
    if (ir->failed)
        return 0;
    if (nf_ir_is_const(ir, mask, &bits))
        return bits ? build(ir, input) : usual;
    for (unsigned i = 0; i < input_count; i++) {
        if (nf_ir_is_const(ir, input[i], &wanted.bits[i]))
            wanted.is_const |= 1U << i;
        else
            rare.input[rare.input_count++] = input[i];
    }
    rare.program_number = program_intern(ir, &wanted);
    if (ir->failed)
        return 0;
    rare.program = ir->program[rare.program_number].ir;
    return rare_intern(ir, &rare, mask, usual);
}

/* Sets is_used of everything that result needs; users come after their operands. */
static void mark_used(const nf_ir *ir, unsigned char *is_used)
{
    is_used[ir->result] = 1;
    for (size_t i = ir->count; i-- > 0;) {
        const struct nf_ir_instruction *instruction = &ir->instruction[i];
        if (!is_used[i])
            continue;
        for (unsigned k = 0; k < operand_count(instruction->op); k++)
            is_used[instruction->operand[k]] = 1;
        if (instruction->op != NF_IR_RARE)
            continue;
        const struct nf_ir_rare *rare = &ir->rare[instruction->imm];
        for (unsigned k = 0; k < rare->input_count; k++)
            is_used[rare->input[k]] = 1;
    }
}

/* The rares that are left, in the order of their instructions, of which each has its own; rare has
 * room for all. */
static void rares_renumber(nf_ir *ir, struct nf_ir_rare *rare, const nf_value *number)
{
    size_t count = 0;
    for (size_t i = 0; i < ir->count; i++) {
        struct nf_ir_instruction *instruction = &ir->instruction[i];
        if (instruction->op != NF_IR_RARE)
            continue;
        rare[count] = ir->rare[instruction->imm];
        for (unsigned k = 0; k < rare[count].input_count; k++)
            rare[count].input[k] = number[rare[count].input[k]];
        instruction->imm = count++;
    }
    free(ir->rare);
    ir->rare = rare;
    ir->rare_count = count;
}

/* number has room for every program: each came with an instruction. */
static void programs_renumber(nf_ir *ir, nf_value *number)
{
    size_t count = 0;
    for (size_t p = 0; p < ir->program_count; p++)
        number[p] = NOT_FOUND;
    for (size_t r = 0; r < ir->rare_count; r++)
        number[ir->rare[r].program_number] = 0;
    for (size_t p = 0; p < ir->program_count; p++) {
        struct nf_ir_program program = ir->program[p];
        if (number[p] == NOT_FOUND) {
            program_clear(&program);
        } else {
            number[p] = (nf_value)count;
            ir->program[count++] = program;
        }
    }
    ir->program_count = count;
    for (size_t r = 0; r < ir->rare_count; r++)
        ir->rare[r].program_number = number[ir->rare[r].program_number];
}

static void instructions_renumber(nf_ir *ir, const unsigned char *is_used, nf_value *number)
{
    size_t count = 0;
    for (size_t i = 0; i < ir->count; i++) {
        if (!is_used[i])
            continue;
        struct nf_ir_instruction instruction = ir->instruction[i];
        for (unsigned k = 0; k < operand_count(instruction.op); k++)
            instruction.operand[k] = number[instruction.operand[k]];
        number[i] = (nf_value)count;
        ir->instruction[count++] = instruction;
    }
    ir->count = count;
    ir->result = number[ir->result];
}

/* number has room for every table: each came with an instruction. */
static void tables_renumber(nf_ir *ir, nf_value *number)
{
    size_t kept_count = 0;
    for (size_t t = 0; t < ir->table_count; t++)
        number[t] = NOT_FOUND;
    for (size_t i = 0; i < ir->count; i++)
        if (ir->instruction[i].op == NF_IR_TABLE)
            number[ir->instruction[i].imm] = 0;
    for (size_t t = 0; t < ir->table_count; t++) {
        struct nf_ir_table table = ir->table[t];
        if (number[t] == NOT_FOUND) {
            free(table.entry);
        } else {
            number[t] = (nf_value)kept_count;
            ir->table[kept_count++] = table;
        }
    }
    ir->table_count = kept_count;
    for (size_t i = 0; i < ir->count; i++)
        if (ir->instruction[i].op == NF_IR_TABLE)
            ir->instruction[i].imm = number[ir->instruction[i].imm];
}

int nf_ir_finish(nf_ir *ir, nf_value result, nfold_error *err)
{
    if (ir->failed || ir->count == 0)
        return nf_fail_memory(err);
    assert(result < ir->count);
    unsigned char *is_used = calloc(ir->count, 1);
    nf_value *number = calloc(ir->count, sizeof *number);
    struct nf_ir_rare *kept = calloc(ir->rare_count ? ir->rare_count : 1, sizeof *kept);
    if (!is_used || !number || !kept) {
        free(kept);
        free(number);
        free(is_used);
        return nf_fail_memory(err);
    }
    ir->result = result;
    mark_used(ir, is_used);
    instructions_renumber(ir, is_used, number);
    rares_renumber(ir, kept, number);
    tables_renumber(ir, number);
    programs_renumber(ir, number);
    free(ir->bucket); /* numbers have changed: nothing is built any more */
    ir->bucket = NULL;
    ir->bucket_count = 0;
    free(number);
    free(is_used);
    return 0;
}
