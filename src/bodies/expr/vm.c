/* vm.c: runs the VM's programs: one loop after the other over a block of lanes. */
#include "vm.h"

#include <stdlib.h>
#include <string.h>

#include "vm_program.h"

/* Meson says for which instruction sets the loops are in this build: NF_VM_ISAS is X(name) … */
#define X(name) extern const struct nf_vm_loops nf_vm_loops_##name;
NF_VM_ISAS
#undef X

static const struct nf_vm_loops *const all_loops[] = {
#define X(name) &nf_vm_loops_##name,
    NF_VM_ISAS
#undef X
};

struct nf_vm {
    const struct nf_vm_loops *loops;
    struct nf_vm_program *program;
    size_t padded_offset; /* in the scratch: a block that is not full, filled up */
};

static const struct nf_vm_loops *loops_find(enum nf_isa isa)
{
    for (size_t i = 0; i < sizeof all_loops / sizeof *all_loops; i++)
        if (strcmp(all_loops[i]->isa, nf_isa_name(isa)) == 0)
            return all_loops[i];
    return NULL;
}

int nf_vm_open(struct nf_vm **made, const nf_ir *ir, enum nf_isa isa, nfold_error *err)
{
    struct nf_vm *vm = calloc(1, sizeof *vm);
    if (!vm)
        return nf_fail_memory(err);
    vm->loops = loops_find(isa);
    int rc = vm->loops
                 ? nf_vm_program_create(&vm->program, ir, vm->loops, 0, err)
                 : nf_fail(err, NFOLD_E_MISSING, "this build has no code for %s", nf_isa_name(isa));
    if (rc < 0) {
        free(vm);
        return rc;
    }
    vm->padded_offset = vm->program->scratch_size;
    *made = vm;
    return NFOLD_OK;
}

void nf_vm_close(struct nf_vm *vm)
{
    if (!vm)
        return;
    nf_vm_program_destroy(vm->program);
    free(vm);
}

size_t nf_vm_scratch_size(const struct nf_vm *vm)
{
    return vm->padded_offset + vm->program->slot_bytes;
}

/* What a block is computed from and into; count is a multiple of NF_VM_LANES. */
struct block {
    const struct nf_vm_loops *loops;
    char *base[NF_VM_BASES];
    const struct nf_vm_points *points; /* the input, where it is not stored; else NULL */
    size_t count;
};

static size_t round_up(size_t count)
{
    return (count + NF_VM_LANES - 1) & ~(size_t)(NF_VM_LANES - 1);
}

static nf_vm_lane *at(const struct block *block, struct nf_vm_place place)
{
    return (nf_vm_lane *)(void *)(block->base[place.base] + place.offset);
}

static void gather(nf_vm_lane *to, const nf_vm_lane *from, const uint16_t *lane, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = from[lane[i]];
}

static void scatter(nf_vm_lane *to, const nf_vm_lane *from, const uint16_t *lane, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[lane[i]] = from[i];
}

static void program_run(const struct nf_vm_program *program, struct block *block);

/* Only the lanes that need it are computed: they are brought together, and put back. Everything is
 * read before out is written, which may be in the place of an operand. */
static void rare_run(const struct nf_vm_program *program,
                     const struct nf_vm_instruction *instruction, const struct block *outer)
{
    const struct nf_vm_rare *rare = &program->rare[instruction->rare - 1];
    char *area = outer->base[NF_VM_SLOTS] + program->rare_offset;
    uint16_t *lane = (uint16_t *)(void *)area;
    size_t found = outer->loops->lanes(at(outer, instruction->operand[0]), outer->count, lane);
    struct block inner = {.loops = outer->loops, .count = round_up(found)};
    inner.base[NF_VM_OUTPUT] = area + program->slot_bytes;
    inner.base[NF_VM_SLOTS] = area + (2 + NF_IR_RARE_INPUTS) * program->slot_bytes;
    if (found) {
        for (size_t i = found; i < inner.count; i++)
            lane[i] = lane[found - 1];
        for (unsigned k = 0; k < rare->input_count; k++) {
            inner.base[NF_VM_INPUT + k] = area + (2 + k) * program->slot_bytes;
            gather((nf_vm_lane *)(void *)inner.base[NF_VM_INPUT + k], at(outer, rare->input[k]),
                   lane, inner.count);
        }
        program_run(rare->program, &inner);
    }
    nf_vm_lane *out = at(outer, instruction->out), *usual = at(outer, instruction->operand[1]);
    if (out != usual)
        instruction->loop(out, usual, usual, usual, outer->count);
    scatter(out, (nf_vm_lane *)(void *)inner.base[NF_VM_OUTPUT], lane, found);
}

static void program_run(const struct nf_vm_program *program, struct block *block)
{
    block->base[NF_VM_POOL] = (char *)program->pool;
    for (size_t i = 0; i < program->count; i++) {
        const struct nf_vm_instruction *instruction = &program->instruction[i];
        if (instruction->rare)
            rare_run(program, instruction, block);
        else if (block->points && instruction->first)
            instruction->first(
                at(block, instruction->out), block->points, at(block, instruction->operand[0]),
                at(block, instruction->operand[1]), at(block, instruction->operand[2]));
        else
            instruction->loop(at(block, instruction->out), at(block, instruction->operand[0]),
                              at(block, instruction->operand[1]),
                              at(block, instruction->operand[2]), block->count);
    }
}

/* count: a multiple of NF_VM_LANES, at most the program's block. */
static void block_run(const struct nf_vm *vm, void *scratch, const double *x, double *y,
                      size_t count)
{
    struct block block = {.loops = vm->loops, .count = count};
    block.base[NF_VM_SLOTS] = scratch;
    block.base[NF_VM_INPUT] = (char *)x;
    block.base[NF_VM_OUTPUT] = (char *)y;
    program_run(vm->program, &block);
}

/* Filled up with its last point, so that no lane holds what may be slow or rare for no reason. */
static void padded_run(const struct nf_vm *vm, void *scratch, const double *x, double *y,
                       size_t count)
{
    double *padded = (double *)(void *)((char *)scratch + vm->padded_offset);
    memcpy(padded, x, count * sizeof *x);
    for (size_t i = count; i < round_up(count); i++)
        padded[i] = x[count - 1];
    block_run(vm, scratch, padded, padded, round_up(count));
    memcpy(y, padded, count * sizeof *y);
}

void nf_vm_run(const struct nf_vm *vm, void *scratch, const double *x, double *y, size_t count)
{
    size_t block = vm->program->block;
    for (size_t first = 0; first < count; first += block) {
        size_t here = count - first < block ? count - first : block;
        if (here % NF_VM_LANES == 0)
            block_run(vm, scratch, x + first, y + first, here);
        else
            padded_run(vm, scratch, x + first, y + first, here);
    }
}

int nf_vm_run_steps(const struct nf_vm *vm, void *scratch, const double *base, double h,
                    uint64_t first_step, double *y)
{
    struct nf_vm_points points = {base, h, first_step};
    struct block block = {
        .loops = vm->loops, .points = &points, .count = NF_VM_STEPS * NFOLD_LANES};
    if (!vm->program->can_step)
        return 1;
    block.base[NF_VM_SLOTS] = scratch;
    block.base[NF_VM_INPUT] = (char *)base; /* where a loop looks for a constant it does not use */
    block.base[NF_VM_OUTPUT] = (char *)y;
    program_run(vm->program, &block);
    return 0;
}
