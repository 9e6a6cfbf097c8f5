/* What the engine gives backends over ranks: a run confined to parts, fragments taken out and
 * accepted again, failures and stops from elsewhere. One process plays all ranks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "context.h"
#include "registry.h"

#define PARTS 7

enum deed { WHOLE, TWICE, FOREIGN, FAIL, HALT, DEEDS };

static enum deed wanted; /* what the backend below does beside its work */

struct parted {
    const struct nfold_engine *engine;
    void *inner;
};

static int parted_open(void *self, const struct nfold_engine *engine, unsigned workers,
                       const nfold_options *options, nfold_error *err)
{
    struct parted *parted = self;
    parted->engine = engine;
    return engine->inner_open(&parted->inner, "threads", workers, options, err);
}

static void parted_close(void *self)
{
    struct parted *parted = self;
    parted->engine->inner_close(parted->inner);
}

static int parted_rank(const void *self)
{
    (void)self;
    return 0;
}

/* Executes parts from the last to the first and takes out what they gave. */
static unsigned execute_parts(struct parted *parted, struct nfold_run *run,
                              struct nfold_fragment fragment[PARTS])
{
    const struct nfold_engine *engine = parted->engine;
    uint64_t chunks = engine->chunks(run);
    unsigned count = 0;
    for (unsigned part = PARTS; part-- > 0;) {
        uint64_t first = chunks * part / PARTS, end = chunks * (part + 1) / PARTS;
        engine->confine(run, (struct nfold_range){first, end - first}, 1);
        assert_true(engine->inner_run(parted->inner, run, NULL) >= 0 || wanted != WHOLE);
        while (engine->take(run, &fragment[count]))
            count++;
        assert_true(count <= PARTS - part); /* a part is one fragment */
    }
    return count;
}

static void do_deed(const struct nfold_engine *engine, struct nfold_run *run,
                    const struct nfold_fragment *fragment)
{
    struct nfold_fragment foreign = *fragment;
    nfold_error err = {.code = NFOLD_E_BODY, .message = "elsewhere"};
    if (wanted == TWICE) {
        assert_true(engine->accept(run, fragment));
        assert_false(engine->accept(run, fragment));
        assert_true(engine->take(run, &foreign));
    } else if (wanted == FOREIGN) {
        foreign.chunks.count += 1000000;
        assert_false(engine->accept(run, &foreign));
    } else if (wanted == FAIL) {
        (engine->fail)(run, 3, &err); /* cmocka has a macro of that name */
    } else if (wanted == HALT) {
        engine->halt(run);
    }
}

static int parted_run(void *self, struct nfold_run *run, nfold_error *err)
{
    struct parted *parted = self;
    const struct nfold_engine *engine = parted->engine;
    struct nfold_fragment fragment[PARTS];
    unsigned count;
    (void)err;
    engine->spread(run, 1);
    count = execute_parts(parted, run, fragment);
    do_deed(engine, run, &fragment[0]);
    for (unsigned k = 0; wanted != HALT && k < count; k++)
        assert_true(engine->accept(run, &fragment[(k * 3) % count]));
    return 0;
}

static const nfold_backend parted_backend = {.abi = NFOLD_BACKEND_ABI,
                                             .name = "parted",
                                             .summary = "",
                                             .forms = NFOLD_FORM_CALL,
                                             .is_collective = 1,
                                             .state_size = sizeof(struct parted),
                                             .open = parted_open,
                                             .run = parted_run,
                                             .rank = parted_rank,
                                             .close = parted_close};

static int run_on(const nfold_backend *backend, enum nfold_kind kind, nfold_report **report,
                  nfold_error *err)
{
    nfold_work work = {.size = sizeof work, .kind = kind, .a = 0, .b = 3, .n = 70000};
    nfold_context *context;
    int rc;
    assert_int_equal(nf_context_open(&context, backend, 3, NULL, NULL), 0);
    assert_int_equal(nfold_body_open(&work.body,
                                     kind == NFOLD_INTEGRATE ? "sin(x)/(1+x)" : "1/(i+1)",
                                     kind == NFOLD_INTEGRATE ? "x" : "i", NULL, NULL),
                     0);
    rc = nfold_run(context, &work, report, err);
    nfold_body_close(work.body);
    nfold_close(context);
    return rc;
}

static void parts_in_any_order_give_the_bits_of_serial(void **state)
{
    (void)state;
    for (wanted = WHOLE; wanted <= FOREIGN; wanted++)
        for (int kind = NFOLD_INTEGRATE; kind <= NFOLD_REDUCE; kind++) {
            nfold_report *serial, *parted;
            assert_int_equal(
                run_on(nf_backend_find("serial"), (enum nfold_kind)kind, &serial, NULL), 0);
            assert_int_equal(run_on(&parted_backend, (enum nfold_kind)kind, &parted, NULL), 0);
            assert_memory_equal(&parted->hi, &serial->hi, sizeof serial->hi);
            assert_memory_equal(&parted->lo, &serial->lo, sizeof serial->lo);
            assert_true(parted->step_error == serial->step_error || isnan(serial->step_error));
            if (wanted != TWICE)
                assert_true(parted->items_done == parted->items);
            nfold_report_free(serial);
            nfold_report_free(parted);
        }
}

static void a_failure_elsewhere_is_the_run_s(void **state)
{
    nfold_error err = {0};
    nfold_report *report;
    (void)state;
    wanted = FAIL;
    assert_int_equal(run_on(&parted_backend, NFOLD_INTEGRATE, &report, &err), NFOLD_E_BODY);
    assert_string_equal(err.message, "elsewhere");
    assert_null(report);
}

static void a_halt_from_elsewhere_stops_the_run(void **state)
{
    nfold_error err = {0};
    nfold_report *report;
    (void)state;
    wanted = HALT;
    assert_int_equal(run_on(&parted_backend, NFOLD_INTEGRATE, &report, &err), NFOLD_E_STOPPED);
    assert_non_null(report);
    nfold_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_in_any_order_give_the_bits_of_serial),
        cmocka_unit_test(a_failure_elsewhere_is_the_run_s),
        cmocka_unit_test(a_halt_from_elsewhere_stops_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
