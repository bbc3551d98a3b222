/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for tasks and futures, as Python 3.11 chooses them. */
#include "capture.h"
#include <errno.h>

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

static void iterate(void)
{
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
}

enum { RETURNS = __LINE__ + 1 };
ASYNC(returns, int64_t, value)
{
	return value;
}

/* What it returns is not what the await returned, lest that becomes a jump. */
enum { AWAITS = __LINE__ + 1 };
ASYNC(awaits, struct async_future *, future)
{
	return async_await(future) < 0 ? -EIO : 1;
}

static struct async_task *named(struct async_coroutine *coroutine, const char *name)
{
	struct async_task *task = async_loop_create_task(loop, coroutine);

	assert_int_equal(async_task_set_name(task, name), 0);
	return task;
}

/* Ends what the test has left. */
static void end(struct async_task *task)
{
	async_task_cancel(task);
	async_loop_run_until_complete(loop, task);
}

static void future__pending(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	assert_text(async_future_repr(future), "<Future pending>");
	async_future_unref(future);
}

static void future__with_a_result(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	async_future_set_result(future, 42);
	assert_text(async_future_repr(future), "<Future finished result=42>");
	async_future_unref(future);
}

static void future__cancelled(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	async_future_cancel(future);
	assert_text(async_future_repr(future), "<Future cancelled>");
	async_future_unref(future);
}

static void assert_exception(int error, const char *message, const char *text)
{
	struct async_future *future = async_future_new(loop);

	async_future_set_exception(future, error, message);
	assert_text(async_future_repr(future), "<Future finished exception=%s>", text);
	async_future_result(future);
	async_future_unref(future);
}

static void exception__has_the_name_of_its_errno(void **state)
{
	(void)state;
	assert_exception(-EIO, NULL, "EIO()");
	assert_exception(-EIO, "broken", "EIO('broken')");
	assert_exception(-ETIMEDOUT, NULL, "TimeoutError()");
	assert_exception(-3999, NULL, "-3999()");
}

static void message__is_quoted_as_python_does(void **state)
{
	(void)state;
	assert_exception(-EIO, "it's", "EIO(\"it's\")");
	assert_exception(-EIO, "\"both\" and '", "EIO('\"both\" and \\'')");
	assert_exception(-EIO, "a\\b\n\t\x01", "EIO('a\\\\b\\n\\t\\x01')");
	assert_exception(-EIO, "ü", "EIO('ü')");
}

static void null__has_none(void **state)
{
	(void)state;
	assert_null(async_task_repr(NULL));
	assert_null(async_future_repr(NULL));
}

static void task__that_has_not_begun(void **state)
{
	struct async_task *task = named(returns(3), "t");

	(void)state;
	assert_text(async_task_repr(task),
		    "<Task pending name='t' coro=<returns() running at %s:%d>>", __FILE__, RETURNS);
	assert_int_equal(async_loop_run_until_complete(loop, task), 3);
}

static void task__has_its_number_for_a_name(void **state)
{
	struct async_task *task = async_loop_create_task(loop, returns(3));
	char *text = async_task_repr(task);

	(void)state;
	assert_has(text, "name='%s'", async_task_get_name(task));
	free(text);
	end(task);
}

static void task__that_ended(void **state)
{
	struct async_task *task = named(returns(3), "it's");

	(void)state;
	iterate();
	assert_text(
		async_task_repr(task),
		"<Task finished name=\"it's\" coro=<returns() done, defined at %s:%d> result=3>",
		__FILE__, RETURNS);
	async_task_detach(task);
}

static void task__that_waits(void **state)
{
	struct async_future *future = async_future_new(loop);
	struct async_task *task = named(awaits(future), "t");

	(void)state;
	iterate();
	assert_text(async_task_repr(task),
		    "<Task pending name='t' coro=<awaits() running at %s:%d>"
		    " wait_for=<Future pending cb=[Task.task_wakeup()]>>",
		    __FILE__, AWAITS + 2);
	end(task);
}

static void task__that_is_cancelling(void **state)
{
	struct async_future *future = async_future_new(loop);
	struct async_task *task = named(awaits(future), "t");

	(void)state;
	iterate();
	async_task_cancel(task);
	assert_text(async_task_repr(task),
		    "<Task cancelling name='t' coro=<awaits() running at %s:%d>"
		    " wait_for=<Future cancelled>>",
		    __FILE__, AWAITS + 2);
	async_loop_run_until_complete(loop, task);
}

static void task__that_was_cancelled(void **state)
{
	struct async_task *task = named(returns(1), "t");

	(void)state;
	async_task_cancel(task);
	iterate();
	assert_text(async_task_repr(task),
		    "<Task cancelled name='t' coro=<returns() done, defined at %s:%d>>", __FILE__,
		    RETURNS);
	async_task_detach(task);
}

static void ignore(struct async_future *future, void *arg)
{
	(void)future, (void)arg;
}

static void callbacks__are_listed(void **state)
{
	struct async_future *future = async_future_new(loop);
	struct async_task *task = named(awaits(async_future_ref(future)), "t");
	char *text;

	(void)state;
	async_future_add_done_callback(future, ignore, NULL);
	text = async_future_repr(future);
	assert_has(text, "<Future pending cb=[ignore() at %s:", __FILE__);
	free(text);
	iterate();
	text = async_future_repr(future);
	assert_has(text, ", Task.task_wakeup()]>");
	free(text);
	async_future_add_done_callback(future, ignore, NULL);
	async_future_add_done_callback(future, ignore, NULL);
	text = async_future_repr(future);
	assert_has(text, ", <2 more>, ignore() at ");
	free(text);
	async_future_unref(future);
	end(task);
}

ASYNC(awaits_task, struct async_task **, task)
{
	return async_await(async_task_ref(*task)) < 0 ? -EIO : 1;
}

static void circle__ends(void **state)
{
	struct async_task *tasks[2] = { named(awaits_task(&tasks[1]), "a"),
					named(awaits_task(&tasks[0]), "b") };
	char *text;

	(void)state;
	iterate();
	text = async_task_repr(tasks[0]);
	assert_has(text, "wait_for=<Task pending name='b' ");
	assert_has(text, " wait_for=... cb=[Task.task_wakeup()]> cb=[Task.task_wakeup()]>");
	free(text);
	async_task_cancel(tasks[0]);
	iterate();
	iterate();
	async_task_result(tasks[0]);
	async_task_result(tasks[1]);
	async_task_detach(tasks[0]);
	async_task_detach(tasks[1]);
}

static char *text_within;
static int line_within;

ASYNC(describes_itself)
{
	line_within = __LINE__ + 1;
	text_within = async_task_repr(async_current_task());
	return 0;
}

static void task__that_runs(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, describes_itself()), 0);
	text = text_within;
	assert_has(text, "coro=<describes_itself() running at %s:%d> cb=[", __FILE__, line_within);
	free(text);
}

static void debug_mode__says_where_created(void **state)
{
	struct async_future *future;
	struct async_task *task;
	int line;

	(void)state;
	async_loop_set_debug(loop, true);
	line = __LINE__ + 1;
	future = async_future_new(loop);
	task = async_loop_create_task(loop, awaits(future));
	async_task_set_name(task, "t");
	iterate();
	assert_text(async_task_repr(task),
		    "<Task pending name='t' coro=<awaits() running at %s:%d>"
		    " wait_for=<Future pending cb=[Task.task_wakeup()] created at %s:%d>"
		    " created at %s:%d>",
		    __FILE__, AWAITS + 2, __FILE__, line, __FILE__, line + 1);
	end(task);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(future__pending),
		TEST(future__with_a_result),
		TEST(future__cancelled),
		TEST(exception__has_the_name_of_its_errno),
		TEST(message__is_quoted_as_python_does),
		TEST(null__has_none),
		TEST(task__that_has_not_begun),
		TEST(task__has_its_number_for_a_name),
		TEST(task__that_ended),
		TEST(task__that_waits),
		TEST(task__that_is_cancelling),
		TEST(task__that_was_cancelled),
		TEST(callbacks__are_listed),
		TEST(circle__ends),
		TEST(task__that_runs),
		TEST(debug_mode__says_where_created),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
