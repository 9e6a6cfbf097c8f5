/* float_env.c: the floating point controls of the calling thread, set to what the order asks for.
 * Exceptions are masked too: a host that traps them must not be killed by an infinity in a body. */
#include "float_env.h"

#if defined(__SSE2__)
#include <xmmintrin.h>

/* Round to nearest even, all exceptions masked, neither flush to zero nor denormals are zero. */
#define CONTROL_WANTED 0x1F80u

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

#else
#include <fenv.h>

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

#endif
