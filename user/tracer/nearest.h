/* SPDX-License-Identifier: BSD-2-Clause */
/* The word that was probably meant by one that was mistyped. */
#ifndef TRACER_NEAREST_H
#define TRACER_NEAREST_H

#include <stddef.h>

/* Zeroed, but for the word. */
struct nearest {
	const char *word;  /* as typed; what follows a '=' does not count */
	const char *found; /* null as long as nothing is near enough */
	size_t distance;   /* of that */
};

/* Takes `candidate`, which must outlive it, if it is nearer than those before. */
void nearest_try(struct nearest *nearest, const char *candidate);

#endif
