/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIGINT in async_run(), as test_runners.py has it. Each case runs in a process of its own, which
 * ends with a status that tells.
 */
#include <async.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What the processes write. */
static char *said;

static void say(const char *word)
{
	strcat(said, word);
}

static void say_deferred(void *word)
{
	say(word);
}

static int share(void **state)
{
	(void)state;
	said = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return said == MAP_FAILED;
}

/* The status of a process that does this; negative if a signal killed it. */
static int status_of(int (*program)(void))
{
	int status;
	pid_t pid;

	said[0] = '\0';
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(20);
		_exit(program());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Statuses are small: -EINTR is EINTR. */
static int run(struct async_coroutine *main)
{
	return abs((int)async_run(main));
}

static sighandler_t action(void)
{
	struct sigaction now;

	sigaction(SIGINT, NULL, &now);
	return now.sa_handler;
}

ASYNC(says_its_end, const char *, word)
{
	int64_t err = async_sleep(3600);

	say(word);
	return err;
}

ASYNC(cleans_up)
{
	async_task_detach(async_create_task(says_its_end("one ")));
	async_task_detach(async_create_task(says_its_end("two ")));
	async_defer(say_deferred, "deferred ");
	async_sleep(0);
	raise(SIGINT);
	if (async_sleep(3600) == -ECANCELED)
		say("cancelled ");
	async_sleep(0.001);
	say("slept ");
	return -ECANCELED;
}

static int once(void)
{
	int status = run(cleans_up());

	return action() == SIG_DFL ? status : 1;
}

static void interrupt__lets_everybody_clean_up(void **state)
{
	(void)state;
	assert_int_equal(status_of(once), EINTR);
	assert_string_equal(said, "cancelled slept deferred one two ");
}

static void *interrupt_all(void *arg)
{
	kill(getpid(), SIGINT);
	return arg;
}

/* From the loop's own stack: ThreadSanitizer keeps what comes on a task's until that one goes on. */
static void start_interrupter(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, interrupt_all, arg);
}

ASYNC(sleeps_interrupted)
{
	async_call_soon(async_get_running_loop(), start_interrupter, NULL);
	return async_sleep(3600);
}

static int sleeping(void)
{
	return run(sleeps_interrupted());
}

static void interrupt__wakes_a_loop_that_sleeps(void **state)
{
	(void)state;
	assert_int_equal(status_of(sleeping), EINTR);
}

ASYNC(is_interrupted_twice)
{
	raise(SIGINT);
	async_sleep(3600);
	say("first ");
	raise(SIGINT);
	say("second ");
	return -ECANCELED;
}

static int twice(void)
{
	return run(is_interrupted_twice());
}

static void interrupt__the_second_one_kills(void **state)
{
	(void)state;
	assert_int_equal(status_of(twice), -SIGINT);
	assert_string_equal(said, "first ");
}

ASYNC(never_awaits)
{
	raise(SIGINT);
	say("busy ");
	raise(SIGINT);
	return 0;
}

static int busy(void)
{
	return run(never_awaits());
}

static void interrupt__of_a_main_task_that_never_awaits(void **state)
{
	(void)state;
	assert_int_equal(status_of(busy), -SIGINT);
	assert_string_equal(said, "busy ");
}

ASYNC(swallows)
{
	raise(SIGINT);
	async_sleep(3600);
	return 7;
}

static int swallowed(void)
{
	return run(swallows());
}

static void interrupt__may_be_swallowed(void **state)
{
	(void)state;
	assert_int_equal(status_of(swallowed), 7);
}

ASYNC(fails)
{
	raise(SIGINT);
	async_sleep(3600);
	return -EIO;
}

static int failed(void)
{
	return run(fails());
}

static void interrupt__of_a_main_task_that_fails(void **state)
{
	(void)state;
	assert_int_equal(status_of(failed), EIO);
}

ASYNC(is_cancelled_as_well)
{
	async_task_cancel(async_current_task());
	async_sleep(0);
	raise(SIGINT);
	return async_sleep(3600);
}

static int cancelled_twice(void)
{
	return run(is_cancelled_as_well());
}

static void interrupt__of_a_task_that_was_cancelled_as_well(void **state)
{
	(void)state;
	assert_int_equal(status_of(cancelled_twice), ECANCELED);
}

ASYNC(is_cancelled_only)
{
	async_task_cancel(async_current_task());
	return async_sleep(3600);
}

static int cancelled_only(void)
{
	return run(is_cancelled_only());
}

static void interrupt__is_no_other_cancellation(void **state)
{
	(void)state;
	assert_int_equal(status_of(cancelled_only), ECANCELED);
}

ASYNC(ends_at_once)
{
	raise(SIGINT);
	return 0;
}

static int late(void)
{
	return run(ends_at_once());
}

static void interrupt__in_the_last_step(void **state)
{
	(void)state;
	assert_int_equal(status_of(late), EINTR);
}

ASYNC(raises_then_returns)
{
	raise(SIGINT);
	async_sleep_ns(1);
	return 3;
}

static int ignored(void)
{
	signal(SIGINT, SIG_IGN);
	return action() == SIG_IGN ? run(raises_then_returns()) : 1;
}

static void interrupt__of_those_who_ignore_it(void **state)
{
	(void)state;
	assert_int_equal(status_of(ignored), 3);
}

static void own_handler(int signal)
{
	(void)signal;
	say("own ");
}

static int own(void)
{
	int status;

	signal(SIGINT, own_handler);
	status = run(raises_then_returns());
	return action() == own_handler ? status : 1;
}

static void interrupt__of_those_who_handle_it(void **state)
{
	(void)state;
	assert_int_equal(status_of(own), 3);
	assert_string_equal(said, "own ");
}

ASYNC(looks)
{
	return action() == SIG_DFL ? 4 : 5;
}

static void *look(void *ret)
{
	*(int *)ret = run(looks());
	return NULL;
}

static int on_a_thread(void)
{
	pthread_t thread;
	int status = 1;

	pthread_create(&thread, NULL, look, &status);
	pthread_join(thread, NULL);
	return status;
}

static void interrupt__belongs_to_the_main_thread(void **state)
{
	(void)state;
	assert_int_equal(status_of(on_a_thread), 4);
}

static int quiet(void)
{
	return run(looks()) == 5 && action() == SIG_DFL ? 0 : 1;
}

static void interrupt__gives_the_action_back(void **state)
{
	(void)state;
	assert_int_equal(status_of(quiet), 0);
}

static void say_called(void *arg)
{
	(void)arg;
	say("called ");
}

ASYNC(handles_and_removes)
{
	int64_t err;

	async_loop_add_signal_handler(NULL, SIGINT, say_called, NULL);
	raise(SIGINT);
	err = async_sleep_ns(1);
	raise(SIGINT);
	err |= async_sleep_ns(1);
	async_loop_remove_signal_handler(NULL, SIGINT);
	if (err)
		return 1;
	raise(SIGINT);
	return async_sleep(3600);
}

static int handled_a_while(void)
{
	return run(handles_and_removes());
}

static void interrupt__below_a_handler(void **state)
{
	(void)state;
	assert_int_equal(status_of(handled_a_while), EINTR);
	assert_string_equal(said, "called called ");
}

ASYNC(handles_to_the_end)
{
	return async_loop_add_signal_handler(NULL, SIGINT, say_called, NULL);
}

static int handled_to_the_end(void)
{
	int status = run(handles_to_the_end());

	if (action() != SIG_DFL)
		return 1;
	status |= run(handles_to_the_end());
	return action() == SIG_DFL ? status : 1;
}

static void interrupt__below_a_handler_that_stays(void **state)
{
	(void)state;
	assert_int_equal(status_of(handled_to_the_end), 0);
}

ASYNC(waits_for_it)
{
	return async_signal_wait(SIGINT);
}

ASYNC(has_a_waiter)
{
	struct async_task *waiter = async_create_task(waits_for_it());

	async_sleep(0);
	raise(SIGINT);
	return async_await(waiter);
}

static int waited_for(void)
{
	return run(has_a_waiter());
}

static void interrupt__that_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(status_of(waited_for), SIGINT);
}

ASYNC(replaces_the_action)
{
	signal(SIGINT, own_handler);
	return 0;
}

static int replaced(void)
{
	int status = run(replaces_the_action());

	return action() == own_handler ? status : 1;
}

static void interrupt__leaves_what_replaced_it(void **state)
{
	(void)state;
	assert_int_equal(status_of(replaced), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupt__lets_everybody_clean_up),
		cmocka_unit_test(interrupt__wakes_a_loop_that_sleeps),
		cmocka_unit_test(interrupt__the_second_one_kills),
		cmocka_unit_test(interrupt__of_a_main_task_that_never_awaits),
		cmocka_unit_test(interrupt__may_be_swallowed),
		cmocka_unit_test(interrupt__of_a_main_task_that_fails),
		cmocka_unit_test(interrupt__of_a_task_that_was_cancelled_as_well),
		cmocka_unit_test(interrupt__is_no_other_cancellation),
		cmocka_unit_test(interrupt__in_the_last_step),
		cmocka_unit_test(interrupt__of_those_who_ignore_it),
		cmocka_unit_test(interrupt__of_those_who_handle_it),
		cmocka_unit_test(interrupt__belongs_to_the_main_thread),
		cmocka_unit_test(interrupt__gives_the_action_back),
		cmocka_unit_test(interrupt__below_a_handler),
		cmocka_unit_test(interrupt__below_a_handler_that_stays),
		cmocka_unit_test(interrupt__that_is_waited_for),
		cmocka_unit_test(interrupt__leaves_what_replaced_it),
	};

	return cmocka_run_group_tests(tests, share, NULL);
}
