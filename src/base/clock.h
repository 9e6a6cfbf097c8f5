/* clock.h: monotonic time, the time of day and processor time, in seconds. */
#ifndef NF_CLOCK_H
#define NF_CLOCK_H

double nf_clock_now(void);         /* CLOCK_MONOTONIC */
double nf_clock_epoch(void);       /* since 1970, for people and joblogs: it may jump */
double nf_clock_thread_cpu(void);  /* of the calling thread */
double nf_clock_process_cpu(void); /* of all threads of this process */

#endif
