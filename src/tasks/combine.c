/* combine.c: an odometer over groups of sources. A group moves its sources together; the last group
 * turns fastest. All but the first keep what they read, since they are gone through again. */
#include "combine.h"

#include <stdlib.h>
#include <string.h>

#include "input.h"

#define RECYCLING_HINT "--link instead of :::+ begins the shorter ones anew\n"

struct member {
    struct nf_source *source;
    struct nf_values kept; /* what was read: for another turn, or for --link to begin anew */
    char *pending;         /* read, while other members of the group still wait */
    int is_at_end;
    uint64_t count;            /* records read */
    struct nf_source *counter; /* a twin that runs ahead to count them; NULL: none yet, no more */
    uint64_t counted;
    uint64_t total; /* UINT64_MAX: not counted to the end */
};

struct group {
    struct member *member;
    unsigned count;
    unsigned position; /* in kept, of the combination that is current */
    unsigned filled;   /* positions there are */
    int is_at_end;
};

struct nf_combine {
    struct group *group;
    unsigned count;
    int recycles; /* --link: a shorter source begins anew */
    int has_begun, has_ended;
};

int nf_combine_open(struct nf_combine **combine, int recycles, nfold_error *err)
{
    *combine = calloc(1, sizeof **combine);
    if (!*combine)
        return nf_fail_memory(err);
    (*combine)->recycles = recycles;
    return 0;
}

static int add_group(struct nf_combine *combine, nfold_error *err)
{
    struct group *grown = reallocarray(combine->group, combine->count + 1, sizeof *grown);
    if (!grown)
        return nf_fail_memory(err);
    combine->group = grown;
    combine->group[combine->count++] = (struct group){0};
    return 0;
}

int nf_combine_add(struct nf_combine *combine, struct nf_source *source, int is_linked,
                   nfold_error *err)
{
    int rc = combine->count == 0 || !is_linked ? add_group(combine, err) : 0;
    if (rc >= 0) {
        struct group *group = &combine->group[combine->count - 1];
        struct member *grown = reallocarray(group->member, group->count + 1, sizeof *grown);
        if (grown) {
            group->member = grown;
            group->member[group->count++] = (struct member){.source = source, .total = UINT64_MAX};
            return 0;
        }
        rc = nf_fail_memory(err);
    }
    nf_source_close(source);
    return rc;
}

struct nf_source *nf_combine_source(const struct nf_combine *combine, unsigned index)
{
    for (unsigned i = 0; i < combine->count; i++) {
        if (index < combine->group[i].count)
            return combine->group[i].member[index].source;
        index -= combine->group[i].count;
    }
    return NULL;
}

void nf_combine_close(struct nf_combine *combine)
{
    if (!combine)
        return;
    for (unsigned i = 0; i < combine->count; i++) {
        struct group *group = &combine->group[i];
        for (unsigned j = 0; j < group->count; j++) {
            nf_source_close(group->member[j].counter);
            nf_source_close(group->member[j].source);
            nf_values_clear(&group->member[j].kept);
            free(group->member[j].pending);
        }
        free(group->member);
    }
    free(combine->group);
    free(combine);
}

/* A list without any input among several would make no task at all, or tasks without it. */
static int fail_empty(const struct group *group, nfold_error *err)
{
    return nf_fail(err, NFOLD_E_USAGE, "%s is empty: there is nothing to combine the others with",
                   nf_source_name(group->member[0].source));
}

static int fail_lengths(const struct nf_source *one, const struct nf_source *other,
                        nfold_error *err)
{
    uint64_t length = nf_source_total(one);
    nf_fail(err, NFOLD_E_USAGE,
            "linked lists have different lengths: %s has %llu input%s, %s has %llu",
            nf_source_name(one), (unsigned long long)length, length == 1 ? "" : "s",
            nf_source_name(other), (unsigned long long)nf_source_total(other));
    nf_error_detail(err, RECYCLING_HINT);
    return NFOLD_E_USAGE;
}

static int check_group(const struct nf_combine *combine, const struct group *group,
                       nfold_error *err)
{
    const struct nf_source *first = group->member[0].source;
    for (unsigned i = 0; i < group->count; i++) {
        const struct nf_source *source = group->member[i].source;
        uint64_t total = nf_source_total(source);
        if (total == 0 && combine->count > 1)
            return fail_empty(group, err);
        if (!combine->recycles && total != UINT64_MAX && nf_source_total(first) != UINT64_MAX &&
            total != nf_source_total(first))
            return fail_lengths(first, source, err);
    }
    return 0;
}

int nf_combine_check(const struct nf_combine *combine, nfold_error *err)
{
    int rc = 0;
    for (unsigned i = 0; rc >= 0 && i < combine->count; i++)
        rc = check_group(combine, &combine->group[i], err);
    return rc;
}

/* ---- one more row of a group ---- */

static int fail_unequal(const struct group *group, nfold_error *err)
{
    const struct member *shorter = NULL, *longer = NULL;
    for (unsigned i = 0; i < group->count; i++) {
        const struct member *member = &group->member[i];
        if (!shorter || (member->is_at_end && member->count < shorter->count))
            shorter = member;
        if (!longer || member->count + !member->is_at_end > longer->count)
            longer = member;
    }
    nf_fail(err, NFOLD_E_USAGE,
            "linked lists have different lengths: %s ends after %llu input%s, %s goes on",
            nf_source_name(shorter->source), (unsigned long long)shorter->count,
            shorter->count == 1 ? "" : "s", nf_source_name(longer->source));
    nf_error_detail(err, RECYCLING_HINT);
    return NFOLD_E_USAGE;
}

/* Reads what is missing of each member's next record. 1, NF_INPUT_WAIT or < 0. */
static int fill_pending(struct group *group, int waits, int *waits_for, nfold_error *err)
{
    for (unsigned i = 0; i < group->count; i++) {
        struct member *member = &group->member[i];
        if (member->pending || member->is_at_end)
            continue;
        int rc = nf_source_next(member->source, waits, &member->pending, err);
        if (rc == NF_INPUT_WAIT)
            *waits_for = nf_source_fd(member->source);
        if (rc < 0 || rc == NF_INPUT_WAIT)
            return rc;
        member->is_at_end = rc == 0;
        member->count += rc == 1;
    }
    return 1;
}

static unsigned count_pending(const struct group *group)
{
    unsigned count = 0;
    for (unsigned i = 0; i < group->count; i++)
        count += group->member[i].pending != NULL;
    return count;
}

/* keeps: earlier rows are needed again. Otherwise the new row takes the place of the only one. */
static int add_row(struct group *group, int keeps, nfold_error *err)
{
    for (unsigned i = 0; i < group->count; i++) {
        struct member *member = &group->member[i];
        char *value = member->pending;
        member->pending = NULL;
        if (!value) /* --link: the one that came this many rows ago */
            value = strdup(member->kept.value[group->filled % member->count]);
        if (!keeps)
            nf_values_clear(&member->kept);
        int rc = nf_values_append(&member->kept, value, err);
        if (rc < 0)
            return rc;
    }
    group->filled = keeps ? group->filled + 1 : 1;
    return 1;
}

static int check_row(const struct nf_combine *combine, struct group *group, nfold_error *err)
{
    unsigned pending = count_pending(group);
    if (pending == 0) {
        group->is_at_end = 1;
        return 0;
    }
    if (pending == group->count)
        return 1;
    if (!combine->recycles)
        return fail_unequal(group, err);
    for (unsigned i = 0; i < group->count; i++)
        if (group->member[i].count == 0)
            return nf_fail(err, NFOLD_E_USAGE, "%s has no input to link",
                           nf_source_name(group->member[i].source));
    return 1;
}

/* 1 a new row, 0 the group has no more, NF_INPUT_WAIT or < 0. */
static int read_row(struct nf_combine *combine, struct group *group, int waits, int *waits_for,
                    nfold_error *err)
{
    int recycles = combine->recycles && group->count > 1;
    if (group->is_at_end)
        return 0;
    int rc = fill_pending(group, waits, waits_for, err);
    if (rc == 1)
        rc = check_row(combine, group, err);
    if (rc == 1)
        rc = add_row(group, group != combine->group || recycles, err);
    return rc;
}

/* ---- the odometer ---- */

static int begin(struct nf_combine *combine, int waits, int *waits_for, nfold_error *err)
{
    for (unsigned i = 0; i < combine->count; i++) {
        struct group *group = &combine->group[i];
        if (group->filled > 0)
            continue;
        int rc = read_row(combine, group, waits, waits_for, err);
        if (rc == 0 && combine->count > 1)
            return fail_empty(group, err);
        if (rc != 1)
            return rc;
    }
    combine->has_begun = 1;
    return 1;
}

static int advance(struct nf_combine *combine, int waits, int *waits_for, nfold_error *err)
{
    for (unsigned i = combine->count; i-- > 0;) {
        struct group *group = &combine->group[i];
        int rc = 1;
        if (group->position + 1 >= group->filled)
            rc = read_row(combine, group, waits, waits_for, err);
        if (rc < 0 || rc == NF_INPUT_WAIT)
            return rc;
        if (rc == 0)
            continue;
        group->position = group->filled > 1 ? group->position + 1 : 0;
        for (unsigned j = i + 1; j < combine->count; j++)
            combine->group[j].position = 0;
        return 1;
    }
    return 0;
}

static int append_current(const struct nf_combine *combine, const struct nf_columns *columns,
                          struct nf_values *values, nfold_error *err)
{
    for (unsigned i = 0; i < combine->count; i++) {
        const struct group *group = &combine->group[i];
        for (unsigned j = 0; j < group->count; j++) {
            int rc = nf_columns_split(columns, group->member[j].kept.value[group->position], values,
                                      err);
            if (rc < 0)
                return rc;
        }
    }
    return 1;
}

int nf_combine_next(struct nf_combine *combine, const struct nf_columns *columns, int waits,
                    struct nf_values *values, int *waits_for, nfold_error *err)
{
    int rc = 0;
    *waits_for = -1;
    if (!combine->has_ended && combine->count > 0)
        rc = combine->has_begun ? advance(combine, waits, waits_for, err)
                                : begin(combine, waits, waits_for, err);
    combine->has_ended |= rc == 0;
    return rc == 1 ? append_current(combine, columns, values, err) : rc;
}

/* ---- how many there are ---- */

static uint64_t total_of(const struct member *member)
{
    return member->total != UINT64_MAX ? member->total : nf_source_total(member->source);
}

uint64_t nf_combine_total(const struct nf_combine *combine)
{
    uint64_t total = 1;
    for (unsigned i = 0; i < combine->count; i++) {
        uint64_t rows = 0;
        for (unsigned j = 0; j < combine->group[i].count; j++) {
            uint64_t count = total_of(&combine->group[i].member[j]);
            if (count == UINT64_MAX)
                return 0;
            rows = count > rows ? count : rows;
        }
        if (rows > 0 && total > UINT64_MAX / rows)
            return 0;
        total *= rows;
    }
    return total;
}

int nf_combine_is_bounded(const struct nf_combine *combine)
{
    const struct nf_source *source;
    for (unsigned i = 0; (source = nf_combine_source(combine, i)) != NULL; i++)
        if (!nf_source_is_bounded(source))
            return 0;
    return 1;
}

/* A record that cannot be used counts; it will be told when its turn comes. */
static int count_member(struct member *member, uint64_t *records)
{
    int rc = 1;
    if (total_of(member) != UINT64_MAX)
        return 1;
    if (!member->counter)
        rc = nf_source_open_twin(&member->counter, member->source, NULL);
    for (; rc >= 0 && *records > 0; --*records) {
        char *record = NULL;
        rc = nf_source_next(member->counter, 1, &record, NULL);
        free(record);
        if (rc == 0)
            break;
        member->counted++;
        rc = rc == NFOLD_E_VALUE ? 1 : rc;
    }
    if (rc != 0)
        return rc < 0 ? rc : 0;
    member->total = member->counted;
    nf_source_close(member->counter);
    member->counter = NULL;
    return 1;
}

int nf_combine_count(struct nf_combine *combine, uint64_t *records)
{
    int rc = nf_combine_is_bounded(combine) ? 1 : NFOLD_E_VALUE;
    for (unsigned i = 0; rc > 0 && i < combine->count; i++)
        for (unsigned j = 0; rc > 0 && j < combine->group[i].count; j++)
            rc = count_member(&combine->group[i].member[j], records);
    return rc;
}

int nf_combine_open_twin(struct nf_combine **twin, const struct nf_combine *combine,
                         nfold_error *err)
{
    int rc = nf_combine_open(twin, combine->recycles, err);
    for (unsigned i = 0; rc >= 0 && i < combine->count; i++)
        for (unsigned j = 0; rc >= 0 && j < combine->group[i].count; j++) {
            struct nf_source *source;
            rc = nf_source_open_twin(&source, combine->group[i].member[j].source, err);
            if (rc >= 0)
                rc = nf_combine_add(*twin, source, j > 0, err);
        }
    if (rc >= 0)
        return 0;
    nf_combine_close(*twin);
    *twin = NULL;
    return rc;
}
