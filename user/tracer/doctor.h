/* SPDX-License-Identifier: BSD-2-Clause */
/* What this machine, and a process, can give: found out by trying. */
#ifndef TRACER_DOCTOR_H
#define TRACER_DOCTOR_H

#include "options.h"

/*
 * Prints a line for each thing that tracing needs, "ok" or "no" with the remedy, to stdout. Returns
 * the exit status: 0 if tracing would work.
 */
int doctor_run(const struct options *options);

#endif
