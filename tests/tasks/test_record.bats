#!/usr/bin/env bats
# What became of each task: written down, read back, gone on with.

load running

setup() {
    setup_run
}

nfold() {
    env "$mark" "$NFOLD" "$@" 3>&-
}

# start_reading FILE OPTION...: as start_tasks, with FILE as standard input
start_reading() {
    env "$mark" "$NFOLD" tasks "${@:2}" <"$1" >out 2>err 3>&- &
    visible=$!
}

@test "resume needs nothing else: what was read from a pipe was kept" {
    run bash -c 'seq 30 | "$NFOLD" tasks -j 1 --run-dir night --halt now,fail=1 \
        "echo {} >>ran; test -e go || test {} -ne 12"'
    [[ $status == 1 ]]
    [[ $(wc -l <ran) == 12 ]]
    rm ran
    touch go
    mkdir elsewhere
    cd elsewhere
    run nfold resume ../night </dev/null
    [[ $status == 0 ]]
    [[ $(sort -n ../ran | tr '\n' ' ') == "$(seq 12 30 | tr '\n' ' ')" ]]
}

@test "a file on standard input is kept as a whole, however early nfold dies" {
    seq 1000 >inputs
    start_reading inputs -j 2 --run-dir night 'echo {} >>ran; sleep 0.05'
    until_true lines 5 ran
    kill -9 "$visible"
    end_of "$visible"
    until_true none_lives
    cmp night/input inputs
    run nfold runs night
    [[ $output == *stopped* ]] # by the one who was left, in order
}

@test "a stream that was read in part is resumed in part, and that is said" {
    mkfifo pipe
    start_reading pipe -j 1 --run-dir night 'echo {} >>ran; sleep {}'
    exec 9>pipe
    printf '0\n0\n600\n' >&9
    until_true lines 3 ran
    kill -9 "$visible"
    end_of "$visible"
    exec 9>&-
    until_true none_lives
    sed -i 's/^600$/0/' night/input.part
    run nfold resume night </dev/null
    [[ $status == 0 ]]
    [[ $output == *"not read to its end"* ]]
    [[ $(cat ran | tr '\n' ' ') == "0 0 600 0 " ]]
}

@test "inserted, removed and moved inputs are followed, and said" {
    tasks --run-dir night 'echo {} >>ran' ::: a b c d
    rm ran
    run nfold tasks --run-dir night --resume 'echo {} >>ran' ::: new d a c
    [[ $status == 0 ]]
    [[ $(cat ran) == new ]]
    run nfold runs night
    [[ $output == *"5 ok"* ]]
}

@test "a folder is not gone on with unasked" {
    tasks --run-dir night true ::: 1
    run nfold tasks --run-dir night true ::: 1 2
    [[ $status == 2 ]]
    [[ $output == *"holds this run already"*"--resume"* ]]
}

@test "another command's folder is refused; --adopt takes it over" {
    tasks --run-dir night 'echo {}' ::: 1 2
    run nfold tasks --run-dir night --resume 'printf %s {}' ::: 1 2 3
    [[ $status == 2 ]]
    [[ $output == *"there: echo {}"*"here:  printf %s {}"*"--adopt"* ]]
    run nfold tasks --run-dir night --resume --adopt 'printf %s {}' ::: 1 2 3
    [[ $status == 0 && $output == 3* ]]
}

@test "a run that is refused leaves nothing in the folder that it was told" {
    run nfold tasks --run-dir new/night echo :::: no-such-file
    [[ $status == 3 && ! -e new ]]
    mkdir kept
    run nfold tasks --run-dir kept echo :::: no-such-file
    [[ $status == 3 && -z $(ls -A kept) ]]
    nfold tasks --run-dir kept echo ::: a
    run nfold tasks --run-dir kept --resume echo :::: no-such-file
    [[ $status == 3 ]]
    run nfold verify kept
    [[ $status == 0 && $output == "1 input: 1 ok" ]]
}

@test "files that are not a run's are never written over" {
    mkdir mine
    echo precious | tee mine/output mine/command >mine/input
    run nfold tasks --run-dir mine echo ::: a
    [[ $status == 2 && $output == *"not a run's folder"*"'command'"* ]]
    [[ $(cat mine/output mine/command mine/input | sort -u) == precious && ! -e mine/journal ]]
}

@test "--dry-run --resume prints what would run, and changes nothing" {
    run nfold tasks -j 1 --run-dir night --joblog log 'echo {}; exit {}' ::: 0 1 2
    cp -r night before
    cp log log.before
    run nfold tasks --dry-run --resume-failed --run-dir night 'echo {}; exit {}' ::: 0 1 2 3
    [[ $status == 0 && $output == $'echo 1; exit 1\necho 2; exit 2\necho 3; exit 3' ]]
    run nfold tasks --dry-run --resume --joblog log 'echo {}; exit {}' ::: 0 1 2 3
    [[ $status == 0 && $output == 'echo 3; exit 3' ]]
    run nfold tasks --dry-run --resume --run-dir none echo ::: a
    [[ $status == 0 && $output == 'echo a' && ! -e none ]]
    diff -r night before
    cmp log log.before
}

@test "a place that cannot be written is said before anything runs" {
    run nfold tasks --run-dir /proc/night 'touch {}' ::: ran
    [[ $status == 3 ]]
    [[ $output == *"/proc/night"* ]]
    [[ ! -e ran ]]
}

@test "where the folder cannot be written the record is in the state folder" {
    cd /proc
    run nfold tasks 'exit {}' ::: 1 0
    [[ $status == 1 ]]
    [[ $(ls "$XDG_STATE_HOME/nfold/runs" | wc -l) == 1 ]]
    run nfold logs last
    [[ $output == *"failed, exit 1"* ]]
}

@test "with no place at all tasks run, and it is said that no record is kept" {
    cd /proc
    XDG_STATE_HOME=/proc/x HOME=/proc/y run nfold tasks 'echo {}; exit {}' ::: 1 0
    [[ $status == 1 ]]
    [[ $output == *"no record of this run is kept"*"--run-dir"* ]]
}

@test "an explicit folder stays, a default one goes when all is ok" {
    tasks 'sleep 1.2; echo {}' ::: 1
    [[ ! -e .nfold ]]
    tasks --run-dir night true ::: 1
    [[ -e night/journal ]]
}

@test "a damaged journal: what is known, what is lost" {
    seq 100 | tasks --run-dir night 'echo {} >>ran'
    size=$(stat -c %s night/journal)
    printf 'XXXXXXXXXX' | dd of=night/journal bs=1 seek=$((size / 2)) conv=notrunc status=none
    rm ran
    run nfold resume night
    [[ $status == 0 ]]
    [[ $output == *"night/journal is damaged"*"of its entries are lost"* ]]
    [[ $(wc -l <ran) -le 2 ]]
    run nfold verify night
    [[ $status == 0 && $output == *"100 inputs: 100 ok"*damaged* ]]
}

@test "on a full disk no more is started; what runs ends by itself, and nothing is lost" {
    [[ $(id -u) == 0 ]] || skip "only root may mount a small disk"
    mkdir small
    mount -t tmpfs -o size=512k none small || skip "no mounts here"
    head -c 300000 /dev/zero >small/filling
    # The first task ends once it has read that the disk is full.
    seq 20000 | "$NFOLD" tasks -j 4 -u --run-dir small/night 'if test {} = 1
        then until grep -q full err; do sleep 0.1; done; touch whole; else true; fi' 2>err || status=$?
    "$NFOLD" runs --json small/night >runs.json || true
    umount small
    [[ $status == 102 && -e whole ]]
    [[ $(grep -c "the disk of .*/small/night is full: no more tasks are started" err) == 1 ]]
    grep -q " tasks: [0-9]* ok (disk full)" err
    grep -q "^continue: nfold resume small/night" err
    python3 -c 'import json; t = json.load(open("runs.json"))[0]["tasks"]
assert t["ok"] > 100 and t["cut"] == 0, t'
}

@test "verify lists what has no ok end, and checks outputs" {
    tasks --run-dir night 'test {} != b && touch {}.out' ::: a b c || true
    run nfold verify night
    [[ $status == 1 ]]
    [[ $output == *"2  failed"*"test b != b"*"3 inputs: 2 ok, 1 not"* ]]
    rm c.out
    run nfold verify night --output-check 'test -e {}.out'
    [[ $status == 1 ]]
    [[ $output == *"3  check failed"*"3 inputs: 1 ok, 2 not"* ]]
    touch b.out c.out
    sed -i 's/word tasks/&/' night/command
    run nfold verify night --json
    [[ $status == 1 ]]
    python3 -c 'import json, sys; r = json.loads(sys.argv[1]); assert r["ok"] == 2 and len(r["not_ok"]) == 1' "$output"
}

@test "logs: a stream is what the task wrote, byte for byte" {
    head -c 300000 /dev/urandom >bytes
    tasks --run-dir night 'cat bytes; echo warned >&2; exit {}' ::: 0 7 >/dev/null 2>&1 || true
    "$NFOLD" logs night 2 --out | cmp - bytes
    [[ $("$NFOLD" logs night 2 --err) == warned ]]
    run nfold logs night --failed --err
    [[ $output == warned ]]
    run nfold logs night
    [[ $output == *"failed, exit 7"* ]]
    run nfold logs night 3
    [[ $status == 2 && $output == *"night has no task 3; it has 2" ]]
    tasks --quiet --run-dir part -j 1 --halt now,fail=1 false ::: 1 2 3 || true
    run nfold logs part 3
    [[ $status == 2 && $output == *"task 3 of part has not ended" ]]
}

@test "what tasks printed and is not there any more is missed, not passed over" {
    tasks --quiet -j 1 --run-dir night 'echo {}; echo warned >&2; exit {}' ::: 0 1 2 >/dev/null 2>&1 || true
    mv night/output kept
    run nfold logs night
    [[ $status == 0 && $output == *"3  failed, exit 2"*"what tasks printed cannot be shown: cannot read "*night/output* ]]
    run nfold logs night --failed
    [[ $status == 3 && $output == *"task 2 "*"task 3 "*"what 2 tasks printed cannot be shown: cannot read "* ]]
    run nfold logs night 1 --json
    [[ $status == 3 && $output == *'"stdout": null'* ]]
    run nfold runs night
    [[ $status == 0 && $output == *"what tasks printed is lost: cannot read "*night/output* ]]
    "$NFOLD" runs --json night | grep -q '"output_damage": "cannot read '
    echo "something else" >night/output
    run nfold runs night
    [[ $output == *"what tasks printed is lost: "*"does not hold the output of a run" ]]
    cp kept night/output
    printf XXXX | dd of=night/output bs=1 seek=20 conv=notrunc status=none # in the first frame
    run nfold logs night 1 2 3
    [[ $status == 3 && $output == *"task 3 "*"what 1 task printed cannot be shown: the output of a task is damaged" ]]
    tasks -u --run-dir loud 'echo {}' ::: 1
    run nfold runs loud
    [[ $output != *lost* ]]
}

@test "logs and the page of a run that is over have the commands of ok tasks, too" {
    tasks -j 1 --run-dir night 'echo {} {#} >&2; :' ::: 'a b' c 2>/dev/null
    run nfold logs night
    [[ ${lines[1]} == *"1  ok "*" echo 'a b' 1 >&2; :" && ${lines[2]} == *"2  ok "*" echo c 2 >&2; :" ]]
    run nfold logs night 2
    [[ ${lines[1]} == "  echo c 2 >&2; :" ]]
    nfold logs night 1 --json >one.json
    nfold runs night --html page.html
    grep -q "\"command\": *\"echo 'a b' 1 >&2; :\"" one.json
    grep -q 'echo c 2' page.html
}

@test "logs --tail: the last lines" {
    tasks --run-dir night 'seq 100; printf end' ::: 1 >/dev/null
    [[ $("$NFOLD" logs night 1 --out --tail 3) == $'99\n100\nend' ]]
    [[ $("$NFOLD" logs night 1 --out --tail 1) == end ]]
    [[ $("$NFOLD" logs night 1 --out --tail 0) == "" ]]
    [[ $("$NFOLD" logs night 1 --out --tail 1000 | wc -l) == 100 ]]
}

@test "a joblog resumes as GNU parallel's does, and a signal is no success" {
    run nfold tasks --joblog log 'echo {} >>ran; eval {}' ::: true false 'kill -9 $$'
    [[ $status == 2 ]]
    rm ran
    run nfold tasks --joblog log --resume 'echo {} >>ran; eval {}' ::: true false 'kill -9 $$' 'true 2'
    [[ $(cat ran) == "true 2" ]]
    rm ran
    run nfold tasks --joblog log --resume-failed 'echo {} >>ran; eval {}' ::: true false 'kill -9 $$' 'true 2'
    [[ $(sort ran | tr '\n' ' ') == 'false kill -9 $$ ' ]]
}

@test "--joblog - is printed, as GNU parallel's is, and tears no task's output" {
    run bash -c '"$NFOLD" tasks --quiet -j 1 --joblog - "echo got {}; exit {}" ::: 0 3'
    [[ $status == 1 && ! -e - ]]
    [[ ${lines[0]} == $'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand' ]]
    [[ ${lines[1]} == "got 0" && ${lines[2]} == $'1\t:\t'*$'\t0\t0\techo got 0; exit 0' ]]
    [[ ${lines[3]} == "got 3" && ${lines[4]} == $'2\t:\t'*$'\t3\t0\techo got 3; exit 3' ]]
    # A reader that begins late: groups of more bytes than a pipe has.
    seq 20 | tasks -j 2 --joblog - 'seq 30000; touch done-{}' | {
        until_true test -e done-2
        cat >out
    }
    [[ $(grep -c 'seq 30000; touch' out) == 20 ]]
    cmp <(grep -v '[a-z]' out) <(for i in $(seq 20); do seq 30000; done)
    tasks --joblog - --results table.csv 'echo {}' ::: a >out
    [[ $(wc -l <out) == 2 && $(head -n 1 table.csv) == Seq,Host,* && $(wc -l <table.csv) == 3 ]]
}

@test "--retry-failed runs what the joblog has as failed, with its numbers" {
    run nfold tasks --joblog log 'test -e {} && echo {}' ::: a b .
    touch a b
    run nfold tasks --retry-failed --joblog log -k
    [[ $status == 0 && $output == $'a\nb' ]]
    [[ $(tail -n 2 log | cut -f 1,7 | sort) == $'1\t0\n2\t0' ]]
    run nfold tasks --retry-failed --joblog log
    [[ $status == 0 && $output == "" ]]
}

@test "--retry-failed goes by the numbers of tasks, in whatever order they ended" {
    printf '%s\t:\t1.000\t0.010\t0\t0\t1\t0\t%s\n' Seq Command 3 'echo c' 1 'echo a' \
        2 'echo b' >log
    run nfold tasks --retry-failed --joblog log -j 1
    [[ $status == 0 && $output == $'a\nb\nc' ]]
    [[ $(tail -n 3 log | cut -f 1,7 | tr '\n' ' ') == $'1\t0 2\t0 3\t0 ' ]]
}

@test "a retry of a joblog that was stopped is resumed from the joblog" {
    run nfold tasks --joblog log 'test -e {} && echo {}' ::: a 'b  c' d
    touch a
    run nfold tasks --retry-failed --joblog log -j 1 --halt soon,fail=1
    [[ $status == 1 && $output == *$'a\n'*"1 not started"*"continue: nfold resume "* ]]
    run nfold resume last --skip-failed
    [[ $status == 2 && $output == *"retry of what failed"* ]]
    touch 'b  c' d
    run nfold resume last
    [[ $status == 0 && $output == *"b  c"* && $output == *d* && $output != *a$'\n'* ]]
    [[ $(tail -n 2 log | cut -f 1,7 | sort) == $'2\t0\n3\t0' ]]
}

@test "runs says of whole commands what they are" {
    printf '%s\n' 'echo a' false | tasks --quiet --run-dir night || true
    run nfold runs night
    [[ ${lines[1]} == "    {}  each input is a command" ]]
}

@test "two nfold never work on one folder" {
    start_tasks --run-dir night 'touch on; sleep 600' ::: 1
    until_true test -e on
    run nfold tasks --run-dir night --resume 'touch on; sleep 600' ::: 1
    [[ $status == 2 && $output == *"another nfold"* ]]
    run nfold runs night
    [[ $output == *running* ]]
    kill -TERM "$visible"
    end_of "$visible"
}

@test "a run that cannot be read is a line among others, and an error by its name" {
    mkdir -p .nfold/runs/torn
    : >.nfold/runs/torn/journal
    run nfold runs
    [[ $status == 0 && $output == *"torn cannot be read: "* ]]
    run nfold runs --json
    [[ $status == 0 && $output == *'"unreadable"'* ]]
    run nfold runs --json torn
    [[ $status == 3 && $output == "nfold runs: cannot read "* ]]
}

@test "kill -9 at ten instants: none is lost, none that is ok runs again" {
    run python3 "$BATS_TEST_DIRNAME/kill_nine.py" "$NFOLD" 10 600
    echo "$output"
    [[ $status == 0 ]]
}
