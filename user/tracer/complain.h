/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run says on standard error: one line each, behind the name of the program. */
#ifndef TRACER_COMPLAIN_H
#define TRACER_COMPLAIN_H

/* Prints "asynctrace: " and the sentence. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* The same, of a failure: its value is the exit status. */
#define complain(...) (say(__VA_ARGS__), 1)

#endif
