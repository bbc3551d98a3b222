/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run says on standard error: one line each, behind the name of the program. */
#ifndef TRACER_COMPLAIN_H
#define TRACER_COMPLAIN_H

#include <stdarg.h>

/* Prints "asynctrace: " and the sentence, which may name files and words as strange as they are. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((format(printf, 1, 0))) void say_list(const char *format, va_list arguments);

/* The same, of a failure: its value is the exit status. */
#define complain(...) (say(__VA_ARGS__), 1)

#endif
