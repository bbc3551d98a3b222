/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks: made, awaited, named, listed; who runs when; and what a suspended stack looks like. */
#include <errno.h>
#include <runtime/runtime.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

ASYNC(returns, int64_t, value)
{
	return value;
}

ASYNC(yields_then_returns, int, times, int64_t, value)
{
	while (times--) {
		int64_t err = async_sleep(0);

		if (err < 0)
			return err;
	}
	return value;
}

/*
 * --- Create and await
 * ------------------------------------------------------------------------------
 */

struct seen {
	int64_t result[4];
	struct async_task *task;
	bool flag[4];
	int order[16];
	size_t count;
};

ASYNC(creates, struct seen *, seen)
{
	struct async_task *task = async_create_task(returns(8));

	seen->flag[0] = async_task_done(task);
	seen->result[0] = async_task_result(task);
	async_sleep(0);
	seen->flag[1] = async_task_done(task);
	seen->flag[2] = async_task_cancelled(task);
	seen->result[1] = async_task_result(task);
	seen->result[2] = async_await(task);
	return 0;
}

static void create__runs_it_soon(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(creates(&seen)), 0);
	assert_false(seen.flag[0]);
	assert_int_equal(seen.result[0], -EINPROGRESS);
	assert_true(seen.flag[1]);
	assert_false(seen.flag[2]);
	assert_int_equal(seen.result[1], 8);
	assert_int_equal(seen.result[2], 8);
}

static void create__needs_a_loop(void **state)
{
	(void)state;
	assert_null(async_create_task(returns(1)));
	assert_null(async_loop_create_task(NULL, returns(1)));
	assert_null(async_create_task(NULL));
	assert_null(async_task_ref(NULL));
	async_task_detach(NULL);
}

ASYNC(awaits_into, struct async_task *, task, int64_t *, result)
{
	*result = async_await(task);
	return 0;
}

ASYNC(shares, struct seen *, seen)
{
	struct async_task *shared = async_create_task(yields_then_returns(3, 5));
	struct async_task *one = async_create_task(awaits_into(shared, &seen->result[0]));
	struct async_task *two =
		async_create_task(awaits_into(async_task_ref(shared), &seen->result[1]));

	seen->result[2] = async_await(one);
	seen->result[3] = async_await(two);
	return 0;
}

static void await__by_two_tasks(void **state)
{
	struct seen seen = { .result = { -1, -1, -1, -1 } };

	(void)state;
	assert_int_equal(async_run(shares(&seen)), 0);
	assert_int_equal(seen.result[0], 5);
	assert_int_equal(seen.result[1], 5);
	assert_int_equal(seen.result[2], 0);
	assert_int_equal(seen.result[3], 0);
}

ASYNC(awaits_itself, struct seen *, seen)
{
	seen->result[0] = async_await(async_task_ref(async_current_task()));
	return 0;
}

static void await__of_itself_is_refused(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(awaits_itself(&seen)), 0);
	assert_int_equal(seen.result[0], -EDEADLK);
}

ASYNC(fails, int, error)
{
	return async_fail(error, "because of %d", -error);
}

ASYNC(looks_at_failure, struct seen *, seen)
{
	struct async_task *task = async_create_task(fails(-EIO));

	async_sleep(0);
	seen->result[0] = async_task_result(task);
	seen->flag[0] = !strcmp(async_task_message(task), "because of 5");
	seen->flag[1] = async_task_cancelled(task);
	async_task_detach(task);
	return 0;
}

static void result__of_a_failed_task(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(looks_at_failure(&seen)), 0);
	assert_int_equal(seen.result[0], -EIO);
	assert_true(seen.flag[0]);
	assert_false(seen.flag[1]);
}

static void result__outlives_the_loop(void **state)
{
	struct async_task *task;
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	task = async_loop_create_task(loop, fails(-EIO));
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), -EIO);
	assert_int_equal(async_loop_close(loop), 0);
	assert_int_equal(async_task_result(task), -EIO);
	assert_string_equal(async_task_message(task), "because of 5");
	assert_false(async_task_cancel(task));
	async_task_detach(task);
}

/*
 * --- The current task, names, lists
 * ----------------------------------------------------------------
 */

static void look_at_current(void *arg)
{
	struct seen *seen = arg;

	seen->task = async_current_task();
	seen->flag[0] = true;
}

ASYNC(knows_itself, struct seen *, seen)
{
	struct async_task *self = async_current_task();

	seen->task = self;
	async_call_soon(async_get_running_loop(), look_at_current, seen);
	async_await(async_create_task(returns(1)));
	seen->flag[1] = async_current_task() == self;
	return 0;
}

static void current__is_null_outside_of_tasks(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_null(async_current_task());
	assert_int_equal(async_run(knows_itself(&seen)), 0);
	assert_true(seen.flag[0]);
	assert_true(seen.flag[1]);
	assert_null(seen.task);
	assert_null(async_current_task());
}

static void name__is_a_number_at_first(void **state)
{
	struct async_loop *loop;
	struct async_task *one, *two;
	const char *name;
	unsigned long number;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	one = async_loop_create_task(loop, returns(1));
	two = async_loop_create_task(loop, returns(2));
	name = async_task_get_name(one);
	assert_int_equal(sscanf(name, "Task-%lu", &number), 1);
	assert_int_equal(sscanf(async_task_get_name(two), "Task-%lu", &number), 1);
	assert_string_not_equal(name, async_task_get_name(two));
	assert_int_equal(async_loop_run_until_complete(loop, one), 1);
	assert_int_equal(async_loop_run_until_complete(loop, two), 2);
	assert_int_equal(async_loop_close(loop), 0);
}

static void name__can_be_set(void **state)
{
	char text[] = "reader";
	struct async_loop *loop;
	struct async_task *task;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	task = async_loop_create_task(loop, returns(1));
	assert_int_equal(async_task_set_name(task, text), 0);
	text[0] = 'l';
	assert_string_equal(async_task_get_name(task), "reader");
	assert_int_equal(async_task_set_name(task, "writer"), 0);
	assert_string_equal(async_task_get_name(task), "writer");
	assert_int_equal(async_task_set_name(task, async_task_get_name(task)), 0);
	assert_string_equal(async_task_get_name(task), "writer");
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), 1);
	assert_string_equal(async_task_get_name(task), "writer");
	async_task_detach(task);
	assert_int_equal(async_loop_close(loop), 0);
}

ASYNC(lists, struct seen *, seen)
{
	struct async_task *one = async_create_task(yields_then_returns(5, 1));
	struct async_task *two = async_create_task(returns(1));
	struct async_task *tasks[3] = { NULL };

	seen->result[0] = async_all_tasks(NULL, NULL, 0);
	seen->result[1] = async_all_tasks(async_get_running_loop(), tasks, 2);
	seen->flag[0] = tasks[0] == async_current_task() && tasks[1] == one && !tasks[2];
	seen->flag[1] = one->future.references == 3; /* ours, the loop's, the list's */
	async_task_detach(tasks[0]);
	async_task_detach(tasks[1]);
	async_await(two);
	seen->result[2] = async_all_tasks(NULL, NULL, 0);
	async_await(one);
	return 0;
}

static void all_tasks__are_those_not_done(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_all_tasks(NULL, NULL, 0), 0);
	assert_int_equal(async_run(lists(&seen)), 0);
	assert_int_equal(seen.result[0], 3);
	assert_int_equal(seen.result[1], 3);
	assert_true(seen.flag[0]);
	assert_true(seen.flag[1]);
	assert_int_equal(seen.result[2], 2);
}

/*
 * --- Who runs when
 * ---------------------------------------------------------------------------------
 */

ASYNC(notes, struct seen *, seen, int, number, int, times)
{
	while (times--) {
		seen->order[seen->count++] = number;
		async_sleep(0);
	}
	return 0;
}

ASYNC(runs_three, struct seen *, seen)
{
	struct async_task *tasks[3];
	int i;

	for (i = 0; i < 3; i++)
		tasks[i] = async_create_task(notes(seen, i, 4));
	for (i = 0; i < 3; i++)
		async_await(tasks[i]);
	return 0;
}

static void yield__lets_all_others_run_once(void **state)
{
	struct seen seen = { 0 };
	int i;

	(void)state;
	assert_int_equal(async_run(runs_three(&seen)), 0);
	assert_int_equal(seen.count, 12);
	for (i = 0; i < 12; i++)
		assert_int_equal(seen.order[i], i % 3);
}

static void note_call(void *arg)
{
	struct seen *seen = arg;

	seen->order[seen->count++] = 9;
}

ASYNC(mixes, struct seen *, seen)
{
	struct async_loop *loop = async_get_running_loop();
	struct async_task *one, *two;

	async_call_soon(loop, note_call, seen);
	one = async_create_task(notes(seen, 1, 1));
	async_call_soon(loop, note_call, seen);
	two = async_create_task(notes(seen, 2, 1));
	async_await(one);
	async_await(two);
	return 0;
}

static void callbacks__and_tasks_share_one_queue(void **state)
{
	const int order[] = { 9, 1, 9, 2 };
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(mixes(&seen)), 0);
	assert_int_equal(seen.count, 4);
	assert_memory_equal(seen.order, order, sizeof(order));
}

ASYNC(yields_alone, int, times, uint64_t *, fired)
{
	int64_t i;

	for (i = 0; i < times && !*fired; i++)
		async_sleep(0);
	return i < times;
}

static void note_time(void *arg)
{
	*(uint64_t *)arg = async_loop_time(async_get_running_loop());
}

ASYNC(busy, uint64_t *, fired)
{
	async_call_soon(async_get_running_loop(), note_time, fired);
	return async_await(yields_alone(10, fired));
}

static void yield__of_a_lonely_task_lets_callbacks_run(void **state)
{
	uint64_t fired = 0;

	(void)state;
	assert_int_equal(async_run(busy(&fired)), 1);
	assert_true(fired);
}

ASYNC(busy_until_timer, uint64_t *, fired)
{
	async_call_later(async_get_running_loop(), 0.001, note_time, fired);
	return async_await(yields_alone(1000000000, fired));
}

static void timers__fire_beside_tasks_that_never_wait(void **state)
{
	uint64_t fired = 0;

	(void)state;
	assert_int_equal(async_run(busy_until_timer(&fired)), 1);
	assert_true(fired);
}

ASYNC(counts_until_timer, uint64_t *, fired)
{
	int64_t steps = 0;

	async_call_at(async_get_running_loop(), 0, note_time, fired);
	while (!*fired && !async_sleep(0))
		steps++;
	return steps;
}

static void timers__need_not_wait_for_the_clock_to_tick(void **state)
{
	uint64_t fired = 0;

	(void)state;
	assert_in_range(async_run(counts_until_timer(&fired)), 0, 100);
}

/*
 * --- Many
 * ------------------------------------------------------------------------------------------
 */

enum { MANY = 5000 };

ASYNC(runs_many, bool, wait)
{
	struct async_task **tasks = calloc(MANY, sizeof(struct async_task *));
	int64_t sum = 0, i;

	for (i = 0; i < MANY; i++)
		tasks[i] = async_create_task(yields_then_returns(wait ? 3 : 0, i));
	for (i = 0; i < MANY; i++)
		sum += async_await(tasks[i]);
	free(tasks);
	return sum;
}

static void many__run_to_their_ends(void **state)
{
	struct async_loop *loop;
	int i;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	for (i = 0; i < 3; i++) {
		int64_t sum = async_loop_run_until_complete(loop, runs_many(i != 1));

		assert_int_equal(sum, (int64_t)MANY * (MANY - 1) / 2);
		assert_int_equal(loop->reserved, 0);
	}
	assert_int_equal(async_loop_close(loop), 0);
}

ASYNC(chain, int, length)
{
	int64_t result;

	if (!length)
		return 0;
	result = async_await(async_create_task(chain(length - 1)));
	return result < 0 ? result : result + 1;
}

static void many__await_each_other(void **state)
{
	(void)state;
	assert_int_equal(async_run(chain(MANY)), MANY);
}

/*
 * --- A suspended stack
 * -----------------------------------------------------------------------------
 */

enum { DEPTH = 20 };

ASYNC(nested, int, depth)
{
	int64_t result = depth ? async_await(nested(depth - 1)) : async_sleep(0);

	return result < 0 ? result : result + 1;
}

/*
 * The frames of a suspended task: at its stack pointer lie where it goes on, and its frame pointer.
 */
static __attribute__((no_sanitize_address)) size_t count_frames(const struct async_task *task)
{
#if defined(__x86_64__)
	uintptr_t *frame = (uintptr_t *)((uintptr_t *)task->sp)[1];
#else
	uintptr_t *frame = (uintptr_t *)((uintptr_t *)task->sp)[0];
#endif
	uintptr_t *top = task->stack, *bottom = top - STACK_USABLE / sizeof(*top);
	size_t count = 0;

	for (; frame; frame = (uintptr_t *)frame[0], count++) {
		if (frame < bottom || frame >= top)
			return 0;
		bottom = frame + 1;
	}
	return count;
}

ASYNC(walks, size_t *, count)
{
	struct async_task *task = async_create_task(nested(DEPTH));

	async_sleep(0);
	*count = count_frames(task);
	return async_await(task);
}

static void suspended__can_be_walked_to_its_end(void **state)
{
	size_t count = 0;

	(void)state;
	assert_int_equal(async_run(walks(&count)), DEPTH + 1);
	assert_true(count > DEPTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create__runs_it_soon),
		cmocka_unit_test(create__needs_a_loop),
		cmocka_unit_test(await__by_two_tasks),
		cmocka_unit_test(await__of_itself_is_refused),
		cmocka_unit_test(result__of_a_failed_task),
		cmocka_unit_test(result__outlives_the_loop),
		cmocka_unit_test(current__is_null_outside_of_tasks),
		cmocka_unit_test(name__is_a_number_at_first),
		cmocka_unit_test(name__can_be_set),
		cmocka_unit_test(all_tasks__are_those_not_done),
		cmocka_unit_test(yield__lets_all_others_run_once),
		cmocka_unit_test(callbacks__and_tasks_share_one_queue),
		cmocka_unit_test(yield__of_a_lonely_task_lets_callbacks_run),
		cmocka_unit_test(timers__fire_beside_tasks_that_never_wait),
		cmocka_unit_test(timers__need_not_wait_for_the_clock_to_tick),
		cmocka_unit_test(many__run_to_their_ends),
		cmocka_unit_test(many__await_each_other),
		cmocka_unit_test(suspended__can_be_walked_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
