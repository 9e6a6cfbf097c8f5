/* duration.c: numbers with units, added up. */
#include "duration.h"

#include <math.h>
#include <stddef.h>

#include "number.h"

static double unit_seconds(char unit)
{
    switch (unit) {
    case 's':
    case 'S':
        return 1;
    case 'm':
    case 'M':
        return 60;
    case 'h':
    case 'H':
        return 3600;
    case 'd':
    case 'D':
        return 86400;
    default:
        return NAN;
    }
}

double nf_duration_read(const char *text)
{
    double sum = 0;
    if (*text == '\0')
        return NAN;
    while (*text) {
        double value;
        size_t used = nf_number_read(text, &value);
        if (used == 0)
            return NAN;
        text += used;
        sum += *text ? value * unit_seconds(*text) : value;
        text += *text != '\0';
    }
    return sum;
}
