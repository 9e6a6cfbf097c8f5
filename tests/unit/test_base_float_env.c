/* The floating point environment: right inside, as before outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fenv.h>
#include <float.h>

#include "float_env.h"

static volatile double one = 1, three = 3, smallest = DBL_MIN, none = 0;

static void the_rounding_mode_is_set_and_restored(void **state)
{
    (void)state;
    volatile double nearest = one / three;
    fesetround(FE_UPWARD);
    volatile double upward = one / three;
    struct nf_float_env env;
    nf_float_env_enter(&env);
    volatile double inside = one / three;
    nf_float_env_leave(&env);
    volatile double after = one / three;
    fesetround(FE_TONEAREST);
    assert_true(upward > nearest);
    assert_true(inside == nearest);
    assert_true(after == upward);
}

static void what_a_function_changes_is_undone_and_named(void **state)
{
    struct nf_float_env env;
    (void)state;
    nf_float_env_enter(&env);
    assert_null(nf_float_env_repair());
    volatile double inexact = one / three; /* raises a flag, which is no control */
    (void)inexact;
    assert_null(nf_float_env_repair());
    fesetround(FE_DOWNWARD);
    assert_string_equal(nf_float_env_repair(), "the rounding mode");
    assert_int_equal(fegetround(), FE_TONEAREST);
    assert_null(nf_float_env_repair());
    nf_float_env_leave(&env);
}

#if defined(__SSE2__)
#include <xmmintrin.h>

static void subnormals_are_kept_inside(void **state)
{
    (void)state;
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);
    volatile double flushed = smallest / 2;
    struct nf_float_env env;
    nf_float_env_enter(&env);
    volatile double kept = smallest / 2;
    volatile double doubled = kept * 2;
    nf_float_env_leave(&env);
    unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    assert_true(flushed == 0);
    assert_true(doubled == DBL_MIN);
    assert_int_equal(after & 0xFFC0, (before | 0x8040) & 0xFFC0);
}

static void a_trapping_host_is_not_killed(void **state)
{
    (void)state;
    unsigned before = _mm_getcsr();
    _mm_setcsr(before & ~0x0200u); /* divisions by zero trap */
    struct nf_float_env env;
    nf_float_env_enter(&env);
    volatile double infinite = one / none;
    nf_float_env_leave(&env);
    unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    assert_true(infinite > DBL_MAX);
    assert_int_equal(after & 0x0200, 0);
}
#else
static void subnormals_are_kept_inside(void **state)
{
    (void)state;
    assert_true(smallest / 2 > none);
}

static void a_trapping_host_is_not_killed(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rounding_mode_is_set_and_restored),
        cmocka_unit_test(what_a_function_changes_is_undone_and_named),
        cmocka_unit_test(subnormals_are_kept_inside),
        cmocka_unit_test(a_trapping_host_is_not_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
