/* How a command line is executed: directly, or by which shell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "command_form.h"

static int is_direct(const char *line)
{
    struct nf_shell_choice *choice;
    struct nf_command_form form;
    assert_int_equal(nf_shell_choice_open(&choice, NULL), 0);
    assert_int_equal(nf_command_form_make(&form, choice, line, NULL), 0);
    assert_int_equal(form.path[0], '/');
    int is_shell = form.argv[1] && strcmp(form.argv[1], "-c") == 0;
    if (is_shell)
        assert_string_equal(form.argv[2], line);
    nf_command_form_clear(&form);
    nf_shell_choice_close(choice);
    return !is_shell;
}

static void a_program_is_started_without_a_shell(void **state)
{
    (void)state;
    assert_true(is_direct("/bin/sh x"));
    assert_true(is_direct("env 'a b' c"));
    assert_true(is_direct("  ls   -l"));
}

static void what_a_shell_must_read_goes_to_one(void **state)
{
    static const char *const lines[] = {"ls; ls",    "ls | cat", "ls > /dev/null",
                                        "ls $HOME",  "ls *",     "A=1 env",
                                        "cd /",      "echo a",   "true",
                                        "if true",   "ls &",     "no-such-program-here",
                                        "[ a = a ]", "ls\nls",   "",
                                        "ls 'a"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (is_direct(lines[i]))
            fail_msg("%s", lines[i]);
}

static void an_exported_function_beats_a_program(void **state)
{
    (void)state;
    assert_true(is_direct("ls"));
    setenv("BASH_FUNC_ls%%", "() { :; }", 1);
    assert_false(is_direct("ls"));
    unsetenv("BASH_FUNC_ls%%");
}

static void the_words_are_those_of_a_shell(void **state)
{
    struct nf_shell_choice *choice;
    struct nf_command_form form;
    (void)state;
    assert_int_equal(nf_shell_choice_open(&choice, NULL), 0);
    assert_int_equal(nf_command_form_make(&form, choice, "env 'a b' \"c'd\" e\\ f ''", NULL), 0);
    assert_string_equal(form.argv[0], "env");
    assert_string_equal(form.argv[1], "a b");
    assert_string_equal(form.argv[2], "c'd");
    assert_string_equal(form.argv[3], "e f");
    assert_string_equal(form.argv[4], "");
    assert_null(form.argv[5]);
    nf_command_form_clear(&form);
    nf_shell_choice_close(choice);
}

static void a_shell_that_quotes_otherwise_is_refused(void **state)
{
    struct nf_shell_choice *choice;
    nfold_error err;
    (void)state;
    setenv("NFOLD_SHELL", "/usr/bin/fish", 1);
    assert_int_equal(nf_shell_choice_open(&choice, &err), NFOLD_E_VALUE);
    setenv("NFOLD_SHELL", "/no/such/bash", 1);
    assert_int_equal(nf_shell_choice_open(&choice, &err), NFOLD_E_MISSING);
    setenv("NFOLD_SHELL", "sh", 1);
    assert_int_equal(nf_shell_choice_open(&choice, &err), 0);
    nf_shell_choice_close(choice);
    unsetenv("NFOLD_SHELL");
}

static void a_command_is_known_or_not(void **state)
{
    struct nf_shell_choice *choice;
    (void)state;
    unsetenv("BASH_ENV");
    assert_int_equal(nf_shell_choice_open(&choice, NULL), 0);
    assert_true(nf_shell_choice_knows(choice, "env"));
    assert_true(nf_shell_choice_knows(choice, "cd"));
    assert_true(nf_shell_choice_knows(choice, "./anything"));
    assert_false(nf_shell_choice_knows(choice, "no-such-program-here"));
    nf_shell_choice_close(choice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_is_started_without_a_shell),
        cmocka_unit_test(what_a_shell_must_read_goes_to_one),
        cmocka_unit_test(an_exported_function_beats_a_program),
        cmocka_unit_test(the_words_are_those_of_a_shell),
        cmocka_unit_test(a_shell_that_quotes_otherwise_is_refused),
        cmocka_unit_test(a_command_is_known_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
