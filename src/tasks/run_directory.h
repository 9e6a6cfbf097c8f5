/* run_directory.h: the folder of a run: where it is, making, locking and removing it.
 *
 *     journal   what became of each task (journal.h); with several hosts, journal-HOST beside it
 *     command   what to run again (run_command.h)
 *     input     what was read from standard input; input.part: as far as it was
 *     output    what tasks printed (container.h) */
#ifndef NF_RUN_DIRECTORY_H
#define NF_RUN_DIRECTORY_H

#include "buffer.h"
#include "error.h"

#define NF_RUNS_FOLDER ".nfold/runs"

/* Joined by a slash; free it. NULL: out of memory. */
char *nf_run_directory_file(const char *directory, const char *name);
/* The folder and those above it: how many of them were made, 0 if it was there, or < 0. */
int nf_run_directory_make(const char *path, nfold_error *err);
/* A new folder for a run that has no name: below .nfold/runs here or, where that cannot be
 * written, below $XDG_STATE_HOME/nfold/runs. *path is absolute; free it. */
int nf_run_directory_make_default(char **path, nfold_error *err);
/* A folder that is no run's, but has a file of a name that a run writes, is refused. */
int nf_run_directory_check(const char *path, nfold_error *err);
/* Removes what nfold put there and, so many levels up, the folders that are empty then. What
 * somebody else put there stays. */
#define NF_RUN_LEVELS 3 /* of a run without a name */
void nf_run_directory_remove(const char *path, int levels);

/* Opens its journal for reading and writing and locks it, so that two of us never write to one. */
int nf_run_directory_lock(const char *path, int *fd, nfold_error *err);
/* 1: somebody has it locked. */
int nf_run_directory_is_locked(const char *path);

/* The folder that a user means by name: a folder, the id of a run below either place, a beginning
 * of it that fits one only, or "last". *path is absolute; free it. */
int nf_run_directory_find(char **path, const char *name, nfold_error *err);
/* Calls visit with the absolute path of each run: below both places, oldest first, and those that
 * have a name and are in this folder. */
int nf_run_directory_each(int (*visit)(void *user, const char *path, nfold_error *err), void *user,
                          nfold_error *err);

#endif
