/* worker.c: nfold worker (hidden): a process of the backend processes, started by the library in a
 * program that has threads. */
#include "processes/processes.h"
#include "run.h"
#include "verb.h"

static int run(struct nf_command *command, nfold_error *err)
{
    (void)command;
    return nf_processes_serve(&nf_engine, err);
}

static const struct nf_example examples[] = {{"nfold worker", "never by hand"}, {0}};

const struct nf_verb nf_verb_worker = {
    .name = "worker",
    .summary = "a worker process, started by nfold itself",
    .operands = "",
    .about = "nfold starts it where a program with threads wants worker processes.\n",
    .is_hidden = 1,
    .examples = examples,
    .run = run,
};
