/* session.c: what every rank does in a run. */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "wait.h"
#include "warden.h"

#define NAP_FIRST       100e-6
#define NAP_SECONDS     8e-3
#define NAP_MOST        20e-3
#define GIVE_UP_SECONDS 2.0 /* for the item at work when a rank is lost */

void nf_session_begin(struct nf_session *session, struct nf_ranks *ranks, struct nfold_run *run,
                      unsigned crowd)
{
    *session = (struct nf_session){.ranks = ranks,
                                   .run = run,
                                   .is_first_part = 1,
                                   .failed_place = UINT64_MAX,
                                   .began = ranks->engine->now()};
    session->kept_at = session->began;
    ranks->post.communication = 0;
    ranks->engine->spread(run, crowd);
}

/* The ends belong to rank 0: they come with its first part, which may be empty. */
static void give_part(struct nf_session *session)
{
    struct nf_ranks *ranks = session->ranks;
    ranks->engine->confine(session->run, session->part, ranks->post.rank == 0);
    session->part = (struct nfold_range){0, 0};
    session->is_first_part = 0;
    session->has_wanted = 0;
    nf_crew_run(&ranks->crew, session->run);
}

int nf_session_tend_crew(struct nf_session *session)
{
    int has_part =
        session->part.count > 0 || (session->is_first_part && session->ranks->post.rank == 0);
    if (session->is_resting || nf_crew_is_busy(&session->ranks->crew))
        return 0;
    if (has_part && !session->is_stopped) {
        give_part(session);
        return 1;
    }
    if (session->is_exhausted || session->is_stopped) {
        session->is_resting = 1;
        session->rested_at = session->ranks->engine->now();
    }
    return 0;
}

int nf_session_has_failed(struct nf_session *session, uint64_t *place, nfold_error *err)
{
    if (!session->ranks->engine->failure(session->run, place, err) ||
        *place >= session->failed_place)
        return 0;
    session->failed_place = *place;
    return 1;
}

int nf_session_is_told_to_stop(struct nf_session *session)
{
    int is_told = session->ranks->engine->tend(session->run) || session->ranks->stop;
    return is_told && !session->is_stopped;
}

void nf_session_stop(struct nf_session *session)
{
    session->is_stopped = 1;
    session->ranks->engine->halt(session->run);
}

/* Naps grow: native code and other parts come soon after the beginning. Every waking takes about
 * ten microseconds from the thread that computes; with more ranks than processors naps grow longer,
 * since it costs the others, too. */
void nf_session_rest(struct nf_session *session, struct nf_wait *wait)
{
    double most = NAP_SECONDS * session->ranks->crowd;
    if (!nf_crew_is_busy(&session->ranks->crew)) {
        nf_wait_a_bit(wait);
        return;
    }
    session->nap = session->nap < NAP_FIRST ? NAP_FIRST : 2 * session->nap;
    if (session->nap > most)
        session->nap = most;
    if (session->nap > NAP_MOST)
        session->nap = NAP_MOST;
    nf_crew_wait(&session->ranks->crew, session->nap);
    nf_wait_reset(wait);
}

/* A rank is lost, and an item here takes for ever: nobody can be told any more but the user. Where
 * MPI is the program's, the item is waited for. */
static void give_up(const struct nf_post *post)
{
    char words[sizeof post->err.message + 16];
    snprintf(words, sizeof words, "nfold: %s\n", post->err.message);
    post->port->give_up(words, nf_warden_leave);
}

void nf_session_end(struct nf_session *session)
{
    const struct nf_post *post = &session->ranks->post;
    double began = post->engine->now();
    post->engine->halt(session->run);
    while (nf_crew_is_busy(&session->ranks->crew)) {
        if (post->is_broken && !post->is_theirs && post->engine->now() - began > GIVE_UP_SECONDS)
            give_up(post);
        nf_crew_wait(&session->ranks->crew, NAP_MOST);
    }
}

void nf_session_sum_up(struct nf_session *session, struct nfold_rank_report *report)
{
    const struct nf_post *post = &session->ranks->post;
    *report = (struct nfold_rank_report){.communication = post->communication};
    memcpy(report->host, post->peer[post->rank].host, sizeof report->host);
    memcpy(report->library, session->ranks->library, sizeof session->ranks->library);
    session->ranks->engine->sum_up(session->run, report);
}

size_t nf_session_pack(const struct nfold_fragment *fragment, char body[NF_SESSION_FRAGMENT])
{
    const struct nf_letter_fragment head = {fragment->chunks, fragment->even_hi, fragment->even_lo,
                                            fragment->node_count};
    size_t nodes = fragment->node_count * sizeof *fragment->node;
    memcpy(body, &head, sizeof head);
    memcpy(body + sizeof head, fragment->node, nodes);
    return sizeof head + nodes;
}

int nf_session_unpack(const void *body, size_t size, struct nfold_fragment *fragment)
{
    const struct nf_letter_fragment *head = body;
    if (size < sizeof *head || head->node_count > NFOLD_FRAGMENT_NODES ||
        size < sizeof *head + head->node_count * sizeof *fragment->node)
        return -1;
    fragment->chunks = head->chunks;
    fragment->even_hi = head->even_hi;
    fragment->even_lo = head->even_lo;
    fragment->node_count = (uint32_t)head->node_count;
    memcpy(fragment->node, head + 1, head->node_count * sizeof *fragment->node);
    return 0;
}
