/* command_line.h: the words of a command line as options and operands. Used by every verb. */
#ifndef NF_COMMAND_LINE_H
#define NF_COMMAND_LINE_H

#include "option.h"

/* Reads argv[0 … argc-1] (what follows the verb; nothing is skipped), sets options, and puts the
 * operands, which point into argv, into operands (room for argc) in their order.
 *
 *     --name value  --name=value  --nam value     long; an unambiguous beginning is enough
 *     --name        --name=off                    a flag
 *     -j 8  -j8  -qj8                             letters; flags may stand before the last one
 *     --                                          what follows are operands
 *
 * Options and operands may be mixed. A word that begins with '-' and names no option is an operand:
 * -3, -.5, -x, '-sin(x)', '-(x+1)', and '-' alone. Only these are refused: --name that is unknown,
 * -name where --name exists, and -n where no row has it (it means tasks to srun).
 * Returns 0, NFOLD_E_USAGE or NFOLD_E_VALUE. */
int nf_command_line(nfold_options *options, int argc, char **argv, const char *operands[],
                    size_t *operand_count, nfold_error *err);
/* The same for a verb whose operands are a command with options of its own: options end at the
 * first word that is none, or at "--", and all that follows is operands. Letters may be digits and
 * are bundled as by getopt: -kj4, -j+0, -I{}; a word with '-' that names no option is refused. */
int nf_command_line_leading(nfold_options *options, int argc, char **argv, const char *operands[],
                            size_t *operand_count, nfold_error *err);

#endif
