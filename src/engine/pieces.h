/* pieces.h: what was merged so far: a sorted list of fragments, neighbours joined. It holds about
 * as many as there are workers, whatever the number of chunks. Not locked. */
#ifndef NF_PIECES_H
#define NF_PIECES_H

#include "fragment.h"

struct nf_pieces {
    struct nfold_fragment **piece; /* [capacity]; [count, made) are spare */
    unsigned count, made, capacity;
};

void nf_pieces_clear(struct nf_pieces *pieces); /* frees */
/* Adds a fragment that overlaps none. NFOLD_E_MEMORY: nothing changed. */
int nf_pieces_add(const struct nf_plan *plan, struct nf_pieces *pieces,
                  const struct nfold_fragment *fragment);
/* Is it a fragment of the plan that overlaps none? */
int nf_pieces_has_room(const struct nf_plan *plan, const struct nf_pieces *pieces,
                       const struct nfold_fragment *fragment);
/* Takes the first one out: 1, or 0 if there is none. */
int nf_pieces_take(struct nf_pieces *pieces, struct nfold_fragment *fragment);
/* Cuts *gap to its first part that is in no piece; 0: all of it is. */
int nf_pieces_gap(const struct nf_pieces *pieces, struct nfold_range *gap);
/* The fragment of all claims of the plan, or NULL while some are missing. */
const struct nfold_fragment *nf_pieces_whole(const struct nf_plan *plan,
                                             const struct nf_pieces *pieces);

#endif
