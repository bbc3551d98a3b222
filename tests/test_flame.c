/* SPDX-License-Identifier: BSD-2-Clause */
/* On which stack time is counted; and that each ns is counted once, whatever the records say. */
#include "printed.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <tracer/views/view.h>

#include <cmocka.h>

#define MAIN   0x1000
#define FETCH  0x2000
#define SERVE  0x3000
#define ACCEPT 0x4000

/* The view behind a listener that sums up the times of all tasks itself. */
struct watched {
	void *state;
	struct model_times times;
};

static void on_open(void *view, const struct model *model)
{
	struct watched *watched = view;

	view_flame.listener.open(watched->state, model);
}

static void on_record(void *view, const struct at_event *event)
{
	struct watched *watched = view;

	view_flame.listener.record(watched->state, event);
}

static void on_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	struct watched *watched = view;

	view_flame.listener.task_begin(watched->state, now_ns, task);
}

static void on_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	struct watched *watched = view;

	watched->times.running += task->times.running;
	watched->times.ready += task->times.ready;
	watched->times.awaiting += task->times.awaiting;
	view_flame.listener.task_end(watched->state, now_ns, task);
}

static void on_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct watched *watched = view;

	view_flame.listener.begin(watched->state, now_ns, coroutine);
}

static void on_time(void *view, struct model_task *task, enum model_state state, uint64_t begin_ns,
		    uint64_t end_ns)
{
	struct watched *watched = view;

	view_flame.listener.time(watched->state, task, state, begin_ns, end_ns);
}

static const struct model_listener watcher = {
	.open = on_open,
	.record = on_record,
	.task_begin = on_task_begin,
	.task_end = on_task_end,
	.begin = on_begin,
	.time = on_time,
};

/* What the view writes of the stream, which stays. The caller frees it. */
static char *print(const struct stream *stream, struct view_options options,
		   struct model_times *times)
{
	struct watched watched = { 0 };
	struct model *model;
	struct run run;

	run_begin(&run, &view_flame, options);
	watched.state = run.state;
	model = model_new(&watcher, &watched);
	assert_non_null(model);
	assert_int_equal(model_feed(model, stream->events, stream->count), 0);
	assert_int_equal(run_end(&run, model), 0);
	if (times)
		*times = watched.times;
	return run.printed;
}

/* Consumes the stream. */
static void assert_folded(struct stream *stream, const char *expected)
{
	char *printed = print(stream, (struct view_options){ .format = VIEW_FOLDED }, NULL);

	assert_string_equal(printed, expected);
	free(printed);
	stream_free(stream);
}

static void names(struct stream *s)
{
	loop_start(s);
	function(s, MAIN, "main", "demo.c", 20, 0);
	function(s, FETCH, "fetch", "demo.c", 7, 0);
	function(s, SERVE, "serve", "demo.c", 30, 0);
	function(s, ACCEPT, "on_accept", "demo.c", 40, 0);
}

static void create(struct stream *s, unsigned int task, uint64_t address, uint64_t creator)
{
	push(s, AT_TASK_CREATE, 0, TASK(task), address, creator, 0);
}

/* The task leaves to await that, and so long later somebody enters, who was ready for a part. */
static void await(struct stream *s, uint64_t leaves, uint64_t awaits, uint64_t took_ns,
		  uint64_t enters, uint64_t ready_ns)
{
	push(s, AT_SWITCH, 0, LOOP(1), leaves, awaits, 0);
	s->now_ns += took_ns;
	push(s, AT_SWITCH, 0, enters, LOOP(1), 0, ready_ns ? s->now_ns - ready_ns : 0);
}

static void flame__stacks_are_who_created_and_who_awaits(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	names(&s);
	create(&s, 1, MAIN, 0);
	change(&s, TASK(1), LOOP(1), 0, 1000);
	begin(&s, 1, MAIN);
	s.now_ns += 5;
	begin(&s, 2, SERVE);
	create(&s, 2, FETCH, TASK(1));
	push(&s, AT_SWITCH, 0, TASK(2), TASK(1), TASK(2), 0);
	begin(&s, 3, FETCH);
	s.now_ns += 7;
	await(&s, TASK(2), AT_ID(AT_TIMER, 9), 100, TASK(2), 40);
	end(&s, 3);
	push(&s, AT_TASK_DONE, 0, TASK(2), 0, 0, 0);
	change(&s, TASK(1), TASK(2), AT_ENDED, s.now_ns);
	end(&s, 2);
	s.now_ns += 11;
	end(&s, 1);
	push(&s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	change(&s, LOOP(1), TASK(1), AT_ENDED, 0);
	assert_folded(&s, "main 16\n"
			  "main;serve;[task fetch] 107\n"
			  "main;serve;fetch 7\n"
			  "main;serve;fetch;[ready] 40\n"
			  "main;serve;fetch;[sleep] 60\n");
}

static void flame__callbacks_are_creators_too(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	names(&s);
	create(&s, 1, SERVE, CALLBACK(ACCEPT));
	create(&s, 2, SERVE, CALLBACK(0xbad));
	create(&s, 3, SERVE, TASK(77));
	create(&s, 4, SERVE, TASK(4));
	s.now_ns += 10;
	change(&s, LOOP(1), LOOP(1), 0, 0);
	assert_folded(&s, "serve;[ready] 30\non_accept;serve;[ready] 10\n");
}

static void flame__of_existing_tasks_the_creator_is_known_but_not_its_place(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	names(&s);
	push(&s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(&s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	push(&s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(1), MAIN, 0, 0);
	push(&s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(2), SERVE, 0, 0);
	push(&s, AT_SWITCH, AT_EXISTING, 0, TASK(1), AT_ID(AT_QUEUE, 1), 0);
	push(&s, AT_TASK_CREATE, AT_EXISTING, TASK(2), FETCH, TASK(1), 0);
	push(&s, AT_SWITCH, AT_EXISTING, 0, TASK(2), 0, 0);
	push(&s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	s.now_ns += 10;
	change(&s, LOOP(1), LOOP(1), 0, 0);
	assert_folded(&s, "main;fetch;[unknown] 10\nmain;serve;[queue] 10\n");
}

static size_t lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Each task creates the next and ends: of functions that take turns. */
static char *print_chain(unsigned int length, unsigned int functions)
{
	struct stream s = { .now_ns = 1000 };
	char *printed;
	unsigned int i;

	names(&s);
	create(&s, 1, 0x10000, 0);
	for (i = 1; i <= length; i++) {
		change(&s, TASK(i), i > 1 ? TASK(i - 1) : LOOP(1), i > 1 ? AT_ENDED : 0, 0);
		begin(&s, i, 0x10000 + (i - 1) % functions * 16);
		s.now_ns += 10;
		create(&s, i + 1, 0x10000 + i % functions * 16, TASK(i));
		end(&s, i);
		push(&s, AT_TASK_DONE, 0, TASK(i), 0, 0, 0);
	}
	printed = print(&s, (struct view_options){ .format = VIEW_FOLDED }, NULL);
	stream_free(&s);
	return printed;
}

static void flame__recursion_does_not_grow(void **state)
{
	char *printed = print_chain(500, 1);

	(void)state;
	assert_string_equal(printed, "0x10000 5000\n");
	free(printed);
	printed = print_chain(500, 3);
	assert_true(lines(printed) <= 6);
	assert_null(strstr(printed, "deeper"));
	free(printed);
}

static void flame__depth_is_limited(void **state)
{
	char *printed = print_chain(500, 500);

	(void)state;
	assert_int_equal(lines(printed), 129);
	assert_non_null(strstr(printed, ";[deeper] 3720\n"));
	free(printed);
}

static void flame__a_task_that_is_met_late_is_unknown(void **state)
{
	struct stream s = { .now_ns = 1000 };

	(void)state;
	names(&s);
	change(&s, TASK(5), LOOP(1), 0, 0);
	s.now_ns += 10;
	begin(&s, 1, FETCH);
	s.now_ns += 20;
	end(&s, 1);
	change(&s, LOOP(1), TASK(5), 0, 0);
	s.now_ns += 5;
	change(&s, LOOP(1), LOOP(1), 0, 0);
	assert_folded(&s, "fetch 20\n[unknown] 10\n[unknown];[unknown] 5\n");
}

static void flame__text_is_a_tree(void **state)
{
	struct stream s = { .now_ns = 1000 };
	char *printed;

	(void)state;
	names(&s);
	create(&s, 1, MAIN, 0);
	change(&s, TASK(1), LOOP(1), 0, 0);
	begin(&s, 1, MAIN);
	create(&s, 2, SERVE, TASK(1));
	s.now_ns += 250000;
	await(&s, TASK(1), AT_ID(AT_TIMER, 9), 500000, TASK(2), 0);
	begin(&s, 2, SERVE);
	s.sequences[0] += 3;
	await(&s, TASK(2), AT_ID(AT_LOCK, 1), 250000, TASK(1), 0);
	printed = print(&s, (struct view_options){ .width = 80, .source = "./demo" }, NULL);
	assert_string_equal(printed,
			    "./demo: 1.000 ms traced; 2 tasks, together 2.000 ms\n"
			    "# running 250.0 us 12.5 %   + ready 750.0 us 37.5 %   "
			    ". awaiting 1.000 ms 50.0 %\n"
			    "\n"
			    "     time      %    calls\n"
			    " 2.000 ms  100.0           ##++++++........  all tasks\n"
			    " 2.000 ms  100.0        1  ##++++++........  `-main  demo.c:20\n"
			    " 1.000 ms   50.0        1  ++++++..            |-serve  demo.c:30\n"
			    " 250.0 us   12.5        1  ..                  | `-[lock]\n"
			    " 750.0 us   37.5        1  ......              `-[sleep]\n"
			    "\n"
			    "cut off: what came after the last record is not known; "
			    "lost 3 records, 0 dropped\n");
	free(printed);
	printed = print(&s,
			(struct view_options){
				.width = 80, .weight = VIEW_RUNNING, .source = "\x1b[2J" },
			NULL);
	assert_non_null(strstr(printed, "\\x1b[2J: "));
	assert_non_null(strstr(printed, "\n  running      %    calls\n"
					" 250.0 us  100.0           ################  all tasks\n"
					" 250.0 us  100.0        1  ################  `-main"));
	assert_null(strstr(printed, "serve"));
	free(printed);
	stream_free(&s);
}

static void flame__of_nothing_is_short(void **state)
{
	static const enum view_format formats[] = { VIEW_TEXT, VIEW_SVG, VIEW_FOLDED,
						    VIEW_SPEEDSCOPE };
	const struct stream s = { 0 };
	char *printed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		printed = print(&s, (struct view_options){ .format = formats[i] }, NULL);
		assert_true(strlen(printed) < 5000);
		assert_null(strstr(printed, " nan"));
		assert_null(strstr(printed, "-nan"));
		free(printed);
	}
}

/* Records that a broken or hostile source could send. */
static void push_random(struct stream *s)
{
	static const unsigned int flags[] = { 0, AT_YIELDED, AT_ENDED, AT_EXISTING };
	uint64_t task = TASK(1 + lrand48() % 9), other = TASK(1 + lrand48() % 9);
	uint64_t address = MAIN + lrand48() % 6 * 16;

	s->thread = lrand48() % 3;
	s->now_ns += lrand48() % 40;
	if (lrand48() % 50 == 0)
		s->sequences[s->thread] += lrand48() % 3;
	switch (lrand48() % 12) {
	case 0:
	case 1:
		push(s, AT_TASK_CREATE, lrand48() % 8 ? 0 : AT_EXISTING, task, address,
		     lrand48() % 3 ? other : CALLBACK(MAIN), 0);
		break;
	case 2:
		push(s, AT_TASK_DONE, 0, task, 0, 0, 0);
		break;
	case 3:
	case 4:
	case 5:
		push(s, AT_COROUTINE_BEGIN, lrand48() % 20 ? 0 : AT_EXISTING,
		     COROUTINE(1 + lrand48() % 40), address, 0, 0);
		break;
	case 6:
		end(s, 1 + lrand48() % 40);
		break;
	case 7:
		push(s, AT_STATE, 0, LOOP(1 + s->thread), 0, 0, 0);
		break;
	default:
		push(s, AT_SWITCH, flags[lrand48() % 4], lrand48() % 3 ? task : LOOP(1 + s->thread),
		     other, AT_ID(lrand48() % 30, 1 + lrand48() % 9),
		     lrand48() % 2 ? s->now_ns - lrand48() % 60 : 0);
	}
}

static uint64_t sum_of(const struct stream *s, enum view_weight weight, struct model_times *times)
{
	char *printed =
		print(s, (struct view_options){ .format = VIEW_FOLDED, .weight = weight }, times);
	char *line, *rest = printed;
	uint64_t sum = 0;

	while ((line = strsep(&rest, "\n")) && *line)
		sum += strtoull(strrchr(line, ' '), NULL, 10);
	free(printed);
	return sum;
}

static void flame__each_ns_is_counted_once(void **state)
{
	struct model_times times;
	struct stream s;
	int seed, i;

	(void)state;
	for (seed = 0; seed < 150; seed++) {
		s = (struct stream){ .now_ns = 100000 };
		srand48(seed);
		for (s.thread = 0; s.thread < 3; s.thread++)
			push(&s, AT_LOOP_START, 0, LOOP(1 + s.thread), 0, 0, 0);
		for (i = 0; i < 600; i++)
			push_random(&s);
		assert_true(sum_of(&s, VIEW_RUNNING, &times) == times.running);
		assert_true(sum_of(&s, VIEW_READY, &times) == times.ready);
		assert_true(sum_of(&s, VIEW_AWAITING, &times) == times.awaiting);
		assert_true(sum_of(&s, VIEW_WALL, &times) ==
			    times.running + times.ready + times.awaiting);
		assert_true(times.running && times.ready && times.awaiting);
		stream_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flame__stacks_are_who_created_and_who_awaits),
		cmocka_unit_test(flame__callbacks_are_creators_too),
		cmocka_unit_test(flame__of_existing_tasks_the_creator_is_known_but_not_its_place),
		cmocka_unit_test(flame__recursion_does_not_grow),
		cmocka_unit_test(flame__depth_is_limited),
		cmocka_unit_test(flame__a_task_that_is_met_late_is_unknown),
		cmocka_unit_test(flame__text_is_a_tree),
		cmocka_unit_test(flame__of_nothing_is_short),
		cmocka_unit_test(flame__each_ns_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
