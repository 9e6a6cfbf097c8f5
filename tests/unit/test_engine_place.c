/* Tests of place.h: workers part, and nobody is bound. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>

#include "place.h"

#define TRIES 100 /* the kernel may move anybody at any time */

static const nf_place *place_of(void *places, unsigned number)
{
    return (nf_place *)places + number;
}

static int allowed_processors(void)
{
    cpu_set_t allowed;
    return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
}

static void a_worker_leaves_the_processor_of_another_and_may_go_back(void **state)
{
    cpu_set_t before, after;
    nf_place own = 0;
    int went = 0, is_apart = 0;
    (void)state;
    if (allowed_processors() < 2)
        skip();
    sched_getaffinity(0, sizeof before, &before);
    for (int k = 0; k < TRIES && !(went && is_apart); k++) {
        nf_place other = sched_getcpu() + 1;
        went = nf_place_part(&own, 1, place_of, &other);
        is_apart = own != other;
    }
    assert_true(went && is_apart);
    sched_getaffinity(0, sizeof after, &after);
    assert_true(CPU_EQUAL(&before, &after));
}

static void a_worker_alone_on_its_processor_stays(void **state)
{
    nf_place other[2] = {0, CPU_SETSIZE}, own = 0; /* at rest; on a processor that is none */
    (void)state;
    assert_int_equal(nf_place_part(&own, 2, place_of, other), 0);
    assert_true(own > 0);
}

static void where_no_processor_is_free_nobody_moves(void **state)
{
    nf_place other[CPU_SETSIZE], own = 0;
    (void)state;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        other[cpu] = cpu + 1;
    assert_int_equal(nf_place_part(&own, CPU_SETSIZE, place_of, other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_leaves_the_processor_of_another_and_may_go_back),
        cmocka_unit_test(a_worker_alone_on_its_processor_stays),
        cmocka_unit_test(where_no_processor_is_free_nobody_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
