/* processes.c: worker processes fill an array. One of them is killed on its way, as the kernel does
 * when memory is short: its items are done again by another, and nothing is lost.
 *
 *     cc processes.c $(pkg-config --cflags --libs nfold) -o processes && ./processes
 */
#include <nfold/nfold.h>
#include <signal.h>
#include <stdio.h>

#define ITEMS 1000000

/* In memory that the workers share: what they write there, the program reads. */
struct table {
    int is_killed;
    double inverse[ITEMS];
};

/* May be called again for the same items: it writes the same values again. */
static int fill(void *user, uint64_t first, uint64_t last)
{
    struct table *table = user;
    if (first >= ITEMS / 2 && !table->is_killed) {
        table->is_killed = 1;
        raise(SIGTERM);
    }
    for (uint64_t i = first; i < last; i++)
        table->inverse[i] = 1 / (double)(i + 1);
    return 0;
}

static int run(const nfold_work *work, nfold_report **report, nfold_error *err)
{
    nfold_options *options = NULL;
    nfold_context *context = NULL;
    int rc = nfold_options_create(&options, err);
    if (rc >= 0)
        rc = nfold_options_set(options, "backend", "processes", err);
    if (rc >= 0)
        rc = nfold_options_set(options, "workers", "2", err);
    if (rc >= 0)
        rc = nfold_open(&context, options, err);
    if (rc >= 0)
        rc = nfold_run(context, work, report, err);
    nfold_close(context);
    nfold_options_destroy(options);
    return rc;
}

int main(void)
{
    nfold_work work = {.size = sizeof work, .kind = NFOLD_FOR, .n = ITEMS};
    nfold_report *report = NULL;
    struct table *table;
    void *memory;
    nfold_error err;
    int rc = nfold_shared_alloc(&memory, sizeof *table, &err);
    table = memory;
    if (rc >= 0)
        rc = nfold_body_range_shared(&work.body, fill, table, &err);
    if (rc >= 0)
        rc = run(&work, &report, &err);
    if (rc >= 0)
        printf("the last one: %.17g\n%s\n", table->inverse[ITEMS - 1], report->note);
    else
        fprintf(stderr, "processes: %s\n%s", err.message, err.detail);
    nfold_report_free(report);
    nfold_body_close(work.body);
    nfold_shared_free(memory, sizeof *table);
    return rc < 0 ? nfold_error_status(err.code) : 0;
}
