/* reduce.c: nfold reduce OP EXPR N */
#include "answer.h"

static int run(struct nf_command *command, nfold_error *err)
{
    struct nf_request request;
    int rc = nf_request_reduce(&request, command, command->operand, command->operand_count, err);
    if (rc >= 0)
        rc = nf_answer(command, &request, err);
    nf_request_close(&request);
    return rc;
}

static const struct nf_example examples[] = {
    {"nfold reduce sum '1/(i+1)^2' 1e9", "pi^2/6, nearly"},
    {"nfold reduce max 'sin(i)' 1e8 -j 4", ""},
    {"nfold reduce count 'i % 3 == 0 or i % 5 == 0' 1000", "how many hold"},
    {0},
};

const struct nf_verb nf_verb_reduce = {
    .name = "reduce",
    .summary = "the sum, product, smallest, largest, mean or count of N values",
    .operands = "OP EXPR N",
    .about = "OP is sum, prod, min, max, mean or count (of values that are not 0). EXPR is an\n"
             "expression in i, or a C function double f(double) as file.c:f or ./library.so:f;\n"
             "it is computed for i = 0 ... N-1. N is a number or a constant expression: 1e9.\n"
             "The answer has the same bits for any backend and any number of workers.\n",
    .answer_is_no = "an item ends every worker that tries it",
    .common = {nf_rows_run, nf_rows_quiet, nf_rows_common},
    .runs_works = 1,
    .runs_ranks = 1,
    .examples = examples,
    .run = run,
};
