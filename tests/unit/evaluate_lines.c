/* evaluate_lines.c: for scripts: reads lines "x TAB expression" and answers each with the value as
 * a hexadecimal float, or with "! " and the error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"

static void answer(const char *expression, double x)
{
    const struct nf_expr_names names = {.variable = "x"};
    nfold_error err = {0};
    nf_ir ir;

    if (nf_expr_compile(&ir, expression, &names, &err) < 0)
        printf("! %s\n", err.message);
    else
        printf("%a\n", nf_ir_evaluate(&ir, &x));
    nf_ir_clear(&ir);
    fflush(stdout);
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;

    while (getline(&line, &capacity, stdin) >= 0) {
        char *expression;
        double x = strtod(line, &expression);
        line[strcspn(line, "\n")] = '\0';
        if (*expression != '\t') {
            fprintf(stderr, "expected \"x TAB expression\", got \"%s\"\n", line);
            return 2;
        }
        answer(expression + 1, x);
    }
    free(line);
    return 0;
}
