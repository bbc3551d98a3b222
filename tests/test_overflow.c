/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stack overflows, in children that die of them: what they say, and that nothing else is touched.
 */
#include <async.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char said[4096];

/* Runs `action` in a child, keeps what it writes to stderr, and returns its wait status. */
static int in_child(void (*action)(void))
{
	struct rlimit none = { 0, 0 };
	int ends[2], status = 0;
	size_t length = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL); /* sanitizers have theirs */
		action();
		_exit(99);
	}
	close(ends[1]);
	while ((n = read(ends[0], said + length, sizeof(said) - 1 - length)) > 0)
		length += n;
	said[length] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_died_of_fault(int status)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static int recurse(int depth)
{
	volatile char page[512];

	page[0] = (char)depth;
	return depth ? recurse(depth - 1) + page[0] : page[0];
}

static const int recurses_line = __LINE__ + 1;
ASYNC(recurses, int, depth)
{
	async_sleep(0);
	return recurse(depth);
}

ASYNC(sleeps)
{
	return async_sleep(3600);
}

ASYNC(runs_named)
{
	struct async_task *task;
	int i;

	for (i = 0; i < 50; i++)
		async_task_detach(async_create_task(sleeps()));
	task = async_create_task(recurses(100000));
	async_task_set_name(task, "deep");
	return async_await(task);
}

static void overflow_named(void)
{
	async_run(runs_named());
}

static void overflow_unnamed(void)
{
	async_run(recurses(100000));
}

static void overflow__names_the_task(void **state)
{
	char expected[256];

	(void)state;
	snprintf(expected, sizeof(expected),
		 "stack overflow in task 'deep', coroutine recurses() defined at %s:%d:", __FILE__,
		 recurses_line);
	assert_died_of_fault(in_child(overflow_named));
	assert_non_null(strstr(said, expected));
	assert_non_null(strchr(said, '\n'));
	assert_string_equal(strchr(said, '\n'), "\n");
}

static void overflow__of_a_task_without_name(void **state)
{
	(void)state;
	assert_died_of_fault(in_child(overflow_unnamed));
	assert_non_null(strstr(said, "stack overflow in task 'Task-1', coroutine recurses()"));
}

static void *run_in_thread(void *arg)
{
	overflow_named();
	return arg;
}

static void overflow_in_thread(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, run_in_thread, NULL))
		pthread_join(thread, NULL);
}

static void overflow__in_a_thread(void **state)
{
	(void)state;
	assert_died_of_fault(in_child(overflow_in_thread));
	assert_non_null(strstr(said, "stack overflow in task 'deep'"));
}

static void own_handler(int number)
{
	(void)number;
	_exit(7);
}

static void overflow_with_handler(void)
{
	static char stack[1 << 16];
	stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = own_handler, .sa_flags = SA_ONSTACK };

	sigaltstack(&own, NULL);
	sigaction(SIGSEGV, &action, NULL);
	overflow_named();
}

static void handler__of_the_program_is_left_alone(void **state)
{
	int status = in_child(overflow_with_handler);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_string_equal(said, "");
}

ASYNC(dereferences, volatile int *, pointer)
{
	return *pointer;
}

static void fault_elsewhere(void)
{
	async_run(dereferences((int *)16));
}

static void fault__elsewhere_says_nothing(void **state)
{
	(void)state;
	assert_died_of_fault(in_child(fault_elsewhere));
	assert_null(strstr(said, "overflow"));
}

ASYNC(needs_much, int, depth)
{
	return recurse(depth) >= 0;
}

static void use_most_of_the_stack(void)
{
	_exit(async_run(needs_much(60)) == 1 ? 3 : 4);
}

static void stack__may_be_used_in_most_of_its_size(void **state)
{
	int status = in_child(use_most_of_the_stack);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

static void check_signal_stacks(void)
{
	static char stack[1 << 16];
	stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) }, seen;
	stack_t none = { .ss_flags = SS_DISABLE };

	sigaltstack(&none, NULL);
	async_run(needs_much(1));
	sigaltstack(NULL, &seen);
	if (!(seen.ss_flags & SS_DISABLE))
		_exit(1);
	sigaltstack(&own, NULL);
	async_run(needs_much(1));
	sigaltstack(NULL, &seen);
	if (seen.ss_sp != stack)
		_exit(2);
	_exit(0);
}

static void signal_stack__is_as_before(void **state)
{
	(void)state;
	assert_int_equal(in_child(check_signal_stacks), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overflow__names_the_task),
		cmocka_unit_test(overflow__of_a_task_without_name),
		cmocka_unit_test(overflow__in_a_thread),
		cmocka_unit_test(handler__of_the_program_is_left_alone),
		cmocka_unit_test(fault__elsewhere_says_nothing),
		cmocka_unit_test(stack__may_be_used_in_most_of_its_size),
		cmocka_unit_test(signal_stack__is_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
