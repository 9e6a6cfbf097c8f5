/* read_file.h: a small text file as a whole. */
#ifndef NF_READ_FILE_H
#define NF_READ_FILE_H

/* The contents of the file root + path, ended by a zero byte; free it. NULL if it cannot be read
 * (errno) or is larger than 16 MiB. root "" is the machine itself; tests give a recorded one. */
char *nf_read_file(const char *root, const char *path);

#endif
