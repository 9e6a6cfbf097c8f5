/* integrate.c: nfold integrate EXPR A B N */
#include "answer.h"

static int run(struct nf_command *command, nfold_error *err)
{
    struct nf_request request;
    int rc = nf_request_integrate(&request, command, command->operand, command->operand_count, err);
    if (rc >= 0)
        rc = nf_answer(command, &request, err);
    nf_request_close(&request);
    return rc;
}

static const struct nf_example examples[] = {
    {"nfold integrate 'x*x' 0 100 1e8", "on all allowed cores"},
    {"nfold integrate 'sin(x)*exp(-k*x)' 0 10 1e9 --set k=3 -j 8 --rule simpson", ""},
    {"nfold integrate my_function.c:f 0 2*pi 1e8", "a C function, compiled"},
    {0},
};

const struct nf_verb nf_verb_integrate = {
    .name = "integrate",
    .summary = "the integral of a function from A to B, in N steps",
    .operands = "EXPR A B N",
    .about = "EXPR is an expression in x, or a C function double f(double) as file.c:f or\n"
             "./library.so:f. A, B and N are numbers or constant expressions: -3, pi/2, 1e8.\n"
             "The answer has the same bits for any backend and any number of workers.\n",
    .answer_is_no = "an item ends every worker that tries it",
    .tables = {nf_rows_rule},
    .common = {nf_rows_run, nf_rows_quiet, nf_rows_common},
    .runs_works = 1,
    .runs_ranks = 1,
    .examples = examples,
    .run = run,
};
