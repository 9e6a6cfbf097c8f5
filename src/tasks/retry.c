/* retry.c: --retries, --retry-on, --retry-delay. */
#include "retry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DELAY 600.0

#define BIT(status) (1u << NF_TASK_##status)

static int read_cause(struct nf_retry *retry, const char *word, nfold_error *err)
{
    static const struct {
        const char *name;
        unsigned bits;
    } causes[] = {{"failed", BIT(FAILED)},
                  {"signalled", BIT(SIGNALLED)},
                  {"signal", BIT(SIGNALLED)},
                  {"timeout", BIT(TIMEOUT)},
                  {"oom", BIT(OOM)},
                  {"all", BIT(FAILED) | BIT(SIGNALLED) | BIT(TIMEOUT) | BIT(OOM)}};
    for (unsigned i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (strcmp(word, causes[i].name) == 0) {
            retry->statuses |= causes[i].bits;
            return 0;
        }
    if (strncmp(word, "exit:", 5) == 0) {
        char *end;
        long code = strtol(word + 5, &end, 10);
        if (end > word + 5 && *end == '\0' && code >= 1 && code <= 255) {
            retry->exits[code / 8] |= (uint8_t)(1u << (code % 8));
            retry->has_exits = 1;
            return 0;
        }
    }
    return nf_fail(
        err, NFOLD_E_VALUE,
        "option 'retry-on': '%s' is not failed, signalled, timeout, oom or exit:N with N "
        "from 1 to 255",
        word);
}

static int read_causes(struct nf_retry *retry, const char *text, nfold_error *err)
{
    char *copy = strdup(text), *save = NULL;
    int rc = copy ? 0 : nf_fail_memory(err);
    for (char *word = copy ? strtok_r(copy, ",", &save) : NULL; rc >= 0 && word;
         word = strtok_r(NULL, ",", &save))
        rc = read_cause(retry, word, err);
    free(copy);
    return rc;
}

/* "x1.5", "×1.5", "1.5" */
static int read_memory_factor(struct nf_retry *retry, const char *text, nfold_error *err)
{
    const char *digits = text + strcspn(text, "0123456789.");
    char *end;
    double factor = strtod(digits, &end);
    int is_form = digits == text || strncmp(text, "x", (size_t)(digits - text)) == 0 ||
                  strncmp(text, "\xc3\x97", (size_t)(digits - text)) == 0;
    if (!is_form || end == digits || *end != '\0' || !(factor >= 1 && factor <= 100))
        return nf_fail(err, NFOLD_E_VALUE,
                       "option 'retry-mem': '%s' is not a factor from 1 to 100 such as x1.5", text);
    retry->memory_factor = factor;
    return 0;
}

int nf_retry_open(struct nf_retry *retry, const nfold_options *options, nfold_error *err)
{
    double tries = nf_options_count(options, "retries");
    double delay = nf_options_seconds(options, "retry-delay");
    const char *causes = nf_options_text(options, "retry-on");
    const char *factor = nf_options_text(options, "retry-mem");
    int rc = 0;
    *retry = (struct nf_retry){.delay = isnan(delay) ? 0 : delay};
    /* A cause or a factor without a number of tries means that they are wanted: three in all. */
    retry->tries = !isnan(tries) ? (tries == 0 ? INFINITY : tries) : causes || factor ? 3 : 1;
    if (causes)
        rc = read_causes(retry, causes, err);
    else if (isnan(tries) && factor)
        retry->statuses = BIT(OOM);
    else
        retry->statuses = BIT(FAILED) | BIT(SIGNALLED) | BIT(TIMEOUT) | BIT(OOM);
    return rc >= 0 && factor ? read_memory_factor(retry, factor, err) : rc;
}

void nf_retry_close(struct nf_retry *retry)
{
    for (size_t i = 0; i < retry->count; i++)
        nf_task_clear(&retry->wait[i].task);
    free(retry->wait);
    retry->wait = NULL;
    retry->count = retry->capacity = 0;
}

int nf_retry_wants(const struct nf_retry *retry, const struct nf_task *task,
                   const struct nf_task_result *result)
{
    if (result->status == NF_TASK_OK || !(task->attempt < retry->tries))
        return 0;
    if (retry->statuses & (1u << result->status))
        return 1;
    int code = result->exit_code;
    return retry->has_exits && result->status == NF_TASK_FAILED && code > 0 && code < 256 &&
           (retry->exits[code / 8] >> (code % 8) & 1);
}

int nf_retry_put(struct nf_retry *retry, struct nf_task *task, uint64_t memory, double now,
                 int is_free, nfold_error *err)
{
    if (retry->count == retry->capacity) {
        size_t capacity = retry->capacity ? 2 * retry->capacity : 16;
        struct nf_retry_wait *more = reallocarray(retry->wait, capacity, sizeof *more);
        if (!more) {
            nf_task_clear(task);
            return nf_fail_memory(err);
        }
        retry->wait = more;
        retry->capacity = capacity;
    }
    double delay = fmin(ldexp(retry->delay, (int)fmin(task->attempt - 1.0, 60)), MOST_DELAY);
    task->attempt += !is_free;
    retry->wait[retry->count++] =
        (struct nf_retry_wait){.task = *task, .memory = memory, .due = now + (is_free ? 0 : delay)};
    *task = (struct nf_task){0};
    return 0;
}

static size_t earliest(const struct nf_retry *retry)
{
    size_t best = 0;
    for (size_t i = 1; i < retry->count; i++)
        if (retry->wait[i].due < retry->wait[best].due)
            best = i;
    return best;
}

int nf_retry_take(struct nf_retry *retry, double now, struct nf_task *task, uint64_t *memory)
{
    size_t best = earliest(retry);
    if (retry->count == 0 || retry->wait[best].due > now)
        return 0;
    *task = retry->wait[best].task;
    *memory = retry->wait[best].memory;
    memmove(&retry->wait[best], &retry->wait[best + 1],
            (--retry->count - best) * sizeof *retry->wait);
    return 1;
}

double nf_retry_due(const struct nf_retry *retry)
{
    return retry->count > 0 ? retry->wait[earliest(retry)].due : INFINITY;
}
