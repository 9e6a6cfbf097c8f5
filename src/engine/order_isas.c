/* order_isas.c: finds the loops of an instruction set. */
#include <string.h>

#include "order.h"
#include "settings.h"

#define DECLARE(name) extern const struct nf_order_loops nf_order_loops_##name;
NF_ISAS(DECLARE)
#undef DECLARE

const struct nf_order_loops *nf_order_loops_find(const char *isa_name)
{
#define TRY(name)                                                                                  \
    if (strcmp(isa_name, #name) == 0)                                                              \
        return &nf_order_loops_##name;
    NF_ISAS(TRY)
#undef TRY
    return NULL;
}
