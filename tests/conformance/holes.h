/* holes.h: a backend for tests that leaves chunks out at random and then gives up: what a
 * checkpoint keeps of it is full of holes. */
#ifndef HOLES_H
#define HOLES_H

#include <nfold/backend.h>

extern const nfold_backend holes_backend;

#endif
