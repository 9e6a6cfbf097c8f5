/* share.c: even parts, parts by weight, claims. */
#include "share.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "option_check.h"

#define CLAIM_SECONDS_MOST  0.1  /* more would be waited for at the end */
#define CLAIM_SECONDS_LEAST 1e-3 /* less is a message too many */
#define CLAIMS_TO_THE_END   4    /* a claim is at most this part of a rank's share of the rest */

#define WEIGHT_MOST 1e6
#define WEIGHT_UNIT 1e6

/* One weight; its end, or NULL. */
static const char *read_weight(const char *text, uint64_t *weight)
{
    size_t length = strcspn(text, ",");
    double value = nf_option_read_number(text, length);
    if (!(value >= 0 && value <= WEIGHT_MOST))
        return NULL;
    *weight = (uint64_t)(value * WEIGHT_UNIT + 0.5);
    return text + length;
}

int nf_share_read(const char *text, unsigned ranks, uint64_t *weight, nfold_error *err)
{
    uint64_t sum = 0, one;
    unsigned count = 0;
    for (const char *at = text;; at++) {
        at = read_weight(at, &one);
        if (!at)
            return nf_fail(err, NFOLD_E_VALUE,
                           "--split: '%.40s' is no list of shares from 0 to 1e6, as 1,2,1", text);
        if (count < ranks)
            weight[count] = one;
        count++;
        sum += one;
        if (*at == '\0')
            break;
    }
    if (count != ranks)
        return nf_fail(err, NFOLD_E_VALUE, "--split has %u shares, but there are %u ranks", count,
                       ranks);
    return sum > 0 ? 0 : nf_fail(err, NFOLD_E_VALUE, "--split: all shares are 0");
}

/* Of `total` chunks, how many are before a rank's part. */
static uint64_t before(uint64_t total, const uint64_t *weight, unsigned ranks, unsigned rank)
{
    uint64_t sum = ranks, part = rank;
    if (weight) {
        sum = part = 0;
        for (unsigned k = 0; k < ranks; k++) {
            sum += weight[k];
            part += k < rank ? weight[k] : 0;
        }
    }
    return (uint64_t)((unsigned __int128)total * part / sum);
}

/* The chunk before which so many are unknown. */
static uint64_t place(uint64_t unknown, const struct nfold_range *known, unsigned count)
{
    for (unsigned k = 0; k < count && known[k].first <= unknown; k++)
        unknown += known[k].count;
    return unknown;
}

struct nfold_range nf_share_part(uint64_t chunks, const struct nfold_range *known, unsigned count,
                                 const uint64_t *weight, unsigned ranks, unsigned rank)
{
    uint64_t total = chunks, low, high, first, last;
    while (count > 0 && known[count - 1].first >= chunks)
        count--; /* the ends */
    for (unsigned k = 0; k < count; k++)
        total -=
            known[k].count < chunks - known[k].first ? known[k].count : chunks - known[k].first;
    low = before(total, weight, ranks, rank);
    high = before(total, weight, ranks, rank + 1);
    if (low == high)
        return (struct nfold_range){0, 0};
    first = place(low, known, count);
    last = place(high - 1, known, count);
    return (struct nfold_range){first, last + 1 - first};
}

uint64_t nf_share_claim(uint64_t left, unsigned ranks, unsigned threads, double each)
{
    double share = (double)left / (CLAIMS_TO_THE_END * (double)ranks);
    double least = threads, most = threads;
    if (each > 0) {
        least = fmax(least, ceil(CLAIM_SECONDS_LEAST / each));
        most = fmax(least, CLAIM_SECONDS_MOST / each);
    }
    share = fmin(fmax(least, fmin(share, most)), (double)left);
    return (uint64_t)share;
}
