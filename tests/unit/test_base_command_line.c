/* The command line: options in every spelling, operands that begin with a dash, mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "command_line.h"

#define MOST_WORDS 12

static const struct nf_option rows[] = {
    {.name = "workers",
     .letter = 'j',
     .type = NF_OPTION_COUNT,
     .metavar = "N",
     .low = 1,
     .high = 64,
     .help = "workers"},
    {.name = "backend",
     .letter = 'b',
     .type = NF_OPTION_CHOICE,
     .choices = "serial|threads",
     .help = "backend"},
    {.name = "native",
     .type = NF_OPTION_CHOICE,
     .initial = "auto",
     .choices = "auto|on|off",
     .help = "native"},
    {.name = "nonfinite", .type = NF_OPTION_CHOICE, .choices = "error|allow", .help = "nonfinite"},
    {.name = "set", .type = NF_OPTION_ASSIGN, .metavar = "NAME=NUMBER", .help = "set"},
    {.name = "help", .letter = 'h', .type = NF_OPTION_FLAG, .help = "help"},
    {.name = "quiet", .letter = 'q', .type = NF_OPTION_FLAG, .help = "quiet"},
    {.name = "verbose", .letter = 'v', .type = NF_OPTION_FLAG, .help = "verbose"},
    {.name = "is", .type = NF_OPTION_TEXT, .help = "a name that others begin with"},
    {.name = "isa", .type = NF_OPTION_CHOICE, .choices = "scalar|avx2", .help = "isa"},
    {0},
};

struct reading {
    nfold_options *options;
    const char *operands[MOST_WORDS];
    size_t count;
    nfold_error err;
    int rc;
};

/* words: separated by one blank */
static struct reading read_words(char *words)
{
    struct reading reading = {0};
    char *argv[MOST_WORDS + 1];
    int argc = 0;
    char *save = NULL;
    for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        assert_true(argc < MOST_WORDS);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    assert_int_equal(nf_options_new(&reading.options, NULL), 0);
    assert_int_equal(nf_options_add(reading.options, rows, NULL), 0);
    reading.rc = nf_command_line(reading.options, argc, argv, reading.operands, &reading.count,
                                 &reading.err);
    return reading;
}

/* Reads words; they must be right and leave these operands (joined by blanks). */
static nfold_options *accept(const char *text, const char *operands)
{
    static char words[256]; /* the operands point into it; the test is one thread */
    assert_true(strlen(text) < sizeof words);
    memcpy(words, text, strlen(text) + 1);
    struct reading reading = read_words(words);
    if (reading.rc < 0)
        fail_msg("%s: %s", text, reading.err.message);
    struct nfold_buffer joined = {0};
    for (size_t i = 0; i < reading.count; i++)
        nf_buffer_print(&joined, "%s%s", i > 0 ? " " : "", reading.operands[i]);
    assert_string_equal(nf_buffer_text(&joined), operands);
    nf_buffer_clear(&joined);
    return reading.options;
}

static void accept_operands(const char *text, const char *operands)
{
    nfold_options_destroy(accept(text, operands));
}

static void refuse(const char *text, int code, const char *message)
{
    char words[256];
    memcpy(words, text, strlen(text) + 1);
    struct reading reading = read_words(words);
    assert_int_equal(reading.rc, code);
    assert_string_equal(reading.err.message, message);
    nfold_options_destroy(reading.options);
}

static void an_option_may_be_spelt_in_every_usual_way(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "-j 8", "-j8",    "--workers 8",     "--workers=8", "--work 8", "--w=8",
        "-qj8", "-vqj 8", "--workers=1 -j8", "a -j8 b",     "-j 8e0"};
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        nfold_options *options = accept(spellings[i], spellings[i][0] == 'a' ? "a b" : "");
        assert_true(nf_options_count(options, "workers") == 8);
        nfold_options_destroy(options);
    }
}

static void flags_cluster_and_can_be_switched_off(void **state)
{
    (void)state;
    nfold_options *options = accept("-qv x", "x");
    assert_true(nf_options_flag(options, "quiet") && nf_options_flag(options, "verbose"));
    assert_false(nf_options_flag(options, "help"));
    nfold_options_destroy(options);
    options = accept("-q --quiet=off --verb", "");
    assert_false(nf_options_flag(options, "quiet"));
    assert_true(nf_options_flag(options, "verbose"));
    nfold_options_destroy(options);
}

static void operands_keep_their_order_among_options(void **state)
{
    (void)state;
    nfold_options *options =
        accept("x*x -b threads 0 --set k=3 100 -j4 --set=m=-2 1e8", "x*x 0 100 1e8");
    assert_string_equal(nf_options_text(options, "backend"), "threads");
    assert_int_equal(nf_options_assign_count(options, "set"), 2);
    nfold_options_destroy(options);
    accept_operands("", "");
}

static void what_names_no_option_is_an_operand(void **state)
{
    (void)state;
    static const char *const operands[] = {
        "-3",       "-.5",      "-1e-3", "-(x+1)", "-x",  "-sin(x)", "-x*x",        "-",
        "-exp(-x)", "-pi",      "-e",    "-inf",   "--3", "--(x)",   "-hypot(x,1)", "-n*x",
        "-ne",      "-quietly", "-i",    "---",    "-5n", "-n(2)",   "-_a",         "-where(x,1,2)",
    };
    for (size_t i = 0; i < sizeof operands / sizeof operands[0]; i++)
        accept_operands(operands[i], operands[i]);
    accept_operands("-sin(x) -3 -q 5 1e3", "-sin(x) -3 5 1e3");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    nfold_options *options = accept("-q -- -v --workers -- -n -j8", "-v --workers -- -n -j8");
    assert_true(nf_options_flag(options, "quiet"));
    assert_false(nf_options_flag(options, "verbose"));
    nfold_options_destroy(options);
    accept_operands("--", "");
    options = accept("--is -- x", "x"); /* a value may be anything */
    assert_string_equal(nf_options_text(options, "is"), "--");
    nfold_options_destroy(options);
}

static void beginnings_must_be_unambiguous(void **state)
{
    (void)state;
    refuse("--n on", NFOLD_E_USAGE, "option --n can mean --native, --nonfinite");
    nfold_options *options = accept("--nat=off --non allow", "");
    assert_string_equal(nf_options_text(options, "native"), "off");
    nfold_options_destroy(options);
    options = accept("--is here --isa avx2", ""); /* a whole name is never ambiguous */
    assert_string_equal(nf_options_text(options, "is"), "here");
    assert_string_equal(nf_options_text(options, "isa"), "avx2");
    nfold_options_destroy(options);
}

static void unknown_options_get_a_suggestion(void **state)
{
    (void)state;
    refuse("--wokers 3", NFOLD_E_USAGE, "no option --wokers; did you mean --workers?");
    refuse("x --wokers=3", NFOLD_E_USAGE, "no option --wokers; did you mean --workers?");
    refuse("--zzz", NFOLD_E_USAGE, "no option --zzz");
    refuse("-workers", NFOLD_E_USAGE, "-workers has one dash; did you mean --workers?");
    refuse("-help", NFOLD_E_USAGE, "-help has one dash; did you mean --help?");
    refuse("-native=on", NFOLD_E_USAGE, "-native=on has one dash; did you mean --native?");
}

static void wrong_and_missing_values_are_refused(void **state)
{
    (void)state;
    static const char whole[] = "option 'workers': 'x' is not a whole number from 1 to 64";
    refuse("-jx", NFOLD_E_VALUE, whole);
    refuse("-j x", NFOLD_E_VALUE, whole);
    refuse("-qjx", NFOLD_E_VALUE, whole);
    refuse("--workers=", NFOLD_E_VALUE, "option 'workers': '' is not a whole number from 1 to 64");
    refuse("-j -1", NFOLD_E_VALUE, "option 'workers': '-1' is not a whole number from 1 to 64");
    refuse("a -j", NFOLD_E_USAGE, "option --workers needs a value: N");
    refuse("--backend", NFOLD_E_USAGE, "option --backend needs a value: serial|threads");
    refuse("--quiet=maybe", NFOLD_E_VALUE, "option 'quiet': 'maybe' is not on or off");
}

static void the_letter_n_is_left_to_srun(void **state)
{
    (void)state;
    static const char sentence[] =
        "-n is not an option here: in `srun -n 80` it means tasks, so one letter would mean two "
        "things; give the number of steps as the operand N";
    refuse("x*x 0 1 -n 1000", NFOLD_E_USAGE, sentence);
    refuse("-n1000", NFOLD_E_USAGE, sentence);
    refuse("-n=1e8", NFOLD_E_USAGE, sentence);
    refuse("-n1e8", NFOLD_E_USAGE, sentence);
}

/* A command with options of its own follows. */
static void leading_options_end_at_the_first_operand(void **state)
{
    (void)state;
    static const struct nf_option leading[] = {
        {.name = "jobs",
         .letter = 'j',
         .type = NF_OPTION_TEXT,
         .aliases = "max-procs|P",
         .help = ""},
        {.name = "null", .letter = '0', .type = NF_OPTION_FLAG, .help = ""},
        {.name = "keep", .letter = 'k', .type = NF_OPTION_FLAG, .help = ""},
        {0},
    };
    char *lines[][6] = {{"-k0j4", "run", "-x", "--", "-k", NULL},
                        {"-k", "-P", "-1", "--", "-x", NULL},
                        {"--max-pr=4", "--", "--", "-k", NULL, NULL},
                        {"-", "-k", NULL, NULL, NULL, NULL}};
    const char *jobs[] = {"4", "-1", "4", NULL}, *first[] = {"run", "-x", "--", "-"};
    const size_t counts[] = {4, 1, 2, 2};
    for (int i = 0; i < 4; i++) {
        const char *operands[6];
        size_t count;
        nfold_options *options;
        int argc = 0;
        while (lines[i][argc])
            argc++;
        assert_int_equal(nf_options_new(&options, NULL), 0);
        assert_int_equal(nf_options_add(options, leading, NULL), 0);
        assert_int_equal(nf_command_line_leading(options, argc, lines[i], operands, &count, NULL),
                         0);
        assert_int_equal(count, counts[i]);
        assert_string_equal(operands[0], first[i]);
        if (jobs[i])
            assert_string_equal(nf_options_text(options, "jobs"), jobs[i]);
        else
            assert_null(nf_options_text(options, "jobs"));
        nfold_options_destroy(options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_may_be_spelt_in_every_usual_way),
        cmocka_unit_test(flags_cluster_and_can_be_switched_off),
        cmocka_unit_test(operands_keep_their_order_among_options),
        cmocka_unit_test(what_names_no_option_is_an_operand),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(beginnings_must_be_unambiguous),
        cmocka_unit_test(unknown_options_get_a_suggestion),
        cmocka_unit_test(wrong_and_missing_values_are_refused),
        cmocka_unit_test(the_letter_n_is_left_to_srun),
        cmocka_unit_test(leading_options_end_at_the_first_operand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
