/* topology.c: hwloc, loaded when asked for. Its types are few enough to be written down here, so
 * that a build needs no header of it. */
#include "topology.h"

#include <dlfcn.h>
#include <stddef.h>

/* hwloc 2.x: enum hwloc_obj_type_t. Since 2.0 these numbers are fixed by its ABI. */
enum { HWLOC_PACKAGE = 1, HWLOC_CORE = 2, HWLOC_PU = 3, HWLOC_NUMA_NODE = 13 };
/* hwloc_get_type_depth's answer for memory objects. */
enum { HWLOC_DEPTH_NUMA_NODE = -3 };

typedef void *hwloc_topology;

struct hwloc {
    void *library;
    unsigned (*version)(void);
    int (*init)(hwloc_topology *);
    int (*load)(hwloc_topology);
    void (*destroy)(hwloc_topology);
    int (*type_depth)(hwloc_topology, int);
    unsigned (*count_by_depth)(hwloc_topology, int);
};

static int load(struct hwloc *hwloc)
{
    hwloc->library = dlopen("libhwloc.so.15", RTLD_NOW | RTLD_LOCAL);
    if (hwloc->library == NULL)
        return 0;
    *(void **)&hwloc->version = dlsym(hwloc->library, "hwloc_get_api_version");
    *(void **)&hwloc->init = dlsym(hwloc->library, "hwloc_topology_init");
    *(void **)&hwloc->load = dlsym(hwloc->library, "hwloc_topology_load");
    *(void **)&hwloc->destroy = dlsym(hwloc->library, "hwloc_topology_destroy");
    *(void **)&hwloc->type_depth = dlsym(hwloc->library, "hwloc_get_type_depth");
    *(void **)&hwloc->count_by_depth = dlsym(hwloc->library, "hwloc_get_nbobjs_by_depth");
    return hwloc->version && hwloc->init && hwloc->load && hwloc->destroy && hwloc->type_depth &&
           hwloc->count_by_depth && hwloc->version() >> 16 == 2;
}

static int count(const struct hwloc *hwloc, hwloc_topology topology, int type)
{
    int depth = hwloc->type_depth(topology, type);
    if (depth < 0 && depth != HWLOC_DEPTH_NUMA_NODE)
        return 0;
    return (int)hwloc->count_by_depth(topology, depth);
}

int nf_topology_read(struct nf_topology *topology, nfold_error *err)
{
    struct hwloc hwloc = {0};
    hwloc_topology machine = NULL;
    int rc = 0;

    *topology = (struct nf_topology){0};
    if (!load(&hwloc)) {
        rc =
            nf_fail(err, NFOLD_E_MISSING,
                    "hwloc 2 is not installed (Debian, Ubuntu: libhwloc15); nothing else needs it");
    } else if (hwloc.init(&machine) < 0 || hwloc.load(machine) < 0) {
        rc = nf_fail(err, NFOLD_E_SYSTEM, "hwloc cannot read this machine");
    } else {
        topology->packages = count(&hwloc, machine, HWLOC_PACKAGE);
        topology->numa_nodes = count(&hwloc, machine, HWLOC_NUMA_NODE);
        topology->cores = count(&hwloc, machine, HWLOC_CORE);
        topology->processing_units = count(&hwloc, machine, HWLOC_PU);
    }
    if (machine != NULL)
        hwloc.destroy(machine);
    if (hwloc.library != NULL)
        dlclose(hwloc.library);
    return rc;
}
