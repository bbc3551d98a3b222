/* SPDX-License-Identifier: BSD-2-Clause */
/* The timeline's rows: to the letter where that can be read, else what must be true of all. */
#include "printed.h"
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <tracer/filter.h>
#include <tracer/views/view.h>

#include <cmocka.h>

#define MAIN  0x401000
#define FETCH 0x402000
#define TICK  0x403000
#define PLACE 0x404000

#define HEAD                                                                                       \
	"span_id,kind,task_id,parent_id,name,thread,start_ns,end_ns,duration_ns,status,"           \
	"await_kind,await_target,woken_by,cancelled_by,result,where\r\n"

static const struct view_options csv = { .format = VIEW_CSV };

/* What the view prints of a part of the stream, which it consumes. The caller frees it. */
static char *print_filtered(struct stream *stream, const struct filter_options *wanted)
{
	struct filter *filter;
	struct model *model;
	struct run run;

	run_begin(&run, &view_timeline, csv);
	filter = filter_new(wanted, &view_timeline.listener, run.state);
	assert_non_null(filter);
	model = model_new(filter_listener(filter), filter);
	assert_non_null(model);
	feed(model, stream);
	stream_free(stream);
	assert_int_equal(run_end(&run, model), 0);
	filter_free(filter);
	return run.printed;
}

/* Times in the text of the tests are from here on. */
static struct stream started(void)
{
	struct stream s = { .now_ns = 1000 };

	loop_start(&s);
	function(&s, MAIN, "main", "demo.c", 20, 0);
	function(&s, FETCH, "fetch", "demo.c", 7, 0);
	function(&s, TICK, "tick", NULL, 0, 0);
	return s;
}

static void enter(struct stream *s, uint64_t now_ns, uint64_t enters, uint64_t leaves,
		  unsigned int flags, uint64_t awaits, uint64_t ready_ns)
{
	s->now_ns = now_ns;
	push(s, AT_SWITCH, flags, enters, leaves, awaits, ready_ns);
}

/* Main creates a task that waits for a descriptor, awaits it, and is woken by its end. */
static void rows__of_each_kind(void **state)
{
	struct stream s = started();

	(void)state;
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	enter(&s, 1100, TASK(1), LOOP(1), AT_ITERATION, 0, 1000);
	begin(&s, 1, MAIN);
	s.now_ns = 1150;
	push(&s, AT_TASK_CREATE, 0, TASK(2), FETCH, TASK(1), PLACE);
	text(&s, "second, \"so\"");
	push(&s, AT_TASK_NAME, 0, TASK(2), 0, 0, 0);
	enter(&s, 1200, TASK(2), TASK(1), 0, TASK(2), 1150);
	begin(&s, 2, FETCH);
	begin(&s, 3, FETCH);
	enter(&s, 1300, CALLBACK(TICK), TASK(2), 0, AT_ID(AT_READ, 5), 0);
	enter(&s, 1350, LOOP(1), CALLBACK(TICK), 0, 0, 0);
	enter(&s, 1500, TASK(2), LOOP(1), AT_ITERATION, 0, 1450);
	end(&s, 3);
	text(&s, "no more");
	push(&s, AT_COROUTINE_END, AT_FAILED, COROUTINE(2), -EPIPE, 0, 0);
	s.now_ns = 1600;
	push(&s, AT_TASK_DONE, AT_FAILED, TASK(2), -EPIPE, 0, 0);
	enter(&s, 1600, TASK(1), TASK(2), AT_ENDED, 0, 1590);
	push(&s, AT_COROUTINE_END, 0, COROUTINE(1), -3, 0, 0);
	s.now_ns = 1700;
	push(&s, AT_TASK_DONE, 0, TASK(1), 7, 0, 0);
	enter(&s, 1700, LOOP(1), TASK(1), AT_ENDED, 0, 0);
	push(&s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, 4), TICK, 100, 1650);
	s.now_ns = 1750;
	push(&s, AT_JOB_END, 0, AT_ID(AT_JOB, 4), -ENOENT, 0, 0);
	detach(&s, 0, 0, 0);
	assert_view_prints(
		&view_timeline, &s, csv, 0,
		HEAD
		"2,ready,1,1,Task-1,100,1000,1100,100,ok,,,,,,demo.c:20\r\n"
		"5,step,1,1,Task-1,100,1100,1200,100,ok,,,,,,demo.c:20\r\n"
		"6,ready,2,4,\"second, \"\"so\"\"\",100,1150,1200,50,ok,,,Task-1,,,demo.c:7\r\n"
		"9,step,2,4,\"second, \"\"so\"\"\",100,1200,1300,100,ok,,,,,,demo.c:7\r\n"
		"10,callback,,,tick,100,1300,1350,50,ok,,,,,,\r\n"
		"11,await,2,4,\"second, \"\"so\"\"\",100,1300,1450,150,ok,"
		"read,fd 5,loop 1,,,demo.c:7\r\n"
		"12,ready,2,4,\"second, \"\"so\"\"\",100,1450,1500,50,ok,,,loop 1,,,demo.c:7\r\n"
		"8,coroutine,2,7,fetch,100,1200,1500,300,ok,,,,,0,demo.c:7\r\n"
		"7,coroutine,2,4,fetch,100,1200,1500,300,failed,,,,,EPIPE: no more,demo.c:7\r\n"
		"13,step,2,4,\"second, \"\"so\"\"\",100,1500,1600,100,ok,,,,,,demo.c:7\r\n"
		"4,task,2,3,\"second, \"\"so\"\"\",100,1150,1600,450,failed,,,,,EPIPE,demo.c:7\r\n"
		"14,await,1,1,Task-1,100,1200,1590,390,ok,task,Task-2,Task-2,,,demo.c:20\r\n"
		"15,ready,1,1,Task-1,100,1590,1600,10,ok,,,Task-2,,,demo.c:20\r\n"
		"3,coroutine,1,1,main,100,1100,1600,500,ok,,,,,-3,demo.c:20\r\n"
		"16,step,1,1,Task-1,100,1600,1700,100,ok,,,,,,demo.c:20\r\n"
		"1,task,1,,Task-1,100,1000,1700,700,ok,,,,,7,demo.c:20\r\n"
		"17,job,,,tick,100,1700,1750,50,failed,job,job 4,,,ENOENT,\r\n"
		"18,trace,,,,,1000,1750,750,ok,,,,,,\r\n");
}

/* One cancels another, which then fails in the middle of what it awaits. */
static void rows__tell_who_cancelled(void **state)
{
	struct stream s = started();

	(void)state;
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(2), FETCH, 0, 0);
	enter(&s, 1100, TASK(1), LOOP(1), AT_ITERATION, 0, 1000);
	s.now_ns = 1110;
	push(&s, AT_TASK_CANCEL, 0, TASK(2), TASK(1), PLACE, 0);
	enter(&s, 1200, TASK(2), TASK(1), AT_DELIVERS, AT_ID(AT_LOCK, 3), 1000);
	begin(&s, 1, FETCH);
	push(&s, AT_COROUTINE_END, AT_CANCELLED, COROUTINE(1), -ECANCELED, 0, 0);
	push(&s, AT_TASK_DONE, AT_CANCELLED, TASK(2), -ECANCELED, 0, 0);
	detach(&s, 0, 0, 0);
	assert_view_prints(&view_timeline, &s, csv, 0,
			   HEAD
			   "3,ready,1,1,Task-1,100,1000,1100,100,ok,,,,,,demo.c:20\r\n"
			   "4,step,1,1,Task-1,100,1100,1200,100,ok,,,,,,demo.c:20\r\n"
			   "5,ready,2,2,Task-2,100,1000,1200,200,ok,,,,,,demo.c:7\r\n"
			   "6,coroutine,2,2,fetch,100,1200,1200,0,cancelled,,,,Task-1,,demo.c:7\r\n"
			   "7,step,2,2,Task-2,100,1200,1200,0,ok,,,,,,demo.c:7\r\n"
			   "2,task,2,,Task-2,100,1000,1200,200,cancelled,,,,Task-1,,demo.c:7\r\n"
			   "1,task,1,,Task-1,100,1000,,,open,,,,,,demo.c:20\r\n"
			   "8,trace,,,,,1000,1200,200,ok,,,,,,\r\n");
}

/* What has begun before the trace and what has not ended in it; and records in between are lost. */
static void rows__tell_what_is_not_known(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	push(&s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	function(&s, MAIN, "main", "demo.c", 20, 0);
	push(&s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	push(&s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(1), MAIN, 0, 0);
	push(&s, AT_SWITCH, AT_EXISTING, 0, TASK(1), AT_ID(AT_TIMER, 9), 0);
	push(&s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	enter(&s, 1200, TASK(1), LOOP(1), AT_ITERATION, 0, 1100);
	s.now_ns = 1300;
	end(&s, 9);
	end(&s, 9);
	lose(&s, 2);
	enter(&s, 1400, LOOP(1), TASK(1), 0, AT_ID(AT_EVENT, 2), 0);
	begin(&s, 5, MAIN);
	s.now_ns = 1500;
	push(&s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, 4), MAIN, 100, 0);
	s.now_ns = 1600;
	end(&s, 9);
	assert_view_prints(
		&view_timeline, &s, csv, 0,
		HEAD
		"3,await,1,1,Task-1,100,1000,1100,100,existing ok,sleep,,loop 1,,,demo.c:20\r\n"
		"4,ready,1,1,Task-1,100,1100,1200,100,ok,,,loop 1,,,demo.c:20\r\n"
		"5,lost,,,,100,1200,1400,200,ok,,,,,2,\r\n"
		"6,step,1,1,Task-1,100,1200,1400,200,torn ok,,,,,,demo.c:20\r\n"
		"8,job,,,main,100,1500,,,open,job,job 4,,,,demo.c:20\r\n"
		"9,await,1,1,Task-1,100,1400,,,open,event,event 2,,,,demo.c:20\r\n"
		"7,coroutine,,,main,100,1400,,,open,,,,,,demo.c:20\r\n"
		"2,coroutine,1,1,main,100,1000,,,existing open,,,,,,demo.c:20\r\n"
		"1,task,1,,Task-1,100,1000,,,existing open,,,,,,demo.c:20\r\n"
		"10,trace,,,,,1000,1600,600,open,,,,,,\r\n");
}

/* The record of its creation comes after that of its first step, from another thread. */
static void rows__of_a_task_met_before_its_creation_add_up(void **state)
{
	struct stream s = started();

	(void)state;
	s.thread = 1;
	push(&s, AT_LOOP_START, 0, LOOP(2), 0, 0, 0);
	enter(&s, 1200, TASK(1), LOOP(2), 0, 0, 0);
	s.thread = 0;
	s.now_ns = 1100;
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	s.thread = 1;
	s.now_ns = 1300;
	push(&s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	detach(&s, 0, 0, 0);
	assert_view_prints(&view_timeline, &s, csv, 0,
			   HEAD "2,ready,1,1,Task-1,101,1100,1200,100,ok,,,,,,demo.c:20\r\n"
				"3,step,1,1,Task-1,101,1200,1300,100,ok,,,,,,demo.c:20\r\n"
				"1,task,1,,Task-1,101,1100,1300,200,ok,,,,,0,demo.c:20\r\n"
				"4,trace,,,,,1000,1300,300,ok,,,,,,\r\n");
}

static void rows__keep_hostile_names_in_their_fields(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	loop_start(&s);
	function(&s, MAIN, "=cmd|' /C calc'!A0", "a,\"b\"\n.c", 1, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	text(&s, "\xe2\x80\xae\xff\x1b[2J");
	push(&s, AT_TASK_NAME, 0, TASK(1), 0, 0, 0);
	enter(&s, 1000, TASK(1), LOOP(1), 0, 0, 0);
	begin(&s, 1, MAIN);
	text(&s, "\"=1+1\"");
	push(&s, AT_COROUTINE_END, AT_FAILED, COROUTINE(1), -EINVAL, 0, 0);
	detach(&s, 0, 0, 0);
	assert_view_prints(&view_timeline, &s, csv, 0,
			   HEAD "2,coroutine,1,1,'=cmd|' /C calc'!A0,100,1000,1000,0,failed,,,,,"
				"\"EINVAL: \"\"=1+1\"\"\",\"a,\"\"b\"\"\\n.c:1\"\r\n"
				"1,task,1,,\\u202e\\xff\\x1b[2J,100,1000,,,open,,,,,,"
				"\"a,\"\"b\"\"\\n.c:1\"\r\n"
				"3,trace,,,,,1000,1000,0,ok,,,,,,\r\n");
}

/* Nothing came after what was dropped. */
static void rows__end_with_what_left_no_hole(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	loop_start(&s);
	detach(&s, 5, 0, 0);
	assert_view_prints(&view_timeline, &s, csv, 0,
			   HEAD "1,lost,,,,,1000,1000,0,ok,,,,,5,\r\n"
				"2,trace,,,,,1000,1000,0,ok,,,,,,\r\n");
}

static void rows__are_raw_if_asked_for(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	loop_start(&s);
	function(&s, MAIN, "=main", "@demo.c", 1, 0);
	begin(&s, 1, MAIN);
	end(&s, 1);
	detach(&s, 0, 0, 0);
	assert_view_prints(&view_timeline, &s,
			   (struct view_options){ .format = VIEW_CSV, .raw = true }, 0,
			   HEAD "1,coroutine,,,=main,100,1000,1000,0,ok,,,,,0,@demo.c:1\r\n"
				"2,trace,,,,,1000,1000,0,ok,,,,,,\r\n");
}

static void rows__of_nothing_are_a_head(void **state)
{
	struct stream s = { 0 };

	(void)state;
	assert_view_prints(&view_timeline, &s, csv, 0, HEAD);
}

enum { FIELDS = 16, RECORDS = 3000 };

enum field { SPAN, KIND, TASK_ID, PARENT, NAME, THREAD, START, END, DURATION };

/* What the rows say of the span with that number. */
struct told {
	bool exists, is_task, ended;
	uint64_t duration_ns, parts_ns;
	uint64_t parent;
};

/* Cuts a row without quotes into its fields, in place; what follows it, or null. */
static char *split(char *line, char *fields[FIELDS])
{
	char *end = strstr(line, "\r\n");
	size_t i;

	if (!end)
		return NULL;
	*end = 0;
	for (i = 0; i < FIELDS; i++)
		fields[i] = strsep(&line, ",");
	assert_non_null(fields[FIELDS - 1]);
	assert_null(line);
	return end + 2;
}

static void note_row(struct told *told, char *fields[FIELDS])
{
	static const char *const parts[] = { "step", "ready", "await" };
	uint64_t span = strtoull(fields[SPAN], NULL, 10), i;
	uint64_t parent = strtoull(fields[PARENT], NULL, 10);
	uint64_t duration_ns = strtoull(fields[DURATION], NULL, 10);

	assert_true(span && span < 2 * RECORDS && parent < 2 * RECORDS);
	assert_false(told[span].exists);
	told[span].exists = true;
	told[span].parent = parent;
	told[span].is_task = !strcmp(fields[KIND], "task");
	told[span].ended = *fields[END];
	told[span].duration_ns = duration_ns;
	if (*fields[END])
		assert_true(strtoull(fields[START], NULL, 10) + duration_ns ==
			    strtoull(fields[END], NULL, 10));
	for (i = 0; i < 3; i++) {
		if (!strcmp(fields[KIND], parts[i]))
			told[parent].parts_ns += duration_ns;
	}
}

static uint64_t random_id(void)
{
	return AT_ID(lrand48() % 5, 1 + lrand48() % 3);
}

static void push_random(struct stream *s)
{
	struct at_event *event;

	s->now_ns += lrand48() % 100;
	s->thread = lrand48() % 2;
	event = push(s, 1 + lrand48() % 17, 0, random_id(), random_id(), random_id(),
		     s->now_ns - lrand48() % 100);
	if (lrand48() % 4)
		event->kind = lrand48() % 2 ? AT_SWITCH : AT_COROUTINE_BEGIN + lrand48() % 3;
	if (lrand48() % 4 == 0)
		event->flags = 1 << lrand48() % 16;
	if (lrand48() % 50 == 0)
		lose(s, 1);
}

/* What the rows of random records tell; how many tasks have ended whose parts add up to them. */
static unsigned int check_random(long seed, const struct filter_options *wanted)
{
	struct told *told = calloc(2 * RECORDS, sizeof(*told));
	struct stream s = { .now_ns = 1000 };
	char *printed, *line, *fields[FIELDS];
	unsigned int i, sums = 0;

	assert_non_null(told);
	srand48(seed);
	loop_start(&s);
	for (i = 0; i < RECORDS; i++)
		push_random(&s);
	printed = print_filtered(&s, wanted);
	line = strstr(printed, "\r\n") + 2;
	while ((line = split(line, fields)))
		note_row(told, fields);
	for (i = 1; i < 2 * RECORDS; i++) {
		assert_true(!told[i].parent || told[told[i].parent].exists);
		sums += told[i].is_task && told[i].ended && told[i].parts_ns == told[i].duration_ns;
		if (!wanted->min_duration_ns && told[i].is_task && told[i].ended)
			assert_int_equal(told[i].parts_ns, told[i].duration_ns);
	}
	free(printed);
	free(told);
	return sums;
}

static void rows__have_parents_and_add_up_whatever_the_records(void **state)
{
	unsigned int sums = 0;
	long seed;

	(void)state;
	for (seed = 1; seed <= 10; seed++)
		sums += check_random(seed, &(struct filter_options){ 0 });
	assert_true(sums > 100);
}

/* Then begins are not told, and ends only of some. */
static void rows__have_parents_behind_a_filter(void **state)
{
	long seed;

	(void)state;
	for (seed = 1; seed <= 10; seed++)
		check_random(seed, &(struct filter_options){ .min_duration_ns = 200 });
}

static void events__are_the_records(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	push(&s, AT_LOOP_START, 0, LOOP(1), 0, 0, 0);
	text(&s, "a,b");
	push(&s, AT_FUNCTION, 0, MAIN, 20, 0x7, 0);
	push(&s, AT_TASK_CREATE, AT_EXISTING, TASK(7), MAIN, CALLBACK(TICK), PLACE);
	push(&s, AT_SWITCH, AT_YIELDED | AT_ITERATION, TASK(7), LOOP(1), 0, 990);
	push(&s, AT_SWITCH, 0, LOOP(1), TASK(7), AT_ID(AT_READ, 5), 0);
	push(&s, AT_TASK_DONE, AT_FAILED | 0x20, TASK(7), -EINVAL, 0, 0);
	push(&s, AT_WARNING, AT_NEVER_RETRIEVED, TASK(7), 0, PLACE, 0);
	push(&s, AT_STATE, AT_END, LOOP(1), 1, 2, 0);
	push(&s, 99, 0x3, 1, 2, 3, UINT64_MAX);
	push(&s, AT_DEPENDS, AT_HOLDER, AT_ID(AT_LOCK, 1), AT_ID(60, 1), 0, 0);
	text(&s, NULL);
	assert_view_prints(&view_timeline, &s,
			   (struct view_options){ .format = VIEW_CSV, .events = true }, 0,
			   "time_ns,process,thread,sequence,kind,flags,subject,a,b,c\r\n"
			   "1000,42,100,1,loop_start,,loop:1,0,0,0\r\n"
			   "1000,42,100,2,text,,\"a,b\",,,\r\n"
			   "1000,42,100,3,function,,0x401000,20,0x7,0\r\n"
			   "1000,42,100,4,task_create,existing,task:7,0x401000,callback:0x403000,"
			   "0x404000\r\n"
			   "1000,42,100,5,switch,yielded iteration,task:7,loop:1,,990\r\n"
			   "1000,42,100,6,switch,,loop:1,task:7,read:5,0\r\n"
			   "1000,42,100,7,task_done,failed 0x20,task:7,-22,0,0\r\n"
			   "1000,42,100,8,warning,never_retrieved,task:7,0x0,0x404000,0\r\n"
			   "1000,42,100,9,state,end,loop:1,1,2,0\r\n"
			   "1000,42,100,10,99,0x3,1,2,3,18446744073709551615\r\n"
			   "1000,42,100,11,depends,holder,lock:1,0x3c00000000000001,0,0\r\n"
			   "1000,42,100,12,text,absent,,,,\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows__of_each_kind),
		cmocka_unit_test(rows__tell_who_cancelled),
		cmocka_unit_test(rows__tell_what_is_not_known),
		cmocka_unit_test(rows__of_a_task_met_before_its_creation_add_up),
		cmocka_unit_test(rows__keep_hostile_names_in_their_fields),
		cmocka_unit_test(rows__end_with_what_left_no_hole),
		cmocka_unit_test(rows__are_raw_if_asked_for),
		cmocka_unit_test(rows__of_nothing_are_a_head),
		cmocka_unit_test(rows__have_parents_and_add_up_whatever_the_records),
		cmocka_unit_test(rows__have_parents_behind_a_filter),
		cmocka_unit_test(events__are_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
