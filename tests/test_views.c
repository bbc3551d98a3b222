/* SPDX-License-Identifier: BSD-2-Clause */
/* The views' text, to the letter. */
#include "printed.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <tracer/actions.h>
#include <tracer/views/view.h>

#include <cmocka.h>

#define MAIN  0x5581d0c3a000
#define DELAY 0x5581d0c3a2e0

#define SECOND 1000000000ULL

/* Two tasks that sleep for two seconds each, one of them cancelled, and a failure. */
static void two_delays(struct stream *s)
{
	s->now_ns = 5 * SECOND;
	push(s, AT_ATTACH, 0, 0, 0, 0, 0);
	s->sequences[0] = 0;
	loop_start(s);
	function(s, MAIN, "main", "demo.c", 20, 0);
	function(s, DELAY, "delay", "tools/demo.c", 7, AT_ARGUMENT_S32);
	push(s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	push(s, AT_TASK_CREATE, 0, TASK(2), DELAY, 0, 0);
	text(s, "second sleeper");
	push(s, AT_TASK_NAME, 0, TASK(2), 0, 0, 0);
	s->now_ns += 1000000;
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	begin(s, 1, MAIN);
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(2), DELAY, 2, 0);
	change(s, TASK(2), TASK(1), 0, 0);
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(3), DELAY, (uint32_t)-3, 0);
	change(s, LOOP(1), TASK(2), 0, 0);
	s->now_ns += 2 * SECOND;
	change(s, TASK(1), LOOP(1), AT_ITERATION, s->now_ns);
	s->now_ns += 3200000;
	end(s, 2);
	text(s, "bad\x1bname");
	push(s, AT_COROUTINE_END, AT_FAILED, COROUTINE(1), -EINVAL, 0, 0);
	push(s, AT_TASK_DONE, AT_FAILED, TASK(1), -EINVAL, 0, 0);
	change(s, TASK(2), TASK(1), AT_ENDED, s->now_ns - 1000);
	push(s, AT_COROUTINE_END, AT_CANCELLED, COROUTINE(3), -ECANCELED, 0, 0);
	push(s, AT_TASK_DONE, AT_CANCELLED, TASK(2), -ECANCELED, 0, 0);
	change(s, LOOP(1), TASK(2), AT_ENDED, 0);
	s->now_ns += 996800000;
	detach(s, 0, 0, 0);
}

static void timed__prints_as_the_decorator_does(void **state)
{
	struct stream s = { 0 };

	(void)state;
	two_delays(&s);
	assert_view_prints(&view_timed, &s, none, 0,
			   "starting <function main at 0x5581d0c3a000> with args () {}\n"
			   "starting <function delay at 0x5581d0c3a2e0> with args (2,) {}\n"
			   "starting <function delay at 0x5581d0c3a2e0> with args (-3,) {}\n"
			   "finished <function delay at 0x5581d0c3a2e0> in 2.0032 second(s)\n"
			   "finished <function main at 0x5581d0c3a000> in 2.0032 second(s)"
			   " (error -EINVAL: bad\\x1bname)\n"
			   "finished <function delay at 0x5581d0c3a2e0> in 2.0032 second(s)"
			   " (cancelled)\n");
}

static void timed__columns_are_in_front(void **state)
{
	struct stream s = { 0 };

	(void)state;
	two_delays(&s);
	assert_view_prints(&view_timed, &s,
			   (struct view_options){ .columns = VIEW_TASK | VIEW_TIME | VIEW_WHERE },
			   0,
			   "   0.001000 Task-1  demo.c:20  "
			   "starting <function main at 0x5581d0c3a000> with args () {}\n"
			   "   0.001000 Task-1  tools/demo.c:7  "
			   "starting <function delay at 0x5581d0c3a2e0> with args (2,) {}\n"
			   "   0.001000 second sleeper  tools/demo.c:7  "
			   "starting <function delay at 0x5581d0c3a2e0> with args (-3,) {}\n"
			   "   2.004200 Task-1          tools/demo.c:7  "
			   "finished <function delay at 0x5581d0c3a2e0> in 2.0032 second(s)\n"
			   "   2.004200 Task-1          demo.c:20       "
			   "finished <function main at 0x5581d0c3a000> in 2.0032 second(s)"
			   " (error -EINVAL: bad\\x1bname)\n"
			   "   2.004200 second sleeper  tools/demo.c:7  "
			   "finished <function delay at 0x5581d0c3a2e0> in 2.0032 second(s)"
			   " (cancelled)\n");
}

static void timed__tells_of_existing_open_and_lost(void **state)
{
	struct stream s = { .now_ns = SECOND };

	(void)state;
	push(&s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(&s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	push(&s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(1), MAIN, 0, 0);
	push(&s, AT_SWITCH, AT_EXISTING, 0, TASK(1), 0, 0);
	push(&s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	begin(&s, 2, DELAY);
	s.now_ns += SECOND + SECOND / 2;
	change(&s, TASK(1), LOOP(1), 0, 0);
	push(&s, AT_COROUTINE_END, AT_FAILED, COROUTINE(1), -5000, 0, 0);
	begin(&s, 3, MAIN);
	lose(&s, 1);
	begin(&s, 4, MAIN);
	push(&s, AT_COROUTINE_END, AT_FAILED, COROUTINE(4), -ETIMEDOUT, 0, 0);
	detach(&s, 12, 0, 0);
	assert_view_prints(&view_timed, &s, (struct view_options){ .columns = VIEW_TASK }, 0,
			   "-       starting <function 0x5581d0c3a2e0 at 0x5581d0c3a2e0>"
			   " with args (...) {}\n"
			   "Task-1  finished <function 0x5581d0c3a000 at 0x5581d0c3a000>"
			   " in at least 1.5000 second(s) (error -5000) (began before the trace)\n"
			   "-       starting <function 0x5581d0c3a000 at 0x5581d0c3a000>"
			   " with args (...) {}\n"
			   "-       finished <function 0x5581d0c3a000 at 0x5581d0c3a000>"
			   " in 0.0000 second(s) (error -ETIMEDOUT)\n"
			   "lost 12 records, 12 dropped\n");
}

static uint64_t bits_of(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	return bits;
}

#define TYPES(a, b, c, d, e, f)                                                                    \
	((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 |          \
	 (uint64_t)(e) << 32 | (uint64_t)(f) << 40)

static void timed__arguments_are_typed(void **state)
{
	struct stream s = { .now_ns = SECOND };
	char longest[AT_TEXT_MAX + 2], expected[1024];

	(void)state;
	memset(longest, 'z', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	loop_start(&s);
	function(&s, 0x10, "a", NULL, 0,
		 TYPES(AT_ARGUMENT_BOOL, AT_ARGUMENT_CHAR, AT_ARGUMENT_S8, AT_ARGUMENT_U8,
		       AT_ARGUMENT_S16, AT_ARGUMENT_U16));
	function(&s, 0x20, "b", NULL, 0,
		 TYPES(AT_ARGUMENT_S64, AT_ARGUMENT_U64, AT_ARGUMENT_DOUBLE, AT_ARGUMENT_POINTER,
		       AT_ARGUMENT_POINTER, 200));
	function(&s, 0x30, "c", NULL, 0,
		 TYPES(AT_ARGUMENT_STRING, AT_ARGUMENT_S32, AT_ARGUMENT_STRING, AT_ARGUMENT_STRING,
		       AT_ARGUMENT_DOUBLE, 0));
	push(&s, AT_ARGUMENTS, 0, 0x80, 0xff, 0x8000, 0xffff);
	push(&s, AT_COROUTINE_BEGIN, 0, COROUTINE(1), 0x10, 1, '\'');
	push(&s, AT_ARGUMENTS, 0, bits_of(1e16), 0xbeef, 0, 7);
	push(&s, AT_COROUTINE_BEGIN, 0, COROUTINE(2), 0x20, UINT64_MAX, UINT64_MAX);
	text(&s, "it's");
	text(&s, NULL);
	text(&s, longest);
	push(&s, AT_ARGUMENTS, 0, 0, 0, bits_of(1.5), 0);
	push(&s, AT_COROUTINE_BEGIN, 0, COROUTINE(3), 0x30, 0, 2147483648);
	snprintf(expected, sizeof(expected),
		 "starting <function a at 0x10> with args (True, \"'\", -128, 255, -32768, 65535) "
		 "{}\n"
		 "starting <function b at 0x20> with args"
		 " (-1, 18446744073709551615, 1e+16, 0xbeef, None, ?) {}\n"
		 "starting <function c at 0x30> with args"
		 " (\"it's\", -2147483648, None, '%.128s'..., 1.5) {}\n",
		 longest);
	stream_end(&s);
	assert_view_prints(&view_timed, &s, none, 0, expected);
}

static void timed__colours_what_went_wrong(void **state)
{
	struct stream s = { 0 };
	char *printed;

	(void)state;
	two_delays(&s);
	printed = view_prints(&view_timed, &s, (struct view_options){ .colour = true });
	assert_non_null(strstr(printed, " \x1b[31m(error -EINVAL: bad\\x1bname)\x1b[0m\n"));
	assert_non_null(strstr(printed, " \x1b[33m(cancelled)\x1b[0m\n"));
	free(printed);
}

static void summary__has_a_row_for_each_function(void **state)
{
	struct stream s = { 0 };

	(void)state;
	two_delays(&s);
	assert_view_prints(
		&view_summary, &s, none, 0,
		"   calls failed cancelled   open      wall   running     ready  awaiting"
		"       p50       p99       max  coroutine\n"
		"       2      0         1      0   4.006 s  3.200 ms  1.000 us   4.003 s"
		"   2.003 s   2.003 s   2.003 s  delay\n"
		"       1      1         0      0   2.003 s  3.200 ms      0 ns   2.000 s"
		"   2.003 s   2.003 s   2.003 s  main\n"
		"loop 1 (thread 100): 2 iterations, 0.1 % busy, longest step 3.200 ms in "
		"Task-1 (main)\n"
		"tasks: 0 existed before the trace, 2 created, 2 done\n"
		"26 records, 0 lost, 0 dropped\n");
}

static void summary__fits_a_narrow_terminal(void **state)
{
	struct view_options narrow = { .terminal = true, .width = 80, .filtered = true };
	struct stream s = { 0 };

	(void)state;
	two_delays(&s);
	assert_view_prints(
		&view_summary, &s, narrow, 0,
		"  calls failed cancel open      wall   running     ready  awaiting  coroutine\n"
		"      2      0      1    0   4.006 s  3.200 ms  1.000 us   4.003 s  delay\n"
		"      1      1      0    0   2.003 s  3.200 ms      0 ns   2.000 s  main\n"
		"of the whole trace:\n"
		"loop 1 (thread 100): 2 iterations, 0.1 % busy, longest step 3.200 ms in "
		"Task-1 (main)\n"
		"tasks: 0 existed before the trace, 2 created, 2 done\n"
		"26 records, 0 lost, 0 dropped\n");
}

static void summary__tells_what_is_missing(void **state)
{
	struct stream s = { .now_ns = SECOND };

	(void)state;
	push(&s, AT_STATE, 0, LOOP(3), 0, 0, 0);
	push(&s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	push(&s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(1), MAIN, 0, 0);
	push(&s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(2), MAIN, 0, 0);
	push(&s, AT_STATE, AT_END, LOOP(3), 0, 0, 0);
	s.now_ns += 1000;
	change(&s, CALLBACK(0xcafe), LOOP(3), AT_ITERATION, 0);
	s.now_ns += 3000;
	change(&s, LOOP(3), CALLBACK(0xcafe), 0, 0);
	end(&s, 2);
	s.sequences[0] += 2;
	change(&s, LOOP(3), LOOP(3), 0, 0);
	assert_view_prints(
		&view_summary, &s, none, 0,
		"   calls failed cancelled   open      wall   running     ready  awaiting"
		"       p50       p99       max  coroutine\n"
		"       2      0         0      1  8.000 us      0 ns      0 ns  8.000 us"
		"         -         -         -  0x5581d0c3a000\n"
		"loop 3 (thread 100): 1 iterations, 75.0 % busy, longest step 3.000 us"
		" in callback 0xcafe\n"
		"tasks: 1 existed before the trace, 0 created, 0 done\n"
		"cut off: what came after the last record is not known\n"
		"9 records, 2 lost, 0 dropped\n");
}

static void summary__of_nothing_is_short(void **state)
{
	struct stream s = { 0 };

	(void)state;
	detach(&s, 1, 2, 3);
	assert_view_prints(&view_summary, &s, none, 0,
			   "tasks: 0 existed before the trace, 0 created, 0 done\n"
			   "0 records, 1 lost, 1 dropped, 2 forked children not traced, "
			   "3 threads may have had unread records\n");
}

static void timed__says_that_it_was_cut_off(void **state)
{
	struct stream s = { 0 };

	(void)state;
	loop_start(&s);
	assert_view_prints(&view_timed, &s, none, 0,
			   "cut off: what came after the last record is not known\n");
}

static void actions__are_complete(void **state)
{
	const struct action *action;

	(void)state;
	for (action = actions; action->name; action++) {
		assert_non_null(action->question);
		assert_non_null(action->run);
		if (!action->view)
			continue;
		assert_non_null(action->view->open);
		assert_non_null(action->view->free);
		action->view->free(NULL);
	}
	assert_true(action - actions >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timed__prints_as_the_decorator_does),
		cmocka_unit_test(timed__columns_are_in_front),
		cmocka_unit_test(timed__tells_of_existing_open_and_lost),
		cmocka_unit_test(timed__arguments_are_typed),
		cmocka_unit_test(timed__colours_what_went_wrong),
		cmocka_unit_test(summary__has_a_row_for_each_function),
		cmocka_unit_test(summary__fits_a_narrow_terminal),
		cmocka_unit_test(summary__tells_what_is_missing),
		cmocka_unit_test(summary__of_nothing_is_short),
		cmocka_unit_test(timed__says_that_it_was_cut_off),
		cmocka_unit_test(actions__are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
