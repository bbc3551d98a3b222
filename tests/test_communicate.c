/* SPDX-License-Identifier: BSD-2-Clause */
/* Talking to child processes: by their streams, and by communicate(). */
#include "children.h"
#include <async.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { LARGE = 10 << 20 };

#define PIPES                                                                                      \
	{                                                                                          \
		.input = ASYNC_PIPE, .output = ASYNC_PIPE, .errors = ASYNC_PIPE                    \
	}

/* A command, what it is given, and what comes back. */
struct talk {
	const char *command;
	struct async_process_options options;
	const char *input;
	size_t size;
	int64_t result;
	struct async_bytes output, errors;
	bool ignored; /* by the caller */
	int code;
	int64_t results[8];
	char lines[4][32];
	size_t count;
	struct async_process *process;
};

static void free_talk(struct talk *talk)
{
	free(talk->output.data);
	free(talk->errors.data);
}

static void free_process(void *process)
{
	async_process_free(process);
}

ASYNC(communicates, struct talk *, talk)
{
	talk->result = async_process_communicate(talk->process, talk->input, talk->size,
						 talk->ignored ? NULL : &talk->output,
						 talk->ignored ? NULL : &talk->errors);
	talk->code = async_process_returncode(talk->process);
	return talk->result;
}

ASYNC(talks, struct talk *, talk)
{
	int64_t err = async_create_subprocess_shell(&talk->process, &talk->options, talk->command);

	if (err)
		return err;
	async_defer(free_process, talk->process);
	err = async_await(communicates(talk));
	async_process_wait(talk->process);
	return err;
}

static void run_talk(struct talk *talk)
{
	assert_int_equal(async_run(talks(talk)), 0);
}

static void assert_bytes(const struct async_bytes *bytes, const char *text)
{
	assert_non_null(bytes->data);
	assert_int_equal(bytes->size, strlen(text));
	assert_string_equal(bytes->data, text);
}

static void communicate__gives_input_and_takes_output(void **state)
{
	struct talk talk = { .command = "tr a-z A-Z; echo wrong >&2; exit 3",
			     .options = PIPES,
			     .input = "hello",
			     .size = 5 };

	(void)state;
	run_talk(&talk);
	assert_bytes(&talk.output, "HELLO");
	assert_bytes(&talk.errors, "wrong\n");
	assert_int_equal(talk.code, 3);
	free_talk(&talk);
}

static void communicate__without_input(void **state)
{
	struct talk talk = { .command = "cat; echo end", .options = PIPES };

	(void)state;
	run_talk(&talk);
	assert_bytes(&talk.output, "end\n");
	assert_bytes(&talk.errors, "");
	free_talk(&talk);
}

static void communicate__without_pipes(void **state)
{
	struct talk talk = { .command = "exit 4" };

	(void)state;
	run_talk(&talk);
	assert_null(talk.output.data);
	assert_null(talk.errors.data);
	assert_int_equal(talk.code, 4);
}

static void communicate__with_input_for_nobody(void **state)
{
	struct talk talk = { .command = "exit 4", .input = "a", .size = 1 };

	(void)state;
	assert_int_equal(async_run(talks(&talk)), -EINVAL);
}

static void communicate__with_one_pipe(void **state)
{
	struct talk talk = { .command = "echo right; echo wrong >&2",
			     .options = { .output = ASYNC_PIPE, .errors = ASYNC_DEVNULL } };

	(void)state;
	run_talk(&talk);
	assert_bytes(&talk.output, "right\n");
	assert_null(talk.errors.data);
	free_talk(&talk);
	talk = (struct talk){ .command = "echo right; echo wrong >&2",
			      .options = { .output = ASYNC_DEVNULL, .errors = ASYNC_PIPE } };
	run_talk(&talk);
	assert_bytes(&talk.errors, "wrong\n");
	assert_null(talk.output.data);
	free_talk(&talk);
}

static void communicate__with_errors_in_the_output(void **state)
{
	struct talk talk = { .command = "echo wrong >&2; echo right",
			     .options = { .output = ASYNC_PIPE, .errors = ASYNC_STDOUT } };

	(void)state;
	run_talk(&talk);
	assert_bytes(&talk.output, "wrong\nright\n");
	assert_null(talk.errors.data);
	free_talk(&talk);
}

static void communicate__with_much_both_ways(void **state)
{
	struct talk talk = { .command = "tee /dev/stderr", .options = PIPES, .size = LARGE };
	char *input = malloc(LARGE);
	size_t i;

	(void)state;
	assert_non_null(input);
	for (i = 0; i < LARGE; i++)
		input[i] = i * 7 + i / 251;
	talk.input = input;
	run_talk(&talk);
	assert_int_equal(talk.output.size, LARGE);
	assert_int_equal(talk.errors.size, LARGE);
	assert_memory_equal(talk.output.data, input, LARGE);
	assert_memory_equal(talk.errors.data, input, LARGE);
	assert_int_equal(talk.output.data[LARGE], 0);
	free_talk(&talk);
	free(input);
}

static void communicate__and_nobody_wants_the_output(void **state)
{
	struct talk talk = { .command = "head -c 3000000 /dev/zero | tee /dev/stderr",
			     .options = PIPES,
			     .ignored = true };

	(void)state;
	run_talk(&talk);
	assert_int_equal(talk.code, 0);
}

static void communicate__with_a_child_that_does_not_read(void **state)
{
	struct talk talk = { .command = "exit 5", .options = PIPES, .size = LARGE };
	char *input = calloc(1, LARGE);

	(void)state;
	talk.input = input;
	run_talk(&talk);
	assert_bytes(&talk.output, "");
	assert_int_equal(talk.code, 5);
	free_talk(&talk);
	free(input);
}

static void communicate__with_a_child_that_closes_its_input(void **state)
{
	struct talk talk = { .command = "exec 0<&-; echo alive; exit 6",
			     .options = PIPES,
			     .size = LARGE };
	char *input = calloc(1, LARGE);

	(void)state;
	talk.input = input;
	run_talk(&talk);
	assert_bytes(&talk.output, "alive\n");
	assert_int_equal(talk.code, 6);
	free_talk(&talk);
	free(input);
}

ASYNC(closes_first, struct talk *, talk)
{
	int64_t err = async_create_subprocess_shell(&talk->process, &talk->options, talk->command);

	if (err)
		return err;
	async_stream_close(async_process_stdin(talk->process));
	async_stream_close(async_process_stderr(talk->process));
	talk->result =
		async_process_communicate(talk->process, "a", 1, &talk->output, &talk->errors);
	async_process_free(talk->process);
	return talk->result;
}

static void communicate__when_pipes_are_closed_already(void **state)
{
	struct talk talk = { .command = "cat; echo end", .options = PIPES };

	(void)state;
	assert_int_equal(async_run(closes_first(&talk)), 0);
	assert_bytes(&talk.output, "end\n");
	assert_null(talk.errors.data);
	free_talk(&talk);
}

ASYNC(is_cancelled, struct talk *, talk)
{
	struct async_task *task;
	int64_t err = async_create_subprocess_shell(&talk->process, &talk->options, talk->command);

	if (err)
		return err;
	task = async_create_task(communicates(talk));
	async_sleep_ns(1000000);
	async_task_cancel(task);
	talk->results[0] = async_await(task);
	async_process_kill(talk->process);
	async_process_wait(talk->process);
	async_process_free(talk->process);
	return 0;
}

static void communicate__is_cancelled(void **state)
{
	struct talk talk = { .command = "echo before; echo before >&2; exec sleep 3600",
			     .options = PIPES };

	(void)state;
	assert_int_equal(async_run(is_cancelled(&talk)), 0);
	assert_int_equal(talk.results[0], -ECANCELED);
	assert_null(talk.output.data);
	assert_null(talk.errors.data);
}

static void communicate__outside_of_tasks(void **state)
{
	struct talk talk = { 0 };

	(void)state;
	assert_int_equal(async_process_communicate(NULL, NULL, 0, &talk.output, NULL), -EPERM);
}

/* The loop is closed while the task talks: what it has read is freed. */
static void communicate__when_the_loop_is_closed(void **state)
{
	struct talk talk = { .command = "head -c 100000 /dev/zero; kill -STOP $$",
			     .options = { .output = ASYNC_PIPE, .errors = ASYNC_PIPE } };
	struct async_loop *loop;
	int i;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	async_task_detach(async_loop_create_task(loop, talks(&talk)));
	for (i = 0; i < 10; i++) {
		async_loop_stop(loop);
		async_loop_run_forever(loop);
	}
	talk.count = async_process_pid(talk.process);
	assert_int_equal(async_loop_close(loop), 0);
	kill(talk.count, SIGKILL);
	assert_int_equal(waitpid(talk.count, NULL, 0), talk.count);
}

/*
 * --- Streams
 * --------------------------------------------------------------------------
 */

ASYNC(reads_lines, struct talk *, talk)
{
	const char *line;
	int64_t err = async_create_subprocess_shell(&talk->process, &talk->options, talk->command);

	if (err)
		return err;
	async_defer(free_process, talk->process);
	do {
		err = async_stream_read_line(async_process_stdout(talk->process), &line);
		talk->results[talk->count] = err;
		if (err > 0)
			memcpy(talk->lines[talk->count], line, err);
		talk->count++;
	} while (err > 0 && talk->count < 4);
	return async_process_wait(talk->process);
}

static void streams__line_by_line(void **state)
{
	struct talk talk = { .command = "echo one; echo two; printf three",
			     .options = { .output = ASYNC_PIPE } };

	(void)state;
	assert_int_equal(async_run(reads_lines(&talk)), 0);
	assert_int_equal(talk.count, 4);
	assert_string_equal(talk.lines[0], "one\n");
	assert_string_equal(talk.lines[1], "two\n");
	assert_string_equal(talk.lines[2], "three");
	assert_int_equal(talk.results[3], 0);
}

ASYNC(asks_and_answers, struct talk *, talk)
{
	int64_t err = async_create_subprocess_shell(&talk->process, &talk->options, talk->command);
	struct async_stream *in, *out;
	const char *line;
	int i;

	if (err)
		return err;
	async_defer(free_process, talk->process);
	in = async_process_stdin(talk->process);
	out = async_process_stdout(talk->process);
	for (i = 0; i < 3; i++) {
		async_stream_write(in, "question\n", 9);
		async_stream_drain(in);
		talk->results[i] = async_stream_read_line(out, &line);
		memcpy(talk->lines[i], line, talk->results[i]);
	}
	async_stream_write_eof(in);
	talk->results[3] = async_stream_read_line(out, &line);
	err = async_process_wait(talk->process);
	talk->code = async_process_returncode(talk->process);
	return err;
}

static void streams__to_and_fro(void **state)
{
	struct talk talk = { .command = "while read line; do echo $line!; done; exit 7",
			     .options = { .input = ASYNC_PIPE, .output = ASYNC_PIPE } };

	(void)state;
	assert_int_equal(async_run(asks_and_answers(&talk)), 0);
	assert_string_equal(talk.lines[0], "question!\n");
	assert_string_equal(talk.lines[2], "question!\n");
	assert_int_equal(talk.results[3], 0);
	assert_int_equal(talk.code, 7);
}

ASYNC(looks_for_streams, struct talk *, talk)
{
	int64_t err = async_create_subprocess_shell(&talk->process, &talk->options, talk->command);

	if (err)
		return err;
	talk->results[0] = !!async_process_stdin(talk->process);
	talk->results[1] = !!async_process_stdout(talk->process);
	talk->results[2] = !!async_process_stderr(talk->process);
	err = async_process_wait(talk->process);
	async_process_free(talk->process);
	return err;
}

static void streams__that_were_asked_for(void **state)
{
	struct talk talk = { .command = "exit", .options = { .output = ASYNC_PIPE } };

	(void)state;
	assert_int_equal(async_run(looks_for_streams(&talk)), 0);
	assert_int_equal(talk.results[0], 0);
	assert_int_equal(talk.results[1], 1);
	assert_int_equal(talk.results[2], 0);
}

/* A pipe that nobody reads any more is an error of the stream, and no signal. */
ASYNC(writes_in_vain, struct talk *, talk)
{
	int64_t err = async_create_subprocess_shell(&talk->process, &talk->options, talk->command);
	struct async_stream *in;

	if (err)
		return err;
	async_defer(free_process, talk->process);
	in = async_process_stdin(talk->process);
	async_process_wait(talk->process);
	talk->results[0] = async_stream_write(in, "a", 1);
	talk->results[1] = async_stream_drain(in);
	return 0;
}

static void streams__of_a_child_that_has_ended(void **state)
{
	struct talk talk = { .command = "exit", .options = { .input = ASYNC_PIPE } };

	(void)state;
	assert_int_equal(async_run(writes_in_vain(&talk)), 0);
	assert_int_equal(talk.results[0], 0);
	assert_true(talk.results[1] < 0);
}

/* The child has gone, but what it has started holds its output. */
static void streams__that_a_grandchild_holds(void **state)
{
	struct talk talk = { .command = "(sleep 0.05; echo late) & exit 8",
			     .options = { .output = ASYNC_PIPE } };

	(void)state;
	run_talk(&talk);
	assert_bytes(&talk.output, "late\n");
	assert_int_equal(talk.code, 8);
	free_talk(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHILD_TEST(communicate__gives_input_and_takes_output),
		CHILD_TEST(communicate__without_input),
		CHILD_TEST(communicate__without_pipes),
		CHILD_TEST(communicate__with_input_for_nobody),
		CHILD_TEST(communicate__with_one_pipe),
		CHILD_TEST(communicate__with_errors_in_the_output),
		CHILD_TEST(communicate__with_much_both_ways),
		CHILD_TEST(communicate__and_nobody_wants_the_output),
		CHILD_TEST(communicate__with_a_child_that_does_not_read),
		CHILD_TEST(communicate__with_a_child_that_closes_its_input),
		CHILD_TEST(communicate__when_pipes_are_closed_already),
		CHILD_TEST(communicate__is_cancelled),
		CHILD_TEST(communicate__outside_of_tasks),
		CHILD_TEST(communicate__when_the_loop_is_closed),
		CHILD_TEST(streams__line_by_line),
		CHILD_TEST(streams__to_and_fro),
		CHILD_TEST(streams__that_were_asked_for),
		CHILD_TEST(streams__of_a_child_that_has_ended),
		CHILD_TEST(streams__that_a_grandchild_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
