/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings and bytes as Python shows them. */
#ifndef EXAMPLES_REPR_H
#define EXAMPLES_REPR_H

#include <stdio.h>
#include <string.h>

enum { REPR_MAX = 1024 };

/*
 * 'text', or b'bytes' with the prefix "b"; of the first REPR_MAX bytes. Valid until the next call.
 */
static inline const char *repr(const char *prefix, const char *data, size_t size)
{
	static char text[4 * REPR_MAX + 8];
	char quote = memchr(data, '\'', size) && !memchr(data, '"', size) ? '"' : '\'';
	char *to = text + sprintf(text, "%.4s%c", prefix, quote);
	size_t i;

	for (i = 0; i < size && i < REPR_MAX; i++) {
		unsigned char byte = data[i];

		if (byte == '\n' || byte == '\r' || byte == '\t')
			to += sprintf(to, "\\%c", byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't');
		else if (byte == quote || byte == '\\')
			to += sprintf(to, "\\%c", byte);
		else
			to += sprintf(to, byte < 32 || byte > 126 ? "\\x%02x" : "%c", byte);
	}
	sprintf(to, "%c", quote);
	return text;
}

#endif
