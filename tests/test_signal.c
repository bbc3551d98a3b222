/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals as callbacks and as something to await, as asyncio's test_events.py and
 * test_unix_events.py have them.
 */
#include "recorded.h"
#include <async.h>
#include <base/sanitized.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 10000

/* What a test sees of its signals. */
struct watch {
	struct async_loop *loop;
	struct async_task *task;
	int calls[_NSIG];
	int64_t results[8];
	size_t count;
	bool removed, again;
	volatile bool stop;
};

struct call {
	struct watch *watch;
	int signal;
};

static struct call calls[_NSIG];

static void meet(struct watch *watch, int64_t result)
{
	watch->results[watch->count++] = result;
}

static void count_call(void *arg)
{
	struct call *call = arg;

	call->watch->calls[call->signal]++;
}

static int add(struct watch *watch, int signal)
{
	calls[signal] = (struct call){ .watch = watch, .signal = signal };
	return async_loop_add_signal_handler(NULL, signal, count_call, &calls[signal]);
}

static sighandler_t action_of(int signal)
{
	struct sigaction action;

	sigaction(signal, NULL, &action);
	return action.sa_handler;
}

/* Lets the loop hear of what has happened, and run it. */
static void let_it_come(void)
{
	async_sleep_ns(1);
	async_sleep(0);
}

ASYNC(is_called, struct watch *, watch)
{
	meet(watch, add(watch, SIGUSR1));
	raise(SIGUSR1);
	watch->again = watch->calls[SIGUSR1];
	let_it_come();
	raise(SIGUSR1);
	let_it_come();
	return 0;
}

static void handler__is_called_by_the_loop(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(is_called(&watch)), 0);
	assert_int_equal(watch.results[0], 0);
	assert_false(watch.again);
	assert_int_equal(watch.calls[SIGUSR1], 2);
	assert_ptr_equal(action_of(SIGUSR1), SIG_DFL);
}

static void wake_task(void *arg)
{
	struct watch *watch = arg;

	async_task_cancel(watch->task);
}

ASYNC(sleeps_until_signal, struct watch *, watch)
{
	watch->task = async_current_task();
	async_loop_add_signal_handler(NULL, SIGALRM, wake_task, watch);
	ualarm(1000, 0);
	return async_sleep(3600);
}

static void handler__wakes_a_loop_that_sleeps(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(sleeps_until_signal(&watch)), -ECANCELED);
}

ASYNC(never_sleeps, struct watch *, watch)
{
	int rounds = 0;

	add(watch, SIGUSR1);
	raise(SIGUSR1);
	while (!watch->calls[SIGUSR1] && rounds < 100000) {
		async_sleep(0);
		rounds++;
	}
	return rounds;
}

static void handler__of_a_loop_that_never_sleeps(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_in_range(async_run(never_sleeps(&watch)), 1, 200);
}

ASYNC(is_stormed, struct watch *, watch)
{
	static const int kinds[] = { SIGUSR1, SIGUSR2, SIGHUP, SIGWINCH };
	int i;

	for (i = 0; i < 4; i++)
		meet(watch, add(watch, kinds[i]));
	for (i = 0; i < MANY; i++)
		kill(getpid(), kinds[i % 4]);
	let_it_come();
	watch->again = watch->calls[SIGUSR1] == 1;
	for (i = 0; i < MANY; i++) {
		kill(getpid(), kinds[i % 4]);
		if (i % 97 == 0)
			async_sleep(0);
	}
	let_it_come();
	return 0;
}

static void storm__is_heard_of_once(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(is_stormed(&watch)), 0);
	assert_true(watch.again);
	assert_in_range(watch.calls[SIGUSR1], 2, MANY / 97 + 3);
	assert_in_range(watch.calls[SIGUSR2], 2, MANY / 97 + 3);
	assert_in_range(watch.calls[SIGHUP], 2, MANY / 97 + 3);
	assert_in_range(watch.calls[SIGWINCH], 2, MANY / 97 + 3);
}

static void *storm(void *arg)
{
	struct watch *watch = arg;

	while (!__atomic_load_n(&watch->stop, __ATOMIC_RELAXED))
		kill(getpid(), SIGUSR1);
	return NULL;
}

/* Comes and goes while signals arrive on any thread. */
ASYNC(is_stormed_by_threads, struct watch *, watch)
{
	pthread_t threads[3];
	int i;

	signal(SIGUSR1, SIG_IGN);
	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, storm, watch);
	for (i = 0; i < 300; i++) {
		add(watch, SIGUSR1);
		async_sleep(0);
		async_loop_remove_signal_handler(NULL, SIGUSR1);
	}
	add(watch, SIGUSR1);
	while (watch->calls[SIGUSR1] < 10)
		async_sleep(0);
	__atomic_store_n(&watch->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static void storm__from_threads_while_the_handler_changes(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(is_stormed_by_threads(&watch)), 0);
	assert_ptr_equal(action_of(SIGUSR1), SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
}

/* The handlers run on a thread that has no loop. */
static void *storm_here(void *arg)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	return storm(arg);
}

ASYNC(comes_and_goes, struct watch *, watch)
{
	add(watch, SIGUSR1);
	async_sleep_ns(1);
	return 0;
}

static void storm__while_loops_open_and_close(void **state)
{
	struct watch watch = { 0 };
	pthread_t thread;
	sigset_t signals;
	int i, err = 0;

	(void)state;
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	signal(SIGUSR1, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	assert_int_equal(pthread_create(&thread, NULL, storm_here, &watch), 0);
	for (i = 0; i < 200 || !watch.calls[SIGUSR1]; i++)
		err |= async_run(comes_and_goes(&watch));
	__atomic_store_n(&watch.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(err, 0);
	signal(SIGUSR1, SIG_IGN);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	signal(SIGUSR1, SIG_DFL);
}

ASYNC(handles_many, struct watch *, watch)
{
	int i;

	for (i = SIGRTMIN; i <= SIGRTMAX; i++)
		meet(watch, add(watch, i)), watch->count = 0;
	for (i = SIGRTMIN; i <= SIGRTMAX; i++)
		raise(i);
	let_it_come();
	return 0;
}

static void handlers__of_many_signals(void **state)
{
	struct watch watch = { 0 };
	int i;

	(void)state;
	assert_int_equal(async_run(handles_many(&watch)), 0);
	for (i = SIGRTMIN; i <= SIGRTMAX; i++)
		assert_int_equal(watch.calls[i], 1);
}

static void remove_itself(void *arg)
{
	struct watch *watch = arg;

	watch->calls[SIGUSR1]++;
	watch->removed = async_loop_remove_signal_handler(NULL, SIGUSR1);
	watch->again = async_loop_remove_signal_handler(NULL, SIGUSR1);
}

ASYNC(is_removed_inside, struct watch *, watch)
{
	async_loop_add_signal_handler(NULL, SIGUSR1, remove_itself, watch);
	raise(SIGUSR1);
	let_it_come();
	return action_of(SIGUSR1) == SIG_IGN;
}

static void handler__may_remove_itself(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	signal(SIGUSR1, SIG_IGN);
	assert_int_equal(async_run(is_removed_inside(&watch)), 1);
	signal(SIGUSR1, SIG_DFL);
	assert_int_equal(watch.calls[SIGUSR1], 1);
	assert_true(watch.removed);
	assert_false(watch.again);
}

static void replace_itself(void *arg)
{
	add(arg, SIGUSR1);
}

ASYNC(is_replaced, struct watch *, watch)
{
	async_loop_add_signal_handler(NULL, SIGUSR1, replace_itself, watch);
	raise(SIGUSR1);
	let_it_come();
	raise(SIGUSR1);
	let_it_come();
	return 0;
}

static void handler__may_be_replaced_inside(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(is_replaced(&watch)), 0);
	assert_int_equal(watch.calls[SIGUSR1], 1);
}

/* The callback has been scheduled when its handler goes. */
ASYNC(is_removed_meanwhile, struct watch *, watch)
{
	add(watch, SIGUSR1);
	raise(SIGUSR1);
	watch->removed = async_loop_remove_signal_handler(NULL, SIGUSR1);
	let_it_come();
	add(watch, SIGUSR1);
	raise(SIGUSR1);
	let_it_come();
	return 0;
}

static void handler__that_was_removed_is_not_called(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(is_removed_meanwhile(&watch)), 0);
	assert_true(watch.removed);
	assert_int_equal(watch.calls[SIGUSR1], 1);
}

ASYNC(adds_wrong_ones, struct watch *, watch)
{
	meet(watch, add(watch, SIGKILL));
	meet(watch, add(watch, SIGSTOP));
	meet(watch, async_loop_add_signal_handler(NULL, 0, count_call, NULL));
	meet(watch, async_loop_add_signal_handler(NULL, -1, count_call, NULL));
	meet(watch, async_loop_add_signal_handler(NULL, _NSIG, count_call, NULL));
	meet(watch, async_signal_wait(SIGKILL));
	meet(watch, async_signal_wait(1000));
	watch->removed = async_loop_remove_signal_handler(NULL, SIGKILL) ||
			 async_loop_remove_signal_handler(NULL, 1000) ||
			 async_loop_remove_signal_handler(NULL, SIGUSR1);
	return 0;
}

static void handler__of_no_signal(void **state)
{
	struct watch watch = { 0 };
	int i;

	(void)state;
	assert_int_equal(async_run(adds_wrong_ones(&watch)), 0);
	for (i = 0; i < 7; i++)
		assert_int_equal(watch.results[i], -EINVAL);
	assert_false(watch.removed);
}

static void handler__outside_of_loops(void **state)
{
	(void)state;
	assert_int_equal(async_loop_add_signal_handler(NULL, SIGUSR1, count_call, NULL), -EINVAL);
	assert_false(async_loop_remove_signal_handler(NULL, SIGUSR1));
	assert_int_equal(async_signal_wait(SIGUSR1), -EPERM);
}

static void handler__of_another_loop(void **state)
{
	struct watch watch = { 0 };
	struct async_loop *one, *two;

	(void)state;
	calls[SIGUSR1] = (struct call){ .watch = &watch, .signal = SIGUSR1 };
	assert_int_equal(async_loop_new(&one), 0);
	assert_int_equal(async_loop_new(&two), 0);
	assert_int_equal(async_loop_add_signal_handler(one, SIGUSR1, count_call, &calls[SIGUSR1]),
			 0);
	assert_int_equal(async_loop_add_signal_handler(two, SIGUSR1, count_call, NULL), -EBUSY);
	assert_false(async_loop_remove_signal_handler(two, SIGUSR1));
	assert_int_equal(async_loop_close(one), 0);
	assert_ptr_equal(action_of(SIGUSR1), SIG_DFL);
	assert_int_equal(async_loop_add_signal_handler(two, SIGUSR1, count_call, &calls[SIGUSR1]),
			 0);
	/* It comes while no loop runs. */
	raise(SIGUSR1);
	async_loop_stop(two);
	async_loop_run_forever(two);
	assert_int_equal(watch.calls[SIGUSR1], 1);
	/* It comes, and the loop is closed. */
	raise(SIGUSR1);
	assert_int_equal(async_loop_close(two), 0);
	assert_int_equal(watch.calls[SIGUSR1], 1);
}

static int before_calls;

static void before(int signal)
{
	(void)signal;
	before_calls++;
}

ASYNC(has_one_before, struct watch *, watch)
{
	add(watch, SIGUSR1);
	raise(SIGUSR1);
	let_it_come();
	watch->again = before_calls;
	async_loop_remove_signal_handler(NULL, SIGUSR1);
	raise(SIGUSR1);
	return 0;
}

static void handler__gives_the_old_action_back(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	signal(SIGUSR1, before);
	assert_int_equal(async_run(has_one_before(&watch)), 0);
	signal(SIGUSR1, SIG_DFL);
	assert_false(watch.again);
	assert_int_equal(watch.calls[SIGUSR1], 1);
	assert_int_equal(before_calls, 1);
}

static int64_t interrupted_read(int fd)
{
	char byte;

	return read(fd, &byte, 1) < 0 ? -errno : byte;
}

static void *write_later(void *arg)
{
	int *pipe = arg;

	kill(getpid(), SIGUSR1);
	return write(pipe[1], "a", 1) == 1 ? arg : NULL;
}

ASYNC(blocks, struct watch *, watch)
{
	int64_t result = -1;
	pthread_t thread;
	int fds[2];

	add(watch, SIGUSR1);
	if (pipe(fds) || pthread_create(&thread, NULL, write_later, fds))
		return -1;
	result = interrupted_read(fds[0]);
	pthread_join(thread, NULL);
	close(fds[0]);
	close(fds[1]);
	let_it_come();
	return result;
}

static void handler__restarts_system_calls(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(blocks(&watch)), 'a');
	assert_int_equal(watch.calls[SIGUSR1], 1);
}

static int64_t signal_from_here(void *arg)
{
	sigset_t signals;

	/* On this thread, whatever the others do. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	raise(SIGUSR1);
	return *(int *)arg;
}

ASYNC(is_signalled_by_jobs, struct watch *, watch)
{
	static int result = 5;
	int64_t sum = 0;
	int i;

	add(watch, SIGUSR1);
	for (i = 0; i < 20; i++)
		sum += async_to_thread(signal_from_here, &result);
	let_it_come();
	return sum;
}

static void handler__of_signals_on_threads_of_an_executor(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(is_signalled_by_jobs(&watch)), 100);
	assert_in_range(watch.calls[SIGUSR1], 1, 20);
}

/* The child of a loop's process is not the loop's: there the signal does what it did before. */
ASYNC(forks, struct watch *, watch)
{
	int status = 0;
	pid_t pid;

	add(watch, SIGTERM);
	pid = fork();
	if (!pid) {
		raise(SIGTERM);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	let_it_come();
	return status;
}

static void handler__does_not_concern_forked_children(void **state)
{
	struct watch watch = { 0 };

	(void)state;
#ifdef SANITIZED_THREAD
	print_message(
		"skipped: needs no ThreadSanitizer, which keeps signals of forked children\n");
	skip();
#endif
	assert_int_equal(async_run(forks(&watch)), SIGTERM);
	assert_int_equal(watch.calls[SIGTERM], 0);
}

/*
 * --- Waiting
 * --------------------------------------------------------------------------
 */

ASYNC(waits, struct watch *, watch, int, signal)
{
	int64_t result = async_signal_wait(signal);

	meet(watch, result);
	return result;
}

ASYNC(wakes_waiters, struct watch *, watch)
{
	struct async_task *one = async_create_task(waits(watch, SIGUSR1));
	struct async_task *two = async_create_task(waits(watch, SIGUSR1));
	struct async_task *other = async_create_task(waits(watch, SIGUSR2));

	async_sleep(0);
	raise(SIGUSR1);
	async_await(one);
	async_await(two);
	watch->again = async_task_done(other);
	async_task_cancel(other);
	async_await(other);
	return 0;
}

static void wait__of_several_tasks(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(wakes_waiters(&watch)), 0);
	assert_int_equal(watch.results[0], SIGUSR1);
	assert_int_equal(watch.results[1], SIGUSR1);
	assert_int_equal(watch.results[2], -ECANCELED);
	assert_false(watch.again);
	assert_ptr_equal(action_of(SIGUSR1), SIG_DFL);
	assert_ptr_equal(action_of(SIGUSR2), SIG_DFL);
}

ASYNC(cancels_one, struct watch *, watch)
{
	struct async_task *one = async_create_task(waits(watch, SIGUSR1));
	struct async_task *two = async_create_task(waits(watch, SIGUSR1));

	async_sleep(0);
	async_task_cancel(one);
	async_await(one);
	watch->again = action_of(SIGUSR1) != SIG_DFL;
	raise(SIGUSR1);
	async_await(two);
	return 0;
}

static void wait__that_is_cancelled_leaves_the_others(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_one(&watch)), 0);
	assert_int_equal(watch.results[0], -ECANCELED);
	assert_int_equal(watch.results[1], SIGUSR1);
	assert_true(watch.again);
	assert_ptr_equal(action_of(SIGUSR1), SIG_DFL);
}

ASYNC(has_both, struct watch *, watch)
{
	struct async_task *waiter;

	add(watch, SIGUSR1);
	meet(watch, async_signal_wait(SIGUSR1));
	async_loop_remove_signal_handler(NULL, SIGUSR1);
	waiter = async_create_task(waits(watch, SIGUSR1));
	async_sleep(0);
	meet(watch, add(watch, SIGUSR1));
	watch->removed = async_loop_remove_signal_handler(NULL, SIGUSR1);
	async_task_cancel(waiter);
	async_await(waiter);
	return 0;
}

static void wait__and_a_handler_exclude_each_other(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	assert_int_equal(async_run(has_both(&watch)), 0);
	assert_int_equal(watch.results[0], -EBUSY);
	assert_int_equal(watch.results[1], -EBUSY);
	assert_int_equal(watch.results[2], -ECANCELED);
	assert_false(watch.removed);
}

static void wait__when_the_loop_is_closed(void **state)
{
	struct watch watch = { 0 };
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	async_task_detach(async_loop_create_task(loop, waits(&watch, SIGUSR1)));
	async_loop_stop(loop);
	async_loop_run_forever(loop);
	assert_ptr_not_equal(action_of(SIGUSR1), SIG_DFL);
	assert_int_equal(async_loop_close(loop), 0);
	assert_ptr_equal(action_of(SIGUSR1), SIG_DFL);
	assert_int_equal(watch.count, 0);
}

ASYNC(waits_traced, struct watch *, watch)
{
	struct async_task *task = async_create_task(waits(watch, SIGUSR2));

	async_sleep(0);
	raise(SIGUSR2);
	return async_await(task);
}

static void wait__is_traced_as_the_signal(void **state)
{
	struct watch watch = { 0 };

	(void)state;
	record_begin();
	assert_int_equal(async_run(waits_traced(&watch)), SIGUSR2);
	record_end();
	assert_int_equal(recorded_awaits(AT_ID(AT_SIGNAL, SIGUSR2)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handler__does_not_concern_forked_children),
		cmocka_unit_test(handler__is_called_by_the_loop),
		cmocka_unit_test(handler__wakes_a_loop_that_sleeps),
		cmocka_unit_test(handler__of_a_loop_that_never_sleeps),
		cmocka_unit_test(storm__is_heard_of_once),
		cmocka_unit_test(storm__from_threads_while_the_handler_changes),
		cmocka_unit_test(storm__while_loops_open_and_close),
		cmocka_unit_test(handlers__of_many_signals),
		cmocka_unit_test(handler__may_remove_itself),
		cmocka_unit_test(handler__may_be_replaced_inside),
		cmocka_unit_test(handler__that_was_removed_is_not_called),
		cmocka_unit_test(handler__of_no_signal),
		cmocka_unit_test(handler__outside_of_loops),
		cmocka_unit_test(handler__of_another_loop),
		cmocka_unit_test(handler__gives_the_old_action_back),
		cmocka_unit_test(handler__restarts_system_calls),
		cmocka_unit_test(handler__of_signals_on_threads_of_an_executor),
		cmocka_unit_test(wait__of_several_tasks),
		cmocka_unit_test(wait__that_is_cancelled_leaves_the_others),
		cmocka_unit_test(wait__and_a_handler_exclude_each_other),
		cmocka_unit_test(wait__when_the_loop_is_closed),
		cmocka_unit_test(wait__is_traced_as_the_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
