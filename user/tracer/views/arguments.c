/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments as Python writes them. Their types are the function's; integers were kept as their
 * bytes.
 */
#include "arguments.h"
#include <base/text.h>
#include <inttypes.h>
#include <string.h>

static void print_string(FILE *out, const char *text, bool cut)
{
	char buffer[TEXT_SIZE(AT_TEXT_MAX)];

	fprintf(out, "%s%s", text_repr(buffer, sizeof(buffer), text), cut ? "..." : "");
}

static void print_char(FILE *out, char value)
{
	const char text[] = { value, 0 };

	if (value)
		print_string(out, text, false);
	else
		fputs("'\\x00'", out);
}

static void print_pointer(FILE *out, uint64_t value)
{
	if (value)
		fprintf(out, "0x%" PRIx64, value);
	else
		fputs("None", out);
}

static void print_float(FILE *out, uint64_t value)
{
	char buffer[TEXT_DOUBLE_SIZE];
	float number;

	memcpy(&number, &value, sizeof(number));
	fputs(text_float(buffer, number), out);
}

static void print_double(FILE *out, uint64_t value)
{
	char buffer[TEXT_DOUBLE_SIZE];
	double number;

	memcpy(&number, &value, sizeof(number));
	fputs(text_double(buffer, number), out);
}

static void print_signed(FILE *out, int64_t value)
{
	fprintf(out, "%" PRId64, value);
}

static void print_unsigned(FILE *out, uint64_t value)
{
	fprintf(out, "%" PRIu64, value);
}

static void print_value(FILE *out, unsigned int type, uint64_t value)
{
	switch (type) {
	case AT_ARGUMENT_BOOL:
		fputs(value ? "True" : "False", out);
		break;
	case AT_ARGUMENT_CHAR:
		print_char(out, value);
		break;
	case AT_ARGUMENT_S8:
		print_signed(out, (int8_t)value);
		break;
	case AT_ARGUMENT_S16:
		print_signed(out, (int16_t)value);
		break;
	case AT_ARGUMENT_S32:
		print_signed(out, (int32_t)value);
		break;
	case AT_ARGUMENT_S64:
		print_signed(out, value);
		break;
	case AT_ARGUMENT_U8:
	case AT_ARGUMENT_U16:
	case AT_ARGUMENT_U32:
	case AT_ARGUMENT_U64:
		print_unsigned(out, value);
		break;
	case AT_ARGUMENT_FLOAT:
		print_float(out, value);
		break;
	case AT_ARGUMENT_DOUBLE:
		print_double(out, value);
		break;
	case AT_ARGUMENT_POINTER:
		print_pointer(out, value);
		break;
	default:
		fputc('?', out);
	}
}

void arguments_print(FILE *out, const struct model_coroutine *coroutine)
{
	uint64_t types = coroutine->function->types;
	unsigned int i, type;

	if (!coroutine->arguments) {
		fputs("(...)", out);
		return;
	}
	fputc('(', out);
	for (i = 0; i < AT_ARGUMENTS_MAX && (type = types >> 8 * i & 0xff); i++) {
		fputs(i ? ", " : "", out);
		if (type == AT_ARGUMENT_STRING)
			print_string(out, coroutine->texts[i], coroutine->cut[i]);
		else
			print_value(out, type, coroutine->arguments[i]);
	}
	fputs(i == 1 ? ",)" : ")", out);
}
