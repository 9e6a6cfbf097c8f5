/* other.c: a rank that is not the first in a run: it joins, computes its part, hands in what it
 * merged, and waits for the end. */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "checksum.h"
#include "isa.h"
#include "session.h"
#include "wait.h"

/* ---- before the run ------------------------------------------------------------------------- */

static int join(struct nf_ranks *ranks, const struct nfold_run *run, nfold_error *err)
{
    struct nf_letter_join join = {.threads = ranks->threads};
    struct nfold_buffer text = {0};
    int rc = 0;
    memcpy(join.isa, ranks->isa, sizeof join.isa);
    if (run) {
        rc = ranks->engine->identity(run, &text, err);
        join.work = nf_checksum_hash(NF_CHECKSUM_HASH, text.data, text.size);
        join.lacks_body = (uint32_t)ranks->engine->lacks_body(run);
        nf_buffer_clear(&text);
    }
    return rc < 0 ? rc : nf_post_send(&ranks->post, 0, NF_LETTER_JOIN, &join, sizeof join);
}

/* The start of a run, or rank 0's goodbye: 1, 0, or < 0. */
static int await_start(struct nf_ranks *ranks, struct nf_letter *letter, nfold_error *err)
{
    struct nf_post *post = &ranks->post;
    struct nf_wait wait = nf_wait_begin(ranks->engine);
    for (;;) {
        if (post->is_broken) {
            if (err)
                *err = post->err;
            return post->err.code;
        }
        if (!nf_post_take(post, letter)) {
            nf_wait_a_bit(&wait);
            continue;
        }
        if (letter->kind == NF_LETTER_START)
            return 1;
        if (letter->kind == NF_LETTER_BYE) {
            const struct nf_letter_bye *bye = nf_letter_body(letter, sizeof *bye);
            int code = bye ? bye->code : NFOLD_E_INTERNAL;
            nf_post_drop(letter);
            ranks->has_ended = 1;
            return code < 0 ? nf_fail(err, code, "%s", "") : 0; /* rank 0 says why */
        }
        nf_post_drop(letter);
    }
}

/* What the letter has behind its ranges; native code of it must run here. */
static int find_description(const struct nf_letter_start *start, size_t size,
                            const char **description, size_t *length, nfold_error *err)
{
    const char *text = (const char *)(start + 1) + start->known * sizeof(struct nfold_range);
    size_t head = sizeof *start + start->known * sizeof(struct nfold_range);
    char word[16] = "";
    enum nf_isa isa;
    const char *line;
    if (size <= head)
        return nf_fail(err, NFOLD_E_INTERNAL, "rank 0 has not described its work");
    *description = text;
    *length = size - head;
    line = memmem(text, size - head, "\nisa ", 5);
    if (line)
        memcpy(word, line + 5, strcspn(line + 5, "\n") % sizeof word);
    if (nf_isa_parse(word, &isa) < 0 || !nf_isa_runs_here(isa))
        return nf_fail(err, NFOLD_E_MISSING,
                       "the instruction set %s of rank 0 does not run here: choose one that runs "
                       "on all hosts with --isa",
                       word);
    return 0;
}

/* ---- during the run ------------------------------------------------------------------------- */

static void hand_in(struct nf_session *session)
{
    struct nf_post *post = &session->ranks->post;
    struct nfold_fragment fragment;
    char body[NF_SESSION_FRAGMENT];
    while (session->ranks->engine->take(session->run, &fragment))
        nf_post_send(post, 0, NF_LETTER_FRAGMENT, body, nf_session_pack(&fragment, body));
}

static void hand_in_early(struct nf_session *session)
{
    double now = session->ranks->engine->now();
    double every = session->ranks->post.keep_every;
    if (every <= 0 || now - session->kept_at < every)
        return;
    session->kept_at = now;
    hand_in(session);
}

static void send_report(struct nf_session *session)
{
    struct nf_letter_report letter = {.items_done =
                                          session->ranks->engine->items_done(session->run)};
    hand_in(session);
    nf_session_sum_up(session, &letter.report);
    nf_post_send(&session->ranks->post, 0, NF_LETTER_REPORT, &letter, sizeof letter);
}

static void send_news(struct nf_session *session)
{
    struct nf_post *post = &session->ranks->post;
    struct nf_letter_failure failure = {0};
    if (nf_session_is_told_to_stop(session)) {
        nf_session_stop(session);
        nf_post_send(post, 0, NF_LETTER_STOP, NULL, 0);
    }
    if (nf_session_has_failed(session, &failure.place, &failure.err))
        nf_post_send(post, 0, NF_LETTER_FAILURE, &failure, sizeof failure);
}

/* The next part is asked for while this one is executed. */
static void want_part(struct nf_session *session)
{
    const struct nf_letter_want want = {session->ranks->engine->each(session->run)};
    if (session->is_exhausted || session->has_wanted || session->part.count > 0)
        return;
    session->has_wanted = 1;
    nf_post_send(&session->ranks->post, 0, NF_LETTER_WANT, &want, sizeof want);
}

static void take_part(struct nf_session *session, const struct nf_letter *letter)
{
    const struct nfold_range *part = nf_letter_body(letter, sizeof *part);
    if (!part)
        return;
    session->part = *part;
    session->is_exhausted = part->count == 0;
}

/* 1: the run is over. */
static int take_end(struct nf_session *session, const struct nf_letter *letter)
{
    const struct nf_letter_end *end = nf_letter_body(letter, sizeof *end);
    const struct nfold_engine *engine = session->ranks->engine;
    struct nfold_fragment whole;
    if (!end)
        return 1;
    if (end->err.code < 0)
        engine->fail(session->run, end->place, &end->err);
    else if (end->code < 0)
        engine->halt(session->run);
    else if (letter->size > sizeof *end &&
             nf_session_unpack(end + 1, letter->size - sizeof *end, &whole) >= 0)
        engine->conclude(session->run, &whole);
    return 1;
}

static int read_letter(struct nf_session *session, const struct nf_letter *letter)
{
    const uint64_t *limit;
    switch (letter->kind) {
    case NF_LETTER_PART:
        take_part(session, letter);
        break;
    case NF_LETTER_NATIVE: /* or goes on without */
        session->ranks->engine->native_load(session->run, letter->body, letter->size, NULL);
        break;
    case NF_LETTER_LIMIT:
        limit = nf_letter_body(letter, sizeof *limit);
        if (limit)
            session->ranks->engine->fail(session->run, *limit, NULL);
        break;
    case NF_LETTER_STOP:
        nf_session_stop(session);
        break;
    case NF_LETTER_END:
        return take_end(session, letter);
    default:
        break;
    }
    return 0;
}

static int talk(struct nf_session *session)
{
    struct nf_post *post = &session->ranks->post;
    struct nf_wait wait = nf_wait_begin(post->engine);
    int has_reported = 0, is_over = 0;
    while (!is_over) {
        struct nf_letter letter;
        if (nf_session_tend_crew(session))
            hand_in(session);
        want_part(session);
        if (nf_post_take(post, &letter)) {
            is_over = read_letter(session, &letter);
            nf_post_drop(&letter);
            nf_wait_reset(&wait);
            session->nap = 0;
            continue;
        }
        send_news(session);
        hand_in_early(session);
        if (session->is_resting && !has_reported) {
            has_reported = 1;
            send_report(session);
        }
        if (nf_post_watch(post, post->engine->items_done(session->run)) < 0)
            return post->err.code;
        nf_session_rest(session, &wait);
    }
    return 0;
}

/* The rows of the others are rank 0's to show. */
static void note_own_row(struct nf_session *session)
{
    const struct nf_post *post = &session->ranks->post;
    struct nfold_rank_report *row = calloc((size_t)post->size, sizeof *row);
    if (row) {
        nf_session_sum_up(session, &row[post->rank]);
        row[post->rank].waiting = post->engine->now() - session->rested_at;
        post->engine->note_ranks(session->run, row, (unsigned)post->size);
    }
    free(row);
}

static int take_work(struct nf_ranks *ranks, const struct nf_letter_start *start,
                     struct nfold_run *run, nfold_error *err)
{
    struct nf_session session;
    int rc;
    nf_session_begin(&session, ranks, run, ranks->crowd);
    session.part = start->part;
    session.is_exhausted = !start->is_dynamic;
    ranks->post.keep_every = start->keep_every;
    nf_post_begin_watch(&ranks->post);
    rc = talk(&session);
    nf_session_end(&session);
    note_own_row(&session);
    if (rc < 0)
        ranks->engine->fail(run, 0, &ranks->post.err);
    if (rc < 0 && err)
        *err = ranks->post.err;
    return rc < 0 ? rc : 1;
}

/* Tells rank 0 that this rank cannot, in the place of its part. */
static int fail_start(struct nf_ranks *ranks, const nfold_error *err)
{
    const struct nf_letter_refuse refuse = {.code = err->code, .err = *err};
    nf_post_send(&ranks->post, 0, NF_LETTER_REFUSE, &refuse, sizeof refuse);
    return 1;
}

/* What the engine shares between processes is here shared by the threads of one. It is kept, as is
 * what was made of the description: the next run may be of the same body, whose native code stays.
 */
static int take_memory(struct nf_ranks *ranks, nfold_error *err)
{
    size_t size = (ranks->engine->share_size(ranks->threads) + 127) / 128 * 128;
    if (!ranks->memory)
        ranks->memory = aligned_alloc(128, size);
    if (!ranks->memory)
        return nf_fail_memory(err);
    memset(ranks->memory, 0, size);
    return 0;
}

static int serve_start(struct nf_ranks *ranks, const struct nf_letter *letter, nfold_error *err)
{
    const struct nf_letter_start *start = letter->body;
    const char *text;
    struct nfold_run *run;
    size_t size;
    int rc = take_memory(ranks, err);
    if (rc >= 0)
        rc = find_description(start, letter->size, &text, &size, err);
    if (rc >= 0)
        rc = ranks->engine->attach(&ranks->remote, &run, text, size, ranks->memory, ranks->threads,
                                   err);
    return rc < 0 ? fail_start(ranks, err) : take_work(ranks, start, run, err);
}

static int take_body(struct nf_ranks *ranks, const struct nf_letter *letter, struct nfold_run *run,
                     nfold_error *err)
{
    const char *text;
    size_t size;
    int rc = find_description(letter->body, letter->size, &text, &size, err);
    return rc < 0 ? rc : ranks->engine->take_body(run, text, size, err);
}

static int own_start(struct nf_ranks *ranks, const struct nf_letter *letter, struct nfold_run *run,
                     nfold_error *err)
{
    const struct nf_letter_start *start = letter->body;
    const struct nfold_range *known = (const struct nfold_range *)(start + 1);
    int rc = 0;
    if (start->known > 0 && letter->size >= sizeof *start + start->known * sizeof *known &&
        ranks->engine->skip(run, known, start->known) < 0)
        rc = nf_fail_memory(err);
    if (rc >= 0 && ranks->engine->lacks_body(run))
        rc = take_body(ranks, letter, run, err);
    if (rc >= 0)
        return take_work(ranks, start, run, err);
    fail_start(ranks, err);
    return rc;
}

int nf_other_run(struct nf_ranks *ranks, struct nfold_run *run, nfold_error *err)
{
    const struct nf_letter_start *start;
    struct nf_letter letter;
    int rc = 0;
    /* Who serves joins once, for all runs that come. */
    if (run || !ranks->has_joined)
        rc = join(ranks, run, err);
    ranks->has_joined = 1;
    if (rc >= 0)
        rc = await_start(ranks, &letter, err);
    if (rc <= 0)
        return rc;
    ranks->post.run++;
    start = nf_letter_body(&letter, sizeof *start);
    if (!run && (!start || start->code < 0))
        rc = 1; /* and no more will come: rank 0 says so */
    else if (!start || start->code < 0)
        rc = nf_fail(err, start ? start->code : NFOLD_E_INTERNAL,
                     "the run does not begin; rank 0 says why");
    else
        rc = run ? own_start(ranks, &letter, run, err) : serve_start(ranks, &letter, err);
    nf_post_drop(&letter);
    return rc;
}

int nf_other_decline(struct nf_ranks *ranks, const nfold_error *err)
{
    struct nf_letter letter;
    int rc;
    fail_start(ranks, err);
    rc = await_start(ranks, &letter, NULL);
    if (rc > 0) {
        ranks->post.run++;
        nf_post_drop(&letter);
    }
    return rc;
}
