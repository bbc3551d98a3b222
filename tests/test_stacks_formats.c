/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of stacks, and what its writers make of names that nobody should have. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracer/formats/folded.h>
#include <tracer/formats/json.h>
#include <tracer/formats/speedscope.h>
#include <tracer/formats/stacks.h>
#include <tracer/formats/svg.h>

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

enum { LONG = 10000 };

/* The last one is filled in. */
static char longest[LONG + 1];
static const char *const hostile[] = {
	"<script>alert(1)</script>",
	"]]>&amp;&\"'",
	"a;b\nc d",
	"\xff\xc0\x80",
	"\xe2\x80\xaegnp.exe",
	"\x1b[2J\x01\x7f",
	"\xef\xbf\xbe\xef\xbf\xbf",
	"",
	longest,
};

enum { HOSTILE = sizeof(hostile) / sizeof(*hostile) };

static const struct stacks_caption caption = {
	.title = "</title>\x1b\xff",
	.subtitle = "<b>",
	.note = "&",
	.split = true,
};

static struct stack *stack(struct stacks *stacks, struct stack *parent, unsigned int number)
{
	struct stacks_frame *frame = stacks_frame(stacks, NULL, number);

	assert_non_null(frame);
	return stacks_child(stacks, parent, frame);
}

/* Each name upon the one before, with its number of ns in each state. */
static struct stacks *hostile_stacks(void)
{
	struct stacks *stacks = stacks_new();
	struct stack *last;
	unsigned int i;

	assert_non_null(stacks);
	memset(longest, 'z', LONG);
	last = stacks->root;
	for (i = 0; i < HOSTILE; i++) {
		last = stack(stacks, last, i);
		last->frame->name = strdup(hostile[i]);
		last->frame->file = hostile[HOSTILE - 1 - i];
		last->frame->awaited = i % 2;
		last->calls = i;
		last->self_ns[STACKS_RUNNING] = last->self_ns[STACKS_AWAITING] = i;
		last->self_ns[STACKS_READY] = 1;
	}
	stacks_finish(stacks, STACKS_ALL);
	return stacks;
}

static char *write_svg(const struct stacks *stacks, bool split)
{
	struct stacks_caption how = caption;
	char *written;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	how.split = split;
	svg_write(out, stacks, &how);
	fclose(out);
	assert_int_equal(strlen(written), size);
	return written;
}

/* What follows one tag, or the text before it; checks both. Counts in `depth` what is open. */
static const char *skip_markup(const char *text, int *depth)
{
	if (!strncmp(text, "<![CDATA[", 9)) {
		text = strstr(text, "]]>");
		assert_non_null(text);
		return text + 3;
	}
	if (*text == '&') {
		assert_true(text[1] == '#' && isdigit(text[2]));
		return text + 3;
	}
	if (*text != '<') {
		assert_true(*text == '\n' || *text == '\t' || (unsigned char)*text >= ' ');
		assert_true(strncmp(text, "]]>", 3));
		return text + 1;
	}
	*depth += text[1] == '/' ? -1 : 1;
	for (text++; *text != '>'; text++) {
		assert_true(*text && *text != '<' && *text != '&');
		if (*text == '"')
			text += 1 + strcspn(text + 1, "\"<&");
	}
	*depth -= text[-1] == '/';
	return text + 1;
}

static void svg__is_well_formed_whatever_the_names(void **state)
{
	struct stacks *stacks = hostile_stacks();
	char *written = write_svg(stacks, true);
	const char *text = written;
	int depth = 0;

	(void)state;
	while (*text) {
		text = skip_markup(text, &depth);
		assert_true(depth > 0 || !strcmp(text, "\n") || !*text);
	}
	assert_int_equal(depth, 0);
	assert_non_null(strstr(written, "&#60;script&#62;"));
	assert_null(strstr(written, "alert(1)</script>"));
	assert_null(strstr(written, "\xe2\x80\xae"));
	assert_null(strstr(written, "\xff"));
	assert_null(strstr(written, "\xef\xbf\xbe"));
	assert_true(strlen(written) < 40000);
	free(written);
	stacks_free(stacks);
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	while ((text = strstr(text, part))) {
		found++;
		text += strlen(part);
	}
	return found;
}

static void svg__draws_what_can_be_seen(void **state)
{
	struct stacks *stacks = stacks_new();
	struct stack *one = stack(stacks, stacks->root, 1);
	struct stack *other = stack(stacks, stacks->root, 2);
	char *written;

	(void)state;
	one->frame->name = strdup("one");
	one->self_ns[STACKS_RUNNING] = 12344000;
	one->self_ns[STACKS_AWAITING] = 37032000;
	other->self_ns[STACKS_READY] = 1000;
	stack(stacks, other, 3)->self_ns[STACKS_READY] = 1000;
	stack(stacks, other, 4);
	stacks_finish(stacks, STACKS_ALL);
	written = write_svg(stacks, true);
	assert_int_equal(count(written, "<svg class=\"frame"), 2);
	assert_non_null(strstr(written, "<rect width=\"75.00%\" height=\"19\" class=\"awaiting\"/>"
					"<rect x=\"75.00%\" width=\"25.00%\" height=\"19\" "
					"class=\"running\"/>"
					"<text x=\"4\" y=\"14\">one</text>"));
	assert_non_null(strstr(written, "\nrunning       12,344,000 ns\n"));
	assert_non_null(strstr(written, "2 stacks are too narrow to be drawn: 0.0041 %"));
	free(written);
	written = write_svg(stacks, false);
	assert_null(strstr(written, "class=\"running\""));
	assert_int_equal(count(written, "class=\"hue"), 2);
	free(written);
	stacks_free(stacks);
}

static void folded__names_hold_no_separators(void **state)
{
	struct stacks *stacks = hostile_stacks();
	char *written, *line, *rest;
	unsigned int i = 0;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	(void)state;
	folded_write(out, stacks);
	fclose(out);
	assert_non_null(strstr(written, ";a:b\\nc d;"));
	for (rest = written; (line = strsep(&rest, "\n")) && *line; i++) {
		/* The first one has no time but as ready; then there are three lines each. */
		unsigned int level = i ? (i - 1) / 3 + 1 : 0;
		bool ready = level ? (i - 1) % 3 == 1 : true;

		assert_int_equal(count(line, ";"), level + ready);
		assert_int_equal(strtoul(strrchr(line, ' '), NULL, 10), ready ? 1 : level);
	}
	assert_int_equal(i, 3 * HOSTILE - 2);
	free(written);
	stacks_free(stacks);
}

/* flamegraph.pl takes two numbers at the end of a line for weights, and the second one for ours. */
static void folded__has_one_number_a_line(void **state)
{
	static const struct {
		const char *name, *expected;
	} pairs[] = {
		{ "handler 5", "handler_5 7\n" },
		{ "two 3 4", "two 3_4 7\n" },
		{ " 1.5", "_1.5 7\n" },
		{ "version 2.", "version_2. 7\n" },
		{ "on 5 times", "on 5 times 7\n" },
		{ "12", "12 7\n" },
		{ "a .5", "a .5 7\n" },
		{ "at 1.2.3", "at 1.2.3 7\n" },
	};
	struct stacks *stacks;
	struct stack *one;
	char *written;
	size_t size, i;
	FILE *out;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		stacks = stacks_new();
		one = stack(stacks, stacks->root, 1);
		one->frame->name = strdup(pairs[i].name);
		one->self_ns[STACKS_RUNNING] = 7;
		stacks_finish(stacks, STACKS_ALL);
		out = open_memstream(&written, &size);
		folded_write(out, stacks);
		fclose(out);
		assert_string_equal(written, pairs[i].expected);
		free(written);
		stacks_free(stacks);
	}
}

static void speedscope__has_a_profile_for_each_weight(void **state)
{
	struct stacks *stacks = stacks_new();
	struct stack *one = stack(stacks, stacks->root, 1), *two;
	char *written;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	(void)state;
	one->frame->name = strdup("o\"ne");
	one->frame->file = "demo.c";
	one->frame->line = 7;
	one->self_ns[STACKS_RUNNING] = 5;
	one->self_ns[STACKS_READY] = 4;
	two = stack(stacks, one, 2);
	two->frame->name = strdup("[sleep]");
	two->self_ns[STACKS_AWAITING] = 9;
	stacks_finish(stacks, 1 << STACKS_READY);
	speedscope_write(out, stacks, &caption);
	fclose(out);
	assert_string_equal(
		written,
		"{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
		"\"exporter\":\"asynctrace@" ASYNCTRACE_VERSION "\",\n"
		"\"name\":\"</title>\\u001b\\ufffd\",\n"
		"\"activeProfileIndex\":2,\n"
		"\"shared\":{\"frames\":[\n"
		"{\"name\":\"o\\\"ne\",\"file\":\"demo.c\",\"line\":7},\n"
		"{\"name\":\"[sleep]\"},\n"
		"{\"name\":\"[ready]\"}\n"
		"]},\n"
		"\"profiles\":[\n"
		"{\"type\":\"sampled\",\"name\":\"wall\",\"unit\":\"nanoseconds\",\"startValue\":0,"
		"\"endValue\":18,\n\"samples\":[[0],[0,2],[0,1]],\n\"weights\":[5,4,9]},\n"
		"{\"type\":\"sampled\",\"name\":\"running\",\"unit\":\"nanoseconds\",\"startValue\":0,"
		"\"endValue\":5,\n\"samples\":[[0]],\n\"weights\":[5]},\n"
		"{\"type\":\"sampled\",\"name\":\"ready\",\"unit\":\"nanoseconds\",\"startValue\":0,"
		"\"endValue\":4,\n\"samples\":[[0,2]],\n\"weights\":[4]},\n"
		"{\"type\":\"sampled\",\"name\":\"awaiting\",\"unit\":\"nanoseconds\","
		"\"startValue\":0,\"endValue\":9,\n\"samples\":[[0,1]],\n\"weights\":[9]}\n"
		"]}\n");
	free(written);
	stacks_free(stacks);
}

static void stacks__are_sorted_by_weight_and_name(void **state)
{
	static const char *const names[] = { "c", "b", "a", "z" };
	struct stacks *stacks = stacks_new();
	const struct stack *next;
	struct stack *child;
	char order[8] = "";
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		child = stack(stacks, stacks->root, i);
		child->frame->name = strdup(names[i]);
		child->self_ns[STACKS_READY] = i == 3 ? 9 : 5;
		child->self_ns[STACKS_RUNNING] = 100 * i; /* does not weigh */
	}
	stacks_finish(stacks, 1 << STACKS_READY);
	for (next = stacks->root->children; next; next = next->next)
		strcat(order, stacks_name(next));
	assert_string_equal(order, "zabc");
	assert_int_equal(stacks->root->weight_ns, 24);
	assert_int_equal(stacks->root->total_ns[STACKS_RUNNING], 600);
	stacks_free(stacks);
}

static void stacks__repetitions_end(void **state)
{
	static const unsigned int frames[] = { 1, 2, 1, 3 };
	struct stacks *stacks = stacks_new();
	struct stack *last = stacks->root, *fourth = NULL;
	int i;

	(void)state;
	assert_ptr_equal(stack(stacks, stack(stacks, last, 9), 9), stack(stacks, last, 9));
	for (i = 0; i < 100000; i++) {
		last = stack(stacks, last, frames[i % 4]);
		if (i == 3)
			fourth = last;
	}
	assert_ptr_equal(last, fourth);
	assert_true(stacks->count < 12);
	stacks_free(stacks);
}

static void stacks__are_so_many_and_no_more(void **state)
{
	struct stacks *stacks = stacks_new();
	struct stack *last = NULL;
	unsigned int i;

	(void)state;
	for (i = 0; i < STACKS_MAX + 10; i++) {
		last = stack(stacks, stacks->root, i);
		last->self_ns[STACKS_RUNNING]++;
	}
	assert_int_equal(stacks->count, STACKS_MAX + 1);
	assert_string_equal(stacks_name(last), "[other stacks]");
	assert_int_equal(last->self_ns[STACKS_RUNNING], 11);
	assert_ptr_equal(stack(stacks, last, 1), last);
	stacks_finish(stacks, STACKS_ALL);
	assert_int_equal(stacks->root->weight_ns, STACKS_MAX + 10);
	stacks_free(stacks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__strings_are_valid_whatever_they_are),
		cmocka_unit_test(svg__is_well_formed_whatever_the_names),
		cmocka_unit_test(svg__draws_what_can_be_seen),
		cmocka_unit_test(folded__names_hold_no_separators),
		cmocka_unit_test(folded__has_one_number_a_line),
		cmocka_unit_test(speedscope__has_a_profile_for_each_weight),
		cmocka_unit_test(stacks__are_sorted_by_weight_and_name),
		cmocka_unit_test(stacks__repetitions_end),
		cmocka_unit_test(stacks__are_so_many_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
