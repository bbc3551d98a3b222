/* SPDX-License-Identifier: BSD-2-Clause */
/* What never happened: an exception retrieved, a coroutine awaited, a task ended. */
#include "capture.h"
#include "recorded.h"
#include <errno.h>
#include <unistd.h>

static struct async_loop *loop;

static int setup(void **state)
{
	return capture_setup(state) || async_loop_new(&loop);
}

static int teardown(void **state)
{
	if (loop)
		async_loop_close(loop);
	loop = NULL;
	return capture_teardown(state);
}

static void close_loop(void)
{
	assert_int_equal(async_loop_close(loop), 0);
	loop = NULL;
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

/* It does not return what the sleep returns, lest that becomes a jump. */
enum { SLEEPS = __LINE__ + 1 };
ASYNC(sleeps)
{
	return async_sleep(3600) < 0 ? -ECANCELED : 1;
}

/*
 * --- Retrieved
 * ----------------------------------------------------------------------------------
 */

static struct async_task *failed_task(void)
{
	struct async_task *task = async_loop_create_task(loop, returns(-EIO));

	iterate();
	return task;
}

static void task__whose_failure_nobody_sees(void **state)
{
	struct async_task *task = failed_task();
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "%s", async_task_get_name(task));
	assert_captured("%s", "");
	async_task_detach(task);
	assert_captured("ERROR: Task exception was never retrieved\n"
			"future: <Task finished name='%s' coro=<returns() done, defined at %s:%d>"
			" exception=EIO()>\nEIO\n",
			name, __FILE__, RETURNS);
}

static void task__whose_failure_is_looked_at(void **state)
{
	struct async_task *task = failed_task();

	(void)state;
	assert_int_equal(async_task_result(task), -EIO);
	async_task_detach(task);
	assert_captured("%s", "");
}

static void task__whose_message_is_looked_at(void **state)
{
	struct async_task *task = failed_task();

	(void)state;
	assert_null(async_task_message(task));
	async_task_detach(task);
	assert_captured("%s", "");
}

static void task__that_is_done_is_not_looked_at_by_asking(void **state)
{
	struct async_task *task = failed_task();

	(void)state;
	assert_true(async_task_done(task));
	assert_false(async_task_cancelled(task));
	async_task_detach(task);
	assert_has(captured, "never retrieved");
}

static void task__that_is_awaited_by_the_loop(void **state)
{
	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, returns(-EIO)), -EIO);
	assert_captured("%s", "");
}

ASYNC(awaits, struct async_task *, task)
{
	return async_await(task) == -EIO ? 0 : -EINVAL;
}

static void task__that_is_awaited(void **state)
{
	(void)state;
	assert_int_equal(async_loop_run_until_complete(
				 loop, awaits(async_loop_create_task(loop, returns(-EIO)))),
			 0);
	assert_captured("%s", "");
}

static void task__that_is_cancelled(void **state)
{
	struct async_task *task = async_loop_create_task(loop, sleeps());

	(void)state;
	iterate();
	async_task_cancel(task);
	iterate();
	async_task_detach(task);
	assert_captured("%s", "");
}

static void future__whose_failure_nobody_sees(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	async_future_set_exception(future, -EPIPE, "it's gone");
	async_future_ref(future);
	async_future_unref(future);
	assert_captured("%s", "");
	async_future_unref(future);
	assert_captured("ERROR: Future exception was never retrieved\n"
			"future: <Future finished exception=EPIPE(\"it's gone\")>\n"
			"EPIPE: it's gone\n");
}

static void future__with_a_result(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	async_future_set_result(future, 1);
	async_future_unref(future);
	assert_captured("%s", "");
}

ASYNC(gathers, unsigned int, flags)
{
	struct async_task *tasks[] = { async_create_task(returns(-EIO)),
				       async_create_task(returns(-EPIPE)) };
	int64_t results[2];

	async_await(async_gather(tasks, 2, results, flags));
	return 0;
}

static void gathered__failures_are_seen(void **state)
{
	(void)state;
	assert_int_equal(async_run(gathers(0)), 0);
	assert_int_equal(async_run(gathers(ASYNC_RETURN_EXCEPTIONS)), 0);
	assert_captured("%s", "");
}

static void future__that_outlives_its_loop(void **state)
{
	struct async_task *task = failed_task();

	(void)state;
	async_loop_set_exception_handler(loop, NULL, NULL);
	close_loop();
	assert_captured("%s", "");
	async_task_detach(task);
	assert_has(captured, "Task exception was never retrieved");
}

static void keep(struct async_loop *of, const struct async_exception_context *context, void *arg)
{
	(void)of;
	async_future_unref(async_future_ref(context->future));
	*(struct async_future **)arg = async_future_ref(context->future);
}

static void handler__may_keep_what_failed(void **state)
{
	struct async_future *kept = NULL;

	(void)state;
	async_loop_set_exception_handler(loop, keep, &kept);
	async_task_detach(failed_task());
	assert_non_null(kept);
	assert_int_equal(async_future_result(kept), -EIO);
	async_future_unref(kept);
}

ASYNC(fails_later)
{
	async_sleep(0);
	async_sleep(0);
	return async_fail(-EIO, "too late");
}

/* The outer future is cancelled; the inner one goes on, and nobody else hears of its end. */
static void shielded__failure_is_reported(void **state)
{
	struct async_task *task = async_loop_create_task(loop, fails_later());
	struct async_future *outer = async_shield(task);

	(void)state;
	iterate();
	async_future_cancel(outer);
	iterate();
	iterate();
	iterate();
	async_future_unref(outer);
	assert_has(captured, "ERROR: EIO exception in shielded future\n"
			     "future: <Task finished name='Task-");
	assert_has(captured, "exception=EIO('too late')>\nEIO: too late\n");
	assert_null(strstr(captured, "retrieved"));
}

/*
 * --- Awaited
 * ------------------------------------------------------------------------------------
 */

static int created_at;

ASYNC(forgets)
{
	struct async_coroutine *forgotten;

	created_at = __LINE__ + 1;
	forgotten = returns(1);
	(void)forgotten;
	return 0;
}

static void coroutine__that_nobody_awaits(void **state)
{
	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, forgets()), 0);
	assert_captured("%s", "");
	close_loop();
	assert_captured("WARNING: coroutine 'returns' was never awaited\n"
			"Coroutine created at (most recent call last)\n"
			"  File \"%s\", line %d, in forgets\n",
			__FILE__, created_at);
}

ASYNC(closes)
{
	async_coroutine_close(returns(1));
	return 0;
}

static void coroutine__that_is_closed(void **state)
{
	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, closes()), 0);
	async_coroutine_close(returns(1));
	close_loop();
	assert_captured("%s", "");
}

static struct async_coroutine *left;

ASYNC(leaves)
{
	left = returns(5);
	return 0;
}

static void coroutine__that_another_loop_runs(void **state)
{
	struct async_loop *other;

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, leaves()), 0);
	assert_int_equal(async_loop_new(&other), 0);
	assert_int_equal(async_loop_run_until_complete(other, left), 5);
	close_loop();
	assert_int_equal(async_loop_close(other), 0);
	assert_captured("%s", "");
}

static void coroutine__that_outlives_its_loop_in_a_task(void **state)
{
	struct async_loop *other;
	struct async_task *task;

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, leaves()), 0);
	assert_int_equal(async_loop_new(&other), 0);
	task = async_loop_create_task(other, left);
	close_loop();
	assert_int_equal(async_loop_run_until_complete(other, task), 5);
	assert_int_equal(async_loop_close(other), 0);
	assert_captured("%s", "");
}

static void coroutine__in_a_task_that_never_begins(void **state)
{
	struct async_task *task = async_loop_create_task(loop, returns(1));

	(void)state;
	async_task_cancel(task);
	assert_int_equal(async_loop_run_until_complete(loop, task), -ECANCELED);
	close_loop();
	assert_captured("%s", "");
}

static void coroutine__refused_by_a_failing_call(void **state)
{
	(void)state;
	assert_null(async_create_task(returns(1)));
	assert_int_equal(async_await(returns(1)), -EPERM);
	assert_captured("%s", "");
}

ASYNC(churns)
{
	static struct async_coroutine *many[5000];
	int i, j;

	/* More than are kept spare. */
	for (j = 0; j < 2; j++) {
		for (i = 0; i < 5000; i++)
			many[i] = returns(i);
		for (i = 0; i < 5000; i++)
			async_coroutine_close(many[i]);
	}
	many[0] = returns(-1);
	return 0;
}

static void coroutine__among_many(void **state)
{
	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, churns()), 0);
	close_loop();
	assert_has(captured, "WARNING: coroutine 'returns' was never awaited\n");
	assert_null(strstr(captured + 1, "WARNING"));
}

/*
 * --- Ended
 * --------------------------------------------------------------------------------------
 */

static void task__destroyed_before_it_begins(void **state)
{
	struct async_task *task = async_loop_create_task(loop, sleeps());

	(void)state;
	async_task_set_name(task, "early");
	close_loop();
	assert_captured("ERROR: Task was destroyed but it is pending!\n"
			"task: <Task pending name='early' coro=<sleeps() running at %s:%d>>\n",
			__FILE__, SLEEPS);
	async_task_detach(task);
}

static void task__destroyed_while_it_waits(void **state)
{
	struct async_task *task = async_loop_create_task(loop, sleeps());

	(void)state;
	async_task_set_name(task, "late");
	iterate();
	close_loop();
	assert_captured("ERROR: Task was destroyed but it is pending!\n"
			"task: <Task pending name='late' coro=<sleeps() running at %s:%d> "
			"wait_for=<Future pending cb=[Task.task_wakeup()]>>\n",
			__FILE__, SLEEPS + 2);
	assert_true(async_task_cancelled(task));
	async_task_detach(task);
}

static void note_task(struct async_loop *of, const struct async_exception_context *context,
		      void *arg)
{
	(void)of;
	*(struct async_task **)arg = async_task_ref(context->task);
}

static void task__destroyed_is_told_to_the_handler(void **state)
{
	struct async_task *task = async_loop_create_task(loop, sleeps()), *seen = NULL;

	(void)state;
	async_loop_set_exception_handler(loop, note_task, &seen);
	close_loop();
	assert_ptr_equal(seen, task);
	async_task_detach(seen);
	async_task_detach(task);
	assert_captured("%s", "");
}

/* How many warnings of that subject's type there were. */
static int warnings_of(enum at_type type)
{
	int count = 0;
	size_t i;

	for (i = 0; i < recorded_count; i++)
		count += recorded[i].kind == AT_WARNING && AT_ID_TYPE(recorded[i].subject) == type;
	return count;
}

static void tracers__hear_of_it_too(void **state)
{
	(void)state;
	async_task_detach(async_loop_create_task(loop, sleeps()));
	assert_int_equal(async_loop_run_until_complete(loop, forgets()), 0);
	record_begin();
	async_task_detach(failed_task());
	close_loop();
	record_end();
	assert_int_equal(warnings_of(AT_TASK), 2);
	assert_int_equal(warnings_of(AT_COROUTINE), 1);
}

static void run__ends_its_tasks_itself(void **state)
{
	(void)state;
	assert_int_equal(async_run(returns(0)), 0);
	assert_captured("%s", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/*
 * --- Waited for
 * ---------------------------------------------------------------------------------
 */

ASYNC(awaits_other, struct async_task **, other)
{
	return async_await(async_task_ref(*other)) < 0 ? -ECANCELED : 1;
}

/* It is left with two tasks that wait for each other, one that waits for them, and one more. */
ASYNC(leaves_circle, bool *, ended)
{
	struct async_task *tasks[2];

	tasks[0] = async_create_task(awaits_other(&tasks[1]));
	tasks[1] = async_create_task(awaits_other(&tasks[0]));
	async_task_detach(async_create_task(awaits_other(&tasks[0])));
	async_task_detach(async_create_task(sleeps()));
	async_sleep(0);
	async_task_detach(tasks[0]);
	async_task_detach(tasks[1]);
	*ended = true;
	return 7;
}

static void circle__of_tasks_ends_with_the_loop(void **state)
{
	bool ended = false;
	char *said;
	int count = 0;

	(void)state;
	async_loop_close(loop);
	loop = NULL;
	alarm(10); /* instead of sleeping for ever */
	assert_int_equal(async_run(leaves_circle(&ended)), 7);
	alarm(0);
	assert_true(ended);
	for (said = captured; (said = strstr(said, "Task was destroyed but it is pending!"));
	     said++)
		count++;
	assert_int_equal(count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(task__whose_failure_nobody_sees),
		TEST(task__whose_failure_is_looked_at),
		TEST(task__whose_message_is_looked_at),
		TEST(task__that_is_done_is_not_looked_at_by_asking),
		TEST(task__that_is_awaited_by_the_loop),
		TEST(task__that_is_awaited),
		TEST(task__that_is_cancelled),
		TEST(future__whose_failure_nobody_sees),
		TEST(future__with_a_result),
		TEST(gathered__failures_are_seen),
		TEST(future__that_outlives_its_loop),
		TEST(handler__may_keep_what_failed),
		TEST(shielded__failure_is_reported),
		TEST(coroutine__that_nobody_awaits),
		TEST(coroutine__that_is_closed),
		TEST(coroutine__that_another_loop_runs),
		TEST(coroutine__that_outlives_its_loop_in_a_task),
		TEST(coroutine__in_a_task_that_never_begins),
		TEST(coroutine__refused_by_a_failing_call),
		TEST(coroutine__among_many),
		TEST(task__destroyed_before_it_begins),
		TEST(task__destroyed_while_it_waits),
		TEST(task__destroyed_is_told_to_the_handler),
		TEST(tracers__hear_of_it_too),
		TEST(run__ends_its_tasks_itself),
		TEST(circle__of_tasks_ends_with_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
