/* SPDX-License-Identifier: BSD-2-Clause */
/* What the writers of stacks make of names that nobody should have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracer/formats/json.h>

#include <cmocka.h>

static void json__strings_are_valid_whatever_they_are(void **state)
{
	static const struct {
		const char *given, *expected;
	} pairs[] = {
		{ "", "\"\"" },
		{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80",
		  "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\x01\n\t\x1b\x7f", "\"\\u0001\\u000a\\u0009\\u001b\\u007f\"" },
		{ "\xff|\xc3|\xed\xa0\x80", "\"\\ufffd|\\ufffd|\\ufffd\\ufffd\\ufffd\"" },
		{ "\xe2\x80\xae\xe2\x80\xa8", "\"\\u202e\\u2028\"" },
	};
	char *written;
	size_t size, i;
	FILE *out;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		out = open_memstream(&written, &size);
		json_string(out, pairs[i].given);
		fclose(out);
		assert_string_equal(written, pairs[i].expected);
		free(written);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__strings_are_valid_whatever_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
