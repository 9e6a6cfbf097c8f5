/* Options: checking, precedence, reading, and the rows as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

static const struct nf_option engine_rows[] = {
    {.name = "workers",
     .letter = 'j',
     .type = NF_OPTION_COUNT,
     .metavar = "N",
     .low = 1,
     .high = 1024,
     .help = "workers to use; as many as processors are allowed if not given"},
    {.name = "native",
     .type = NF_OPTION_CHOICE,
     .initial = "auto",
     .choices = "auto|on|off",
     .help = "compile the body to native code"},
    {.name = "time-limit", .type = NF_OPTION_SECONDS, .metavar = "TIME", .help = "stop after TIME"},
    {0},
};

static const struct nf_option body_rows[] = {
    {.name = "set", .type = NF_OPTION_ASSIGN, .metavar = "NAME=NUMBER", .help = "give a variable"},
    {.name = "quiet", .letter = 'q', .type = NF_OPTION_FLAG, .help = "say less"},
    {.name = "label",
     .type = NF_OPTION_TEXT,
     .metavar = "TEXT",
     .initial = "none",
     .help = "a name with a \\ and a-hyphen"},
    {0},
};

static const struct nf_option long_rows[] = {
    {.name = "order",
     .type = NF_OPTION_CHOICE,
     .choices = "ascending|descending",
     .help = "which comes first"},
    {0},
};

static nfold_options *options_make(void)
{
    nfold_options *options;
    nfold_error err;
    assert_int_equal(nf_options_new(&options, &err), 0);
    assert_int_equal(nf_options_add(options, engine_rows, &err), 0);
    assert_int_equal(nf_options_add(options, body_rows, &err), 0);
    return options;
}

static void set(nfold_options *options, const char *name, const char *value)
{
    nfold_error err = {0};
    if (nfold_options_set(options, name, value, &err) < 0)
        fail_msg("%s", err.message);
}

static void refuse(nfold_options *options, const char *name, const char *value, int code,
                   const char *message)
{
    nfold_error err = {0};
    assert_int_equal(nfold_options_set(options, name, value, &err), code);
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
}

static void what_is_not_set_has_its_default(void **state)
{
    (void)state;
    nfold_options *options = options_make();
    assert_true(isnan(nf_options_count(options, "workers")));
    assert_true(isnan(nf_options_seconds(options, "time-limit")));
    assert_string_equal(nf_options_text(options, "native"), "auto");
    assert_string_equal(nf_options_text(options, "label"), "none");
    assert_int_equal(nf_options_flag(options, "quiet"), 0);
    assert_int_equal(nf_options_assign_count(options, "set"), 0);
    assert_int_equal(nf_options_is_set(options, "native"), 0);
    assert_string_equal(nfold_options_get(options, "workers"), "");
    assert_string_equal(nfold_options_get(options, "quiet"), "off");
    assert_string_equal(nfold_options_get(options, "native"), "auto");
    assert_null(nfold_options_get(options, "nothing"));
    nfold_options_destroy(options);
    nfold_options_destroy(NULL);
}

static void values_are_read_as_what_they_are(void **state)
{
    (void)state;
    nfold_options *options = options_make();
    set(options, "workers", "1e2");
    set(options, "time-limit", "1.5m");
    set(options, "native", "off");
    set(options, "quiet", "on");
    set(options, "label", "");
    assert_true(nf_options_count(options, "workers") == 100);
    assert_true(nf_options_seconds(options, "time-limit") == 90);
    assert_string_equal(nf_options_text(options, "native"), "off");
    assert_string_equal(nf_options_text(options, "label"), "");
    assert_int_equal(nf_options_flag(options, "quiet"), 1);
    assert_string_equal(nfold_options_get(options, "workers"), "1e2");
    assert_int_equal(nf_options_is_set(options, "workers"), 1);
    static const struct {
        const char *text;
        double seconds;
    } times[] = {{"0", 0}, {"0.5", 0.5}, {"10s", 10}, {"5m", 300}, {"2h", 7200}, {"1d", 86400}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        set(options, "time-limit", times[i].text);
        assert_true(nf_options_seconds(options, "time-limit") == times[i].seconds);
    }
    nfold_options_destroy(options);
}

static void a_wrong_value_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    nfold_options *options = options_make();
    set(options, "workers", "3");
    static const char *const counts[] = {"0",  "-1",  "1025",  "2.5", "",  "x",
                                         "3x", "nan", "1e999", "--2", " 3"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char message[128];
        snprintf(message, sizeof message,
                 "option 'workers': '%s' is not a whole number from 1 to 1024", counts[i]);
        refuse(options, "workers", counts[i], NFOLD_E_VALUE, message);
    }
    assert_true(nf_options_count(options, "workers") == 3);
    static const char *const times[] = {"", "s", "-1", "5 m", "1y", "1e999", "inf", "mm"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        assert_int_equal(nfold_options_set(options, "time-limit", times[i], NULL), NFOLD_E_VALUE);
    refuse(options, "native", "yes", NFOLD_E_VALUE,
           "option 'native': 'yes' is not auto, on or off");
    assert_int_equal(nfold_options_set(options, "native", "", NULL), NFOLD_E_VALUE);
    assert_int_equal(nfold_options_set(options, "native", "auto|on", NULL), NFOLD_E_VALUE);
    refuse(options, "quiet", "1", NFOLD_E_VALUE, "option 'quiet': '1' is not on or off");
    nfold_options_destroy(options);
}

static void an_unknown_name_gets_a_suggestion(void **state)
{
    (void)state;
    nfold_options *options = options_make();
    refuse(options, "wokers", "3", NFOLD_E_USAGE, "no option 'wokers'; did you mean 'workers'?");
    refuse(options, "zzz", "3", NFOLD_E_USAGE, "no option 'zzz'");
    assert_int_equal(nfold_options_set(NULL, "a", "b", NULL), NFOLD_E_USAGE);
    assert_string_equal(nf_options_suggest(options, "--time-limt"), "time-limit");
    assert_null(nf_options_suggest(options, "--"));
    nfold_options_destroy(options);
}

static void assignments_add_up_and_the_last_of_a_name_holds(void **state)
{
    (void)state;
    nfold_options *options = options_make();
    double value;
    set(options, "set", "k=3");
    set(options, "set", "m_2=-0.5,Z=1e3");
    set(options, "set", "k=4");
    assert_int_equal(nf_options_assign_count(options, "set"), 3);
    assert_string_equal(nf_options_assign(options, "set", 0, &value), "k");
    assert_true(value == 4);
    assert_string_equal(nf_options_assign(options, "set", 1, &value), "m_2");
    assert_true(value == -0.5);
    assert_string_equal(nfold_options_get(options, "set"), "k=4.0,m_2=-0.5,Z=1000.0");
    static const char *const wrong[] = {"",     "k",     "k=",   "=3",    "2k=1",    "k=x",
                                        "k=1,", "k=1=2", "k =1", "k=nan", "k=1e999", "a,b=2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(nfold_options_set(options, "set", wrong[i], NULL), NFOLD_E_VALUE);
    refuse(options, "set", "new=1,k=x", NFOLD_E_VALUE, "option 'set': 'k=x' is not NAME=NUMBER");
    assert_string_equal(nfold_options_get(options, "set"), "k=4.0,m_2=-0.5,Z=1000.0");
    nfold_options_destroy(options);
}

static void a_call_beats_a_variable_which_beats_the_default(void **state)
{
    (void)state;
    nfold_error err;
    nfold_options *options = options_make();
    setenv("NFOLD_WORKERS", "7", 1);
    setenv("NFOLD_TIME_LIMIT", "1h", 1);
    setenv("NFOLD_NATIVE", "on", 1);
    setenv("NFOLD_LABEL", "", 1);
    setenv("NFOLD_UNKNOWN", "x", 1);
    set(options, "native", "off");
    assert_int_equal(nf_options_environment(options, &err), 0);
    assert_true(nf_options_count(options, "workers") == 7);
    assert_true(nf_options_seconds(options, "time-limit") == 3600);
    assert_string_equal(nf_options_text(options, "native"), "off");
    assert_string_equal(nf_options_text(options, "label"), "none");
    assert_int_equal(nf_options_is_set(options, "workers"), 1);
    set(options, "workers", "2");
    assert_true(nf_options_count(options, "workers") == 2);
    nfold_options_destroy(options);

    options = options_make();
    setenv("NFOLD_WORKERS", "many", 1);
    assert_int_equal(nf_options_environment(options, &err), NFOLD_E_VALUE);
    assert_string_equal(err.message, "variable NFOLD_WORKERS: 'many' is not a whole number from 1 "
                                     "to 1024");
    unsetenv("NFOLD_WORKERS");
    unsetenv("NFOLD_TIME_LIMIT");
    unsetenv("NFOLD_NATIVE");
    unsetenv("NFOLD_LABEL");
    unsetenv("NFOLD_UNKNOWN");
    nfold_options_destroy(options);
}

static void a_copy_is_equal_and_apart(void **state)
{
    (void)state;
    nfold_options *options = options_make(), *copy;
    double value;
    set(options, "workers", "5");
    set(options, "set", "k=3,m=4");
    assert_int_equal(nf_options_copy(&copy, options, NULL), 0);
    set(options, "workers", "6");
    set(options, "set", "k=9");
    assert_true(nf_options_count(copy, "workers") == 5);
    assert_int_equal(nf_options_assign_count(copy, "set"), 2);
    assert_string_equal(nf_options_assign(copy, "set", 0, &value), "k");
    assert_true(value == 3);
    nfold_options_destroy(options);
    set(copy, "set", "n=1");
    assert_string_equal(nfold_options_get(copy, "set"), "k=3.0,m=4.0,n=1.0");
    assert_int_equal(nf_options_is_set(copy, "native"), 0);
    nfold_options_destroy(copy);
}

static void a_copy_watches_the_same_flag(void **state)
{
    (void)state;
    nfold_options *options, *copy;
    const volatile int stop = 0;
    assert_null(nf_options_stop(NULL));
    assert_int_equal(nf_options_new(&options, NULL), 0);
    assert_null(nf_options_stop(options));
    nf_options_watch(options, &stop);
    assert_int_equal(nf_options_copy(&copy, options, NULL), 0);
    assert_ptr_equal(nf_options_stop(options), &stop);
    assert_ptr_equal(nf_options_stop(copy), &stop);
    nfold_options_destroy(options);
    nfold_options_destroy(copy);
}

static void rows_are_found_in_the_order_of_the_tables(void **state)
{
    (void)state;
    static const char *const names[] = {"workers", "native", "time-limit", "set", "quiet", "label"};
    nfold_options *options = options_make();
    for (unsigned i = 0; i < 6; i++)
        assert_string_equal(nf_options_row(options, i)->name, names[i]);
    assert_null(nf_options_row(options, 6));
    assert_ptr_equal(nf_options_find(options, "set"), &body_rows[0]);
    assert_ptr_equal(nf_options_find_letter(options, 'q'), &body_rows[1]);
    assert_null(nf_options_find_letter(options, 'x'));
    assert_null(nf_options_find_letter(options, '\0'));
    assert_int_equal(nf_options_count(NULL, "workers") == 0, 0);
    assert_int_equal(nf_options_flag(NULL, "quiet"), 0);
    nfold_options_destroy(options);
}

static void too_many_tables_are_refused(void **state)
{
    (void)state;
    static const struct nf_option empty[] = {{0}};
    nfold_options *options;
    assert_int_equal(nf_options_new(&options, NULL), 0);
    for (int i = 0; i < NF_OPTION_TABLES; i++)
        assert_int_equal(nf_options_add(options, empty, NULL), 0);
    assert_int_equal(nf_options_add(options, empty, NULL), NFOLD_E_INTERNAL);
    nfold_options_destroy(options);
}

static void help_is_aligned_and_fits_80_columns(void **state)
{
    (void)state;
    struct nfold_buffer out = {0};
    nf_option_help(&out, engine_rows);
    nf_option_help(&out, body_rows);
    nf_option_help(&out, long_rows);
    static const char expected[] =
        "  -j, --workers N               workers to use; as many as processors are\n"
        "                                allowed if not given\n"
        "      --native auto|on|off      compile the body to native code (auto)\n"
        "      --time-limit TIME         stop after TIME\n"
        "      --set NAME=NUMBER         give a variable\n"
        "  -q, --quiet                   say less\n"
        "      --label TEXT              a name with a \\ and a-hyphen (none)\n"
        "      --order ascending|descending\n"
        "                                which comes first\n";
    assert_string_equal(nf_buffer_text(&out), expected);
    for (const char *line = out.data; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 0, 80);
    nf_buffer_clear(&out);
}

static void the_manual_is_mdoc(void **state)
{
    (void)state;
    struct nfold_buffer out = {0};
    nf_option_man(&out, engine_rows);
    nf_option_man(&out, body_rows);
    const char *text = nf_buffer_text(&out);
    assert_non_null(strstr(text, ".It Fl j Ar N , Fl \\-workers Ar N\nWorkers to use; as many"));
    assert_non_null(strstr(text, ".It Fl \\-native Ar auto|on|off\nCompile the body to native "
                                 "code.\nThe default is auto.\nVariable:\n.Ev NFOLD_NATIVE .\n"));
    assert_non_null(strstr(text, ".Ev NFOLD_TIME_LIMIT .\n"));
    assert_non_null(strstr(text, ".It Fl q , Fl \\-quiet\nSay less.\n"));
    assert_non_null(strstr(text, "A name with a \\e and a\\-hyphen.\n"));
    nf_buffer_clear(&out);
}

static void completion_knows_every_flag(void **state)
{
    (void)state;
    struct nfold_buffer out = {0};
    nf_option_words(&out, engine_rows);
    assert_string_equal(nf_buffer_text(&out), "--workers -j --native --time-limit ");
    nf_buffer_clear(&out);
}

static const struct nf_option more_rows[] = {
    {.name = "file", .letter = 'a', .type = NF_OPTION_LIST, .metavar = "FILE", .help = "files"},
    {.name = "size", .type = NF_OPTION_SIZE, .metavar = "SIZE", .help = "bytes"},
    {.name = "line-buffer", .type = NF_OPTION_FLAG, .aliases = "lb|P", .help = "lines"},
    {.name = "tmux", .type = NF_OPTION_FLAG, .refused = "use --lb", .is_hidden = 1, .help = "no"},
    {0},
};

static nfold_options *open_more(void)
{
    nfold_options *options;
    assert_int_equal(nf_options_new(&options, NULL), 0);
    assert_int_equal(nf_options_add(options, more_rows, NULL), 0);
    return options;
}

static void a_list_keeps_every_value_in_order(void **state)
{
    (void)state;
    nfold_options *options = open_more(), *copy;
    assert_int_equal(nf_options_list_count(options, "file"), 0);
    assert_int_equal(nfold_options_set(options, "file", "b", NULL), 0);
    assert_int_equal(nfold_options_set(options, "file", "a", NULL), 0);
    assert_int_equal(nf_options_copy(&copy, options, NULL), 0);
    assert_int_equal(nf_options_list_count(copy, "file"), 2);
    assert_string_equal(nf_options_list(copy, "file", 0), "b");
    assert_string_equal(nf_options_list(copy, "file", 1), "a");
    nfold_options_destroy(copy);
    nfold_options_destroy(options);
}

static void sizes_have_units(void **state)
{
    static const struct {
        const char *text;
        double bytes;
    } sizes[] = {{"4096", 4096}, {"4k", 4000},         {"4K", 4096},
                 {"4Ki", 4096},  {"1.5G", 1610612736}, {"2t", 2e12}};
    (void)state;
    nfold_options *options = open_more();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(nfold_options_set(options, "size", sizes[i].text, NULL), 0);
        assert_true(nf_options_size(options, "size") == sizes[i].bytes);
    }
    assert_int_equal(nfold_options_set(options, "size", "4X", NULL), NFOLD_E_VALUE);
    assert_int_equal(nfold_options_set(options, "size", "-1", NULL), NFOLD_E_VALUE);
    nfold_options_destroy(options);
}

static void a_refused_option_says_what_to_use(void **state)
{
    (void)state;
    nfold_options *options = open_more();
    nfold_error err;
    assert_int_equal(nfold_options_set(options, "tmux", "on", &err), NFOLD_E_USAGE);
    assert_string_equal(err.message, "option 'tmux': use --lb");
    assert_null(nf_options_suggest(options, "tmax"));
    struct nfold_buffer out = {0};
    nf_option_words(&out, more_rows);
    assert_string_equal(nf_buffer_text(&out), "--file -a --size --line-buffer ");
    nf_buffer_clear(&out);
    nfold_options_destroy(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_set_has_its_default),
        cmocka_unit_test(values_are_read_as_what_they_are),
        cmocka_unit_test(a_wrong_value_is_refused_and_changes_nothing),
        cmocka_unit_test(an_unknown_name_gets_a_suggestion),
        cmocka_unit_test(assignments_add_up_and_the_last_of_a_name_holds),
        cmocka_unit_test(a_call_beats_a_variable_which_beats_the_default),
        cmocka_unit_test(a_copy_is_equal_and_apart),
        cmocka_unit_test(a_copy_watches_the_same_flag),
        cmocka_unit_test(rows_are_found_in_the_order_of_the_tables),
        cmocka_unit_test(too_many_tables_are_refused),
        cmocka_unit_test(help_is_aligned_and_fits_80_columns),
        cmocka_unit_test(the_manual_is_mdoc),
        cmocka_unit_test(completion_knows_every_flag),
        cmocka_unit_test(a_list_keeps_every_value_in_order),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(a_refused_option_says_what_to_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
