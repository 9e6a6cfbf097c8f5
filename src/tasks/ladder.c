/* ladder.c: reading --term-seq. */
#include "ladder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LAST_PAUSE_SECONDS 0.2

static const struct {
    const char *name;
    int number;
} names[] = {
    {"TERM", SIGTERM}, {"KILL", SIGKILL}, {"INT", SIGINT},   {"HUP", SIGHUP},   {"QUIT", SIGQUIT},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"CONT", SIGCONT}, {"ALRM", SIGALRM}, {"ABRT", SIGABRT},
};

/* "TERM", "SIGTERM", "15"; 0: none of them. */
static int find_signal(const char *word)
{
    char *end;
    long number = strtol(word, &end, 10);
    if (end != word && *end == '\0')
        return number > 0 && number < NSIG ? (int)number : 0;
    if (strncasecmp(word, "SIG", 3) == 0)
        word += 3;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(word, names[i].name) == 0)
            return names[i].number;
    return 0;
}

static int fail(const char *text, nfold_error *err)
{
    return nf_fail(err, NFOLD_E_VALUE,
                   "option 'term-seq': '%s' is not a list of signals and milliseconds such as "
                   "TERM,200,KILL,25",
                   text);
}

static void end_with_kill(struct nf_ladder *ladder)
{
    unsigned last = ladder->count - 1;
    if (ladder->step[last].signal != SIGKILL) {
        if (last + 1 < NF_LADDER_STEPS)
            last = ladder->count++;
        ladder->step[last].signal = SIGKILL;
    }
    ladder->step[last].seconds = LAST_PAUSE_SECONDS; /* it is repeated: a group may have grown */
}

int nf_ladder_read(struct nf_ladder *ladder, const char *text, nfold_error *err)
{
    char copy[256], *save = NULL;
    *ladder = (struct nf_ladder){0};
    if ((size_t)snprintf(copy, sizeof copy, "%s", text) >= sizeof copy)
        return fail(text, err);
    for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        int number = find_signal(word);
        char *pause = strtok_r(NULL, ",", &save), *end = NULL;
        double seconds = pause ? strtod(pause, &end) / 1000 : 0;
        if (number == 0 || ladder->count == NF_LADDER_STEPS || (end && *end != '\0') ||
            !(seconds >= 0))
            return fail(text, err);
        ladder->step[ladder->count].signal = number;
        ladder->step[ladder->count++].seconds = seconds;
    }
    if (ladder->count == 0)
        return fail(text, err);
    end_with_kill(ladder);
    return 0;
}
