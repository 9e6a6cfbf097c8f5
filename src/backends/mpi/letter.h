/* letter.h: what ranks write to each other. The meeting is text, so that any two versions of nfold
 * understand it; the rest is structures, since by then all have the same one. */
#ifndef NF_LETTER_H
#define NF_LETTER_H

#include <nfold/backend.h>

enum nf_letter_kind {
    NF_LETTER_HELLO,    /* to 0, text: who I am */
    NF_LETTER_WELCOME,  /* from 0, text: who you are among the others, or why not */
    NF_LETTER_JOIN,     /* to 0: ready for a run */
    NF_LETTER_REFUSE,   /* to 0: no run will come of me */
    NF_LETTER_START,    /* from 0: the run and your part */
    NF_LETTER_BEAT,     /* I live */
    NF_LETTER_FRAGMENT, /* to 0 */
    NF_LETTER_WANT,     /* to 0: more */
    NF_LETTER_PART,     /* from 0: more */
    NF_LETTER_NATIVE,   /* from 0: an object */
    NF_LETTER_FAILURE,  /* to 0 */
    NF_LETTER_LIMIT,    /* from 0: chunks above a failure are not wanted */
    NF_LETTER_STOP,
    NF_LETTER_REPORT, /* to 0: nothing left to do */
    NF_LETTER_END,    /* from 0: the run is over */
    NF_LETTER_BYE,    /* from 0: no more runs */
};

/* In front of each. */
struct nf_letter_head {
    uint16_t kind, meeting;
    uint32_t run; /* letters of another run are late */
};

struct nf_letter_join {
    uint64_t work; /* hash of its identity; 0: whatever rank 0 describes */
    uint32_t threads;
    uint32_t lacks_body; /* it has a work, and the function of it is rank 0's to compile */
    char isa[16];
};

struct nf_letter_refuse {
    int32_t code;
    nfold_error err;
};

/* Followed by the known ranges, and the description of the work or (code < 0) nothing. */
struct nf_letter_start {
    int32_t code;
    uint32_t known, is_dynamic, crowd;
    struct nfold_range part;
    double keep_every; /* hands in what it has so often; 0: at the end */
};

struct nf_letter_beat {
    uint64_t items_done;
    double keep_every; /* of rank 0, as in the start */
};

/* Followed by the nodes. */
struct nf_letter_fragment {
    struct nfold_range chunks;
    double even_hi, even_lo;
    uint64_t node_count;
};

struct nf_letter_want {
    double each; /* seconds of a chunk */
};

struct nf_letter_failure {
    uint64_t place;
    nfold_error err;
};

struct nf_letter_report {
    uint64_t items_done;
    struct nfold_rank_report report;
};

/* Followed by the whole fragment where the answer is wanted. */
struct nf_letter_end {
    int32_t code;
    uint32_t has_whole;
    uint64_t place;
    nfold_error err;
};

struct nf_letter_bye {
    int32_t code;
};

#endif
