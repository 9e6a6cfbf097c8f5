/* expression.c: the body type "expression": text, run by the VM at once and by native code where
 * that pays. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <nfold/body.h>

#include "buffer.h"
#include "clock.h"
#include "double_bits.h"
#include "error.h"
#include "expr.h"
#include "isa.h"
#include "lexer.h"
#include "native.h"
#include "native_kernel.h"
#include "option.h"
#include "print_c.h"
#include "vm.h"

/* A C compiler takes seconds for more than this many instructions, and the VM needs no more time
 * for each of them than before. */
#define NATIVE_INSTRUCTIONS_MAX 4000

extern const struct nfold_body_type nf_body_expression;

struct expression {
    nf_ir ir;
    struct nf_vm *vm;
    enum nf_isa isa;
    char *text, *variable;
    char *compiler;           /* the wanted one, or NULL */
    const volatile int *stop; /* the program's */
    struct nf_expr_binding *set;
    size_t set_count;
};

static const struct nf_option expression_options[] = {
    {.name = "set",
     .type = NF_OPTION_ASSIGN,
     .metavar = "NAME=NUMBER",
     .help = "the value of a name in the expression; may be repeated"},
    {0},
};

static int expression_claims(const char *operand)
{
    (void)operand;
    return 1;
}

/* ---- opening ---- */

static const char *option_text(const nfold_options *options, const char *name)
{
    return options && nf_options_find(options, name) ? nf_options_text(options, name) : NULL;
}

static int isa_choose(struct expression *expression, const nfold_options *options, nfold_error *err)
{
    const char *name = option_text(options, "isa");
    expression->isa = nf_isa_best();
    if (!name || strcmp(name, "auto") == 0)
        return NFOLD_OK;
    if (nf_isa_parse(name, &expression->isa) < 0)
        return nf_fail(err, NFOLD_E_VALUE, "there is no instruction set '%s'", name);
    if (!nf_isa_runs_here(expression->isa))
        return nf_fail(err, NFOLD_E_MISSING, "this processor cannot run %s code; it can run %s",
                       name, nf_isa_name(nf_isa_best()));
    return NFOLD_OK;
}

/* Names are copied: the options may go before the body. */
static int bindings_read(struct expression *expression, const nfold_options *options,
                         nfold_error *err)
{
    unsigned count =
        options && nf_options_find(options, "set") ? nf_options_assign_count(options, "set") : 0;
    expression->set = calloc(count ? count : 1, sizeof *expression->set);
    if (!expression->set)
        return nf_fail_memory(err);
    for (unsigned i = 0; i < count; i++) {
        struct nf_expr_binding *binding = &expression->set[i];
        binding->name = strdup(nf_options_assign(options, "set", i, &binding->value));
        if (!binding->name)
            return nf_fail_memory(err);
        expression->set_count++;
    }
    return NFOLD_OK;
}

/* A misspelt --set would otherwise be silent where the name has another meaning, as e and pi have.
 * What another operand took is no mistake. */
static int bindings_check(const struct expression *expression, const nfold_options *options,
                          nfold_error *err)
{
    for (unsigned i = 0; i < expression->set_count; i++)
        if (!nf_options_assign_is_taken(options, "set", i) &&
            !nf_lexer_mentions(expression->text, expression->set[i].name))
            return nf_fail(err, NFOLD_E_USAGE, "--set %s: the expression has no such name",
                           expression->set[i].name);
    return NFOLD_OK;
}

static int program_make(struct expression *expression, nfold_error *err)
{
    struct nf_expr_names names = {expression->variable, expression->set, expression->set_count};
    int rc = nf_expr_compile(&expression->ir, expression->text, &names, err);
    if (rc >= 0)
        rc = nf_vm_open(&expression->vm, &expression->ir, expression->isa, err);
    return rc;
}

static int texts_copy(struct expression *expression, const char *operand, const char *variable,
                      const char *compiler, nfold_error *err)
{
    expression->text = strdup(operand);
    expression->variable = strdup(variable);
    expression->compiler = compiler ? strdup(compiler) : NULL;
    if (!expression->text || !expression->variable || (compiler && !expression->compiler))
        return nf_fail_memory(err);
    return NFOLD_OK;
}

static void expression_close(void *self)
{
    struct expression *expression = self;
    if (!expression)
        return;
    nf_vm_close(expression->vm);
    nf_ir_clear(&expression->ir);
    for (size_t i = 0; i < expression->set_count; i++)
        free((char *)expression->set[i].name);
    free(expression->set);
    free(expression->compiler);
    free(expression->variable);
    free(expression->text);
    free(expression);
}

static int expression_open(void **self, const char *operand, const char *variable,
                           const nfold_options *options, nfold_error *err)
{
    struct expression *expression = calloc(1, sizeof *expression);
    if (!expression)
        return nf_fail_memory(err);
    expression->stop = nf_options_stop(options);
    int rc = texts_copy(expression, operand, variable, option_text(options, "cc"), err);
    if (rc >= 0)
        rc = isa_choose(expression, options, err);
    if (rc >= 0)
        rc = bindings_read(expression, options, err);
    if (rc >= 0)
        rc = program_make(expression, err);
    if (rc >= 0)
        rc = bindings_check(expression, options, err);
    if (rc < 0) {
        expression_close(expression);
        return rc;
    }
    *self = expression;
    return NFOLD_OK;
}

/* ---- calling ---- */

static size_t expression_scratch_size(const void *self)
{
    const struct expression *expression = self;
    return nf_vm_scratch_size(expression->vm);
}

static int expression_call(const void *self, void *scratch, const double *x, double *y,
                           size_t count, nfold_error *err)
{
    const struct expression *expression = self;
    (void)err;
    nf_vm_run(expression->vm, scratch, x, y, count);
    return NFOLD_OK;
}

static int expression_call_steps(const void *self, void *scratch, const double *base, double h,
                                 uint64_t first_step, double *y, nfold_error *err)
{
    const struct expression *expression = self;
    (void)err;
    return nf_vm_run_steps(expression->vm, scratch, base, h, first_step, y);
}

/* Measured on one processor, and right to a factor of two or so: the first claims need no more. */
static double expression_cost_ns(const void *self)
{
    static const double instruction_ns[NF_ISA_COUNT] = {
        [NF_ISA_SCALAR] = 0.5, [NF_ISA_AVX2] = 0.11, [NF_ISA_AVX512] = 0.06};
    static const double soft_fma_ns = 13;
    const struct expression *expression = self;
    double each = instruction_ns[expression->isa], cost = 2 * each;
    for (size_t i = 0; i < expression->ir.count; i++) {
        switch (expression->ir.instruction[i].op) {
        case NF_IR_CONST:
        case NF_IR_INPUT:
            break;
        case NF_IR_DIV:
        case NF_IR_SQRT:
        case NF_IR_IMULHI:
        case NF_IR_TABLE:
            cost += 5 * each;
            break;
        case NF_IR_FMA:
            cost += expression->isa == NF_ISA_SCALAR ? soft_fma_ns : each;
            break;
        default:
            cost += each;
        }
    }
    return cost;
}

/* ---- native code ---- */

static size_t instructions_count(const nf_ir *ir)
{
    size_t count = ir->count;
    for (size_t i = 0; i < ir->rare_count; i++)
        count += instructions_count(ir->rare[i].program);
    return count;
}

static int source_print(const struct expression *expression, enum nfold_shape shape,
                        struct nfold_buffer *source, nfold_error *err)
{
    size_t count = instructions_count(&expression->ir);
    if (count > NATIVE_INSTRUCTIONS_MAX)
        return nf_fail(
            err, NFOLD_E_BODY,
            "the expression has %zu instructions, too many for native code (%d at most); "
            "the VM runs it",
            count, NATIVE_INSTRUCTIONS_MAX);
    return nf_print_c(&expression->ir, shape, expression->isa, source, err);
}

static int object_make(const struct expression *expression, enum nfold_shape shape,
                       const volatile int *cancel, struct nfold_buffer *object, nfold_error *err)
{
    char compiler[PATH_MAX];
    const char *flags[NF_PRINT_C_FLAGS];
    struct nfold_buffer source = {0};
    nf_print_c_flags(expression->isa, flags);
    int rc = source_print(expression, shape, &source, err);
    if (rc >= 0)
        rc = nf_native_find(expression->compiler, compiler, sizeof compiler, err);
    if (rc >= 0)
        rc = nf_native_compile(&(struct nf_native_job){.compiler = compiler,
                                                       .source = nf_buffer_text(&source),
                                                       .flags = flags,
                                                       .cancel = cancel,
                                                       .stop = expression->stop},
                               object, err);
    nf_buffer_clear(&source);
    return rc;
}

static int expression_compile(const void *self, enum nfold_shape shape, const volatile int *cancel,
                              struct nfold_native *native, nfold_error *err)
{
    const struct expression *expression = self;
    struct nfold_buffer object = {0};
    double start = nf_clock_now();
    int rc = object_make(expression, shape, cancel, &object, err);
    if (rc >= 0)
        return nf_native_kernel_keep(&object, start, native, err);
    nf_buffer_clear(&object);
    return rc;
}

static int expression_load(const void *self, const void *object, size_t size,
                           struct nfold_native *native, nfold_error *err)
{
    (void)self;
    return nf_native_kernel_load(object, size, native, err);
}

/* ---- as text ---- */

/* Lines: "expression VARIABLE ISA", a "set NAME NUMBER" for each with the bits of the number, then
 * "text " and the text to the end. */
static int expression_describe(const void *self, struct nfold_buffer *buffer, nfold_error *err)
{
    const struct expression *expression = self;
    nf_buffer_print(buffer, "expression %s %s\n", expression->variable,
                    nf_isa_name(expression->isa));
    for (size_t i = 0; i < expression->set_count; i++) {
        const struct nf_expr_binding *binding = &expression->set[i];
        nf_buffer_print(buffer, "set %s %llx\n", binding->name,
                        (unsigned long long)nf_double_to_bits(binding->value));
    }
    nf_buffer_print(buffer, "text %s", expression->text);
    return buffer->failed ? nf_fail_memory(err) : NFOLD_OK;
}

/* Its program: the values of --set and the mathematics are in it, blanks and brackets are not. */
static int expression_identify(const void *self, struct nfold_buffer *bytes, nfold_error *err)
{
    const struct expression *expression = self;
    nf_print_ir(&expression->ir, bytes);
    return bytes->failed ? nf_fail_memory(err) : NFOLD_OK;
}

/* The next line of a description, cut off; NULL at the text. */
static char *next_line(char **rest)
{
    char *line = *rest, *end = strncmp(line, "text ", 5) == 0 ? NULL : strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return line;
}

static int read_set(struct expression *expression, char *line, nfold_error *err)
{
    char *name = line + strlen("set "), *number = strchr(name, ' ');
    struct nf_expr_binding *grown =
        reallocarray(expression->set, expression->set_count + 1, sizeof *grown);
    if (!grown)
        return nf_fail_memory(err);
    expression->set = grown;
    if (strncmp(line, "set ", 4) != 0 || !number)
        return nf_fail(err, NFOLD_E_INTERNAL, "a description of an expression has the line '%.40s'",
                       line);
    *number++ = '\0';
    grown[expression->set_count].value = nf_double_of_bits(strtoull(number, NULL, 16));
    grown[expression->set_count].name = strdup(name);
    if (!grown[expression->set_count].name)
        return nf_fail_memory(err);
    expression->set_count++;
    return NFOLD_OK;
}

static int description_read(struct expression *expression, char *rest, nfold_error *err)
{
    char *line = next_line(&rest);
    char *isa = line ? strrchr(line, ' ') : NULL;
    int rc = NFOLD_OK;
    if (!isa || strncmp(line, "expression ", 11) != 0 || isa < line + 12 ||
        nf_isa_parse(isa + 1, &expression->isa) < 0)
        return nf_fail(err, NFOLD_E_INTERNAL, "a description is not of an expression");
    *isa = '\0';
    const char *variable = line + strlen("expression ");
    while (rc >= 0 && (line = next_line(&rest)))
        rc = read_set(expression, line, err);
    if (rc >= 0 && strncmp(rest, "text ", 5) != 0)
        return nf_fail(err, NFOLD_E_INTERNAL, "a description of an expression has no text");
    if (rc >= 0)
        rc = texts_copy(expression, rest + 5, variable, NULL, err);
    return rc < 0 ? rc : program_make(expression, err);
}

static int expression_rebuild(void **self, const void *description, size_t size, nfold_error *err)
{
    struct expression *expression = calloc(1, sizeof *expression);
    char *text = malloc(size + 1);
    int rc;
    if (!expression || !text) {
        free(expression);
        free(text);
        return nf_fail_memory(err);
    }
    memcpy(text, description, size);
    text[size] = '\0';
    rc = description_read(expression, text, err);
    free(text);
    if (rc < 0)
        expression_close(expression);
    else
        *self = expression;
    return rc < 0 ? rc : NFOLD_OK;
}

static int expression_show(const void *self, enum nfold_code code, enum nfold_shape shape,
                           struct nfold_buffer *text, nfold_error *err)
{
    const struct expression *expression = self;
    if (code == NFOLD_CODE_C)
        return source_print(expression, shape, text, err);
    nf_print_ir(&expression->ir, text);
    return text->failed ? nf_fail_memory(err) : NFOLD_OK;
}

const struct nfold_body_type nf_body_expression = {
    .abi = NFOLD_BODY_ABI,
    .name = "expression",
    .summary = "an expression in one variable, such as sin(x)*exp(-x)",
    .forms = NFOLD_FORM_CALL,
    .traits = NFOLD_BODY_PURE | NFOLD_BODY_FORK_SAFE,
    .options = expression_options,
    .claims = expression_claims,
    .open = expression_open,
    .close = expression_close,
    .scratch_size = expression_scratch_size,
    .call = expression_call,
    .call_steps = expression_call_steps,
    .cost_ns = expression_cost_ns,
    .compile = expression_compile,
    .unload = nf_native_kernel_unload,
    .describe = expression_describe,
    .identify = expression_identify,
    .rebuild = expression_rebuild,
    .load = expression_load,
    .show = expression_show,
};
