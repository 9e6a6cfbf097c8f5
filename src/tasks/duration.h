/* duration.h: times as GNU parallel writes them. */
#ifndef NF_DURATION_H
#define NF_DURATION_H

/* "90", "0.5", "10s", "1h30m", "2d": seconds; NaN: it is none. */
double nf_duration_read(const char *text);

#endif
