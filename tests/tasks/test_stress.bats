#!/usr/bin/env bats
# The stress tests that GNU parallel's manual proposes for tools of its kind, parallel_alternatives(7),
# "TESTING OTHER TOOLS", as tests of our own. Those that need much time or disk: test_stress_large.bats.

load running

setup() {
    setup_run
}

teardown() {
    end_run
}

@test "MIX: outputs of tasks never mix, stdout and stderr neither" {
    cat >letters <<'EOT'
#!/bin/sh
for pass in 1 2 3; do
    head -c 300000 /dev/zero | tr '\0' a
    head -c 300000 /dev/zero | tr '\0' b >&2
done
echo; echo >&2
EOT
    chmod +x letters
    seq 12 | tasks -j 0 ./letters >out 2>err
    [[ $(tr -s a <out | sort | uniq -c | xargs) == "12 a" ]]
    [[ $(tr -s b <err | sort | uniq -c | xargs) == "12 b" ]]
    [[ $(wc -c <out) == $((12 * 900001)) && $(wc -c <err) == $((12 * 900001)) ]]
}

@test "STDERRMERGE: stdout and stderr keep apart" {
    echo | tasks 'echo to stdout; echo to stderr >&2; echo to stdout; echo to stderr >&2 #' >out 2>err
    [[ $(<out) == $'to stdout\nto stdout' && $(<err) == $'to stderr\nto stderr' ]]
}

@test "CLEANUP: killed by SIGKILL, nothing is left in the temporary folder" {
    mkdir temporary
    TMPDIR=$PWD/temporary start_tasks -j 4 'head -c 3000000 /dev/zero; touch started{}; sleep 600 #{}' ::: 1 2 3 4
    until_true four_started
    [[ -z $(ls -A temporary) ]]
    kill -9 "$visible"
    end_of "$visible"
    [[ $ended == 137 ]]
    until_true none_lives
    [[ -z $(ls -A temporary) ]]
}

four_started() {
    [[ -e started1 && -e started2 && -e started3 && -e started4 ]]
}

@test "SPCCHAR: file names with quotes, blanks, stars and dollars" {
    name="Sister's 9\" *** disc  (for \$\$\$) \`x\` \\ #1.jpg"
    : >"$name"
    [[ $(ls *jpg | tasks ls) == "$name" ]]
    [[ $(ls *jpg | tasks 'ls "{}"') == "$name" ]]
    [[ $(ls *jpg | tasks "ls '{}'") == "$name" ]]
    ls *jpg | tasks 'cp {} {.}.png'
    [[ -e ${name%.jpg}.png ]]
    [[ $(ls *jpg | tasks -q ls {}) == "$name" ]]
}

@test "COMPOSED: a command may be several" {
    [[ $(echo b | tasks echo a';' echo {}) == $'a\nb' ]]
    [[ $(echo b | tasks 'echo a | cat; for i in 1 2; do echo $i {}; done') == $'a\n1 b\n2 b' ]]
}

@test "ONEREP: an input may stand in several places" {
    [[ $(echo b | tasks echo {} c {} d{}) == "b c b db" ]]
}

@test "INPUTSIZE: an input is as long as it is; only a command line has a limit" {
    head -c 20000000 /dev/zero | tr '\0' x | sed 's/^/start./' >input
    [[ $(tasks echo {.} <input) == start ]]
    [[ $(head -c 131000 /dev/zero | tr '\0' x | tasks echo {} | wc -c) == 131001 ]]
    run tasks echo {} <input
    echo "${output:0:300}"
    [[ $status != 0 && $output == *"command line"*"131071"* ]]
    ((${#output} < 600))
}

@test "NUMWORDS: many words in a line cost nothing" {
    run tasks -j 4 'yes "$(seq 1000)" | head -c 2000000 | wc -w #' ::: 1 2 3 4
    [[ $status == 0 ]]
    (($(sort -u <<<"$output" | wc -l) == 1))
    [[ $(tasks -j 4 'yes "$(seq 1000 | xargs)" | head -c 2000000 #' ::: 1 2 3 4 | wc -c) == 8000000 ]]
}
