/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a text: what is written of it is valid UTF-8 that does nothing but be read, fits its
 * buffer, and where the format has readers, one of our own reads it.
 */
#include "fuzz.h"
#include <base/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <tracer/formats/csv.h>
#include <tracer/formats/json.h>

enum { SIZE_MAX_TRIED = 4096 };

static void expect_harmless(const char *text)
{
	uint32_t point;
	size_t length;

	for (; *text; text += length) {
		length = text_decode(text, &point);
		if (!length || text_is_harmful(point))
			abort();
	}
}

/* Of what one plain character, an escape or an ellipsis is. */
static void write_safe(const char *text, uint8_t room)
{
	size_t size = 8 + room, longest = TEXT_SIZE(strlen(text));
	char *buffer = malloc(size), *large = malloc(longest), piece[TEXT_PIECE_SIZE];
	const char *left = text;
	size_t length = 0;

	if (!buffer || !large)
		abort();
	expect_harmless(text_safe(buffer, size, text));
	expect_harmless(text_repr(buffer, size, text));
	expect_harmless(text_repr(large, longest, text));
	expect_harmless(text_safe(large, longest, text));
	/* Piece by piece it is the same. */
	while (*left) {
		left += text_escape(piece, left);
		if (strncmp(large + length, piece, strlen(piece)))
			abort();
		length += strlen(piece);
	}
	if (large[length])
		abort();
	free(large);
	free(buffer);
}

static char *written(void (*write)(FILE *out, const char *text), const char *text)
{
	char *bytes = NULL;
	size_t length;
	FILE *out = open_memstream(&bytes, &length);

	if (!out)
		abort();
	write(out, text);
	fclose(out);
	if (strlen(bytes) != length)
		abort();
	return bytes;
}

static void write_csv(FILE *out, const char *text)
{
	csv_text(out, text, true);
}

/* One field, whose quotes are in pairs. */
static void read_csv(const char *field)
{
	const char *at = field;

	expect_harmless(field);
	if (*at != '"') {
		if (strpbrk(field, "\",\r\n"))
			abort();
		return;
	}
	for (at++; *at; at++) {
		if (*at == '"' && *++at != '"')
			break;
	}
	if (*at)
		abort();
}

/* One string, with the escapes of RFC 8259. */
static void read_json(const char *string)
{
	const char *at = string;
	size_t digits;

	expect_harmless(string);
	if (*at++ != '"')
		abort();
	for (; *at && *at != '"'; at++) {
		if (*at != '\\')
			continue;
		if (!*++at || !strchr("\"\\/bfnrtu", *at))
			abort();
		if (*at != 'u')
			continue;
		digits = strspn(at + 1, "0123456789abcdefABCDEF");
		if (digits < 4)
			abort();
		at += 4;
	}
	if (strcmp(at, "\""))
		abort();
}

FUZZ(text)
{
	struct input input = { .data = data, .size = size };
	uint8_t room = input_byte(&input);
	char *text, *bytes;

	if (input.size > SIZE_MAX_TRIED)
		return 0;
	text = strndup((const char *)input.data, input.size);
	if (!text)
		abort();
	write_safe(text, room);
	bytes = written(write_csv, text);
	read_csv(bytes);
	free(bytes);
	bytes = written(json_string, text);
	read_json(bytes);
	free(bytes);
	free(text);
	return 0;
}
