/* print_ir.c: a program of the IR as text, one instruction a line. */
#include "print_c.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "number.h"

static void print_name(struct nfold_buffer *out, const char *upper)
{
    char lower[16] = "";
    for (size_t i = 0; upper[i] && i + 1 < sizeof lower; i++)
        lower[i] = (char)tolower((unsigned char)upper[i]);
    nf_buffer_string(out, lower);
}

/* A constant has no type of its own: its bits, and its value where that says more. */
static void print_constant(struct nfold_buffer *out, uint64_t bits)
{
    char text[NF_NUMBER_SIZE];
    double value;
    memcpy(&value, &bits, sizeof value);
    nf_buffer_print(out, " 0x%016" PRIx64 " ; %s", bits, nf_number_print(value, text));
}

static void print_instruction(struct nfold_buffer *out, const nf_ir *ir, size_t i)
{
    const struct nf_ir_instruction *instruction = &ir->instruction[i];
    const struct nf_ir_op_info *info = &nf_ir_op_info[instruction->op];
    nf_buffer_print(out, "v%zu = ", i);
    print_name(out, info->name);
    for (unsigned k = 0; info->operands[k]; k++)
        nf_buffer_print(out, " v%u", instruction->operand[k]);
    if (instruction->op == NF_IR_CONST)
        print_constant(out, instruction->imm);
    if (instruction->op == NF_IR_INPUT)
        nf_buffer_print(out, " %" PRIu64, instruction->imm);
    if (instruction->op == NF_IR_TABLE)
        nf_buffer_print(out, " table %" PRIu64, instruction->imm);
    if (instruction->op == NF_IR_RARE) {
        const struct nf_ir_rare *rare = &ir->rare[instruction->imm];
        nf_buffer_string(out, " rare(");
        for (unsigned k = 0; k < rare->input_count; k++)
            nf_buffer_print(out, "%sv%u", k ? ", " : "", rare->input[k]);
        nf_buffer_string(out, ") {");
    }
    nf_buffer_string(out, "\n");
}

static void print_table(struct nfold_buffer *out, const struct nf_ir_table *table, size_t number,
                        const char *indent)
{
    if (!table->count)
        return;
    nf_buffer_print(out, "%stable %zu: %zu entries", indent, number, table->count);
    for (size_t i = 0; i < table->count; i++)
        nf_buffer_print(out, "%s0x%016" PRIx64, i % 4 ? " " : "\n    ", table->entry[i]);
    nf_buffer_string(out, "\n");
}

static void print_program(struct nfold_buffer *out, const nf_ir *ir, unsigned depth)
{
    char indent[33] = "";
    memset(indent, ' ', 4 * depth < 32 ? 4 * depth : 32);
    for (size_t i = 0; i < ir->table_count; i++)
        print_table(out, &ir->table[i], i, indent);
    for (size_t i = 0; i < ir->count; i++) {
        nf_buffer_string(out, indent);
        print_instruction(out, ir, i);
        if (ir->instruction[i].op == NF_IR_RARE) {
            print_program(out, ir->rare[ir->instruction[i].imm].program, depth + 1);
            nf_buffer_print(out, "%s}\n", indent);
        }
    }
    nf_buffer_print(out, "%sresult v%u\n", indent, ir->result);
}

void nf_print_ir(const nf_ir *ir, struct nfold_buffer *out)
{
    print_program(out, ir, 0);
}
