/* SPDX-License-Identifier: BSD-2-Clause */
#include "complain.h"
#include <stdarg.h>
#include <stdio.h>

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("asynctrace: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	fflush(stderr);
	va_end(arguments);
}
