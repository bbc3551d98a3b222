/* SPDX-License-Identifier: BSD-2-Clause */
/* The messages of failures: whose they are, how long they stay, and what the runtime says. */
#include <async.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static char messages[4][256];

/* Notes the message of a failure. */
static int64_t note(int i, int64_t error)
{
	const char *message = async_error_message(error);

	snprintf(messages[i], sizeof(messages[i]), "%s", message ? message : "none");
	return error;
}

static int setup(void **state)
{
	(void)state;
	memset(messages, 0, sizeof(messages));
	return 0;
}

static ASYNC(fails, const char *, message)
{
	return message ? async_fail(-EIO, "%s", message) : -EIO;
}

static ASYNC(fails_twice)
{
	note(0, async_await(fails("the first")));
	note(1, async_await(fails(NULL)));
	note(2, async_await(fails("the third")));
	return 0;
}

static void coroutine__without_a_message_has_none_of_another(void **state)
{
	(void)state;
	assert_int_equal(async_run(fails_twice()), 0);
	assert_string_equal(messages[0], "the first");
	assert_string_equal(messages[1], "none");
	assert_string_equal(messages[2], "the third");
}

static ASYNC(overcomes)
{
	return async_await(fails("overcome")) == -EIO;
}

static ASYNC(fails_after_success)
{
	async_await(overcomes());
	return note(0, -EIO);
}

static void coroutine__that_succeeds_leaves_none(void **state)
{
	(void)state;
	assert_int_equal(async_run(fails_after_success()), -EIO);
	assert_string_equal(messages[0], "none");
}

static ASYNC(cleans_up)
{
	async_sleep(0);
	return async_await(overcomes());
}

static void clean_up(void *arg)
{
	(void)arg;
	async_await(cleans_up());
	async_await(fails("of the cleanup"));
}

static ASYNC(fails_and_cleans_up)
{
	int64_t err = async_fail(-EIO, "what matters");

	async_await(cleans_up());
	return err;
}

static ASYNC(fails_and_defers)
{
	async_defer(clean_up, NULL);
	return async_fail(-EIO, "what matters");
}

static ASYNC(sees_cleanups)
{
	note(0, async_await(fails_and_cleans_up()));
	note(1, async_await(fails_and_defers()));
	return 0;
}

static void coroutine__that_cleans_up_keeps_its_message(void **state)
{
	(void)state;
	assert_int_equal(async_run(sees_cleanups()), 0);
	assert_string_equal(messages[0], "what matters");
	assert_string_equal(messages[1], "what matters");
}

static ASYNC(sleeps)
{
	return async_sleep(3600);
}

static ASYNC(sleeps_after_failing)
{
	async_fail(-EIO, "set aside");
	return async_await(sleeps());
}

/* Nothing is lost: see the sanitizers. */
static void coroutine__destroyed_with_a_message_set_aside(void **state)
{
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	async_task_detach(async_loop_create_task(loop, sleeps_after_failing()));
	async_loop_stop(loop);
	async_loop_run_forever(loop);
	assert_int_equal(async_loop_close(loop), 0);
}

static ASYNC(meets_plain_failures)
{
	struct async_queue *queue = async_queue_new(1);
	void *item;

	async_fail(-EAGAIN, "of before");
	note(0, async_queue_get_nowait(queue, &item));
	async_queue_free(queue);
	async_fail(-ENOMEM, "of before");
	note(1, async_await_future(NULL));
	async_fail(-EINVAL, "of before");
	note(2, async_future_set_result(async_task_future(async_current_task()), 0));
	async_fail(-ECANCELED, "of before");
	async_task_cancel(async_current_task());
	note(3, async_sleep(0));
	return 0;
}

static void runtime__fails_without_a_message(void **state)
{
	int i;

	(void)state;
	assert_int_equal(async_run(meets_plain_failures()), 0);
	for (i = 0; i < 4; i++)
		assert_string_equal(messages[i], "none");
}

static ASYNC(awaits_itself)
{
	return note(0, async_await_task(async_task_ref(async_current_task())));
}

static void task__that_awaits_itself(void **state)
{
	static const char start[] = "Task cannot await on itself: <Task pending name='Task-";

	(void)state;
	assert_int_equal(async_run(awaits_itself()), -EDEADLK);
	assert_memory_equal(messages[0], start, strlen(start));
}

static ASYNC(awaits, struct async_future *, future)
{
	return note(0, async_await_future(future));
}

static void task__that_awaits_a_future_of_another_loop(void **state)
{
	struct async_future *future;
	struct async_loop *other;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	future = async_future_new(other);
	assert_int_equal(async_run(awaits(async_future_ref(future))), -EXDEV);
	assert_non_null(strstr(messages[0], "> got Future <Future at 0x"));
	assert_non_null(strstr(messages[0], "> attached to a different loop"));
	async_future_unref(future);
	async_loop_close(other);
}

static ASYNC(lacks_descriptors)
{
	static const struct async_process_options options = { .output = ASYNC_PIPE };
	struct async_process *process;
	struct async_stream *stream;
	struct async_server *server;
	struct rlimit before, few;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = fd;
	close(fd);
	setrlimit(RLIMIT_NOFILE, &few);
	note(0, async_open_connection("127.0.0.1", 1, &stream));
	note(1, async_start_server(NULL, NULL, "127.0.0.1", 0, &server));
	note(2, async_create_subprocess_shell(&process, &options, "exit"));
	setrlimit(RLIMIT_NOFILE, &before);
	return 0;
}

static void descriptors__are_lacking(void **state)
{
	(void)state;
	assert_int_equal(async_run(lacks_descriptors()), 0);
	assert_string_equal(messages[0], "Too many open files");
	assert_string_equal(messages[1], "Too many open files");
	assert_string_equal(messages[2], "Too many open files");
}

static int count;

static void chain(void *arg)
{
	(void)arg;
	if (++count < 100)
		async_call_soon(NULL, chain, NULL);
}

static ASYNC(starts_chain)
{
	async_call_soon(NULL, chain, NULL);
	return 0;
}

/* As many as with asyncio.run(). */
static void run__has_last_iterations(void **state)
{
	(void)state;
	count = 0;
	assert_int_equal(async_run(starts_chain()), 0);
	assert_int_equal(count, 5);
}

static void tell(struct async_loop *loop, const struct async_exception_context *context, void *arg)
{
	(void)loop;
	(void)arg;
	snprintf(messages[0], sizeof(messages[0]), "%s", context->message);
	snprintf(messages[1], sizeof(messages[1]), "%s", context->exception_message);
}

static ASYNC(fails_when_cancelled)
{
	async_sleep(3600);
	return async_fail(-EIO, "a late failure");
}

static ASYNC(leaves_group)
{
	async_task_group_create_task(async_task_group_new(), fails_when_cancelled());
	return async_sleep(0);
}

static ASYNC(hears_of_group)
{
	async_loop_set_exception_handler(async_get_running_loop(), tell, NULL);
	async_await(async_create_task(leaves_group()));
	async_sleep(0);
	async_sleep(0);
	return async_sleep(0);
}

static void group__whose_parent_has_ended(void **state)
{
	(void)state;
	assert_int_equal(async_run(hears_of_group()), 0);
	assert_memory_equal(messages[0], "Task <Task finished name='Task-", 31);
	assert_non_null(
		strstr(messages[0], " has errored out but its parent task is already completed"));
	assert_string_equal(messages[1], "a late failure");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(coroutine__without_a_message_has_none_of_another),
		TEST(coroutine__that_succeeds_leaves_none),
		TEST(coroutine__that_cleans_up_keeps_its_message),
		TEST(coroutine__destroyed_with_a_message_set_aside),
		TEST(runtime__fails_without_a_message),
		TEST(task__that_awaits_itself),
		TEST(task__that_awaits_a_future_of_another_loop),
		TEST(descriptors__are_lacking),
		TEST(group__whose_parent_has_ended),
		TEST(run__has_last_iterations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
