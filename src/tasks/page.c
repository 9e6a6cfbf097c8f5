/* page.c: the page is page.html with the data put into it as JSON. In JSON "<" stands inside of
 * strings alone, and there it may be written as \u003c: no value can end the script that it is in.
 */
#include "page.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "advice.h"

/* page.html as it was built: text before the data, text behind it. */
#include "page.inc"

static void json_line(void *user, const char *label, const char *text)
{
    struct nf_json *json = user;
    nf_json_array(json, NULL);
    nf_json_string(json, NULL, label);
    nf_json_string(json, NULL, text);
    nf_json_end(json);
}

static void json_task(struct nf_json *json, const struct nf_timeline_task *task)
{
    nf_json_object(json, NULL);
    nf_json_unsigned(json, "number", task->sequence);
    nf_json_unsigned(json, "slot", task->slot);
    nf_json_string(json, "status", nf_task_status_name(task->status));
    nf_json_number(json, "began", task->began);
    nf_json_number(json, "seconds", task->seconds);
    nf_json_string(json, "label", task->label);
    nf_json_end(json);
}

static void json_tasks(struct nf_json *json, struct nf_timeline *timeline)
{
    unsigned count;
    const struct nf_timeline_task *task = nf_timeline_tasks(timeline, &count);
    nf_json_array(json, "tasks");
    for (unsigned i = 0; i < count; i++)
        json_task(json, &task[i]);
    nf_json_end(json);
}

/* A digit of base 36 a bin. */
static void json_lane(struct nf_json *json, const struct nf_timeline *timeline, unsigned lane)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    double width = nf_timeline_bin_seconds(timeline);
    unsigned bins = (unsigned)(nf_timeline_seconds(timeline) / width) + 1;
    char text[NF_TIMELINE_BINS + 1] = {0};
    nf_json_array(json, NULL);
    for (int kind = 0; kind < NF_TIMELINE_KINDS; kind++) {
        for (unsigned i = 0; i < bins && i < NF_TIMELINE_BINS; i++) {
            double share = nf_timeline_share(timeline, lane, i, (enum nf_timeline_kind)kind);
            text[i] = digits[share > 0 && share < 1.0 / 35 ? 1 : (int)(35 * share + 0.5)];
        }
        nf_json_string(json, NULL, text);
    }
    nf_json_end(json);
}

static void json_bins(struct nf_json *json, const struct nf_timeline *timeline)
{
    nf_json_number(json, "bin_seconds", nf_timeline_bin_seconds(timeline));
    nf_json_array(json, "bins");
    for (unsigned lane = 0; lane < nf_timeline_lanes(timeline); lane++)
        json_lane(json, timeline, lane);
    nf_json_end(json);
}

static void json_status(struct nf_json *json, const uint64_t status[NF_TASK_STATUS_COUNT])
{
    nf_json_object(json, "status");
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++)
        if (status[i] > 0)
            nf_json_unsigned(json, nf_task_status_name((enum nf_task_status)i), status[i]);
    nf_json_end(json);
}

static void json_page(struct nf_json *json, const struct nf_page *page)
{
    char advice[NF_ADVICE_SIZE];
    int is_whole = nf_timeline_is_whole(page->timeline);
    nf_json_object(json, NULL);
    nf_json_string(json, "summary", page->summary);
    nf_json_string(json, "command", page->command);
    nf_json_string(json, "advice", nf_advice(page->report, advice));
    nf_json_array(json, "lines");
    nf_tasks_report_lines(page->report, json_line, json);
    nf_json_end(json);
    nf_json_unsigned(json, "count", nf_timeline_count(page->timeline));
    nf_json_number(json, "seconds", nf_timeline_seconds(page->timeline));
    nf_json_unsigned(json, "slots", page->report->figures.slots);
    nf_json_unsigned(json, "lanes", nf_timeline_lanes(page->timeline));
    nf_json_unsigned(json, "lane_slots", nf_timeline_lane_slots(page->timeline));
    json_status(json, page->report->status);
    nf_json_bool(json, "is_whole", is_whole);
    json_tasks(json, page->timeline);
    if (!is_whole)
        json_bins(json, page->timeline);
    nf_json_end(json);
}

static void write_harmless(struct nfold_buffer *out, const char *text)
{
    for (;;) {
        size_t length = strcspn(text, "<");
        nf_buffer_bytes(out, text, length);
        if (text[length] == '\0')
            return;
        nf_buffer_string(out, "\\u003c");
        text += length + 1;
    }
}

void nf_page_write(struct nfold_buffer *out, const struct nf_page *page)
{
    struct nfold_buffer text = {0};
    struct nf_json json = {.out = &text};
    json_page(&json, page);
    nf_buffer_bytes(out, page_before, sizeof page_before - 1);
    write_harmless(out, nf_buffer_text(&text));
    nf_buffer_bytes(out, page_behind, sizeof page_behind - 1);
    out->failed |= text.failed;
    nf_buffer_clear(&text);
}

static int write_all(int fd, const struct nfold_buffer *text)
{
    size_t done = 0;
    while (done < text->size) {
        ssize_t written = write(fd, text->data + done, text->size - done);
        if (written < 0)
            return -1;
        done += (size_t)written;
    }
    return 0;
}

/* Into a file beside it, which then takes its name. What is no plain file (/dev/stdout) is written
 * to as it is. */
static int save(const char *path, const struct nfold_buffer *text)
{
    struct stat status;
    int is_special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
    char *beside = NULL;
    if (!is_special && asprintf(&beside, "%s.%ld", path, (long)getpid()) < 0)
        return -1;
    int fd = open(is_special ? path : beside,
                  O_WRONLY | O_CLOEXEC | (is_special ? 0 : O_CREAT | O_TRUNC), 0666);
    int rc = fd >= 0 ? write_all(fd, text) : -1;
    if (fd >= 0 && close(fd) < 0)
        rc = -1;
    if (rc == 0 && beside && rename(beside, path) < 0)
        rc = -1;
    if (rc < 0 && fd >= 0 && beside)
        unlink(beside);
    free(beside);
    return rc;
}

int nf_page_save(const char *path, const struct nf_page *page, nfold_error *err)
{
    struct nfold_buffer text = {0};
    nf_page_write(&text, page);
    int rc = text.failed ? nf_fail_memory(err) : 0;
    if (rc == 0 && save(path, &text) < 0)
        rc = nf_fail_errno(err, "option 'html': cannot write '%s'", path);
    nf_buffer_clear(&text);
    return rc;
}
