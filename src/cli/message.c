/* message.c: one form for every error, coloured only where it begins. */
#include "message.h"

#include "output.h"

void nf_message_error(const struct nf_terminal *terminal, const char *who, const nfold_error *err)
{
    struct nfold_buffer text = {0};
    nf_buffer_print(&text, "%s%s:%s %s\n", nf_terminal_begin(terminal, NF_STYLE_RED), who,
                    nf_terminal_end(terminal), err->message);
    nf_buffer_string(&text, err->detail);
    /* Where stderr cannot be written, the exit status still tells. */
    nf_output_write(terminal->fd, &text, NULL);
    nf_buffer_clear(&text);
}
