/* mail.h: messages with files through a socket. */
#ifndef NF_PROCESSES_MAIL_H
#define NF_PROCESSES_MAIL_H

#include <stddef.h>

#define NF_MAIL_FILES 4

/* The whole message at once, or < 0. */
int nf_mail_send(int socket, const void *message, size_t size, const int *file, unsigned files);
/* Waits for a whole message. Files that did not come are -1. < 0: the other end is closed. */
int nf_mail_receive(int socket, void *message, size_t size, int *file, unsigned files);
/* 0 if files may be so large; otherwise < 0 with errno, instead of the signal that writing sends.
 */
int nf_mail_check_size(size_t size);
/* The same file with a number above those of the standard streams: a program that has closed these,
 * or a function that prints, writes to whatever got their numbers. fd < 0 stays as it is. */
int nf_mail_lift(int fd);
/* A file in memory with these bytes, or < 0 with errno. */
int nf_mail_file(const void *data, size_t size);

#endif
