/* SPDX-License-Identifier: BSD-2-Clause */
/* Task groups, as CPython's test_taskgroups.py has them. */
#include "tasks.h"

static unsigned int cancelling(void)
{
	return async_task_cancelling(async_current_task());
}

/*
 * --- All is well
 * -----------------------------------------------------------------------------------
 */

ASYNC(groups, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();
	struct async_task *one, *two;

	one = async_task_ref(async_task_group_create_task(group, returns_after(3, 1)));
	two = async_task_ref(async_task_group_create_task(group, returns_after(5, 2)));
	meet(seen, async_sleep(0));
	meet(seen, async_task_group_end(group, 7));
	meet(seen, async_task_result(one));
	meet(seen, async_task_result(two));
	async_task_detach(one);
	async_task_detach(two);
	return async_sleep(0);
}

static void end__waits_for_all(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(groups(&seen)), 0);
	assert_met(&seen, 0, 7, 1, 2);
}

ASYNC(groups_nothing, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	meet(seen, async_task_group_end(group, 3));
	group = async_task_group_new();
	async_task_group_create_task(group, returns_after(0, 2));
	take_turns(4);
	meet(seen, async_task_group_end(group, 4));
	return 0;
}

static void end__of_a_group_whose_tasks_are_done(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(groups_nothing(&seen)), 0);
	assert_met(&seen, 3, 4);
}

ASYNC(creates_another, struct seen *, seen, struct async_task_group *, group)
{
	seen->steps++;
	take_turns(2);
	if (seen->steps < 5)
		async_task_group_create_task(group, creates_another(seen, group));
	return 0;
}

ASYNC(has_growing_group, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, creates_another(seen, group));
	meet(seen, async_task_group_end(group, 0));
	return seen->steps;
}

static void tasks__create_more_while_it_ends(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_growing_group(&seen)), 5);
	assert_met(&seen, 0);
}

ASYNC(has_cancelled_child, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();
	struct async_task *child = async_task_group_create_task(group, sleeps(seen, 0));

	async_task_group_create_task(group, returns_after(6, 0));
	take_turns(1);
	async_task_cancel(child);
	meet(seen, async_await(returns_after(3, 1)));
	meet(seen, async_task_group_failures(group));
	meet(seen, async_task_group_end(group, 2));
	return 0;
}

static void child__that_is_cancelled_is_no_failure(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_cancelled_child(&seen)), 0);
	assert_met(&seen, 1, 0, 2);
}

/*
 * --- Failures
 * --------------------------------------------------------------------------------------
 */

ASYNC(has_failing_child, struct seen *, seen, bool, in_block)
{
	struct async_task_group *group = async_task_group_new();
	int64_t result = 0;

	async_task_group_create_task(group, sleeps(seen, 0));
	async_task_group_create_task(group, returns_after(2, -EIO));
	if (in_block) {
		result = meet(seen, async_sleep(3600));
		meet(seen, cancelling());
		meet(seen, async_task_group_failures(group));
	}
	meet(seen, async_task_group_end(group, result));
	meet(seen, cancelling());
	return async_sleep(0);
}

static void failure__cancels_the_parent_in_the_block(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_failing_child(&seen, true)), 0);
	assert_met(&seen, -ECANCELED, 1, 1, -EIO, 0);
	assert_int_equal(seen.inner, -ECANCELED);
	assert_int_equal(seen.steps, 5);
}

static void failure__while_it_ends_leaves_the_parent(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_failing_child(&seen, false)), 0);
	assert_met(&seen, -EIO, 0);
	assert_int_equal(seen.steps, 5);
}

ASYNC(hears_message, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, returns_after(2, -EIO));
	return meet(seen, async_task_group_end(group, 0));
}

static void failure__comes_with_its_message(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(hears_message(&seen)), -EIO);
	assert_string_equal(seen.message, "failed with -5");
}

ASYNC(has_failing_children, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, sleeps(seen, -EPIPE));
	async_task_group_create_task(group, returns_after(2, -EIO));
	async_task_group_create_task(group, returns_after(2, -ENOENT));
	meet(seen, async_sleep(3600));
	take_turns(8);
	meet(seen, async_task_group_failures(group));
	meet(seen, async_task_group_end(group, -ECANCELED));
	meet(seen, cancelling());
	return 0;
}

static void failures__of_which_the_first_is_returned(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_failing_children(&seen)), 0);
	assert_met(&seen, -ECANCELED, 3, -EIO, 0);
}

ASYNC(fails_itself, struct seen *, seen, int64_t, child)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, sleeps(seen, child));
	take_turns(1);
	return meet(seen, async_task_group_end(group, async_fail(-ENOENT, "the block failed")));
}

static void block__that_fails_cancels_the_tasks(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(fails_itself(&seen, 0)), -ENOENT);
	assert_string_equal(seen.message, "the block failed");
	assert_int_equal(seen.steps, 5);
}

static void block__that_failed_first(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(fails_itself(&seen, -EIO)), -ENOENT);
	assert_string_equal(seen.message, "the block failed");
}

ASYNC(fails_later, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, returns_after(2, -EIO));
	meet(seen, async_sleep(3600));
	meet(seen, async_task_group_end(group, async_fail(-ENOENT, "the block failed")));
	return 0;
}

static void block__that_failed_after_a_task(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(fails_later(&seen)), 0);
	assert_met(&seen, -ECANCELED, -EIO);
	assert_string_equal(seen.message, "failed with -5");
}

ASYNC(goes_on, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, returns_after(2, -EIO));
	meet(seen, async_sleep(3600));
	meet(seen, async_sleep(0));
	meet(seen, async_task_group_end(group, 5));
	meet(seen, cancelling());
	return async_sleep(0);
}

static void block__that_swallows_the_cancellation(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(goes_on(&seen)), 0);
	assert_met(&seen, -ECANCELED, 0, -EIO, 0);
}

ASYNC(begins, struct seen *, seen)
{
	seen->steps++;
	return 0;
}

ASYNC(creates_too_late, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, returns_after(0, -EIO));
	meet(seen, async_sleep(3600));
	meet(seen, !async_task_group_create_task(group, begins(seen)));
	meet(seen, async_task_group_end(group, 0));
	meet(seen, seen->steps);
	return 0;
}

static void create_task__in_a_group_that_shuts_down(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(creates_too_late(&seen)), 0);
	assert_met(&seen, -ECANCELED, true, -EIO, 0);
}

ASYNC(fails_at_once, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, returns_after(0, -EIO));
	async_task_group_create_task(group, begins(seen));
	/* None of them has begun. */
	meet(seen, async_task_group_end(group, -ENOENT));
	meet(seen, seen->steps);
	return 0;
}

static void block__that_fails_before_the_tasks_begin(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(fails_at_once(&seen)), 0);
	assert_met(&seen, -ENOENT, 0);
}

/*
 * --- Cancelled by others
 * ---------------------------------------------------------------------------
 */

ASYNC(has_sleeping_child, struct seen *, seen, bool, in_block, int64_t, child)
{
	struct async_task_group *group = async_task_group_new();
	int64_t result = 0;

	async_task_group_create_task(group, sleeps(seen, child));
	if (in_block)
		result = meet(seen, async_sleep(3600));
	result = meet(seen, async_task_group_end(group, result));
	meet(seen, cancelling());
	meet(seen, seen->steps);
	return result;
}

ASYNC(cancels_parent, struct seen *, seen, bool, in_block, int64_t, child, int, times)
{
	struct async_task *task = async_create_task(has_sleeping_child(seen, in_block, child));

	take_turns(2);
	while (times--) {
		async_task_cancel(task);
		async_sleep(0);
	}
	return async_await(task);
}

static void cancel__in_the_block(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_parent(&seen, true, 0, 1)), -ECANCELED);
	assert_met(&seen, -ECANCELED, -ECANCELED, 1, 5);
}

static void cancel__while_it_ends(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_parent(&seen, false, 0, 1)), -ECANCELED);
	assert_met(&seen, -ECANCELED, 1, 5);
}

static void cancel__again_while_it_ends_still_waits(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_parent(&seen, false, 0, 3)), -ECANCELED);
	assert_met(&seen, -ECANCELED, 3, 5);
}

static void cancel__of_tasks_that_refuse_stays_one(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_parent(&seen, false, 6, 1)), -ECANCELED);
	assert_met(&seen, -ECANCELED, 1, 5);
}

static void cancel__gives_way_to_a_failure(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_parent(&seen, true, -EIO, 1)), -EIO);
	assert_met(&seen, -ECANCELED, -EIO, 1, 5);
}

ASYNC(cancels_itself, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, begins(seen));
	async_task_cancel(async_current_task());
	meet(seen, async_task_group_end(group, 0));
	meet(seen, seen->steps);
	return async_sleep(0);
}

static void cancel__not_heard_of_before_the_end(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_itself(&seen)), 0);
	assert_met(&seen, -ECANCELED, 0);
}

static void cancel_parent(struct async_future *future, void *arg)
{
	struct seen *seen = arg;

	(void)future;
	async_task_cancel(seen->task);
}

ASYNC(is_cancelled_when_all_have_ended, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();
	struct async_task *child = async_task_group_create_task(group, returns_after(2, 0));

	/* It is called after the group's own, which has woken the parent by then. */
	seen->task = async_current_task();
	async_future_add_done_callback(async_task_future(child), cancel_parent, seen);
	meet(seen, async_task_group_end(group, 0));
	return async_sleep(0);
}

static void cancel__racing_with_the_last_task(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(is_cancelled_when_all_have_ended(&seen)), 0);
	assert_met(&seen, -ECANCELED);
}

/*
 * --- One in the other, and with a limit
 * ------------------------------------------------------------
 */

ASYNC(nests, struct seen *, seen, int64_t, inner_fails, int64_t, outer_fails)
{
	struct async_task_group *outer = async_task_group_new(), *inner;
	int64_t result;

	async_task_group_create_task(outer, returns_after(3, outer_fails));
	inner = async_task_group_new();
	async_task_group_create_task(inner, sleeps(seen, 0));
	async_task_group_create_task(inner, returns_after(3, inner_fails));
	result = meet(seen, async_task_group_end(inner, async_sleep(0)));
	meet(seen, async_task_group_end(outer, result));
	meet(seen, cancelling());
	return async_sleep(0);
}

static void nested__failure_of_an_inner_task(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(nests(&seen, -EIO, 0)), 0);
	assert_met(&seen, -EIO, -EIO, 0);
	assert_int_equal(seen.steps, 5);
}

static void nested__failure_of_an_outer_task(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(nests(&seen, 0, -ENOENT)), 0);
	assert_met(&seen, -ECANCELED, -ENOENT, 0);
	assert_int_equal(seen.steps, 5);
}

static void nested__failures_of_both(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(nests(&seen, -EIO, -ENOENT)), 0);
	assert_met(&seen, -EIO, -ENOENT, 0);
}

ASYNC(has_limit, struct seen *, seen)
{
	struct async_task_group *group;
	struct async_timeout timeout;
	int64_t result;

	group = async_task_group_new();
	async_task_group_create_task(group, sleeps(seen, 0));
	take_turns(1);
	async_timeout_begin(&timeout, 0.001);
	result = meet(seen, async_task_group_end(group, 0));
	meet(seen, async_timeout_end(&timeout, result));
	meet(seen, cancelling());
	return async_sleep(0);
}

static void timeout__around_a_group(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_limit(&seen)), 0);
	assert_met(&seen, -ECANCELED, -ETIMEDOUT, 0);
	assert_int_equal(seen.steps, 5);
}

/*
 * --- What goes wrong, and the end of the loop
 * ------------------------------------------------------
 */

ASYNC(ends_of_another, struct async_task_group *, group)
{
	return async_task_group_end(group, 0);
}

ASYNC(misuses, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();

	meet(seen, async_await(async_create_task(ends_of_another(group))));
	meet(seen, async_task_group_end(group, 0));
	meet(seen, async_task_group_end(NULL, 0));
	meet(seen, async_task_group_failures(NULL));
	meet(seen, !async_task_group_create_task(NULL, begins(seen)));
	group = async_task_group_new();
	async_task_group_create_task(group, begins(seen));
	meet(seen, !async_task_group_create_task(group, NULL));
	meet(seen, async_task_group_end(group, 0));
	meet(seen, seen->steps);
	meet(seen, cancelling());
	return 0;
}

static void group__that_is_misused(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(misuses(&seen)), 0);
	assert_met(&seen, -EPERM, 0, -ENOMEM, 0, true, true, -ENOMEM, 0, 0);
	assert_null(async_task_group_new());
}

ASYNC(forgets_group, struct seen *, seen)
{
	async_task_group_create_task(async_task_group_new(), sleeps(seen, 0));
	async_task_group_create_task(async_task_group_new(), returns_after(1, -EIO));
	return 0;
}

ASYNC(awaits_forgetter, struct seen *, seen)
{
	meet(seen, async_await(async_create_task(forgets_group(seen))));
	take_turns(8);
	meet(seen, async_all_tasks(NULL, NULL, 0));
	return 0;
}

static void parent__that_forgets_its_group_leaves_nothing(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(awaits_forgetter(&seen)), 0);
	assert_met(&seen, 0, 1);
}

static void close__within_and_at_the_end_of_a_block(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	run_and_close(has_sleeping_child(&seen, true, 0));
	run_and_close(has_sleeping_child(&seen, false, 0));
	assert_int_equal(seen.count, 0);
}

ASYNC(counts_callbacks, struct seen *, seen)
{
	size_t before = callbacks();

	async_await(groups(seen));
	async_await(has_failing_child(seen, true));
	return callbacks() - before;
}

static void group__leaves_no_callbacks(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(counts_callbacks(&seen)), 0);
}

enum { MANY = 5000 };

ASYNC(has_many, struct seen *, seen)
{
	struct async_task_group *group = async_task_group_new();
	int i;

	for (i = 0; i < MANY; i++)
		async_task_group_create_task(group, i % 2 ? sleeps(seen, 0) : returns_after(2, 0));
	async_task_group_create_task(group, returns_after(4, -EIO));
	return async_task_group_end(group, 0);
}

static void group__of_many(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_many(&seen)), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(end__waits_for_all),
		cmocka_unit_test(end__of_a_group_whose_tasks_are_done),
		cmocka_unit_test(tasks__create_more_while_it_ends),
		cmocka_unit_test(child__that_is_cancelled_is_no_failure),
		cmocka_unit_test(failure__cancels_the_parent_in_the_block),
		cmocka_unit_test(failure__while_it_ends_leaves_the_parent),
		cmocka_unit_test(failure__comes_with_its_message),
		cmocka_unit_test(failures__of_which_the_first_is_returned),
		cmocka_unit_test(block__that_fails_cancels_the_tasks),
		cmocka_unit_test(block__that_failed_first),
		cmocka_unit_test(block__that_failed_after_a_task),
		cmocka_unit_test(block__that_swallows_the_cancellation),
		cmocka_unit_test(create_task__in_a_group_that_shuts_down),
		cmocka_unit_test(block__that_fails_before_the_tasks_begin),
		cmocka_unit_test(cancel__in_the_block),
		cmocka_unit_test(cancel__while_it_ends),
		cmocka_unit_test(cancel__again_while_it_ends_still_waits),
		cmocka_unit_test(cancel__of_tasks_that_refuse_stays_one),
		cmocka_unit_test(cancel__gives_way_to_a_failure),
		cmocka_unit_test(cancel__not_heard_of_before_the_end),
		cmocka_unit_test(cancel__racing_with_the_last_task),
		cmocka_unit_test(nested__failure_of_an_inner_task),
		cmocka_unit_test(nested__failure_of_an_outer_task),
		cmocka_unit_test(nested__failures_of_both),
		cmocka_unit_test(timeout__around_a_group),
		cmocka_unit_test(group__that_is_misused),
		cmocka_unit_test(parent__that_forgets_its_group_leaves_nothing),
		cmocka_unit_test(close__within_and_at_the_end_of_a_block),
		cmocka_unit_test(group__leaves_no_callbacks),
		cmocka_unit_test(group__of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
