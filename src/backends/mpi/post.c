/* post.c: nothing here waits. */
#include "post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEATS      10  /* in a timeout */
#define BEAT_MOST  1.0 /* seconds between two */
#define BEATS_WAIT 2   /* messages on their way to a rank; more would pile up behind a cut link */

int nf_post_open(struct nf_post *post, const struct nfold_engine *engine,
                 const struct nf_port *port, const struct nf_port_place *place, nfold_error *err)
{
    *post = (struct nf_post){.engine = engine,
                             .port = port,
                             .rank = place->rank,
                             .size = place->size,
                             .is_theirs = place->is_theirs,
                             .meeting = (uint16_t)place->meeting,
                             .peer = calloc((size_t)place->size, sizeof *post->peer)};
    return post->peer ? 0 : nf_fail_memory(err);
}

void nf_post_close(struct nf_post *post)
{
    free(post->peer);
    post->peer = NULL;
}

static int break_off(struct nf_post *post, int code, const char *what, const char *whose)
{
    if (!post->is_broken)
        nf_fail(&post->err, code, "%s%s", what, whose);
    post->is_broken = 1;
    return post->err.code;
}

/* Some MPIs notice that a rank is gone before its silence is long enough. */
static int break_off_send(struct nf_post *post, int to)
{
    char name[NF_POST_NAME];
    return break_off(post, NFOLD_E_SYSTEM,
                     "MPI cannot send a message any more; killed, or its host is down: ",
                     nf_post_name(post, to, name));
}

int nf_post_send(struct nf_post *post, int to, enum nf_letter_kind kind, const void *body,
                 size_t size)
{
    const struct nf_letter_head head = {(uint16_t)kind, post->meeting, post->run};
    char small[1024], *data = small;
    double began = post->engine->now();
    int rc;
    if (post->is_broken)
        return post->err.code;
    if (sizeof head + size > sizeof small && !(data = malloc(sizeof head + size)))
        return break_off(post, NFOLD_E_MEMORY, "out of memory", "");
    memcpy(data, &head, sizeof head);
    if (size > 0)
        memcpy(data + sizeof head, body, size);
    rc = post->port->send(to, data, sizeof head + size);
    if (data != small)
        free(data);
    post->peer[to].beaten_at = post->engine->now();
    post->communication += post->peer[to].beaten_at - began;
    return rc < 0 ? break_off_send(post, to) : 0;
}

int nf_post_send_all(struct nf_post *post, enum nf_letter_kind kind, const void *body, size_t size)
{
    int rc = 0;
    for (int k = 0; rc >= 0 && k < post->size; k++)
        if (k != post->rank)
            rc = nf_post_send(post, k, kind, body, size);
    return rc;
}

void nf_post_drop(struct nf_letter *letter)
{
    free(letter->data);
}

const void *nf_letter_body(const struct nf_letter *letter, size_t size)
{
    return letter->size >= size ? letter->body : NULL;
}

/* Letters that do not belong to a run. */
static int is_outside(enum nf_letter_kind kind)
{
    return kind == NF_LETTER_HELLO || kind == NF_LETTER_WELCOME || kind == NF_LETTER_JOIN ||
           kind == NF_LETTER_REFUSE || kind == NF_LETTER_START || kind == NF_LETTER_BYE;
}

static void read_beat(struct nf_post *post, const struct nf_letter *letter)
{
    const struct nf_letter_beat *beat = nf_letter_body(letter, sizeof *beat);
    if (!beat)
        return;
    post->peer[letter->from].items_done = beat->items_done;
    if (letter->from == 0)
        post->keep_every = beat->keep_every;
}

/* Is it for now? A beat has said all that it has to say. */
static int read_letter(struct nf_post *post, struct nf_letter *letter)
{
    const struct nf_letter_head *head = letter->data;
    struct nf_peer *peer = &post->peer[letter->from];
    if (letter->size < sizeof *head || head->meeting != post->meeting)
        return 0;
    peer->heard_at = post->engine->now();
    letter->kind = (enum nf_letter_kind)head->kind;
    letter->body = head + 1;
    letter->size -= sizeof *head;
    if (letter->kind == NF_LETTER_BEAT && head->run == post->run)
        read_beat(post, letter);
    return letter->kind != NF_LETTER_BEAT && (is_outside(letter->kind) || head->run == post->run);
}

/* Who has closed its context may open the next one before this process has closed its own. */
static int is_of_later_meeting(const struct nf_post *post, const struct nf_port_message *message)
{
    const struct nf_letter_head *head = message->data;
    return message->size >= sizeof *head && (int16_t)(head->meeting - post->meeting) > 0;
}

int nf_post_take(struct nf_post *post, struct nf_letter *letter)
{
    struct nf_port_message message;
    double began = post->engine->now();
    int rc;
    while (!post->is_broken && (rc = post->port->poll(&message)) != 0) {
        if (rc > 0 && is_of_later_meeting(post, &message)) {
            post->port->keep(&message);
            continue;
        }
        *letter =
            (struct nf_letter){.from = message.from, .data = message.data, .size = message.size};
        if (rc < 0)
            break_off(post, NFOLD_E_SYSTEM,
                      "MPI receives no message any more; a rank was killed, or its host is down",
                      "");
        else if (read_letter(post, letter)) {
            post->communication += post->engine->now() - began;
            return 1;
        } else
            nf_post_drop(letter);
    }
    post->communication += post->engine->now() - began;
    return 0;
}

void nf_post_begin_watch(struct nf_post *post)
{
    double now = post->watched_at = post->engine->now();
    for (int k = 0; k < post->size; k++)
        post->peer[k].heard_at = post->peer[k].beaten_at = now;
}

const char *nf_post_name(const struct nf_post *post, int rank, char name[NF_POST_NAME])
{
    const char *host = post->peer[rank].host;
    snprintf(name, NF_POST_NAME, "rank %d%s%s", rank, host[0] ? " on " : "", host);
    return name;
}

static int name_silent(struct nf_post *post, int rank)
{
    char name[NF_POST_NAME];
    post->is_broken = 1;
    return nf_fail(&post->err, NFOLD_E_SYSTEM,
                   "%s " NF_POST_SILENT " %g s: its host is down, cut off or stopped "
                   "(--peer-timeout)",
                   nf_post_name(post, rank, name), post->timeout);
}

int nf_post_watch(struct nf_post *post, uint64_t items_done)
{
    const struct nf_letter_beat beat = {items_done, post->keep_every};
    double now = post->engine->now(), gap = now - post->watched_at;
    double every = post->timeout / BEATS < BEAT_MOST ? post->timeout / BEATS : BEAT_MOST;
    for (int k = 0; !post->is_broken && post->timeout > 0 && k < post->size; k++) {
        struct nf_peer *peer = &post->peer[k];
        if (k == post->rank || (post->rank > 0 && k > 0))
            continue;
        if (gap > every)
            peer->heard_at += gap; /* this process was stopped: that is nobody's silence */
        if (now - peer->heard_at > post->timeout)
            return name_silent(post, k);
        if (now - peer->beaten_at > every && post->port->on_their_way(k) < BEATS_WAIT)
            nf_post_send(post, k, NF_LETTER_BEAT, &beat, sizeof beat);
    }
    post->watched_at = now;
    return post->is_broken ? post->err.code : 0;
}

uint64_t nf_post_items(const struct nf_post *post)
{
    uint64_t sum = 0;
    for (int k = 0; k < post->size; k++)
        sum += post->peer[k].items_done;
    return sum;
}

int nf_post_watch_missing(struct nf_post *post)
{
    double now = post->engine->now();
    char name[NF_POST_NAME];
    for (int k = 1; !post->is_broken && post->is_command && post->timeout > 0 && k < post->size;
         k++)
        if (!post->peer[k].has_joined && now - post->peer[k].heard_at > post->timeout) {
            nf_fail(&post->err, NFOLD_E_SYSTEM, "%s did not come within %g s (--peer-timeout)",
                    nf_post_name(post, k, name), post->timeout);
            post->is_broken = 1;
        }
    return post->is_broken ? post->err.code : 0;
}
