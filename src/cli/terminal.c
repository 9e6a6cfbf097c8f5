/* terminal.c: colour and width of a stream. Nothing here loads a locale: that costs more than a
 * run. */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80

static int environment_has(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static int colour_wanted(void)
{
    const char *term = getenv("TERM");
    if (environment_has("NO_COLOR"))
        return 0;
    return term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* The variable that decides the character set is the first of the three that is not empty. */
static int unicode_likely(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (environment_has(names[i])) {
            const char *value = getenv(names[i]);
            return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL;
        }
    }
    return 0;
}

static unsigned width_of(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col;
}

void nf_terminal_read(struct nf_terminal *terminal, int fd)
{
    *terminal = (struct nf_terminal){.fd = fd, .width = WIDTH_DEFAULT};
    if (!isatty(fd))
        return;
    terminal->is_terminal = 1;
    terminal->has_colour = colour_wanted();
    terminal->has_unicode = unicode_likely();
    terminal->width = width_of(fd);
}

const char *nf_terminal_begin(const struct nf_terminal *terminal, enum nf_style style)
{
    static const char *const escape[] = {
        [NF_STYLE_BOLD] = "\033[1m",
        [NF_STYLE_DIM] = "\033[2m",
        [NF_STYLE_RED] = "\033[31m",
        [NF_STYLE_GREEN] = "\033[32m",
    };
    return terminal->has_colour ? escape[style] : "";
}

const char *nf_terminal_end(const struct nf_terminal *terminal)
{
    return terminal->has_colour ? "\033[0m" : "";
}
