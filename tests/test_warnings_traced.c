/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tracers are told of what should have happened and never did, without debug mode: of which
 * kind it is, the function, where it was created. The program prints no more than without them.
 */
#include "capture.h"
#include "recorded.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct async_loop *loop;

static int setup(void **state)
{
	return capture_setup(state) || async_loop_new(&loop);
}

static int teardown(void **state)
{
	if (loop)
		async_loop_close(loop);
	loop = NULL;
	record_end();
	return capture_teardown(state);
}

static void close_loop(void)
{
	assert_int_equal(async_loop_close(loop), 0);
	loop = NULL;
}

static void iterate(void)
{
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
}

/* The only warning that was recorded. */
static const struct at_event *warning(void)
{
	const struct at_event *ret = NULL;
	size_t i;

	at_flush();
	for (i = 0; i < recorded_count; i++) {
		if (recorded[i].kind != AT_WARNING)
			continue;
		assert_null(ret);
		ret = &recorded[i];
	}
	assert_non_null(ret);
	return ret;
}

/* What came before a record: texts of up to 32 bytes each, to be put together. */
static void assert_text_before(const struct at_event *event, const char *text)
{
	char found[AT_TEXT_MAX + 1] = "";
	const struct at_event *first = event;
	size_t length = 0;

	while (first > recorded && first[-1].kind == AT_TEXT &&
	       (first == event || first[-1].flags & AT_TEXT_MORE))
		first--;
	for (; first < event; first++) {
		memcpy(found + length, &first->subject, first->flags & AT_TEXT_LENGTH);
		length += first->flags & AT_TEXT_LENGTH;
	}
	assert_string_equal(found, text);
}

/* The function was told of before. */
static void assert_function(const struct at_event *event, const char *name, int line)
{
	const struct at_event *function = event;

	while (function > recorded && function->kind != AT_FUNCTION)
		function--;
	assert_int_equal(function->kind, AT_FUNCTION);
	assert_true(function->subject == event->a);
	assert_int_equal(function->a, line);
	assert_string_equal(async_frame_of(event->a).function, name);
}

static void assert_place(const struct at_event *event, const char *function, int line)
{
	struct async_frame frame = async_frame_of(event->b - 1);

	assert_non_null(frame.function);
	assert_string_equal(frame.function, function);
	assert_int_equal(frame.line, line);
}

enum { RETURNS = __LINE__ + 1 };
ASYNC(returns, int64_t, value)
{
	return value;
}

enum { SLEEPS = __LINE__ + 1 };
ASYNC(sleeps)
{
	return async_sleep(3600) < 0 ? -ECANCELED : 1;
}

/*
 * --- Coroutines, tasks and futures
 * ----------------------------------------------------------------
 */

static int created_at;
static struct async_coroutine *forgotten;

ASYNC(forgets)
{
	created_at = __LINE__ + 1;
	forgotten = returns(1);
	return 0;
}

/* It was created before anybody listened. */
static void coroutine__that_nobody_awaits(void **state)
{
	const struct at_event *event;

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, forgets()), 0);
	record_begin();
	close_loop();
	event = warning();
	assert_int_equal(event->flags, AT_NEVER_AWAITED);
	assert_int_equal(AT_ID_TYPE(event->subject), AT_COROUTINE);
	assert_int_not_equal(event->subject & AT_ID_NUMBER, 0);
	assert_text_before(event, "coroutine 'returns' was never awaited");
	assert_place(event, "forgets", created_at);
	assert_function(event, "returns", RETURNS);
}

static void coroutines__that_nobody_awaits_are_told_apart(void **state)
{
	uint64_t subjects[2];
	size_t count = 0, i;

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, forgets()), 0);
	assert_int_equal(async_loop_run_until_complete(loop, forgets()), 0);
	record_begin();
	close_loop();
	record_end();
	for (i = 0; i < recorded_count; i++) {
		if (recorded[i].kind == AT_WARNING && count < 2)
			subjects[count++] = recorded[i].subject;
	}
	assert_int_equal(count, 2);
	assert_true(subjects[0] != subjects[1]);
}

static void task__whose_failure_nobody_sees(void **state)
{
	int line = __LINE__ + 1;
	struct async_task *task = async_loop_create_task(loop, returns(-EIO));
	const struct at_event *event;

	(void)state;
	iterate();
	record_begin();
	async_task_detach(task);
	event = warning();
	assert_int_equal(event->flags, AT_NEVER_RETRIEVED);
	assert_int_equal(AT_ID_TYPE(event->subject), AT_TASK);
	assert_text_before(event, "Task exception was never retrieved");
	assert_place(event, __func__, line);
	assert_function(event, "returns", RETURNS);
}

static void task__that_outlives_its_loop(void **state)
{
	struct async_task *task = async_loop_create_task(loop, returns(-EIO));

	(void)state;
	iterate();
	close_loop();
	record_begin();
	async_task_detach(task);
	assert_int_equal(warning()->flags, AT_NEVER_RETRIEVED);
	assert_function(warning(), "returns", RETURNS);
}

static void future__whose_failure_nobody_sees(void **state)
{
	int line = __LINE__ + 1;
	struct async_future *future = async_future_new(loop);
	const struct at_event *event;

	(void)state;
	async_future_set_exception(future, -EPIPE, "gone");
	record_begin();
	async_future_unref(future);
	event = warning();
	assert_int_equal(event->flags, AT_NEVER_RETRIEVED);
	assert_int_equal(AT_ID_TYPE(event->subject), AT_FUTURE);
	assert_int_not_equal(event->subject & AT_ID_NUMBER, 0);
	assert_text_before(event, "Future exception was never retrieved");
	assert_int_equal(event->a, 0);
	assert_place(event, __func__, line);
}

static void future__that_outlives_its_loop(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	async_future_set_exception(future, -EPIPE, "gone");
	close_loop();
	record_begin();
	async_future_unref(future);
	assert_int_equal(AT_ID_TYPE(warning()->subject), AT_FUTURE);
	assert_int_not_equal(warning()->subject & AT_ID_NUMBER, 0);
}

static void gather__whose_failure_nobody_sees(void **state)
{
	struct async_task *task = async_loop_create_task(loop, returns(-EIO));
	int line = __LINE__ + 1;
	struct async_future *gather = async_gather(&task, 1, NULL, 0);

	(void)state;
	iterate();
	iterate();
	record_begin();
	async_future_unref(gather);
	assert_int_equal(AT_ID_TYPE(warning()->subject), AT_GATHER);
	assert_place(warning(), __func__, line);
}

static void task__destroyed_while_it_waits(void **state)
{
	int line = __LINE__ + 1;
	struct async_task *task = async_loop_create_task(loop, sleeps());
	const struct at_event *event;

	(void)state;
	iterate();
	record_begin();
	close_loop();
	event = warning();
	assert_int_equal(event->flags, AT_DESTROYED_PENDING);
	assert_text_before(event, "Task was destroyed but it is pending!");
	assert_place(event, __func__, line);
	assert_function(event, "sleeps", SLEEPS);
	async_task_detach(task);
}

/*
 * --- What is left open
 * ----------------------------------------------------------------------------
 */

static void assert_unclosed(enum at_type type, uint64_t number, const char *format, ...)
{
	const struct at_event *event = warning();
	va_list arguments;
	char *text;

	va_start(arguments, format);
	assert_true(vasprintf(&text, format, arguments) >= 0);
	va_end(arguments);
	assert_int_equal(event->flags, AT_UNCLOSED);
	assert_true(event->subject == AT_ID(type, number));
	assert_int_equal(event->a, 0);
	assert_text_before(event, text);
	free(text);
	assert_captured("%s", "");
}

ASYNC(opens, int, fd, struct async_stream **, stream)
{
	return async_stream_from_fd(fd, stream) < 0 ? -EIO : 0;
}

static void transport__that_is_never_closed(void **state)
{
	struct async_stream *stream;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(async_loop_run_until_complete(loop, opens(ends[0], &stream)), 0);
	record_begin();
	close_loop();
	assert_unclosed(AT_READ, ends[0], "unclosed transport <_SelectorSocketTransport fd=%d>",
			ends[0]);
	async_stream_free(stream);
	close(ends[1]);
}

static void pipe__that_is_never_closed(void **state)
{
	struct async_stream *stream;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(async_loop_run_until_complete(loop, opens(ends[1], &stream)), 0);
	record_begin();
	close_loop();
	assert_unclosed(AT_WRITE, ends[1], "unclosed transport <_UnixWritePipeTransport fd=%d>",
			ends[1]);
	async_stream_free(stream);
	close(ends[0]);
}

static void transport__that_is_closed(void **state)
{
	struct async_stream *stream;
	int ends[2];
	size_t i;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(async_loop_run_until_complete(loop, opens(ends[0], &stream)), 0);
	async_stream_free(stream);
	record_begin();
	close_loop();
	record_end();
	for (i = 0; i < recorded_count; i++)
		assert_int_not_equal(recorded[i].kind, AT_WARNING);
	close(ends[1]);
}

static struct async_coroutine *serve(struct async_stream *stream, void *arg)
{
	(void)stream;
	(void)arg;
	return returns(0);
}

ASYNC(starts_server, struct async_server **, server)
{
	created_at = __LINE__ + 1;
	return async_start_server(serve, NULL, "127.0.0.1", 0, server) < 0 ? -EIO : 0;
}

static void server__that_is_never_closed(void **state)
{
	struct async_server *server;
	int fd;

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, starts_server(&server)), 0);
	record_begin();
	close_loop();
	fd = warning()->subject & AT_ID_NUMBER;
	assert_unclosed(AT_READ, fd,
			"unclosed server <Server sockets=(<asyncio.TransportSocket fd=%d>,)>", fd);
	assert_place(warning(), "starts_server", created_at);
	async_server_free(server);
}

ASYNC(starts_process, struct async_process **, process)
{
	const char *const argv[] = { "cat", NULL };
	struct async_process_options options = { .input = ASYNC_PIPE };

	return async_create_subprocess_exec(process, &options, argv) < 0 ? -EIO : 0;
}

static void process__that_runs_on(void **state)
{
	struct async_process *process;
	pid_t pid;

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, starts_process(&process)), 0);
	pid = async_process_pid(process);
	async_stream_close(async_process_stdin(process));
	record_begin();
	close_loop();
	assert_unclosed(AT_PROCESS, pid,
			"unclosed transport <_UnixSubprocessTransport pid=%d running>", pid);
	async_process_free(process);
	waitpid(pid, NULL, 0);
}

/*
 * --- At the end of the process
 * --------------------------------------------------------------------
 */

/* What the destructors of the runtime say ends up with who listens. */
static void exit__with_what_is_left(void **state)
{
	struct at_event event, seen[4];
	int ends[2], line = 0, count = 0;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	line = __LINE__ + 5;
	child = fork();
	if (!child) {
		record_fd = ends[1];
		record_begin();
		forgotten = returns(1);
		exit(0);
	}
	waitpid(child, NULL, 0);
	close(ends[1]);
	while (read(ends[0], &event, sizeof(event)) == (ssize_t)sizeof(event)) {
		if (event.kind == AT_WARNING && count < 4)
			seen[count++] = event;
	}
	close(ends[0]);
	assert_int_equal(count, 2);
	count = seen[1].flags == AT_NEVER_AWAITED;
	assert_int_equal(seen[count].flags, AT_NEVER_AWAITED);
	assert_place(&seen[count], __func__, line);
	assert_int_equal(seen[!count].flags, AT_UNCLOSED);
	assert_int_equal(AT_ID_TYPE(seen[!count].subject), AT_LOOP);
	assert_string_equal(async_frame_of(seen[!count].b - 1).function, "setup");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(coroutine__that_nobody_awaits),
		TEST(coroutines__that_nobody_awaits_are_told_apart),
		TEST(task__whose_failure_nobody_sees),
		TEST(task__that_outlives_its_loop),
		TEST(future__whose_failure_nobody_sees),
		TEST(future__that_outlives_its_loop),
		TEST(gather__whose_failure_nobody_sees),
		TEST(task__destroyed_while_it_waits),
		TEST(transport__that_is_never_closed),
		TEST(pipe__that_is_never_closed),
		TEST(transport__that_is_closed),
		TEST(server__that_is_never_closed),
		TEST(process__that_runs_on),
		TEST(exit__with_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
