/* How many tasks there will be is known beside the reading, and is the number that comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_line.h"
#include "input.h"
#include "input_operands.h"
#include "options.h"
#include "template.h"

#define MOST_WORDS 24

static char folder[64];

static void write_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/nfold-input-XXXXXX");
    if (mkdtemp(folder) == NULL || chdir(folder) < 0)
        return -1;
    write_file("five", "a b\n\nc\nd \nlast");
    write_file("three", "x\ty\n1\t2\n3\t4\n");
    write_file("csv", "\"a\nb\",1\nc,2\n");
    write_file("ends", "one\ntwo\nSTOP\nthree\n");
    char many[6001];
    for (int i = 0; i < 3000; i++)
        memcpy(many + 2 * (size_t)i, "v\n", 3);
    write_file("many", many);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"five", "three", "csv", "ends", "many"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(names[i]);
    return chdir("/") < 0 || rmdir(folder) < 0;
}

/* An input of words separated by blanks; what it stands on is kept for as long. */
struct opened {
    char *copy, *words[MOST_WORDS];
    const char *operands[MOST_WORDS];
    nfold_options *options;
    struct nf_template *pattern;
    struct nf_input *input;
};

static void open_words(struct opened *opened, const char *text)
{
    size_t count = 0, operands = 0;
    *opened = (struct opened){.copy = strdup(text)};
    for (char *rest = opened->copy, *word; (word = strsep(&rest, " ")) != NULL;)
        opened->words[count++] = word;
    assert_true(count < MOST_WORDS);
    assert_int_equal(nf_options_new(&opened->options, NULL), 0);
    assert_int_equal(nf_options_add(opened->options, nf_rows_tasks, NULL), 0);
    assert_int_equal(nf_command_line_leading(opened->options, (int)count, opened->words,
                                             opened->operands, &operands, NULL),
                     0);
    size_t words = nf_input_template_words(opened->options, opened->operands, operands);
    assert_int_equal(
        nf_template_open(&opened->pattern, opened->options, opened->operands, words, NULL), 0);
    assert_int_equal(nf_input_open(&opened->input, opened->options, opened->operands + words,
                                   operands - words, opened->pattern, 3, NULL),
                     0);
}

static void close_words(struct opened *opened)
{
    nf_input_close(opened->input);
    nf_template_close(opened->pattern);
    nfold_options_destroy(opened->options);
    free(opened->copy);
}

static uint64_t take_tasks(struct nf_input *input, uint64_t most)
{
    struct nf_task task = {0};
    uint64_t count = 0;
    while (count < most && nf_input_next(input, &task, NULL) == 1) {
        nf_task_clear(&task);
        count++;
    }
    return count;
}

static void what_is_counted_beside_is_what_comes(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "echo ::: a b c",
        "-N2 echo ::: a b c",
        "-r echo :::: five",
        "echo :::: five",
        "-L1 echo :::: five",
        "-a five -a three echo",
        "--link -a five -a three echo",
        "--header : --colsep \\t echo :::: three",
        "--skip-first-line echo :::: three ::: p q",
        "--csv echo :::: csv",
        "-E STOP echo :::: ends",
        "-N7 echo ::: p q :::: many",
        "-X echo :::: many",
        "-m -s 200 echo {} :::: many",
        "--xargs -s 100 echo :::: many ::: a b",
        "-n 4 -X echo a{} :::: five",
        "-N0 echo :::: five",
        "--shuf echo :::: many",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct opened opened;
        open_words(&opened, cases[i]);
        uint64_t taken = take_tasks(opened.input, 1);
        for (int turn = 0; turn < 10000 && !nf_input_count(opened.input, 3); turn++)
            continue;
        uint64_t total = nf_input_total(opened.input);
        taken += take_tasks(opened.input, UINT64_MAX);
        if (total != taken)
            fail_msg("%s: %llu were counted, %llu came", cases[i], (unsigned long long)total,
                     (unsigned long long)taken);
        assert_int_equal(nf_input_total(opened.input), taken);
        close_words(&opened);
    }
}

/* Counting reads beside standard input, which goes on where it was, and keeps nothing twice. */
static uint64_t kept_bytes;

static int keep(void *user, const char *data, size_t size, nfold_error *err)
{
    (void)user, (void)data, (void)err;
    kept_bytes += size;
    return 0;
}

static void a_file_on_standard_input_is_counted_and_read_once(void **state)
{
    (void)state;
    struct opened opened;
    int before = dup(STDIN_FILENO), fd = open("many", O_RDONLY);
    char first[2];
    assert_int_equal(read(fd, first, 2), 2); /* somebody took the first line */
    dup2(fd, STDIN_FILENO);
    close(fd);
    open_words(&opened, "echo");
    kept_bytes = 0;
    assert_int_equal(nf_input_watch(opened.input, keep, NULL, NULL), 0);
    assert_true(nf_input_is_bounded(opened.input));
    nf_input_ask_total(opened.input);
    assert_int_equal(nf_input_total(opened.input), 2999);
    assert_int_equal(take_tasks(opened.input, UINT64_MAX), 2999);
    assert_int_equal(kept_bytes, 2 * 2999);
    close_words(&opened);
    dup2(before, STDIN_FILENO);
    close(before);
}

static void a_pipe_is_not_counted(void **state)
{
    (void)state;
    struct opened opened;
    int ends[2], before = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "a\nb\n", 4), 4);
    dup2(ends[0], STDIN_FILENO);
    open_words(&opened, "echo");
    assert_false(nf_input_is_bounded(opened.input));
    assert_int_equal(nf_input_count(opened.input, 1000), 0);
    assert_int_equal(take_tasks(opened.input, 2), 2);
    close_words(&opened);
    dup2(before, STDIN_FILENO);
    close(before);
    close(ends[0]);
    close(ends[1]);
}

static void an_input_that_cannot_be_used_is_passed_over(void **state)
{
    (void)state;
    struct opened opened;
    struct nf_task task = {0};
    int fd = open("five", O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "a\n\0\nb\n", 6), 6);
    close(fd);
    open_words(&opened, "echo :::: five");
    assert_int_equal(take_tasks(opened.input, 1), 1);
    assert_int_equal(nf_input_next(opened.input, &task, NULL), NFOLD_E_VALUE);
    assert_int_equal(take_tasks(opened.input, 2), 1);
    close_words(&opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_counted_beside_is_what_comes),
        cmocka_unit_test(a_file_on_standard_input_is_counted_and_read_once),
        cmocka_unit_test(a_pipe_is_not_counted),
        cmocka_unit_test(an_input_that_cannot_be_used_is_passed_over),
    };
    return cmocka_run_group_tests_name("tasks input", tests, set_up, tear_down);
}
