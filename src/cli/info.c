/* info.c: nfold info: what there is, what is missing and how to get it, and whether the bits are
 * right. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cpus.h"
#include "info_mpi.h"
#include "isa.h"
#include "json.h"
#include "known_answers.h"
#include "native.h"
#include "output.h"
#include "registry.h"
#include "report_text.h"
#include "topology.h"
#include "verb.h"

#define LABEL_COLUMNS 14

/* One thing that may be there or missing. */
struct part {
    const char *name, *summary;
    int is_missing;
    nfold_error err; /* why, and how to get it */
};

struct info {
    const struct nf_command *command;
    struct nfold_buffer *out;
    struct nf_json json;
};

static void print_label(const struct info *info, const char *label)
{
    nf_buffer_print(info->out, "%-*s", LABEL_COLUMNS, label);
}

/* ---- what was found ---- */

static void find_backend(const nfold_backend *backend, struct part *part)
{
    *part = (struct part){.name = backend->name, .summary = backend->summary};
    if (backend->probe != NULL)
        part->is_missing = backend->probe(&part->err) < 0;
}

static void find_body(const struct nfold_body_type *type, struct part *part)
{
    *part = (struct part){.name = type->name, .summary = type->summary};
}

/* "x86-64 with AVX2": sets that run here, best first, then those that do not. */
static void print_instruction_sets(const struct info *info)
{
    const char *comma = "";
    print_label(info, "instructions");
    for (int isa = NF_ISA_COUNT - 1; isa >= 0; isa--) {
        if (!nf_isa_runs_here((enum nf_isa)isa))
            continue;
        nf_buffer_print(info->out, "%s%s", comma, nf_isa_name((enum nf_isa)isa));
        comma = ", ";
    }
    for (int isa = NF_ISA_COUNT - 1; isa >= 0; isa--)
        if (!nf_isa_runs_here((enum nf_isa)isa))
            nf_buffer_print(info->out, "; no %s here", nf_isa_name((enum nf_isa)isa));
    nf_buffer_string(info->out, "\n");
}

static void print_processors(const struct info *info)
{
    struct nf_cpus cpus;
    char text[512];
    nf_cpus_read(&cpus, "");
    nf_cpus_explain(&cpus, text, sizeof text);
    print_label(info, "processors");
    nf_report_wrap(info->out, LABEL_COLUMNS, text);
}

static void print_missing(const struct info *info, const nfold_error *err)
{
    nf_buffer_string(info->out, "none: ");
    nf_report_wrap(info->out, LABEL_COLUMNS + 6, err->message);
}

static void print_compiler(const struct info *info)
{
    char path[PATH_MAX];
    nfold_error err;
    print_label(info, "compiler");
    if (nf_native_find(NULL, path, sizeof path, &err) < 0)
        print_missing(info, &err);
    else
        nf_buffer_print(info->out, "%s\n", path);
}

static void print_topology(const struct info *info)
{
    struct nf_topology topology;
    nfold_error err;
    print_label(info, "topology");
    if (nf_topology_read(&topology, &err) < 0)
        print_missing(info, &err);
    else
        nf_buffer_print(info->out, "packages %d, NUMA nodes %d, cores %d, hardware threads %d\n",
                        topology.packages, topology.numa_nodes, topology.cores,
                        topology.processing_units);
}

static void print_part(const struct info *info, const struct part *part)
{
    nf_buffer_print(info->out, "  %-*s%s\n", LABEL_COLUMNS - 2, part->name, part->summary);
    if (!part->is_missing)
        return;
    nf_buffer_print(info->out, "%*smissing: ", LABEL_COLUMNS, "");
    nf_report_wrap(info->out, LABEL_COLUMNS + 9, part->err.message);
}

static void print_parts(const struct info *info)
{
    struct part part;
    nf_buffer_string(info->out, "\nbackends\n");
    for (unsigned i = 0; nf_backends[i] != NULL; i++) {
        find_backend(nf_backends[i], &part);
        print_part(info, &part);
    }
    nf_buffer_string(info->out, "\nfunctions\n");
    for (unsigned i = 0; nf_body_types[i] != NULL; i++) {
        find_body(nf_body_types[i], &part);
        print_part(info, &part);
    }
}

/* Checks one; the first that is not right is the error of the command. */
static int check_known(const struct nf_known_answer *known, nfold_error *wrong, int *rc,
                       nfold_error *err)
{
    int checked = nf_known_answer_check(known, wrong);
    if (checked < 0 && *rc == 0) {
        *rc = checked;
        if (err != NULL)
            *err = *wrong;
    }
    return checked;
}

static int print_known(const struct info *info, nfold_error *err)
{
    const struct nf_terminal *out = &info->command->out;
    int rc = 0;
    nf_buffer_string(info->out, "\nknown answers\n");
    for (const struct nf_known_answer *known = nf_known_answers; known->title != NULL; known++) {
        nfold_error wrong;
        int checked = check_known(known, &wrong, &rc, err);
        const char *word = checked == 0                  ? "ok"
                           : checked == NFOLD_E_MISMATCH ? "WRONG"
                                                         : "did not run";
        nf_buffer_print(info->out, "  %-52s  %s%s%s\n", known->title,
                        nf_terminal_begin(out, checked < 0 ? NF_STYLE_RED : NF_STYLE_GREEN), word,
                        nf_terminal_end(out));
    }
    return rc;
}

static int print_text(struct info *info, nfold_error *err)
{
    print_label(info, "version");
    nf_buffer_print(info->out, "nfold %s, order v1\n", nfold_version());
    print_processors(info);
    print_instruction_sets(info);
    print_compiler(info);
    print_topology(info);
    print_parts(info);
    return print_known(info, err);
}

/* ---- the same as JSON ---- */

static void json_processors(struct info *info)
{
    struct nf_cpus cpus;
    char text[512];
    nf_cpus_read(&cpus, "");
    nf_cpus_explain(&cpus, text, sizeof text);
    nf_json_object(&info->json, "processors");
    nf_json_unsigned(&info->json, "online", cpus.online);
    nf_json_unsigned(&info->json, "affinity", cpus.affinity);
    nf_json_number(&info->json, "cgroup_quota", cpus.cgroup_quota);
    nf_json_unsigned(&info->json, "slurm", cpus.slurm);
    nf_json_unsigned(&info->json, "allowed", cpus.allowed);
    nf_json_string(&info->json, "explanation", text);
    nf_json_end(&info->json);
}

static void json_instruction_sets(struct info *info)
{
    nf_json_object(&info->json, "instruction_sets");
    for (int isa = 0; isa < NF_ISA_COUNT; isa++)
        nf_json_bool(&info->json, nf_isa_name((enum nf_isa)isa),
                     nf_isa_runs_here((enum nf_isa)isa));
    nf_json_end(&info->json);
}

static void json_compiler(struct info *info)
{
    char path[PATH_MAX];
    nfold_error err;
    nf_json_object(&info->json, "compiler");
    if (nf_native_find(NULL, path, sizeof path, &err) < 0)
        nf_json_string(&info->json, "missing", err.message);
    else
        nf_json_string(&info->json, "path", path);
    nf_json_end(&info->json);
}

static void json_topology(struct info *info)
{
    struct nf_topology topology;
    nfold_error err;
    nf_json_object(&info->json, "topology");
    if (nf_topology_read(&topology, &err) < 0) {
        nf_json_string(&info->json, "missing", err.message);
    } else {
        nf_json_integer(&info->json, "packages", topology.packages);
        nf_json_integer(&info->json, "numa_nodes", topology.numa_nodes);
        nf_json_integer(&info->json, "cores", topology.cores);
        nf_json_integer(&info->json, "hardware_threads", topology.processing_units);
    }
    nf_json_end(&info->json);
}

static void json_part(struct info *info, const struct part *part)
{
    nf_json_object(&info->json, NULL);
    nf_json_string(&info->json, "name", part->name);
    nf_json_string(&info->json, "summary", part->summary);
    if (part->is_missing)
        nf_json_string(&info->json, "missing", part->err.message);
    nf_json_end(&info->json);
}

static void json_parts(struct info *info)
{
    struct part part;
    nf_json_array(&info->json, "backends");
    for (unsigned i = 0; nf_backends[i] != NULL; i++) {
        find_backend(nf_backends[i], &part);
        json_part(info, &part);
    }
    nf_json_end(&info->json);
    nf_json_array(&info->json, "bodies");
    for (unsigned i = 0; nf_body_types[i] != NULL; i++) {
        find_body(nf_body_types[i], &part);
        json_part(info, &part);
    }
    nf_json_end(&info->json);
}

static int json_known(struct info *info, nfold_error *err)
{
    int rc = 0;
    nf_json_array(&info->json, "known_answers");
    for (const struct nf_known_answer *known = nf_known_answers; known->title != NULL; known++) {
        nfold_error wrong;
        int checked = check_known(known, &wrong, &rc, err);
        nf_json_object(&info->json, NULL);
        nf_json_string(&info->json, "work", known->title);
        nf_json_bool(&info->json, "is_right", checked == 0);
        if (checked < 0)
            nf_json_string(&info->json, "reason", wrong.message);
        nf_json_end(&info->json);
    }
    nf_json_end(&info->json);
    return rc;
}

static int print_json(struct info *info, nfold_error *err)
{
    int rc;
    info->json.out = info->out;
    nf_json_object(&info->json, NULL);
    nf_json_string(&info->json, "version", nfold_version());
    nf_json_string(&info->json, "order", "v1");
    json_processors(info);
    json_instruction_sets(info);
    json_compiler(info);
    json_topology(info);
    json_parts(info);
    rc = json_known(info, err);
    nf_json_end(&info->json);
    return rc;
}

/* About all, or about MPI. */
static int print_wanted(struct info *info, nfold_error *err)
{
    const struct nf_command *command = info->command;
    if (nf_options_flag(command->options, "build-mpi"))
        return nf_info_build_mpi(info->out, err);
    if (command->operand_count > 0)
        return nf_info_mpi(command, info->out, err);
    return nf_options_flag(command->options, "json") ? print_json(info, err)
                                                     : print_text(info, err);
}

static int run(struct nf_command *command, nfold_error *err)
{
    struct nfold_buffer text = {0};
    struct info info = {.command = command, .out = &text};
    int rc, written;
    if (command->operand_count > 0 && strcmp(command->operand[0], "mpi") != 0)
        return nf_verb_misused(command->verb, err, "there is nothing to say about '%s', only mpi",
                               command->operand[0]);
    if (command->operand_count > 1)
        return nf_verb_too_many(command->verb, command->operand[1], err);
    rc = print_wanted(&info, err);
    written = nf_output_write(STDOUT_FILENO, &text, rc < 0 ? NULL : err);
    nf_buffer_clear(&text);
    return rc < 0 ? rc : written;
}

static const struct nf_option rows[] = {
    {.name = "build-mpi",
     .type = NF_OPTION_FLAG,
     .help = "compile the module for the mpicc in PATH, a site's own MPI, into the user's folder"},
    {0},
};

static const struct nf_example examples[] = {
    {"nfold info", ""},
    {"nfold info mpi", "which MPIs can be used"},
    {"nfold info --json", "for a program"},
    {0},
};

const struct nf_verb nf_verb_info = {
    .name = "info",
    .summary = "what this machine offers, what is missing, and known answers",
    .operands = "[mpi]",
    .about = "Processors that may be used, and why they are fewer than the machine has;\n"
             "instruction sets, backends, kinds of functions, what is missing and how to get\n"
             "it; and three small works whose bits are known. With mpi: each MPI, its module\n"
             "and its mpirun.\n",
    .answer_is_no = "a known answer is wrong: do not trust this build here",
    .tables = {rows},
    .common = {nf_rows_common},
    .examples = examples,
    .run = run,
};
