/* SPDX-License-Identifier: BSD-2-Clause */
#include "complain.h"
#include <base/text.h>
#include <stdio.h>
#include <stdlib.h>

void say_list(const char *format, va_list arguments)
{
	char *sentence, *rest, piece[TEXT_PIECE_SIZE];

	if (vasprintf(&sentence, format, arguments) < 0)
		return;
	fputs("asynctrace: ", stderr);
	for (rest = sentence; *rest; fputs(piece, stderr))
		rest += text_escape(piece, rest);
	fputc('\n', stderr);
	fflush(stderr);
	free(sentence);
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(format, arguments);
	va_end(arguments);
}
