/* topology.h: packages, cores and caches as hwloc sees them, where its library is installed. */
#ifndef NF_TOPOLOGY_H
#define NF_TOPOLOGY_H

#include "error.h"

struct nf_topology {
    int packages, numa_nodes, cores, processing_units;
};

/* Loads hwloc for this call only: it costs milliseconds. NFOLD_E_MISSING: how to get it. */
int nf_topology_read(struct nf_topology *topology, nfold_error *err);

#endif
