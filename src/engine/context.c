/* context.c: a backend with its workers, opened once; the runs in it, one at a time. */
#include "context.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cpus.h"
#include "current.h"
#include "deferred.h"
#include "error.h"
#include "float_env.h"
#include "isa.h"
#include "option.h"
#include "registry.h"
#include "report.h"
#include "run.h"
#include "settings.h"

#define WORKERS_MAX       4096
#define LOGIN_WORKERS_MAX 4
#define NOTE_SIZE         512

struct nfold_context {
    const nfold_backend *backend;
    void *state; /* the backend's */
    nfold_options *options;
    const struct nf_order_loops *loops;
    const char *isa;
    enum nf_upgrade_policy native;
    int allow_nonfinite;
    unsigned workers_asked, workers;
    unsigned crowd;                /* workers for each processor */
    char note[NOTE_SIZE];          /* about the workers */
    int is_nested;                 /* opened inside a function that is being run */
    pid_t owner;                   /* the process whose workers they are */
    pthread_mutex_t busy;          /* held during a run; guards executor */
    struct nf_executor **executor; /* [workers], made at first use */
    _Atomic int is_running, stop;
    _Atomic uint64_t items_done, items_all, items_continued;
    nf_checkpoint_say *say; /* when a checkpoint cannot be written; NULL: nobody */
    void *say_user;
};

static const struct nf_option engine_rows[] = {
    {.name = "backend",
     .letter = 'b',
     .type = NF_OPTION_CHOICE,
     .metavar = "NAME",
     .initial = NF_BACKEND_DEFAULT,
     .choices = NF_BACKEND_CHOICES,
     .help = "who computes"},
    {.name = "workers",
     .letter = 'j',
     .type = NF_OPTION_COUNT,
     .metavar = "N",
     .low = 1,
     .high = WORKERS_MAX,
     .help = "how many compute at once; all allowed processors if not given"},
    {.name = "native",
     .type = NF_OPTION_CHOICE,
     .metavar = "WHEN",
     .initial = "auto",
     .choices = "auto|on|off",
     .help = "compile the body: beside a run that is long enough, before the run, or never"},
    {.name = "isa",
     .type = NF_OPTION_CHOICE,
     .metavar = "NAME",
     .initial = "auto",
     .choices = "auto|scalar|avx2|avx512",
     .help = "the instruction set; the best that runs here by default; never changes a bit"},
    {.name = "order",
     .type = NF_OPTION_CHOICE,
     .metavar = "VERSION",
     .initial = "v1",
     .choices = "v1",
     .help = "the definition of the result"},
    {.name = "nonfinite",
     .type = NF_OPTION_CHOICE,
     .metavar = "WHAT",
     .initial = "error",
     .choices = "error|allow",
     .help = "a value that is infinite or not a number ends the run, or goes into the answer"},
    {.name = "checkpoint",
     .type = NF_OPTION_TEXT,
     .metavar = "FILE",
     .help = "keep what is done in FILE, so that the same command continues it, with any workers "
             "or backend"},
    {0},
};

int nf_context_options(nfold_options **options, nfold_error *err)
{
    int rc = nf_options_new(options, err);
    if (rc == 0)
        rc = nf_options_add(*options, engine_rows, err);
    for (unsigned k = 0; rc == 0 && nf_body_types[k]; k++)
        if (nf_body_types[k]->options)
            rc = nf_options_add(*options, nf_body_types[k]->options, err);
    for (unsigned k = 0; rc == 0 && nf_backends[k]; k++)
        if (nf_backends[k]->options)
            rc = nf_options_add(*options, nf_backends[k]->options, err);
    if (rc < 0) {
        nfold_options_destroy(*options);
        *options = NULL;
    }
    return rc;
}

int nfold_options_create(nfold_options **options, nfold_error *err)
{
    int rc;
    if (!options)
        return nf_fail(err, NFOLD_E_USAGE,
                       "nfold_options_create: options, where they are put, is missing");
    rc = nf_context_options(options, err);
    if (rc == 0)
        rc = nf_options_environment(*options, err);
    if (rc < 0) {
        nfold_options_destroy(*options);
        *options = NULL;
    }
    return rc;
}

static int choose_isa(struct nfold_context *context, nfold_error *err)
{
    const char *wanted = nf_options_text(context->options, "isa");
    enum nf_isa isa = nf_isa_best();
    if (strcmp(wanted, "auto") != 0 && nf_isa_parse(wanted, &isa) < 0)
        return nf_fail(err, NFOLD_E_VALUE, "there is no instruction set '%s'", wanted);
    context->isa = nf_isa_name(isa);
    context->loops = nf_order_loops_find(context->isa);
    if (!nf_isa_runs_here(isa) || !context->loops)
        return nf_fail(err, NFOLD_E_MISSING, "the instruction set %s does not run here", wanted);
    return 0;
}

/* As many as are asked for, or all that this process may use; on a login node only a few. */
static unsigned choose_workers(struct nfold_context *context, unsigned workers)
{
    struct nf_cpus cpus;
    if (context->is_nested) {
        snprintf(context->note, sizeof context->note,
                 "opened inside a function that is being run, so it is serial");
        return 1;
    }
    if (workers == 0 && nf_options_is_set(context->options, "workers"))
        workers = (unsigned)nf_options_count(context->options, "workers");
    if (workers > 0 || context->backend->is_collective)
        return workers;
    nf_cpus_read(&cpus, "");
    if (cpus.allowed <= LOGIN_WORKERS_MAX || !nf_cpus_login_node())
        return cpus.allowed < WORKERS_MAX ? cpus.allowed : WORKERS_MAX;
    snprintf(context->note, sizeof context->note,
             "this is a login node: %d workers of %u possible (ask for more with -j)",
             LOGIN_WORKERS_MAX, cpus.allowed);
    return LOGIN_WORKERS_MAX;
}

static void read_policy(struct nfold_context *context)
{
    const char *native = nf_options_text(context->options, "native");
    context->native = strcmp(native, "on") == 0    ? NF_UPGRADE_ON
                      : strcmp(native, "off") == 0 ? NF_UPGRADE_OFF
                                                   : NF_UPGRADE_AUTO;
    context->allow_nonfinite = strcmp(nf_options_text(context->options, "nonfinite"), "allow") == 0;
}

/* An option of another backend would be silent here. */
static void note_options(struct nfold_context *context)
{
    for (unsigned k = 0; nf_backends[k]; k++) {
        const struct nf_option *row =
            nf_backends[k] == context->backend ? NULL : nf_backends[k]->options;
        for (; row && row->name; row++) {
            size_t used = strlen(context->note);
            if (nf_options_find(context->options, row->name) &&
                nf_options_is_set(context->options, row->name))
                snprintf(context->note + used, sizeof context->note - used,
                         "%s%s is an option of the backend %s and does nothing here",
                         used > 0 ? "; " : "", row->name, nf_backends[k]->name);
        }
    }
}

static int open_backend(struct nfold_context *context, unsigned workers, nfold_error *err)
{
    const nfold_backend *backend = context->backend;
    struct nf_cpus cpus;
    int count;
    if (backend->abi != NFOLD_BACKEND_ABI)
        return nf_fail(err, NFOLD_E_INTERNAL, "the backend %s was built for another nfold",
                       backend->name);
    if (backend->probe && backend->probe(err) < 0)
        return nf_error_context(err, "backend %s: ", backend->name);
    context->workers_asked = choose_workers(context, workers);
    note_options(context);
    context->state = aligned_alloc(128, (backend->state_size + 128) / 128 * 128);
    if (!context->state)
        return nf_fail_memory(err);
    memset(context->state, 0, backend->state_size);
    count =
        backend->open(context->state, &nf_engine, context->workers_asked, context->options, err);
    if (count < 0) {
        free(context->state);
        context->state = NULL;
        return count;
    }
    context->workers = (unsigned)count;
    nf_cpus_read(&cpus, "");
    context->crowd = (context->workers + cpus.allowed - 1) / cpus.allowed;
    context->owner = getpid();
    context->executor = calloc(context->workers, sizeof(struct nf_executor *));
    return context->executor ? 0 : nf_fail_memory(err);
}

int nf_context_open(nfold_context **context, const nfold_backend *backend, unsigned workers,
                    const nfold_options *options, nfold_error *err)
{
    struct nfold_context *made = calloc(1, sizeof *made);
    int rc;
    *context = NULL;
    if (!made)
        return nf_fail_memory(err);
    pthread_mutex_init(&made->busy, NULL);
    rc = options ? nf_options_copy(&made->options, options, err)
                 : nfold_options_create(&made->options, err);
    if (rc == 0)
        rc = choose_isa(made, err);
    if (rc == 0) {
        struct nf_current current;
        made->is_nested = nf_current_read(&current);
        if (!backend)
            backend = nf_backend_find(made->is_nested ? "serial"
                                                      : nf_options_text(made->options, "backend"));
        made->backend = backend;
        read_policy(made);
        rc = open_backend(made, workers, err);
    }
    if (rc < 0)
        nfold_close(made);
    else
        *context = made;
    return rc;
}

int nfold_open(nfold_context **context, const nfold_options *options, nfold_error *err)
{
    if (!context)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_open: context, where it is put, is missing");
    return nf_context_open(context, NULL, 0, options, err);
}

int nf_context_serve(nfold_context *context, nfold_error *err)
{
    struct nf_float_env env;
    int rc;
    if (!context->backend->serve)
        return nf_fail(err, NFOLD_E_USAGE, "the backend %s serves no other process",
                       context->backend->name);
    nf_float_env_enter(&env);
    atomic_store(&context->is_running, 1);
    rc = context->backend->serve(context->state, err);
    atomic_store(&context->is_running, 0);
    nf_float_env_leave(&env);
    return rc;
}

void nf_context_abandon(nfold_context *context, const nfold_error *err)
{
    if (context->backend->abandon)
        context->backend->abandon(context->state, err);
}

unsigned nf_context_workers(const nfold_context *context)
{
    return context->workers;
}

/* In a forked copy of the program the workers are the other process's. */
static void forget_workers(nfold_context *context)
{
    if (context->state && context->backend->forget)
        context->backend->forget(context->state);
}

/* Gives a forked copy of the program workers of its own. Whatever thread was in a run when the fork
 * happened is not in the copy. */
static int revive(nfold_context *context, nfold_error *err)
{
    int count;
    pthread_mutex_init(&context->busy, NULL);
    atomic_store(&context->is_running, 0);
    forget_workers(context);
    memset(context->state, 0, context->backend->state_size);
    count =
        context->backend->open(context->state, &nf_engine, context->workers, context->options, err);
    if (count < 0) {
        free(context->state);
        context->state = NULL;
        return nf_error_context(err, "in a forked copy of the program: ");
    }
    context->owner = getpid();
    return 0;
}

/* A worker that waits for a run of its own context would wait for ever. */
static int check_caller(nfold_context *context, nfold_error *err)
{
    struct nf_current current;
    if (nf_current_read(&current) && !context->is_nested)
        return nf_fail(err, NFOLD_E_USAGE,
                       "a function that is being run cannot run another work here: open a context "
                       "inside the function, which is serial");
    if (!context->state)
        return nf_fail(err, NFOLD_E_SYSTEM, "this context lost its workers in a fork");
    return context->owner == getpid() ? 0 : revive(context, err);
}

void nfold_close(nfold_context *context)
{
    if (!context)
        return;
    if (context->state && context->owner == getpid())
        context->backend->close(context->state);
    else
        forget_workers(context);
    for (unsigned k = 0; context->executor && k < context->workers; k++)
        nf_executor_destroy(context->executor[k]);
    free(context->executor);
    free(context->state);
    nfold_options_destroy(context->options);
    pthread_mutex_destroy(&context->busy);
    free(context);
}

void nfold_stop(nfold_context *context)
{
    if (!context || !atomic_load(&context->is_running))
        return;
    atomic_store(&context->stop, 1);
    if (context->backend->stop)
        context->backend->stop(context->state);
}

void nf_context_watch_checkpoint(nfold_context *context, nf_checkpoint_say *say, void *user)
{
    context->say = say;
    context->say_user = user;
}

uint64_t nf_context_items_continued(const nfold_context *context)
{
    return atomic_load(&context->items_continued);
}

void nfold_progress(const nfold_context *context, uint64_t *done, uint64_t *all)
{
    if (done)
        *done = context ? atomic_load(&context->items_done) : 0;
    if (all)
        *all = context ? atomic_load(&context->items_all) : 0;
}

static int check_match(const struct nfold_context *context, const struct nfold_body *body,
                       nfold_error *err)
{
    const nfold_backend *backend = context->backend;
    if (!(body->type->forms & backend->forms))
        return nf_fail(err, NFOLD_E_USAGE, "the backend %s cannot run a body of type %s",
                       backend->name, body->type->name);
    if ((body->type->traits & NFOLD_BODY_WRITES) && !backend->same_memory)
        return nf_fail(err, NFOLD_E_USAGE,
                       "the backend %s cannot run a body of type %s, which writes this process's "
                       "memory",
                       backend->name, body->type->name);
    return 0;
}

/* One run on its way, and what its report needs. */
struct attempt {
    struct nf_plan plan;
    struct nf_order_job job;
    struct nf_upgrade upgrade;
    struct nf_checkpoint *checkpoint; /* NULL: nothing is kept */
    struct nfold_run *run;
    struct nf_report_facts facts;
    struct nfold_buffer note;
    struct nfold_body *deferred; /* rank 0 makes the body; NULL: it is made */
    int has_begun;               /* the backend runs it */
};

static int is_other_rank(const struct nfold_context *context)
{
    return context->backend->is_collective && context->backend->rank(context->state) != 0;
}

/* Only who merges knows what is done. */
static int open_checkpoint(struct nfold_context *context, struct attempt *attempt, nfold_error *err)
{
    int rc;
    const char *path = nf_options_text(context->options, "checkpoint");
    if (!path || attempt->plan.is_empty || is_other_rank(context))
        return 0;
    if (!path[0])
        return nf_fail(err, NFOLD_E_VALUE, "option 'checkpoint': the name of the file is empty");
    rc = nf_checkpoint_open(&attempt->checkpoint, path, &attempt->job, err);
    if (rc < 0)
        return rc;
    nf_checkpoint_watch(attempt->checkpoint, context->say, context->say_user);
    atomic_store(&context->items_continued, nf_checkpoint_facts(attempt->checkpoint)->items_known);
    return 0;
}

static int is_all_known(const struct attempt *attempt)
{
    return attempt->checkpoint &&
           nf_checkpoint_facts(attempt->checkpoint)->items_known == attempt->plan.items;
}

static void add_note(struct attempt *attempt, const char *note)
{
    if (!note[0])
        return;
    if (attempt->note.size > 0)
        nf_buffer_string(&attempt->note, "; ");
    nf_buffer_string(&attempt->note, note);
}

static int is_user_code(const struct nfold_body *body)
{
    return (body->type->traits & NFOLD_BODY_USER_CODE) != 0;
}

/* The report's word for calls. */
static const char *word_of_calls(const struct nfold_body *body)
{
    return body->kernels && body->type->compile && !is_user_code(body) ? "vm" : "none";
}

static void note_workers(const struct nfold_context *context, struct attempt *attempt)
{
    unsigned took_part = 0;
    double busy = 0;
    char text[96];
    for (unsigned k = 0; k < attempt->run->workers; k++) {
        attempt->facts.cpu += attempt->run->worker[k].cpu;
        took_part += attempt->run->worker[k].first_claim != 0;
        busy += attempt->run->worker[k].busy;
    }
    for (unsigned k = 1; k < attempt->run->ranks; k++)
        attempt->facts.cpu += attempt->run->rank[k].cpu;
    add_note(attempt, context->note);
    add_note(attempt, nf_buffer_text(&attempt->run->note));
    if (took_part == context->workers || attempt->run->ranks > 0 || is_all_known(attempt))
        return;
    snprintf(text, sizeof text, "%u of %u workers took part: too little work to share", took_part,
             context->workers);
    if (busy < 10 * NF_SHARE_SECONDS)
        add_note(attempt, text);
}

static int run_on_backend(struct nfold_context *context, struct attempt *attempt, nfold_error *err)
{
    struct nf_run_settings settings = {.job = attempt->job,
                                       .workers = context->workers,
                                       .executors = context->executor,
                                       .upgrade = &attempt->upgrade,
                                       .items_done = &context->items_done,
                                       .checkpoint = attempt->checkpoint,
                                       .deferred = attempt->deferred};
    int rc = nf_run_create(&attempt->run, &settings, err), failed;
    nfold_error backend_err = {0};
    if (rc < 0)
        return rc;
    attempt->has_begun = 1;
    failed = context->backend->run(context->state, attempt->run, &backend_err);
    nf_upgrade_end(&attempt->upgrade);
    nf_checkpoint_end(attempt->checkpoint);
    rc = nf_run_finish(attempt->run, &attempt->facts.root, &attempt->facts.step_error, err);
    if (rc == NFOLD_E_INTERNAL && failed < 0 && err)
        *err = backend_err; /* the backend knows why chunks are missing */
    return rc == NFOLD_E_INTERNAL && failed < 0 ? failed : rc;
}

static int attempt_run(struct nfold_context *context, struct attempt *attempt, nfold_error *err)
{
    struct nf_report_facts *facts = &attempt->facts;
    double cpu;
    /* Native code is compared with calls of the body in this process, which a function of the
     * user's may crash: where its calls are made elsewhere, it is only called. */
    const nfold_backend *backend = context->backend;
    int is_elsewhere = !backend->same_memory && !backend->is_collective &&
                       (attempt->job.body->type->traits & NFOLD_BODY_USER_CODE);
    int is_others = is_other_rank(context);
    enum nf_upgrade_policy policy =
        is_elsewhere || is_others || is_all_known(attempt) ? NF_UPGRADE_OFF : context->native;
    int rc = nf_upgrade_start(&attempt->upgrade, &attempt->job, policy, err);
    if (rc == 0 && is_others && context->native != NF_UPGRADE_OFF)
        nf_upgrade_take(&attempt->upgrade);
    facts->native = word_of_calls(attempt->job.body);
    /* Compiling is beside the run: the clock starts anew, less what was already spent. */
    facts->start += attempt->upgrade.seconds;
    facts->end = nf_clock_now();
    if (rc < 0)
        return atomic_load(&context->stop) ? nf_fail(err, NFOLD_E_STOPPED, "stopped") : rc;
    cpu = nf_clock_process_cpu();
    if (!attempt->plan.is_empty) {
        rc = run_on_backend(context, attempt, err);
    } else {
        atomic_store(&context->items_done, attempt->plan.items);
        add_note(attempt, "the bounds are equal: the function is not called");
    }
    facts->value = rc < 0 ? 0 : nf_order_answer(&attempt->plan, facts->root);
    facts->end = nf_clock_now();
    facts->cpu = nf_clock_process_cpu() - cpu;
    return rc;
}

static int make_report(const struct nfold_context *context, struct attempt *attempt,
                       nfold_report **report, nfold_error *err)
{
    struct nf_report_facts *facts = &attempt->facts;
    if (attempt->run)
        note_workers(context, attempt);
    add_note(attempt, attempt->upgrade.note);
    if (attempt->checkpoint && !nf_checkpoint_facts(attempt->checkpoint)->has_lock)
        add_note(attempt, "the checkpoint's file system has no locks: do not run this twice at "
                          "once");
    facts->run = attempt->run;
    facts->plan = &attempt->plan;
    facts->backend = context->backend->name;
    facts->isa = context->isa;
    facts->is_user_code = is_user_code(attempt->job.body);
    facts->note = nf_buffer_text(&attempt->note);
    facts->workers_asked = context->workers_asked;
    facts->items_done = atomic_load(&context->items_done);
    facts->compile = attempt->upgrade.seconds;
    if (attempt->checkpoint) {
        facts->checkpoint = nf_options_text(context->options, "checkpoint");
        facts->kept = nf_checkpoint_facts(attempt->checkpoint);
    }
    *report = nf_report_create(facts);
    return *report ? 0 : nf_fail_memory(err);
}

/* On ranks other than 0 the body comes from there. */
static int make_body(const struct nfold_context *context, struct attempt *attempt,
                     struct nfold_body *body, nfold_error *err)
{
    if (!is_other_rank(context))
        return nf_deferred_make(body, err);
    attempt->deferred = body->variable && !body->self ? body : NULL;
    return 0;
}

/* The other ranks wait for this one, which cannot. */
static void decline(const struct nfold_context *context, const struct attempt *attempt, int rc,
                    const nfold_error *err)
{
    const nfold_error own = {.code = rc};
    if (!attempt->has_begun && !attempt->plan.is_empty && context->backend->decline)
        context->backend->decline(context->state, err ? err : &own);
}

static int prepare_work(struct nfold_context *context, struct attempt *attempt,
                        const nfold_work *work, nfold_error *err)
{
    int rc = nf_plan_make(&attempt->plan, work, err);
    if (rc == 0)
        rc = check_match(context, work->body, err);
    if (rc == 0)
        rc = make_body(context, attempt, work->body, err);
    if (rc < 0)
        return rc;
    attempt->plan.allow_nonfinite |= context->allow_nonfinite;
    attempt->job = (struct nf_order_job){.plan = &attempt->plan,
                                         .body = work->body,
                                         .loops = context->loops,
                                         .crowd = context->crowd,
                                         .isa = context->isa,
                                         .stop = &context->stop};
    atomic_store(&context->items_done, 0);
    atomic_store(&context->items_continued, 0);
    atomic_store(&context->items_all, attempt->plan.items);
    return open_checkpoint(context, attempt, err);
}

static int run_work(struct nfold_context *context, struct attempt *attempt, const nfold_work *work,
                    nfold_report **report, nfold_error *err)
{
    int rc = prepare_work(context, attempt, work, err);
    if (rc == 0)
        rc = attempt_run(context, attempt, err);
    if (rc < 0)
        decline(context, attempt, rc, err);
    if (report && (rc == 0 || rc == NFOLD_E_STOPPED)) {
        int report_rc = make_report(context, attempt, report, rc == 0 ? err : NULL);
        rc = rc == 0 ? report_rc : rc;
    }
    return rc;
}

int nfold_run(nfold_context *context, const nfold_work *work, nfold_report **report,
              nfold_error *err)
{
    struct attempt attempt = {.facts = {.start = nf_clock_now()}};
    struct nf_float_env env;
    int rc;
    if (report)
        *report = NULL;
    if (!context || !work)
        return nf_fail(err, NFOLD_E_USAGE, "nfold_run: the %s is missing",
                       context ? "work" : "context");
    rc = check_caller(context, err);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&context->busy);
    nf_float_env_enter(&env);
    atomic_store(&context->stop, 0);
    atomic_store(&context->is_running, 1);
    rc = run_work(context, &attempt, work, report, err);
    atomic_store(&context->is_running, 0);
    atomic_store(&context->items_all, 0);
    atomic_store(&context->items_done, 0);
    nf_run_destroy(attempt.run);
    nf_checkpoint_close(attempt.checkpoint);
    nf_buffer_clear(&attempt.note);
    nf_float_env_leave(&env);
    pthread_mutex_unlock(&context->busy);
    return rc;
}
