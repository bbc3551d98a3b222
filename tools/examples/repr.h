/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings and bytes as Python shows them. */
#ifndef EXAMPLES_REPR_H
#define EXAMPLES_REPR_H

#include <stdio.h>
#include <string.h>

/* 'text', or b'bytes' with the prefix "b". */
static inline void print_repr(const char *prefix, const char *data, size_t size)
{
	char quote = memchr(data, '\'', size) && !memchr(data, '"', size) ? '"' : '\'';
	size_t i;

	printf("%s%c", prefix, quote);
	for (i = 0; i < size; i++) {
		unsigned char byte = data[i];

		if (byte == '\n' || byte == '\r' || byte == '\t')
			printf("\\%c", byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't');
		else if (byte == quote || byte == '\\')
			printf("\\%c", byte);
		else
			printf(byte < 32 || byte > 126 ? "\\x%02x" : "%c", byte);
	}
	putchar(quote);
}

#endif
