/* SPDX-License-Identifier: BSD-2-Clause */
/* What a source is called in the title of a result. */
#ifndef TRACER_TITLE_H
#define TRACER_TITLE_H

#include <base/text.h>
#include <sys/types.h>

/*
 * Both fill the caller's buffer with what is safe to print, and return it. What is longer is cut.
 */
const char *title_of_command(char buffer[TEXT_NAME_SIZE], char *const *words);
const char *title_of_process(char buffer[TEXT_NAME_SIZE], pid_t pid);

#endif
