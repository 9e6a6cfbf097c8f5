/* halt.c: --halt. */
#include "halt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_STATUS 101

static const char *expand(const char *text)
{
    static const char *const forms[][2] = {{"0", "never"},
                                           {"1", "soon,fail=1"},
                                           {"2", "now,fail=1"},
                                           {"-1", "soon,success=1"},
                                           {"-2", "now,success=1"}};
    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(text, forms[i][0]) == 0)
            return forms[i][1];
    return text;
}

/* text begins with word: what comes after it. */
static const char *after(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 ? text + length : NULL;
}

static const char *read_why(struct nf_halt *halt, const char *text)
{
    static const char *const words[] = {"fail=", "success=", "done="};
    for (unsigned i = 0; i < 3; i++) {
        const char *rest = after(text, words[i]);
        if (rest) {
            halt->why = (enum nf_halt_why)i;
            return rest;
        }
    }
    return NULL;
}

static int read_limit(struct nf_halt *halt, const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    halt->limit = (double)strtoul(text, &end, 10);
    halt->is_share = *end == '%';
    if (halt->is_share)
        halt->limit /= 100;
    return end[halt->is_share] == '\0' ? 0 : -1;
}

int nf_halt_read(struct nf_halt *halt, const char *text, nfold_error *err)
{
    *halt = (struct nf_halt){0};
    const char *form = expand(text), *rest;
    if (strcmp(form, "never") == 0)
        return 0;
    if (read_limit(halt, form) == 0 && halt->is_share) {
        halt->when = NF_HALT_SOON;
        return 0;
    }
    halt->when = NF_HALT_NOW;
    rest = after(form, "now,");
    if (!rest) {
        halt->when = NF_HALT_SOON;
        rest = after(form, "soon,");
    }
    if (rest && (rest = read_why(halt, rest)) != NULL && read_limit(halt, rest) == 0)
        return 0;
    return nf_fail(err, NFOLD_E_VALUE,
                   "option 'halt': '%s' is not never, or now or soon, followed by ,fail= ,success= "
                   "or ,done= and a number or N%%",
                   text);
}

static int bash_status(const struct nf_task_result *result)
{
    if (result->exit_code != 0)
        return result->exit_code & 255; /* -1, which is ours, is 255 */
    return result->signal > 0 ? result->signal + 128 : 0;
}

static int halt_status(const struct nf_halt *halt, const struct nf_task_result *result,
                       double limit, uint64_t total)
{
    if (halt->why == NF_HALT_SUCCESS)
        return 0;
    if (limit == 1)
        return bash_status(result);
    if (halt->is_share)
        return (int)ceil((double)halt->failed / (double)total * 100);
    return halt->failed < MOST_STATUS ? (int)halt->failed : MOST_STATUS;
}

enum nf_halt_when nf_halt_note(struct nf_halt *halt, const struct nf_task_result *result,
                               uint64_t total)
{
    int is_failed = result->status != NF_TASK_OK;
    halt->ended++;
    halt->failed += is_failed;
    if (halt->when == NF_HALT_NEVER || halt->is_reached || (halt->is_share && total == 0))
        return halt->is_reached ? halt->when : NF_HALT_NEVER;
    uint64_t count = halt->why == NF_HALT_FAIL   ? halt->failed
                     : halt->why == NF_HALT_DONE ? halt->ended
                                                 : halt->ended - halt->failed;
    int is_counted = halt->why == NF_HALT_DONE || (halt->why == NF_HALT_FAIL) == is_failed;
    double limit = halt->is_share ? halt->limit * (double)total : halt->limit;
    if (!is_counted || (double)count < limit)
        return NF_HALT_NEVER;
    halt->is_reached = 1;
    halt->status = halt_status(halt, result, limit, total);
    return halt->when;
}

int nf_halt_share(const struct nf_halt *halt)
{
    return halt->ended > 0 ? (int)ceil((double)halt->failed / (double)halt->ended * 100) : 0;
}
