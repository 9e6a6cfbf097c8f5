#!/usr/bin/env bats
# --checkpoint FILE: a run that ends early is continued by the same command, with the same bits.

bats_require_minimum_version 1.5.0
nfold=${NFOLD:?set NFOLD to the command under test}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    unset "${!NFOLD_@}" "${!SLURM_@}" "${!OMPI_@}" "${!PMI_@}"
    NFOLD=$nfold
}

hash_of() {
    "$NFOLD" "$@" --json | grep -o '"hash": "[0-9a-f]*"'
}

@test "a work that is done is answered from the file, by any backend, however it is written" {
    local expected backend
    expected=$(hash_of integrate 'sin(x)*k' 0 1 1e6 --set k=3 -b serial)
    [ "$(hash_of integrate 'sin(x)*k' 0 1 1e6 --set k=3 --checkpoint c)" = "$expected" ]
    cp c before
    for backend in serial threads processes; do
        [ "$(hash_of integrate '(sin((x)) * k)' 0 1 1000000 --set k=3.0 -b $backend -j 3 \
            --checkpoint c)" = "$expected" ]
    done
    "$NFOLD" integrate 'sin(x)*k' 0 1 1e6 --set k=3 --checkpoint c --report 2>report
    cat report
    grep -q '^checkpoint all of it is from c$' report
    cmp -n "$(stat -c %s before)" before c # appended to, never rewritten
}

@test "a checkpoint of another computation is refused with what differs, and kept" {
    local words
    "$NFOLD" integrate 'k*x' 0 1 1e6 --set k=3 --checkpoint c
    cp c before
    while read -r words; do
        run -2 "$NFOLD" ${words%%=>*} --checkpoint c
        echo "$output"
        [[ $output == *"c is the checkpoint of another computation: ${words##*=> }"* ]]
        cmp before c
    done <<'END'
integrate k*x 0 1 2e6 --set k=3 => n 1000000 there, 2000000 here
integrate k*x 0 2 1e6 --set k=3 => b 1.0 there, 2.0 here
integrate k*x 1 0 1e6 --set k=3 => a 0.0 there, 1.0 here
integrate k*x 0 1 1e6 --set k=4 => 'k*x' is another function by now
integrate k*x+1 0 1 1e6 --set k=3 => 'k*x' there, 'k*x+1' here
integrate k*x 0 1 1e6 --set k=3 --rule simpson => rule trapezoid there, simpson here
integrate k*x 0 1 1e6 --set k=3 --nonfinite allow => nonfinite error there, allow here
reduce sum k*i 1e6 --set k=3 => kind integrate there, reduce here
END
}

@test "what is no checkpoint is refused and never written to" {
    echo "my thesis" >c
    cp c before
    run -2 "$NFOLD" integrate x 0 1 1e6 --checkpoint c
    [[ $output == *"c is no checkpoint of nfold; it is left as it is"* ]]
    cmp before c
    mkfifo pipe
    run -2 "$NFOLD" integrate x 0 1 1e6 --checkpoint pipe
    [[ $output == *"the checkpoint pipe is no regular file"* ]]
    run -2 "$NFOLD" integrate x 0 1 1e6 --checkpoint /dev/null
    [[ $output == *"no regular file"* ]]
    run -3 "$NFOLD" integrate x 0 1 1e6 --checkpoint .
    [[ $output == *"cannot write the checkpoint .: Is a directory"* ]]
    run -3 "$NFOLD" integrate x 0 1 1e6 --checkpoint nowhere/c
    [[ $output == *"cannot write the checkpoint nowhere/c: No such file or directory"* ]]
    run -2 "$NFOLD" integrate x 0 1 1e6 --checkpoint ''
    [[ $output == *"the name of the file is empty"* ]]
    run -2 "$NFOLD" compare integrate x 0 1 1e6 --checkpoint d
    [[ $output == *"compare does a work again and again"* && ! -e d ]]
}
