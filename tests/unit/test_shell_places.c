/* Places in shell text: bare, quoted, where nothing may stand; what is not closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "places.h"
#include "plain_words.h"

/* One letter a byte: b bare, d "…", s '…', c $'…', # comment, h and r here-documents, x strict. */
static void places_are(const char *text, const char *wanted)
{
    static const char letters[] = "bdsc#hrx";
    size_t size = strlen(text);
    struct nf_shell_byte *bytes = calloc(size + 1, sizeof *bytes);
    char *found = calloc(size + 1, 1);
    struct nf_shell_fault fault = {0};
    assert_non_null(bytes);
    assert_non_null(found);
    if (nf_shell_places(text, size, bytes, &fault) != 0)
        fail_msg("%s: %s at %zu", text, fault.what, fault.at);
    for (size_t i = 0; i < size; i++)
        found[i] = letters[bytes[i].place];
    if (strcmp(found, wanted) != 0)
        fail_msg("%s\n%s, not\n%s", text, found, wanted);
    free(found);
    free(bytes);
}

static void is_open(const char *text, size_t at, const char *what)
{
    struct nf_shell_byte bytes[64];
    struct nf_shell_fault fault = {0};
    assert_true(strlen(text) < 64);
    assert_int_equal(nf_shell_places(text, strlen(text), bytes, &fault), -1);
    assert_string_equal(fault.what, what);
    assert_int_equal(fault.at, at);
}

static void quotes_are_places(void **state)
{
    (void)state;
    places_are("a 'b' \"c\" $'d' e", "bbsssbdddbccccbb");
    places_are("\\'a\\\"b", "bbbbbb");
    places_are("\"a'b\" 'c\"d'", "dddddbsssss");
    places_are("'a\\'b", "ssssb");
    places_are("\"a\\\"b\"c", "ddddddb");
    places_are("$'a\\'b'c", "cccccccb");
    places_are("\"$'a'\"", "dddddd");
}

static void expansions_begin_anew(void **state)
{
    (void)state;
    places_are("\"a$(b \"c\")d\"", "ddbbbbdddbdd");
    places_are("\"`a 'b'`\"", "dbbbsssbd");
    places_are("$(case a in b) c;; esac)d", "bbbbbbbbbbbbbbbbbbbbbbbbb");
    places_are("x <(a 'b')", "bbbbbbsssb");
}

static void what_a_shell_evaluates_is_strict(void **state)
{
    (void)state;
    places_are("${x:-a}b", "xxxxxxxb");
    places_are("$((1+a))b", "xxxxxxxxb");
    places_are("((1+a)) b", "xxxxxxxbb");
    places_are("(a (b))", "bbbbbbb");
    places_are("x[a]=b", "bxxxbb");
    places_are("echo x[a]", "bbbbbbbbb");
    places_are("a >&b c", "bbbxxbb");
    places_are("a >&2; c", "bbbxxbbb");
    places_are("a > b & c", "bbbbbbbbb");
}

static void comments_end_with_the_line(void **state)
{
    (void)state;
    places_are("a #b'\nc", "bb###bb");
    places_are("a#b 'c'", "bbbbsss");
}

static void here_documents_have_a_body(void **state)
{
    (void)state;
    places_are("a <<E b\n$c'\nE\nd", "bbbbxbbbhhhhxxb");
    places_are("a <<'E'\n$c\nE\nd", "bbbbxxxbrrrxxb");
    places_are("a <<-E\n\tc\n\tE\nd", "bbbbbxbhhhxxxb");
    places_are("a <<E\n$(b)\nE\nd", "bbbbxbbbbbhxxb");
    places_are("a <<<b 'c'", "bbbbbbbsss");
}

static void what_is_not_closed_is_found(void **state)
{
    (void)state;
    is_open("a \"b", 2, "this \" is not closed");
    is_open("a 'b", 2, "this ' is not closed");
    is_open("a $(b", 2, "this ( is not closed");
    is_open("a `b", 2, "this ` is not closed");
    is_open("a ${b", 2, "this ${ is not closed");
    is_open("a `'b`", 3, "this ' is not closed");
    is_open("\"${x:-it's}\"", 8, "shells do not agree what this ' means inside \"${…}\"");
    is_open("a <<E\n$(\nE\n)", 6, "this ( is not closed");
}

static void nesting_without_end_is_refused(void **state)
{
    (void)state;
    char text[4096];
    struct nf_shell_byte bytes[sizeof text];
    struct nf_shell_fault fault;
    memset(text, '(', sizeof text);
    assert_int_equal(nf_shell_places(text, sizeof text, bytes, &fault), -1);
    assert_string_equal(fault.what, "this is nested too deeply");
}

/* wanted: the words, each ended by |; NULL: a shell is needed. */
static void words_are(const char *line, const char *wanted)
{
    struct nfold_buffer words = {0}, shown = {0};
    int count = nf_shell_plain_words(line, &words);
    const char *word = nf_buffer_text(&words);
    for (int i = 0; i < count; i++) {
        nf_buffer_print(&shown, "%s|", word);
        word += strlen(word) + 1;
    }
    if (!wanted)
        assert_int_equal(count, -1);
    else
        assert_string_equal(nf_buffer_text(&shown), wanted);
    nf_buffer_clear(&words);
    nf_buffer_clear(&shown);
}

static void plain_lines_need_no_shell(void **state)
{
    (void)state;
    words_are("a b  c\t d", "a|b|c|d|");
    words_are("a 'b c' \"d \\\" e\" f\\ g ''", "a|b c|d \" e|f g||");
    words_are("a 'it'\"'\"'s' --x=y", "a|it's|--x=y|");
    words_are("", "");
    words_are("  ", "");
}

static void other_lines_need_a_shell(void **state)
{
    static const char *const lines[] = {"a; b",    "a | b", "a > b",  "a $b",  "a \"$b\"", "a `b`",
                                        "a *",     "a ?",   "a [b]",  "x=1 a", "a ~",      "a # b",
                                        "a {b,c}", "! a",   "a &",    "(a)",   "a\nb",     "a 'b",
                                        "a \"b",   "a \\",  "a \\\nb"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        words_are(lines[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_are_places),
        cmocka_unit_test(expansions_begin_anew),
        cmocka_unit_test(what_a_shell_evaluates_is_strict),
        cmocka_unit_test(comments_end_with_the_line),
        cmocka_unit_test(here_documents_have_a_body),
        cmocka_unit_test(what_is_not_closed_is_found),
        cmocka_unit_test(nesting_without_end_is_refused),
        cmocka_unit_test(plain_lines_need_no_shell),
        cmocka_unit_test(other_lines_need_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
