/* fuzz_expression.c: any bytes are either an expression that can be evaluated or a mistake that is
 * explained within the limits of complain.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "expr.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *line, size_t size)
{
    size_t columns = 0;

    for (size_t i = 0; i < size; i++) {
        REQUIRE((unsigned char)line[i] >= ' ' && line[i] != 0x7f);
        columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    }
    REQUIRE(columns <= NF_COMPLAIN_COLUMNS + 4);
}

static void check_complaint(const nfold_error *err)
{
    REQUIRE(err->code == NFOLD_E_SYNTAX);
    REQUIRE(err->message[0] != '\0');
    for (const char *byte = err->message; *byte != '\0'; byte++)
        REQUIRE((unsigned char)*byte >= ' ' && *byte != 0x7f);
    for (const char *line = err->detail; *line != '\0';) {
        const char *end = strchr(line, '\n');
        REQUIRE(end != NULL);
        check_line(line, (size_t)(end - line));
        line = end + 1;
    }
}

static void check_program(const nf_ir *ir)
{
    static const double points[] = {0.0, -0.0, 1.5, -3, 1e300};

    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        double first = nf_ir_evaluate(ir, &points[i]), second = nf_ir_evaluate(ir, &points[i]);
        REQUIRE(memcmp(&first, &second, sizeof(first)) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct nf_expr_binding set[] = {{"k", 3}, {"alpha", -0.5}};
    const struct nf_expr_names names = {"x", set, sizeof(set) / sizeof(set[0])};
    char *text = malloc(size + 1);
    nfold_error err = {0};
    nf_ir ir;

    REQUIRE(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (nf_expr_compile(&ir, text, &names, &err) < 0)
        check_complaint(&err);
    else
        check_program(&ir);
    nf_ir_clear(&ir);
    free(text);
    return 0;
}
