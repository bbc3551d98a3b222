/* SPDX-License-Identifier: BSD-2-Clause */
/* Gathering, as asyncio's GatherTestsBase has it. */
#include <async.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 4 };

struct gathered {
	int64_t result;
	int64_t results[COUNT];
	char message[32];
	size_t left; /* tasks that were still running then */
	int64_t met[COUNT];
	bool flag;
};

/* Returns `result` after so many turns of the loop. */
ASYNC(returns_after, int, turns, int64_t, result)
{
	while (turns--) {
		int64_t err = async_sleep(0);

		if (err < 0)
			return err;
	}
	return result < 0 ? async_fail(result, "failed") : result;
}

ASYNC(sleeps, int64_t *, met)
{
	*met = async_sleep(3600);
	return *met;
}

ASYNC(sleeps_on, int64_t *, met, int64_t, result)
{
	*met = async_sleep(3600);
	return result;
}

static void note(struct gathered *gathered, int64_t result)
{
	const char *message = async_error_message(result);

	gathered->result = result;
	if (message)
		strcpy(gathered->message, message);
	gathered->left = async_all_tasks(NULL, NULL, 0) - 1;
}

ASYNC(gathers, struct gathered *, gathered, bool, keep)
{
	struct async_task *tasks[COUNT];
	int i;

	for (i = 0; i < COUNT; i++)
		tasks[i] = async_create_task(returns_after(COUNT - i, i * 10));
	note(gathered, async_await(async_gather(tasks, COUNT, keep ? gathered->results : NULL, 0)));
	return 0;
}

static void gather__has_results_in_order(void **state)
{
	struct gathered gathered = { .result = -1 };
	int i;

	(void)state;
	assert_int_equal(async_run(gathers(&gathered, true)), 0);
	assert_int_equal(gathered.result, 0);
	assert_int_equal(gathered.left, 0);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(gathered.results[i], i * 10);
}

static void gather__without_results(void **state)
{
	struct gathered gathered = { .result = -1 };

	(void)state;
	assert_int_equal(async_run(gathers(&gathered, false)), 0);
	assert_int_equal(gathered.result, 0);
}

ASYNC(gathers_nothing, struct gathered *, gathered)
{
	struct async_future *future = async_gather_tasks(NULL, 0, NULL, 0);

	gathered->flag = async_future_done(future);
	gathered->result = async_await(future);
	return 0;
}

static void gather__of_nothing_is_done(void **state)
{
	struct gathered gathered = { .result = -1 };

	(void)state;
	assert_null(async_gather_tasks(NULL, 0, NULL, 0));
	assert_int_equal(async_run(gathers_nothing(&gathered)), 0);
	assert_true(gathered.flag);
	assert_int_equal(gathered.result, 0);
}

ASYNC(gathers_failure, struct gathered *, gathered, unsigned int, flags)
{
	struct async_task *tasks[] = {
		async_create_task(returns_after(5, 1)),
		async_create_task(returns_after(1, -EIO)),
		async_create_task(returns_after(2, -ENOENT)),
		async_create_task(returns_after(0, 4)),
	};

	note(gathered, async_await(async_gather(tasks, COUNT, gathered->results, flags)));
	/* The others go on; nothing may be written to the results any more. */
	async_await(async_create_task(returns_after(10, 0)));
	return 0;
}

static void failure__ends_the_gathering_alone(void **state)
{
	struct gathered gathered = { .results = { 77, 77, 77, 77 } };
	int i;

	(void)state;
	assert_int_equal(async_run(gathers_failure(&gathered, 0)), 0);
	assert_int_equal(gathered.result, -EIO);
	assert_string_equal(gathered.message, "failed");
	assert_true(gathered.left > 0);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(gathered.results[i], 77);
}

static void failure__is_a_result_if_asked(void **state)
{
	struct gathered gathered = { .result = -1 };

	(void)state;
	assert_int_equal(async_run(gathers_failure(&gathered, ASYNC_RETURN_EXCEPTIONS)), 0);
	assert_int_equal(gathered.result, 0);
	assert_int_equal(gathered.left, 0);
	assert_int_equal(gathered.results[0], 1);
	assert_int_equal(gathered.results[1], -EIO);
	assert_int_equal(gathered.results[2], -ENOENT);
	assert_int_equal(gathered.results[3], 4);
}

ASYNC(cancels_one, struct gathered *, gathered, unsigned int, flags)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps(&gathered->met[0])),
		async_create_task(returns_after(9, 2)),
	};
	struct async_task *first = async_task_ref(tasks[0]);
	struct async_future *gathering = async_gather(tasks, 2, gathered->results, flags);

	async_sleep(0);
	async_task_cancel(first);
	async_task_detach(first);
	note(gathered, async_await(gathering));
	return 0;
}

static void cancel__of_one_ends_the_gathering(void **state)
{
	struct gathered gathered = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_one(&gathered, 0)), 0);
	assert_int_equal(gathered.result, -ECANCELED);
	assert_int_equal(gathered.left, 1);
}

static void cancel__of_one_is_a_result_if_asked(void **state)
{
	struct gathered gathered = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_one(&gathered, ASYNC_RETURN_EXCEPTIONS)), 0);
	assert_int_equal(gathered.result, 0);
	assert_int_equal(gathered.results[0], -ECANCELED);
	assert_int_equal(gathered.results[1], 2);
}

ASYNC(awaits_gathering, struct gathered *, gathered, unsigned int, flags, bool, stubborn)
{
	struct async_task *tasks[2];

	tasks[0] = async_create_task(sleeps(&gathered->met[0]));
	tasks[1] = stubborn ? async_create_task(sleeps_on(&gathered->met[1], 6))
			    : async_create_task(sleeps(&gathered->met[1]));
	note(gathered, async_await(async_gather(tasks, 2, gathered->results, flags)));
	return gathered->result;
}

ASYNC(cancels_awaiter, struct gathered *, gathered, unsigned int, flags, bool, stubborn)
{
	struct async_task *task = async_create_task(awaits_gathering(gathered, flags, stubborn));

	async_sleep(0);
	async_sleep(0);
	async_task_cancel(task);
	return async_await(task);
}

static void cancel__reaches_all(void **state)
{
	struct gathered gathered = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_awaiter(&gathered, 0, false)), -ECANCELED);
	assert_int_equal(gathered.result, -ECANCELED);
	assert_int_equal(gathered.met[0], -ECANCELED);
	assert_int_equal(gathered.met[1], -ECANCELED);
}

static void cancel__is_not_lost_when_failures_are_results(void **state)
{
	struct gathered gathered = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_awaiter(&gathered, ASYNC_RETURN_EXCEPTIONS, true)),
			 -ECANCELED);
	assert_int_equal(gathered.result, -ECANCELED);
	assert_int_equal(gathered.results[0], -ECANCELED);
	assert_int_equal(gathered.results[1], 6);
	assert_int_equal(gathered.left, 1);
}

ASYNC(cancels_done, struct gathered *, gathered)
{
	struct async_task *tasks[] = { async_create_task(returns_after(0, 2)) };
	struct async_task *task = async_task_ref(tasks[0]);
	struct async_future *gathering = async_gather(tasks, 1, gathered->results, 0);

	async_await(task);
	async_sleep(0);
	gathered->flag = async_future_cancel(gathering);
	gathered->result = async_await(gathering);
	return 0;
}

static void cancel__of_a_done_gathering_is_refused(void **state)
{
	struct gathered gathered = { .flag = true };

	(void)state;
	assert_int_equal(async_run(cancels_done(&gathered)), 0);
	assert_false(gathered.flag);
	assert_int_equal(gathered.result, 0);
	assert_int_equal(gathered.results[0], 2);
}

ASYNC(gathers_one_twice, struct gathered *, gathered)
{
	struct async_task *task = async_create_task(returns_after(2, 5));
	struct async_task *tasks[] = { task, async_task_ref(task) };

	gathered->result = async_await(async_gather(tasks, 2, gathered->results, 0));
	return 0;
}

static void gather__of_the_same_task_twice(void **state)
{
	struct gathered gathered = { .result = -1 };

	(void)state;
	assert_int_equal(async_run(gathers_one_twice(&gathered)), 0);
	assert_int_equal(gathered.result, 0);
	assert_int_equal(gathered.results[0], 5);
	assert_int_equal(gathered.results[1], 5);
}

ASYNC(gathers_null, struct gathered *, gathered)
{
	struct async_task *tasks[] = {
		async_create_task(returns_after(1, 5)),
		async_create_task(NULL),
		async_create_task(returns_after(1, 6)),
	};

	gathered->result = async_await(async_gather(tasks, 3, NULL, 0));
	return 0;
}

static void gather__with_a_null_is_lack_of_memory(void **state)
{
	struct gathered gathered = { 0 };

	(void)state;
	assert_int_equal(async_run(gathers_null(&gathered)), 0);
	assert_int_equal(gathered.result, -ENOMEM);
}

ASYNC(gathers_coroutines, struct gathered *, gathered, bool, complete)
{
	struct async_coroutine *coroutines[] = {
		returns_after(2, 7),
		complete ? returns_after(1, 8) : NULL,
	};

	note(gathered, async_await(async_gather(coroutines, 2, gathered->results, 0)));
	async_sleep_ns(1);
	return 0;
}

static void gather__of_coroutines(void **state)
{
	struct gathered gathered = { .result = -1 };

	(void)state;
	assert_int_equal(async_run(gathers_coroutines(&gathered, true)), 0);
	assert_int_equal(gathered.result, 0);
	assert_int_equal(gathered.results[0], 7);
	assert_int_equal(gathered.results[1], 8);
	assert_int_equal(async_run(gathers_coroutines(&gathered, false)), 0);
	assert_int_equal(gathered.result, -ENOMEM);
	assert_null(async_gather_coroutines((struct async_coroutine *[]){ returns_after(0, 0) }, 1,
					    NULL, 0));
}

static void gather__of_two_loops_is_refused(void **state)
{
	struct async_task *tasks[2];
	struct async_loop *loops[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(async_loop_new(&loops[i]), 0);
		tasks[i] = async_loop_create_task(loops[i], returns_after(0, i));
	}
	assert_null(async_gather(tasks, 2, NULL, 0));
	for (i = 0; i < 2; i++)
		assert_int_equal(async_loop_close(loops[i]), 0);
}

ASYNC(drops_gathering, struct gathered *, gathered)
{
	struct async_task *tasks[] = { async_create_task(returns_after(2, 5)) };

	async_future_unref(async_gather(tasks, 1, gathered->results, 0));
	return async_await(async_create_task(returns_after(5, 0)));
}

static void gather__goes_on_when_its_reference_is_given_up(void **state)
{
	struct gathered gathered = { 0 };

	(void)state;
	assert_int_equal(async_run(drops_gathering(&gathered)), 0);
	assert_int_equal(gathered.results[0], 5);
}

/*
 * --- Loops that are closed while gatherings are pending
 * --------------------------------------------
 */

ASYNC(stops_when_gathering, struct gathered *, gathered)
{
	struct async_task *tasks[2];
	struct async_loop *loop = async_get_running_loop();

	tasks[0] = async_create_task(sleeps(&gathered->met[0]));
	tasks[1] = async_create_task(sleeps(&gathered->met[1]));
	async_loop_stop(loop);
	return async_await(async_gather(tasks, 2, gathered->results, 0));
}

static void close__while_gathering_frees_all(void **state)
{
	struct gathered gathered = { .met = { 5, 5 } };
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	assert_int_equal(async_loop_run_until_complete(loop, stops_when_gathering(&gathered)),
			 -EINTR);
	assert_int_equal(async_loop_close(loop), 0);
	assert_int_equal(gathered.met[0], 5);
	assert_int_equal(gathered.met[1], 5);
}

static void close__while_gathering_leaves_the_callers_reference(void **state)
{
	struct gathered gathered = { 0 };
	struct async_future *gathering;
	struct async_task *tasks[1];
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	tasks[0] = async_loop_create_task(loop, sleeps(&gathered.met[0]));
	gathering = async_gather(tasks, 1, gathered.results, 0);
	assert_non_null(gathering);
	assert_int_equal(async_loop_close(loop), 0);
	assert_false(async_future_cancel(gathering));
	async_future_unref(gathering);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gather__has_results_in_order),
		cmocka_unit_test(gather__without_results),
		cmocka_unit_test(gather__of_nothing_is_done),
		cmocka_unit_test(failure__ends_the_gathering_alone),
		cmocka_unit_test(failure__is_a_result_if_asked),
		cmocka_unit_test(cancel__of_one_ends_the_gathering),
		cmocka_unit_test(cancel__of_one_is_a_result_if_asked),
		cmocka_unit_test(cancel__reaches_all),
		cmocka_unit_test(cancel__is_not_lost_when_failures_are_results),
		cmocka_unit_test(cancel__of_a_done_gathering_is_refused),
		cmocka_unit_test(gather__of_the_same_task_twice),
		cmocka_unit_test(gather__with_a_null_is_lack_of_memory),
		cmocka_unit_test(gather__of_coroutines),
		cmocka_unit_test(gather__of_two_loops_is_refused),
		cmocka_unit_test(gather__goes_on_when_its_reference_is_given_up),
		cmocka_unit_test(close__while_gathering_frees_all),
		cmocka_unit_test(close__while_gathering_leaves_the_callers_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
