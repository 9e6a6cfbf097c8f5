/* float_env.h: round to nearest even, no flush to zero, around every body, whatever the host
 * program set. */
#ifndef NF_FLOAT_ENV_H
#define NF_FLOAT_ENV_H

struct nf_float_env {
    unsigned control;
    unsigned saved;
};

void nf_float_env_enter(struct nf_float_env *env); /* saves, then sets */
void nf_float_env_leave(const struct nf_float_env *env);
/* Between the two: undoes what a function did to the controls. NULL: nothing; else what it changed,
 * "the rounding mode". */
const char *nf_float_env_repair(void);

#endif
