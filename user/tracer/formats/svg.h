/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks as a picture: one file that needs no other. It is complete where scripts do not run, as in
 * a README on GitHub; where they do, it can be searched, zoomed, and asked for exact figures.
 */
#ifndef TRACER_FORMATS_SVG_H
#define TRACER_FORMATS_SVG_H

#include "stacks.h"
#include <stdio.h>

void svg_write(FILE *out, const struct stacks *stacks, const struct stacks_caption *caption);

#endif
