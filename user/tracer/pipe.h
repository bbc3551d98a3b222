/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes that are written to. */
#ifndef TRACER_PIPE_H
#define TRACER_PIPE_H

#include <stdbool.h>

/*
 * True if the open file is a pipe with a name, of a user who is neither root nor the caller: who
 * knows who reads it.
 */
bool pipe_is_strangers(int fd);

#endif
