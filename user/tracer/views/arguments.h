/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TRACER_ARGUMENTS_H
#define TRACER_ARGUMENTS_H

#include "../model.h"
#include <stdio.h>

/*
 * Prints the arguments of a coroutine as Python prints a tuple: "()", "(2,)", "(2, 'a', 1.5)". It
 * is "(...)" if they are not known.
 */
void arguments_print(FILE *out, const struct model_coroutine *coroutine);

#endif
