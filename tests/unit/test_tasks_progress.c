/* The line of progress: what it says in which room, and that nothing of it is left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "progress_line.h"

static const struct nf_progress_state some = {
    .done = 812, .failed = 3, .total = 1200, .running = 40, .rate = 12.34, .left = 31.4};

static void assert_text(const struct nf_progress_state *state, unsigned width, const char *wanted)
{
    char text[NF_PROGRESS_TEXT];
    nf_progress_line_text(state, width, text);
    assert_string_equal(text, wanted);
}

static void it_says_how_many_and_how_long(void **state)
{
    (void)state;
    assert_text(&some, 80, "812 of 1200, 32 s left, 3 failed, 12.3/s, 40 running");
}

static void a_narrow_terminal_gets_the_most_important(void **state)
{
    (void)state;
    assert_text(&some, 25, "812 of 1200, 32 s left");
    assert_text(&some, 20, "812 of 1200, 12.3/s");
    assert_text(&some, 13, "812 of 1200");
    assert_text(&some, 5, "");
}

static void an_input_without_end_has_at_least_so_many(void **state)
{
    struct nf_progress_state open = some;
    (void)state;
    open.total = 0;
    open.at_least = 852;
    open.left = NAN;
    assert_text(&open, 80, "812 of >= 852, 3 failed, 12.3/s, 40 running");
}

/* What was written so far to a line that thinks it is on a terminal. */
struct screen {
    int fd[2];
    struct nf_progress_line line;
    char text[4096];
};

static void open_screen(struct screen *screen, int is_terminal)
{
    assert_int_equal(pipe(screen->fd), 0);
    nf_progress_line_begin(&screen->line, screen->fd[1], is_terminal, 0, 10);
}

static const char *read_screen(struct screen *screen)
{
    close(screen->fd[1]);
    ssize_t size = read(screen->fd[0], screen->text, sizeof screen->text - 1);
    screen->text[size > 0 ? size : 0] = '\0';
    close(screen->fd[0]);
    return screen->text;
}

static void a_short_run_shows_nothing(void **state)
{
    struct screen screen;
    (void)state;
    open_screen(&screen, 1);
    nf_progress_line_show(&screen.line, &some, 80, 10.9);
    nf_progress_line_end(&screen.line, &some);
    assert_string_equal(read_screen(&screen), "");
}

static void it_makes_room_for_what_tasks_print(void **state)
{
    struct screen screen;
    (void)state;
    open_screen(&screen, 1);
    nf_progress_line_show(&screen.line, &some, 16, 11);
    nf_progress_line_cover(&screen.line, "x", 1);
    nf_progress_line_show(&screen.line, &some, 16, 12); /* "x" has no newline yet */
    nf_progress_line_cover(&screen.line, "y\n", 2);
    nf_progress_line_show(&screen.line, &some, 16, 13);
    nf_progress_line_end(&screen.line, &some);
    assert_string_equal(read_screen(&screen), "\r812 of 1200\r           \r"
                                              "\r812 of 1200\r           \r");
}

static void a_shorter_line_hides_a_longer_one(void **state)
{
    struct screen screen;
    struct nf_progress_state less = {.done = 1, .total = 1, .left = NAN};
    (void)state;
    open_screen(&screen, 1);
    nf_progress_line_show(&screen.line, &some, 13, 11);
    nf_progress_line_show(&screen.line, &less, 13, 12);
    assert_string_equal(read_screen(&screen), "\r812 of 1200\r1 of 1     ");
}

static void a_pipe_gets_whole_lines_now_and_then(void **state)
{
    struct screen screen;
    (void)state;
    open_screen(&screen, 0);
    nf_progress_line_show(&screen.line, &some, 80, 15);
    nf_progress_line_show(&screen.line, &some, 80, 20);
    nf_progress_line_end(&screen.line, &some);
    assert_string_equal(read_screen(&screen),
                        "812 of 1200, 32 s left, 3 failed, 12.3/s, 40 running\n"
                        "812 of 1200, 32 s left, 3 failed, 12.3/s, 40 running\n");
}

static void a_bar_fills_what_room_there_is(void **state)
{
    struct screen screen;
    (void)state;
    open_screen(&screen, 1);
    nf_progress_line_show(&screen.line, &some, 80, 11);
    assert_string_equal(read_screen(&screen),
                        "\r[##############      ] 812 of 1200, 32 s left, 3 failed, 12.3/s, 40 "
                        "running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_how_many_and_how_long),
        cmocka_unit_test(a_narrow_terminal_gets_the_most_important),
        cmocka_unit_test(an_input_without_end_has_at_least_so_many),
        cmocka_unit_test(a_short_run_shows_nothing),
        cmocka_unit_test(it_makes_room_for_what_tasks_print),
        cmocka_unit_test(a_shorter_line_hides_a_longer_one),
        cmocka_unit_test(a_pipe_gets_whole_lines_now_and_then),
        cmocka_unit_test(a_bar_fills_what_room_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
