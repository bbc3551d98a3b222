/* SPDX-License-Identifier: BSD-2-Clause */
/* What is plain leaves in one piece; only the rest goes character by character. */
#include "csv.h"
#include <base/text.h>
#include <string.h>

/* Also as the wide characters that some spreadsheets take for these. Tabs are escaped anyway. */
static bool is_formula(const char *text)
{
	if (!strncmp(text, "\xef\xbc", 2))
		return text[2] && strchr("\x9d\x8b\x8d\xa0", text[2]);
	return *text && strchr("=+-@", *text);
}

void csv_text(FILE *out, const char *text, bool raw)
{
	char piece[TEXT_PIECE_SIZE];
	bool quoted = text && strpbrk(text, "\",");
	size_t length;

	if (quoted)
		putc_unlocked('"', out);
	if (text && !raw && is_formula(text))
		putc_unlocked('\'', out);
	while (text && *text) {
		length = text_plain_length(text);
		fwrite_unlocked(text, 1, length, out);
		text += length;
		if (!*text)
			break;
		if (*text == '"')
			putc_unlocked('"', out);
		text += text_escape(piece, text);
		fputs_unlocked(piece, out);
	}
	if (quoted)
		putc_unlocked('"', out);
}

void csv_number(FILE *out, uint64_t number)
{
	char digits[TEXT_NUMBER_SIZE];

	fputs_unlocked(text_number(digits, number), out);
}
