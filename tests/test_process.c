/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes as asyncio's test_subprocess.py has them: how they begin and end. */
#include "children.h"
#include "recorded.h"
#include <async.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* A child, what it shall be, and what came of it. */
struct story {
	const char *const *argv; /* or else: */
	const char *command;
	struct async_process_options options;
	int64_t created, waited[4], signalled[4];
	int code, running;
	char message[256];
	struct async_process *process;
	size_t count;
	bool seen;
};

static int64_t create(struct story *story)
{
	if (story->argv)
		story->created =
			async_create_subprocess_exec(&story->process, &story->options, story->argv);
	else
		story->created = async_create_subprocess_shell(&story->process, &story->options,
							       story->command);
	if (story->created) {
		const char *message = async_error_message(story->created);

		snprintf(story->message, sizeof(story->message), "%s", message ? message : "");
	}
	return story->created;
}

/* Starts it, waits for it, and looks. */
ASYNC(tells, struct story *, story)
{
	if (create(story))
		return story->created;
	story->running = async_process_returncode(story->process);
	story->waited[0] = async_process_wait(story->process);
	story->code = async_process_returncode(story->process);
	async_process_free(story->process);
	return 0;
}

/* The exit status of a command. */
static int code_of(const char *command)
{
	struct story story = { .command = command };

	assert_int_equal(async_run(tells(&story)), 0);
	assert_int_equal(story.running, ASYNC_RUNNING);
	assert_int_equal(story.waited[0], 0);
	return story.code;
}

/* The same for a story that has options or arguments. */
static int code_of_story(struct story *story)
{
	assert_int_equal(async_run(tells(story)), 0);
	assert_int_equal(story->waited[0], 0);
	return story->code;
}

/* What a command that gets a descriptor of ours as this stream writes to it. */
static void assert_writes(struct story *story, int *stream, const char *expected)
{
	int fd = memfd_create("output", MFD_CLOEXEC);
	char text[256] = "";

	*stream = fd;
	assert_int_equal(code_of_story(story), 0);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) >= 0);
	close(fd);
	assert_string_equal(text, expected);
}

/*
 * --- How they end
 * --------------------------------------------------------------------------
 */

static void end__with_a_status(void **state)
{
	(void)state;
	assert_int_equal(code_of("exit 0"), 0);
	assert_int_equal(code_of("exit 7"), 7);
	assert_int_equal(code_of("exit 255"), 255);
}

static void end__by_a_signal(void **state)
{
	(void)state;
	assert_int_equal(code_of("kill -TERM $$"), -SIGTERM);
	assert_int_equal(code_of("kill -KILL $$"), -SIGKILL);
}

ASYNC(is_signalled, struct story *, story, int, signal)
{
	if (create(story))
		return story->created;
	story->signalled[0] = signal == SIGTERM ? async_process_terminate(story->process)
			      : signal == SIGKILL
				      ? async_process_kill(story->process)
				      : async_process_send_signal(story->process, signal);
	async_process_wait(story->process);
	story->code = async_process_returncode(story->process);
	story->signalled[1] = async_process_terminate(story->process);
	story->signalled[2] = async_process_kill(story->process);
	story->signalled[3] = async_process_send_signal(story->process, SIGHUP);
	async_process_free(story->process);
	return 0;
}

static void signal_to(int signal)
{
	static const char *const sleeper[] = { "sleep", "3600", NULL };
	struct story story = { .argv = sleeper };

	assert_int_equal(async_run(is_signalled(&story, signal)), 0);
	assert_int_equal(story.signalled[0], 0);
	assert_int_equal(story.code, -signal);
	assert_int_equal(story.signalled[1], -ESRCH);
	assert_int_equal(story.signalled[2], -ESRCH);
	assert_int_equal(story.signalled[3], -ESRCH);
}

static void signals__to_a_child(void **state)
{
	(void)state;
	signal_to(SIGTERM);
	signal_to(SIGKILL);
	signal_to(SIGHUP);
}

ASYNC(is_signalled_late, struct story *, story)
{
	siginfo_t info;

	if (create(story))
		return story->created;
	waitid(P_PID, async_process_pid(story->process), &info, WEXITED | WNOWAIT);
	story->signalled[0] = async_process_kill(story->process);
	story->running = async_process_returncode(story->process);
	async_process_wait(story->process);
	story->code = async_process_returncode(story->process);
	async_process_free(story->process);
	return 0;
}

/* It has ended, but the loop has not heard of it yet. */
static void signals__to_a_zombie(void **state)
{
	struct story story = { .command = "exit 5" };

	(void)state;
	assert_int_equal(async_run(is_signalled_late(&story)), 0);
	assert_int_equal(story.signalled[0], -ESRCH);
	assert_int_equal(story.running, ASYNC_RUNNING);
	assert_int_equal(story.code, 5);
}

ASYNC(is_signalled_wrongly, struct story *, story)
{
	if (create(story))
		return story->created;
	story->signalled[0] = async_process_send_signal(story->process, 1000);
	story->signalled[1] = async_process_kill(story->process);
	async_process_wait(story->process);
	async_process_free(story->process);
	return 0;
}

static void signals__that_are_none(void **state)
{
	struct story story = { .command = "exec sleep 3600" };

	(void)state;
	assert_int_equal(async_run(is_signalled_wrongly(&story)), 0);
	assert_int_equal(story.signalled[0], -EINVAL);
	assert_int_equal(story.signalled[1], 0);
}

/*
 * --- What cannot be started
 * --------------------------------------------------------------------------
 */

static void assert_fails(struct story *story, int error, const char *message)
{
	assert_int_equal(async_run(tells(story)), error);
	assert_string_equal(story->message, message);
}

static void start__of_what_is_not_there(void **state)
{
	static const char *const nosuch[] = { "nosuch", NULL };
	static const char *const path[] = { "/nosuch/program", NULL };
	struct story story = { .argv = nosuch };

	(void)state;
	assert_fails(&story, -ENOENT, "No such file or directory: 'nosuch'");
	story.argv = path;
	assert_fails(&story, -ENOENT, "No such file or directory: '/nosuch/program'");
}

static void make_program(char *path, const char *text, mode_t mode)
{
	int fd;

	strcpy(path, "/tmp/program.XXXXXX");
	fd = mkstemp(path);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void start__of_what_may_not_run(void **state)
{
	char path[32], message[128];
	const char *argv[] = { path, NULL };
	struct story story = { .argv = argv };

	(void)state;
	make_program(path, "#!/bin/sh\n", 0600);
	snprintf(message, sizeof(message), "Permission denied: '%s'", path);
	assert_fails(&story, -EACCES, message);
	unlink(path);
}

static void start__of_what_is_no_program(void **state)
{
	char path[32], message[128];
	const char *argv[] = { path, NULL };
	struct story story = { .argv = argv };

	(void)state;
	make_program(path, "echo no interpreter\n", 0700);
	snprintf(message, sizeof(message), "Exec format error: '%s'", path);
	assert_fails(&story, -ENOEXEC, message);
	unlink(path);
}

static void start__in_a_directory_that_is_not_there(void **state)
{
	struct story story = { .command = "exit", .options = { .directory = "/nosuch" } };

	(void)state;
	assert_fails(&story, -ENOENT, "No such file or directory: '/nosuch'");
	story.options.directory = "/dev/null";
	assert_fails(&story, -ENOTDIR, "Not a directory: '/dev/null'");
}

static void start__with_wrong_options(void **state)
{
	struct story story = { .command = "exit" };
	static const char *const empty[] = { NULL };
	const struct async_process_options wrong[] = {
		{ .input = ASYNC_STDOUT },
		{ .output = ASYNC_STDOUT },
		{ .output = -4 },
		{ .errors = -100 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		story.options = wrong[i];
		assert_int_equal(async_run(tells(&story)), -EINVAL);
	}
	story.options = (struct async_process_options){ .input = ASYNC_PIPE, .output = 1000 };
	assert_int_equal(async_run(tells(&story)), -EBADF);
	story = (struct story){ .argv = empty };
	assert_int_equal(async_run(tells(&story)), -EINVAL);
}

ASYNC(starts_null_commands)
{
	static const struct async_subprocess_protocol protocol;
	struct async_subprocess_transport *transport;
	struct async_process *process;
	int64_t err = async_create_subprocess_shell(&process, NULL, NULL);

	return err == async_subprocess_shell(&protocol, NULL, NULL, NULL, &transport) ? err : 0;
}

static void start__of_no_command(void **state)
{
	(void)state;
	assert_int_equal(async_run(starts_null_commands()), -EINVAL);
}

static void start__outside_of_loops(void **state)
{
	struct async_process *process;

	(void)state;
	assert_int_equal(async_create_subprocess_shell(&process, NULL, "exit"), -EPERM);
	async_process_free(NULL);
}

static void start__with_too_many_files(void **state)
{
	struct story story = { .command = "exit", .options = { .input = ASYNC_PIPE } };
	struct rlimit before, few;
	int null[16], i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 16;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	/* Three are left for the loop, two for the pipe: none for the child's. */
	for (i = 0; (null[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0; i++)
		;
	while (i && null[i - 1] >= 16 - 5)
		close(null[--i]);
	story.waited[0] = async_run(tells(&story));
	while (i)
		close(null[--i]);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(story.waited[0], 0);
	assert_int_equal(story.code, 0);
}

/*
 * --- What they get
 * --------------------------------------------------------------------------
 */

static void arguments__as_they_are(void **state)
{
	static const char *const argv[] = { "printf", "%s.", "a b", "$HOME", "", "'", NULL };
	struct story story = { .argv = argv };

	(void)state;
	assert_writes(&story, &story.options.output, "a b.$HOME..'.");
}

static void directory__of_the_child(void **state)
{
	struct story story = { .command = "pwd", .options = { .directory = "/usr" } };

	(void)state;
	assert_writes(&story, &story.options.output, "/usr\n");
}

static void directory__before_the_program_is_found(void **state)
{
	static const char *const argv[] = { "bin/env", "pwd", NULL };
	struct story story = { .argv = argv, .options = { .directory = "/usr" } };

	(void)state;
	assert_writes(&story, &story.options.output, "/usr\n");
}

static void environment__of_the_child(void **state)
{
	static char *const environment[] = { "COLOUR=blue", NULL };
	struct story story = { .command = "echo $COLOUR$MISSING" };

	(void)state;
	setenv("COLOUR", "red", 1);
	assert_writes(&story, &story.options.output, "red\n");
	story.options.environment = environment;
	assert_writes(&story, &story.options.output, "blue\n");
	unsetenv("COLOUR");
}

static void streams__that_lead_nowhere(void **state)
{
	struct story story = { .command = "cat && echo something && echo wrong >&2",
			       .options = { .input = ASYNC_DEVNULL,
					    .output = ASYNC_DEVNULL,
					    .errors = ASYNC_DEVNULL } };

	(void)state;
	assert_int_equal(code_of_story(&story), 0);
}

static void errors__where_output_goes(void **state)
{
	struct story story = { .command = "echo wrong >&2; echo right",
			       .options = { .errors = ASYNC_STDOUT } };

	(void)state;
	assert_writes(&story, &story.options.output, "wrong\nright\n");
}

static void errors__of_their_own(void **state)
{
	struct story story = { .command = "echo wrong >&2; echo right",
			       .options = { .output = ASYNC_DEVNULL } };

	(void)state;
	assert_writes(&story, &story.options.errors, "wrong\n");
}

static void input__of_a_descriptor(void **state)
{
	struct story story = { .command = "read line; test \"$line\" = hello" };
	int fd = memfd_create("input", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(pwrite(fd, "hello\n", 6, 0), 6);
	story.options.input = fd;
	assert_int_equal(code_of_story(&story), 0);
	close(fd);
}

/* Of a process whose output is a file: that it is the child's too. */
static int inherits(void)
{
	struct story story = { .command = "read line; echo $line; echo wrong >&2" };
	int in = memfd_create("input", 0), out = memfd_create("output", 0);
	char text[64] = "";

	if (pwrite(in, "hello\n", 6, 0) != 6)
		return 1;
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (async_run(tells(&story)) || story.code || pread(out, text, 63, 0) < 0)
		return 2;
	return strcmp(text, "hello\nwrong\n") ? 3 : 0;
}

static void streams__that_are_inherited(void **state)
{
	(void)state;
	assert_int_equal(status_of_fork(inherits), 0);
}

/* Output goes to our errors, and errors to our output. */
static int swaps(void)
{
	struct story story = { .command = "echo right; echo wrong >&2",
			       .options = { .output = 2, .errors = 1 } };
	int one = memfd_create("one", 0), two = memfd_create("two", 0);
	char text[64] = "", other[64] = "";

	dup2(one, 1);
	dup2(two, 2);
	if (async_run(tells(&story)) || story.code)
		return 1;
	if (pread(one, text, 63, 0) < 0 || pread(two, other, 63, 0) < 0)
		return 2;
	return strcmp(text, "wrong\n") || strcmp(other, "right\n") ? 3 : 0;
}

static void streams__that_are_swapped(void **state)
{
	(void)state;
	assert_int_equal(status_of_fork(swaps), 0);
}

ASYNC(copies, struct story *, story)
{
	char data[16] = "";
	int64_t size;
	int i;

	for (i = 0; i < 3; i++) {
		if (story->count & 1 << i)
			close(i);
	}
	if (create(story))
		return story->created;
	async_stream_write(async_process_stdin(story->process), "hello", 5);
	async_stream_close(async_process_stdin(story->process));
	size = async_stream_read(async_process_stdout(story->process), data, sizeof(data) - 1);
	if (size == 5)
		size = async_stream_read(async_process_stderr(story->process), data + 5, 1);
	async_process_wait(story->process);
	async_process_free(story->process);
	return size == 1 && !strcmp(data, "hello!");
}

/* With some of the standard streams closed, the next pipe lies among them. */
static int copies_with_closed(int closed)
{
	struct story story = {
		.command = "cat; printf ! >&2",
		.options = { .input = ASYNC_PIPE, .output = ASYNC_PIPE, .errors = ASYNC_PIPE },
		.count = closed,
	};

	return async_run(copies(&story)) == 1 ? 0 : 1;
}

static int copies_anyway(void)
{
	int closed;

	for (closed = 1; closed < 8; closed++) {
		int status = -1;
		pid_t pid = fork();

		if (!pid)
			_exit(copies_with_closed(closed));
		waitpid(pid, &status, 0);
		if (status)
			return closed;
	}
	return 0;
}

static void streams__of_a_process_that_has_closed_its_own(void **state)
{
	(void)state;
	assert_int_equal(status_of_fork(copies_anyway), 0);
}

ASYNC(complains, struct story *, story)
{
	char data[8] = "";

	close(0);
	close(1);
	if (create(story))
		return story->created;
	async_stream_read(async_process_stderr(story->process), data, sizeof(data) - 1);
	async_process_wait(story->process);
	async_process_free(story->process);
	return strcmp(data, "!");
}

/* The child's end of the pipe for errors lies where its output will. */
static int complains_anyway(void)
{
	struct story story = {
		.command = "printf ! >&2",
		.options = { .input = ASYNC_DEVNULL,
			     .output = ASYNC_DEVNULL,
			     .errors = ASYNC_PIPE },
	};

	return async_run(complains(&story)) ? 1 : 0;
}

static void streams__whose_pipe_lies_where_another_one_goes(void **state)
{
	(void)state;
	assert_int_equal(status_of_fork(complains_anyway), 0);
}

static void descriptors__stay_at_home(void **state)
{
	struct story story = { .command = "test ! -e /proc/$$/fd/77" };

	(void)state;
	assert_int_equal(dup2(0, 77), 77);
	assert_int_equal(code_of_story(&story), 0);
	close(77);
}

static void signals__that_are_blocked(void **state)
{
	sigset_t signals, before;

	(void)state;
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	assert_int_equal(code_of("kill -USR2 $$; exit 3"), -SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void session__of_its_own(void **state)
{
	struct story story = { .command = "read a b c d e session f < /proc/$$/stat; "
					  "test $session = $$" };

	(void)state;
	assert_int_equal(code_of_story(&story), 1);
	story.options.new_session = true;
	assert_int_equal(code_of_story(&story), 0);
}

/*
 * --- Waiting
 * --------------------------------------------------------------------------
 */

ASYNC(waits, struct story *, story)
{
	int64_t err = async_process_wait(story->process);

	story->waited[story->count++] = err;
	return err;
}

ASYNC(is_waited_for, struct story *, story)
{
	struct async_task *tasks[3];
	int i;

	if (create(story))
		return story->created;
	for (i = 0; i < 3; i++)
		tasks[i] = async_create_task(waits(story));
	async_sleep(0);
	async_task_cancel(tasks[1]);
	async_await(tasks[1]);
	story->running = async_process_returncode(story->process);
	async_process_kill(story->process);
	async_await(tasks[0]);
	async_await(tasks[2]);
	story->waited[3] = async_process_wait(story->process);
	story->code = async_process_returncode(story->process);
	async_process_free(story->process);
	return 0;
}

static void wait__of_several_tasks(void **state)
{
	struct story story = { .command = "exec sleep 3600" };

	(void)state;
	assert_int_equal(async_run(is_waited_for(&story)), 0);
	assert_int_equal(story.waited[0], -ECANCELED);
	assert_int_equal(story.running, ASYNC_RUNNING);
	assert_int_equal(story.waited[1], 0);
	assert_int_equal(story.waited[2], 0);
	assert_int_equal(story.waited[3], 0);
	assert_int_equal(story.code, -SIGKILL);
}

static void wait_in_callback(void *arg)
{
	struct story *story = arg;

	story->waited[0] = async_process_wait(story->process);
	story->seen = true;
}

ASYNC(waits_wrongly, struct story *, story)
{
	if (create(story))
		return story->created;
	async_call_soon(NULL, wait_in_callback, story);
	async_process_wait(story->process);
	async_process_free(story->process);
	return 0;
}

static void wait__outside_of_tasks(void **state)
{
	struct story story = { .command = "exit" };

	(void)state;
	assert_int_equal(async_run(waits_wrongly(&story)), 0);
	assert_true(story.seen);
	assert_int_equal(story.waited[0], -EPERM);
}

ASYNC(waits_for_pid, struct story *, story)
{
	if (create(story))
		return story->created;
	story->count = async_process_pid(story->process);
	async_process_wait(story->process);
	async_process_free(story->process);
	return 0;
}

static void wait__is_traced_as_the_process(void **state)
{
	struct story story = { .command = "exit" };

	(void)state;
	record_begin();
	assert_int_equal(async_run(waits_for_pid(&story)), 0);
	record_end();
	assert_int_equal(recorded_awaits(AT_ID(AT_PROCESS, story.count)), 1);
}

enum { CHILDREN = 200 };

ASYNC(starts_many, struct story *, stories)
{
	struct async_task *tasks[CHILDREN];
	int i, wrong = 0;

	for (i = 0; i < CHILDREN; i++)
		tasks[i] = async_create_task(tells(&stories[i]));
	for (i = 0; i < CHILDREN; i++)
		async_await(tasks[i]);
	for (i = 0; i < CHILDREN; i++)
		wrong += stories[i].created || stories[i].code != i % 100;
	return wrong;
}

static void children__of_which_there_are_many(void **state)
{
	static struct story stories[CHILDREN];
	static char commands[CHILDREN][16];
	int i;

	(void)state;
	for (i = 0; i < CHILDREN; i++) {
		snprintf(commands[i], sizeof(commands[i]), "exit %d", i % 100);
		stories[i] = (struct story){ .command = commands[i] };
	}
	assert_int_equal(async_run(starts_many(stories)), 0);
}

ASYNC(gives_up, struct story *, story)
{
	siginfo_t info;
	pid_t pid;

	if (create(story))
		return story->created;
	pid = async_process_pid(story->process);
	async_process_free(story->process);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	/* Until the loop has reaped it. */
	while (!kill(pid, 0))
		async_sleep(0.0001);
	return 0;
}

static void child__that_was_given_up_is_reaped(void **state)
{
	struct story story = { .command = "exit 1" };

	(void)state;
	assert_int_equal(async_run(gives_up(&story)), 0);
}

ASYNC(leaves, struct story *, story)
{
	if (create(story))
		return story->created;
	story->count = async_process_pid(story->process);
	if (story->seen)
		async_process_free(story->process);
	return 0;
}

static void leave_it_running(bool give_up)
{
	struct story story = { .command = "exec sleep 3600", .seen = give_up };

	assert_int_equal(async_run(leaves(&story)), 0);
	assert_int_equal(waitpid(story.count, NULL, WNOHANG), 0);
	if (!give_up) {
		assert_int_equal(async_process_returncode(story.process), ASYNC_RUNNING);
		assert_int_equal(async_process_terminate(story.process), 0);
		async_process_free(story.process);
	}
	kill(story.count, SIGTERM);
	assert_int_equal(waitpid(story.count, NULL, 0), story.count);
}

static void child__that_outlives_the_loop(void **state)
{
	(void)state;
	leave_it_running(false);
	leave_it_running(true);
}

/*
 * --- SIGCHLD is the program's
 * --------------------------------------------------------------------------
 */

static volatile int children_ended;

static void child_ended(int signal)
{
	(void)signal;
	children_ended++;
}

static void sigchld__that_the_program_handles(void **state)
{
	(void)state;
	children_ended = 0;
	signal(SIGCHLD, child_ended);
	assert_int_equal(code_of("exit 2"), 2);
	assert_int_equal(children_ended, 1);
	signal(SIGCHLD, SIG_DFL);
}

static void count_child(void *arg)
{
	(void)arg;
	children_ended++;
}

ASYNC(tells_and_counts, struct story *, story)
{
	int64_t err = async_loop_add_signal_handler(NULL, SIGCHLD, count_child, NULL);

	if (err)
		return err;
	err = async_await(tells(story));
	async_sleep_ns(1);
	async_sleep(0);
	return err;
}

static void sigchld__that_the_loop_handles(void **state)
{
	struct story story = { .command = "exit 2" };

	(void)state;
	children_ended = 0;
	assert_int_equal(async_run(tells_and_counts(&story)), 0);
	assert_int_equal(story.code, 2);
	assert_int_equal(children_ended, 1);
}

static void reap_all(int signal)
{
	int err = errno;

	(void)signal;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = err;
}

/* Somebody else hears of their statuses. */
static void sigchld__that_takes_the_status_away(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(code_of("exit 2"), 255);
	signal(SIGCHLD, reap_all);
	assert_int_equal(code_of("exit 2"), 255);
	signal(SIGCHLD, SIG_DFL);
}

/*
 * --- Without pidfd
 * --------------------------------------------------------------------------
 */

static int forbid_pidfd(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ||
	       syscall(SYS_pidfd_open, getpid(), 0) != -1;
}

/* Until the threads that waited for children have gone, which a leak check would take for leaks. */
static int run_without_pidfd(void)
{
	const struct CMUnitTest tests[] = {
		CHILD_TEST(end__with_a_status),
		CHILD_TEST(end__by_a_signal),
		CHILD_TEST(signals__to_a_child),
		CHILD_TEST(signals__to_a_zombie),
		CHILD_TEST(start__of_what_is_not_there),
		CHILD_TEST(wait__of_several_tasks),
		CHILD_TEST(children__of_which_there_are_many),
		CHILD_TEST(child__that_was_given_up_is_reaped),
		CHILD_TEST(child__that_outlives_the_loop),
		CHILD_TEST(sigchld__that_takes_the_status_away),
	};

	if (forbid_pidfd())
		return 99;
	return cmocka_run_group_tests_name("without pidfd", tests, NULL, NULL);
}

static void pidfd__is_not_needed(void **state)
{
	(void)state;
	assert_int_equal(status_of_fork(run_without_pidfd), 0);
}

/* As nohup wants it; but a program that writes to a pipe which nobody reads shall end. */
static void signals__that_are_ignored(void **state)
{
	struct story story = {
		.command = "kill -HUP $$; kill -USR1 $$; kill -PIPE $$; exit 3",
	};

	(void)state;
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	assert_int_equal(async_run(tells(&story)), 0);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	assert_int_equal(story.code, -SIGPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHILD_TEST(end__with_a_status),
		CHILD_TEST(end__by_a_signal),
		CHILD_TEST(signals__to_a_child),
		CHILD_TEST(signals__to_a_zombie),
		CHILD_TEST(signals__that_are_none),
		CHILD_TEST(start__of_what_is_not_there),
		CHILD_TEST(start__of_what_may_not_run),
		CHILD_TEST(start__of_what_is_no_program),
		CHILD_TEST(start__in_a_directory_that_is_not_there),
		CHILD_TEST(start__with_wrong_options),
		CHILD_TEST(start__of_no_command),
		CHILD_TEST(start__outside_of_loops),
		CHILD_TEST(start__with_too_many_files),
		CHILD_TEST(arguments__as_they_are),
		CHILD_TEST(directory__of_the_child),
		CHILD_TEST(directory__before_the_program_is_found),
		CHILD_TEST(environment__of_the_child),
		CHILD_TEST(streams__that_lead_nowhere),
		CHILD_TEST(errors__where_output_goes),
		CHILD_TEST(errors__of_their_own),
		CHILD_TEST(input__of_a_descriptor),
		CHILD_TEST(streams__that_are_inherited),
		CHILD_TEST(streams__that_are_swapped),
		CHILD_TEST(streams__of_a_process_that_has_closed_its_own),
		CHILD_TEST(streams__whose_pipe_lies_where_another_one_goes),
		CHILD_TEST(descriptors__stay_at_home),
		CHILD_TEST(signals__that_are_blocked),
		CHILD_TEST(session__of_its_own),
		CHILD_TEST(wait__of_several_tasks),
		CHILD_TEST(wait__outside_of_tasks),
		CHILD_TEST(wait__is_traced_as_the_process),
		CHILD_TEST(children__of_which_there_are_many),
		CHILD_TEST(child__that_was_given_up_is_reaped),
		CHILD_TEST(child__that_outlives_the_loop),
		CHILD_TEST(sigchld__that_the_program_handles),
		CHILD_TEST(sigchld__that_the_loop_handles),
		CHILD_TEST(sigchld__that_takes_the_status_away),
		CHILD_TEST(pidfd__is_not_needed),
		CHILD_TEST(signals__that_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
