/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs: trees of tasks that do to themselves and to each other whatever can be done.
 *
 * A program is its seed: each member draws what it does next from the table of actions below. The
 * clock is a fake one, so that a program does the same whenever it runs. It runs twice, and the two
 * logs must be the same; afterwards everything that it has made is accounted for.
 *
 *	RANDOM_SEED=n       runs this one alone, and prints its log
 *	RANDOM_PROGRAMS=n   runs so many
 */
#include "fake_clock.h"
#include "memory.h"
#include <async.h>
#include <errno.h>
#include <runtime/runtime.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

enum {
#if defined(SANITIZED_THREAD)
	PROGRAMS = 500,
#elif defined(SANITIZED_ADDRESS)
	PROGRAMS = 5000,
#else
	PROGRAMS = 10000,
#endif
	MEMBERS_MAX = 60,
	FUTURES_MAX = 8,
	CALLS_MAX = 100,
	GATHERINGS_MAX = 20,
	ITEMS_MAX = 100,
	ACTIONS_MAX = 64,
	PERMITS = 2,
	DEPTH_MAX = 5,	   /* of coroutines and of actions within one task */
	SOME = 4,	   /* tasks that are waited for together */
	TICK_NS = 1000000, /* what programs sleep are multiples of it */
	LOG_MAX = 20000,
};

/* Nothing is waited for longer: who still waits then waits for ever. */
static const uint64_t HORIZON_NS = 1000ULL * 1000 * 1000 * 1000;

/* A coroutine of the program, and the task that it is, unless it is awaited as such. */
struct member {
	struct async_task *task; /* the program's reference, or null */
	unsigned int depth;
	bool begun, ended;
	int64_t returned;
	unsigned int deferred, cleaning, cleaned; /* how often */
};

/* A callback. */
struct callback {
	struct async_handle handle;
	bool called, cancelled;
};

struct entry {
	const char *action;
	int64_t member, result;
	uint64_t time_ns;
};

struct log {
	size_t count;
	struct entry entries[LOG_MAX];
};

static struct program {
	uint64_t seed, random, time_ns;
	struct async_loop *loop;
	struct member members[MEMBERS_MAX];
	struct async_future *futures[FUTURES_MAX];
	struct callback calls[CALLS_MAX];
	int64_t gathered[GATHERINGS_MAX][SOME];
	size_t member_count, future_count, call_count, gathering_count;
	struct async_lock *lock;
	struct async_semaphore *semaphore;
	struct async_condition *condition;
	struct async_event *event;
	struct async_barrier *barrier;
	struct async_queue *queue;
	unsigned int in_lock, in_semaphore;
	unsigned int await_lock, await_semaphore, await_event, await_item, await_room;
	char items[ITEMS_MAX]; /* 1: put, 2: got */
	unsigned int weights[ACTIONS_MAX];
	size_t item_count;
	struct log *log;
	const char *violation; /* the first thing that must not be */
} program;

static struct log logs[2];
static bool counts_memory; /* or else somebody else looks for leaks */

static void violate(const char *what)
{
	if (!program.violation)
		program.violation = what;
}

/* xorshift64*: less than `limit`. */
static unsigned int random_below(unsigned int limit)
{
	program.random ^= program.random >> 12;
	program.random ^= program.random << 25;
	program.random ^= program.random >> 27;
	return (program.random * 0x2545f4914f6cdd1d >> 32) % limit;
}

static bool one_in(unsigned int n)
{
	return !random_below(n);
}

static double random_seconds(void)
{
	return random_below(6) * TICK_NS * 1e-9;
}

static void note(const struct member *self, const char *action, int64_t result)
{
	struct log *log = program.log;

	if (log->count < LOG_MAX)
		log->entries[log->count++] = (struct entry){
			.action = action,
			.member = self ? self - program.members : -1,
			.result = result,
			.time_ns = program.time_ns,
		};
}

/* Those of whom nobody else is a task get null. */
static struct async_task *random_task(void)
{
	return program.members[random_below(program.member_count)].task;
}

static struct async_future *random_future(void)
{
	return program.future_count ? program.futures[random_below(program.future_count)] : NULL;
}

/* Futures and tasks, without references of their own. */
static size_t some_futures(struct async_future *futures[SOME])
{
	size_t wanted = random_below(SOME + 1), count = 0;

	while (wanted--) {
		futures[count] = one_in(4) ? random_future() : async_task_future(random_task());
		count += futures[count] != NULL;
	}
	return count;
}

/* --- Members --- */

static int64_t act(struct member *self, bool callback);

static void clean_up(void *arg)
{
	struct member *self = arg;

	self->cleaned++;
	self->cleaning++;
	note(self, "clean up", self->cleaned);
	if (one_in(4))
		note(self, "sleep in cleanup", async_sleep(random_seconds()));
	self->cleaning--;
}

ASYNC(lives, struct member *, self)
{
	bool main = self == program.members;
	unsigned int steps = main ? 20 + random_below(40) : random_below(16);
	int64_t result = 0;

	if (self->begun)
		violate("a coroutine runs twice");
	self->begun = true;
	note(self, "begin", self->depth);
	while (steps--) {
		result = act(self, false);
		if (result < 0 && one_in(main ? 16 : 3))
			break;
	}
	self->returned = result;
	self->ended = true;
	note(self, "end", result);
	return result;
}

/* A member to be, or null if there are enough. */
static struct member *new_member(unsigned int depth)
{
	struct member *member;

	if (program.member_count == MEMBERS_MAX || depth > DEPTH_MAX)
		return NULL;
	member = &program.members[program.member_count++];
	*member = (struct member){ .depth = depth };
	return member;
}

/* Its task, with a reference for the caller. Null if there are enough, or without memory. */
static struct async_task *create(struct member **ret)
{
	struct member *member = new_member(0);
	struct async_task *task = member ? async_create_task(lives(member)) : NULL;

	if (task)
		member->task = async_task_ref(task);
	*ret = member;
	return task;
}

/* --- Actions: tasks --- */

static int64_t sleep_a_while(struct member *self)
{
	(void)self;
	return async_sleep(random_seconds());
}

static int64_t yield(struct member *self)
{
	(void)self;
	return async_sleep(0);
}

static int64_t create_task(struct member *self)
{
	struct member *member;
	struct async_task *task = create(&member);

	(void)self;
	async_task_detach(task);
	return task ? member - program.members : 0;
}

/* Nobody knows of it any more. */
static int64_t create_and_detach(struct member *self)
{
	struct member *member = new_member(0);

	(void)self;
	if (member)
		async_task_detach(async_create_task(lives(member)));
	return 0;
}

static int64_t create_and_cancel(struct member *self)
{
	struct member *member;
	struct async_task *task = create(&member);
	bool cancelled = async_task_cancel(task);

	(void)self;
	async_task_detach(task);
	return cancelled;
}

static int64_t await_new_task(struct member *self)
{
	struct member *member;
	struct async_task *task = create(&member);

	(void)self;
	return task ? async_await(task) : 0;
}

static int64_t await_coroutine(struct member *self)
{
	struct member *member = new_member(self->depth + 1);

	return member ? async_await(lives(member)) : 0;
}

static int64_t close_coroutine(struct member *self)
{
	(void)self;
	async_coroutine_close(lives(NULL));
	return 0;
}

static int64_t await_task(struct member *self)
{
	struct async_task *task = async_task_ref(random_task());

	(void)self;
	return task ? async_await(task) : 0;
}

static int64_t cancel_task(struct member *self)
{
	(void)self;
	return async_task_cancel(random_task());
}

static int64_t cancel_itself(struct member *self)
{
	(void)self;
	return async_task_cancel(async_current_task());
}

static int64_t uncancel(struct member *self)
{
	(void)self;
	return async_task_uncancel(one_in(2) ? async_current_task() : random_task());
}

static int64_t fail_with_message(struct member *self)
{
	return async_fail(-EIO, "member %td fails", self - program.members);
}

static int64_t fail_without_message(struct member *self)
{
	(void)self;
	return one_in(2) ? -EIO : -ENOENT;
}

static int64_t read_message(struct member *self)
{
	const char *message = async_error_message(-EIO);

	(void)self;
	if (message && strncmp(message, "member ", 7) && strcmp(message, "a future fails"))
		violate("a message that nobody wrote");
	return message ? atoi(message + 7) : 0;
}

static int64_t name_itself(struct member *self)
{
	struct async_task *task = async_current_task();
	int err = async_task_set_name(task, "a name");

	(void)self;
	return err ? err : strcmp(async_task_get_name(task), "a name") == 0;
}

static int64_t count_tasks(struct member *self)
{
	struct async_task *tasks[3];
	size_t count = async_all_tasks(NULL, tasks, 3), i;

	(void)self;
	for (i = 0; i < 3 && i < count; i++)
		async_task_detach(tasks[i]);
	return count;
}

static int64_t defer(struct member *self)
{
	int err = async_defer(clean_up, self);

	self->deferred += !err;
	return err;
}

/* --- Actions: futures --- */

static int64_t new_future(struct member *self)
{
	struct async_future *future = NULL;

	(void)self;
	if (program.future_count < FUTURES_MAX)
		future = async_future_new(NULL);
	if (future)
		program.futures[program.future_count++] = future;
	return program.future_count;
}

static int64_t await_future(struct member *self)
{
	struct async_future *future = async_future_ref(random_future());

	(void)self;
	return future ? async_await(future) : 0;
}

static int64_t set_result(struct member *self)
{
	(void)self;
	return async_future_set_result(random_future(), random_below(100));
}

static int64_t set_exception(struct member *self)
{
	(void)self;
	return async_future_set_exception(random_future(), -EIO,
					  one_in(2) ? "a future fails" : NULL);
}

static int64_t cancel_future(struct member *self)
{
	(void)self;
	return async_future_cancel(random_future());
}

/* --- Actions: callbacks --- */

static void on_call(void *arg)
{
	struct callback *call = arg;

	if (call->called || call->cancelled)
		violate("a callback is called twice, or although it was cancelled");
	call->called = true;
	note(NULL, "call", act(NULL, true));
}

static void on_done(struct async_future *future, void *arg)
{
	if (!async_future_done(future))
		violate("a done callback of a future that is not");
	on_call(arg);
}

static struct callback *new_call(void)
{
	struct callback *call;

	if (program.call_count == CALLS_MAX)
		return NULL;
	call = &program.calls[program.call_count++];
	*call = (struct callback){ 0 };
	return call;
}

static int64_t call_soon(struct member *self)
{
	struct callback *call = new_call();

	(void)self;
	if (call)
		call->handle = async_call_soon(NULL, on_call, call);
	return 0;
}

static int64_t call_later(struct member *self)
{
	struct callback *call = new_call();

	(void)self;
	if (call)
		call->handle = async_call_later(NULL, random_seconds(), on_call, call);
	return 0;
}

static int64_t add_done_callback(struct member *self)
{
	struct async_future *future = one_in(2) ? random_future() : NULL;
	struct callback *call = new_call();
	int64_t result = 0;

	(void)self;
	if (!future)
		future = async_task_future(random_task());
	if (call && future)
		result = async_future_add_done_callback(future, on_done, call);
	if (call && future && one_in(4)) {
		result = async_future_remove_done_callback(future, on_done, call);
		call->cancelled = true;
	}
	return result;
}

static int64_t cancel_call(struct member *self)
{
	struct callback *call;

	(void)self;
	if (!program.call_count)
		return 0;
	call = &program.calls[random_below(program.call_count)];
	if (!async_handle_cancel(call->handle))
		return 0;
	if (call->called)
		violate("a callback can be cancelled although it has been called");
	call->cancelled = true;
	return 1;
}

/* --- Actions: several at once --- */

static struct async_future *gather(void)
{
	struct async_future *futures[SOME];
	size_t count = some_futures(futures), i;
	int64_t *results = NULL;

	for (i = 0; i < count; i++)
		async_future_ref(futures[i]);
	if (program.gathering_count < GATHERINGS_MAX)
		results = program.gathered[program.gathering_count++];
	return async_gather(futures, count, results, one_in(2) ? ASYNC_RETURN_EXCEPTIONS : 0);
}

static int64_t await_gathering(struct member *self)
{
	(void)self;
	return async_await(gather());
}

/* Others may await, cancel or watch it. */
static int64_t keep_gathering(struct member *self)
{
	(void)self;
	if (program.future_count < FUTURES_MAX) {
		struct async_future *future = gather();

		if (future)
			program.futures[program.future_count++] = future;
	}
	return program.future_count;
}

static int64_t wait_for_some(struct member *self)
{
	struct async_future *futures[SOME];
	size_t count = some_futures(futures);
	double timeout = one_in(2) ? ASYNC_NO_TIMEOUT : random_seconds();
	int64_t result = async_wait(futures, count, timeout, random_below(3)), i;

	(void)self;
	for (i = 0; i < result; i++) {
		if (!async_future_done(futures[i]))
			violate("async_wait() counts what is not done");
	}
	return result == -EINVAL && !count ? 0 : result;
}

static int64_t wait_for(struct member *self)
{
	double timeout = random_seconds();
	struct async_future *future;
	struct member *member;

	(void)self;
	switch (random_below(3)) {
	case 0:
		member = new_member(0);
		return member ? async_wait_for(lives(member), timeout) : 0;
	case 1:
		return async_wait_for(create(&member), timeout);
	default:
		future = async_future_ref(random_future());
		return future ? async_wait_for(future, timeout) : 0;
	}
}

static int64_t shield(struct member *self)
{
	struct async_future *future;
	struct async_task *task;
	struct member *member;

	(void)self;
	switch (random_below(3)) {
	case 0:
		member = new_member(0);
		return member ? async_await(async_shield(lives(member))) : 0;
	case 1:
		task = async_task_ref(random_task());
		return task ? async_await(async_shield(task)) : 0;
	default:
		future = async_future_ref(random_future());
		return future ? async_await(async_shield(future)) : 0;
	}
}

static int64_t keep_shield(struct member *self)
{
	struct async_future *inner = one_in(2) ? random_future() : async_task_future(random_task());

	(void)self;
	/* What is done is not shielded. */
	if (program.future_count < FUTURES_MAX && !async_future_done(inner)) {
		struct async_future *future = async_shield(async_future_ref(inner));

		if (future)
			program.futures[program.future_count++] = future;
	}
	return program.future_count;
}

static void free_completed(void *completed)
{
	async_as_completed_free(completed);
}

static int64_t take_as_completed(struct member *self)
{
	double timeout = one_in(2) ? ASYNC_NO_TIMEOUT : random_seconds();
	struct async_future *futures[SOME];
	struct async_as_completed *completed;
	size_t count = some_futures(futures), index = 0;
	bool taken[SOME] = { false };
	int64_t result;

	(void)self;
	completed = async_as_completed(futures, count, timeout);
	if (async_defer(free_completed, completed)) {
		async_as_completed_free(completed);
		return -ENOMEM;
	}
	while ((result = async_as_completed_next(completed, &index)) > 0) {
		if (taken[index] || !async_future_done(futures[index]))
			violate("async_as_completed() gives what is not done, or was given");
		taken[index] = true;
	}
	return result;
}

/* --- Actions: blocks --- */

static int64_t within_timeout(struct member *self)
{
	struct async_timeout timeout;

	async_timeout_begin(&timeout, one_in(4) ? ASYNC_NO_TIMEOUT : random_seconds());
	if (one_in(4))
		async_timeout_reschedule(&timeout, program.time_ns + random_below(4) * TICK_NS);
	return async_timeout_end(&timeout, act(self, false));
}

static int64_t within_task_group(struct member *self)
{
	struct async_task_group *group = async_task_group_new();
	unsigned int count = random_below(4);

	while (count--) {
		struct member *member = new_member(0);
		struct async_task *task =
			member ? async_task_group_create_task(group, lives(member)) : NULL;

		if (task)
			member->task = async_task_ref(task);
	}
	/* Some forget to end it, which ends its tasks once they end themselves. */
	return one_in(16) ? 0 : async_task_group_end(group, act(self, false));
}

static int64_t within_lock(struct member *self)
{
	int64_t result;

	program.await_lock++;
	result = async_lock_acquire(program.lock);
	program.await_lock--;
	if (result < 0)
		return result;
	if (program.in_lock++)
		violate("two hold the lock");
	result = act(self, false);
	program.in_lock--;
	if (async_lock_release(program.lock))
		violate("the lock of its holder is not locked");
	return result;
}

static int64_t within_semaphore(struct member *self)
{
	int64_t result;

	program.await_semaphore++;
	result = async_semaphore_acquire(program.semaphore);
	program.await_semaphore--;
	if (result < 0)
		return result;
	if (++program.in_semaphore > PERMITS)
		violate("more hold the semaphore than there are permits");
	result = act(self, false);
	program.in_semaphore--;
	if (async_semaphore_release(program.semaphore))
		violate("a permit cannot be given back");
	return result;
}

/* --- Actions: meeting others --- */

static int64_t wait_for_condition(struct member *self)
{
	int64_t result = async_condition_acquire(program.condition);

	(void)self;
	if (result < 0)
		return result;
	result = async_condition_wait(program.condition);
	if (async_condition_release(program.condition))
		violate("the lock of a condition is not held after the wait");
	return result;
}

static int64_t notify(struct member *self)
{
	int64_t result = async_condition_acquire(program.condition);

	(void)self;
	if (result < 0)
		return result;
	result = async_condition_notify(program.condition, random_below(3));
	async_condition_release(program.condition);
	return result;
}

static int64_t wait_for_event(struct member *self)
{
	int64_t result;

	(void)self;
	program.await_event++;
	result = async_event_wait(program.event);
	program.await_event--;
	return result;
}

static int64_t set_or_clear_event(struct member *self)
{
	(void)self;
	if (one_in(3))
		async_event_clear(program.event);
	else
		async_event_set(program.event);
	return async_event_is_set(program.event);
}

static int64_t put(struct member *self)
{
	char *item;
	int64_t result;

	(void)self;
	if (program.item_count == ITEMS_MAX)
		return 0;
	item = &program.items[program.item_count++];
	*item = 1;
	program.await_room++;
	result = async_queue_put(program.queue, item);
	program.await_room--;
	if (result < 0)
		*item = 2;
	return result;
}

static int64_t get(struct member *self)
{
	void *item = NULL;
	int64_t result;

	(void)self;
	if (one_in(2)) {
		result = async_queue_get_nowait(program.queue, &item);
	} else {
		program.await_item++;
		result = async_queue_get(program.queue, &item);
		program.await_item--;
	}
	if (result < 0)
		return result == -EAGAIN ? 0 : result;
	if (*(char *)item != 1)
		violate("an item comes twice, or was never put");
	*(char *)item = 2;
	if (async_queue_task_done(program.queue))
		violate("more items done than put");
	return (char *)item - program.items;
}

static int64_t join(struct member *self)
{
	(void)self;
	return async_queue_join(program.queue);
}

static int64_t wait_at_barrier(struct member *self)
{
	(void)self;
	return async_barrier_wait(program.barrier);
}

static int64_t reset_barrier(struct member *self)
{
	(void)self;
	return async_barrier_reset(program.barrier);
}

/* It is run again soon. */
static int64_t stop_loop(struct member *self)
{
	(void)self;
	async_loop_stop(program.loop);
	return 0;
}

/* --- The table --- */

enum { TASK_ONLY, ANYWHERE };

static const struct action {
	const char *name;
	unsigned int weight;
	bool anywhere; /* in callbacks, too */
	int64_t (*run)(struct member *self);
} actions[] = {
	{ "create", 12, ANYWHERE, create_task },
	{ "sleep", 10, TASK_ONLY, sleep_a_while },
	{ "yield", 10, TASK_ONLY, yield },
	{ "create and detach", 4, ANYWHERE, create_and_detach },
	{ "create and cancel", 2, ANYWHERE, create_and_cancel },
	{ "await a new task", 8, TASK_ONLY, await_new_task },
	{ "await a coroutine", 8, TASK_ONLY, await_coroutine },
	{ "close a coroutine", 1, ANYWHERE, close_coroutine },
	{ "await a task", 6, TASK_ONLY, await_task },
	{ "cancel a task", 6, ANYWHERE, cancel_task },
	{ "cancel itself", 2, TASK_ONLY, cancel_itself },
	{ "uncancel", 2, ANYWHERE, uncancel },
	{ "fail with a message", 3, TASK_ONLY, fail_with_message },
	{ "fail", 2, TASK_ONLY, fail_without_message },
	{ "read the message", 2, TASK_ONLY, read_message },
	{ "name itself", 1, TASK_ONLY, name_itself },
	{ "count tasks", 1, ANYWHERE, count_tasks },
	{ "defer", 5, TASK_ONLY, defer },
	{ "new future", 5, ANYWHERE, new_future },
	{ "await a future", 4, TASK_ONLY, await_future },
	{ "set a result", 4, ANYWHERE, set_result },
	{ "set an exception", 2, ANYWHERE, set_exception },
	{ "cancel a future", 2, ANYWHERE, cancel_future },
	{ "call soon", 3, ANYWHERE, call_soon },
	{ "call later", 3, ANYWHERE, call_later },
	{ "add a done callback", 4, ANYWHERE, add_done_callback },
	{ "cancel a callback", 3, ANYWHERE, cancel_call },
	{ "await a gathering", 5, TASK_ONLY, await_gathering },
	{ "keep a gathering", 2, ANYWHERE, keep_gathering },
	{ "wait for some", 4, TASK_ONLY, wait_for_some },
	{ "wait for", 4, TASK_ONLY, wait_for },
	{ "shield", 4, TASK_ONLY, shield },
	{ "keep a shield", 2, ANYWHERE, keep_shield },
	{ "as completed", 3, TASK_ONLY, take_as_completed },
	{ "within a timeout", 6, TASK_ONLY, within_timeout },
	{ "within a task group", 5, TASK_ONLY, within_task_group },
	{ "within the lock", 4, TASK_ONLY, within_lock },
	{ "within the semaphore", 4, TASK_ONLY, within_semaphore },
	{ "wait for the condition", 2, TASK_ONLY, wait_for_condition },
	{ "notify", 3, TASK_ONLY, notify },
	{ "wait for the event", 2, TASK_ONLY, wait_for_event },
	{ "set or clear the event", 3, ANYWHERE, set_or_clear_event },
	{ "put", 4, TASK_ONLY, put },
	{ "get", 4, TASK_ONLY, get },
	{ "join", 1, TASK_ONLY, join },
	{ "wait at the barrier", 3, TASK_ONLY, wait_at_barrier },
	{ "reset the barrier", 1, TASK_ONLY, reset_barrier },
	{ "stop the loop", 1, ANYWHERE, stop_loop },
};

enum { ACTIONS = sizeof(actions) / sizeof(*actions) };
_Static_assert((int)ACTIONS <= (int)ACTIONS_MAX, "their weights have room");

/* Each program has its preferences, so that what is rare elsewhere meets itself. */
static void choose_weights(void)
{
	static const unsigned int factors[] = { 0, 1, 1, 2, 10 };
	size_t i;

	for (i = 0; i < ACTIONS; i++)
		program.weights[i] = actions[i].weight * factors[random_below(5)];
	/* One that may happen anywhere at least. */
	program.weights[0]++;
}

static unsigned int weight_of(size_t action, bool callback)
{
	return actions[action].anywhere >= callback ? program.weights[action] : 0;
}

static const struct action *random_action(bool callback)
{
	unsigned int total = 0, at;
	size_t i;

	for (i = 0; i < ACTIONS; i++)
		total += weight_of(i, callback);
	at = random_below(total);
	for (i = 0; at >= weight_of(i, callback); i++)
		at -= weight_of(i, callback);
	return &actions[i];
}

static int64_t act(struct member *self, bool callback)
{
	const struct action *action = random_action(callback);
	int64_t result;

	if (self && self->depth >= DEPTH_MAX)
		return 0;
	if (self)
		self->depth++;
	result = action->run(self);
	if (self)
		self->depth--;
	note(self, action->name, result);
	return result;
}

/* --- A program --- */

/* Nothing happens any more: who still waits must have reason to. */
static void check_who_waits(void)
{
	struct list *link;

	list_for_each (link, &program.loop->tasks) {
		struct async_task *task = container_of(link, struct async_task, link);

		if (task->awaits && task->awaits->state != PENDING)
			violate("a task waits for what is done");
	}
	if (program.await_lock && !program.in_lock)
		violate("tasks wait for the lock that nobody holds");
	if (program.await_semaphore && program.in_semaphore < PERMITS)
		violate("tasks wait for permits that are there");
	if (program.await_event && async_event_is_set(program.event))
		violate("tasks wait for the event that is set");
	if (program.await_item && !async_queue_empty(program.queue))
		violate("tasks wait for an item that is there");
	if (program.await_room && !async_queue_full(program.queue))
		violate("tasks wait for room that is there");
}

static void end(void *arg)
{
	*(bool *)arg = true;
	check_who_waits();
	async_loop_stop(program.loop);
}

/* Runs the loop until `future` is done, or all that may happen has happened. */
static int64_t run_until(struct async_future *future)
{
	bool ended = false;
	struct async_handle horizon =
		async_call_at(program.loop, program.time_ns + HORIZON_NS, end, &ended);
	int64_t result = -ENOMEM;

	if (horizon.serial) {
		do
			result = async_loop_run_until_complete(program.loop,
							       async_future_ref(future));
		while (result == -EINTR && !ended);
	}
	async_future_unref(future);
	async_handle_cancel(horizon);
	return result;
}

static void cancel_all(void)
{
	struct async_task *tasks[MEMBERS_MAX * 2];
	size_t count = async_all_tasks(program.loop, tasks, MEMBERS_MAX * 2), i;

	for (i = 0; i < count; i++)
		async_task_cancel(tasks[i]);
	note(NULL, "cancel all",
	     run_until(async_gather(tasks, count, NULL, ASYNC_RETURN_EXCEPTIONS)));
}

static void run_main(void)
{
	struct member *main = new_member(0);
	struct async_task *task = async_loop_create_task(program.loop, lives(main));

	main->task = async_task_ref(task);
	note(NULL, "main", run_until(async_task_future(task)));
	/* What is left is cancelled, and destroyed if it does not end; or destroyed at once. */
	if (one_in(2))
		cancel_all();
}

static void check_task(const struct member *member)
{
	const struct async_task *task = member->task;
	int64_t result = async_task_result(task);

	if (!async_task_done(task))
		violate("a task is not done though its loop is closed");
	bool ended = member->ended && !member->cleaning;

	if (ended && result != member->returned && (member->returned < 0 || result != -ECANCELED))
		violate("a task has another result than its coroutine");
	if (!ended && result != -ECANCELED)
		violate("a task that did not end is not cancelled");
	if (task->future.references != 1)
		violate("a task has references that nobody gave up");
}

static void account(void)
{
	size_t i;

	/* Gatherings among them refer to earlier ones, and to tasks. */
	for (i = program.future_count; i-- > 0;) {
		if (program.futures[i]->references != 1)
			violate("a future has references that nobody gave up");
		async_future_unref(program.futures[i]);
	}
	for (i = 0; i < program.member_count; i++) {
		struct member *member = &program.members[i];

		if (member->deferred != member->cleaned)
			violate("a cleanup did not run, or ran twice");
		if (member->task)
			check_task(member);
		async_task_detach(member->task);
	}
}

static void make_objects(void)
{
	program.lock = async_lock_new();
	program.semaphore = async_bounded_semaphore_new(PERMITS);
	program.condition = async_condition_new(NULL);
	program.event = async_event_new();
	program.barrier = async_barrier_new(2);
	program.queue = async_queue_new(random_below(3));
}

static void free_objects(void)
{
	async_lock_free(program.lock);
	async_semaphore_free(program.semaphore);
	async_condition_free(program.condition);
	async_event_free(program.event);
	async_barrier_free(program.barrier);
	async_queue_free(program.queue);
}

/* `fail_at`: the allocation that fails; negative for none. */
static void run(uint64_t seed, long fail_at, struct log *log)
{
	memset(&program, 0, sizeof(program));
	program.seed = seed;
	program.random = seed * 0x9e3779b97f4a7c15;
	program.log = log;
	log->count = 0;
	if (async_loop_new(&program.loop))
		return;
	async_loop_set_clock(program.loop, &fake_clock, &program.time_ns);
	/* Some are listened to, though nobody hears them. */
	at_listeners.batch = seed % 4 == 0;
	choose_weights();
	make_objects();
	memory_left = fail_at;
	run_main();
	memory_left = -1;
	if (async_loop_close(program.loop))
		violate("the loop cannot be closed");
	account();
	free_objects();
	at_listeners.batch = 0;
}

static void print(const struct log *log)
{
	size_t i;

	for (i = 0; i < log->count; i++) {
		const struct entry *entry = &log->entries[i];

		print_message("%12.3f ms %4lld  %-24s %lld\n", (double)entry->time_ns / 1e6,
			      (long long)entry->member, entry->action, (long long)entry->result);
	}
}

static bool same(const struct log *a, const struct log *b)
{
	return a->count == b->count &&
	       !memcmp(a->entries, b->entries, a->count * sizeof(*a->entries));
}

static void run_twice(uint64_t seed, long fail_at)
{
	int i;

	for (i = 0; i < 2; i++) {
		memory_live = 0;
		memory_counted = true;
		run(seed, fail_at, &logs[i]);
		memory_counted = false;
		if (counts_memory && memory_live)
			violate("memory was not freed");
		if (getenv("RANDOM_SEED"))
			print(&logs[i]);
		if (program.violation)
			fail_msg("RANDOM_SEED=%llu: %s", (unsigned long long)seed,
				 program.violation);
	}
	if (!same(&logs[0], &logs[1]))
		fail_msg("RANDOM_SEED=%llu: it ran otherwise for the second time",
			 (unsigned long long)seed);
}

/* The number in the environment, or else `otherwise`. */
static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void programs__are_reproducible_and_leave_nothing(void **state)
{
	unsigned long first = number("RANDOM_SEED", 1), count, i;

	(void)state;
	count = getenv("RANDOM_SEED") ? 1 : number("RANDOM_PROGRAMS", PROGRAMS);
	for (i = 0; i < count; i++)
		run_twice(first + i, -1);
}

/* One allocation fails, somewhere. */
static void programs__without_memory(void **state)
{
	unsigned long first = number("RANDOM_SEED", 1), count, i;

	(void)state;
	if (!counts_memory)
		SKIP_FOR_MEMORY();
	count = getenv("RANDOM_SEED") ? 1 : number("RANDOM_PROGRAMS", PROGRAMS) / 2;
	for (i = 0; i < count; i++)
		run_twice(first + i, (long)((first + i) * 7 % 200));
}

static void say_seed(void)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "RANDOM_SEED=%llu\n",
			      (unsigned long long)program.seed);

	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

/* Dies as it would without. */
static void on_death(int number)
{
	say_seed();
	raise(number);
}

static int setup(void **state)
{
	struct sigaction action = { .sa_handler = on_death,
				    .sa_flags = SA_RESETHAND | SA_ONSTACK | SA_NODEFER };

	(void)state;
#ifdef SANITIZED
	__sanitizer_set_death_callback(say_seed);
#else
	sigaction(SIGSEGV, &action, NULL);
#endif
	sigaction(SIGABRT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm(300);
	counts_memory = memory_is_ours();
	/* The buffer of records is the thread's, and stays. */
	at_record(AT_WARNING, 0, 0, 0, 0, 0);
	at_flush();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(programs__are_reproducible_and_leave_nothing, setup),
		cmocka_unit_test_setup(programs__without_memory, setup),
	};

	/* They fail all the time; and places that are printed are kept for good. */
	async_log_set_level(ASYNC_LOG_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
