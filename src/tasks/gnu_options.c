/* gnu_options.c: every option of GNU parallel (20221122) and what `nfold tasks` makes of it. DONE
 * names a row of options.c. */
#include "gnu_options.h"

#include <assert.h>
#include <string.h>

#include "options.h"

#define NO_PIPE                                                                                    \
    "nfold tasks gives inputs as words, not on stdin; cut the data with split(1), or use "         \
    "GNU parallel"
#define NO_HOSTS                                                                                   \
    "nfold tasks runs on this node; start it inside the job, or on each host with its own inputs"
#define NO_PERL "nfold tasks runs no Perl; compute in the command: bash has ${name%.*} and more"
#define NO_NAME                                                                                    \
    "replacements keep their names here, but for -I: {.} {/} {//} {/.} {#} {%} {1} {name}"
#define NO_SQL                                                                                     \
    "nfold tasks writes no database; --joblog and `nfold logs --json` can be loaded into one"
#define NO_SEMAPHORE "nfold tasks is no semaphore; use flock(1)"
#define NO_COUNT     "`nfold info` shows the CPUs and what limits them"
#define NO_TMUX      "nfold tasks opens no windows; use --lb --tag, or `nfold logs RUN`"
#define RETIRED      "GNU parallel has retired this letter; "

/* DONE(name) · IGNORED(name, aliases, takes a value, why) · REFUSED(name, aliases, takes a value,
 * why and what instead). An alias of one character is a letter. */
#define GNU_OPTIONS(DONE, IGNORED, REFUSED)                                                        \
    DONE("jobs")                                                                                   \
    DONE("keep-order")                                                                             \
    IGNORED("no-keep-order", "nokeeporder|nok|no-k", NO, "the order is kept only where -k asks")   \
    DONE("group")                                                                                  \
    DONE("ungroup")                                                                                \
    DONE("line-buffer")                                                                            \
    REFUSED("latest-line", "latestline|ll", NO, "use --lb --tag, or --progress")                   \
    DONE("tag")                                                                                    \
    DONE("tagstring")                                                                              \
    REFUSED("ctag", NULL, NO, "tags have no colour here; use --tag")                               \
    REFUSED("ctag-string", "ctagstring", YES, "tags have no colour here; use --tagstring")         \
    IGNORED("color", "colour", NO, "tasks' output keeps the colours that it has")                  \
    IGNORED(                                                                                       \
        "color-failed",                                                                            \
        "colour-failed|colorfailed|colourfailed|color-fail|colour-fail|colorfail|colourfail|cf",   \
        NO, "failed tasks are named in the summary")                                               \
    IGNORED("silent", NULL, NO, "commands are not printed unless --dry-run asks")                  \
    REFUSED("v", "v", NO, "--dry-run prints the commands; joblog and `nfold logs` have them")      \
    REFUSED("verbose", "t", NO,                                                                    \
            "--dry-run prints the commands; joblog and `nfold logs` have them")                    \
    DONE("dry-run")                                                                                \
    DONE("progress")                                                                               \
    DONE("bar")                                                                                    \
    DONE("eta")                                                                                    \
    IGNORED("total-jobs", "totaljobs|total", YES, "tasks are counted as far as they are known")    \
    DONE("joblog")                                                                                 \
    DONE("results")                                                                                \
    REFUSED("output-as-files", "outputasfiles|files", NO,                                          \
            "use --results FOLDER, or --run-dir and `nfold logs`")                                 \
    DONE("resume")                                                                                 \
    DONE("resume-failed")                                                                          \
    DONE("retry-failed")                                                                           \
    DONE("retries")                                                                                \
    DONE("halt")                                                                                   \
    DONE("timeout")                                                                                \
    DONE("term-seq")                                                                               \
    DONE("delay")                                                                                  \
    DONE("load")                                                                                   \
    DONE("nice")                                                                                   \
    DONE("memfree")                                                                                \
    REFUSED("memsuspend", NULL, YES,                                                               \
            "nfold tasks stops no task half-way; use --memfree or --mem-per-task")                 \
    REFUSED("noswap", NULL, NO, "use --memfree or --mem-per-task")                                 \
    REFUSED("limit", NULL, YES, "use --load, --memfree or --mem-per-task")                         \
    DONE("workdir")                                                                                \
    DONE("env")                                                                                    \
    DONE("process-slot-var")                                                                       \
    IGNORED("tmpdir", "tempdir", YES, "output that must be kept is in the run directory")          \
    IGNORED("compress", NULL, NO, "output that must be kept is in the run directory")              \
    IGNORED("compress-program", "use-compress-program|usecompressprogram|compressprogram", YES,    \
            "nothing is compressed")                                                               \
    IGNORED("decompress-program", "use-decompress-program|usedecompressprogram|decompressprogram", \
            YES, "nothing is compressed")                                                          \
    DONE("arg-file")                                                                               \
    DONE("arg-sep")                                                                                \
    DONE("arg-file-sep")                                                                           \
    DONE("null")                                                                                   \
    DONE("delimiter")                                                                              \
    DONE("colsep")                                                                                 \
    DONE("csv")                                                                                    \
    DONE("header")                                                                                 \
    DONE("skip-first-line")                                                                        \
    DONE("link")                                                                                   \
    REFUSED("linkinputsource", "xapplyinputsource", YES, "use :::+ or ::::+")                      \
    DONE("shuf")                                                                                   \
    DONE("trim")                                                                                   \
    DONE("eof")                                                                                    \
    REFUSED("e", "e", NO, "use -E TEXT or --eof TEXT")                                             \
    DONE("no-run-if-empty")                                                                        \
    DONE("max-args")                                                                               \
    DONE("max-replace-args")                                                                       \
    DONE("max-lines")                                                                              \
    REFUSED("l", "l", NO, "use -L 1 or -L N")                                                      \
    DONE("multiple")                                                                               \
    DONE("context")                                                                                \
    DONE("xargs")                                                                                  \
    DONE("max-chars")                                                                              \
    IGNORED("exit", "x", NO, "a command line that is too long is always an error")                 \
    DONE("replacement")                                                                            \
    REFUSED("replace", "i", NO, "use -I TEXT, or {} as it is")                                     \
    DONE("quote")                                                                                  \
    REFUSED("extensionreplace", "er", YES, NO_NAME)                                                \
    REFUSED("basenamereplace", "bnr", YES, NO_NAME)                                                \
    REFUSED("dirnamereplace", "dnr", YES, NO_NAME)                                                 \
    REFUSED("basenameextensionreplace", "bner", YES, NO_NAME)                                      \
    REFUSED("seqreplace", NULL, YES, NO_NAME)                                                      \
    REFUSED("slotreplace", NULL, YES, NO_NAME)                                                     \
    REFUSED("plus", NULL, NO, NO_PERL)                                                             \
    REFUSED("rpl", NULL, YES, NO_PERL)                                                             \
    REFUSED("parens", NULL, YES, NO_PERL)                                                          \
    REFUSED("filter", NULL, YES, NO_PERL)                                                          \
    REFUSED("template", "tmpl", YES, "write the file in the command: sed or envsubst can")         \
    IGNORED("will-cite", "willcite|nn|nonotice|no-notice", NO, "there is no notice to silence")    \
    REFUSED("citation", "bibtex", NO, "there is no notice to silence")                             \
    IGNORED("plain", NULL, NO, "no configuration file is read")                                    \
    REFUSED("profile", "J", YES, "no configuration file is read; NFOLD_* variables set options")   \
    IGNORED("gnu", NULL, NO, "GNU parallel's options are the only ones taken")                     \
    REFUSED("tollef", NULL, NO, "GNU parallel has retired it")                                     \
    REFUSED("interactive", "p", NO, "tasks are not confirmed one by one; --dry-run shows them")    \
    REFUSED("open-tty", "o", NO, "tasks have no terminal; run it by itself")                       \
    REFUSED("tty", NULL, NO, "tasks have no terminal; run it by itself")                           \
    REFUSED("tmux", NULL, NO, NO_TMUX)                                                             \
    REFUSED("tmux-pane", "tmuxpane", NO, NO_TMUX)                                                  \
    REFUSED("shell-quote", "shellquote|shell_quote", NO, "use printf '%q' of bash")                \
    REFUSED("version", "V", NO, "use `nfold --version`")                                           \
    REFUSED("min-version", "minversion", YES, "use `nfold --version`")                             \
    REFUSED("number-of-cpus", "numberofcpus", NO, NO_COUNT)                                        \
    REFUSED("number-of-sockets", "numberofsockets", NO, NO_COUNT)                                  \
    REFUSED("number-of-cores", "numberofcores", NO, NO_COUNT)                                      \
    REFUSED("number-of-threads", "numberofthreads", NO, NO_COUNT)                                  \
    REFUSED("use-sockets-instead-of-threads", "usesocketsinsteadofthreads", NO,                    \
            "slots come from the CPUs allowed here; use -j and -c")                                \
    REFUSED("use-cores-instead-of-threads", "usecoresinsteadofthreads", NO,                        \
            "slots come from the CPUs allowed here; use -j and -c")                                \
    REFUSED("use-cpus-instead-of-cores", "usecpusinsteadofcores", NO,                              \
            "slots come from the CPUs allowed here; use -j and -c")                                \
    REFUSED("max-line-length-allowed", "maxlinelengthallowed", NO, "use `getconf ARG_MAX`")        \
    REFUSED("show-limits", "showlimits", NO, "use `getconf ARG_MAX`")                              \
    REFUSED("pipe", "spreadstdin", NO, NO_PIPE)                                                    \
    REFUSED("pipe-part", "pipepart", NO, NO_PIPE)                                                  \
    REFUSED("block-size", "blocksize|block", YES, NO_PIPE)                                         \
    REFUSED("block-timeout", "blocktimeout|bt", YES, NO_PIPE)                                      \
    REFUSED("cat", NULL, NO, NO_PIPE)                                                              \
    REFUSED("fifo", NULL, NO, NO_PIPE)                                                             \
    REFUSED("tee", NULL, NO, NO_PIPE)                                                              \
    REFUSED("round-robin", "roundrobin|round", NO, NO_PIPE)                                        \
    REFUSED("recstart", NULL, YES, NO_PIPE)                                                        \
    REFUSED("recend", NULL, YES, NO_PIPE)                                                          \
    REFUSED("regexp", "regex", NO, NO_PIPE)                                                        \
    REFUSED("remove-rec-sep", "removerecsep|rrs", NO, NO_PIPE)                                     \
    REFUSED("shard", NULL, YES, NO_PIPE)                                                           \
    REFUSED("bin", NULL, YES, NO_PIPE)                                                             \
    REFUSED("group-by", "groupby", YES, NO_PIPE)                                                   \
    REFUSED("_pipe-means-argfiles", NULL, NO, NO_PIPE)                                             \
    REFUSED("sshlogin", "S", YES, NO_HOSTS)                                                        \
    REFUSED("sshloginfile", "slf", YES, NO_HOSTS)                                                  \
    REFUSED("ssh", NULL, YES, NO_HOSTS)                                                            \
    REFUSED("ssh-delay", "sshdelay", YES, NO_HOSTS)                                                \
    REFUSED("controlmaster", "M", NO, NO_HOSTS)                                                    \
    REFUSED("filter-hosts", "filterhosts|filter-host", NO, NO_HOSTS)                               \
    REFUSED("onall", NULL, NO, NO_HOSTS)                                                           \
    REFUSED("nonall", NULL, NO, NO_HOSTS)                                                          \
    REFUSED("hostgroups", "hgrp|hostgrp|hostgroup", NO, NO_HOSTS)                                  \
    REFUSED("transfer", NULL, NO, NO_HOSTS)                                                        \
    REFUSED("transfer-file", "transferfile|transfer-files|transferfiles|tf", YES, NO_HOSTS)        \
    REFUSED("return", NULL, YES, NO_HOSTS)                                                         \
    REFUSED("trc", NULL, YES, NO_HOSTS)                                                            \
    REFUSED("cleanup", NULL, NO, NO_HOSTS)                                                         \
    REFUSED("basefile", "bf", YES, NO_HOSTS)                                                       \
    REFUSED("rsync-opts", "rsyncopts", YES, NO_HOSTS)                                              \
    REFUSED("record-env", "recordenv", NO, "tasks get the whole environment as it is")             \
    REFUSED("session", NULL, NO, "tasks get the whole environment as it is")                       \
    REFUSED("semaphore", NULL, NO, NO_SEMAPHORE)                                                   \
    REFUSED("semaphore-name", "semaphorename|id", YES, NO_SEMAPHORE)                               \
    REFUSED("semaphore-timeout", "semaphoretimeout|st", YES, NO_SEMAPHORE)                         \
    REFUSED("fg", NULL, NO, NO_SEMAPHORE)                                                          \
    REFUSED("bg", NULL, NO, NO_SEMAPHORE)                                                          \
    REFUSED("wait", NULL, NO, NO_SEMAPHORE)                                                        \
    REFUSED("sql-master", "sqlmaster", YES, NO_SQL)                                                \
    REFUSED("sql-worker", "sqlworker", YES, NO_SQL)                                                \
    REFUSED("sql-and-worker", "sqlandworker", YES, NO_SQL)                                         \
    REFUSED("sql", NULL, YES, NO_SQL)                                                              \
    REFUSED("shebang", "hashbang", NO, "write a script that calls nfold tasks")                    \
    REFUSED("shebang-wrap", "shebangwrap", NO, "write a script that calls nfold tasks")            \
    REFUSED("embed", NULL, NO, "nfold is one program that can be copied")                          \
    REFUSED("shell-completion", "shellcompletion", YES, "use `nfold completion SHELL`")            \
    REFUSED("_parset", NULL, YES, "use mapfile of bash: mapfile -t a < <(nfold tasks -k …)")       \
    REFUSED("debug", "D", YES, "it shows GNU parallel's inside; use --report")                     \
    REFUSED("bug", NULL, NO, "it tests GNU parallel itself")                                       \
    REFUSED("_test", NULL, YES, "it tests GNU parallel itself")                                    \
    REFUSED("ctrl-c", "ctrlc", NO, "GNU parallel has retired it")                                  \
    REFUSED("no-ctrl-c", "no-ctrlc|noctrlc", NO, "GNU parallel has retired it")                    \
    REFUSED("g", "g", NO, RETIRED "use --group")                                                   \
    REFUSED("B", "B", YES, RETIRED "it was --basefile")                                            \
    REFUSED("H", "H", YES, RETIRED "use --halt")                                                   \
    REFUSED("T", "T", NO, RETIRED "it was --tty")                                                  \
    REFUSED("U", "U", YES, RETIRED "write {.}")                                                    \
    REFUSED("W", "W", YES, RETIRED "use --wd")                                                     \
    REFUSED("Y", "Y", NO, RETIRED "it was --shebang")

#define NO  NF_OPTION_FLAG
#define YES NF_OPTION_TEXT

#define NOTHING(name)
#define ROW_IGNORED(text, others, value, why)                                                      \
    {.name = text, .aliases = others, .type = value, .help = why, .is_hidden = 1},
#define ROW_REFUSED(text, others, value, why)                                                      \
    {.name = text, .aliases = others, .type = value, .help = why, .refused = why, .is_hidden = 1},

const struct nf_option nf_rows_gnu[] = {GNU_OPTIONS(NOTHING, ROW_IGNORED, ROW_REFUSED){0}};

#define NAME_DONE(text)                        text,
#define NAME_IGNORED(text, others, value, why) text,
#define NAME_REFUSED(text, others, value, why) text,

static const char *const names[] = {GNU_OPTIONS(NAME_DONE, NAME_IGNORED, NAME_REFUSED)};

static const struct nf_option *find_row(const struct nf_option *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

const struct nf_option *nf_gnu_option(unsigned index, enum nf_gnu_verdict *verdict,
                                      const char **text)
{
    if (index >= sizeof names / sizeof names[0])
        return NULL;
    const struct nf_option *row = find_row(nf_rows_gnu, names[index]);
    *verdict = !row ? NF_GNU_DONE : row->refused ? NF_GNU_REFUSED : NF_GNU_IGNORED;
    if (!row)
        row = find_row(nf_rows_tasks, names[index]);
    assert(row);
    *text = row->help;
    return row;
}
