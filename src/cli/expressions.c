/* expressions.c: the grammar of expressions in a page, its functions from their own table. */
#include <stdio.h>

#include "help_text.h"
#include "math.h"

#define NAME_COLUMNS 18

static void print_call(char *text, size_t size, const struct nf_math_function *function)
{
    static const char *const arguments[] = {"", "a", "a, b", "a, b, c"};
    snprintf(text, size, "%s(%s)", function->name, arguments[function->arguments]);
}

void nf_help_expressions(struct nfold_buffer *out)
{
    char call[48];
    nf_buffer_string(
        out, "expressions: what nfold integrates and reduces\n"
             "\n"
             "An expression is made of numbers (1000, .5, 1e3, 0x1p-3), x (in reduce: i), pi,\n"
             "e, inf, nan, names that get a value by --set, and of\n"
             "\n"
             "  ^ **              power, from the right: 2^3^2 is 512, -2^2 is -4\n"
             "  * / %             % is exact and has the sign of the divisor\n"
             "  + -\n"
             "  < <= > >= == !=   1 or 0; they chain: 0 < x <= 1\n"
             "  not, and, or      1 or 0\n"
             "  c ? a : b         both are computed, one is taken\n"
             "\n"
             "functions\n");
    for (const struct nf_math_function *each = nf_math_functions; each->name != NULL; each++) {
        print_call(call, sizeof call, each);
        nf_buffer_print(out, "  %-*s%s\n", NAME_COLUMNS, call, each->summary);
    }
    nf_buffer_string(out,
                     "\nEvery operation is rounded once; nothing is fused but fma. The bits are "
                     "the same\non every machine.\n");
}

void nf_man_functions(struct nfold_buffer *out)
{
    char call[48];
    for (const struct nf_math_function *each = nf_math_functions; each->name != NULL; each++) {
        print_call(call, sizeof call, each);
        nf_buffer_print(out, ".It Li %s\n%s.\n", call, each->summary);
    }
}
