/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every view for people says at its end, in the same words, of a trace that lacks something.
 */
#ifndef TRACER_VIEWS_COMPLETENESS_H
#define TRACER_VIEWS_COMPLETENESS_H

#include "../model.h"
#include <stdio.h>

#define COMPLETENESS_SIZE 512

/* Records that never came: those that left a hole, or more of which the kernel's side knows. */
uint64_t completeness_lost(const struct model_totals *totals);

/* Whether all is known of what tasks do: neither was anything lost, nor were switches left out. */
bool completeness_knows_tasks(const struct model_totals *totals);

/* How many records the target left out to be spared, and only counted. */
uint64_t completeness_counted(const struct model_totals *totals);

/* What the target left out to be spared, in one line without an end; null if that is nothing. */
const char *completeness_shed(char *buffer, size_t size, const struct model_totals *totals);

/* What the model had no room for, likewise; null if there was for all. */
const char *completeness_unkept(char *buffer, size_t size, const struct model_totals *totals);

/* What is missing, in one line without an end; null if nothing is. */
const char *completeness_text(char *buffer, size_t size, const struct model_totals *totals);

/* The same as a line; nothing if nothing is missing. */
void completeness_print(FILE *out, const struct model_totals *totals);

#endif
