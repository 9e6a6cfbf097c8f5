/* float_env.c: the floating point controls of the calling thread, set to what the order asks for.
 * Exceptions are masked too: a host that traps them must not be killed by an infinity in a body. */
#include "float_env.h"

#include <fenv.h>
#include <stddef.h>

#define THE_ROUNDING "the rounding mode"
#define OTHER        "flush to zero or the traps of floating-point numbers"

#if defined(__SSE2__)
#include <xmmintrin.h>

/* Round to nearest even, all exceptions masked, neither flush to zero nor denormals are zero. */
#define CONTROL_WANTED 0x1F80u
#define CONTROL_FLAGS  0x003Fu /* exceptions that happened: no control */
#define CONTROL_ROUND  0x6000u

void nf_float_env_enter(struct nf_float_env *env)
{
    env->saved = _mm_getcsr();
    env->control = CONTROL_WANTED;
    _mm_setcsr(env->control);
}

void nf_float_env_leave(const struct nf_float_env *env)
{
    _mm_setcsr(env->saved);
}

const char *nf_float_env_repair(void)
{
    unsigned control = _mm_getcsr();
    if ((control & ~CONTROL_FLAGS) == CONTROL_WANTED)
        return NULL;
    fesetround(FE_TONEAREST); /* that of long double, too */
    _mm_setcsr(CONTROL_WANTED);
    return control & CONTROL_ROUND ? THE_ROUNDING : OTHER;
}

#elif defined(__aarch64__)
#include <stdint.h>

/* FPCR of zero: to nearest even, no trap, no flush to zero, NaNs as they come. */
void nf_float_env_enter(struct nf_float_env *env)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    env->saved = (unsigned)control;
    env->control = 0;
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
}

void nf_float_env_leave(const struct nf_float_env *env)
{
    uint64_t control = env->saved;
    __asm__ volatile("msr fpcr, %0" : : "r"(control) : "memory");
}

#define CONTROL_ROUND UINT64_C(0xC00000)

const char *nf_float_env_repair(void)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    if (control == 0)
        return NULL;
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
    return control & CONTROL_ROUND ? THE_ROUNDING : OTHER;
}

#else
/* The C library knows no flush to zero; such machines do not have it switched on by libraries. */
void nf_float_env_enter(struct nf_float_env *env)
{
    env->saved = (unsigned)fegetround();
    env->control = FE_TONEAREST;
    fesetround(FE_TONEAREST);
}

void nf_float_env_leave(const struct nf_float_env *env)
{
    fesetround((int)env->saved);
}

const char *nf_float_env_repair(void)
{
    if (fegetround() == FE_TONEAREST)
        return NULL;
    fesetround(FE_TONEAREST);
    return THE_ROUNDING;
}

#endif
