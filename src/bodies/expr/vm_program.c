/* vm_program.c: makes the VM's list of loops from a program of the IR: chooses loops, fuses Horner
 * chains, and gives every value a slot that is free again after its last use. */
#include "vm_program.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* Measured: a block of 512 lanes in the second-level cache is faster than one of 128 in the first,
 * because every loop costs some 40 cycles to enter and leave. */
#define BLOCK_MAX   512
#define BLOCK_MIN   128
#define CACHE_BYTES (256 * 1024)

/* Places in NF_VM_SLOTS hold the number of the instruction that makes the value until
 * places_settle. */
struct maker {
    const nf_ir *ir;
    const struct nf_vm_loops *loops;
    struct nf_vm_program *program;
    size_t instruction_room, pool_count, pool_room;
    struct nf_vm_place *place;  /* of every value of the IR, once made */
    uint32_t *uses;             /* of every value of the IR */
    uint32_t *chain;            /* the step of a Horner chain before this one, or NONE */
    unsigned char *is_absorbed; /* a step that the next one makes */
    int failed;
};

/* Room for `more` elements after count; doubles. */
static void *room(struct maker *maker, void *array, size_t *room_count, size_t count, size_t more,
                  size_t element_size)
{
    if (count + more <= *room_count)
        return array;
    size_t wanted = 2 * (count + more) + 16;
    void *grown = realloc(array, wanted * element_size);
    if (!grown) {
        maker->failed = 1;
        return NULL;
    }
    *room_count = wanted;
    return grown;
}

static struct nf_vm_place pool_add(struct maker *maker, const uint64_t *word, size_t count)
{
    struct nf_vm_program *program = maker->program;
    uint64_t *grown =
        room(maker, program->pool, &maker->pool_room, maker->pool_count, count, sizeof *word);
    struct nf_vm_place place = {NF_VM_POOL, (uint32_t)(maker->pool_count * sizeof *word)};
    if (!grown)
        return place;
    program->pool = grown;
    memcpy(grown + maker->pool_count, word, count * sizeof *word);
    maker->pool_count += count;
    return place;
}

static struct nf_vm_place instruction_add(struct maker *maker,
                                          const struct nf_vm_instruction *instruction)
{
    struct nf_vm_program *program = maker->program;
    struct nf_vm_instruction *grown = room(maker, program->instruction, &maker->instruction_room,
                                           program->count, 1, sizeof *grown);
    struct nf_vm_place place = {NF_VM_SLOTS, (uint32_t)program->count};
    if (!grown)
        return place;
    program->instruction = grown;
    grown[program->count] = *instruction;
    grown[program->count++].out = place;
    return place;
}

/* Operands that a loop does not have point at the pool: they are read once and not used. */
static const struct nf_vm_instruction no_operands = {
    .operand = {{NF_VM_POOL, 0}, {NF_VM_POOL, 0}, {NF_VM_POOL, 0}}};

static struct nf_vm_place splat_add(struct maker *maker, struct nf_vm_place constant)
{
    struct nf_vm_instruction instruction = no_operands;
    instruction.loop = maker->loops->splat;
    instruction.operand[0] = constant;
    return instruction_add(maker, &instruction);
}

/* ---- Horner chains: fma(fma(s, z, K), z, K) with one loop ---- */

static const struct nf_ir_instruction *at(const struct maker *maker, nf_value value)
{
    return &maker->ir->instruction[value];
}

static int is_const(const struct maker *maker, nf_value value)
{
    return at(maker, value)->op == NF_IR_CONST;
}

static int is_step(const struct maker *maker, nf_value value)
{
    const struct nf_ir_instruction *instruction = at(maker, value);
    return instruction->op == NF_IR_FMA && is_const(maker, instruction->operand[2]);
}

static void uses_count(struct maker *maker)
{
    const nf_ir *ir = maker->ir;
    for (size_t i = 0; i < ir->count; i++)
        for (unsigned k = 0; nf_ir_op_info[ir->instruction[i].op].operands[k]; k++)
            maker->uses[ir->instruction[i].operand[k]]++;
    for (size_t r = 0; r < ir->rare_count; r++)
        for (unsigned k = 0; k < ir->rare[r].input_count; k++)
            maker->uses[ir->rare[r].input[k]]++;
    maker->uses[ir->result]++;
}

/* The multiplier of a step, when one of its factors is known to be the chain's value. */
static nf_value multiplier(const struct maker *maker, nf_value step, nf_value chained)
{
    const nf_value *operand = at(maker, step)->operand;
    return operand[0] == chained ? operand[1] : operand[0];
}

/* Can `step` go on from the step `before`, which nothing else needs, with the same multiplier? */
static int chain_continues(const struct maker *maker, nf_value step, nf_value before)
{
    const nf_value *operand = at(maker, step)->operand;
    if (operand[0] == operand[1] || !is_step(maker, before) || maker->uses[before] != 1)
        return 0;
    nf_value z = multiplier(maker, step, before);
    if (is_const(maker, z))
        return 0;
    if (maker->chain[before] != NONE)
        return multiplier(maker, before, maker->chain[before]) == z;
    return at(maker, before)->operand[0] == z || at(maker, before)->operand[1] == z;
}

static void chains_find(struct maker *maker)
{
    for (nf_value i = 0; i < maker->ir->count; i++) {
        maker->chain[i] = NONE;
        for (unsigned k = 0; k < 2 && is_step(maker, i) && maker->chain[i] == NONE; k++) {
            nf_value before = at(maker, i)->operand[k];
            if (!chain_continues(maker, i, before))
                continue;
            maker->chain[i] = before;
            maker->is_absorbed[before] = 1;
        }
    }
}

static struct nf_vm_place steps_add(struct maker *maker, struct nf_vm_place start,
                                    struct nf_vm_place z, const uint64_t *coefficient, size_t count)
{
    struct nf_vm_instruction instruction = no_operands;
    int start_is_const = start.base == NF_VM_POOL;
    instruction.operand[0] = start;
    instruction.operand[1] = z;
    instruction.operand[2] = pool_add(maker, coefficient, count);
    instruction.loop = maker->loops->horner[count][start_is_const];
    return instruction_add(maker, &instruction);
}

/* The chain that ends with `last`, in pieces of NF_VM_HORNER_MAX steps. */
static struct nf_vm_place chain_add(struct maker *maker, nf_value last)
{
    uint64_t coefficient[NF_VM_HORNER_MAX];
    size_t steps = 1;
    nf_value first = last;
    for (; maker->chain[first] != NONE; steps++)
        first = maker->chain[first];
    nf_value z = multiplier(maker, last, maker->chain[last]);
    struct nf_vm_place value = maker->place[multiplier(maker, first, z)];
    while (steps > 0) {
        size_t pieces = (steps + NF_VM_HORNER_MAX - 1) / NF_VM_HORNER_MAX;
        size_t piece = (steps + pieces - 1) / pieces; /* never 1: a chain has two steps at least */
        nf_value step = last;
        for (size_t skip = steps; skip > piece; skip--)
            step = maker->chain[step];
        for (size_t k = piece; k-- > 0; step = maker->chain[step])
            coefficient[k] = at(maker, at(maker, step)->operand[2])->imm;
        value = steps_add(maker, value, maker->place[z], coefficient, piece);
        steps -= piece;
    }
    return value;
}

/* ---- single instructions ---- */

/* The loop for points that are not stored, if all operands are points or constants. */
static nf_vm_first_loop *first_loop(const struct maker *maker, enum nf_ir_op op,
                                    const struct nf_vm_instruction *instruction, unsigned pattern)
{
    unsigned inputs = 0;
    for (unsigned k = 0; nf_ir_op_info[op].operands[k]; k++) {
        inputs += instruction->operand[k].base == NF_VM_INPUT;
        if (instruction->operand[k].base != NF_VM_INPUT &&
            instruction->operand[k].base != NF_VM_POOL)
            return NULL;
    }
    return inputs > 0 ? maker->loops->first[op][pattern] : NULL;
}

static struct nf_vm_place operation_add(struct maker *maker, nf_value value)
{
    const struct nf_ir_instruction *from = at(maker, value);
    struct nf_vm_instruction instruction = no_operands;
    unsigned pattern = 0;
    for (unsigned k = 0; nf_ir_op_info[from->op].operands[k]; k++) {
        instruction.operand[k] = maker->place[from->operand[k]];
        pattern |= (unsigned)(instruction.operand[k].base == NF_VM_POOL) << k;
    }
    for (unsigned k = 0; k < 3 && !maker->loops->operation[from->op][pattern]; k++) {
        if (!(pattern & (1U << k)))
            continue;
        instruction.operand[k] = splat_add(maker, instruction.operand[k]);
        pattern &= ~(1U << k);
    }
    instruction.loop = maker->loops->operation[from->op][pattern];
    assert(instruction.loop);
    instruction.first = first_loop(maker, from->op, &instruction, pattern);
    if (from->op == NF_IR_TABLE) {
        const struct nf_ir_table *table = &maker->ir->table[from->imm];
        instruction.operand[1] = pool_add(maker, table->entry, table->count);
    }
    return instruction_add(maker, &instruction);
}

static struct nf_vm_place rare_add(struct maker *maker, nf_value value)
{
    const struct nf_ir_instruction *from = at(maker, value);
    const struct nf_ir_rare *rare = &maker->ir->rare[from->imm];
    struct nf_vm_rare *made = &maker->program->rare[from->imm];
    struct nf_vm_instruction instruction = no_operands;
    made->input_count = rare->input_count;
    for (unsigned k = 0; k < rare->input_count; k++)
        made->input[k] = maker->place[rare->input[k]];
    instruction.operand[0] = maker->place[from->operand[0]];
    instruction.operand[1] = maker->place[from->operand[1]];
    instruction.loop =
        instruction.operand[1].base == NF_VM_POOL ? maker->loops->splat : maker->loops->copy;
    instruction.rare = (uint32_t)from->imm + 1;
    return instruction_add(maker, &instruction);
}

static void value_add(struct maker *maker, nf_value value)
{
    const struct nf_ir_instruction *from = at(maker, value);
    struct nf_vm_place *place = &maker->place[value];
    if (maker->is_absorbed[value])
        return;
    if (from->op == NF_IR_CONST)
        *place = pool_add(maker, &from->imm, 1);
    else if (from->op == NF_IR_INPUT)
        *place = (struct nf_vm_place){NF_VM_INPUT + (uint32_t)from->imm, 0};
    else if (from->op == NF_IR_RARE)
        *place = rare_add(maker, value);
    else if (maker->chain[value] != NONE)
        *place = chain_add(maker, value);
    else
        *place = operation_add(maker, value);
}

/* The last instruction makes the result, and writes it to the output. */
static void result_add(struct maker *maker)
{
    struct nf_vm_place place = maker->place[maker->ir->result];
    struct nf_vm_program *program = maker->program;
    if (place.base != NF_VM_SLOTS) {
        struct nf_vm_instruction instruction = no_operands;
        int is_constant = place.base == NF_VM_POOL;
        instruction.loop = is_constant ? maker->loops->splat : maker->loops->copy;
        instruction.operand[0] = place;
        place = instruction_add(maker, &instruction);
    }
    if (maker->failed)
        return;
    assert(place.offset == program->count - 1);
    program->instruction[program->count - 1].out = (struct nf_vm_place){NF_VM_OUTPUT, 0};
}

static int reads_input(const struct nf_vm_program *program,
                       const struct nf_vm_instruction *instruction)
{
    int reads = 0;
    for (unsigned k = 0; k < 3; k++)
        reads |= instruction->operand[k].base == NF_VM_INPUT;
    if (!instruction->rare)
        return reads;
    const struct nf_vm_rare *rare = &program->rare[instruction->rare - 1];
    for (unsigned k = 0; k < rare->input_count; k++)
        reads |= rare->input[k].base == NF_VM_INPUT;
    return reads;
}

/* Who reads points twice is better off with points in memory. */
static int can_step(const struct nf_vm_program *program)
{
    size_t readers = 0, able = 0;
    for (size_t i = 0; i < program->count; i++) {
        readers += reads_input(program, &program->instruction[i]);
        able += program->instruction[i].first != NULL;
    }
    return readers == 1 && able == 1;
}

/* ---- slots ---- */

struct slots {
    uint32_t *last_use; /* of the value of every instruction; NONE once its slot is free */
    uint32_t *slot;     /* of the value of every instruction */
    uint32_t *free;
    size_t free_count;
};

static void use_note(struct slots *slots, struct nf_vm_place place, size_t user)
{
    if (place.base == NF_VM_SLOTS)
        slots->last_use[place.offset] = (uint32_t)user;
}

static void uses_note(const struct nf_vm_program *program, struct slots *slots)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct nf_vm_instruction *instruction = &program->instruction[i];
        for (unsigned k = 0; k < 3; k++)
            use_note(slots, instruction->operand[k], i);
        if (!instruction->rare)
            continue;
        const struct nf_vm_rare *rare = &program->rare[instruction->rare - 1];
        for (unsigned k = 0; k < rare->input_count; k++)
            use_note(slots, rare->input[k], i);
    }
}

/* Turns the number of an instruction into its slot, which is free again if this is the last use. */
static void place_settle(struct slots *slots, struct nf_vm_place *place, size_t user)
{
    if (place->base != NF_VM_SLOTS)
        return;
    uint32_t value = place->offset;
    place->offset = slots->slot[value];
    if (slots->last_use[value] != user)
        return;
    slots->last_use[value] = NONE;
    slots->free[slots->free_count++] = place->offset;
}

/* The slot that was freed last is taken first: it is in the cache, and for RARE the usual value is
 * then often where the result must be. An operand's slot may be taken by the result. */
static void places_settle(struct nf_vm_program *program, struct slots *slots)
{
    static const unsigned usual_last[3] = {2, 0, 1}, first_last[3] = {2, 1, 0};
    for (size_t i = 0; i < program->count; i++) {
        struct nf_vm_instruction *instruction = &program->instruction[i];
        const unsigned *order = instruction->rare ? usual_last : first_last;
        if (instruction->rare) {
            struct nf_vm_rare *rare = &program->rare[instruction->rare - 1];
            for (unsigned k = 0; k < rare->input_count; k++)
                place_settle(slots, &rare->input[k], i);
        }
        for (unsigned k = 0; k < 3; k++)
            place_settle(slots, &instruction->operand[order[k]], i);
        if (instruction->out.base != NF_VM_SLOTS)
            continue;
        if (!slots->free_count)
            slots->free[slots->free_count++] = (uint32_t)program->slot_count++;
        slots->slot[i] = slots->free[--slots->free_count];
        instruction->out.offset = slots->slot[i];
    }
}

static int slots_assign(struct nf_vm_program *program)
{
    struct slots slots = {0};
    uint32_t *memory = malloc(3 * program->count * sizeof *memory);
    if (!memory)
        return 0;
    memset(memory, 0xff, program->count * sizeof *memory);
    slots.last_use = memory;
    slots.slot = memory + program->count;
    slots.free = memory + 2 * program->count;
    uses_note(program, &slots);
    places_settle(program, &slots);
    free(memory);
    return 1;
}

static size_t block_choose(size_t slot_count)
{
    size_t block = BLOCK_MAX;
    while (block > BLOCK_MIN && slot_count * block * sizeof(uint64_t) > CACHE_BYTES)
        block /= 2;
    return block;
}

static void place_scale(struct nf_vm_place *place, size_t slot_bytes)
{
    if (place->base == NF_VM_SLOTS)
        place->offset *= (uint32_t)slot_bytes;
}

/* From slot numbers to bytes. */
static void places_scale(struct nf_vm_program *program, size_t rare_count)
{
    for (size_t i = 0; i < program->count; i++) {
        place_scale(&program->instruction[i].out, program->slot_bytes);
        for (unsigned k = 0; k < 3; k++)
            place_scale(&program->instruction[i].operand[k], program->slot_bytes);
    }
    for (size_t i = 0; i < rare_count; i++)
        for (unsigned k = 0; k < program->rare[i].input_count; k++)
            place_scale(&program->rare[i].input[k], program->slot_bytes);
}

/* ---- the whole ---- */

static int maker_open(struct maker *maker)
{
    size_t count = maker->ir->count;
    maker->place = calloc(count, sizeof *maker->place);
    maker->uses = calloc(count, sizeof *maker->uses);
    maker->chain = calloc(count, sizeof *maker->chain);
    maker->is_absorbed = calloc(count, 1);
    return maker->place && maker->uses && maker->chain && maker->is_absorbed;
}

static void maker_close(struct maker *maker)
{
    free(maker->place);
    free(maker->uses);
    free(maker->chain);
    free(maker->is_absorbed);
}

static int instructions_make(struct nf_vm_program *program, const nf_ir *ir,
                             const struct nf_vm_loops *loops)
{
    struct maker maker = {.ir = ir, .loops = loops, .program = program};
    if (!maker_open(&maker)) {
        maker_close(&maker);
        return 0;
    }
    pool_add(&maker, &(uint64_t){0}, 1); /* what absent operands point at */
    uses_count(&maker);
    chains_find(&maker);
    for (nf_value i = 0; i < ir->count && !maker.failed; i++)
        value_add(&maker, i);
    if (!maker.failed)
        result_add(&maker);
    maker_close(&maker);
    return !maker.failed;
}

/* The rare programs use the same block, and share an area behind the slots. */
static int inner_make(struct nf_vm_program *program, const nf_ir *ir,
                      const struct nf_vm_loops *loops, nfold_error *err)
{
    size_t largest = 0;
    for (; program->inner_count < ir->program_count; program->inner_count++) {
        struct nf_vm_program **inner = &program->inner[program->inner_count];
        int rc = nf_vm_program_create(inner, ir->program[program->inner_count].ir, loops,
                                      program->block, err);
        if (rc < 0)
            return rc;
        if ((*inner)->scratch_size > largest)
            largest = (*inner)->scratch_size;
    }
    for (size_t i = 0; i < ir->rare_count; i++)
        program->rare[i].program = program->inner[ir->rare[i].program_number];
    program->rare_offset = program->slot_count * program->slot_bytes;
    program->scratch_size = program->rare_offset;
    if (ir->program_count)
        program->scratch_size += (2 + NF_IR_RARE_INPUTS) * program->slot_bytes + largest;
    return 0;
}

static int program_allocate(struct nf_vm_program *program, const nf_ir *ir)
{
    program->rare = calloc(ir->rare_count ? ir->rare_count : 1, sizeof *program->rare);
    program->inner = calloc(ir->program_count ? ir->program_count : 1, sizeof *program->inner);
    return program->rare && program->inner;
}

int nf_vm_program_create(struct nf_vm_program **made, const nf_ir *ir,
                         const struct nf_vm_loops *loops, size_t block, nfold_error *err)
{
    struct nf_vm_program *program = calloc(1, sizeof *program);
    if (!program)
        return nf_fail_memory(err);
    int rc = NFOLD_OK;
    if (!program_allocate(program, ir) || !instructions_make(program, ir, loops) ||
        !slots_assign(program)) {
        rc = nf_fail_memory(err);
        goto destroy;
    }
    program->block = block ? block : block_choose(program->slot_count);
    program->slot_bytes = program->block * sizeof(uint64_t);
    program->can_step = program->block == NF_VM_STEPS * NFOLD_LANES && can_step(program);
    places_scale(program, ir->rare_count);
    rc = inner_make(program, ir, loops, err);
    if (rc < 0)
        goto destroy;
    *made = program;
    return rc;
destroy:
    nf_vm_program_destroy(program);
    return rc;
}

void nf_vm_program_destroy(struct nf_vm_program *program)
{
    if (!program)
        return;
    for (size_t i = 0; i < program->inner_count; i++)
        nf_vm_program_destroy(program->inner[i]);
    free(program->inner);
    free(program->rare);
    free(program->pool);
    free(program->instruction);
    free(program);
}
