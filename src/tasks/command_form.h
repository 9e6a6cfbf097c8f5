/* command_form.h: how a command line is executed: directly where a shell would do nothing but start
 * a program, otherwise by $NFOLD_SHELL, bash or sh. */
#ifndef NF_COMMAND_FORM_H
#define NF_COMMAND_FORM_H

#include "error.h"

struct nf_command_form {
    const char *path; /* absolute, or of the folder where the task runs */
    char **argv;      /* ended by NULL */
    char *storage;    /* what argv points into */
};

/* Where programs and exported functions are looked up; made once. */
struct nf_shell_choice;
int nf_shell_choice_open(struct nf_shell_choice **choice, nfold_error *err);
/* Where commands run, and so what ./program means: --workdir; NULL (at first): here. It must outlive
 * choice. */
void nf_shell_choice_folder(struct nf_shell_choice *choice, const char *folder);
void nf_shell_choice_close(struct nf_shell_choice *choice);

/* 1 if a shell, or PATH, knows this command, or something may yet define it. */
int nf_shell_choice_knows(struct nf_shell_choice *choice, const char *name);

/* Direct if all words are plain and the first is a program on PATH or the path of one, no builtin,
 * keyword, assignment or exported function. Looked-up programs are remembered. */
int nf_command_form_make(struct nf_command_form *form, struct nf_shell_choice *choice,
                         const char *line, nfold_error *err);
void nf_command_form_clear(struct nf_command_form *form);

#endif
