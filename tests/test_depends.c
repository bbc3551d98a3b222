/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tracers are told of relations: what the end of a gather, wait, shield or group depends on,
 * and who holds a lock. Who comes late is told the same.
 */
#include <pthread.h>
#include <unistd.h>

#include "recorded.h"

#include <runtime/runtime.h>

#include "iterations.h"

enum { RELATIONS_MAX = 32 };

struct relation {
	unsigned int flags;
	uint64_t subject, on;
};

struct relations {
	struct relation list[RELATIONS_MAX];
	size_t count;
};

static bool has(const struct relations *relations, const struct relation *relation)
{
	size_t i;

	for (i = 0; i < relations->count; i++) {
		if (!memcmp(&relations->list[i], relation, sizeof(*relation)))
			return true;
	}
	return false;
}

/* Those that were recorded so far, each once. */
static struct relations relations(void)
{
	struct relations ret = { .count = 0 };
	size_t i;

	at_flush();
	assert_true(recorded_count < RECORDED_MAX);
	for (i = 0; i < recorded_count; i++) {
		struct relation relation;

		memset(&relation, 0, sizeof(relation));
		relation.flags = recorded[i].flags;
		relation.subject = recorded[i].subject;
		relation.on = recorded[i].a;
		if (recorded[i].kind != AT_DEPENDS || has(&ret, &relation))
			continue;
		assert_true(ret.count < RELATIONS_MAX);
		ret.list[ret.count++] = relation;
	}
	return ret;
}

static uint64_t id(const struct async_task *task)
{
	unsigned long long number;

	/* Its name, unless it was given one, has the number. */
	assert_int_equal(sscanf(async_task_get_name((void *)task), "Task-%llu", &number), 1);
	return AT_ID(AT_TASK, number);
}

static void assert_relation(const struct relations *relations, size_t i, unsigned int flags,
			    enum at_type type, uint64_t on)
{
	assert_true(i < relations->count);
	assert_int_equal(relations->list[i].flags, flags);
	assert_int_equal(AT_ID_TYPE(relations->list[i].subject), type);
	assert_int_not_equal(relations->list[i].subject & AT_ID_NUMBER, 0);
	assert_true(relations->list[i].on == on);
}

static int setup(void **state)
{
	record_begin();
	return setup_loop(state);
}

static int teardown(void **state)
{
	int ret = teardown_loop(state);

	record_end();
	return ret;
}

ASYNC(waits)
{
	return async_sleep(3600);
}

ASYNC(returns)
{
	return 0;
}

ASYNC(awaits, struct async_future *, future)
{
	return async_await(future);
}

static struct async_task *start_ref(struct async_coroutine *coroutine)
{
	return async_task_ref(start(coroutine));
}

/*
 * --- As it happens
 * ------------------------------------------------------------------------------
 */

static void gather__depends_on_each(void **state)
{
	struct async_task *tasks[] = { start_ref(waits()), start_ref(waits()) };
	uint64_t ids[] = { id(tasks[0]), id(tasks[1]) };
	struct async_future *gather = async_gather(tasks, 2, NULL, 0);
	struct relations told = relations();

	(void)state;
	assert_int_equal(told.count, 2);
	assert_relation(&told, 0, 0, AT_GATHER, ids[0]);
	assert_relation(&told, 1, 0, AT_GATHER, ids[1]);
	assert_true(told.list[0].subject == told.list[1].subject);
	start(awaits(gather));
	settle();
	record_end();
	assert_int_equal(recorded_awaits(told.list[0].subject), 1);
}

static void gather__does_not_depend_on_what_is_done(void **state)
{
	struct async_task *tasks[] = { start_ref(returns()), start_ref(waits()) };
	struct relations told;

	(void)state;
	iterate();
	async_future_unref(async_gather(tasks, 2, NULL, 0));
	told = relations();
	assert_int_equal(told.count, 1);
	assert_relation(&told, 0, 0, AT_GATHER, id(tasks[1]));
}

static void gather__that_fails(void **state)
{
	struct async_coroutine *both[] = { waits(), waits() };
	struct relations told;
	size_t created = 0, i;

	(void)state;
	assert_null(async_gather(both, 2, NULL, 0)); /* for no loop is running */
	told = relations();
	assert_int_equal(told.count, 0);
	for (i = 0; i < recorded_count; i++)
		created += recorded[i].kind == AT_TASK_CREATE;
	assert_int_equal(created, 0);
}

static void shield__of_a_gather(void **state)
{
	struct async_task *task = start_ref(waits());
	struct async_future *gather = async_gather(&task, 1, NULL, 0);
	struct async_future *shield = async_shield(gather);
	struct relations told = relations();

	(void)state;
	assert_int_equal(told.count, 2);
	assert_relation(&told, 1, 0, AT_SHIELD, told.list[0].subject);
	async_future_unref(shield);
}

ASYNC(waits_for, struct async_task *, one, struct async_task *, two)
{
	struct async_task *tasks[] = { one, two };

	return async_wait(tasks, 2, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED);
}

static void wait__depends_on_each_that_is_pending(void **state)
{
	struct async_task *done = start(returns()), *pending = start(waits());
	struct relations told;

	(void)state;
	iterate();
	start(waits_for(done, pending));
	iterate();
	told = relations();
	assert_int_equal(told.count, 1);
	assert_relation(&told, 0, 0, AT_WAIT, id(pending));
	assert_int_equal(recorded_awaits(told.list[0].subject), 1);
}

static void as_completed__depends_on_each(void **state)
{
	struct async_task *tasks[] = { start(waits()), start(waits()) };
	struct async_as_completed *completed = async_as_completed(tasks, 2, ASYNC_NO_TIMEOUT);
	struct relations told = relations();

	(void)state;
	assert_int_equal(told.count, 2);
	assert_relation(&told, 0, 0, AT_WAIT, id(tasks[0]));
	assert_relation(&told, 1, 0, AT_WAIT, id(tasks[1]));
	async_as_completed_free(completed);
}

ASYNC(groups, struct async_task **, tasks)
{
	struct async_task_group *group = async_task_group_new();

	tasks[0] = async_task_ref(async_task_group_create_task(group, waits()));
	async_sleep(0);
	tasks[1] = async_task_ref(async_task_group_create_task(group, waits()));
	return async_task_group_end(group, 0);
}

/* And not on the task that opened it. */
static void group__depends_on_its_tasks(void **state)
{
	struct async_task *tasks[2];
	struct relations told;

	(void)state;
	start(groups(tasks));
	settle();
	told = relations();
	assert_int_equal(told.count, 2);
	assert_relation(&told, 0, 0, AT_GROUP, id(tasks[0]));
	assert_relation(&told, 1, 0, AT_GROUP, id(tasks[1]));
	assert_int_equal(recorded_awaits(told.list[0].subject), 1);
	async_task_detach(tasks[0]);
	async_task_detach(tasks[1]);
}

/*
 * --- Locks
 * --------------------------------------------------------------------------------------
 */

ASYNC(holds, struct async_lock *, lock, struct async_event *, until)
{
	int64_t err = async_lock_acquire(lock);

	if (!err)
		err = async_event_wait(until);
	async_lock_release(lock);
	return err;
}

static struct async_lock *lock;
static struct async_event *event;

static int setup_lock(void **state)
{
	lock = async_lock_new();
	event = async_event_new();
	return setup(state);
}

static int teardown_lock(void **state)
{
	int ret = teardown(state);

	async_lock_free(lock);
	async_event_free(event);
	return ret;
}

static void lock__without_contention(void **state)
{
	(void)state;
	start(holds(lock, event));
	settle();
	async_event_set(event);
	settle();
	assert_int_equal(relations().count, 0);
}

static void lock__who_waits_tells_who_holds(void **state)
{
	struct async_task *holder = start(holds(lock, event)), *waiter = start(holds(lock, event));
	struct relations told;
	size_t i, at = 0;

	(void)state;
	settle();
	told = relations();
	assert_int_equal(told.count, 1);
	assert_relation(&told, 0, AT_HOLDER, AT_LOCK, id(holder));
	assert_int_equal(recorded_awaits(told.list[0].subject), 1);
	for (i = 0; i < recorded_count; i++) {
		if (recorded[i].kind == AT_DEPENDS)
			at = i;
		if (recorded[i].kind == AT_SWITCH && recorded[i].b == told.list[0].subject)
			break;
	}
	assert_int_equal(at + 1, i);
	assert_true(recorded[i].a == id(waiter));
}

static void lock__passes_to_the_next(void **state)
{
	struct async_task *holder = start(holds(lock, event)), *next = start(holds(lock, event));
	struct async_task *last = start(holds(lock, event));
	struct relations told;

	(void)state;
	settle();
	async_event_set(event);
	settle();
	told = relations();
	assert_int_equal(told.count, 3);
	assert_relation(&told, 0, AT_HOLDER, AT_LOCK, id(holder));
	assert_relation(&told, 1, AT_HOLDER, AT_LOCK, id(next));
	assert_relation(&told, 2, AT_HOLDER, AT_LOCK, id(last));
}

/* Who comes while nobody has the lock waits for the one who was woken to take it. */
static void lock__that_was_passed_on(void **state)
{
	struct async_task *next, *late;
	struct relations told;

	(void)state;
	start(holds(lock, event));
	next = start(holds(lock, event));
	settle();
	record_end();
	record_begin();
	late = start(holds(lock, event));
	async_lock_release(lock);
	iterate();
	told = relations();
	assert_int_equal(told.count, 1);
	assert_relation(&told, 0, AT_HOLDER, AT_LOCK, id(next));
	assert_int_equal(recorded_awaits(told.list[0].subject), 1);
	async_task_cancel(next);
	iterate();
	told = relations();
	assert_int_equal(told.count, 2);
	assert_relation(&told, 1, AT_HOLDER, AT_LOCK, id(late));
}

static void lock__whose_next_one_is_cancelled(void **state)
{
	struct async_task *holder = start(holds(lock, event)), *next = start(holds(lock, event));
	struct async_task *last = start(holds(lock, event));
	struct relations told;

	(void)state;
	settle();
	async_lock_release(lock);
	async_task_cancel(next);
	settle();
	told = relations();
	assert_int_equal(told.count, 3);
	assert_relation(&told, 0, AT_HOLDER, AT_LOCK, id(holder));
	assert_relation(&told, 1, AT_HOLDER, AT_LOCK, id(next));
	assert_relation(&told, 2, AT_HOLDER, AT_LOCK, id(last));
}

ASYNC(takes_twice, struct async_semaphore *, semaphore)
{
	async_semaphore_acquire(semaphore);
	return async_semaphore_acquire(semaphore);
}

static void semaphore__has_no_holder(void **state)
{
	struct async_semaphore *semaphore = async_semaphore_new(1);

	(void)state;
	start(takes_twice(semaphore));
	settle();
	assert_int_equal(relations().count, 0);
	close_loop();
	async_semaphore_free(semaphore);
}

/*
 * --- To who comes late
 * --------------------------------------------------------------------------
 */

/* What somebody is told who comes now. */
static struct relations state_relations(void)
{
	struct relations ret;
	size_t begin = 0, end = 0, i;

	record_end();
	iterate();
	record_begin();
	iterate();
	ret = relations();
	for (i = 0; i < recorded_count; i++) {
		if (recorded[i].kind == AT_STATE && recorded[i].flags & AT_END)
			end = i;
		else if (recorded[i].kind == AT_STATE)
			begin = i;
	}
	assert_true(begin < end);
	for (i = 0; i < recorded_count; i++)
		assert_true(recorded[i].kind != AT_DEPENDS || (begin < i && i < end));
	return ret;
}

static void assert_same(const struct relations *one, const struct relations *other)
{
	size_t i;

	assert_int_equal(one->count, other->count);
	for (i = 0; i < one->count; i++)
		assert_true(has(other, &one->list[i]));
}

ASYNC(uses_everything, struct async_future *, future)
{
	struct async_task *inner[] = { async_create_task(waits()), async_create_task(waits()) };
	struct async_task *shielded = async_create_task(waits());
	struct async_future *all[] = {
		async_gather(inner, 2, NULL, 0),
		async_shield(shielded),
		async_future_ref(future),
	};

	return async_await(async_gather(all, 3, NULL, 0));
}

static void state__tells_the_same(void **state)
{
	struct async_future *future = async_future_new(loop);
	struct async_task *tasks[] = { start(waits()), start(waits()) }, *members[2];
	struct async_as_completed *completed = async_as_completed(tasks, 2, ASYNC_NO_TIMEOUT);
	struct async_future *unawaited = async_shield(async_task_ref(tasks[0]));
	struct relations told;

	start(uses_everything(future));
	start(waits_for(tasks[0], tasks[1]));
	start(groups(members));
	start(holds(lock, event));
	start(holds(lock, event));
	start(holds(lock, event));
	settle();
	told = relations();
	assert_int_equal(told.count, 6 + 2 + 1 + 2 + 2 + 1);
	{
		struct relations later = state_relations();

		assert_same(&told, &later);
	}
	(void)state;
	async_future_unref(unawaited);
	async_as_completed_free(completed);
	async_task_detach(members[0]);
	async_task_detach(members[1]);
	close_loop();
	async_future_unref(future);
}

/* The end of one child ends its relation; a gather that has ended has none. */
static void state__tells_nothing_of_what_has_ended(void **state)
{
	struct async_future *one = async_future_new(loop), *two = async_future_new(loop);
	struct async_future *both[] = { async_future_ref(one), async_future_ref(two) };
	struct async_future *gather = async_gather(both, 2, NULL, 0);
	struct relations later;

	(void)state;
	async_future_set_result(one, 0);
	later = state_relations();
	assert_int_equal(later.count, 1);
	assert_relation(&later, 0, 0, AT_GATHER, relations().list[0].on);
	async_future_cancel(gather);
	later = state_relations();
	assert_int_equal(later.count, 0);
	async_future_unref(one);
	async_future_unref(two);
	async_future_unref(gather);
}

enum { DEEP = 10000, SMALL_STACK = 64 << 10 };

static void *tell_state(void *unused)
{
	iterate();
	return unused;
}

/* However many coroutines await each other: the stack of the loop is the target's, and may be
 * small. */
static void state__of_a_deep_task(void **state)
{
	static struct async_coroutine chain[DEEP];
	struct async_task *task = start(waits());
	struct async_coroutine *innermost;
	uint64_t depth = 0;
	pthread_attr_t small;
	pthread_t thread;
	size_t i;

	(void)state;
	iterate();
	innermost = task->innermost;
	for (i = 0; i < DEEP; i++) {
		chain[i].function = innermost->function;
		chain[i].number = i + 1;
		chain[i].awaiter = i ? &chain[i - 1] : NULL;
	}
	innermost->number = DEEP + 1;
	innermost->awaiter = &chain[DEEP - 1];
	record_end();
	iterate();
	record_begin();
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, SMALL_STACK);
	assert_int_equal(pthread_create(&thread, &small, tell_state, NULL), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&small);
	innermost->awaiter = NULL;
	for (i = 0; i < recorded_count; i++) {
		if (recorded[i].kind == AT_COROUTINE_BEGIN)
			assert_int_equal(recorded[i].subject, AT_ID(AT_COROUTINE, ++depth));
	}
	assert_int_equal(depth, DEEP + 1);
}

#define test(function)	    cmocka_unit_test_setup_teardown(function, setup, teardown)
#define lock_test(function) cmocka_unit_test_setup_teardown(function, setup_lock, teardown_lock)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(gather__depends_on_each),
		test(gather__does_not_depend_on_what_is_done),
		test(gather__that_fails),
		test(shield__of_a_gather),
		test(wait__depends_on_each_that_is_pending),
		test(as_completed__depends_on_each),
		test(group__depends_on_its_tasks),
		lock_test(lock__without_contention),
		lock_test(lock__who_waits_tells_who_holds),
		lock_test(lock__passes_to_the_next),
		lock_test(lock__that_was_passed_on),
		lock_test(lock__whose_next_one_is_cancelled),
		test(semaphore__has_no_holder),
		lock_test(state__tells_the_same),
		test(state__tells_nothing_of_what_has_ended),
		test(state__of_a_deep_task),
	};

	async_log_set_level(ASYNC_LOG_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
