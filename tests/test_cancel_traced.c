/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tracers are told of cancellations: whom, through what, where it was asked for.
 *
 * The requests are written as text: "task1 gather1<task1 task2<gather1" says that a task was
 * cancelled, its gather through it, and another task through the gather. A task that was done
 * already has a "!". "-task1?<timeout1" is a request that was taken back, as the timeout took
 * effect;
 * "-task1!<wait_for1" one for which what was awaited had been done. Things are numbered in the
 * order in which they are met.
 */
#include "fake_clock.h"
#include "iterations.h"
#include "recorded.h"
#include <inttypes.h>
#include <pthread.h>

enum { IDS_MAX = 32 };

static uint64_t fake_now_ns;

static int setup(void **state)
{
	int ret;

	record_begin();
	ret = setup_loop(state);
	fake_now_ns = 1;
	async_loop_set_clock(loop, &fake_clock, &fake_now_ns);
	return ret;
}

static int teardown(void **state)
{
	int ret = teardown_loop(state);

	record_end();
	return ret;
}

static const char *type_name(uint64_t id)
{
	static const char *const names[AT_TYPES_END] = {
		[AT_TASK] = "task",	    [AT_CALLBACK] = "callback", [AT_GATHER] = "gather",
		[AT_SHIELD] = "shield",	    [AT_GROUP] = "group",	[AT_TIMEOUT] = "timeout",
		[AT_WAIT_FOR] = "wait_for", [AT_FUTURE] = "future",
	};

	return AT_ID_TYPE(id) < AT_TYPES_END && names[AT_ID_TYPE(id)] ? names[AT_ID_TYPE(id)] : "?";
}

static void print_id(FILE *stream, uint64_t ids[], uint64_t id)
{
	int number = 1, i;

	for (i = 0; ids[i] && ids[i] != id; i++)
		number += AT_ID_TYPE(ids[i]) == AT_ID_TYPE(id);
	assert_true(i < IDS_MAX - 1);
	ids[i] = id;
	assert_int_not_equal(id & AT_ID_NUMBER, 0);
	fprintf(stream, "%s%d", type_name(id), number);
}

/* The requests since record_begin(), to be freed. */
static char *requests(void)
{
	uint64_t ids[IDS_MAX] = { 0 };
	char *text = NULL;
	size_t size, i;
	FILE *stream = open_memstream(&text, &size);

	at_flush();
	for (i = 0; i < recorded_count; i++) {
		const struct at_event *event = &recorded[i];

		if (event->kind != AT_TASK_CANCEL)
			continue;
		fputs(ftell(stream) ? " " : "", stream);
		fputs(event->flags & AT_TAKEN_BACK ? "-" : "", stream);
		fputs(event->flags & AT_EXISTING ? "+" : "", stream);
		print_id(stream, ids, event->subject);
		fputs(event->flags & AT_REFUSED ? "!" : "", stream);
		fputs(event->flags & AT_TIMED_OUT ? "?" : "", stream);
		if (event->c) {
			fputc('<', stream);
			print_id(stream, ids, event->c);
		}
	}
	fclose(stream);
	return text;
}

#define assert_requests(expected)                                                                  \
	do {                                                                                       \
		char *text_ = requests();                                                          \
                                                                                                   \
		assert_string_equal(text_, expected);                                              \
		free(text_);                                                                       \
	} while (0)

static const struct at_event *request(size_t index)
{
	size_t i;

	for (i = 0; i < recorded_count; i++) {
		if (recorded[i].kind == AT_TASK_CANCEL && !index--)
			return &recorded[i];
	}
	return NULL;
}

/* All were asked for in that function, and by somebody of that type, or nobody. */
static void assert_asked(const char *function, enum at_type type)
{
	const struct at_event *event;
	size_t i;

	for (i = 0; (event = request(i)); i++) {
		struct async_frame frame = async_frame_of(event->b - 1);

		assert_non_null(frame.function);
		assert_string_equal(frame.function, function);
		assert_int_equal(AT_ID_TYPE(event->a), type);
	}
	assert_int_not_equal(i, 0);
}

/* What was called is not left by a jump to it, so that its caller is known. */
static __attribute__((noinline)) int64_t here(int64_t result)
{
	__asm__ volatile("");
	return result;
}

/* Time passes. */
static void let_pass(void)
{
	settle();
	fake_now_ns += 1000000000;
	settle();
}

ASYNC(waits)
{
	return async_sleep(3600);
}

ASYNC(returns)
{
	return 0;
}

ASYNC(swallows)
{
	async_sleep(3600);
	return 7;
}

ASYNC(fails)
{
	return -EIO;
}

ASYNC(awaits, struct async_task *, task)
{
	return async_await(async_task_ref(task));
}

ASYNC(awaits_future, struct async_future *, future)
{
	return async_await(async_future_ref(future));
}

/*
 * --- Tasks
 * ---------------------------------------------------------------------------------
 */

static void task__alone(void **state)
{
	struct async_task *task = start(waits());

	(void)state;
	iterate();
	async_task_cancel(task);
	assert_requests("task1");
	assert_asked("task__alone", AT_NOTHING);
}

static void task__that_is_done(void **state)
{
	struct async_task *task = start(returns());

	(void)state;
	iterate();
	async_task_cancel(task);
	assert_requests("task1!");
	assert_asked("task__that_is_done", AT_NOTHING);
}

static void task__passes_it_on(void **state)
{
	struct async_task *task = start(awaits(start(awaits(start(waits())))));

	(void)state;
	settle();
	async_task_cancel(task);
	assert_requests("task1 task2<task1 task3<task2");
	assert_asked("task__passes_it_on", AT_NOTHING);
}

/* It did not wait when it was asked: what it awaits then is cancelled in its place. */
ASYNC(awaits_late, struct async_task *, task)
{
	async_task_cancel(async_current_task());
	return here(async_await(async_task_ref(task)));
}

static void task__passes_it_on_later(void **state)
{
	(void)state;
	start(awaits_late(start(waits())));
	settle();
	assert_requests("task1 task2<task1");
	assert_asked("awaits_late", AT_TASK);
	assert_true(request(0)->a == request(0)->subject);
	assert_true(request(1)->a == request(0)->subject);
}

static void cancel_it(void *task)
{
	async_task_cancel(task);
}

static void task__asked_by_a_callback(void **state)
{
	struct async_task *task = start(waits());

	(void)state;
	iterate();
	async_call_soon(loop, cancel_it, task);
	iterate();
	assert_requests("task1");
	assert_true(request(0)->a == AT_ID(AT_CALLBACK, (uintptr_t)cancel_it));
}

ASYNC(takes_it_back)
{
	async_sleep(3600);
	async_task_uncancel(async_current_task());
	async_task_uncancel(async_current_task());
	return here(0);
}

static void task__takes_it_back(void **state)
{
	struct async_task *task = start(takes_it_back());

	(void)state;
	iterate();
	async_task_cancel(task);
	settle();
	assert_requests("task1 -task1");
	assert_string_equal(async_frame_of(request(1)->b - 1).function, "takes_it_back");
	async_task_uncancel(task);
	assert_requests("task1 -task1");
}

static void future__cancelled_by_somebody(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	start(awaits_future(future));
	iterate();
	async_future_cancel(future);
	async_future_cancel(future);
	settle();
	assert_requests("future1 future1!");
	assert_asked("future__cancelled_by_somebody", AT_NOTHING);
	async_future_unref(future);
}

/* Who comes later is told that a task was asked before. */
static void task__asked_before(void **state)
{
	struct async_task *task;

	close_loop();
	record_end();
	setup_loop(state);
	task = start(awaits(start(swallows())));
	settle();
	async_task_cancel(task);
	record_begin();
	iterate();
	assert_requests("+task1 +task2");
	assert_int_equal(request(0)->a, 0);
	assert_int_equal(request(0)->c, 0);
}

/*
 * --- What stands for several
 * ----------------------------------------------------------------------
 */

ASYNC(gathers)
{
	struct async_coroutine *both[] = { waits(), waits() };

	return async_await(async_gather(both, 2, NULL, 0));
}

static void gather__passes_it_on(void **state)
{
	struct async_task *task = start(gathers());

	(void)state;
	settle();
	async_task_cancel(task);
	assert_requests("task1 gather1<task1 task2<gather1 task3<gather1");
	assert_asked("gather__passes_it_on", AT_NOTHING);
}

static void gather__in_a_gather(void **state)
{
	struct async_task *tasks[] = { start(waits()), start(waits()) };
	struct async_future *inner, *outer;

	(void)state;
	async_task_ref(tasks[0]);
	async_task_ref(tasks[1]);
	inner = async_gather(tasks, 2, NULL, 0);
	outer = async_gather(&inner, 1, NULL, 0);
	iterate();
	async_future_cancel(outer);
	assert_requests("gather1 gather2<gather1 task1<gather2 task2<gather2");
	assert_asked("gather__in_a_gather", AT_NOTHING);
	async_future_unref(outer);
}

static void gather__of_what_is_done(void **state)
{
	struct async_task *tasks[] = { start(returns()), start(waits()) };
	struct async_future *gather;

	(void)state;
	async_task_ref(tasks[0]);
	async_task_ref(tasks[1]);
	gather = async_gather(tasks, 2, NULL, 0);
	iterate();
	async_future_cancel(gather);
	assert_requests("gather1 task1!<gather1 task2<gather1");
	async_future_cancel(gather);
	async_future_unref(gather);
}

static void shield__passes_nothing_on(void **state)
{
	struct async_future *shield = async_shield(async_task_ref(start(waits())));
	struct async_task *task = start(awaits_future(shield));

	(void)state;
	settle();
	async_task_cancel(task);
	assert_requests("task1 shield1<task1");
	assert_asked("shield__passes_nothing_on", AT_NOTHING);
	async_future_unref(shield);
}

ASYNC(groups, int, seconds, bool, failing)
{
	struct async_task_group *group = async_task_group_new();
	int64_t result;

	async_task_group_create_task(group, waits());
	async_task_group_create_task(group, waits());
	if (failing)
		async_task_group_create_task(group, fails());
	result = seconds ? async_sleep(seconds) : 0;
	return here(async_task_group_end(group, result));
}

static void group__while_it_ends(void **state)
{
	struct async_task *task = start(groups(0, false));

	(void)state;
	settle();
	async_task_cancel(task);
	assert_requests("task1 group1<task1 task2<group1 task3<group1");
	assert_asked("group__while_it_ends", AT_NOTHING);
}

/* The parent gives the group up when it is told. */
static void group__in_its_block(void **state)
{
	struct async_task *task = start(groups(1800, false));

	(void)state;
	iterate();
	async_task_cancel(task);
	settle();
	assert_requests("task1 group1<task1 task2<group1 task3<group1");
	assert_true(request(1)->a == request(0)->subject);
	assert_true(request(3)->a == request(0)->subject);
	assert_string_equal(async_frame_of(request(3)->b - 1).function, "groups");
}

static void group__whose_task_fails(void **state)
{
	(void)state;
	start(groups(1800, true));
	settle();
	assert_requests("task1<group1 task2<group1 task3<group1 -task3<group1");
	assert_int_equal(AT_ID_TYPE(request(0)->a), AT_TASK);
	assert_true(request(0)->a != request(0)->subject);
	assert_true(request(2)->a == request(0)->a);
	assert_int_equal(request(0)->b, 0);
}

ASYNC(fails_in_its_block)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, waits());
	return here(async_task_group_end(group, -EIO));
}

static void group__whose_block_fails(void **state)
{
	(void)state;
	start(fails_in_its_block());
	settle();
	assert_requests("task1<group1");
	assert_asked("fails_in_its_block", AT_TASK);
}

/*
 * --- Limits in time
 * ---------------------------------------------------------------------------
 */

ASYNC(times_out, struct async_task *, task)
{
	struct async_timeout timeout;

	async_timeout_begin(&timeout, 0.001);
	return async_timeout_end(&timeout, async_await(async_task_ref(task)));
}

static void timeout__that_fires(void **state)
{
	struct async_task *task = start(times_out(start(waits())));

	(void)state;
	let_pass();
	assert_requests("task1<timeout1 task2<task1 -task1?<timeout1");
	assert_int_equal(AT_ID_TYPE(request(0)->a), AT_CALLBACK);
	assert_int_equal(async_task_result(task), -ETIMEDOUT);
}

static void timeouts__have_their_own_numbers(void **state)
{
	(void)state;
	start(times_out(start(waits())));
	start(times_out(start(waits())));
	let_pass();
	assert_requests("task1<timeout1 task2<task1 task3<timeout2 task4<task3 -task1?<timeout1 "
			"-task3?<timeout2");
}

static void timeout__that_is_kept(void **state)
{
	(void)state;
	start(times_out(start(returns())));
	let_pass();
	assert_requests("");
}

ASYNC(waits_for, struct async_task *, task, double, seconds)
{
	return here(async_wait_for(async_task_ref(task), seconds));
}

static void wait_for__a_task(void **state)
{
	struct async_task *task = start(waits_for(start(waits()), 0.001));

	(void)state;
	let_pass();
	assert_requests("task1<wait_for1 task2<task1 -task1?<wait_for1");
	assert_int_equal(AT_ID_TYPE(request(0)->a), AT_CALLBACK);
	assert_int_equal(async_task_result(task), -ETIMEDOUT);
}

static void wait_for__no_time(void **state)
{
	(void)state;
	start(waits_for(start(waits()), 0));
	let_pass();
	assert_requests("task1<wait_for1 task2<task1 -task1?<wait_for1");
	assert_string_equal(async_frame_of(request(0)->b - 1).function, "waits_for");
	assert_int_equal(request(1)->b, 0);
}

ASYNC(waits_for_coroutine)
{
	return here(async_wait_for(waits(), 0.001));
}

static void wait_for__a_coroutine(void **state)
{
	(void)state;
	start(waits_for_coroutine());
	let_pass();
	assert_requests("task1<wait_for1 -task1?<wait_for1");
	assert_string_equal(async_frame_of(request(0)->b - 1).function, "waits_for_coroutine");
}

static void wait_for__that_has_no_effect(void **state)
{
	struct async_task *task = start(waits_for(start(swallows()), 0.001));

	(void)state;
	let_pass();
	assert_requests("task1<wait_for1 task2<task1 -task1<wait_for1");
	assert_int_equal(async_task_result(task), 7);
}

static void set_done(void *future)
{
	async_future_set_result(future, 7);
}

/* The deadline passes after the future was done, and before the task was told of that. */
ASYNC(waits_for_future, struct async_future *, future)
{
	async_call_at(loop, fake_now_ns + 500000, set_done, future);
	return async_wait_for(async_future_ref(future), 0.001);
}

static void wait_for__what_is_done(void **state)
{
	struct async_future *future = async_future_new(loop);
	struct async_task *task = start(waits_for_future(future));

	(void)state;
	let_pass();
	assert_requests("task1<wait_for1 -task1!<wait_for1");
	assert_int_equal(async_task_result(task), 7);
	async_future_unref(future);
}

ASYNC(times_out_in_vain)
{
	struct async_timeout timeout;

	async_timeout_begin(&timeout, 0.001);
	async_sleep(3600);
	return here(async_timeout_end(&timeout, 0));
}

static void timeout__that_was_swallowed(void **state)
{
	(void)state;
	start(times_out_in_vain());
	let_pass();
	assert_requests("task1<timeout1 -task1<timeout1");
	assert_string_equal(async_frame_of(request(1)->b - 1).function, "times_out_in_vain");
	assert_true(request(1)->a == request(1)->subject);
}

/*
 * --- At the end
 * -------------------------------------------------------------------------------
 */

ASYNC(leaves_tasks)
{
	async_task_detach(async_create_task(waits()));
	return async_sleep(0);
}

static void run__cancels_what_is_left(void **state)
{
	(void)state;
	assert_int_equal(async_run(leaves_tasks()), 0);
	assert_requests("task1");
	assert_asked("run__cancels_what_is_left", AT_LOOP);
}

static void *cancel_from_outside(void *future)
{
	async_concurrent_future_cancel(future);
	return NULL;
}

static void thread__is_who_asks(void **state)
{
	struct async_concurrent_future *future = async_run_coroutine_threadsafe(waits(), loop);
	pthread_t thread;

	(void)state;
	settle();
	assert_int_equal(pthread_create(&thread, NULL, cancel_from_outside, future), 0);
	pthread_join(thread, NULL);
	settle();
	assert_requests("task1");
	assert_int_equal(AT_ID_TYPE(request(0)->a), AT_NOTHING);
	assert_int_not_equal(request(0)->a, 0);
	assert_int_not_equal(request(0)->a, gettid());
	async_concurrent_future_free(future);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(task__alone),
		test(task__that_is_done),
		test(task__passes_it_on),
		test(task__passes_it_on_later),
		test(task__asked_by_a_callback),
		test(gather__passes_it_on),
		test(gather__in_a_gather),
		test(gather__of_what_is_done),
		test(shield__passes_nothing_on),
		test(group__while_it_ends),
		test(group__in_its_block),
		test(group__whose_task_fails),
		test(group__whose_block_fails),
		test(timeout__that_fires),
		test(timeouts__have_their_own_numbers),
		test(timeout__that_is_kept),
		test(wait_for__a_task),
		test(wait_for__no_time),
		test(wait_for__a_coroutine),
		test(wait_for__that_has_no_effect),
		test(wait_for__what_is_done),
		test(timeout__that_was_swallowed),
		test(task__takes_it_back),
		test(future__cancelled_by_somebody),
		test(task__asked_before),
		test(thread__is_who_asks),
		test(run__cancels_what_is_left),
	};

	async_log_set_level(ASYNC_LOG_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
