#!/usr/bin/env bats
# What a run is told that cannot work: said once, before anything starts, and nothing is left behind.
# The exact words of most of it: tests/cli/golden/tasks-bad-input.screen.

load running

setup() {
    setup_run
}

teardown() {
    end_run
}

@test "a command that is not there is said once, not once an input" {
    tasks no-such-program-here {} ::: $(seq 1000) >out 2>err || status=$?
    [[ $status == 127 && $(wc -l <err) == 2 && ! -s out ]]
    [[ $(head -n 1 err) == "nfold tasks: there is no command 'no-such-program-here' on PATH; nothing was started" ]]
    tasks ./no-such-file {} ::: $(seq 1000) >out 2>err || status=$?
    [[ $status == 127 && $(wc -l <err) == 2 && ! -s out ]]
    [[ $(head -n 1 err) == "nfold tasks: there is no command './no-such-file'; nothing was started" ]]
    [[ ! -e .nfold ]]
}

@test "nor where a line comes to nothing without it" {
    local line
    for line in 'no-such {} | sort' 'no-such "a;b" {} |& sort' 'no-such {} >out.{}' 'no-such {} && echo {}' \
        'no-such $(echo a; echo b) {} 2>&1 >here'; do
        run -127 tasks "$line" ::: 1 2 3
        [[ ${lines[0]} == "nfold tasks: there is no command 'no-such' on PATH; nothing was started" ]]
        [[ ! -e here && ! -e .nfold ]]
    done
    for line in 'no-such {} || echo {}' 'no-such {}; echo {}' 'no-such {} & echo {}' $'no-such {}\necho {}'; do
        run tasks -k "$line" ::: 1 2 3
        echo "$output"
        [[ $status == 0 && $output == *1*2*3* && $output != *"nothing was started"* ]]
    done
}

@test "what a shell says about it is shown once, and how often it was said" {
    tasks -j 2 'echo {}; no-such {}' ::: $(seq 200) >out 2>err || status=$?
    cat err
    [[ $status == 101 && $(wc -l <out) == 200 && $(grep -c 'no-such.*not found' err) == 1 ]]
    grep -q "^199 more said the same and ended with 127; --halt now,fail=1 ends at the first" err
    grep -q "^200 tasks: 0 ok, 200 failed" err
    [[ $("$NFOLD" logs last 117 --err) == *no-such*"not found" ]]
    printf '%s\n' 'no-such 1' 'not-there 1' 'no-such 2' 'not-there 2' 'not-there 3' |
        tasks -k >out 2>err || status=$?
    [[ $status == 5 && $(grep -c 'not found' err) == 2 ]]
    grep -q "^3 more said the same" err
    tasks --quiet 'echo {}; no-such {}' ::: 1 2 3 >out 2>err || status=$?
    [[ $status == 3 && $(grep -c 'not found' err) == 3 ]]
}

@test "a task that is named twice is shown, and slots in which nothing ran are not" {
    tasks --quiet -j 1 --run-dir night 'echo {}; exit {}' ::: 0 3 || true
    run "$NFOLD" logs night 2 1 2 --out
    [[ $status == 0 && $output == $'0\n3' ]]
    run tasks --run-dir night --resume 'echo {}; exit {}' ::: 0 3
    [[ $status == 1 && ${lines[0]} == "2 tasks: 1 ok, 1 failed" ]]
}

@test "who is to type the inputs is told so" {
    run python3 -c 'import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"Ctrl-D ends them" not in seen:
    seen += os.read(terminal, 1000)
os.write(terminal, b"first\n\x04")
while b"1 task" not in seen:
    seen += os.read(terminal, 1000)
os.waitpid(child, 0)
print(seen.decode())' "$NFOLD" tasks echo got
    [[ $output == *"inputs are read from the terminal, one a line; Ctrl-D ends them"*"got first"* ]]
}

@test "a folder to work in is made; what is none is said once" {
    run tasks --wd new/folder pwd ::: a b
    [[ $status == 0 && $output == *new/folder$'\n'*new/folder ]]
    : >file
    run tasks --wd file/below pwd ::: a b
    [[ $status == 3 && ${#lines[@]} == 1 ]]
    [[ $output == "nfold tasks: option 'workdir': cannot work in the folder file/below: "* ]]
}

@test "an exported function is a command, alone or among others" {
    greet() { echo "hello $1"; }
    export -f greet
    run tasks -k greet ::: 'a  b' '$x'
    [[ $status == 0 && $output == $'hello a  b\nhello $x' ]]
    run tasks 'greet {}; greet "{}" | cat' ::: "it's"
    [[ $output == $'hello it\'s\nhello it\'s' ]]
}

@test "an endless input is not read to its end" {
    run bash -c 'yes | timeout 200 "$NFOLD" tasks --halt soon,done=20 "echo {#}" 2>err | wc -l'
    ((output >= 20 && output < 200))
}

@test "a task whose output could not be written is counted, and is not ok" {
    tasks --run-dir night -j 1 'echo {}' ::: a b >&- 2>err || status=$?
    cat err
    [[ $status == 3 ]]
    [[ $(<err) == *"cannot write to stdout"* && $(<err) == "2 tasks: 0 ok, 1 cut, 1 not started "* ]]
    run "$NFOLD" resume night
    [[ $status == 0 && $output == *a*b* ]]
}

@test "a run that is refused leaves no record and no summary" {
    local words
    for words in 'echo :::: no-such-file' 'echo ::: a b :::+ 1' \
        '--colsep [ echo ::: 1' 'echo {3} ::: a' '--joblog /proc/x echo ::: 1' '--results /proc/x echo ::: 1' '--wd /proc/x echo ::: 1'; do
        run tasks $words
        echo "$words: $output"
        [[ $status == [23] && $output == "nfold tasks: "* && $output != *continue* && $output != *ok* ]]
        [[ ! -e .nfold ]]
    done
    head -c 200000 /dev/zero | tr '\0' a >long
    run tasks -a long echo
    echo "$output"
    [[ $status == 2 && $output == "nfold tasks: input 1, 'aaaaaaaaaaaaaaaaaaaa…': its command line is too long"*"it has 200005 bytes"* ]]
    [[ ! -e .nfold ]]
}

@test "an input that cannot be used ends the run, and what stands behind it is in the sum" {
    printf 'a\nb\0\nc\nd\n' >inputs
    run "$NFOLD" tasks -j 1 -k echo :::: inputs
    [[ $status == 2 && $output == $'a\n4 tasks: 1 ok, 3 not started (an input that cannot be used)'* ]]
    run bash -c '"$NFOLD" tasks -j 1 -k echo <inputs'
    [[ $status == 2 && $output == *"4 tasks: 1 ok, 3 not started"*"input 2 of standard input"* ]]
}

@test "a product too large to be gone through is in the sum all the same" {
    seq 2000 >many
    run timeout 200 "$NFOLD" tasks -j 1 --halt now,fail=1 'test {1} = {2}{3}' \
        :::: many many many
    [[ $status == 1 ]]
    [[ $output == *"8000000000 tasks: 0 ok, 1 failed, 7999999999 not started (--halt now,fail=1)"* ]]
}

@test "a share of --halt knows the length of a file, also with -X" {
    printf '%s\n' 1 0 1 0 1 0 0 0 0 0 >codes
    run bash -c '"$NFOLD" tasks -j 1 --joblog log --halt soon,fail=20% "exit {}" <codes'
    [[ $(wc -l <log) == 4 ]]
    run "$NFOLD" tasks -X -j 1 -n 2 --joblog log2 --halt soon,done=40% ': {}' :::: codes
    [[ $(wc -l <log2) == 3 ]]
}

@test "what GNU parallel understands and nfold does not is said, not misunderstood" {
    run "$NFOLD" tasks --wd ... pwd ::: a
    [[ $status == 2 && $output == *"makes no temporary folder"* && ! -e ... ]]
    run "$NFOLD" tasks --resume --results out echo ::: a
    [[ $status == 2 && $output == *"what is in --results does not say how a task ended"*"--joblog FILE or --run-dir FOLDER"* && ! -e out ]]
    run "$NFOLD" tasks --resume --results out --joblog log echo ::: a
    [[ $status == 0 && -e out/1/a/stdout ]]
    echo many >count
    run "$NFOLD" tasks -j count echo ::: a
    [[ $status == 2 && $output == *"count: "*"'many' is not a number of tasks"* ]]
}

@test "what is said to be typed can be pasted" {
    run "$NFOLD" tasks --run-dir "it's a run" -j 1 false ::: a
    [[ $output == *"nfold resume 'it'\"'\"'s a run'"* ]]
    run bash -c "\"$NFOLD\" logs 'it'\"'\"'s a run' --failed"
    [[ $status == 0 && $output == *"failed, exit 1"* ]]
    run "$NFOLD" tasks --results /etc/passwd echo ::: a
    [[ $status == 2 && $output == "nfold tasks: the folder /etc/passwd for results is a file" ]]
}

@test "help of the verbs fits 80 columns" {
    local verb
    for verb in tasks resume runs logs verify; do
        "$NFOLD" help "$verb" >help
        python3 -c 'import sys; sys.exit(any(len(line.rstrip("\n")) > 80 for line in open("help")))'
    done
}
