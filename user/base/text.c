/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text for people. Strings go through one loop that decodes UTF-8 and decides what is harmless;
 * quotes and the escapes of repr() are a variation of it.
 */
#include "text.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t text_decode(const char *text, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned char head = bytes[0];
	size_t length, i;
	uint32_t code;

	if (head < 0x80) {
		*point = head;
		return 1;
	}
	if (head < 0xc2 || head > 0xf4)
		return 0;
	length = head < 0xe0 ? 2 : head < 0xf0 ? 3 : 4;
	code = head & (0x7f >> length);
	for (i = 1; i < length; i++) {
		/* The terminating zero ends the loop like any other byte that does not continue. */
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*point = code;
	return length;
}

size_t text_plain_length(const char *text)
{
	const char *end = text;

	while (*end >= ' ' && *end <= '~' && *end != '"' && *end != '\'' && *end != '\\')
		end++;
	return end - text;
}

bool text_is_harmful(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x61c ||
	       point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069) || point == 0xfeff || point == 0xfffe ||
	       point == 0xffff;
}

static size_t escape(char piece[TEXT_PIECE_SIZE], const char *text, char quote)
{
	static const char named[] = "\nn\rr\tt";
	unsigned char first = *text;
	const char *name;
	uint32_t point;
	size_t length;

	/* Nearly all are of this kind. */
	if (first >= ' ' && first <= '~' && (!quote || (first != quote && first != '\\'))) {
		piece[0] = first;
		piece[1] = 0;
		return 1;
	}
	length = text_decode(text, &point);
	if (!length) {
		snprintf(piece, TEXT_PIECE_SIZE, "\\x%02x", first);
		return 1;
	}
	for (name = named; *name; name += 2) {
		if ((unsigned char)name[0] == point) {
			snprintf(piece, TEXT_PIECE_SIZE, "\\%c", name[1]);
			return length;
		}
	}
	if (quote && (text[0] == quote || text[0] == '\\'))
		snprintf(piece, TEXT_PIECE_SIZE, "\\%c", text[0]);
	else if (!text_is_harmful(point))
		snprintf(piece, TEXT_PIECE_SIZE, "%.*s", (int)length, text);
	else if (point < 0x80)
		snprintf(piece, TEXT_PIECE_SIZE, "\\x%02x", point);
	else
		snprintf(piece, TEXT_PIECE_SIZE, "\\u%04x", point & 0xffff);
	return length;
}

size_t text_escape(char piece[TEXT_PIECE_SIZE], const char *text)
{
	return escape(piece, text, 0);
}

static const char *write_escaped(char *buffer, size_t size, const char *text, char quote)
{
	size_t used = 0, reserve = quote ? 5 : 4, length = text_plain_length(text);
	char piece[TEXT_PIECE_SIZE];

	if (quote)
		buffer[used++] = quote;
	/* Nearly all names are plain. */
	if (used + length + reserve <= size) {
		memcpy(buffer + used, text, length);
		used += length;
		text += length;
	}
	while (*text) {
		text += escape(piece, text, quote);
		length = piece[1] ? strlen(piece) : 1;
		/* The end needs a quote; what follows would need its dots instead. */
		if (used + length + reserve > size) {
			snprintf(buffer + used, size - used, quote ? "%c..." : "...", quote);
			return buffer;
		}
		memcpy(buffer + used, piece, length);
		used += length;
	}
	if (quote)
		buffer[used++] = quote;
	buffer[used] = 0;
	return buffer;
}

const char *text_safe(char *buffer, size_t size, const char *text)
{
	return write_escaped(buffer, size, text, 0);
}

const char *text_repr(char *buffer, size_t size, const char *text)
{
	if (!text) {
		snprintf(buffer, size, "None");
		return buffer;
	}
	return write_escaped(buffer, size, text,
			     strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'');
}

const char *text_number(char buffer[TEXT_NUMBER_SIZE], uint64_t number)
{
	char *first = buffer + TEXT_NUMBER_SIZE - 1;

	*first = 0;
	do {
		*--first = '0' + number % 10;
		number /= 10;
	} while (number);
	return first;
}

/* Python leaves the plain notation below 1e-4 and from 1e16 on, whatever the number of digits. */
static const char *write_shortest(char *buffer, double number, bool single)
{
	int digits, exponent;

	if (!isfinite(number)) {
		snprintf(buffer, TEXT_DOUBLE_SIZE, "%s",
			 isnan(number) ? "nan"
			 : number < 0  ? "-inf"
				       : "inf");
		return buffer;
	}
	for (digits = 0; digits < 17; digits++) {
		snprintf(buffer, TEXT_DOUBLE_SIZE, "%.*e", digits, number);
		if (single ? strtof(buffer, NULL) == (float)number : strtod(buffer, NULL) == number)
			break;
	}
	exponent = atoi(strchr(buffer, 'e') + 1);
	if (exponent >= -4 && exponent < 16)
		snprintf(buffer, TEXT_DOUBLE_SIZE, "%.*f",
			 digits > exponent ? digits - exponent : 1, number);
	return buffer;
}

const char *text_double(char buffer[TEXT_DOUBLE_SIZE], double number)
{
	return write_shortest(buffer, number, false);
}

const char *text_float(char buffer[TEXT_DOUBLE_SIZE], float number)
{
	return write_shortest(buffer, number, true);
}

const char *text_duration(char buffer[TEXT_DURATION_SIZE], uint64_t ns)
{
	static const char *const units[] = { "us", "ms", "s" };
	double value = ns;
	size_t unit = 0;

	if (ns < 1000) {
		snprintf(buffer, TEXT_DURATION_SIZE, "%u ns", (unsigned int)ns);
		return buffer;
	}
	/* The bounds are where rounding would make a digit too many. */
	for (value /= 1000; value >= 999.95 && unit < 2; unit++)
		value /= 1000;
	snprintf(buffer, TEXT_DURATION_SIZE, "%.*f %s",
		 value < 9.9995	  ? 3
		 : value < 99.995 ? 2
		 : value < 999.95 ? 1
				  : 0,
		 value, units[unit]);
	return buffer;
}

const char *text_count(char buffer[TEXT_COUNT_SIZE], uint64_t count)
{
	char digits[21];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count), i, used = 0;

	for (i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			buffer[used++] = ',';
		buffer[used++] = digits[i];
	}
	buffer[used] = 0;
	return buffer;
}
