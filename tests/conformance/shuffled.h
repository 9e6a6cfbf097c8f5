/* shuffled.h: a backend for tests that does everything out of order. */
#ifndef SHUFFLED_H
#define SHUFFLED_H

#include <nfold/backend.h>

extern const nfold_backend shuffled_backend;

#endif
