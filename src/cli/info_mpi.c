/* info_mpi.c: the modules, the libraries behind them, their launchers. */
#include "info_mpi.h"

#include "json.h"
#include "launch.h"
#include "mpi/choice.h"
#include "mpi/launcher.h"
#include "report_text.h"

#define LABEL_COLUMNS 14

/* One MPI. */
struct found {
    const char *name, *title;
    int has_module, has_launcher;
    char module[NF_CHOICE_PATH], launcher[NF_CHOICE_PATH], library[64];
    nfold_error why; /* it has a module that cannot be loaded; code 0: it can */
};

static void find(struct found *found, int choice)
{
    const struct nf_port *port = NULL;
    *found = (struct found){.name = nf_choice_names[choice], .title = nf_choice_titles[choice]};
    found->has_module = nf_choice_find(found->name, found->module);
    if (found->has_module && nf_choice_load(choice, &port, &found->why) >= 0)
        port->describe(found->library, sizeof found->library);
    found->has_launcher = nf_launcher_find(found->name, port != NULL ? port->mpirun : "",
                                           found->launcher, sizeof found->launcher);
}

static void print_line(struct nfold_buffer *out, const char *label, const char *text)
{
    nf_buffer_print(out, "  %-*s", LABEL_COLUMNS - 2, label);
    nf_report_wrap(out, LABEL_COLUMNS, text);
}

static void print_found(struct nfold_buffer *out, const struct found *found)
{
    nf_buffer_print(out, "%-*s%s\n", LABEL_COLUMNS, found->name,
                    found->library[0] != '\0' ? found->library : found->title);
    if (found->why.code < 0)
        print_line(out, "missing", found->why.message);
    else
        print_line(out, "module",
                   found->has_module ? found->module
                                     : "none: `nfold info --build-mpi` makes one for the mpicc in "
                                       "PATH");
    print_line(out, "mpirun", found->has_launcher ? found->launcher : "none in PATH");
}

static void print_launch(struct nfold_buffer *out, const struct nf_launch *launch)
{
    nf_buffer_print(out, "%-*s", LABEL_COLUMNS, "launcher");
    if (launch->launcher == NULL)
        nf_buffer_string(out, "none started this command\n");
    else
        nf_buffer_print(out, "%s started this %lu times\n", launch->launcher, launch->copies);
}

static void json_found(struct nf_json *json, const struct found *found)
{
    nf_json_object(json, NULL);
    nf_json_string(json, "name", found->name);
    nf_json_string(json, "library", found->library[0] != '\0' ? found->library : NULL);
    nf_json_string(json, "module", found->has_module ? found->module : NULL);
    nf_json_string(json, "mpirun", found->has_launcher ? found->launcher : NULL);
    if (found->why.code < 0)
        nf_json_string(json, "missing", found->why.message);
    nf_json_end(json);
}

static void print_json(struct nfold_buffer *out, const struct found found[NF_CHOICES],
                       const struct nf_launch *launch)
{
    struct nf_json json = {.out = out};
    nf_json_object(&json, NULL);
    nf_json_array(&json, "mpi");
    for (int k = 0; k < NF_CHOICES; k++)
        json_found(&json, &found[k]);
    nf_json_end(&json);
    nf_json_string(&json, "launcher", launch->launcher);
    nf_json_unsigned(&json, "ranks", launch->copies);
    nf_json_end(&json);
}

int nf_info_mpi(const struct nf_command *command, struct nfold_buffer *out, nfold_error *err)
{
    struct found found[NF_CHOICES];
    struct nf_launch launch;
    int usable = 0;
    nf_launch_read(&launch);
    for (int k = 0; k < NF_CHOICES; k++) {
        find(&found[k], k);
        usable += found[k].library[0] != '\0';
    }
    if (nf_options_flag(command->options, "json"))
        print_json(out, found, &launch);
    else {
        for (int k = 0; k < NF_CHOICES; k++)
            print_found(out, &found[k]);
        print_launch(out, &launch);
    }
    return usable > 0 ? 0
                      : nf_fail(err, NFOLD_E_MISSING,
                                "no MPI can be used: install openmpi-bin or mpich, and build "
                                "nfold's module for it with `nfold info --build-mpi`");
}
