/* print_c.c: prints a program of the IR as C with vector extensions: the C printer.
 *
 * What it prints, from top to bottom: a few macros that choose shape and vectors, src/base/fma.h
 * where there is no instruction for fma, the text of kernel.h, and the program: its tables, its
 * rare programs and nf_values. An instruction is one line for each vector that goes through the
 * kernel together: a processor looks only so far ahead for work that does not wait, so that chains
 * which do not depend on each other must lie side by side. */
#include "print_c.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

/* Lines of kernel.h and of src/base/fma.h; tools/embed.py makes them when nfold is built. */
extern const char *const nf_kernel_text[];
extern const char *const nf_fma_text[];

/* A program nested in another is named by its path: "_0_1" is rare program 1 of rare program 0. */
#define PATH_SIZE 64

/* How each operation is written; %a, %b, %c are its operands. Empty: see print_value. */
static const char *const op_text[NF_IR_OP_COUNT] = {
    [NF_IR_ADD] = "%a + %b",
    [NF_IR_SUB] = "%a - %b",
    [NF_IR_MUL] = "%a * %b",
    [NF_IR_DIV] = "%a / %b",
    [NF_IR_SQRT] = "nf_sqrt(%a)",
    [NF_IR_FMA] = "nf_fused(%a, %b, %c)",
    [NF_IR_NEG] = "nf_negate(%a)",
    [NF_IR_ABS] = "nf_absolute(%a)",
    [NF_IR_LT] = "(nf_word)(%a < %b)",
    [NF_IR_LE] = "(nf_word)(%a <= %b)",
    [NF_IR_EQ] = "(nf_word)(%a == %b)",
    [NF_IR_NE] = "(nf_word)(%a != %b)",
    [NF_IR_SELECT] = "nf_select(%a, %b, %c)",
    [NF_IR_IADD] = "%a + %b",
    [NF_IR_ISUB] = "%a - %b",
    [NF_IR_IMUL] = "%a * %b",
    [NF_IR_IMULHI] = "nf_multiply_high(%a, %b)",
    [NF_IR_AND] = "%a & %b",
    [NF_IR_OR] = "%a | %b",
    [NF_IR_XOR] = "%a ^ %b",
    [NF_IR_SHL] = "%a << %b",
    [NF_IR_SHR] = "%a >> %b",
    [NF_IR_SAR] = "nf_shift_signed(%a, %b)",
    [NF_IR_IEQ] = "(nf_word)(%a == %b)",
    [NF_IR_ILT] = "(nf_word)((nf_signed)%a < (nf_signed)%b)",
};

static const char *const shape_name[NFOLD_SHAPES] = {
    [NFOLD_SHAPE_SUM] = "SUM",   [NFOLD_SHAPE_WEIGHTED_SUM] = "WEIGHTED_SUM",
    [NFOLD_SHAPE_PROD] = "PROD", [NFOLD_SHAPE_MIN] = "MIN",
    [NFOLD_SHAPE_MAX] = "MAX",   [NFOLD_SHAPE_COUNT] = "COUNT",
};

static const unsigned isa_width[NF_ISA_COUNT] = {
    [NF_ISA_SCALAR] = 2, [NF_ISA_AVX2] = 4, [NF_ISA_AVX512] = 8};

/* A program while it is printed: is_real[v] says whether value v is a vector of doubles or of
 * words. */
struct printer {
    const nf_ir *ir;
    struct nfold_buffer *out;
    unsigned char *is_real;
    const char *path;
    unsigned vectors; /* for how many each line is printed; 0: for one, in a rare program */
};

static void print_lines(struct nfold_buffer *out, const char *const *line)
{
    for (; *line; line++)
        nf_buffer_string(out, *line);
}

/* ---- one instruction ----------------------------------------------------------------------- */

static int operand_is_real(const struct nf_ir_instruction *instruction, unsigned index)
{
    return nf_ir_op_info[instruction->op].operands[index] == 'F';
}

/* Constants have the type that one of their users wants; the others cast. */
static void find_types(struct printer *printer)
{
    const nf_ir *ir = printer->ir;
    for (size_t i = 0; i < ir->count; i++) {
        const struct nf_ir_instruction *instruction = &ir->instruction[i];
        const char *operands = nf_ir_op_info[instruction->op].operands;
        printer->is_real[i] =
            instruction->op != NF_IR_CONST && nf_ir_op_info[instruction->op].type == NF_IR_F;
        for (unsigned k = 0; operands[k]; k++) {
            nf_value operand = instruction->operand[k];
            if (operand_is_real(instruction, k) && ir->instruction[operand].op == NF_IR_CONST)
                printer->is_real[operand] = 1;
        }
    }
}

static int is_const(const struct printer *printer, nf_value value)
{
    return printer->ir->instruction[value].op == NF_IR_CONST;
}

/* "v7_1": value 7 of vector 1. Constants are the same for all. */
static void print_name(struct printer *printer, nf_value value, unsigned vector)
{
    nf_buffer_print(printer->out, "v%" PRIu32, value);
    if (printer->vectors > 0 && !is_const(printer, value))
        nf_buffer_print(printer->out, "_%u", vector);
}

static void print_operand(struct printer *printer, nf_value value, unsigned vector, int wants_real)
{
    if (printer->is_real[value] != wants_real)
        nf_buffer_string(printer->out, wants_real ? "(nf_real)" : "(nf_word)");
    print_name(printer, value, vector);
}

static void print_const(struct printer *printer, uint64_t bits, int is_real)
{
    double value;
    char number[NF_NUMBER_SIZE];
    memcpy(&value, &bits, sizeof value);
    if (is_real && (isnormal(value) || value == 0)) {
        nf_buffer_print(printer->out, "nf_all(%s)", nf_number_print(value, number));
        return;
    }
    nf_buffer_print(printer->out, "%snf_bits(0x%" PRIx64 "ull)", is_real ? "(nf_real)" : "", bits);
}

static void print_arguments(struct printer *printer, const struct nf_ir_rare *rare, unsigned vector)
{
    for (unsigned k = 0; k < rare->input_count; k++) {
        if (k > 0)
            nf_buffer_string(printer->out, ", ");
        print_operand(printer, rare->input[k], vector, 1);
    }
}

/* "usual; if any lane is rare, …" */
static void print_rare(struct printer *printer, nf_value number, unsigned vector)
{
    struct nfold_buffer *out = printer->out;
    const struct nf_ir_instruction *instruction = &printer->ir->instruction[number];
    print_operand(printer, instruction->operand[1], vector, 1);
    nf_buffer_string(out, ";\n    if (__builtin_expect(nf_any(");
    print_operand(printer, instruction->operand[0], vector, 0);
    nf_buffer_string(out, "), 0))\n        ");
    print_name(printer, number, vector);
    nf_buffer_string(out, " = nf_select(");
    print_operand(printer, instruction->operand[0], vector, 0);
    nf_buffer_print(out, ", nf_rare%s_%" PRIu64 "(", printer->path, instruction->imm);
    print_arguments(printer, &printer->ir->rare[instruction->imm], vector);
    nf_buffer_string(out, "), ");
    print_name(printer, number, vector);
    nf_buffer_string(out, ")");
}

static void print_operation(struct printer *printer, const struct nf_ir_instruction *instruction,
                            unsigned vector)
{
    for (const char *text = op_text[instruction->op]; *text; text++) {
        if (*text != '%') {
            nf_buffer_bytes(printer->out, text, 1);
            continue;
        }
        unsigned index = (unsigned)(*++text - 'a');
        print_operand(printer, instruction->operand[index], vector,
                      operand_is_real(instruction, index));
    }
}

static void print_value(struct printer *printer, nf_value number, unsigned vector)
{
    struct nfold_buffer *out = printer->out;
    const struct nf_ir_instruction *instruction = &printer->ir->instruction[number];
    switch (instruction->op) {
    case NF_IR_CONST:
        print_const(printer, instruction->imm, printer->is_real[number]);
        break;
    case NF_IR_INPUT:
        if (printer->vectors > 0)
            nf_buffer_print(out, "input.at[%u]", vector);
        else
            nf_buffer_print(out, "input%" PRIu64, instruction->imm);
        break;
    case NF_IR_TABLE:
        nf_buffer_print(out, "nf_gather(nf_table%s_%" PRIu64 ", ", printer->path, instruction->imm);
        print_operand(printer, instruction->operand[0], vector, 0);
        nf_buffer_string(out, ")");
        break;
    case NF_IR_RARE:
        print_rare(printer, number, vector);
        break;
    default:
        print_operation(printer, instruction, vector);
    }
}

static void print_instruction(struct printer *printer, nf_value number)
{
    unsigned lines = is_const(printer, number) || printer->vectors == 0 ? 1 : printer->vectors;
    for (unsigned vector = 0; vector < lines; vector++) {
        nf_buffer_string(printer->out, printer->is_real[number] ? "    nf_real " : "    nf_word ");
        print_name(printer, number, vector);
        nf_buffer_string(printer->out, " = ");
        print_value(printer, number, vector);
        nf_buffer_string(printer->out, ";\n");
    }
}

/* ---- a program ------------------------------------------------------------------------------- */

static void print_table(struct nfold_buffer *out, const char *path, size_t number,
                        const struct nf_ir_table *table)
{
    nf_buffer_print(out, "static const unsigned long long nf_table%s_%zu[] = {", path, number);
    for (size_t i = 0; i < table->count; i++)
        nf_buffer_print(out, "%s0x%" PRIx64 "ull,", i % 4 == 0 ? "\n    " : " ", table->entry[i]);
    nf_buffer_string(out, "\n};\n\n");
}

static void print_instructions(struct printer *printer)
{
    for (size_t i = 0; i < printer->ir->count; i++)
        print_instruction(printer, (nf_value)i);
}

static void print_rare_function(struct printer *printer, unsigned input_count)
{
    struct nfold_buffer *out = printer->out;
    nf_buffer_print(out, "NF_RARELY nf_real nf_rare%s(", printer->path);
    for (unsigned k = 0; k < input_count; k++)
        nf_buffer_print(out, "%snf_real input%u", k > 0 ? ", " : "", k);
    nf_buffer_string(out, ")\n{\n");
    print_instructions(printer);
    nf_buffer_string(out, "    return ");
    print_operand(printer, printer->ir->result, 0, 1);
    nf_buffer_string(out, ";\n}\n\n");
}

static void print_main_function(struct printer *printer)
{
    struct nfold_buffer *out = printer->out;
    nf_buffer_string(out, "NF_INLINE struct nf_points nf_values(struct nf_points input)\n{\n");
    print_instructions(printer);
    nf_buffer_string(out, "    return (struct nf_points){{");
    for (unsigned vector = 0; vector < printer->vectors; vector++) {
        nf_buffer_string(out, vector > 0 ? ", " : "");
        print_operand(printer, printer->ir->result, vector, 1);
    }
    nf_buffer_string(out, "}};\n}\n");
}

/* What the program uses first, then the program: the main one for so many vectors, a rare one of so
 * many inputs for one (vectors is 0). */
static int print_program(const nf_ir *ir, const char *path, unsigned vectors, unsigned input_count,
                         struct nfold_buffer *out)
{
    for (size_t i = 0; i < ir->table_count; i++)
        print_table(out, path, i, &ir->table[i]);
    for (size_t i = 0; i < ir->rare_count; i++) {
        char inner[PATH_SIZE];
        int length = snprintf(inner, sizeof inner, "%s_%zu", path, i);
        assert(length > 0 && (size_t)length < sizeof inner);
        (void)length;
        if (print_program(ir->rare[i].program, inner, 0, ir->rare[i].input_count, out) < 0)
            return NFOLD_E_MEMORY;
    }
    struct printer printer = {.ir = ir, .out = out, .path = path, .vectors = vectors};
    printer.is_real = calloc(ir->count + 1, 1);
    if (!printer.is_real)
        return NFOLD_E_MEMORY;
    find_types(&printer);
    if (vectors > 0)
        print_main_function(&printer);
    else
        print_rare_function(&printer, input_count);
    free(printer.is_real);
    return 0;
}

/* ---- the unit -------------------------------------------------------------------------------- */

/* About how many instructions of a processor one step of one vector costs. */
static unsigned program_cost(const nf_ir *ir)
{
    unsigned cost = 0;
    for (size_t i = 0; i < ir->count; i++) {
        switch (ir->instruction[i].op) {
        case NF_IR_CONST:
        case NF_IR_INPUT:
            break;
        case NF_IR_TABLE:
        case NF_IR_IMULHI:
            cost += 8;
            break;
        default:
            cost++;
        }
    }
    return cost;
}

/* How many vectors go through the kernel together: a light program needs several to keep a
 * processor busy; a very heavy one does so alone, and every line more is time spent compiling.
 * Measured: docs/design/native.md. */
static unsigned choose_vectors(unsigned cost)
{
    return cost <= 22 ? 4 : cost <= 300 ? 2 : 1;
}

/* All that stands in front of nf_values. */
static void print_kernel(enum nfold_shape shape, enum nf_isa isa, unsigned vectors, unsigned unroll,
                         struct nfold_buffer *out)
{
    nf_buffer_print(out,
                    "#define NF_SHAPE_%s\n#define NF_WIDTH %u\n#define NF_VECTORS %u\n"
                    "#define NF_UNROLL %u\n\n",
                    shape_name[shape], isa_width[isa], vectors, unroll);
    if (isa == NF_ISA_SCALAR)
        print_lines(out, nf_fma_text);
    print_lines(out, nf_kernel_text);
}

int nf_print_c(const nf_ir *ir, enum nfold_shape shape, enum nf_isa isa, struct nfold_buffer *out,
               nfold_error *err)
{
    unsigned cost = program_cost(ir), vectors = choose_vectors(cost);
    print_kernel(shape, isa, vectors, cost <= 6 ? 4 : 1, out);
    int rc = print_program(ir, "", vectors, 1, out);
    if (rc < 0 || out->failed)
        return nf_fail_memory(err);
    return 0;
}

int nf_print_c_function(const char *path, const char *symbol, enum nfold_shape shape,
                        enum nf_isa isa, struct nfold_buffer *out, nfold_error *err)
{
    const unsigned vectors = 4;
    print_kernel(shape, isa, vectors, 1, out);
    nf_buffer_print(out,
                    "#include \"%s\"\n\n"
                    "NF_INLINE struct nf_points nf_values(struct nf_points nf_input)\n{\n"
                    "    struct nf_points nf_result;\n",
                    path);
    for (unsigned vector = 0; vector < vectors; vector++) {
        nf_buffer_print(out, "    nf_result.at[%u] = (nf_real){", vector);
        for (unsigned lane = 0; lane < isa_width[isa]; lane++)
            nf_buffer_print(out, "%s(nf_input.at[%u][%u])%s", symbol, vector, lane,
                            lane + 1 < isa_width[isa] ? ", " : "};\n");
    }
    nf_buffer_string(out, "    return nf_result;\n}\n");
    return out->failed ? nf_fail_memory(err) : 0;
}

void nf_print_c_flags(enum nf_isa isa, const char *flags[NF_PRINT_C_FLAGS])
{
    /* The text is vectors already: the vectorisers would only cost time. Without tree-ter gcc keeps
     * the order of the lines. No library is called. */
    static const char *const common[] = {"-fno-tree-ter", "-fno-tree-vectorize",
                                         "-fno-tree-slp-vectorize", "-fno-stack-protector",
                                         "-nostdlib"};
    size_t count = sizeof common / sizeof *common;
    memcpy(flags, common, sizeof common);
    for (const char *const *flag = nf_isa_flags(isa); *flag; flag++) {
        assert(count < NF_PRINT_C_FLAGS - 1);
        flags[count++] = *flag;
    }
    flags[count] = NULL;
}
