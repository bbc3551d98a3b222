/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folded stacks, which flamegraph.pl, inferno and speedscope read: "main;fetch;[sleep] 2003" is the
 * time in ns. What is in brackets did not run: "[ready]", or what was awaited.
 */
#ifndef TRACER_FORMATS_FOLDED_H
#define TRACER_FORMATS_FOLDED_H

#include "stacks.h"
#include <stdio.h>

/*
 * Writes the states that weigh. A semicolon in a name becomes a colon, and what could not be
 * printed is escaped.
 */
void folded_write(FILE *out, const struct stacks *stacks);

#endif
