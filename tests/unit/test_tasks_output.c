/* What tasks print arrives whole, in its order, and a slow reader stops nobody. stdout is replaced
 * by a file or a pipe for each test. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "options.h"
#include "task_output.h"
#include "record.h"

struct bench {
    nfold_options *options;
    struct nf_record *record;
    struct nf_output *output;
    char folder[64];
    int saved[2], seen[2]; /* the test's own streams; what the output wrote to */
};

struct running {
    struct nf_output_task *stream;
    int write_fd[2], read_fd[2];
    unsigned sequence;
};

static void open_bench(struct bench *bench, const char *const *options, int to_pipe)
{
    static char *words[] = {"tasks", "true", NULL};
    fflush(NULL);
    strcpy(bench->folder, "/tmp/nfold-output-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    for (int i = 0; i < 2; i++) {
        int ends[2];
        bench->saved[i] = dup(i + 1);
        if (to_pipe) {
            assert_int_equal(pipe(ends), 0);
        } else {
            ends[1] = memfd_create("stream", 0);
            ends[0] = dup(ends[1]);
        }
        bench->seen[i] = ends[0];
        dup2(ends[1], i + 1);
        close(ends[1]);
    }
    nf_options_new(&bench->options, NULL);
    nf_options_add(bench->options, nf_rows_tasks, NULL);
    nfold_options_set(bench->options, "run-dir", bench->folder, NULL);
    for (; *options != NULL; options++)
        nfold_options_set(bench->options, *options, "on", NULL);
    assert_int_equal(nf_record_open(&bench->record, bench->options, "true", words, NULL), 0);
    assert_int_equal(nf_output_open(&bench->output, bench->options, bench->record, NULL), 0);
}

static void restore_streams(struct bench *bench)
{
    for (int i = 0; i < 2; i++) {
        dup2(bench->saved[i], i + 1);
        close(bench->saved[i]);
    }
}

static void close_bench(struct bench *bench)
{
    int balances;
    char command[128];
    assert_int_equal(nf_output_close(bench->output, NULL), 0);
    restore_streams(bench);
    nf_record_close(bench->record, &balances, NULL);
    nfold_options_destroy(bench->options);
    snprintf(command, sizeof command, "rm -r %s", bench->folder);
    assert_int_equal(system(command), 0);
}

/* What was written to stdout (0) or stderr (1), as text; at most 64 KiB. Closes it. */
static const char *seen(struct bench *bench, int which)
{
    static char text[2][65537];
    ssize_t size = pread(bench->seen[which], text[which], 65536, 0);
    text[which][size > 0 ? size : 0] = '\0';
    close(bench->seen[which]);
    return text[which];
}

static struct running begin(struct bench *bench, unsigned sequence, const char *tag)
{
    struct running running = {.sequence = sequence};
    struct nf_task task = {.sequence = sequence, .attempt = 1};
    assert_int_equal(nf_output_begin(bench->output, &task, 1, tag, "true", running.write_fd,
                                     running.read_fd, &running.stream, NULL),
                     0);
    return running;
}

static void print(const struct running *running, int which, const char *text)
{
    assert_int_equal(write(running->write_fd[which], text, strlen(text)), strlen(text));
}

static struct nf_task_result end(const struct running *running, int is_dropped)
{
    struct nf_task_result result = {.status = NF_TASK_OK};
    close(running->write_fd[0]);
    close(running->write_fd[1]);
    assert_int_equal(nf_output_end(running->stream, &result, is_dropped, NULL), 0);
    return result;
}

static void a_group_is_printed_at_the_tasks_end_stdout_before_stderr(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, (const char *[]){NULL}, 0);
    struct running first = begin(&bench, 1, ""), second = begin(&bench, 2, "");
    print(&first, 0, "a1\n");
    print(&second, 0, "b1\n");
    print(&first, 1, "e1\n");
    print(&first, 0, "a2");
    struct nf_task_result result = end(&second, 0);
    assert_int_equal(result.out_bytes, 3);
    result = end(&first, 0);
    assert_int_equal(result.out_bytes, 5);
    assert_int_equal(result.err_bytes, 3);
    close_bench(&bench);
    assert_string_equal(seen(&bench, 0), "b1\na1\na2");
    assert_string_equal(seen(&bench, 1), "e1\n");
}

static void a_dropped_attempt_prints_nothing(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, (const char *[]){"keep-order", NULL}, 0);
    struct running first = begin(&bench, 1, "");
    print(&first, 0, "failed try\n");
    end(&first, 1);
    first = begin(&bench, 1, "");
    print(&first, 0, "second try\n");
    end(&first, 0);
    close_bench(&bench);
    assert_string_equal(seen(&bench, 0), "second try\n");
    seen(&bench, 1);
}

static void kept_order_waits_for_a_slow_first_task(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, (const char *[]){"keep-order", NULL}, 0);
    struct running first = begin(&bench, 1, ""), third = begin(&bench, 3, "");
    print(&third, 0, "3\n");
    end(&third, 0);
    assert_int_equal(nf_output_skip(bench.output, 2, NULL), 0);
    assert_int_equal(lseek(bench.seen[0], 0, SEEK_END), 0);
    print(&first, 0, "1\n");
    end(&first, 0);
    close_bench(&bench);
    assert_string_equal(seen(&bench, 0), "1\n3\n");
    seen(&bench, 1);
}

/* Ended groups beyond a few megabytes leave only their place in the container behind. */
static void thousands_of_groups_wait_in_the_container(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct bench bench;
    char text[4096], tag[16], wanted[64];
    open_bench(&bench, (const char *[]){"keep-order", "tag", NULL}, 0);
    struct running first = begin(&bench, 1, "t1");
    for (unsigned i = 2; i <= COUNT; i++) {
        snprintf(tag, sizeof tag, "t%u", i);
        struct running next = begin(&bench, i, tag);
        memset(text, 'x', sizeof text);
        snprintf(text + sizeof text - 8, 8, "%6u\n", i);
        print(&next, 0, text);
        end(&next, 0);
    }
    end(&first, 0);
    close_bench(&bench);
    off_t size = lseek(bench.seen[0], 0, SEEK_END), at = 0;
    for (unsigned i = 2; i <= COUNT; i++) {
        snprintf(tag, sizeof tag, "t%u\t", i);
        snprintf(wanted, sizeof wanted, "x%6u\n", i);
        at += (off_t)strlen(tag) + 4095;
        assert_int_equal(pread(bench.seen[0], text, 8, at - 8), 8);
        assert_memory_equal(text, wanted, 8);
    }
    assert_int_equal(size, at);
    seen(&bench, 0);
    seen(&bench, 1);
}

static void lines_are_passed_on_whole_as_they_come(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, (const char *[]){"line-buffer", "tag", NULL}, 0);
    struct running first = begin(&bench, 1, "one"), second = begin(&bench, 2, "two");
    print(&first, 0, "a\nb");
    assert_int_equal(nf_output_readable(first.stream, 0, NULL), 1);
    print(&second, 0, "c\n");
    assert_int_equal(nf_output_readable(second.stream, 0, NULL), 1);
    print(&first, 0, "bb\n");
    assert_int_equal(nf_output_readable(first.stream, 0, NULL), 1);
    end(&first, 0);
    end(&second, 0);
    close_bench(&bench);
    assert_string_equal(seen(&bench, 0), "one\ta\ntwo\tc\none\tbbb\n");
    seen(&bench, 1);
}

static void a_reader_that_does_not_read_stops_nobody(void **state)
{
    (void)state;
    struct bench bench;
    enum { COUNT = 100 };
    char *text = malloc(60001), *all;
    memset(text, 'y', 60000);
    text[59999] = '\n';
    text[60000] = '\0';
    open_bench(&bench, (const char *[]){NULL}, 1);
    for (unsigned i = 1; i <= COUNT; i++) {
        struct running task = begin(&bench, i, "");
        print(&task, 0, text);
        end(&task, 0);
    }
    assert_true(nf_output_blocked_fd(bench.output) >= 0);
    size_t got = 0, whole = (size_t)COUNT * 60000;
    all = malloc(whole);
    while (got < whole) {
        ssize_t n = read(bench.seen[0], all + got, whole - got);
        assert_true(n > 0);
        got += (size_t)n;
        assert_int_equal(nf_output_writable(bench.output, NULL), 0);
    }
    assert_int_equal(nf_output_blocked_fd(bench.output), -1);
    for (unsigned i = 0; i < COUNT; i++)
        assert_memory_equal(all + (size_t)i * 60000, text, 60000);
    close_bench(&bench);
    close(bench.seen[0]);
    close(bench.seen[1]);
    free(all);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_printed_at_the_tasks_end_stdout_before_stderr),
        cmocka_unit_test(a_dropped_attempt_prints_nothing),
        cmocka_unit_test(kept_order_waits_for_a_slow_first_task),
        cmocka_unit_test(thousands_of_groups_wait_in_the_container),
        cmocka_unit_test(lines_are_passed_on_whole_as_they_come),
        cmocka_unit_test(a_reader_that_does_not_read_stops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
