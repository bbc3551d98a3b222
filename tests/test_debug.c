/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug mode: how it is turned on, what is slow, who calls from where he must not. */
#include "capture.h"
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static struct async_loop *loop;

static int setup(void **state)
{
	return capture_setup(state) || async_loop_new(&loop);
}

static int teardown(void **state)
{
	async_loop_close(loop);
	return capture_teardown(state);
}

/*
 * --- On and off
 * ---------------------------------------------------------------------------------
 */

static bool debug_with(const char *value)
{
	struct async_loop *other;
	bool on;

	if (value)
		setenv("ASYNCDEBUG", value, 1);
	else
		unsetenv("ASYNCDEBUG");
	assert_int_equal(async_loop_new(&other), 0);
	on = async_loop_get_debug(other);
	async_loop_close(other);
	unsetenv("ASYNCDEBUG");
	return on;
}

static void environment__turns_it_on(void **state)
{
	(void)state;
	assert_false(debug_with(NULL));
	assert_false(debug_with(""));
	assert_false(debug_with("0"));
	assert_true(debug_with("1"));
	assert_true(debug_with("yes"));
}

ASYNC(debugs, bool *, on)
{
	*on = async_loop_get_debug(async_get_running_loop());
	return async_get_coroutine_origin_tracking_depth();
}

static void run__with_and_without(void **state)
{
	bool on = true;

	(void)state;
	assert_int_equal(async_run(debugs(&on)), 0);
	assert_false(on);
	assert_int_equal(async_run_debug(debugs(&on)), 10);
	assert_true(on);
	assert_int_equal(async_get_coroutine_origin_tracking_depth(), 0);
	assert_captured("%s", "");
}

static void loop__is_switched(void **state)
{
	(void)state;
	assert_false(async_loop_get_debug(loop));
	async_loop_set_debug(loop, true);
	assert_true(async_loop_get_debug(loop));
	async_loop_set_debug(loop, false);
	assert_false(async_loop_get_debug(loop));
}

ASYNC(switches, int *, depths)
{
	async_loop_set_debug(async_get_running_loop(), true);
	depths[0] = async_get_coroutine_origin_tracking_depth();
	async_sleep(0);
	async_loop_set_debug(async_get_running_loop(), false);
	depths[1] = async_get_coroutine_origin_tracking_depth();
	return async_sleep(0);
}

static void loop__is_switched_while_it_runs(void **state)
{
	int depths[2];

	(void)state;
	async_set_coroutine_origin_tracking_depth(3);
	assert_int_equal(async_loop_run_until_complete(loop, switches(depths)), 0);
	assert_int_equal(depths[0], 10);
	assert_int_equal(depths[1], 3);
	assert_int_equal(async_get_coroutine_origin_tracking_depth(), 3);
	async_set_coroutine_origin_tracking_depth(0);
}

static void duration__is_a_tenth_at_first(void **state)
{
	(void)state;
	assert_true(async_loop_get_slow_callback_duration(loop) == 0.1);
	async_loop_set_slow_callback_duration(loop, 0.25);
	assert_true(async_loop_get_slow_callback_duration(loop) == 0.25);
}

/*
 * --- Slow steps
 * ---------------------------------------------------------------------------------
 */

enum { RETURNS = __LINE__ + 1 };
ASYNC(returns, int64_t, value)
{
	return value;
}

/* Everything is slow. */
static void watch_all(void)
{
	async_loop_set_debug(loop, true);
	async_loop_set_slow_callback_duration(loop, 0);
}

static void iterate(void)
{
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
}

static void step__of_a_task(void **state)
{
	struct async_task *task;
	int line;

	(void)state;
	watch_all();
	line = __LINE__ + 1;
	task = async_loop_create_task(loop, returns(7));
	async_task_set_name(task, "t");
	iterate();
	async_task_detach(task);
	assert_has(captured,
		   "WARNING: Executing <Task finished name='t' coro=<returns() done, defined at "
		   "%s:%d> result=7 created at %s:%d> took 0.0",
		   __FILE__, RETURNS, __FILE__, line);
	assert_has(captured, " seconds\n");
}

enum { CALLBACK = __LINE__ + 1 };
static void callback(void *arg)
{
	(*(int *)arg)++;
}

static void step__of_a_callback(void **state)
{
	int calls = 0, line;

	(void)state;
	watch_all();
	line = __LINE__ + 1;
	async_call_soon(loop, callback, &calls);
	iterate();
	assert_int_equal(calls, 1);
	assert_has(captured,
		   "WARNING: Executing <Handle callback() at %s:%d created at %s:%d> took 0.0",
		   __FILE__, CALLBACK, __FILE__, line);
}

enum { DONE = __LINE__ + 1 };
static void on_done(struct async_future *future, void *arg)
{
	(void)future;
	(*(int *)arg)++;
}

static void step__of_a_done_callback(void **state)
{
	struct async_future *future = async_future_new(loop);
	int calls = 0, line;

	(void)state;
	watch_all();
	line = __LINE__ + 1;
	async_future_add_done_callback(future, on_done, &calls);
	async_future_set_result(future, 0);
	iterate();
	async_future_unref(future);
	assert_int_equal(calls, 1);
	assert_has(captured,
		   "WARNING: Executing <Handle on_done() at %s:%d created at %s:%d> took 0.0",
		   __FILE__, DONE, __FILE__, line);
}

static void step__of_a_timer(void **state)
{
	int calls = 0, line;

	(void)state;
	watch_all();
	line = __LINE__ + 1;
	async_call_at(loop, 1500000000, callback, &calls);
	async_call_later(loop, -1, callback, &calls);
	iterate();
	assert_int_equal(calls, 2);
	assert_has(captured,
		   "<TimerHandle when=1.500000000 callback() at %s:%d created at %s:%d> took",
		   __FILE__, CALLBACK, __FILE__, line);
	assert_has(captured, "created at %s:%d> took", __FILE__, line + 1);
}

static void step__that_is_fast_enough(void **state)
{
	int calls = 0;

	(void)state;
	async_loop_set_debug(loop, true);
	async_loop_set_slow_callback_duration(loop, 3600);
	async_call_soon(loop, callback, &calls);
	iterate();
	assert_int_equal(calls, 1);
	assert_captured("%s", "");
}

static void step__without_debug_mode(void **state)
{
	int calls = 0;

	(void)state;
	async_loop_set_slow_callback_duration(loop, 0);
	async_call_soon(loop, callback, &calls);
	iterate();
	assert_captured("%s", "");
}

static void step__that_was_cancelled(void **state)
{
	int calls = 0;

	(void)state;
	watch_all();
	async_handle_cancel(async_call_soon(loop, callback, &calls));
	iterate();
	assert_int_equal(calls, 0);
	assert_captured("%s", "");
}

static char order[32];

ASYNC(yields, int, name, int, times)
{
	while (times--) {
		strcat(order, (char[2]){ name, 0 });
		async_sleep(0);
	}
	return 0;
}

static void add_z(void *arg)
{
	(void)arg;
	strcat(order, "z");
}

ASYNC(runs_some)
{
	struct async_task *tasks[] = { async_create_task(yields('a', 3)),
				       async_create_task(yields('b', 3)) };

	async_call_soon(NULL, add_z, NULL);
	async_await(tasks[0]);
	return async_await(tasks[1]);
}

/* The same order with and without; and each step is one of its own. */
static void steps__are_the_same_ones(void **state)
{
	const char *place = captured;
	int count = 0;

	(void)state;
	*order = '\0';
	assert_int_equal(async_loop_run_until_complete(loop, runs_some()), 0);
	assert_string_equal(order, "abzabab");
	*order = '\0';
	watch_all();
	assert_int_equal(async_loop_run_until_complete(loop, runs_some()), 0);
	assert_string_equal(order, "abzabab");
	while ((place = strstr(place, "coro=<yields()"))) {
		count++;
		place++;
	}
	assert_in_range(count, 8, 20);
}

ASYNC(stops)
{
	async_loop_stop(async_get_running_loop());
	strcat(order, "s");
	async_sleep(0);
	strcat(order, "t");
	return 0;
}

/* The iteration at hand is finished, and no other begun. */
static void stop__ends_the_iteration(void **state)
{
	struct async_task *task;

	(void)state;
	*order = '\0';
	async_loop_set_debug(loop, true);
	task = async_loop_create_task(loop, stops());
	async_call_soon(loop, add_z, NULL);
	async_loop_run_forever(loop);
	assert_string_equal(order, "sz");
	assert_int_equal(async_loop_run_until_complete(loop, task), 0);
	assert_string_equal(order, "szt");
}

/*
 * --- Other threads
 * ------------------------------------------------------------------------------
 */

static struct {
	struct async_future *future;
	struct async_handle soon, later;
	struct async_task *task;
	int result, exception;
	bool cancelled, task_cancelled;
} tried;

static void *try_all(void *arg)
{
	static int calls;

	tried.soon = async_call_soon(loop, callback, &calls);
	tried.later = async_call_later(loop, 0, callback, &calls);
	tried.task = async_loop_create_task(loop, returns(1));
	tried.result = async_future_set_result(tried.future, 1);
	tried.exception = async_future_set_exception(tried.future, -EIO, NULL);
	tried.cancelled = async_future_cancel(tried.future);
	tried.task_cancelled = async_task_cancel(arg);
	return arg;
}

static void ignore_done(struct async_future *future, void *arg)
{
	(void)future;
	(void)arg;
}

ASYNC(lets_another_try)
{
	pthread_t thread;

	tried.future = async_future_new(NULL);
	/* As in asyncio, it matters if somebody waits. */
	async_future_add_done_callback(tried.future, ignore_done, NULL);
	if (pthread_create(&thread, NULL, try_all, async_current_task()))
		return -EAGAIN;
	pthread_join(thread, NULL);
	return 0;
}

static void thread__that_does_not_run_the_loop(void **state)
{
	static const char message[] = "ERROR: Non-thread-safe operation invoked on an event loop "
				      "other than the current one\n";

	(void)state;
	async_loop_set_debug(loop, true);
	assert_int_equal(async_loop_run_until_complete(loop, lets_another_try()), 0);
	assert_int_equal(tried.soon.serial, 0);
	assert_int_equal(tried.later.serial, 0);
	assert_null(tried.task);
	assert_int_equal(tried.result, -EPERM);
	assert_int_equal(tried.exception, -EPERM);
	assert_false(tried.cancelled);
	assert_false(tried.task_cancelled);
	assert_false(async_future_done(tried.future));
	async_future_unref(tried.future);
	assert_captured("%s%s%s%s%s%s%s", message, message, message, message, message, message,
			message);
}

/*
 * --- Long coroutines
 * ----------------------------------------------------------------------------
 */

static struct {
	char names[64];
	uint64_t ns;
	int64_t result;
	struct async_task *task;
} told;

static void note_long(struct async_coroutine *coroutine, uint64_t ns, int64_t result, void *arg)
{
	strcat(told.names, async_coroutine_name(coroutine));
	strcat(told.names, " ");
	told.ns = ns;
	told.result = result;
	told.task = async_current_task();
	(*(int *)arg)++;
}

ASYNC(naps)
{
	async_sleep(0.01);
	return 9;
}

ASYNC(outer)
{
	return async_await(naps()) + async_await(returns(1));
}

static void long_coroutine__is_told_with_its_result(void **state)
{
	int calls = 0;

	(void)state;
	memset(&told, 0, sizeof(told));
	async_loop_set_long_coroutine_handler(loop, 0, note_long, &calls);
	assert_int_equal(async_loop_run_until_complete(loop, outer()), 10);
	assert_string_equal(told.names, "naps returns outer ");
	assert_int_equal(calls, 3);
	assert_int_equal(told.result, 10);
	assert_true(told.ns >= 10000000);
	assert_non_null(told.task);
}

static void long_coroutine__is_long(void **state)
{
	int calls = 0;

	(void)state;
	memset(&told, 0, sizeof(told));
	async_loop_set_long_coroutine_handler(loop, 3600, note_long, &calls);
	assert_int_equal(async_loop_run_until_complete(loop, outer()), 10);
	async_loop_set_long_coroutine_handler(loop, 0, NULL, NULL);
	assert_int_equal(async_loop_run_until_complete(loop, outer()), 10);
	assert_int_equal(calls, 0);
}

/*
 * --- Loops
 * --------------------------------------------------------------------------------------
 */

static void loop__that_is_closed(void **state)
{
	struct async_loop *other;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	async_loop_set_debug(other, true);
	async_log_set_level(ASYNC_LOG_DEBUG);
	async_loop_close(other);
	assert_captured("DEBUG: Close <_UnixSelectorEventLoop running=False closed=False "
			"debug=True>\n");
}

static int ends[2];

static void read_and_stop(void *arg)
{
	async_loop_remove_reader(loop, *(int *)arg);
	async_loop_stop(loop);
}

static void poll__that_sleeps_is_timed(void **state)
{
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(async_loop_add_reader(loop, ends[0], read_and_stop, &ends[0]), 0);
	async_log_set_level(ASYNC_LOG_DEBUG);
	async_loop_set_debug(loop, true);
	async_loop_run_forever(loop);
	assert_has(captured, "DEBUG: poll took ");
	assert_has(captured, " ms: 1 events\n");
	close(ends[0]);
	close(ends[1]);
}

ASYNC(opens, int, fd, struct async_stream **, stream)
{
	return async_stream_from_fd(fd, stream);
}

static void transport__that_is_never_closed(void **state)
{
	struct async_loop *other;
	struct async_stream *stream;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(async_loop_new(&other), 0);
	async_loop_set_debug(other, true);
	assert_int_equal(async_loop_run_until_complete(other, opens(ends[0], &stream)), 0);
	async_loop_close(other);
	async_stream_free(stream);
	assert_captured("WARNING: unclosed transport <_SelectorSocketTransport fd=%d>\n", ends[0]);
	close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(environment__turns_it_on),
		TEST(run__with_and_without),
		TEST(loop__is_switched),
		TEST(loop__is_switched_while_it_runs),
		TEST(duration__is_a_tenth_at_first),
		TEST(step__of_a_task),
		TEST(step__of_a_callback),
		TEST(step__of_a_done_callback),
		TEST(step__of_a_timer),
		TEST(step__that_is_fast_enough),
		TEST(step__without_debug_mode),
		TEST(step__that_was_cancelled),
		TEST(steps__are_the_same_ones),
		TEST(stop__ends_the_iteration),
		TEST(thread__that_does_not_run_the_loop),
		TEST(long_coroutine__is_told_with_its_result),
		TEST(long_coroutine__is_long),
		TEST(loop__that_is_closed),
		TEST(poll__that_sleeps_is_timed),
		TEST(transport__that_is_never_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
