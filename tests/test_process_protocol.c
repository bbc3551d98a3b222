/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes by callbacks, as asyncio's test_subprocess.py and test_events.py have them. */
#include "children.h"
#include <async.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PIPES                                                                                      \
	{                                                                                          \
		.input = ASYNC_PIPE, .output = ASYNC_PIPE, .errors = ASYNC_PIPE                    \
	}

/* What the protocol of a child hears, in words. */
struct ear {
	const char *command;
	struct async_process_options options;
	struct async_subprocess_transport *transport;
	struct async_future *over; /* once everything is */
	char heard[1024];
	char data[3][256];
	int64_t results[8];
	bool close_at_once, close_at_exit, close_at_end;
	int code;
	pid_t pid;
};

static __attribute__((format(printf, 2, 3))) void hear(struct ear *ear, const char *format, ...)
{
	size_t length = strlen(ear->heard);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ear->heard + length, sizeof(ear->heard) - length, format, arguments);
	va_end(arguments);
}

static void made(void *self, struct async_subprocess_transport *transport)
{
	struct ear *ear = self;

	ear->transport = transport;
	ear->pid = async_subprocess_transport_get_pid(transport);
	ear->code = async_subprocess_transport_get_returncode(transport);
	hear(ear, "made ");
	if (ear->close_at_once)
		async_subprocess_transport_close(transport);
}

static void data(void *self, int fd, const void *bytes, size_t size)
{
	struct ear *ear = self;

	if (!ear->data[fd][0])
		hear(ear, "data%d ", fd);
	strncat(ear->data[fd], bytes, size);
}

static void pipe_lost(void *self, int fd, int error)
{
	hear(self, error ? "lost%d:%d " : "lost%d ", fd, error);
}

static void exited(void *self)
{
	struct ear *ear = self;

	ear->code = async_subprocess_transport_get_returncode(ear->transport);
	hear(ear, "exited ");
	if (ear->close_at_exit)
		async_subprocess_transport_close(ear->transport);
}

static void over(void *self, int error)
{
	struct ear *ear = self;

	hear(ear, error ? "over with an error" : "over");
	if (ear->close_at_end)
		async_subprocess_transport_close(ear->transport);
	async_future_set_result(ear->over, 0);
}

static const struct async_subprocess_protocol protocol = {
	.connection_made = made,
	.pipe_data_received = data,
	.pipe_connection_lost = pipe_lost,
	.process_exited = exited,
	.connection_lost = over,
};

static int64_t start(struct ear *ear)
{
	struct async_subprocess_transport *transport;

	ear->over = async_future_new(NULL);
	return async_subprocess_shell(&protocol, ear, &ear->options, ear->command, &transport);
}

static int64_t finish(struct ear *ear)
{
	return async_await(ear->over);
}

static bool heard(const struct ear *ear, const char *first, const char *then)
{
	const char *place = strstr(ear->heard, first);

	return place && strstr(place + strlen(first), then);
}

ASYNC(listens, struct ear *, ear)
{
	int64_t err = start(ear);

	if (err)
		return err;
	err = finish(ear);
	if (!ear->close_at_once && !ear->close_at_exit && !ear->close_at_end)
		async_subprocess_transport_close(ear->transport);
	return err;
}

static void protocol__hears_in_order(void **state)
{
	struct ear ear = { .command = "echo right; echo wrong >&2; exit 3",
			   .options = { .output = ASYNC_PIPE, .errors = ASYNC_PIPE } };

	(void)state;
	assert_int_equal(async_run(listens(&ear)), 0);
	assert_true(heard(&ear, "made ", "data1 "));
	assert_true(heard(&ear, "data1 ", "lost1 "));
	assert_true(heard(&ear, "data2 ", "lost2 "));
	assert_true(heard(&ear, "data1 ", "exited "));
	assert_true(heard(&ear, "data2 ", "exited "));
	assert_true(heard(&ear, "exited ", "over"));
	assert_true(heard(&ear, "lost1 ", "over"));
	assert_true(heard(&ear, "lost2 ", "over"));
	assert_string_equal(ear.data[1], "right\n");
	assert_string_equal(ear.data[2], "wrong\n");
	assert_int_equal(ear.code, 3);
}

static void protocol__without_pipes(void **state)
{
	struct ear ear = { .command = "exit 4" };

	(void)state;
	assert_int_equal(async_run(listens(&ear)), 0);
	assert_string_equal(ear.heard, "made exited over");
	assert_int_equal(ear.code, 4);
}

static const struct async_subprocess_protocol deaf = { .connection_lost = over };

ASYNC(does_not_listen, struct ear *, ear)
{
	int64_t err;

	ear->over = async_future_new(NULL);
	err = async_subprocess_shell(&deaf, ear, &ear->options, ear->command, &ear->transport);
	if (err)
		return err;
	err = finish(ear);
	ear->code = async_subprocess_transport_get_returncode(ear->transport);
	async_subprocess_transport_close(ear->transport);
	return err;
}

static void protocol__that_leaves_callbacks_out(void **state)
{
	struct ear ear = { .command = "echo a; exit 5", .options = PIPES };

	(void)state;
	assert_int_equal(async_run(does_not_listen(&ear)), 0);
	assert_int_equal(ear.code, 5);
}

ASYNC(writes, struct ear *, ear)
{
	struct async_transport *input;
	int64_t err = start(ear);

	if (err)
		return err;
	input = async_subprocess_transport_get_pipe_transport(ear->transport, 0);
	async_transport_write(input, "hello", 5);
	async_transport_write_eof(input);
	err = finish(ear);
	ear->results[0] = !async_subprocess_transport_get_pipe_transport(ear->transport, 0);
	ear->results[1] = !async_subprocess_transport_get_pipe_transport(ear->transport, 1);
	ear->results[2] = !async_subprocess_transport_get_pipe_transport(ear->transport, 7);
	ear->results[3] = async_subprocess_transport_terminate(ear->transport);
	ear->results[4] = async_subprocess_transport_send_signal(ear->transport, SIGHUP);
	async_subprocess_transport_close(ear->transport);
	return err;
}

static void protocol__writes_and_reads(void **state)
{
	struct ear ear = { .command = "tr a-z A-Z", .options = PIPES };

	(void)state;
	assert_int_equal(async_run(writes(&ear)), 0);
	assert_string_equal(ear.data[1], "HELLO");
	assert_int_equal(ear.code, 0);
	assert_true(ear.results[0] && ear.results[1] && ear.results[2]);
	assert_int_equal(ear.results[3], -ESRCH);
	assert_int_equal(ear.results[4], -ESRCH);
}

ASYNC(kills, struct ear *, ear)
{
	int64_t err = start(ear);

	if (err)
		return err;
	ear->results[0] = async_subprocess_transport_terminate(ear->transport);
	err = finish(ear);
	async_subprocess_transport_close(ear->transport);
	return err;
}

static void protocol__of_a_child_that_is_terminated(void **state)
{
	struct ear ear = { .command = "exec sleep 3600", .options = PIPES };

	(void)state;
	assert_int_equal(async_run(kills(&ear)), 0);
	assert_int_equal(ear.code, -SIGTERM);
	assert_true(heard(&ear, "exited ", "over"));
}

ASYNC(closes, struct ear *, ear)
{
	int64_t err = start(ear);

	if (err)
		return err;
	async_subprocess_transport_close(ear->transport);
	async_subprocess_transport_close(NULL);
	return finish(ear);
}

static void close__kills_a_child_that_runs(void **state)
{
	struct ear ear = { .command = "exec sleep 3600", .options = PIPES };

	(void)state;
	assert_int_equal(async_run(closes(&ear)), 0);
	assert_int_equal(ear.code, -SIGKILL);
	assert_true(heard(&ear, "exited ", "over"));
	assert_true(heard(&ear, "lost0 ", "over"));
}

static void close__in_any_callback(void **state)
{
	struct ear made_one = { .command = "exec sleep 3600",
				.options = PIPES,
				.close_at_once = true };
	struct ear exit_one = { .command = "echo a", .options = PIPES, .close_at_exit = true };
	struct ear end_one = { .command = "echo a", .options = PIPES, .close_at_end = true };

	(void)state;
	assert_int_equal(async_run(listens(&made_one)), 0);
	assert_int_equal(made_one.code, -SIGKILL);
	assert_int_equal(async_run(listens(&exit_one)), 0);
	assert_true(heard(&exit_one, "exited ", "over"));
	assert_int_equal(async_run(listens(&end_one)), 0);
	assert_true(heard(&end_one, "exited ", "over"));
}

/* The child has ended, but the pipe has not. */
static void close__of_a_pipe_that_others_hold(void **state)
{
	struct ear ear = { .command = "sleep 3600 & echo $!",
			   .options = { .output = ASYNC_PIPE },
			   .close_at_exit = true };

	(void)state;
	assert_int_equal(async_run(listens(&ear)), 0);
	assert_string_equal(strstr(ear.heard, "exited"), "exited lost1 over");
	kill(atoi(ear.data[1]), SIGKILL);
}

ASYNC(starts_nothing, struct ear *, ear)
{
	static const char *const argv[] = { "nosuch", NULL };
	struct async_subprocess_transport *transport = NULL;
	const char *message;

	ear->results[0] = async_subprocess_exec(&protocol, ear, &ear->options, argv, &transport);
	message = async_error_message(ear->results[0]);
	strcpy(ear->data[0], message ? message : "");
	ear->results[1] = !transport;
	ear->options.output = -9;
	ear->results[2] = async_subprocess_exec(&protocol, ear, &ear->options, argv, &transport);
	return async_sleep_ns(1);
}

static void start__of_what_is_not_there(void **state)
{
	struct ear ear = { .options = PIPES };

	(void)state;
	assert_int_equal(async_run(starts_nothing(&ear)), 0);
	assert_int_equal(ear.results[0], -ENOENT);
	assert_string_equal(ear.data[0], "No such file or directory: 'nosuch'");
	assert_true(ear.results[1]);
	assert_int_equal(ear.results[2], -EINVAL);
	assert_string_equal(ear.heard, "");
}

static void start__outside_of_loops(void **state)
{
	struct async_subprocess_transport *transport;

	(void)state;
	assert_int_equal(async_subprocess_shell(&protocol, NULL, NULL, "exit", &transport), -EPERM);
}

ASYNC(leaves, struct ear *, ear)
{
	return start(ear);
}

static void leave(struct ear *ear, bool close_first)
{
	struct async_loop *loop;

	assert_int_equal(async_loop_new(&loop), 0);
	assert_int_equal(async_loop_run_until_complete(loop,
						       async_loop_create_task(loop, leaves(ear))),
			 0);
	if (close_first)
		async_subprocess_transport_close(ear->transport);
	assert_int_equal(async_loop_close(loop), 0);
	if (!close_first)
		async_subprocess_transport_close(ear->transport);
	async_future_unref(ear->over);
	assert_int_equal(waitpid(ear->pid, NULL, 0), ear->pid);
}

static void loop__is_closed_before(void **state)
{
	struct ear one = { .command = "exec sleep 3600", .options = PIPES };
	struct ear two = one;

	(void)state;
	leave(&one, true);
	leave(&two, false);
	assert_string_equal(one.heard, "made ");
}

ASYNC(runs_many, struct ear *, ears)
{
	int64_t err = 0;
	int i;

	for (i = 0; i < 50; i++)
		err |= start(&ears[i]);
	for (i = 0; i < 50; i++) {
		err |= finish(&ears[i]);
		async_subprocess_transport_close(ears[i].transport);
	}
	return err;
}

static void protocol__of_many_children(void **state)
{
	static struct ear ears[50];
	int i;

	(void)state;
	for (i = 0; i < 50; i++)
		ears[i] = (struct ear){ .command = "echo a; echo b; echo c", .options = PIPES };
	assert_int_equal(async_run(runs_many(ears)), 0);
	for (i = 0; i < 50; i++)
		assert_string_equal(ears[i].data[1], "a\nb\nc\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHILD_TEST(protocol__hears_in_order),
		CHILD_TEST(protocol__without_pipes),
		CHILD_TEST(protocol__that_leaves_callbacks_out),
		CHILD_TEST(protocol__writes_and_reads),
		CHILD_TEST(protocol__of_a_child_that_is_terminated),
		CHILD_TEST(protocol__of_many_children),
		CHILD_TEST(close__kills_a_child_that_runs),
		CHILD_TEST(close__in_any_callback),
		CHILD_TEST(close__of_a_pipe_that_others_hold),
		CHILD_TEST(start__of_what_is_not_there),
		CHILD_TEST(start__outside_of_loops),
		CHILD_TEST(loop__is_closed_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
