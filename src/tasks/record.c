/* record.c: what is done, what is to be done, and the sum of it. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "earlier.h"
#include "task_identity.h"
#include "index.h"
#include "joblog.h"
#include "journal_writer.h"
#include "run_command.h"
#include "run_directory.h"
#include "saved_input.h"

#define DIRECTORY_AFTER 1.0 /* seconds: a shorter run that is all ok leaves nothing behind */
#define SYNC_EVERY      0.1
#define INPUT_EARLY     ((size_t)4 << 20) /* of standard input in memory */
#define JOURNAL_EARLY   ((size_t)4 << 20) /* of the journal in memory */

/* Which tasks of earlier runs are left alone. */
enum resuming {
    RESUME_NOTHING,
    RESUME_ENDED, /* --resume: those that ended by themselves, ok or not */
    RESUME_OK,    /* --resume-failed */
    RETRY_FAILED, /* --retry-failed: all but those that failed */
};

struct nf_record {
    char *pattern;          /* what identities are made of: the first template of the folder */
    char *pattern_in_force; /* the template of this run */
    char *folder;           /* where nfold was started */
    char *const *words;
    enum resuming resuming;
    struct nf_index *index;
    struct nf_index *by_command; /* from a joblog, if that is all there is; or NULL */
    uint64_t earlier_tasks;
    struct nf_record_counts counts;
    struct nf_journal_writer journal;
    struct nf_joblog *joblog;
    struct nf_saved_input input;
    char *directory; /* NULL: none yet */
    int is_asked;    /* --run-dir: it stays, unless the run is refused */
    int levels_made; /* of it; 0: it was there before */
    int is_new;      /* and it held no run */
    int is_command_due;
    int has_no_place; /* no default directory can be made */
    int is_input_partly_read;
    char *why; /* the run stops early; NULL: it does not */
    char note[512];
    double opened_at, synced_at;
};

/* ---- the run directory ---- */

static int write_command(struct nf_record *record, nfold_error *err)
{
    record->is_command_due = 0;
    return nf_run_command_write(record->directory, record->folder, record->pattern_in_force,
                                record->words, err);
}

/* Writes down what is known so far into the directory, whose journal is fd, locked. end: of what is
 * sound in it. */
static int fill_directory(struct nf_record *record, int fd, uint64_t end, nfold_error *err)
{
    char *path = nf_run_directory_file(record->directory, "journal");
    if (path == NULL) {
        close(fd);
        return nf_fail_memory(err);
    }
    int rc = nf_journal_writer_attach(&record->journal, fd, path, end, err);
    if (rc >= 0 && end == 0)
        rc = write_command(record, err);
    record->is_command_due = end > 0; /* a run that is refused must not spoil what is there */
    if (rc >= 0)
        rc = nf_saved_input_attach(&record->input, record->directory, err);
    return rc;
}

int nf_record_make_directory(struct nf_record *record, nfold_error *err)
{
    int fd;
    if (record->directory != NULL)
        return 0;
    /* Tried once: what came since is not kept, so a record that begins later would not be whole. */
    if (record->has_no_place)
        return nf_fail(err, NFOLD_E_SYSTEM, "there is no folder for the record of the run");
    int rc = nf_run_directory_make_default(&record->directory, err);
    if (rc < 0) {
        record->has_no_place = 1;
        nf_buffer_clear(&record->journal.early);
        return rc;
    }
    rc = nf_run_directory_lock(record->directory, &fd, err);
    return rc < 0 ? rc : fill_directory(record, fd, 0, err);
}

/* As above, but a run whose record has no place goes on without one; the note says so. */
static int make_directory_if_possible(struct nf_record *record, nfold_error *err)
{
    nfold_error why = {0};
    if (record->directory != NULL || record->has_no_place)
        return 0;
    int rc = nf_record_make_directory(record, &why);
    if (rc < 0 && record->has_no_place) {
        snprintf(record->note, sizeof record->note,
                 "no record of this run is kept: %.300s; name a folder for it: --run-dir FOLDER",
                 why.message);
        return 0;
    }
    if (rc < 0 && err != NULL)
        *err = why;
    return rc;
}

/* In memory until there is a directory, which there is before it becomes much. */
static int add_entry(struct nf_record *record, struct nf_journal_entry *entry, nfold_error *err)
{
    if (record->has_no_place)
        return 0;
    int rc = nf_journal_writer_add(&record->journal, entry, err);
    if (rc >= 0 && record->journal.early.size > JOURNAL_EARLY)
        rc = make_directory_if_possible(record, err);
    return rc;
}

/* ---- resuming ---- */

static enum resuming resuming_of(const nfold_options *options)
{
    if (nf_options_flag(options, "retry-failed"))
        return RETRY_FAILED;
    if (nf_options_flag(options, "resume-failed"))
        return RESUME_OK;
    if (nf_options_flag(options, "resume") || nf_options_flag(options, "requeue"))
        return RESUME_ENDED;
    return RESUME_NOTHING;
}

static int refuse_other_command(const struct nf_record *record, const struct nf_earlier *earlier,
                                nfold_error *err)
{
    nf_fail(err, NFOLD_E_VALUE, "%s holds the run of another command", record->directory);
    nf_error_detail(err, "there: %.200s\nhere:  %.200s\n", earlier->last_pattern,
                    record->pattern_in_force);
    nf_error_detail(err, "--adopt goes on with the new one, and what is ok stays ok;\n"
                         "another --run-dir begins anew\n");
    return NFOLD_E_VALUE;
}

static int refuse_to_continue(const struct nf_record *record, const struct nf_earlier *earlier,
                              nfold_error *err)
{
    nf_fail(err, NFOLD_E_VALUE, "%s holds this run already, with %" PRIu64 " tasks",
            record->directory, earlier->tasks);
    nf_error_detail(err, "--resume goes on with it (a batch script may always have it);\n"
                         "another --run-dir begins anew\n");
    return NFOLD_E_VALUE;
}

/* What the directory holds must be this command's, and wanted. */
static int accept_earlier(struct nf_record *record, const nfold_options *options,
                          const struct nf_earlier *earlier, nfold_error *err)
{
    if (earlier->last_pattern == NULL)
        return 0; /* nothing was begun */
    int is_same = strcmp(earlier->last_pattern, record->pattern_in_force) == 0;
    if (!is_same && !nf_options_flag(options, "adopt"))
        return refuse_other_command(record, earlier, err);
    if (record->resuming == RESUME_NOTHING && !nf_options_flag(options, "adopt"))
        return refuse_to_continue(record, earlier, err);
    if (record->resuming == RESUME_NOTHING)
        record->resuming = RESUME_ENDED;
    free(record->pattern);
    record->pattern = strdup(earlier->first_pattern);
    return record->pattern != NULL ? 0 : nf_fail_memory(err);
}

static int read_earlier(struct nf_record *record, const nfold_options *options, int fd,
                        uint64_t *end, nfold_error *err)
{
    struct nf_earlier earlier;
    char *path = nf_run_directory_file(record->directory, "journal");
    if (path == NULL)
        return nf_fail_memory(err);
    int rc = nf_earlier_journal(&earlier, record->index, fd, path, err);
    if (rc >= 0) {
        rc = accept_earlier(record, options, &earlier, err);
        *end = earlier.sound_end;
        record->earlier_tasks = record->counts.gone = earlier.tasks;
        record->journal.next_number = earlier.next_number;
        nf_earlier_explain(&earlier, path, record->note, sizeof record->note);
        nf_earlier_clear(&earlier);
    }
    free(path);
    return rc;
}

/* --run-dir: made, locked and read at once, so that what is wrong with it is said before anything
 * runs. */
static int open_asked(struct nf_record *record, const nfold_options *options, const char *name,
                      nfold_error *err)
{
    uint64_t end = 0;
    int fd = -1;
    int rc = nf_run_directory_make(name, err);
    if (rc < 0)
        return rc;
    record->levels_made = rc;
    record->is_asked = 1;
    record->directory = realpath(name, NULL);
    if (record->directory == NULL)
        return nf_fail_errno(err, "cannot find the run directory %s", name);
    rc = nf_run_directory_check(record->directory, err);
    if (rc >= 0)
        rc = nf_run_directory_lock(record->directory, &fd, err);
    if (rc < 0)
        return rc;
    rc = read_earlier(record, options, fd, &end, err);
    record->is_new = rc >= 0 && end == 0;
    if (rc >= 0)
        return fill_directory(record, fd, end, err);
    close(fd);
    return rc;
}

/* --retry-failed: the tasks are the failed lines of the joblog, and keep their numbers in it. */
static int renumber_joblog(struct nf_record *record, const char *path, nfold_error *err)
{
    struct nfold_buffer commands = {0};
    uint64_t *sequences;
    size_t count;
    int rc = nf_joblog_failed(path, &commands, &sequences, &count, err);
    nf_buffer_clear(&commands);
    if (rc >= 0)
        nf_joblog_renumber(record->joblog, sequences, count);
    else
        free(sequences);
    record->resuming = RESUME_NOTHING;
    return rc;
}

/* What was begun for a run that then was refused has nothing to tell. */
static void unmake_directory(const struct nf_record *record)
{
    if (record->is_new || record->levels_made > 0)
        nf_run_directory_remove(record->directory, record->levels_made);
}

/* A joblog is all that is known of earlier runs. */
static int read_joblog(struct nf_record *record, const char *path, nfold_error *err)
{
    int rc = nf_index_open(&record->by_command, err);
    if (rc >= 0)
        rc = nf_earlier_joblog(record->by_command, path, &record->earlier_tasks, err);
    record->counts.gone = record->earlier_tasks;
    return rc;
}

static int fail_nothing_known(nfold_error *err)
{
    nf_fail(err, NFOLD_E_USAGE, "nothing says what ran before");
    nf_error_detail(err, "to resume: --run-dir FOLDER or --joblog FILE\n");
    return NFOLD_E_USAGE;
}

static int open_joblog(struct nf_record *record, const nfold_options *options, nfold_error *err)
{
    const char *path = nf_options_text(options, "joblog");
    int resumes = record->resuming != RESUME_NOTHING, rc = 0;
    int is_alone = resumes && !record->is_asked;
    if (path == NULL && is_alone)
        return fail_nothing_known(err);
    if (path == NULL)
        return 0;
    if (is_alone && record->resuming != RETRY_FAILED)
        rc = read_joblog(record, path, err);
    if (rc >= 0)
        rc = nf_joblog_open(&record->joblog, path, resumes, err);
    if (rc >= 0 && is_alone && record->resuming == RETRY_FAILED)
        rc = renumber_joblog(record, path, err);
    return rc;
}

static int write_start(struct nf_record *record, nfold_error *err)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    struct nf_journal_entry entry = {
        .type = NF_JOURNAL_START,
        .start = {.when = nf_clock_epoch(),
                  .pid = (uint64_t)getpid(),
                  .host = {host, strlen(host)},
                  .pattern = {record->pattern_in_force, strlen(record->pattern_in_force)}}};
    return add_entry(record, &entry, err);
}

void nf_record_forget(struct nf_record *record)
{
    if (record == NULL)
        return;
    nf_journal_writer_close(&record->journal, NULL);
    nf_joblog_close(record->joblog, NULL);
    nf_saved_input_close(&record->input, 0, NULL);
    nf_index_close(record->index);
    nf_index_close(record->by_command);
    free(record->directory);
    free(record->pattern);
    free(record->pattern_in_force);
    free(record->folder);
    free(record->why);
    free(record);
}

/* Knows nothing yet. *record is to be forgotten on failure, too. */
static int record_new(struct nf_record **record, const nfold_options *options,
                      const char *pattern_text, nfold_error *err)
{
    struct nf_record *made = calloc(1, sizeof *made);
    *record = made;
    if (made == NULL)
        return nf_fail_memory(err);
    nf_journal_writer_open(&made->journal);
    nf_saved_input_open(&made->input);
    made->resuming = resuming_of(options);
    made->opened_at = made->synced_at = nf_clock_now();
    made->pattern = strdup(pattern_text);
    made->pattern_in_force = strdup(pattern_text);
    made->folder = getcwd(NULL, 0);
    int rc = nf_index_open(&made->index, err);
    if (rc >= 0 && (made->pattern == NULL || made->pattern_in_force == NULL))
        rc = nf_fail_memory(err);
    if (rc >= 0 && made->folder == NULL && (made->folder = strdup("/")) == NULL)
        rc = nf_fail_memory(err);
    return rc;
}

int nf_record_open(struct nf_record **record, const nfold_options *options,
                   const char *pattern_text, char *const *argv, nfold_error *err)
{
    const char *name = nf_options_text(options, "run-dir");
    struct nf_record *made = NULL;
    *record = NULL;
    int rc = record_new(&made, options, pattern_text, err);
    if (rc < 0) {
        nf_record_forget(made);
        return rc;
    }
    made->words = argv;
    if (rc >= 0 && name != NULL)
        rc = open_asked(made, options, name, err);
    if (rc >= 0)
        rc = open_joblog(made, options, err);
    if (rc >= 0)
        rc = write_start(made, err);
    if (rc < 0) {
        if (made->directory != NULL)
            unmake_directory(made);
        nf_record_forget(made);
    } else
        *record = made;
    return rc;
}

/* What is known of the folder, if there is one and it is known; nothing of it is changed. */
static int look_at_directory(struct nf_record *record, const nfold_options *options,
                             const char *name, nfold_error *err)
{
    uint64_t end;
    record->is_asked = 1;
    record->directory = realpath(name, NULL);
    char *path =
        record->directory != NULL ? nf_run_directory_file(record->directory, "journal") : NULL;
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    int rc = fd >= 0 ? read_earlier(record, options, fd, &end, err) : 0;
    if (fd >= 0)
        close(fd);
    free(path);
    return rc;
}

int nf_record_look(struct nf_record **record, const nfold_options *options,
                   const char *pattern_text, nfold_error *err)
{
    const char *name = nf_options_text(options, "run-dir");
    const char *joblog = nf_options_text(options, "joblog");
    struct nf_record *made = NULL;
    int rc = record_new(&made, options, pattern_text, err);
    if (rc >= 0 && name != NULL)
        rc = look_at_directory(made, options, name, err);
    else if (rc >= 0 && joblog == NULL)
        rc = fail_nothing_known(err);
    else if (rc >= 0 && made->resuming == RETRY_FAILED)
        made->resuming = RESUME_NOTHING; /* its failed lines are the input */
    else if (rc >= 0)
        rc = read_joblog(made, joblog, err);
    if (rc < 0)
        nf_record_forget(made);
    *record = rc < 0 ? NULL : made;
    return rc;
}

/* ---- a task ---- */

/* How the task ended before; -1: it did not. */
static int earlier_end(struct nf_record *record, const struct nf_task *task, const char *command)
{
    int ended = -1;
    if (record->by_command != NULL) {
        ended = nf_earlier_take(record->by_command, command);
        if (ended < 0)
            return -1;
    } else {
        uint32_t *mark = nf_index_find(record->index, &task->identity);
        if (mark == NULL || !(*mark & NF_INDEX_EARLIER))
            return -1;
        ended = NF_INDEX_ENDED(*mark);
    }
    record->counts.gone--;
    return ended;
}

static int ended_by_itself(int status)
{
    return status >= 0 && status != NF_TASK_CUT && status != NF_TASK_PREEMPTED &&
           status != NF_TASK_NOT_STARTED;
}

static int is_wanted(const struct nf_record *record, int ended)
{
    switch (record->resuming) {
    case RESUME_ENDED:
        return !ended_by_itself(ended);
    case RETRY_FAILED:
        return ended_by_itself(ended) && ended != NF_TASK_OK;
    default:
        return ended != NF_TASK_OK;
    }
}

int nf_record_admit(struct nf_record *record, struct nf_task *task, const char *command,
                    nfold_error *err)
{
    if (record->is_command_due && write_command(record, err) < 0)
        return NFOLD_E_SYSTEM;
    nf_identity_of_values(&task->identity, record->pattern, task);
    uint32_t *mark = nf_index_at(record->index, &task->identity, err);
    if (mark == NULL)
        return NFOLD_E_MEMORY;
    if (*mark < NF_INDEX_SEEN_MOST)
        *mark += NF_INDEX_SEEN_ONE;
    nf_identity_of_occurrence(&task->identity, NF_INDEX_SEEN(*mark));
    record->counts.submitted++;
    if (record->resuming == RESUME_NOTHING)
        return 1;
    int ended = earlier_end(record, task, command);
    record->counts.fresh += ended < 0;
    if (is_wanted(record, ended))
        return 1;
    record->counts.resumed += ended == NF_TASK_OK;
    record->counts.status[ended < 0 ? NF_TASK_NOT_STARTED : ended]++;
    return 0;
}

void nf_record_began(struct nf_record *record, const struct nf_task *task, unsigned slot)
{
    (void)record, (void)task, (void)slot; /* no entry: a task without an end runs again */
}

/* Begins to bring entries to the disk when those of the last 100 ms are due. */
static int sync_if_due(struct nf_record *record, double now, nfold_error *err)
{
    if (!record->journal.is_dirty || now - record->synced_at < SYNC_EVERY)
        return 0;
    int rc = nf_journal_writer_begin_sync(&record->journal, err);
    record->synced_at = nf_clock_now();
    return rc;
}

int nf_record_ended(struct nf_record *record, const struct nf_task *task, const char *command,
                    const struct nf_task_result *result, nfold_error *err)
{
    struct nf_journal_entry entry = {.type = NF_JOURNAL_END,
                                     .end = {.sequence = task->sequence,
                                             .identity = task->identity,
                                             .attempt = task->attempt,
                                             .result = *result,
                                             .command = {command, strlen(command)}}};
    if (result->is_final)
        record->counts.status[result->status]++;
    else
        record->counts.retries++;
    int rc = add_entry(record, &entry, err);
    if (rc >= 0 && result->is_final && record->joblog != NULL)
        rc = nf_joblog_add(record->joblog, task, command, result, err);
    if (rc >= 0 && result->status != NF_TASK_OK && result->is_final)
        rc = make_directory_if_possible(record, err);
    return rc < 0 ? rc : sync_if_due(record, nf_clock_now(), err);
}

int nf_record_not_started(struct nf_record *record, const struct nf_task *task,
                          enum nf_task_status status, nfold_error *err)
{
    (void)task, (void)err; /* counted: what has no end in the journal has not been started */
    record->counts.status[status]++;
    return 0;
}

void nf_record_unusable(struct nf_record *record)
{
    record->counts.submitted++;
    record->counts.status[NF_TASK_NOT_STARTED]++;
}

int nf_record_resumes(const struct nf_record *record)
{
    return record->resuming != RESUME_NOTHING && record->earlier_tasks > 0;
}

int nf_record_rest(struct nf_record *record, uint64_t total)
{
    struct nf_record_counts *counts = &record->counts;
    if (total < counts->submitted || nf_record_resumes(record))
        return 0;
    counts->status[NF_TASK_NOT_STARTED] += total - counts->submitted;
    counts->submitted = total;
    return 1;
}

int nf_record_keep_input(void *user, const char *data, size_t size, nfold_error *err)
{
    struct nf_record *record = user;
    int rc = 0;
    if (record->has_no_place)
        return 0;
    if (record->directory == NULL && record->input.early.size + size > INPUT_EARLY)
        rc = make_directory_if_possible(record, err);
    return rc < 0 ? rc : nf_saved_input_keep(&record->input, data, size, err);
}

double nf_record_tick(struct nf_record *record, int is_urgent, nfold_error *err)
{
    double now = nf_clock_now(), left = record->opened_at + DIRECTORY_AFTER - now;
    int rc = is_urgent || left <= 0 ? make_directory_if_possible(record, err) : 0;
    if (rc >= 0)
        rc = sync_if_due(record, now, err);
    if (rc < 0)
        return rc;
    if (record->directory == NULL && !record->has_no_place)
        return left > 0 ? left : SYNC_EVERY;
    return SYNC_EVERY;
}

/* ---- what others ask ---- */

int nf_record_is_full(const struct nf_record *record)
{
    return record->journal.is_full;
}

const char *nf_record_directory(const struct nf_record *record)
{
    return record->directory;
}

const struct nf_record_counts *nf_record_counts(const struct nf_record *record)
{
    return &record->counts;
}

const char *nf_record_note(const struct nf_record *record)
{
    return record->note;
}

/* A run that was refused before its first task leaves nothing, but where it was told to. */
static int is_kept(const struct nf_record *record)
{
    return record->is_asked || record->counts.submitted > 0;
}

void nf_record_stopped(struct nf_record *record, const char *why)
{
    record->is_input_partly_read = 1;
    if (record->why == NULL && why != NULL)
        record->why = strdup(why);
    if (is_kept(record))
        (void)make_directory_if_possible(record, NULL); /* closing tries again, and tells */
}

/* ---- the end ---- */

static int write_close(struct nf_record *record, nfold_error *err)
{
    const char *why = record->why != NULL ? record->why : "";
    struct nf_journal_entry entry = {.type = NF_JOURNAL_CLOSE,
                                     .close = {.when = nf_clock_epoch(),
                                               .submitted = record->counts.submitted,
                                               .is_input_over = !record->is_input_partly_read,
                                               .why = {why, strlen(why)}}};
    memcpy(entry.close.status, record->counts.status, sizeof entry.close.status);
    return add_entry(record, &entry, err);
}

int nf_record_close(struct nf_record *record, int *balances, nfold_error *err)
{
    uint64_t sum = 0;
    if (record == NULL)
        return 0;
    for (int i = 0; i < NF_TASK_STATUS_COUNT; i++)
        sum += record->counts.status[i];
    *balances = sum == record->counts.submitted;
    int is_all_ok = record->counts.status[NF_TASK_OK] == record->counts.submitted &&
                    !record->is_input_partly_read;
    int is_left = is_kept(record) && !is_all_ok;
    int rc = is_left ? make_directory_if_possible(record, err) : 0;
    int closed = write_close(record, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : closed;
    closed = nf_journal_writer_close(&record->journal, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : closed;
    closed =
        nf_saved_input_close(&record->input, !record->is_input_partly_read, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : closed;
    closed = nf_joblog_close(record->joblog, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : closed;
    record->joblog = NULL;
    if (rc >= 0 && !is_left && record->directory != NULL && !record->is_asked)
        nf_run_directory_remove(record->directory, NF_RUN_LEVELS);
    if (record->is_asked && record->why != NULL && record->counts.submitted == 0)
        unmake_directory(record);
    nf_record_forget(record);
    return rc;
}
