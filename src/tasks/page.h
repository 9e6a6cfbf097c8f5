/* page.h: the report as one page for a browser: no network, nothing beside it. */
#ifndef NF_PAGE_H
#define NF_PAGE_H

#include "tasks_report.h"
#include "timeline.h"

struct nf_page {
    const char *summary; /* the first line of the summary */
    const char *command; /* the template */
    const struct nf_tasks_report *report;
    struct nf_timeline *timeline;
};

/* Appends the page. Its size is bounded, however many tasks there were. */
void nf_page_write(struct nfold_buffer *out, const struct nf_page *page);
/* Writes it to a file, which is there as a whole or not at all. */
int nf_page_save(const char *path, const struct nf_page *page, nfold_error *err);

#endif
