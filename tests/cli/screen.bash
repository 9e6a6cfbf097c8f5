# screen.bash: golden screens. A file golden/NAME.screen has commands, each after "$ ", and below a
# command what it prints: stdout, then stderr, then "[exit N]" unless N is 0. Lines that begin with
# "# " at the top of the file are comments. What differs from run to run is shown as #.
# NFOLD is the command under test. SCREENS=update rewrites the files: read the difference then.

: "${NFOLD:?set NFOLD to the command under test}"
golden=$BATS_TEST_DIRNAME/golden
NFOLD_PATH=$(cd "$(dirname "$NFOLD")" && pwd)

# Times, rates, counts of processors and paths of this machine.
normalise() {
    sed -E \
        -e 's/^((serial|threads|processes) +[0-9]+) .* ([0-9a-f]{8})$/\1 # \3/' \
        -e 's/^((serial|threads|processes) +[0-9]+ [^ ]+) #+$/\1 #/' \
        -e 's/^( +[0-9]+  [a-z].{21}) *[0-9.]+ [mun]?s /\1 # s /; s/[0-9.]+ [kM]?B at most/# B at most/' \
        -e 's#/tmp/bats[^ ]*/([a-z]*)#FOLDER/\1#g' \
        -e 's/the fastest of [0-9]+( to [0-9]+)? runs/the fastest of # runs/' \
        -e '/^ {14}nothing else needs it$/d' \
        -e '/^ {14}missing: no MPI/,/--build-mpi/d' \
        -e '/^mpi +no MPI/,/--build-mpi/d; /^mpi  /d; /^mpi: .* start in/d' `# tests/cluster has them` \
        -e 's/^(processors|instructions|compiler|topology)( +).*/\1\2#/' \
        -e 's/[0-9]+(\.[0-9]+)?(e[-+][0-9]+)? ?(ns|us|ms|s|min|h)\b/# s/g' \
        -e 's/[0-9]+(\.[0-9]+)? [kMGTP]? ?(items)?\/s/# items\/s/g' \
        -e 's/(efficiency) [0-9]+ %/\1 # %/; s/(imbalance) [0-9.]+/\1 #/; s/at most [0-9.e+]+ x/at most # x/' \
        -e 's/\((scalar|avx2|avx512)\)/(#)/' \
        -e 's/uses [0-9.]+ [kMG]?B of memory/uses # of memory/' \
        -e 's/; processors: .*//' \
        -e 's/^( *"(wall|cpu|serial|compile|rate|efficiency|imbalance|amdahl_limit|busy|start|start_up|memory)":) [^,]*/\1 #/' \
        -e 's/^( *"(chunks|claims|native_chunks|isa|native|note)":) ("[^"]*"|[^,]*)/\1 #/' \
        "$@"
}

# Runs one command line as a user would type it.
run_line() {
    local status=0
    (
        for name in $(compgen -e); do
            case $name in SLURM_* | NFOLD_* | OMPI_* | PMI_* | NO_COLOR) unset "$name" ;; esac
        done
        cd "$BATS_TEST_TMPDIR" || exit
        PATH=$NFOLD_PATH:$PATH bash -c "$1"
    ) >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null || status=$?
    cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" | normalise
    ((status == 0)) || echo "[exit $status]"
}

# The whole screen as it is now.
draw_screen() {
    local line
    while IFS= read -r line; do
        case $line in
        '# '*) printf '%s\n' "$line" ;;
        '$ '*)
            printf '%s\n' "$line"
            run_line "${line#\$ }"
            ;;
        esac
    done <"$golden/$1.screen"
}

# The screen NAME is as agreed.
screen() {
    draw_screen "$1" >"$BATS_TEST_TMPDIR/now"
    if [[ ${SCREENS:-} == update ]]; then
        cp "$BATS_TEST_TMPDIR/now" "$golden/$1.screen"
    fi
    diff -u "$golden/$1.screen" "$BATS_TEST_TMPDIR/now"
}
