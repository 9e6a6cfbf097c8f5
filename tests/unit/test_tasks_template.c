/* Templates and inputs together: words in, command lines out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_line.h"
#include "input.h"
#include "input_operands.h"
#include "options.h"
#include "template.h"

#define MOST_WORDS 32

/* Words separated by | as `nfold tasks` gets them; the commands, each ended by a newline, or the
 * error's message. */
static char *run_words(const char *text, unsigned slots)
{
    char *words[MOST_WORDS] = {0};
    const char *operands[MOST_WORDS];
    size_t count = 0, operand_count = 0, unused = 0;
    char *copy = strdup(text);
    nfold_options *options = NULL;
    struct nf_template *pattern = NULL;
    struct nf_input *input = NULL;
    struct nfold_buffer lines = {0};
    nfold_error err = {0};
    for (char *at = copy; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        words[count++] = at;
    for (char *at = copy; *at; at++)
        *at = *at == '|' ? '\0' : *at;
    assert_true(count < MOST_WORDS);
    assert_int_equal(nf_options_new(&options, NULL), 0);
    assert_int_equal(nf_options_add(options, nf_rows_tasks, NULL), 0);
    assert_int_equal(nf_options_add(options, nf_rows_gnu, NULL), 0);
    int rc = nf_command_line_leading(options, (int)count, words, operands, &operand_count, &err);
    if (rc >= 0) {
        unused = nf_input_template_words(options, operands, operand_count);
        rc = nf_template_open(&pattern, options, operands, unused, &err);
    }
    if (rc >= 0)
        rc = nf_input_open(&input, options, operands + unused, operand_count - unused, pattern,
                           slots, &err);
    if (rc >= 0) {
        unsigned name_count;
        const char *const *names = nf_input_names(input, &name_count);
        if (names)
            rc = nf_template_names(pattern, names, name_count, &err);
    }
    struct nf_task task = {0};
    while (rc >= 0 && (rc = nf_input_next(input, &task, &err)) == 1) {
        rc = nf_template_render(pattern, &task, 1, &lines, &err);
        nf_buffer_string(&lines, "\n");
        nf_task_clear(&task);
    }
    if (rc < 0) {
        nf_buffer_clear(&lines);
        nf_buffer_string(&lines, err.message);
    }
    nf_input_close(input);
    nf_template_close(pattern);
    nfold_options_destroy(options);
    free(copy);
    assert_false(lines.failed);
    return lines.data ? lines.data : strdup("");
}

static void gives(const char *words, const char *wanted)
{
    char *found = run_words(words, 2);
    if (strcmp(found, wanted) != 0)
        fail_msg("%s\ngives %s, not %s", words, found, wanted);
    free(found);
}

static void replacements_stand_for_parts_of_the_input(void **state)
{
    (void)state;
    gives("{} {.} {/} {//} {/.} {#} {%}|:::|a/b.c", "a/b.c a/b b.c a b 1 1\n");
    gives("echo|:::|a|b", "echo a\necho b\n");
    gives("echo {1} {-1} {2.} {1/}|:::|a/b|:::|c.d", "echo a/b c.d c b\n");
    gives("-I|,,|echo ,, {} {.}|:::|a.b", "echo a.b {} a\n");
    gives("echo {//}|:::|/a|a//b|a/|/|", "echo /\necho a\necho .\necho /\necho .\n");
    gives("echo ${1} ${HOME} {}|:::|a", "echo ${1} ${HOME} a\n");
}

static void values_are_quoted_for_their_place(void **state)
{
    (void)state;
    gives("echo {}|:::|a b|it's||$x|'|é", "echo 'a b'\necho 'it'\"'\"'s'\necho ''\necho '$x'\n"
                                          "echo \"'\"\necho 'é'\n");
    gives("echo \"{}\"|:::|a\"b$c`d\\", "echo \"a\\\"b\\$c\\`d\\\\\"\n");
    gives("echo '{}'|:::|it's", "echo 'it'\\''s'\n");
    gives("echo `f {}`|:::|a`b", "echo `f 'a\\`b'`\n");
    gives("echo $((1+{}))|:::|2", "echo $((1+2))\n");
    gives("echo {}>f|:::|2|a", "echo '2'>f\necho a>f\n");
    gives("-q|echo|a {} b|$x|:::|c d", "echo 'a c d b' '$x'\n");
    gives("{}|:::|echo a; b", "echo a; b\n");
    gives("{} {}|:::|echo a", "echo a 'echo a'\n");
}

static void what_no_quoting_makes_safe_is_refused(void **state)
{
    (void)state;
    gives(
        "echo $(({}))|:::|a[$(x)]",
        "input 1, 'a[$(x)]': only letters, digits and - _ . + / can stand in ${…}, $((…)), […] or "
        "after >&");
    gives("echo \\{}|:::|a", "a backslash stands before a replacement: it would escape the value");
    gives("echo ${}|:::|a", "$ stands before a replacement: the shell would expand the value");
    gives("echo \"{}|:::|a", "this \" is not closed");
}

static void an_unknown_replacement_is_refused_where_it_is_bare(void **state)
{
    (void)state;
    gives("echo {fil}|:::|a", "unknown replacement {fil}");
    gives("echo {0}|:::|a", "unknown replacement {0}");
    gives("--header|:|echo {fil}|:::|file|a", "unknown replacement {fil}; did you mean {file}?");
    gives("awk '{print}' {}|:::|a", "awk '{print}' a\n");
    gives("echo {a,b}{1..3} {}|:::|a", "echo {a,b}{1..3} a\n");
    gives("echo {= x =}|:::|a",
          "{= … =} would run Perl, which nfold tasks does not; compute in the command");
}

static void lists_are_combined_or_linked(void **state)
{
    (void)state;
    gives("e|:::|a|b|:::|1|2", "e a 1\ne a 2\ne b 1\ne b 2\n");
    gives("e|:::|a|b|:::+|1|2|:::|x", "e a 1 x\ne b 2 x\n");
    gives("--link|e|:::|a|b|c|:::|1|2", "e a 1\ne b 2\ne c 1\n");
    gives("e|:::|a|b|:::+|1",
          "linked lists have different lengths: list 1 has 2 inputs, list 2 has 1");
    gives("e|:::|a|:::+|1|2",
          "linked lists have different lengths: list 1 has 1 input, list 2 has 2");
    gives("e|:::|a|:::", "list 2 is empty: there is nothing to combine the others with");
    gives("e|:::", "");
    gives("--arg-sep|,,|e|,,|a|:::", "e a\ne ':::'\n");
}

static void several_inputs_make_one_task(void **state)
{
    (void)state;
    gives("-n2|e|:::|a|b|c", "e a b\ne c\n");
    gives("-N2|e x{}y {1}|:::|a|b|c", "e xay xby a\ne xcy c\n");
    gives("-n2|e x{}y|:::|a|b", "e xa by\n");
    gives("-N0|e {#}|:::|a|b", "e 1\ne 2\n");
    gives("-L2|e|:::|a |b|c|d", "e 'a b' c\ne d\n");
    gives("-X|e|:::|1|2|3|4|5", "e 1 2 3\ne 4 5\n");
    gives("-m|e|:::|1|2|3", "e 1 2\ne 3\n");
    gives("--xargs|e|:::|1|2|3", "e 1 2 3\n");
    gives("-X|-n2|e|:::|1|2|3", "e 1 2\ne 3\n");
    gives("--xargs|-s|12|e|:::|1|2|3|4|5|6", "e 1 2 3 4 5\ne 6\n");
}

static void lines_have_columns(void **state)
{
    (void)state;
    gives("--colsep|,|e {2} {1}|:::| a , b |c", "e b a\ne  c\n");
    gives("--colsep|[;.]|e|:::|a;b.c", "e a b c\n");
    gives("--colsep|\\s+|e|:::|a  b", "e a b\n");
    gives("--header|:|--colsep|,|e {y} {x.}|:::|x,y|a.b,c", "e c a\n");
    gives("--csv|e|:::|a,\"b, \"\"c\"\"\"", "e a 'b, \"c\"'\n");
    gives("--colsep|(?=a)|e|:::|a", "option 'colsep': (? is Perl's, not POSIX's");
    gives("--colsep|x*|e|:::|a", "option 'colsep': 'x*' matches nothing at all");
}

static void empty_and_blank_inputs_are_inputs(void **state)
{
    (void)state;
    gives("e|:::||a", "e ''\ne a\n");
    gives("-r|e|:::|| |a", "e a\n");
    gives("--trim|lr|e|:::| a ", "e a\n");
    gives("-E|b|e|:::|a|b|c", "e a\n");
}

static void a_seed_gives_the_same_order(void **state)
{
    (void)state;
    char *one = run_words("--shuf|--seed|7|e|:::|1|2|3|4|5|6|7|8|9", 2);
    char *two = run_words("--shuf|--seed|7|e|:::|1|2|3|4|5|6|7|8|9", 2);
    assert_string_equal(one, two);
    assert_string_not_equal(one, "e 1\ne 2\ne 3\ne 4\ne 5\ne 6\ne 7\ne 8\ne 9\n");
    assert_int_equal(strlen(one), 36);
    free(one);
    free(two);
}

static void options_of_another_tool_are_refused_with_a_reason(void **state)
{
    (void)state;
    gives("--tmux|e|:::|a",
          "option 'tmux': nfold tasks opens no windows; use --lb --tag, or `nfold "
          "logs RUN`");
    gives("-y|e", "no option -y; a command that begins with '-' comes after --");
    gives("-kj2|--will-cite|--lb|e|-k|:::|a", "e -k a\n");
}

/* Standard input: a pipe that is written while it is read. */
static void input_is_not_awaited(void **state)
{
    const char *const none = NULL;
    nfold_options *options = NULL;
    struct nf_template *pattern = NULL;
    struct nf_input *input = NULL;
    struct nf_task task = {0};
    nfold_error err;
    int ends[2], saved = dup(STDIN_FILENO);
    (void)state;
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    assert_int_equal(nf_options_new(&options, &err), 0);
    assert_int_equal(nf_options_add(options, nf_rows_tasks, &err), 0);
    assert_int_equal(nf_template_open(&pattern, options, &none, 0, &err), 0);
    assert_int_equal(nf_input_open(&input, options, &none, 0, pattern, 1, &err), 0);
    assert_true(nf_input_uses_stdin(input));
    assert_int_equal(nf_input_next(input, &task, &err), NF_INPUT_WAIT);
    assert_int_equal(nf_input_fd(input), STDIN_FILENO);
    assert_int_equal(write(ends[1], "a\nb", 3), 3);
    assert_int_equal(nf_input_next(input, &task, &err), 1);
    assert_string_equal(task.values[0], "a");
    nf_task_clear(&task);
    assert_int_equal(nf_input_next(input, &task, &err), NF_INPUT_WAIT);
    close(ends[1]);
    assert_int_equal(nf_input_next(input, &task, &err), 1);
    assert_string_equal(task.values[0], "b");
    nf_task_clear(&task);
    assert_int_equal(nf_input_next(input, &task, &err), 0);
    nf_input_close(input);
    nf_template_close(pattern);
    nfold_options_destroy(options);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replacements_stand_for_parts_of_the_input),
        cmocka_unit_test(values_are_quoted_for_their_place),
        cmocka_unit_test(what_no_quoting_makes_safe_is_refused),
        cmocka_unit_test(an_unknown_replacement_is_refused_where_it_is_bare),
        cmocka_unit_test(lists_are_combined_or_linked),
        cmocka_unit_test(several_inputs_make_one_task),
        cmocka_unit_test(lines_have_columns),
        cmocka_unit_test(empty_and_blank_inputs_are_inputs),
        cmocka_unit_test(a_seed_gives_the_same_order),
        cmocka_unit_test(options_of_another_tool_are_refused_with_a_reason),
        cmocka_unit_test(input_is_not_awaited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
