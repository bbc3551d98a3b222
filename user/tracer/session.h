/* SPDX-License-Identifier: BSD-2-Clause */
/* One run: a source feeds the model and that the view, until the source or the user ends it. */
#ifndef TRACER_SESSION_H
#define TRACER_SESSION_H

#include "options.h"

/* Does what the command line says and prints what went wrong. Returns the exit status. */
int session_run(const struct options *options);

#endif
