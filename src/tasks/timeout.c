/* timeout.c: --timeout. */
#include "timeout.h"

#include <math.h>

#include "duration.h"
#include "number.h"
#include "statistics.h"

#define MEDIAN_OF_AT_LEAST 3

int nf_timeout_read(struct nf_timeout *timeout, const nfold_options *options, nfold_error *err)
{
    const char *text = nf_options_text(options, "timeout");
    *timeout = (struct nf_timeout){.seconds = INFINITY};
    if (!text)
        return 0;
    double share;
    size_t used = nf_number_read(text, &share);
    if (used > 0 && text[used] == '%' && text[used + 1] == '\0' && share > 0) {
        timeout->share = share / 100;
        return 0;
    }
    double seconds = nf_duration_read(text);
    if (!(seconds >= 0))
        return nf_fail(err, NFOLD_E_VALUE,
                       "option 'timeout': '%s' is not a time such as 90, 10m or 1h30m, nor a share "
                       "of the median such as 200%%",
                       text);
    timeout->seconds = seconds > 0 ? seconds : INFINITY;
    return 0;
}

double nf_timeout_now(const struct nf_timeout *timeout, const struct nf_statistics *statistics)
{
    if (timeout->share == 0)
        return timeout->seconds;
    double median = nf_statistics_quantile(statistics, 0.5, MEDIAN_OF_AT_LEAST);
    return isnan(median) ? INFINITY : timeout->share * median;
}
