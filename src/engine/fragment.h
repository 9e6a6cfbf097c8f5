/* fragment.h: the folded values of a contiguous range of chunks, as its maximal aligned subtrees.
 * Starts are empty, grow by one chunk at the right, and join their right neighbours. */
#ifndef NF_FRAGMENT_H
#define NF_FRAGMENT_H

#include <nfold/backend.h>

#include "plan.h"

void nf_fragment_start(struct nfold_fragment *fragment, uint64_t first);
/* The next chunk's node; even: its even items' sum. Chunk m (the ends) is never folded with others.
 */
void nf_fragment_append(const struct nf_plan *plan, struct nfold_fragment *fragment,
                        struct nfold_node node, struct nfold_node even);
/* The next chunks' nodes, none of them chunk m. */
void nf_fragment_append_some(const struct nf_plan *plan, struct nfold_fragment *fragment,
                             const struct nfold_node *node, const struct nfold_node *even,
                             unsigned count);
/* right must begin where left ends; left becomes both. */
void nf_fragment_join(const struct nf_plan *plan, struct nfold_fragment *left,
                      const struct nfold_fragment *right);
/* How many nodes a fragment of these chunks has. */
uint32_t nf_fragment_node_count(const struct nf_plan *plan, struct nfold_range chunks);
void nf_fragment_copy(struct nfold_fragment *to, const struct nfold_fragment *from);
/* Of the fragment of all claims: the tree over the chunks, and the ends' node (0, 0 without ends).
 */
struct nfold_node nf_fragment_tree(const struct nf_plan *plan,
                                   const struct nfold_fragment *fragment, struct nfold_node *ends);

#endif
