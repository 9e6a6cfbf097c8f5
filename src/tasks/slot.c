/* slot.c: how many tasks run at a time, and which CPUs and GPUs each has. */
#include "slot.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cpu_order.h"
#include "cpus.h"
#include "gpus.h"
#include "number.h"
#include "read_file.h"

#define MOST_SLOTS 4096 /* of -j 0; a slot that runs takes two pipes */

struct plan {
    double wanted;    /* slots; 0: not said */
    int is_all;       /* -j 0 */
    struct stat file; /* -j FILE; st_ino 0: none */
    unsigned cpus_each;
    int has_cpus; /* -c */
    unsigned gpus_each;
    struct nf_cpus cpus;
    struct nf_gpus gpus;
};

/* "8", "50%", "+2", "-1", "0": in CPUs where it is not a plain number. */
static int read_count(struct plan *plan, const char *text, nfold_error *err)
{
    int is_more = text[0] == '+', is_less = text[0] == '-';
    const char *digits = text + (is_more || is_less);
    double value, all = plan->cpus.allowed;
    size_t used = nf_number_read(digits, &value);
    int is_share = digits[used] == '%' && digits[used + 1] == '\0' && !is_more && !is_less;
    if (used == 0 || (digits[used] != '\0' && !is_share) || value > 1e6 ||
        (!is_share && value != floor(value)))
        return nf_fail(err, NFOLD_E_VALUE,
                       "option 'jobs': '%s' is not a number of tasks such as 8, 50%%, +2 or -1",
                       text);
    if (is_more)
        value = all + value;
    else if (is_less)
        value = all - value;
    else if (is_share)
        value = ceil(all * value / 100);
    else if (value == 0)
        plan->is_all = 1;
    plan->wanted = value >= 1 ? value : 1;
    if (plan->is_all || plan->wanted > MOST_SLOTS)
        plan->wanted = MOST_SLOTS;
    return 0;
}

/* Such a value, or the name of a file that begins with one. */
static int read_jobs(struct plan *plan, const char *text, nfold_error *err)
{
    struct stat status;
    if (strspn(text, "+-0123456789.%") == strlen(text) || stat(text, &status) < 0 ||
        !S_ISREG(status.st_mode))
        return read_count(plan, text, err);
    plan->file = status;
    char *value = nf_read_file("", text);
    if (!value)
        return nf_fail_errno(err, "option 'jobs': cannot read %s", text);
    value[strcspn(value, " \t\r\n")] = '\0';
    int rc = read_count(plan, value, err);
    if (rc < 0)
        nf_error_context(err, "%s: ", text);
    free(value);
    return rc;
}

static int read_plan(struct plan *plan, const nfold_options *options, nfold_error *err)
{
    const char *jobs = nf_options_text(options, "jobs");
    double cpus_each = nf_options_count(options, "cpus-per-task");
    double gpus_each = nf_options_count(options, "gpus-per-task");
    nf_cpus_read_job(&plan->cpus, "");
    plan->has_cpus = !isnan(cpus_each);
    plan->cpus_each = plan->has_cpus ? (unsigned)cpus_each : 0;
    plan->gpus_each = isnan(gpus_each) ? 0 : (unsigned)gpus_each;
    return jobs ? read_jobs(plan, jobs, err) : 0;
}

/* How many slots a limit leaves; says so where that is fewer than were asked for. */
static unsigned limit_slots(struct nf_slots *slots, const struct plan *plan, unsigned count,
                            unsigned most, const char *what, unsigned each, unsigned all)
{
    if (count <= most)
        return count;
    if (plan->wanted > 0 && !plan->is_all)
        snprintf(slots->note, sizeof slots->note, "%u slot%s of %u %s%s, not %u: %u %s%s allowed",
                 most, most == 1 ? "" : "s", each, what, each == 1 ? "" : "s", count, all, what,
                 all == 1 ? " is" : "s are");
    return most;
}

static int check_each(struct plan *plan, nfold_error *err)
{
    char why[256];
    if (plan->has_cpus && plan->cpus_each > plan->cpus.allowed) {
        nf_cpus_explain(&plan->cpus, why, sizeof why);
        return nf_fail(err, NFOLD_E_VALUE,
                       "option 'cpus-per-task': a task cannot have %u CPU%s: allowed are %s",
                       plan->cpus_each, plan->cpus_each == 1 ? "" : "s", why);
    }
    if (plan->gpus_each == 0)
        return 0;
    nf_gpus_read(&plan->gpus, "");
    if (plan->gpus_each <= plan->gpus.count)
        return 0;
    return nf_fail(err, NFOLD_E_VALUE,
                   "option 'gpus-per-task': a task cannot have %u GPU%s: %u can be seen (%s)",
                   plan->gpus_each, plan->gpus_each == 1 ? "" : "s", plan->gpus.count,
                   plan->gpus.source);
}

/* So many slots, as far as there are CPUs and GPUs for them. */
static unsigned count_slots(struct nf_slots *slots, const struct plan *plan, unsigned count)
{
    if (plan->has_cpus)
        count = limit_slots(slots, plan, count, plan->cpus.allowed / plan->cpus_each, "CPU",
                            plan->cpus_each, plan->cpus.allowed);
    if (plan->gpus_each > 0)
        count = limit_slots(slots, plan, count, plan->gpus.count / plan->gpus_each, "GPU",
                            plan->gpus_each, plan->gpus.count);
    return count;
}

static unsigned wanted_slots(struct nf_slots *slots, const struct plan *plan)
{
    return count_slots(slots, plan, plan->wanted > 0 ? (unsigned)plan->wanted : plan->cpus.allowed);
}

static void give_gpus(struct nf_slots *slots, const struct plan *plan)
{
    for (unsigned i = 0; plan->gpus_each > 0 && i < slots->most; i++) {
        char *text = slots->slot[i].gpus;
        size_t used = 0;
        for (unsigned k = 0; k < plan->gpus_each && used < sizeof slots->slot[i].gpus; k++)
            used += (size_t)snprintf(text + used, sizeof slots->slot[i].gpus - used, "%s%s",
                                     k > 0 ? "," : "", plan->gpus.name[i * plan->gpus_each + k]);
    }
}

/* CPUs are bound only where the mask is what limits us: a quota or Slurm's number names none, and
 * the first CPUs of the mask would then be everybody's first. */
static int give_cpus(struct nf_slots *slots, const struct plan *plan, nfold_error *err)
{
    unsigned each = plan->has_cpus ? plan->cpus_each : plan->cpus.allowed / slots->count;
    int is_pinned = each > 0 && plan->cpus.allowed == plan->cpus.affinity &&
                    (plan->has_cpus || slots->most == slots->count);
    for (unsigned i = 0; i < slots->most; i++)
        slots->slot[i].cpu_count = each > 0 ? each : 1;
    if (!is_pinned)
        return 0;
    slots->cpu_storage = nf_cpu_order_sets("", slots->most, each);
    if (!slots->cpu_storage)
        return nf_fail_memory(err);
    for (unsigned i = 0; i < slots->most && slots->cpu_storage[(size_t)i * each] >= 0; i++) {
        slots->slot[i].cpus = slots->cpu_storage + (size_t)i * each;
        slots->slot[i].is_pinned = 1;
    }
    return 0;
}

static int give_slots(struct nf_slots *slots, const struct plan *plan, nfold_error *err)
{
    slots->slot = calloc(slots->most, sizeof *slots->slot);
    if (!slots->slot)
        return nf_fail_memory(err);
    for (unsigned i = 0; i < slots->most; i++)
        slots->slot[i] = (struct nf_slot){.number = i + 1, .host = ""};
    give_gpus(slots, plan);
    int rc = give_cpus(slots, plan, err);
    if (rc < 0)
        nf_slots_clear(slots);
    return rc;
}

int nf_slots_make(struct nf_slots *slots, const nfold_options *options, nfold_error *err)
{
    struct plan plan = {0};
    *slots = (struct nf_slots){0};
    int rc = read_plan(&plan, options, err);
    if (rc >= 0)
        rc = check_each(&plan, err);
    if (rc < 0)
        return rc;
    slots->read = plan.file;
    slots->count = slots->most = wanted_slots(slots, &plan);
    struct nf_slots most = {0};
    if (nf_slots_may_change(slots))
        slots->most = count_slots(&most, &plan, MOST_SLOTS);
    return give_slots(slots, &plan, err);
}

int nf_slots_may_change(const struct nf_slots *slots)
{
    return slots->read.st_ino != 0;
}

static int is_written(const struct stat *before, const struct stat *now)
{
    return now->st_size > 0 && /* nor is being written just now */
           (now->st_ino != before->st_ino || now->st_size != before->st_size ||
            now->st_mtim.tv_sec != before->st_mtim.tv_sec ||
            now->st_mtim.tv_nsec != before->st_mtim.tv_nsec);
}

int nf_slots_follow(struct nf_slots *slots, const nfold_options *options, nfold_error *err)
{
    struct plan plan = {0};
    struct stat now;
    if (!nf_slots_may_change(slots) || stat(nf_options_text(options, "jobs"), &now) < 0 ||
        !is_written(&slots->read, &now))
        return 0;
    slots->read = now;
    int rc = read_plan(&plan, options, err);
    if (rc >= 0)
        rc = check_each(&plan, err);
    if (rc < 0)
        return rc;
    unsigned before = slots->count;
    slots->count = wanted_slots(slots, &plan);
    for (unsigned i = 0; i < slots->most && !plan.has_cpus; i++)
        slots->slot[i].cpu_count =
            plan.cpus.allowed > slots->count ? plan.cpus.allowed / slots->count : 1;
    return slots->count != before;
}

void nf_slots_clear(struct nf_slots *slots)
{
    free(slots->slot);
    free(slots->cpu_storage);
    slots->slot = NULL;
    slots->cpu_storage = NULL;
    slots->count = slots->most = 0;
}
