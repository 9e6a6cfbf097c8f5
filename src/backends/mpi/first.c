/* first.c: rank 0 in a run: it sends the work, hands out parts, gathers fragments, failures and
 * reports, and ends the run for all. Its crew computes like any other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "checksum.h"
#include "session.h"
#include "share.h"
#include "wait.h"

struct first {
    struct nf_session session;
    uint64_t chunks, next;            /* of the dynamic schedule: from next on unclaimed */
    int has_native;                   /* it was sent */
    int reports;                      /* ranks that have nothing left to do */
    struct nfold_rank_report *report; /* [size] */
    double *reported_at;              /* [size] */
};

/* ---- before the run ------------------------------------------------------------------------- */

static int hash_work(const struct nf_ranks *ranks, const struct nfold_run *run, uint64_t *hash,
                     nfold_error *err)
{
    struct nfold_buffer text = {0};
    int rc = ranks->engine->identity(run, &text, err);
    *hash = nf_checksum_hash(NF_CHECKSUM_HASH, text.data, text.size);
    nf_buffer_clear(&text);
    return rc;
}

static int read_join(struct nf_ranks *ranks, const struct nf_letter *letter, const uint64_t *work,
                     nfold_error *err)
{
    const struct nf_letter_join *join = nf_letter_body(letter, sizeof *join);
    struct nf_peer *peer = &ranks->post.peer[letter->from];
    char name[NF_POST_NAME];
    if (!join || letter->kind != NF_LETTER_JOIN)
        return 0;
    peer->has_joined = 1;
    peer->serves = join->work == 0;
    peer->lacks_body = join->lacks_body != 0;
    peer->threads = join->threads;
    peer->has_own_isa = !peer->serves && strncmp(join->isa, ranks->isa, sizeof join->isa) != 0;
    if (peer->serves || !work || join->work == *work)
        return 0;
    return nf_fail(err, NFOLD_E_USAGE, "%s has another work than rank 0",
                   nf_post_name(&ranks->post, letter->from, name));
}

static int read_refusal(struct nf_ranks *ranks, const struct nf_letter *letter, nfold_error *err)
{
    const struct nf_letter_refuse *refuse = nf_letter_body(letter, sizeof *refuse);
    char name[NF_POST_NAME];
    ranks->post.peer[letter->from].has_joined = 1;
    if (!refuse)
        return nf_fail(err, NFOLD_E_INTERNAL, "a rank refuses without a reason");
    if (err)
        *err = refuse->err;
    nf_error_context(err, "%s: ", nf_post_name(&ranks->post, letter->from, name));
    return refuse->code;
}

/* Of several that do not fit the lowest rank is named. work: to be equal; NULL: there is none. */
static int hear_joins(struct nf_ranks *ranks, const uint64_t *work, nfold_error *err)
{
    struct nf_post *post = &ranks->post;
    struct nf_wait wait = nf_wait_begin(ranks->engine);
    int missing = 0, rc = 0, lowest = post->size;
    for (int k = 1; k < post->size; k++) {
        post->peer[k].has_joined = post->peer[k].serves; /* once for all runs */
        post->peer[k].has_reported = 0;
        post->peer[k].items_done = 0;
        missing += !post->peer[k].has_joined;
    }
    while (missing > 0 && nf_post_watch_missing(post) >= 0) {
        struct nf_letter letter;
        nfold_error why = {0};
        int failed;
        if (!nf_post_take(post, &letter)) {
            nf_wait_a_bit(&wait);
            continue;
        }
        failed = letter.kind == NF_LETTER_REFUSE ? read_refusal(ranks, &letter, &why)
                                                 : read_join(ranks, &letter, work, &why);
        if (failed < 0 && letter.from < lowest) {
            rc = failed;
            lowest = letter.from;
            if (err)
                *err = why;
        }
        missing -= letter.kind == NF_LETTER_REFUSE || letter.kind == NF_LETTER_JOIN;
        nf_post_drop(&letter);
    }
    if (post->is_broken && err)
        *err = post->err;
    return post->is_broken ? post->err.code : rc;
}

/* Equal parts would have large nodes wait for small ones. */
static int weigh_by_threads(struct nf_ranks *ranks, nfold_error *err)
{
    struct nf_post *post = &ranks->post;
    int are_equal = 1;
    post->peer[0].threads = ranks->threads;
    for (int k = 1; k < post->size; k++)
        are_equal &= post->peer[k].threads == ranks->threads;
    if (ranks->weight || are_equal)
        return 0;
    ranks->weight = calloc((size_t)post->size, sizeof *ranks->weight);
    if (!ranks->weight)
        return nf_fail_memory(err);
    for (int k = 0; k < post->size; k++)
        ranks->weight[k] = post->peer[k].threads;
    return 0;
}

static int describe(struct nf_ranks *ranks, struct nfold_run *run, struct nfold_buffer *text,
                    nfold_error *err)
{
    int is_wanted = 0;
    for (int k = 1; k < ranks->post.size; k++)
        is_wanted |= ranks->post.peer[k].serves || ranks->post.peer[k].lacks_body;
    return is_wanted ? ranks->engine->describe(run, text, err) : 0;
}

static struct nfold_range part_of(struct first *first, int rank)
{
    const struct nf_ranks *ranks = first->session.ranks;
    const struct nfold_range *known;
    unsigned count = ranks->engine->known(first->session.run, &known);
    struct nfold_range part;
    if (!ranks->is_dynamic)
        return nf_share_part(first->chunks, known, count, ranks->weight, (unsigned)ranks->post.size,
                             (unsigned)rank);
    part = (struct nfold_range){first->next, 0};
    part.count =
        nf_share_claim(first->chunks - first->next, (unsigned)ranks->post.size,
                       ranks->post.peer[rank].threads, ranks->engine->each(first->session.run));
    first->next += part.count;
    return part;
}

static void send_start(struct first *first, int rank, const struct nfold_buffer *text, int code)
{
    struct nf_ranks *ranks = first->session.ranks;
    const struct nfold_range *known;
    unsigned count = ranks->engine->known(first->session.run, &known);
    struct nf_letter_start start = {.code = code,
                                    .known = count,
                                    .is_dynamic = (uint32_t)ranks->is_dynamic,
                                    .keep_every = ranks->post.keep_every};
    struct nfold_buffer body = {0};
    if (code >= 0)
        start.part = part_of(first, rank);
    nf_buffer_bytes(&body, &start, sizeof start);
    nf_buffer_bytes(&body, known, count * sizeof *known);
    if (ranks->post.peer[rank].serves || ranks->post.peer[rank].lacks_body)
        nf_buffer_bytes(&body, text->data, text->size);
    nf_post_send(&ranks->post, rank, NF_LETTER_START, body.data, body.size);
    nf_buffer_clear(&body);
}

/* Sends every rank its part, or why there is none. */
static int start_all(struct first *first, nfold_error *err)
{
    struct nf_ranks *ranks = first->session.ranks;
    struct nfold_buffer text = {0};
    uint64_t work = 0;
    int rc = 0;
    if (!ranks->post.is_command) /* whose other ranks have no work of their own */
        rc = hash_work(ranks, first->session.run, &work, err);
    if (rc >= 0)
        rc = hear_joins(ranks, &work, err);
    if (rc >= 0)
        rc = weigh_by_threads(ranks, err);
    if (rc >= 0)
        rc = describe(ranks, first->session.run, &text, err);
    ranks->post.run++;
    if (rc >= 0)
        first->session.part = part_of(first, 0);
    for (int k = 1; k < ranks->post.size; k++)
        send_start(first, k, &text, rc);
    nf_buffer_clear(&text);
    return rc;
}

/* ---- during the run ------------------------------------------------------------------------- */

static void send_part(struct first *first, const struct nf_letter *letter)
{
    const struct nf_letter_want *want = nf_letter_body(letter, sizeof *want);
    const struct nf_ranks *ranks = first->session.ranks;
    struct nfold_range part = {first->next, 0};
    if (!want)
        return;
    if (!first->session.is_stopped)
        part.count = nf_share_claim(first->chunks - first->next, (unsigned)ranks->post.size,
                                    ranks->post.peer[letter->from].threads, want->each);
    first->next += part.count;
    nf_post_send(&first->session.ranks->post, letter->from, NF_LETTER_PART, &part, sizeof part);
}

static void take_fragment(struct first *first, const struct nf_letter *letter)
{
    struct nf_ranks *ranks = first->session.ranks;
    struct nfold_fragment fragment;
    nfold_error err;
    char name[NF_POST_NAME];
    if (nf_session_unpack(letter->body, letter->size, &fragment) >= 0 &&
        ranks->engine->accept(first->session.run, &fragment))
        return;
    nf_fail(&err, NFOLD_E_INTERNAL, "%s sent a fragment that is none of this run",
            nf_post_name(&ranks->post, letter->from, name));
    ranks->engine->fail(first->session.run, 0, &err);
}

static void take_failure(struct first *first, const struct nf_letter *letter)
{
    const struct nf_letter_failure *failure = nf_letter_body(letter, sizeof *failure);
    struct nf_ranks *ranks = first->session.ranks;
    char name[NF_POST_NAME];
    nfold_error err;
    if (!failure)
        return;
    err = failure->err;
    nf_error_detail(&err, "on %s\n", nf_post_name(&ranks->post, letter->from, name));
    ranks->engine->fail(first->session.run, failure->place, &err);
}

static void take_report(struct first *first, const struct nf_letter *letter)
{
    const struct nf_letter_report *report = nf_letter_body(letter, sizeof *report);
    struct nf_post *post = &first->session.ranks->post;
    struct nf_peer *peer = &post->peer[letter->from];
    if (!report || peer->has_reported)
        return;
    peer->has_reported = 1;
    peer->items_done = report->items_done;
    first->report[letter->from] = report->report;
    first->reported_at[letter->from] = post->engine->now();
    first->reports++;
}

/* It cannot do its part. */
static void take_refusal(struct first *first, const struct nf_letter *letter)
{
    struct nf_ranks *ranks = first->session.ranks;
    nfold_error err = {0};
    first->reports += !ranks->post.peer[letter->from].has_reported;
    ranks->post.peer[letter->from].has_reported = 1;
    if (read_refusal(ranks, letter, &err) < 0)
        ranks->engine->fail(first->session.run, 0, &err);
}

static void pass_stop_on(struct first *first)
{
    nf_session_stop(&first->session);
    nf_post_send_all(&first->session.ranks->post, NF_LETTER_STOP, NULL, 0);
}

static void take_stop(struct first *first, const struct nf_letter *letter)
{
    struct nf_ranks *ranks = first->session.ranks;
    char name[NF_POST_NAME], text[NF_POST_NAME + 32];
    if (first->session.is_stopped)
        return;
    snprintf(text, sizeof text, "%s was told to stop",
             nf_post_name(&ranks->post, letter->from, name));
    ranks->engine->note(first->session.run, text);
    pass_stop_on(first);
}

static void read_letter(struct first *first, const struct nf_letter *letter)
{
    switch (letter->kind) {
    case NF_LETTER_FRAGMENT:
        take_fragment(first, letter);
        break;
    case NF_LETTER_WANT:
        send_part(first, letter);
        break;
    case NF_LETTER_FAILURE:
        take_failure(first, letter);
        break;
    case NF_LETTER_REPORT:
        take_report(first, letter);
        break;
    case NF_LETTER_REFUSE:
        take_refusal(first, letter);
        break;
    case NF_LETTER_STOP:
        take_stop(first, letter);
        break;
    default:
        break;
    }
}

/* A rank of another kind of machine goes on without. */
static void send_native(struct first *first)
{
    struct nf_ranks *ranks = first->session.ranks;
    const void *object;
    size_t size;
    if (first->has_native || !ranks->engine->native_object(first->session.run, &object, &size))
        return;
    first->has_native = 1;
    for (int k = 1; k < ranks->post.size; k++)
        if (!ranks->post.peer[k].has_own_isa && !ranks->post.peer[k].has_reported)
            nf_post_send(&ranks->post, k, NF_LETTER_NATIVE, object, size);
}

static void send_news(struct first *first)
{
    struct nf_session *session = &first->session;
    struct nf_letter_failure limit;
    if (nf_session_is_told_to_stop(session))
        pass_stop_on(first);
    if (nf_session_has_failed(session, &limit.place, &limit.err)) {
        nf_post_send_all(&session->ranks->post, NF_LETTER_LIMIT, &limit.place, sizeof limit.place);
        first->chunks = first->next; /* chunks that nobody has claimed are above it */
    }
    send_native(first);
}

/* Of the dynamic schedule: while the crew is at work its next part is claimed. */
static void claim_part(struct first *first)
{
    struct nf_session *session = &first->session;
    if (!session->ranks->is_dynamic) {
        session->is_exhausted = 1;
        return;
    }
    if (session->part.count > 0 || session->is_exhausted)
        return;
    session->part = part_of(first, 0);
    session->is_exhausted = session->part.count == 0;
}

static int talk(struct first *first)
{
    struct nf_session *session = &first->session;
    struct nf_post *post = &session->ranks->post;
    struct nf_wait wait = nf_wait_begin(post->engine);
    while (!session->is_resting || first->reports < post->size - 1) {
        struct nf_letter letter;
        nf_session_tend_crew(session);
        claim_part(first);
        if (nf_post_take(post, &letter)) {
            read_letter(first, &letter);
            nf_post_drop(&letter);
            nf_wait_reset(&wait);
            session->nap = 0;
            continue;
        }
        send_news(first);
        post->engine->items_elsewhere(session->run, nf_post_items(post));
        post->keep_every = post->engine->keep_every(session->run);
        if (nf_post_watch(post, post->engine->items_done(session->run)) < 0)
            return post->err.code;
        if (!session->is_resting)
            nf_session_rest(session, &wait);
        else
            nf_wait_a_bit(&wait);
    }
    post->engine->items_elsewhere(session->run, nf_post_items(post));
    return 0;
}

/* ---- after the run -------------------------------------------------------------------------- */

static void gather_reports(struct first *first)
{
    struct nf_ranks *ranks = first->session.ranks;
    double now = ranks->engine->now();
    nf_session_sum_up(&first->session, &first->report[0]);
    first->reported_at[0] = first->session.rested_at;
    for (int k = 0; k < ranks->post.size; k++)
        first->report[k].waiting = now - first->reported_at[k];
    ranks->engine->note_ranks(first->session.run, first->report, (unsigned)ranks->post.size);
}

/* What became of it, and to those who want it the answer. */
static void end_all(struct first *first)
{
    struct nf_ranks *ranks = first->session.ranks;
    char body[sizeof(struct nf_letter_end) + NF_SESSION_FRAGMENT];
    struct nf_letter_end end = {0};
    struct nfold_fragment whole;
    size_t size = sizeof end;
    if (ranks->engine->failure(first->session.run, &end.place, &end.err))
        end.code = end.err.code;
    else if (!ranks->engine->whole(first->session.run, &whole))
        end.code = NFOLD_E_STOPPED;
    else {
        end.has_whole = 1;
        size += nf_session_pack(&whole, body + sizeof end);
    }
    memcpy(body, &end, sizeof end);
    for (int k = 1; k < ranks->post.size; k++)
        nf_post_send(&ranks->post, k, NF_LETTER_END, body,
                     ranks->post.peer[k].serves ? sizeof end : size);
}

static int prepare(struct first *first, struct nf_ranks *ranks, struct nfold_run *run)
{
    nf_session_begin(&first->session, ranks, run, ranks->crowd);
    ranks->post.keep_every = ranks->engine->keep_every(run);
    first->chunks = ranks->engine->chunks(run);
    first->report = calloc((size_t)ranks->post.size, sizeof *first->report);
    first->reported_at = calloc((size_t)ranks->post.size, sizeof *first->reported_at);
    return first->report && first->reported_at ? 0 : NFOLD_E_MEMORY;
}

int nf_first_decline(struct nf_ranks *ranks, const nfold_error *err)
{
    const struct nf_letter_start start = {.code = err->code};
    int rc = hear_joins(ranks, NULL, NULL);
    ranks->post.run++;
    nf_post_send_all(&ranks->post, NF_LETTER_START, &start, sizeof start);
    return rc;
}

int nf_first_run(struct nf_ranks *ranks, struct nfold_run *run, nfold_error *err)
{
    struct first first = {0};
    int rc = prepare(&first, ranks, run);
    if (rc < 0) {
        rc = nf_fail_memory(err);
        nf_first_decline(ranks, &(nfold_error){.code = rc});
    } else {
        rc = start_all(&first, err);
    }
    if (rc >= 0) {
        nf_post_begin_watch(&ranks->post);
        rc = talk(&first);
        nf_session_end(&first.session);
        if (rc < 0)
            ranks->engine->fail(run, 0, &ranks->post.err);
    }
    if (rc >= 0) {
        gather_reports(&first);
        end_all(&first);
    }
    free(first.report);
    free(first.reported_at);
    return rc;
}
