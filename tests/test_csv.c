/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of CSV, read back as RFC 4180 says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <tracer/formats/csv.h>

#include <cmocka.h>

/* What is written of that text. The caller frees it. */
static char *write_text(const char *text, bool raw)
{
	char *written;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	assert_non_null(out);
	csv_text(out, text, raw);
	fclose(out);
	assert_int_equal(strlen(written), size);
	return written;
}

static void assert_writes(const char *text, bool raw, const char *expected)
{
	char *written = write_text(text, raw);

	assert_string_equal(written, expected);
	free(written);
}

/* What a reader makes of one field, in place. */
static char *read_field(char *field)
{
	char *from = field, *to = field;

	if (*from != '"') {
		assert_null(strpbrk(field, "\",\r\n"));
		return field;
	}
	for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
		from += *from == '"';
		*to++ = *from;
	}
	assert_string_equal(from, "\"");
	*to = 0;
	return field;
}

static void assert_reads(const char *text)
{
	char *written = write_text(text, true);

	assert_string_equal(read_field(written), text);
	free(written);
}

static void text__is_quoted_where_it_must(void **state)
{
	(void)state;
	assert_writes(NULL, false, "");
	assert_writes("", false, "");
	assert_writes("fetch", false, "fetch");
	assert_writes("it's", false, "it's");
	assert_writes(" a b ", false, " a b ");
	assert_writes("a,b", false, "\"a,b\"");
	assert_writes("\"", false, "\"\"\"\"");
	assert_writes("say \"hi\", you", false, "\"say \"\"hi\"\", you\"");
}

static void text__comes_back_as_it_was(void **state)
{
	char *longest = malloc(10001);

	(void)state;
	assert_non_null(longest);
	memset(longest, 'z', 10000);
	longest[10000] = 0;
	assert_reads(longest);
	memset(longest, '"', 10000);
	assert_reads(longest);
	free(longest);
	assert_reads("a,b;c\\n|'x' \"y\",\"\"");
	assert_reads("Zo\xc3\xab, \xe2\x82\xac, \xf0\x9f\x90\x8d \"\xe6\x97\xa5\"");
}

static void text__harms_no_terminal(void **state)
{
	(void)state;
	assert_writes("a\nb\r\tc", false, "a\\nb\\r\\tc");
	assert_writes("\x1b[2J\x07\x7f", false, "\\x1b[2J\\x07\\x7f");
	assert_writes("\xff\xc3(\xed\xa0\x80", false, "\\xff\\xc3(\\xed\\xa0\\x80");
	assert_writes("\xc2\x9b\xe2\x80\xae,", false, "\"\\u009b\\u202e,\"");
	assert_writes("\xe2\x82", false, "\\xe2\\x82");
}

static void text__runs_in_no_spreadsheet(void **state)
{
	static const char *const formulas[] = { "=cmd|' /C calc'!A0",
						"+1",
						"-1",
						"@SUM(A1)",
						"\xef\xbc\x9d"
						"1",
						"\xef\xbc\xa0x" };
	char expected[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(formulas) / sizeof(*formulas); i++) {
		snprintf(expected, sizeof(expected), "'%s", formulas[i]);
		assert_writes(formulas[i], false, expected);
		assert_writes(formulas[i], true, formulas[i]);
	}
	assert_writes("=1,2", false, "\"'=1,2\"");
	assert_writes("\t=1", false, "\\t=1");
	assert_writes("\r=1", false, "\\r=1");
	assert_writes("a=1", false, "a=1");
	assert_writes("\xef\xbc\x9a", false, "\xef\xbc\x9a");
	assert_writes("\xef\xbc", false, "\\xef\\xbc");
}

static void number__is_written_whole(void **state)
{
	char *written;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	(void)state;
	assert_non_null(out);
	csv_number(out, 0);
	fputc(',', out);
	csv_number(out, 1234567890);
	fputc(',', out);
	csv_number(out, UINT64_MAX);
	fputs(CSV_END, out);
	fclose(out);
	assert_string_equal(written, "0,1234567890,18446744073709551615\r\n");
	free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text__is_quoted_where_it_must),
		cmocka_unit_test(text__comes_back_as_it_was),
		cmocka_unit_test(text__harms_no_terminal),
		cmocka_unit_test(text__runs_in_no_spreadsheet),
		cmocka_unit_test(number__is_written_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
