/* number.h: numbers as text and back, whatever the locale. */
#ifndef NF_NUMBER_H
#define NF_NUMBER_H

#include <stddef.h>

#define NF_NUMBER_SIZE 32

/* The shortest text that reads back to the same bits, in Python's repr style ("333333.3333333334",
 * "1e+22", "0.1", "3.0", "nan", "-inf"). text has NF_NUMBER_SIZE bytes; returns text. */
char *nf_number_print(double value, char *text);
/* Reads a number at text, correctly rounded, in the C locale: digits, '.', exponent, also 0x hex
 * floats. No sign, no blanks, no inf/nan. Returns the bytes read, 0 if none; overflow gives
 * infinity. */
size_t nf_number_read(const char *text, double *value);
/* Is the number at text a double as it stands, with nothing to be rounded? */
int nf_number_is_exact(const char *text);
/* "12.3 M", "1.5 G": for people; unit prefixes k M G T P. text has NF_NUMBER_SIZE bytes. */
char *nf_number_scaled(double value, char *text);
/* "1.23 s", "45.1 ms", "7.0 us". */
char *nf_number_seconds(double seconds, char *text);

#endif
