/* SPDX-License-Identifier: BSD-2-Clause */
/* Chrome's trace events: to the letter, and JSON whatever the strings and wherever it ends. */
#include "printed.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <tracer/formats/chrome.h>
#include <tracer/views/view.h>

#include <cmocka.h>

#define MAIN  0x401000
#define FETCH 0x402000
#define PLACE 0x404000

static const struct view_options chrome_json = { .format = VIEW_CHROME };

/* One value of JSON in the form in which it is written here; what follows it. */
static const char *skip_value(const char *at);

static const char *skip_character(const char *at, char expected)
{
	assert_int_equal(*at, expected);
	return at + 1;
}

static const char *skip_string(const char *at)
{
	at = skip_character(at, '"');
	for (; *at != '"'; at++) {
		assert_true((unsigned char)*at >= ' ');
		if (*at == '\\')
			assert_non_null(strchr("\"\\u", *++at));
	}
	return at + 1;
}

static const char *skip_number(const char *at)
{
	size_t length = strspn(at, "0123456789");

	assert_true(length && (length == 1 || *at != '0'));
	at += length;
	if (*at != '.')
		return at;
	length = strspn(at + 1, "0123456789");
	assert_true(length);
	return at + 1 + length;
}

static const char *skip_members(const char *at, char open, char close)
{
	at = skip_character(at, open);
	while (*at == '\n')
		at++;
	while (*at != close) {
		if (open == '{')
			at = skip_character(skip_string(at), ':');
		at = skip_value(at);
		if (*at == ',')
			assert_true(*++at != close);
		else
			assert_true(*at == close || *at == '\n');
		while (*at == '\n')
			at++;
	}
	return skip_character(at, close);
}

static const char *skip_value(const char *at)
{
	if (*at == '{')
		return skip_members(at, '{', '}');
	if (*at == '[')
		return skip_members(at, '[', ']');
	return *at == '"' ? skip_string(at) : skip_number(at);
}

static void assert_json(const char *text)
{
	assert_string_equal(skip_value(text), "\n");
}

static void enter(struct stream *s, uint64_t now_ns, uint64_t enters, uint64_t leaves,
		  unsigned int flags, uint64_t awaits, uint64_t ready_ns)
{
	s->now_ns = now_ns;
	push(s, AT_SWITCH, flags, enters, leaves, awaits, ready_ns);
}

/* A task creates another and cancels it before it has run. */
static struct stream cancelled(const char *name)
{
	struct stream s = { .now_ns = 1000 };

	loop_start(&s);
	function(&s, MAIN, name, "demo.c", 20, 0);
	function(&s, FETCH, "fetch", "demo.c", 7, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	enter(&s, 1100, TASK(1), LOOP(1), AT_ITERATION, 0, 1000);
	begin(&s, 1, MAIN);
	s.now_ns = 1150;
	push(&s, AT_TASK_CREATE, 0, TASK(2), FETCH, TASK(1), 0);
	text(&s, name);
	push(&s, AT_TASK_NAME, 0, TASK(2), 0, 0, 0);
	push(&s, AT_TASK_CANCEL, 0, TASK(2), TASK(1), PLACE, 0);
	enter(&s, 1200, TASK(2), TASK(1), AT_DELIVERS, AT_ID(AT_TIMER, 1), 1150);
	begin(&s, 2, FETCH);
	push(&s, AT_COROUTINE_END, AT_CANCELLED, COROUTINE(2), -ECANCELED, 0, 0);
	push(&s, AT_TASK_DONE, AT_CANCELLED, TASK(2), -ECANCELED, 0, 0);
	enter(&s, 1300, LOOP(1), TASK(2), AT_ENDED, 0, 0);
	text(&s, name);
	push(&s, AT_WARNING, AT_NEVER_AWAITED, COROUTINE(3), MAIN, PLACE, 0);
	return s;
}

#define ON_42	  "'pid':42,'tid':42,'ts':"
#define ON_THREAD "'pid':42,'tid':100,'ts':"
#define OF_ONE	  ",'id':'42.2','cat':'track','name':"
#define OF_TWO	  ",'id':'42.4','cat':'track','name':"

/* Quotes are single ones in what is expected. */
static void assert_written(char *printed, const char *expected)
{
	char *quote;

	for (quote = printed; (quote = strchr(quote, '"'));)
		*quote = '\'';
	assert_string_equal(printed, expected);
}

static void timeline__is_chrome_s_events(void **state)
{
	struct stream s = cancelled("main");
	char *printed;

	(void)state;
	detach(&s, 0, 0, 0);
	printed = view_prints(&view_timeline, &s, chrome_json);
	assert_json(printed);
	assert_written(
		printed,
		"[\n"
		"{'ph':'M','pid':42,'tid':42,'name':'process_name'"
		",'args':{'name':'process 42'}},\n"
		"{'ph':'b'," ON_42 "1.000" OF_ONE "'Task-1 (main)'},\n"
		"{'ph':'b'," ON_42 "1.000" OF_ONE "'ready'},\n"
		"{'ph':'e'," ON_42 "1.100" OF_ONE "'ready'},\n"
		"{'ph':'b'," ON_42 "1.100" OF_ONE "'main','args':{'where':'demo.c:20'}},\n"
		"{'ph':'M','pid':42,'tid':100,'name':'thread_name'"
		",'args':{'name':'loop'}},\n"
		"{'ph':'i'," ON_THREAD "1.150,'cat':'cancel','name':'cancel main (fetch)','s':'t'"
		",'args':{'by':'Task-1 (main)','at':'0x404000'}},\n"
		"{'ph':'s'," ON_THREAD "1.150,'cat':'flow','name':'flow','id':1},\n"
		"{'ph':'X'," ON_THREAD "1.100,'dur':0.100,'cat':'step','name':'Task-1 (main)'},\n"
		"{'ph':'b'," ON_42 "1.150" OF_TWO
		"'main (fetch)','args':{'created by':'Task-1 (main)'}},\n"
		"{'ph':'b'," ON_42 "1.150" OF_TWO "'ready','args':{'woken by':'Task-1 (main)'}},\n"
		"{'ph':'e'," ON_42 "1.200" OF_TWO "'ready'},\n"
		"{'ph':'i'," ON_THREAD "1.150,'cat':'wake','name':'wake main (fetch)','s':'t'},\n"
		"{'ph':'s'," ON_THREAD "1.150,'cat':'flow','name':'flow','id':2},\n"
		"{'ph':'b'," ON_42 "1.200" OF_TWO "'fetch','args':{'where':'demo.c:7'}},\n"
		"{'ph':'e'," ON_42 "1.200" OF_TWO "'fetch','args':{'result':'cancelled'}},\n"
		"{'ph':'X'," ON_THREAD "1.200,'dur':0.000,'cat':'step','name':'main (fetch)'},\n"
		"{'ph':'f'," ON_THREAD "1.200,'cat':'flow','name':'flow','id':2,'bp':'e'},\n"
		"{'ph':'f'," ON_THREAD "1.200,'cat':'flow','name':'flow','id':1,'bp':'e'},\n"
		"{'ph':'e'," ON_42 "1.200" OF_TWO "'main (fetch)'"
		",'args':{'result':'cancelled','cancelled by':'Task-1 (main)'}},\n"
		"{'ph':'i'," ON_THREAD "1.300,'cat':'warning','name':'main','s':'t'"
		",'args':{'about':'coroutine 3','where':'demo.c:20','created at':'0x404000'}},\n"
		"{'ph':'b'," ON_42 "1.200" OF_ONE "'await sleep','args':{'end':'open'}},\n"
		"{'ph':'e'," ON_42 "1.300" OF_ONE "'await sleep'},\n"
		"{'ph':'e'," ON_42 "1.300" OF_ONE "'main','args':{'result':'open'}},\n"
		"{'ph':'e'," ON_42 "1.300" OF_ONE "'Task-1 (main)','args':{'result':'open'}}\n"
		"]\n");
	free(printed);
}

/* Names come back from a viewer as they were, but for bytes that are no text. */
static void timeline__is_json_whatever_the_names(void **state)
{
	static const char *const names[] = {
		"\"",
		"\\",
		"a\nb\x1b[2J\x7f",
		"\xff\xc3(",
		"\xe2\x80\xae</script>",
		"",
		"a,b:{}[]\xf0\x9f\x90\x8d",
	};
	struct stream s;
	char *printed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		s = cancelled(names[i]);
		printed = view_prints(&view_timeline, &s, chrome_json);
		assert_json(printed);
		free(printed);
	}
	s = cancelled("say \"hi\" \\o/");
	printed = view_prints(&view_timeline, &s, chrome_json);
	assert_non_null(strstr(printed, "\"name\":\"say \\\"hi\\\" \\\\o/\""));
	free(printed);
}

static void timeline__is_json_wherever_it_ends(void **state)
{
	struct stream all = cancelled("main");
	size_t whole = all.count, count;
	char *printed;

	(void)state;
	stream_free(&all);
	for (count = 0; count <= whole; count++) {
		struct stream s = cancelled("main");

		lose(&s, whole - count);
		s.sequences[0] += 2;
		enter(&s, 1700, LOOP(1), LOOP(1), 0, 0, 0);
		printed = view_prints(&view_timeline, &s, chrome_json);
		assert_json(printed);
		free(printed);
	}
}

static void timeline__of_nothing_is_empty(void **state)
{
	struct stream s = { 0 };
	char *printed = view_prints(&view_timeline, &s, chrome_json);

	(void)state;
	assert_string_equal(printed, "[\n\n]\n");
	free(printed);
}

/* Those that come late have one together. */
static void timeline__has_a_limit_of_tracks(void **state)
{
	enum { PROCESSES = 70000 };
	struct stream s = { .now_ns = 1000 };
	size_t tracks = 0, jobs = 0;
	char *printed, *rest, *line;
	bool others = false;
	uint32_t i;

	(void)state;
	for (i = 1; i <= PROCESSES; i++) {
		s.sequences[0] = 0;
		push(&s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, i), MAIN, 100, 0)->process = i;
		s.now_ns += 10;
		push(&s, AT_JOB_END, 0, AT_ID(AT_JOB, i), 0, 0, 0)->process = i;
	}
	stream_end(&s);
	printed = view_prints(&view_timeline, &s, chrome_json);
	for (rest = printed; (line = strsep(&rest, "\n"));) {
		tracks += !!strstr(line, "_name\",\"args\"");
		jobs += !!strstr(line, "\"cat\":\"job\"");
		others |= !!strstr(line, "\"other processes\"");
	}
	assert_in_range(tracks, 1 << 16, (1 << 16) + 2);
	assert_int_equal(jobs, PROCESSES);
	assert_true(others);
	free(printed);
}

/* Longer than any name that a record holds. */
static void writer__takes_long_strings(void **state)
{
	char *longest = malloc(10001), *printed;
	struct trace_event event = { .track = { .process = 1, .thread = 2 }, .category = "step" };
	struct trace trace = { 0 };
	size_t size, i;

	(void)state;
	assert_non_null(longest);
	memset(longest, '"', 10000);
	longest[10000] = 0;
	event.name = longest;
	for (i = 0; i < TRACE_DETAILS; i++)
		event.details[i] = (struct trace_detail){ longest, longest };
	trace.out = open_memstream(&printed, &size);
	assert_non_null(trace.out);
	chrome.open(&trace, 0, 0);
	chrome.slice(&trace, &event);
	chrome.close(&trace);
	fclose(trace.out);
	assert_true(size > 180000);
	assert_json(printed);
	free(longest);
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeline__is_chrome_s_events),
		cmocka_unit_test(timeline__is_json_whatever_the_names),
		cmocka_unit_test(timeline__is_json_wherever_it_ends),
		cmocka_unit_test(timeline__of_nothing_is_empty),
		cmocka_unit_test(timeline__has_a_limit_of_tracks),
		cmocka_unit_test(writer__takes_long_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
