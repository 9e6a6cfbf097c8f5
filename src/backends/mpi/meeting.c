/* meeting.c: every rank says to rank 0 what it is; rank 0 answers when all have spoken. */
#include "meeting.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "checksum.h"
#include "cpus.h"
#include "wait.h"

/* ---- what a rank says ------------------------------------------------------------------------ */

static uint64_t hash_mask(void)
{
    cpu_set_t mask;
    CPU_ZERO(&mask);
    return sched_getaffinity(0, sizeof mask, &mask) == 0
               ? nf_checksum_hash(NF_CHECKSUM_HASH, &mask, sizeof mask)
               : 0;
}

void nf_hello_make(struct nf_hello *hello, const char *command)
{
    struct nf_cpus cpus;
    nf_cpus_read(&cpus, "");
    *hello = (struct nf_hello){
        .order = "v1", .allowed = cpus.allowed, .mask = hash_mask(), .pid = getpid()};
    snprintf(hello->version, sizeof hello->version, "%s", nfold_version());
    gethostname(hello->host, sizeof hello->host - 1);
    snprintf(hello->command, sizeof hello->command, "%s", command ? command : "");
}

int nf_hello_write(const struct nf_hello *hello, struct nfold_buffer *text)
{
    nf_buffer_print(text,
                    "nfold-rank\nversion %s\norder %s\nhost %s\nallowed %u\nmask %" PRIx64
                    "\npid %d\ncommand %s",
                    hello->version, hello->order, hello->host, hello->allowed, hello->mask,
                    hello->pid, hello->command);
    return text->failed ? NFOLD_E_MEMORY : 0;
}

/* The rest of the line that begins so. */
static void read_line(const char *text, const char *key, char *value, size_t size)
{
    const char *line = strstr(text, key);
    value[0] = '\0';
    if (!line)
        return;
    line += strlen(key);
    snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
}

int nf_hello_read(struct nf_hello *hello, const char *text, size_t size)
{
    char *copy = strndup(text, size), number[32];
    const char *command;
    int is_hello = copy && strncmp(copy, "nfold-rank\n", 11) == 0;
    *hello = (struct nf_hello){0};
    if (is_hello) {
        read_line(copy, "\nversion ", hello->version, sizeof hello->version);
        read_line(copy, "\norder ", hello->order, sizeof hello->order);
        read_line(copy, "\nhost ", hello->host, sizeof hello->host);
        read_line(copy, "\nallowed ", number, sizeof number);
        hello->allowed = (unsigned)strtoul(number, NULL, 10);
        read_line(copy, "\nmask ", number, sizeof number);
        hello->mask = strtoull(number, NULL, 16);
        read_line(copy, "\npid ", number, sizeof number);
        hello->pid = atoi(number);
        command = strstr(copy, "\ncommand ");
        snprintf(hello->command, sizeof hello->command, "%s", command ? command + 9 : "");
    }
    free(copy);
    return is_hello ? 0 : -1;
}

int nf_hello_compare(const struct nf_hello *own, const struct nf_hello *other, const char *who,
                     nfold_error *err)
{
    if (strcmp(own->version, other->version) != 0)
        return nf_fail(err, NFOLD_E_USAGE, "%s has another nfold: %s, not %s as rank 0", who,
                       other->version, own->version);
    if (strcmp(own->order, other->order) != 0)
        return nf_fail(err, NFOLD_E_USAGE, "%s has another order: %s, not %s as rank 0", who,
                       other->order, own->order);
    if (strcmp(own->command, other->command) != 0)
        return nf_fail(err, NFOLD_E_USAGE,
                       "%s has another command than rank 0: '%.150s', not '%.150s'", who,
                       other->command, own->command);
    return 0;
}

/* ---- on rank 0 ------------------------------------------------------------------------------- */

/* The first rank that differs is the one to name, whoever spoke first. */
static int take_hello(struct nf_post *post, struct nf_hello *hello, const struct nf_letter *letter,
                      nfold_error *err)
{
    char name[NF_POST_NAME];
    if (letter->kind != NF_LETTER_HELLO ||
        nf_hello_read(&hello[letter->from], letter->body, letter->size) < 0)
        return nf_fail(err, NFOLD_E_USAGE, "%s is no rank of nfold, or of another one",
                       nf_post_name(post, letter->from, name));
    snprintf(post->peer[letter->from].host, NFOLD_HOST_SIZE, "%s", hello[letter->from].host);
    post->peer[letter->from].has_joined = 1;
    return 0;
}

static int hear_all(struct nf_post *post, struct nf_hello *hello, nfold_error *err)
{
    struct nf_wait wait = nf_wait_begin(post->engine);
    int missing = post->size - 1, rc = 0;
    while (missing > 0 && rc >= 0) {
        struct nf_letter letter;
        if (nf_post_take(post, &letter)) {
            rc = take_hello(post, hello, &letter, err);
            nf_post_drop(&letter);
            missing--;
            nf_wait_reset(&wait);
        } else if (nf_post_watch_missing(post) < 0) {
            *err = post->err;
            return err->code;
        } else {
            nf_wait_a_bit(&wait);
        }
    }
    return rc;
}

static int compare_all(const struct nf_post *post, const struct nf_hello *hello, nfold_error *err)
{
    char name[NF_POST_NAME];
    int rc = 0;
    for (int k = 1; rc == 0 && k < post->size; k++)
        rc = nf_hello_compare(&hello[0], &hello[k], nf_post_name(post, k, name), err);
    return rc;
}

/* Quadratic in the ranks, but so simple that 1000 of them take 10 ms. */
static unsigned count_sharers(const struct nf_post *post, const struct nf_hello *hello, int rank)
{
    unsigned sharers = 0;
    for (int k = 0; k < post->size; k++)
        sharers +=
            hello[k].mask == hello[rank].mask && strcmp(hello[k].host, hello[rank].host) == 0;
    return sharers;
}

static void welcome_all(struct nf_post *post, const struct nf_hello *hello, int rc)
{
    for (int k = 1; k < post->size; k++) {
        char text[128];
        int size = snprintf(text, sizeof text, "nfold-welcome\ncode %d\nsharers %u\nhost %s", rc,
                            count_sharers(post, hello, k), hello[0].host);
        nf_post_send(post, k, NF_LETTER_WELCOME, text, (size_t)size);
    }
}

static void tell_who_is_where(const struct nf_post *post, const struct nf_hello *hello)
{
    if (!getenv(NF_MEETING_VARIABLE))
        return;
    for (int k = 0; k < post->size; k++)
        fprintf(stderr, NF_MEETING_NOTE " %d on %s is rank %d\n", hello[k].pid, hello[k].host, k);
}

static int hold_first(struct nf_post *post, const struct nf_hello *own, unsigned *sharers,
                      nfold_error *err)
{
    struct nf_hello *hello = calloc((size_t)post->size, sizeof *hello);
    int rc;
    if (!hello)
        return nf_fail_memory(err);
    hello[0] = *own;
    rc = hear_all(post, hello, err);
    if (rc >= 0)
        rc = compare_all(post, hello, err);
    if (rc >= 0)
        tell_who_is_where(post, hello);
    *sharers = count_sharers(post, hello, 0);
    welcome_all(post, hello, rc);
    for (int k = 0; k < post->size; k++)
        post->peer[k].has_joined = 0;
    free(hello);
    return rc;
}

/* ---- on the others --------------------------------------------------------------------------- */

static int read_welcome(struct nf_post *post, const struct nf_letter *letter, unsigned *sharers,
                        nfold_error *err)
{
    char text[256], number[16];
    int code;
    snprintf(text, sizeof text, "%.*s", (int)letter->size, (const char *)letter->body);
    read_line(text, "\nhost ", post->peer[0].host, NFOLD_HOST_SIZE);
    read_line(text, "\nsharers ", number, sizeof number);
    *sharers = (unsigned)strtoul(number, NULL, 10);
    read_line(text, "\ncode ", number, sizeof number);
    code = number[0] ? atoi(number) : NFOLD_E_INTERNAL;
    return code < 0 ? nf_fail(err, code, "the ranks do not agree; rank 0 says why") : 0;
}

static int hold_other(struct nf_post *post, const struct nf_hello *own, unsigned *sharers,
                      nfold_error *err)
{
    struct nf_wait wait = nf_wait_begin(post->engine);
    struct nfold_buffer text = {0};
    struct nf_letter letter;
    int rc = nf_hello_write(own, &text);
    if (rc >= 0)
        nf_post_send(post, 0, NF_LETTER_HELLO, text.data, text.size);
    nf_buffer_clear(&text);
    while (rc >= 0 && !nf_post_take(post, &letter)) {
        if (post->is_broken) {
            *err = post->err;
            return err->code;
        }
        nf_wait_a_bit(&wait);
    }
    if (rc < 0)
        return nf_fail_memory(err);
    rc = read_welcome(post, &letter, sharers, err);
    nf_post_drop(&letter);
    return rc;
}

int nf_meeting_hold(struct nf_post *post, const struct nf_hello *own, unsigned *sharers,
                    nfold_error *err)
{
    snprintf(post->peer[post->rank].host, NFOLD_HOST_SIZE, "%s", own->host);
    nf_post_begin_watch(post);
    if (post->rank == 0)
        return hold_first(post, own, sharers, err);
    return hold_other(post, own, sharers, err);
}
