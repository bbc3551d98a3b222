/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"
#include <base/text.h>
#include <inttypes.h>

void json_string(FILE *out, const char *text)
{
	uint32_t point;
	size_t length;

	putc_unlocked('"', out);
	for (; *text; text += length) {
		length = text_plain_length(text);
		if (length) {
			fwrite_unlocked(text, 1, length, out);
			continue;
		}
		length = text_decode(text, &point);
		if (!length) {
			fputs("\\ufffd", out);
			length = 1;
		} else if (point == '"' || point == '\\') {
			fprintf(out, "\\%c", *text);
		} else if (text_is_harmful(point)) {
			fprintf(out, "\\u%04" PRIx32, point);
		} else {
			fwrite(text, 1, length, out);
		}
	}
	putc_unlocked('"', out);
}
