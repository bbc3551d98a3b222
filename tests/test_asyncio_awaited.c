/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a tracer is told that a task awaits: a lock and its kin, or what stands for several tasks;
 * which one, by type and number.
 *
 * The records come here instead of into a buffer: libasync gets its probes from this file.
 */
#include "fake_clock.h"
#include "iterations.h"
#include <asynctrace/probes.h>
#include <pthread.h>

struct at_listeners at_listeners = { .wakeup = -1 };

static struct {
	struct at_event events[1024];
	size_t count;
} records;

uint64_t at_now(void)
{
	return records.count;
}

uint64_t at_record(enum at_kind kind, unsigned int flags, uint64_t subject, uint64_t a, uint64_t b,
		   uint64_t c)
{
	if (records.count < sizeof(records.events) / sizeof(*records.events))
		records.events[records.count++] = (struct at_event){
			.kind = kind, .flags = flags, .subject = subject, .a = a, .b = b, .c = c
		};
	return records.count;
}

void at_text(const char *text)
{
	(void)text;
}

void at_flush(void)
{
}

unsigned int at_detail_spared(void)
{
	return AT_DETAIL_ALL;
}

static int setup(void **state)
{
	at_listeners.batch = 1;
	records.count = 0;
	return setup_loop(state);
}

static int teardown(void **state)
{
	int ret = teardown_loop(state);

	at_listeners.batch = 0;
	return ret;
}

/* What was awaited by those who left, one after the other, since the last call. */
static size_t take_awaited(uint64_t *awaited, size_t size)
{
	size_t count = 0, i;

	for (i = 0; i < records.count; i++) {
		const struct at_event *event = &records.events[i];

		if (event->kind != AT_SWITCH || !event->b)
			continue;
		assert_int_equal(event->flags & (AT_YIELDED | AT_ENDED), 0);
		assert_int_equal(AT_ID_TYPE(event->a), AT_TASK);
		assert_true(count < size);
		awaited[count++] = event->b;
	}
	records.count = 0;
	return count;
}

/* Two tasks wait at one object and one at another: two ids, and the first one twice. */
static void assert_two_and_one(enum at_type type)
{
	uint64_t awaited[4];

	iterate();
	assert_int_equal(take_awaited(awaited, 4), 3);
	assert_int_equal(AT_ID_TYPE(awaited[0]), type);
	assert_int_equal(AT_ID_TYPE(awaited[2]), type);
	assert_int_not_equal(awaited[0] & AT_ID_NUMBER, 0);
	assert_int_not_equal(awaited[2] & AT_ID_NUMBER, 0);
	assert_true(awaited[0] == awaited[1]);
	assert_true(awaited[0] != awaited[2]);
}

ASYNC(takes_lock, struct async_lock *, lock)
{
	return async_lock_acquire(lock);
}

static void lock__is_seen(void **state)
{
	struct async_lock *one = async_lock_new(), *two = async_lock_new();

	(void)state;
	start(takes_lock(one));
	start(takes_lock(two));
	start(takes_lock(one));
	start(takes_lock(one));
	start(takes_lock(two));
	assert_two_and_one(AT_LOCK);
	close_loop();
	async_lock_free(one);
	async_lock_free(two);
}

ASYNC(waits_for_event, struct async_event *, event)
{
	return async_event_wait(event);
}

static void event__is_seen(void **state)
{
	struct async_event *one = async_event_new(), *two = async_event_new();

	(void)state;
	start(waits_for_event(one));
	start(waits_for_event(one));
	start(waits_for_event(two));
	assert_two_and_one(AT_EVENT);
	close_loop();
	async_event_free(one);
	async_event_free(two);
}

ASYNC(waits_at_condition, struct async_condition *, condition)
{
	async_condition_acquire(condition);
	async_condition_wait(condition);
	async_condition_release(condition);
	return 0;
}

static void condition__is_seen(void **state)
{
	struct async_condition *one = async_condition_new(NULL), *two = async_condition_new(NULL);

	(void)state;
	start(waits_at_condition(one));
	start(waits_at_condition(one));
	start(waits_at_condition(two));
	assert_two_and_one(AT_CONDITION);
	close_loop();
	async_condition_free(one);
	async_condition_free(two);
}

/* Notified, it waits for the lock. */
static void condition__and_its_lock_are_seen(void **state)
{
	struct async_lock *lock = async_lock_new();
	struct async_condition *condition = async_condition_new(lock);
	uint64_t awaited[4];

	(void)state;
	start(waits_at_condition(condition));
	iterate();
	start(takes_lock(lock));
	iterate();
	async_condition_notify(condition, 1);
	iterate();
	assert_int_equal(take_awaited(awaited, 4), 2);
	assert_int_equal(AT_ID_TYPE(awaited[0]), AT_CONDITION);
	assert_int_equal(AT_ID_TYPE(awaited[1]), AT_LOCK);
	close_loop();
	async_condition_free(condition);
	async_lock_free(lock);
}

ASYNC(takes_semaphore, struct async_semaphore *, semaphore)
{
	return async_semaphore_acquire(semaphore);
}

static void semaphore__is_seen(void **state)
{
	struct async_semaphore *one = async_semaphore_new(0), *two = async_bounded_semaphore_new(0);

	(void)state;
	start(takes_semaphore(one));
	start(takes_semaphore(one));
	start(takes_semaphore(two));
	assert_two_and_one(AT_SEMAPHORE);
	close_loop();
	async_semaphore_free(one);
	async_semaphore_free(two);
}

ASYNC(waits_at_barrier, struct async_barrier *, barrier)
{
	return async_barrier_wait(barrier);
}

static void barrier__is_seen(void **state)
{
	struct async_barrier *one = async_barrier_new(3), *two = async_barrier_new(2);

	(void)state;
	start(waits_at_barrier(one));
	start(waits_at_barrier(one));
	start(waits_at_barrier(two));
	assert_two_and_one(AT_BARRIER);
	close_loop();
	async_barrier_free(one);
	async_barrier_free(two);
}

ASYNC(gets, struct async_queue *, queue)
{
	void *item;

	return async_queue_get(queue, &item);
}

ASYNC(joins, struct async_queue *, queue)
{
	return async_queue_join(queue);
}

ASYNC(puts_one, struct async_queue *, queue)
{
	return async_queue_put(queue, NULL);
}

static void queue__is_seen(void **state)
{
	struct async_queue *one = async_queue_new(0), *two = async_lifo_queue_new(0);

	(void)state;
	start(gets(one));
	start(gets(one));
	start(gets(two));
	assert_two_and_one(AT_QUEUE);
	close_loop();
	async_queue_free(one);
	async_queue_free(two);
}

/* To get, to put and to join are one queue. */
static void queue__is_one_whatever_is_waited_for(void **state)
{
	struct async_queue *queue = async_queue_new(1);
	uint64_t awaited[4];

	(void)state;
	start(gets(queue));
	iterate();
	async_queue_put_nowait(queue, NULL);
	start(joins(queue));
	start(puts_one(queue));
	start(puts_one(queue));
	iterate();
	assert_int_equal(take_awaited(awaited, 4), 3);
	assert_int_equal(AT_ID_TYPE(awaited[0]), AT_QUEUE);
	assert_true(awaited[0] == awaited[1]);
	assert_true(awaited[1] == awaited[2]);
	close_loop();
	async_queue_free(queue);
}

ASYNC(waits_for_ever)
{
	return async_sleep(3600);
}

ASYNC(gathers)
{
	struct async_coroutine *both[] = { waits_for_ever(), waits_for_ever() };

	return async_await(async_gather(both, 2, NULL, 0));
}

ASYNC(awaits_future, struct async_future *, future)
{
	return async_await(async_future_ref(future));
}

/* Timers are awaited, too, by the tasks that are waited for. */
static size_t take_awaited_of(enum at_type type, uint64_t awaited[], size_t size)
{
	uint64_t all[16];
	size_t count = take_awaited(all, 16), kept = 0, i;

	for (i = 0; i < count; i++) {
		if (AT_ID_TYPE(all[i]) != type)
			continue;
		assert_true(kept < size);
		awaited[kept++] = all[i];
	}
	return kept;
}

/* One is awaited by two tasks and another one by a third. */
static void assert_futures_are_seen(enum at_type type, struct async_future *one,
				    struct async_future *two)
{
	uint64_t awaited[4];

	start(awaits_future(one));
	start(awaits_future(one));
	start(awaits_future(two));
	settle();
	assert_int_equal(take_awaited_of(type, awaited, 4), 3);
	assert_int_not_equal(awaited[0] & AT_ID_NUMBER, 0);
	assert_int_not_equal(awaited[2] & AT_ID_NUMBER, 0);
	assert_true(awaited[0] == awaited[1]);
	assert_true(awaited[0] != awaited[2]);
	close_loop();
	async_future_unref(one);
	async_future_unref(two);
}

static struct async_future *gather_one(void)
{
	struct async_task *task = async_task_ref(start(waits_for_ever()));

	return async_gather(&task, 1, NULL, 0);
}

static void gather__is_seen(void **state)
{
	(void)state;
	assert_futures_are_seen(AT_GATHER, gather_one(), gather_one());
}

static void shield__is_seen(void **state)
{
	(void)state;
	assert_futures_are_seen(AT_SHIELD, async_shield(async_task_ref(start(waits_for_ever()))),
				async_shield(async_task_ref(start(waits_for_ever()))));
}

static void plain_future__is_seen(void **state)
{
	(void)state;
	assert_futures_are_seen(AT_FUTURE, async_future_new(loop), async_future_new(loop));
}

ASYNC(waits_for, struct async_task *, task)
{
	return async_wait(&task, 1, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED);
}

static void wait__is_seen(void **state)
{
	struct async_task *task = start(waits_for_ever());
	uint64_t awaited[2];

	(void)state;
	start(waits_for(task));
	start(waits_for(task));
	settle();
	assert_int_equal(take_awaited_of(AT_WAIT, awaited, 2), 2);
	assert_int_not_equal(awaited[0] & AT_ID_NUMBER, 0);
	assert_true(awaited[0] != awaited[1]);
	close_loop();
}

ASYNC(returns_soon)
{
	return async_sleep(0);
}

static void free_completed(void *completed)
{
	async_as_completed_free(completed);
}

ASYNC(completes, struct async_task *, one, struct async_task *, two)
{
	struct async_task *tasks[] = { one, two };
	struct async_as_completed *completed = async_as_completed(tasks, 2, ASYNC_NO_TIMEOUT);
	size_t index;

	async_defer(free_completed, completed);
	while (async_as_completed_next(completed, &index) > 0)
		;
	return 0;
}

/* Each next one is awaited of the same thing. */
static void as_completed__is_seen(void **state)
{
	uint64_t awaited[2];

	(void)state;
	start(completes(start(returns_soon()), start(waits_for_ever())));
	settle();
	assert_int_equal(take_awaited_of(AT_WAIT, awaited, 2), 2);
	assert_int_not_equal(awaited[0] & AT_ID_NUMBER, 0);
	assert_true(awaited[0] == awaited[1]);
	close_loop();
}

ASYNC(groups)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, waits_for_ever());
	return async_task_group_end(group, 0);
}

static void group__is_seen(void **state)
{
	uint64_t awaited[2];

	(void)state;
	start(groups());
	start(groups());
	settle();
	assert_int_equal(take_awaited_of(AT_GROUP, awaited, 2), 2);
	assert_int_not_equal(awaited[0] & AT_ID_NUMBER, 0);
	assert_true(awaited[0] != awaited[1]);
	close_loop();
}

static void state__says_what_is_gathered(void **state)
{
	uint64_t awaited[2];
	size_t i;

	(void)state;
	at_listeners.batch = 0;
	start(gathers());
	start(groups());
	settle();
	at_listeners.batch = 1;
	iterate();
	for (i = 0; i < records.count; i++)
		records.events[i].flags &= ~AT_EXISTING;
	for (i = 0; i < records.count; i++) {
		if (AT_ID_TYPE(records.events[i].b) == AT_GATHER)
			break;
	}
	assert_true(i < records.count);
	assert_int_equal(take_awaited_of(AT_GROUP, awaited, 2), 1);
	close_loop();
}

/* Who comes later is told of it, too. */
static void state__says_what_is_awaited(void **state)
{
	struct async_lock *lock = async_lock_new();
	uint64_t awaited[2];
	size_t i;

	(void)state;
	at_listeners.batch = 0;
	records.count = 0;
	start(takes_lock(lock));
	start(takes_lock(lock));
	start(takes_lock(lock));
	iterate();
	assert_int_equal(records.count, 0);
	at_listeners.batch = 1;
	iterate();
	for (i = 0; i < records.count; i++)
		records.events[i].flags &= ~AT_EXISTING;
	assert_int_equal(take_awaited(awaited, 2), 2);
	assert_int_equal(AT_ID_TYPE(awaited[0]), AT_LOCK);
	assert_true(awaited[0] == awaited[1]);
	close_loop();
	async_lock_free(lock);
}

static void nothing(void *arg)
{
	(void)arg;
}

static const struct at_event *last_of(enum at_kind kind, unsigned int flags)
{
	size_t i = records.count;

	while (i--) {
		if (records.events[i].kind == kind && (records.events[i].flags & flags) == flags)
			return &records.events[i];
	}
	return NULL;
}

/* A handle that was cancelled is no timer any more, nor is its callback ready. */
static void state__counts_callbacks_and_timers(void **state)
{
	(void)state;
	at_listeners.batch = 0;
	iterate();
	start(waits_for_ever());
	start(waits_for_ever());
	async_call_later(loop, 3600, nothing, NULL);
	async_handle_cancel(async_call_later(loop, 3600, nothing, NULL));
	iterate();
	at_listeners.batch = 1;
	start(returns_soon());
	async_call_soon(loop, nothing, NULL);
	async_call_soon(loop, nothing, NULL);
	async_handle_cancel(async_call_soon(loop, nothing, NULL));
	iterate();
	assert_non_null(last_of(AT_STATE, AT_END));
	assert_int_equal(last_of(AT_STATE, AT_END)->a, 2);
	assert_int_equal(last_of(AT_STATE, AT_END)->b, 3);
	close_loop();
}

/* The last switch into the loop. */
static const struct at_event *sleeps_last(void)
{
	size_t i = records.count;

	while (i--) {
		if (records.events[i].kind == AT_SWITCH &&
		    AT_ID_TYPE(records.events[i].subject) == AT_LOOP)
			return &records.events[i];
	}
	return NULL;
}

static void stop_loop(void *arg)
{
	async_loop_stop(arg);
}

static void loop__says_how_many_timers_it_has_when_it_sleeps(void **state)
{
	(void)state;
	async_call_later(loop, 3600, nothing, NULL);
	async_call_later(loop, 0.001, stop_loop, loop);
	start(waits_for_ever());
	async_loop_run_forever(loop);
	assert_int_equal(sleeps_last()->c, 2);
	close_loop();
}

/*
 * Who ran when a task that awaited this became ready: the clock of these records is their number.
 */
static uint64_t woken_by(uint64_t awaited)
{
	uint64_t task = 0, by = 0;
	size_t i, ready = 0;

	for (i = 0; i < records.count; i++) {
		const struct at_event *event = &records.events[i];

		if (event->kind == AT_SWITCH && event->b == awaited)
			task = event->a;
		if (event->kind == AT_SWITCH && task && event->subject == task)
			ready = event->c;
	}
	assert_int_not_equal(ready, 0);
	for (i = 0; i < ready; i++) {
		if (records.events[i].kind == AT_SWITCH)
			by = records.events[i].subject;
	}
	return by;
}

static uint64_t awaited_of(enum at_type type)
{
	size_t i;

	for (i = 0; i < records.count; i++) {
		if (records.events[i].kind == AT_SWITCH && AT_ID_TYPE(records.events[i].b) == type)
			return records.events[i].b;
	}
	return 0;
}

ASYNC(turns, int, count)
{
	while (count--)
		async_sleep(0);
	return 0;
}

static uint64_t fake_now_ns;

ASYNC(sleeps, int, ms)
{
	return async_sleep_ns(ms * 1000000ULL);
}

/* The time passes while others run, and the loop has no reason to sleep. */
ASYNC(lets_time_pass, int, ms)
{
	async_sleep(0);
	fake_now_ns += ms * 1000000ULL;
	async_sleep(0);
	async_sleep(0);
	return 0;
}

static void timer__wakes_between_two_steps(void **state)
{
	(void)state;
	fake_now_ns = 1;
	async_loop_set_clock(loop, &fake_clock, &fake_now_ns);
	start(sleeps(1));
	start(lets_time_pass(1));
	assert_int_equal(async_loop_run_until_complete(loop, turns(10)), 0);
	assert_int_equal(AT_ID_TYPE(woken_by(awaited_of(AT_TIMER))), AT_LOOP);
	close_loop();
}

static void finish(void *future)
{
	async_future_set_result(future, 0);
}

static void *call(void *future)
{
	async_call_soon_threadsafe(loop, finish, future);
	return NULL;
}

ASYNC(is_busy_until, struct async_future *, future)
{
	pthread_t thread;

	async_sleep(0);
	pthread_create(&thread, NULL, call, future);
	pthread_join(thread, NULL);
	while (!async_future_done(future))
		async_sleep(0);
	return 0;
}

/* The callback is ready when the loop hears of the call, and wakes the task itself. */
static void thread__calls_between_two_steps(void **state)
{
	struct async_future *future = async_future_new(loop);
	uint64_t callback = AT_ID(AT_CALLBACK, (uintptr_t)finish), by = 0;
	size_t i, ready = 0;

	(void)state;
	start(awaits_future(future));
	assert_int_equal(async_loop_run_until_complete(loop, is_busy_until(future)), 0);
	assert_true(woken_by(awaited_of(AT_FUTURE)) == callback);
	for (i = 0; i < records.count && !ready; i++) {
		if (records.events[i].kind == AT_SWITCH && records.events[i].subject == callback)
			ready = records.events[i].c;
	}
	for (i = 0; i < ready; i++) {
		if (records.events[i].kind == AT_SWITCH)
			by = records.events[i].subject;
	}
	assert_int_equal(AT_ID_TYPE(by), AT_LOOP);
	close_loop();
	async_future_unref(future);
}

ASYNC(completes_future, struct async_future *, future)
{
	async_sleep(0);
	return async_future_set_result(future, 0);
}

static void task__wakes_another_one(void **state)
{
	struct async_future *future = async_future_new(loop);
	unsigned long long number;
	struct async_task *task;

	(void)state;
	start(awaits_future(future));
	task = start(completes_future(future));
	settle();
	assert_int_equal(sscanf(async_task_get_name(task), "Task-%llu", &number), 1);
	assert_true(woken_by(awaited_of(AT_FUTURE)) == AT_ID(AT_TASK, number));
	close_loop();
	async_future_unref(future);
}

static void cancel__is_delivered_as_such(void **state)
{
	struct async_event *event = async_event_new();
	struct async_task *task = start(waits_for_event(event));
	size_t delivered = 0, i;

	(void)state;
	iterate();
	async_task_cancel(task);
	records.count = 0;
	iterate();
	for (i = 0; i < records.count; i++)
		delivered += records.events[i].kind == AT_SWITCH &&
			     (records.events[i].flags & AT_DELIVERS);
	assert_int_equal(delivered, 1);
	close_loop();
	async_event_free(event);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(lock__is_seen),
		test(event__is_seen),
		test(condition__is_seen),
		test(condition__and_its_lock_are_seen),
		test(semaphore__is_seen),
		test(barrier__is_seen),
		test(queue__is_seen),
		test(queue__is_one_whatever_is_waited_for),
		test(gather__is_seen),
		test(shield__is_seen),
		test(plain_future__is_seen),
		test(wait__is_seen),
		test(as_completed__is_seen),
		test(group__is_seen),
		test(state__says_what_is_awaited),
		test(state__says_what_is_gathered),
		test(state__counts_callbacks_and_timers),
		test(loop__says_how_many_timers_it_has_when_it_sleeps),
		test(timer__wakes_between_two_steps),
		test(thread__calls_between_two_steps),
		test(task__wakes_another_one),
		test(cancel__is_delivered_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
