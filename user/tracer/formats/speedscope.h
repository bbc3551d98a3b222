/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * speedscope's JSON (https://www.speedscope.app/file-format-schema.json): one profile for all
 * states together, which is the wall time, and one for each of them.
 */
#ifndef TRACER_FORMATS_SPEEDSCOPE_H
#define TRACER_FORMATS_SPEEDSCOPE_H

#include "stacks.h"
#include <stdio.h>

/* The profile of the states that weigh is the one that is shown first. */
void speedscope_write(FILE *out, const struct stacks *stacks, const struct stacks_caption *caption);

#endif
