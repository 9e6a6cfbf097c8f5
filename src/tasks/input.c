/* input.c: records become tasks: how many make one, and how many tasks there are. */
#include "input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "columns.h"
#include "combine.h"
#include "input_operands.h"
#include "record_queue.h"
#include "source.h"
#include "template.h"

struct nf_input {
    struct nf_record_rules rules;
    struct nf_source_watch watch;
    struct nf_columns columns;
    struct nf_combine *combine;
    const struct nf_template *pattern;
    struct nf_values names; /* of --header */
    int has_names, uses_stdin, waits_for;
    uint64_t sequence;
    /* how many records a task takes */
    size_t most; /* SIZE_MAX: as many as a line may hold; fewer for those that are spread */
    size_t asked_most;
    int is_bare;     /* -N0: a record starts a task and is not given to it */
    int packs;       /* -m -X --xargs: the length of the line is a limit, too */
    int spreads;     /* -m -X: the last ones are to be spread over the slots */
    int asks_spread; /* they will be, or were */
    long line_bytes; /* that limit */
    long used_bytes; /* of the records in the queue that were counted */
    size_t counted;
    unsigned slots;
    int is_at_end;
    struct nf_record_queue queue;
    struct nf_input *counter; /* with -m -X --xargs: a twin that packs ahead; NULL: none yet */
    uint64_t counted_tasks;   /* by it, to the end; 0: not yet */
    int is_uncountable;       /* it was tried, and failed */
    int reads_all;            /* before the first task */
    int shuffles;             /* --shuf */
    int is_shuffled;          /* it is still to be done */
    uint64_t random;
};

/* ---- opening: what stands before the records ---- */

static int skip_line(struct nf_input *input, nfold_error *err)
{
    char *line = NULL;
    int rc = nf_source_leave_out(nf_combine_source(input->combine, 0), &line, err);
    free(line);
    return rc;
}

/* --header 0: {file} is the column of a file's inputs. A list has its number. */
static int name_sources(struct nf_input *input, nfold_error *err)
{
    struct nf_source *source;
    int rc = 0;
    input->has_names = 1;
    for (unsigned i = 0; rc >= 0 && (source = nf_combine_source(input->combine, i)); i++) {
        char *name = NULL;
        int fd = nf_source_fd(source);
        if (fd > STDIN_FILENO)
            name = strdup(nf_source_name(source));
        else if ((fd < 0 ? asprintf(&name, "%u", i + 1) : asprintf(&name, "-")) < 0)
            name = NULL;
        rc = nf_values_append(&input->names, name, err);
    }
    return rc;
}

static int read_names(struct nf_input *input, nfold_error *err)
{
    struct nf_source *source;
    input->has_names = 1;
    for (unsigned i = 0; (source = nf_combine_source(input->combine, i)); i++) {
        char *line = NULL;
        int rc = nf_source_leave_out(source, &line, err);
        if (rc == 0)
            return nf_fail(err, NFOLD_E_USAGE, "--header: %s has no first line",
                           nf_source_name(source));
        if (rc < 0)
            return rc;
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        rc = nf_columns_split(&input->columns, line, &input->names, err);
        free(line);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- opening: records of a task ---- */

static size_t count_or(const nfold_options *options, const char *name, size_t otherwise)
{
    double count = nf_options_size(options, name); /* 2k is a number of inputs, too */
    return isnan(count) ? otherwise : (size_t)count;
}

static void read_packing(struct nf_input *input, const nfold_options *options)
{
    int spreads = nf_options_flag(options, "multiple") || nf_options_flag(options, "context");
    double chars = nf_options_size(options, "max-chars");
    input->spreads = input->asks_spread = spreads;
    input->packs = spreads || nf_options_flag(options, "xargs");
    input->most = count_or(options, "max-lines", input->packs ? SIZE_MAX : 1);
    input->most = count_or(options, "max-args", input->most);
    input->most = count_or(options, "max-replace-args", input->most);
    input->is_bare = input->most == 0;
    input->most += input->is_bare;
    input->asked_most = input->most;
    input->line_bytes = NF_COMMAND_BYTES;
    if (chars < NF_COMMAND_BYTES)
        input->line_bytes = (long)chars;
    input->shuffles = nf_options_flag(options, "shuf");
    input->reads_all = input->is_shuffled = input->shuffles;
    double seed = nf_options_count(options, "seed");
    struct timespec now = {0};
    if (isnan(seed))
        clock_gettime(CLOCK_REALTIME, &now);
    input->random =
        isnan(seed) ? (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec : (uint64_t)seed;
}

int nf_input_open(struct nf_input **input, const nfold_options *options,
                  const char *const *operands, size_t operand_count,
                  const struct nf_template *pattern, unsigned slots, nfold_error *err)
{
    struct nf_input *opened = calloc(1, sizeof *opened);
    *input = NULL;
    if (!opened)
        return nf_fail_memory(err);
    opened->pattern = pattern;
    opened->slots = slots ? slots : 1;
    opened->waits_for = -1;
    read_packing(opened, options);
    int rc = nf_record_rules_read(&opened->rules, options, err);
    opened->rules.watch = &opened->watch;
    opened->watch.waits = 1;
    if (rc >= 0)
        rc = nf_columns_read(&opened->columns, options, err);
    if (rc >= 0)
        rc = nf_input_operands_open(&opened->combine, options, operands, operand_count,
                                    &opened->rules, &opened->uses_stdin, err);
    if (rc >= 0 && nf_options_flag(options, "skip-first-line"))
        rc = skip_line(opened, err);
    const char *header = nf_options_text(options, "header");
    if (rc >= 0 && header)
        rc = strcmp(header, "0") == 0 ? name_sources(opened, err) : read_names(opened, err);
    if (rc < 0) {
        nf_input_close(opened);
        return rc;
    }
    *input = opened;
    return 0;
}

int nf_input_watch(struct nf_input *input,
                   int (*keep)(void *user, const char *data, size_t size, nfold_error *err),
                   void *user, nfold_error *err)
{
    struct nf_source_watch *watch = &input->watch;
    int rc = 0;
    if (watch->early.size > 0)
        rc = keep(user, watch->early.data, watch->early.size, err);
    nf_buffer_clear(&watch->early);
    watch->keep = keep;
    watch->user = user;
    return rc;
}

/* Its rules and columns are the input's. */
static void close_counter(struct nf_input *input)
{
    struct nf_input *counter = input->counter;
    input->counter = NULL;
    if (!counter)
        return;
    nf_record_queue_clear(&counter->queue);
    nf_combine_close(counter->combine);
    free(counter);
}

void nf_input_close(struct nf_input *input)
{
    if (!input)
        return;
    close_counter(input);
    nf_record_queue_clear(&input->queue);
    nf_combine_close(input->combine);
    nf_columns_clear(&input->columns);
    nf_record_rules_clear(&input->rules);
    nf_buffer_clear(&input->watch.early);
    nf_values_clear(&input->names);
    free(input);
}

/* ---- reading records into the queue ---- */

static int read_record(struct nf_input *input, nfold_error *err)
{
    struct nf_values record = {0};
    int rc = nf_combine_next(input->combine, &input->columns, 0, &record, &input->waits_for, err);
    if (rc == 1 && nf_record_queue_append(&input->queue, &record, err) < 0)
        return NFOLD_E_MEMORY;
    if (rc != 1)
        nf_values_clear(&record);
    input->is_at_end |= rc == 0;
    return rc;
}

static int read_all(struct nf_input *input, nfold_error *err)
{
    while (!input->is_at_end) {
        int rc = read_record(input, err);
        if (rc < 0 || rc == NF_INPUT_WAIT)
            return rc;
    }
    return 1;
}

static long record_bytes(const struct nf_input *input, const struct nf_values *record)
{
    long bytes = 0;
    for (unsigned i = 0; i < record->count; i++)
        bytes += nf_template_value_bytes(input->pattern, record->value[i]);
    return bytes;
}

/* Counts the records of the queue that the next task can hold: all, or those that fit. */
static int is_full(struct nf_input *input)
{
    struct nf_record_queue *queue = &input->queue;
    if (!input->packs)
        return nf_record_queue_size(queue) >= input->most;
    if (input->counted == 0)
        input->used_bytes = nf_template_fixed_bytes(input->pattern);
    while (input->counted < nf_record_queue_size(queue)) {
        long bytes = record_bytes(input, &queue->record[queue->first + input->counted]);
        if (input->counted >= input->most ||
            (input->counted > 0 && input->used_bytes + bytes >= input->line_bytes))
            return 1;
        input->used_bytes += bytes;
        input->counted++;
    }
    /* One more is looked at, so that the last task knows that it is. */
    return !input->spreads && input->counted >= input->most;
}

static int fill_queue(struct nf_input *input, nfold_error *err)
{
    if (input->reads_all) {
        int rc = read_all(input, err);
        if (rc != 1)
            return rc;
    }
    if (input->is_shuffled)
        nf_record_queue_shuffle(&input->queue, &input->random);
    input->is_shuffled = 0;
    while (!is_full(input) && !input->is_at_end) {
        int rc = read_record(input, err);
        if (rc < 0 || rc == NF_INPUT_WAIT)
            return rc;
    }
    return 1;
}

/* ---- tasks ---- */

/* At the end -m and -X give every slot its part of what is left. */
static size_t records_of_task(struct nf_input *input)
{
    size_t left = nf_record_queue_size(&input->queue);
    size_t count = input->packs ? input->counted : input->most;
    if (count > left)
        count = left;
    if (input->spreads && input->is_at_end && count == left && count > 1) {
        input->most = (count + input->slots - 1) / input->slots;
        input->spreads = 0;
        count = input->most;
    }
    return count;
}

static int take_records(struct nf_input *input, size_t count, struct nf_values *values,
                        nfold_error *err)
{
    int rc = 0;
    for (; count > 0; count--) {
        struct nf_values *record = &input->queue.record[input->queue.first++];
        for (unsigned i = 0; rc >= 0 && i < record->count && !input->is_bare; i++) {
            rc = nf_values_append(values, record->value[i], err);
            record->value[i] = NULL;
        }
        nf_values_clear(record);
    }
    input->counted = 0;
    return rc;
}

int nf_input_next(struct nf_input *input, struct nf_task *task, nfold_error *err)
{
    struct nf_values values = {0};
    input->watch.waits = 0;
    int rc = fill_queue(input, err);
    if (rc < 0 || rc == NF_INPUT_WAIT)
        return rc;
    size_t count = records_of_task(input);
    if (count == 0)
        return 0;
    rc = take_records(input, count, &values, err);
    if (rc < 0) {
        nf_values_clear(&values);
        return rc;
    }
    *task = (struct nf_task){.sequence = ++input->sequence,
                             .value_count = values.count,
                             .values = values.value,
                             .record_count = (unsigned)count,
                             .attempt = 1};
    return 1;
}

int nf_input_fd(const struct nf_input *input)
{
    return input->waits_for;
}

int nf_input_uses_stdin(const struct nf_input *input)
{
    return input->uses_stdin;
}

/* ---- how many there are ---- */

uint64_t nf_input_total(const struct nf_input *input)
{
    if (input->packs)
        return input->counted_tasks;
    if (input->is_at_end) {
        size_t left = nf_record_queue_size(&input->queue);
        return input->sequence + left / input->most + (left % input->most != 0);
    }
    uint64_t records = nf_combine_total(input->combine);
    return records / input->most + (records % input->most != 0);
}

int nf_input_is_bounded(const struct nf_input *input)
{
    return nf_combine_is_bounded(input->combine);
}

static int open_counter(struct nf_input *input)
{
    struct nf_input *counter = calloc(1, sizeof *counter);
    if (!counter)
        return NFOLD_E_MEMORY;
    counter->pattern = input->pattern;
    counter->columns = input->columns;
    counter->most = input->asked_most;
    counter->is_bare = input->is_bare;
    counter->packs = 1;
    counter->spreads = input->asks_spread;
    counter->line_bytes = input->line_bytes;
    counter->slots = input->slots;
    input->counter = counter;
    return nf_combine_open_twin(&counter->combine, input->combine, NULL);
}

/* What is packed depends on the length of each value, so tasks are made to be counted. */
static int count_packed(struct nf_input *input, uint64_t records)
{
    struct nf_task task;
    int rc = input->counter ? 0 : open_counter(input);
    for (rc = rc < 0 ? rc : 1; rc == 1 && records > 0;) {
        rc = nf_input_next(input->counter, &task, NULL);
        if (rc != 1)
            break;
        records -= task.record_count < records ? task.record_count : records;
        nf_task_clear(&task);
    }
    if (rc != 0)
        return rc;
    input->counted_tasks = input->counter->sequence;
    close_counter(input);
    return 0;
}

int nf_input_count(struct nf_input *input, uint64_t records)
{
    if (nf_input_total(input) > 0)
        return 1;
    /* Shuffled values are packed in another way each time. */
    if (input->is_uncountable || !nf_input_is_bounded(input) || (input->packs && input->shuffles))
        return 0;
    int rc =
        input->packs ? count_packed(input, records) : nf_combine_count(input->combine, &records);
    input->is_uncountable = rc < 0;
    return nf_input_total(input) > 0;
}

void nf_input_ask_total(struct nf_input *input)
{
    nf_input_count(input, UINT64_MAX);
    input->reads_all |= nf_input_total(input) == 0;
}

uint64_t nf_input_columns(const struct nf_input *input)
{
    unsigned sources = 0;
    while (nf_combine_source(input->combine, sources))
        sources++;
    if (input->columns.is_split || input->is_bare || input->most > UINT32_MAX)
        return 0;
    return (uint64_t)sources * input->most;
}

const char *const *nf_input_names(const struct nf_input *input, unsigned *count)
{
    *count = input->names.count;
    return input->has_names ? (const char *const *)input->names.value : NULL;
}
