/* SPDX-License-Identifier: BSD-2-Clause */
/* The exception handler: whose it is, what it gets, and what the default one makes of it. */
#include "capture.h"
#include <errno.h>

static struct {
	int calls;
	struct async_loop *loop;
	struct async_exception_context context;
	char message[64], exception_message[64];
} seen;

static struct async_loop *loop;

static int setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	return capture_setup(state) || async_loop_new(&loop);
}

static int teardown(void **state)
{
	return async_loop_close(loop) || capture_teardown(state);
}

static void note(struct async_loop *of, const struct async_exception_context *context, void *arg)
{
	(*(int *)arg)++;
	seen.loop = of;
	seen.context = *context;
	snprintf(seen.message, sizeof(seen.message), "%s", context->message);
	snprintf(seen.exception_message, sizeof(seen.exception_message), "%s",
		 context->exception_message ? context->exception_message : "");
}

enum { FAILS = __LINE__ + 1 };
ASYNC(fails)
{
	return async_fail(-EIO, "not consumed");
}

static void run_once(struct async_coroutine *coroutine)
{
	async_task_detach(async_loop_create_task(loop, coroutine));
	async_loop_stop(loop);
	async_loop_run_forever(loop);
}

static void handler__gets_context_and_argument(void **state)
{
	(void)state;
	async_loop_set_exception_handler(loop, note, &seen.calls);
	run_once(fails());
	assert_int_equal(seen.calls, 1);
	assert_ptr_equal(seen.loop, loop);
	assert_string_equal(seen.message, "Task exception was never retrieved");
	assert_int_equal(seen.context.exception, -EIO);
	assert_string_equal(seen.exception_message, "not consumed");
	assert_non_null(seen.context.future);
	assert_null(seen.context.task);
	assert_captured("%s", "");
}

static void handler__null_is_the_default(void **state)
{
	(void)state;
	async_loop_set_exception_handler(loop, note, &seen.calls);
	async_loop_set_exception_handler(loop, NULL, NULL);
	run_once(fails());
	assert_int_equal(seen.calls, 0);
	assert_has(captured, "ERROR: Task exception was never retrieved\nfuture: <Task finished ");
}

static void call__uses_the_handler(void **state)
{
	const struct async_exception_context context = { .message = "by hand" };

	(void)state;
	async_loop_set_exception_handler(loop, note, &seen.calls);
	async_loop_call_exception_handler(loop, &context);
	assert_string_equal(seen.message, "by hand");
}

static void delegates(struct async_loop *of, const struct async_exception_context *context,
		      void *arg)
{
	note(of, context, arg);
	async_loop_default_exception_handler(of, context);
}

static void handler__may_call_the_default(void **state)
{
	const struct async_exception_context context = { .message = "by hand",
							 .exception = -EINVAL };

	(void)state;
	async_loop_set_exception_handler(loop, delegates, &seen.calls);
	async_loop_call_exception_handler(loop, &context);
	assert_int_equal(seen.calls, 1);
	assert_captured("ERROR: by hand\nEINVAL\n");
}

static void default__without_a_message(void **state)
{
	const struct async_exception_context context = { .exception = -EIO,
							 .exception_message = "why" };

	(void)state;
	async_loop_default_exception_handler(loop, &context);
	assert_captured("ERROR: Unhandled exception in event loop\nEIO: why\n");
}

static void default__prints_keys_in_order(void **state)
{
	struct async_future *future = async_future_new(loop);
	struct async_coroutine *coroutine = fails();
	struct async_task *task = async_loop_create_task(loop, fails());
	struct async_exception_context context = {
		.message = "all of it",
		.future = future,
		.task = task,
		.coroutine = coroutine,
	};

	(void)state;
	async_loop_default_exception_handler(loop, &context);
	assert_captured("ERROR: all of it\n"
			"coroutine: <coroutine object fails at %p>\n"
			"future: <Future pending>\n"
			"task: <Task pending name='%s' coro=<fails() running at %s:%d>>\n",
			(void *)coroutine, async_task_get_name(task), __FILE__, FAILS);
	async_coroutine_close(coroutine);
	async_future_unref(future);
	async_task_cancel(task);
	assert_int_equal(async_loop_run_until_complete(loop, task), -ECANCELED);
}

enum { IGNORE = __LINE__ + 1 };
static void ignore(void *arg)
{
	(void)arg;
}

static void default__prints_handles(void **state)
{
	struct async_exception_context context = {
		.message = "called",
		.handle = async_call_soon(loop, ignore, NULL),
	};

	(void)state;
	async_loop_default_exception_handler(loop, &context);
	assert_has(captured, "handle: <Handle ignore() at %s:%d>\n", __FILE__, IGNORE);
	async_handle_cancel(context.handle);
	*captured = '\0';
	async_loop_default_exception_handler(loop, &context);
	assert_captured("ERROR: called\n");
}

ASYNC(outlives)
{
	async_sleep(3600);
	return async_fail(-EIO, "too late");
}

ASYNC(leaves_one)
{
	async_task_detach(async_create_task(outlives()));
	return async_sleep(0);
}

static void run__reports_failures_during_its_shutdown(void **state)
{
	(void)state;
	assert_int_equal(async_run(leaves_one()), 0);
	assert_has(captured, "ERROR: unhandled exception during asyncio.run() shutdown\n"
			     "task: <Task finished name='Task-");
	assert_has(captured, "exception=EIO('too late')>\nEIO: too late\n");
}

static void default__in_debug_mode_prints_where(void **state)
{
	struct async_future *future;
	int line;

	(void)state;
	async_loop_set_debug(loop, true);
	line = __LINE__ + 1;
	future = async_future_new(loop);
	async_future_set_exception(future, -EIO, NULL);
	async_future_unref(future);
	assert_has(captured,
		   "ERROR: Future exception was never retrieved\n"
		   "future: <Future finished exception=EIO() created at %s:%d>\n"
		   "source_traceback: Object created at (most recent call last):\n",
		   __FILE__, line);
	assert_has(captured,
		   "  File \"%s\", line %d, in default__in_debug_mode_prints_where\nEIO\n",
		   __FILE__, line);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static struct {
	struct async_task *current, *task;
	struct async_handle handle;
	int64_t slept;
	int runs, cancelled, closed, ran;
} met;

static void sleeps(struct async_loop *of, const struct async_exception_context *context, void *arg)
{
	note(of, context, arg);
	met.current = async_current_task();
	met.slept = async_sleep(0);
}

/* It is called while a task ends: that is not to be suspended by it. */
static void handler__is_no_task(void **state)
{
	(void)state;
	memset(&met, 0, sizeof(met));
	async_loop_set_exception_handler(loop, sleeps, &seen.calls);
	run_once(fails());
	assert_int_equal(seen.calls, 1);
	assert_null(met.current);
	assert_int_equal(met.slept, -EPERM);
}

ASYNC(counts_runs)
{
	met.runs++;
	return 0;
}

static void creates_task(struct async_loop *of, const struct async_exception_context *context,
			 void *arg)
{
	note(of, context, arg);
	async_task_detach(async_loop_create_task(of, counts_runs()));
}

/* The new one must not get the stack that is about to be left. */
static void handler__creates_tasks(void **state)
{
	(void)state;
	memset(&met, 0, sizeof(met));
	async_loop_set_exception_handler(loop, creates_task, &seen.calls);
	run_once(fails());
	run_once(fails());
	async_loop_stop(loop);
	async_loop_run_forever(loop);
	assert_int_equal(seen.calls, 2);
	assert_int_equal(met.runs, 2);
}

static void cancels(struct async_loop *of, const struct async_exception_context *context, void *arg)
{
	note(of, context, arg);
	met.cancelled = async_handle_cancel(met.handle);
}

static void runs_never(void *arg)
{
	(void)arg;
	met.runs++;
}

static void forgets_result(struct async_future *future, void *arg)
{
	(void)future;
	(void)arg;
	met.runs++;
}

static void handler__cancels_while_the_loop_is_closed(void **state)
{
	struct async_loop *other;
	struct async_future *future;

	(void)state;
	memset(&met, 0, sizeof(met));
	assert_int_equal(async_loop_new(&other), 0);
	async_loop_set_exception_handler(other, cancels, &seen.calls);
	future = async_future_new(other);
	async_future_add_done_callback(future, forgets_result, NULL);
	met.handle = async_call_later(other, 10, runs_never, NULL);
	async_call_later(other, 11, runs_never, NULL);
	async_future_set_exception(future, -EIO, NULL);
	async_future_unref(future);
	assert_int_equal(async_loop_close(other), 0);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(met.cancelled, true);
	assert_int_equal(met.runs, 0);
}

static void closes(struct async_loop *of, const struct async_exception_context *context, void *arg)
{
	note(of, context, arg);
	met.closed = async_loop_close(of);
	met.ran = async_loop_run_forever(of);
}

ASYNC(stays)
{
	return async_sleep(3600);
}

static void handler__closes_and_runs_the_loop_that_is_closed(void **state)
{
	struct async_loop *other;
	struct async_task *task;

	(void)state;
	memset(&met, 0, sizeof(met));
	assert_int_equal(async_loop_new(&other), 0);
	async_loop_set_exception_handler(other, closes, &seen.calls);
	task = async_loop_create_task(other, stays());
	async_loop_stop(other);
	async_loop_run_forever(other);
	assert_int_equal(async_loop_close(other), 0);
	async_task_detach(task);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(met.closed, -EBUSY);
	assert_int_equal(met.ran, -EBUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(handler__gets_context_and_argument),
		TEST(handler__null_is_the_default),
		TEST(call__uses_the_handler),
		TEST(handler__may_call_the_default),
		TEST(default__without_a_message),
		TEST(default__prints_keys_in_order),
		TEST(default__prints_handles),
		TEST(run__reports_failures_during_its_shutdown),
		TEST(default__in_debug_mode_prints_where),
		TEST(handler__is_no_task),
		TEST(handler__creates_tasks),
		TEST(handler__cancels_while_the_loop_is_closed),
		TEST(handler__closes_and_runs_the_loop_that_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
