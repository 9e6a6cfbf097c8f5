/* place.h: which processor a worker is on. */
#ifndef NF_PLACE_H
#define NF_PLACE_H

#include <stdatomic.h>

/* A worker's processor + 1; 0: it is not at work. */
typedef _Atomic int nf_place;

/* Notes where the calling worker is. If one of `others` workers is there, too (place_of says
 * where), it goes to a processor that none of them is on, if it may use one; whatever it may use,
 * it may use afterwards. Returns 1 if it went. */
int nf_place_part(nf_place *own, unsigned others, const nf_place *(*place_of)(void *, unsigned),
                  void *user);

#endif
