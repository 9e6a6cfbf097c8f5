/* answer.c: from a request to stdout and stderr. */
#include "answer.h"

#include <stdlib.h>
#include <unistd.h>

#include "context.h"
#include "cpus.h"
#include "message.h"
#include "number.h"
#include "output.h"
#include "progress.h"
#include "report_text.h"
#include "signals.h"

static int show_code(const struct nf_request *request, const char *form, nfold_error *err)
{
    const struct nfold_body *body = request->work.body;
    enum nfold_code code = form[0] == 'c' ? NFOLD_CODE_C : NFOLD_CODE_IR;
    struct nfold_buffer text = {0};
    int rc;
    if (body->type->show == NULL)
        return nf_fail(err, NFOLD_E_USAGE, "'%s' has no code of nfold's to show",
                       request->body_text);
    rc = body->type->show(body->self, code, nf_request_shape(request), &text, err);
    if (rc >= 0)
        rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

/* A stopped run says how far it came in place of the engine's general words. */
static void say_how_far(const nfold_report *report, nfold_error *err)
{
    struct nfold_buffer far = {0};
    nf_report_progress(&far, report);
    if (report->checkpoint_failure[0] != '\0')
        nf_buffer_print(&far, "; the last of it is not in %s: %s", report->checkpoint,
                        report->checkpoint_failure);
    else if (report->checkpoint[0] != '\0')
        nf_buffer_print(&far, "; the same command continues from %s", report->checkpoint);
    if (nf_signals_caught() != 0)
        nf_fail(err, NFOLD_E_STOPPED, "stopped by %s at %s", nf_signals_name(nf_signals_caught()),
                nf_buffer_text(&far));
    else
        nf_fail(err, NFOLD_E_STOPPED, "%s: stopped at %s", report->note, nf_buffer_text(&far));
    nf_buffer_clear(&far);
}

static void warn(const struct nf_command *command, const nfold_error *warning)
{
    struct nfold_buffer who = {0};
    nf_buffer_print(&who, "nfold %s", command->verb->name);
    nf_message_error(&command->messages, nf_buffer_text(&who), warning);
    nf_buffer_clear(&who);
}

/* In the middle of a run, perhaps beside the line of its progress. */
static void say_trouble(void *user, const char *path, const char *why)
{
    nfold_error warning;
    nf_fail(&warning, NFOLD_E_SYSTEM,
            "the checkpoint %s cannot be written: %s; the run goes on and tries again", path, why);
    warn(user, &warning);
}

/* Nobody may find out about this by trying to continue. */
static void warn_of_checkpoint(const struct nf_command *command, const nfold_report *report)
{
    nfold_error warning;
    if (report->checkpoint_failure[0] == '\0')
        return;
    nf_fail(&warning, NFOLD_E_SYSTEM,
            "the checkpoint %s could not be written to the end: %s; the answer is right all the "
            "same",
            report->checkpoint, report->checkpoint_failure);
    warn(command, &warning);
}

int nf_answer_run(const struct nf_command *command, nfold_context *context, const nfold_work *work,
                  const char *label, nfold_report **report, nfold_error *err)
{
    struct nf_progress progress;
    int rc;
    *report = NULL;
    nf_context_watch_checkpoint(context, say_trouble, (void *)command);
    nf_signals_watch(context);
    nf_progress_start(&progress, context, &command->messages, label,
                      !nf_options_flag(command->options, "quiet"));
    rc = nf_signals_caught() != 0 ? nf_fail(err, NFOLD_E_STOPPED, "stopped by %s before the run",
                                            nf_signals_name(nf_signals_caught()))
                                  : nfold_run(context, work, report, err);
    nf_progress_end(&progress);
    nf_signals_leave();
    if (rc == NFOLD_E_STOPPED && *report != NULL)
        say_how_far(*report, err);
    if (rc == NFOLD_E_NONFINITE)
        nf_error_detail(err, "`--nonfinite allow` lets such values into the answer\n");
    return rc;
}

static int report_wanted(const struct nf_command *command)
{
    const nfold_options *options = command->options;
    if (nf_options_flag(options, "report") || nf_options_flag(options, "verbose"))
        return 1;
    if (nf_options_flag(options, "quiet") || nf_options_flag(options, "json"))
        return 0;
    return command->messages.is_terminal || getenv("SLURM_JOB_ID") != NULL;
}

/* Why the machine's processors are not all used, unless the user chose the number. */
static void explain_cpus(const struct nf_command *command, char *text, size_t size)
{
    struct nf_cpus cpus;
    text[0] = '\0';
    if (nf_options_is_set(command->options, "workers"))
        return;
    nf_cpus_read(&cpus, "");
    if (cpus.allowed < cpus.online)
        nf_cpus_explain(&cpus, text, size);
}

static int print_report(const struct nf_command *command, const nfold_report *report,
                        nfold_error *err)
{
    struct nfold_buffer text = {0};
    char cpus[256];
    int rc;
    explain_cpus(command, cpus, sizeof cpus);
    nf_report_text(&text, report, cpus, nf_options_flag(command->options, "verbose"));
    rc = nf_output_write(command->messages.fd, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

static int print_answer(const struct nf_command *command, const struct nf_request *request,
                        const nfold_report *report, nfold_error *err)
{
    struct nfold_buffer text = {0};
    char number[NF_NUMBER_SIZE];
    int rc;
    if (nf_options_flag(command->options, "json")) {
        struct nf_json json = {.out = &text};
        nf_json_object(&json, NULL);
        nf_request_json(&json, request);
        nf_json_number(&json, "value", report->value);
        nf_report_json(&json, "report", report);
        nf_json_end(&json);
    } else {
        nf_buffer_print(&text, "%s\n", nf_number_print(report->value, number));
    }
    rc = nf_output_write(STDOUT_FILENO, &text, err);
    nf_buffer_clear(&text);
    return rc;
}

int nf_answer(struct nf_command *command, const struct nf_request *request, nfold_error *err)
{
    const char *form = nf_options_text(command->options, "show-code");
    nfold_context *context = NULL;
    nfold_report *report = NULL;
    int rc;
    if (form != NULL)
        return show_code(request, form, err);
    command->has_opened = 1;
    rc = nfold_open(&context, command->options, err);
    if (rc < 0)
        return rc;
    rc = nf_answer_run(command, context, &request->work, "", &report, err);
    if (rc >= 0)
        rc = print_answer(command, request, report, err);
    if (rc >= 0)
        warn_of_checkpoint(command, report);
    if (rc >= 0 && report_wanted(command))
        rc = print_report(command, report, err);
    if (rc < 0)
        nf_context_abandon(context, err);
    nfold_report_free(report);
    nfold_close(context);
    return rc;
}
