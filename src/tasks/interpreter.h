/* interpreter.h: what an interpreter needs before the first line of a program: measured. */
#ifndef NF_INTERPRETER_H
#define NF_INTERPRETER_H

#include <stddef.h>

/* Seconds that an empty program takes, the fastest of a few, if the first word of command is the
 * name of an interpreter that is known and can be run; its name goes to name. NaN otherwise. */
double nf_interpreter_start_up(const char *command, char *name, size_t size);

#endif
