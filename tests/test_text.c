/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for people, against what Python 3 prints. */
#include <base/text.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *given, *expected;
};

static void repr__quotes_as_python_does(void **state)
{
	static const struct pair pairs[] = {
		{ "", "''" },
		{ "abc", "'abc'" },
		{ "it's", "\"it's\"" },
		{ "say \"hi\"", "'say \"hi\"'" },
		{ "it's \"so\"", "'it\\'s \"so\"'" },
		{ "a\\b", "'a\\\\b'" },
		{ "a\n\r\tb", "'a\\n\\r\\tb'" },
		{ "\x01\x1b[2J\x7f", "'\\x01\\x1b[2J\\x7f'" },
		{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
		  "'gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80'" },
		{ NULL, "None" },
	};
	char buffer[TEXT_SIZE(64)];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_string_equal(text_repr(buffer, sizeof(buffer), pairs[i].given),
				    pairs[i].expected);
}

static void safe__escapes_what_is_more_than_seen(void **state)
{
	static const struct pair pairs[] = {
		{ "plain 'text' \\", "plain 'text' \\" },
		{ "\x1b]0;title\x07", "\\x1b]0;title\\x07" },
		{ "c1 \xc2\x9b", "c1 \\u009b" },
		{ "bare \x9b", "bare \\x9b" },
		{ "overlong \xc0\xaf\xe0\x80\xaf", "overlong \\xc0\\xaf\\xe0\\x80\\xaf" },
		{ "surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80" },
		{ "beyond \xf4\x90\x80\x80", "beyond \\xf4\\x90\\x80\\x80" },
		{ "ends early \xe2\x82", "ends early \\xe2\\x82" },
		{ "\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9",
		  "\\u202a\\u202e\\u2066\\u2069" },
		{ "\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf",
		  "\\u200e\\u200f\\u2028\\u2029\\ufeff" },
		{ "no character \xef\xbf\xbe\xef\xbf\xbf", "no character \\ufffe\\uffff" },
	};
	char buffer[TEXT_SIZE(64)];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_string_equal(text_safe(buffer, sizeof(buffer), pairs[i].given),
				    pairs[i].expected);
}

static void safe__cuts_what_has_no_room(void **state)
{
	char buffer[12];

	(void)state;
	assert_string_equal(text_safe(buffer, sizeof(buffer), "abcdefgh"), "abcdefgh");
	assert_string_equal(text_safe(buffer, sizeof(buffer), "abcdefghi"), "abcdefgh...");
	assert_string_equal(text_safe(buffer, sizeof(buffer), "abcdef\x01\x01"), "abcdef...");
	assert_string_equal(text_repr(buffer, sizeof(buffer), "abcdefghi"), "'abcdef'...");
}

static void safe__has_room_for_the_worst(void **state)
{
	char given[129], buffer[TEXT_SIZE(128)];

	(void)state;
	memset(given, 0xff, sizeof(given) - 1);
	given[sizeof(given) - 1] = 0;
	assert_int_equal(strlen(text_safe(buffer, sizeof(buffer), given)), 4 * 128);
	assert_int_equal(strlen(text_repr(buffer, sizeof(buffer), given)), 4 * 128 + 2);
}

static void safe__never_passes_a_control_byte(void **state)
{
	char given[33], buffer[40];
	unsigned int round, i;

	(void)state;
	srand48(3);
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < sizeof(given) - 1; i++)
			given[i] = lrand48() % 3 ? 0x80 | lrand48() % 128 : lrand48() % 256;
		given[lrand48() % sizeof(given)] = 0;
		given[sizeof(given) - 1] = 0;
		text_repr(buffer, sizeof(buffer), given);
		assert_true(memchr(buffer, 0, sizeof(buffer)) != NULL);
		text_safe(buffer, sizeof(buffer), given);
		for (i = 0; buffer[i]; i++) {
			assert_true((unsigned char)buffer[i] >= 0x20 && buffer[i] != 0x7f);
			if ((unsigned char)buffer[i] == 0xc2)
				assert_true((unsigned char)buffer[i + 1] >= 0xa0);
		}
	}
}

static void double__prints_as_python_does(void **state)
{
	static const struct {
		double given;
		const char *expected;
	} pairs[] = {
		{ 0.0, "0.0" },
		{ -0.0, "-0.0" },
		{ 1.0, "1.0" },
		{ 1.5, "1.5" },
		{ 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 100.0, "100.0" },
		{ 1e15, "1000000000000000.0" },
		{ 123456789012345680.0, "1.2345678901234568e+17" },
		{ 9007199254740993.0, "9007199254740992.0" },
		{ 1e16, "1e+16" },
		{ 1e22, "1e+22" },
		{ 0.0001, "0.0001" },
		{ 0.00001, "1e-05" },
		{ 3.141592653589793, "3.141592653589793" },
		{ -2.5e-7, "-2.5e-07" },
		{ 5e-324, "5e-324" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ INFINITY, "inf" },
		{ -INFINITY, "-inf" },
		{ NAN, "nan" },
	};
	char buffer[TEXT_DOUBLE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_string_equal(text_double(buffer, pairs[i].given), pairs[i].expected);
	assert_string_equal(text_float(buffer, 0.1f), "0.1");
	assert_string_equal(text_float(buffer, 16777216.0f), "16777216.0");
}

static void double__reads_back_as_the_same(void **state)
{
	char buffer[TEXT_DOUBLE_SIZE];
	uint64_t bits;
	double number;
	int i;

	(void)state;
	srand48(5);
	for (i = 0; i < 20000; i++) {
		bits = (uint64_t)mrand48() << 32 ^ (uint32_t)mrand48();
		memcpy(&number, &bits, sizeof(number));
		if (isnan(number))
			continue;
		assert_true(strtod(text_double(buffer, number), NULL) == number);
	}
}

static void duration__has_four_digits_and_a_unit(void **state)
{
	static const struct {
		uint64_t given;
		const char *expected;
	} pairs[] = {
		{ 0, "0 ns" },
		{ 12, "12 ns" },
		{ 999, "999 ns" },
		{ 1000, "1.000 us" },
		{ 830200, "830.2 us" },
		{ 999949, "999.9 us" },
		{ 999950, "1.000 ms" },
		{ 9999600, "10.00 ms" },
		{ 15310000, "15.31 ms" },
		{ 999960000, "1.000 s" },
		{ 2003200000, "2.003 s" },
		{ 99996000000, "100.0 s" },
		{ 3600000000000, "3600 s" },
		{ UINT64_MAX, "18446744074 s" },
	};
	char buffer[TEXT_DURATION_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_string_equal(text_duration(buffer, pairs[i].given), pairs[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repr__quotes_as_python_does),
		cmocka_unit_test(safe__escapes_what_is_more_than_seen),
		cmocka_unit_test(safe__cuts_what_has_no_room),
		cmocka_unit_test(safe__has_room_for_the_worst),
		cmocka_unit_test(safe__never_passes_a_control_byte),
		cmocka_unit_test(double__prints_as_python_does),
		cmocka_unit_test(double__reads_back_as_the_same),
		cmocka_unit_test(duration__has_four_digits_and_a_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
