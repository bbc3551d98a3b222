/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs in worker processes: what goes there and back, how workers die, and what they may not do. */
#include <async.h>
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { HUGE_SIZE = 1 << 20, WORKERS = 3 };

static struct async_executor *executor;

static struct {
	int64_t result, results[8];
	char message[128], out[64];
	pid_t pids[8];
	bool cancelled, null;
} seen;

static int setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	executor = async_process_pool_executor_new(1);
	return executor ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return async_executor_shutdown(executor, true);
}

/* Workers are no longer there, not even as zombies. */
static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void note(int64_t result)
{
	const char *message = async_error_message(result);

	seen.result = result;
	snprintf(seen.message, sizeof(seen.message), "%s", message ? message : "");
}

static ASYNC(runs, async_process_job *, job, const char *, in)
{
	note(async_await(async_run_in_process(executor, job, in, in ? strlen(in) : 0, seen.out,
					      sizeof(seen.out))));
	return seen.result;
}

/*
 * --- There and back
 * ------------------------------------------------------------------------------
 */

static int64_t shouts(const void *in, size_t size, void *out, size_t capacity)
{
	size_t i;

	for (i = 0; i < size && i < capacity; i++)
		((char *)out)[i] = ((const char *)in)[i] - 32;
	return size;
}

static int64_t tells_pid(const void *in, size_t size, void *out, size_t capacity)
{
	pid_t pid = getpid();

	(void)in;
	(void)size;
	(void)capacity;
	memcpy(out, &pid, sizeof(pid));
	return sizeof(pid);
}

static int64_t fails(const void *in, size_t size, void *out, size_t capacity)
{
	(void)out;
	(void)capacity;
	return async_fail(-EPROTO, "no luck with %.*s", (int)size, (const char *)in);
}

static int64_t claims_more(const void *in, size_t size, void *out, size_t capacity)
{
	(void)in;
	(void)size;
	(void)out;
	return capacity + 1;
}

static int64_t nothing(const void *in, size_t size, void *out, size_t capacity)
{
	(void)in;
	(void)size;
	(void)out;
	(void)capacity;
	return 0;
}

static void run_in_process__result(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(shouts, "hello")), 5);
	assert_string_equal(seen.out, "HELLO");
}

static void run_in_process__nothing_there_and_back(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(nothing, NULL)), 0);
}

static void run_in_process__in_another_process(void **state)
{
	pid_t pid, again;

	(void)state;
	async_run(runs(tells_pid, NULL));
	memcpy(&pid, seen.out, sizeof(pid));
	assert_int_not_equal(pid, getpid());
	async_run(runs(tells_pid, NULL));
	memcpy(&again, seen.out, sizeof(again));
	assert_int_equal(again, pid);
}

static void run_in_process__exception_with_message(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(fails, "dice")), -EPROTO);
	assert_string_equal(seen.message, "no luck with dice");
}

static void run_in_process__more_than_there_is_room_for(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(claims_more, NULL)), -EMSGSIZE);
	assert_int_equal(async_run(runs(shouts, "on")), 2);
}

static int64_t turns_round(const void *in, size_t size, void *out, size_t capacity)
{
	size_t i;

	for (i = 0; i < size && i < capacity; i++)
		((unsigned char *)out)[i] = ((const unsigned char *)in)[size - 1 - i];
	return size;
}

static unsigned char huge_in[HUGE_SIZE], huge_out[WORKERS][HUGE_SIZE];

static ASYNC(runs_huge)
{
	struct async_future *futures[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++)
		futures[i] = async_run_in_process(executor, turns_round, huge_in, HUGE_SIZE,
						  huge_out[i], HUGE_SIZE);
	return async_await(async_gather(futures, WORKERS, seen.results, 0));
}

static void run_in_process__a_mebibyte_each_way(void **state)
{
	size_t i, wrong = 0;
	int job;

	(void)state;
	for (i = 0; i < HUGE_SIZE; i++)
		huge_in[i] = i * 7 + i / 251;
	assert_int_equal(async_run(runs_huge()), 0);
	for (job = 0; job < WORKERS; job++) {
		assert_int_equal(seen.results[job], HUGE_SIZE);
		for (i = 0; i < HUGE_SIZE; i++)
			wrong += huge_out[job][i] != huge_in[HUGE_SIZE - 1 - i];
	}
	assert_int_equal(wrong, 0);
}

static ASYNC(changes_its_input)
{
	char in[] = "hello";
	struct async_future *future =
		async_run_in_process(executor, shouts, in, 5, seen.out, sizeof(seen.out));

	memset(in, 'x', sizeof(in));
	return async_await(future);
}

static void run_in_process__input_is_copied(void **state)
{
	(void)state;
	assert_int_equal(async_run(changes_its_input()), 5);
	assert_string_equal(seen.out, "HELLO");
}

/* Waits for a byte of a pipe, whose write end `in` is not. */
static int64_t reads_pipe(const void *in, size_t size, void *out, size_t capacity)
{
	int fd;

	(void)capacity;
	memcpy(&fd, in, size);
	return read(fd, out, 1);
}

static ASYNC(runs_beside_each_other, int, in_fd, int, out_fd)
{
	struct async_future *futures[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++)
		futures[i] = async_run_in_process(executor, reads_pipe, &in_fd, sizeof(in_fd),
						  &seen.out[i], 1);
	async_sleep(0.001);
	seen.cancelled = async_future_done(futures[0]);
	if (write(out_fd, "abc", 3) != 3)
		return -1;
	return async_await(async_gather(futures, WORKERS, NULL, 0));
}

static void run_in_process__beside_each_other(void **state)
{
	int fds[2];

	(void)state;
	async_executor_shutdown(executor, true);
	executor = async_process_pool_executor_new(WORKERS);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(async_run(runs_beside_each_other(fds[0], fds[1])), 0);
	assert_false(seen.cancelled);
	assert_int_equal(seen.out[0] + seen.out[1] + seen.out[2], 'a' + 'b' + 'c');
	close(fds[0]);
	close(fds[1]);
}

static ASYNC(cancels_running, int, in_fd, int, out_fd)
{
	struct async_future *future =
		async_run_in_process(executor, reads_pipe, &in_fd, sizeof(in_fd), seen.out, 1);

	async_sleep(0.002);
	seen.cancelled = async_future_cancel(future);
	if (write(out_fd, "a", 1) != 1)
		return -1;
	seen.result = async_await(future);
	return async_await(
		async_run_in_process(executor, shouts, "b", 1, seen.out + 1, sizeof(seen.out) - 1));
}

/* It may have freed what the job writes to. */
static void cancel__nothing_is_written_afterwards(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(async_run(cancels_running(fds[0], fds[1])), 1);
	assert_true(seen.cancelled);
	assert_int_equal(seen.result, -ECANCELED);
	assert_int_equal(seen.out[0], 0);
	assert_int_equal(seen.out[1], 'B');
	close(fds[0]);
	close(fds[1]);
}

static ASYNC(leaves_running, int, in_fd)
{
	async_future_unref(
		async_run_in_process(executor, reads_pipe, &in_fd, sizeof(in_fd), seen.out, 1));
	return 0;
}

static void close__while_a_job_runs(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	async_run(leaves_running(fds[0]));
	assert_int_equal(write(fds[1], "a", 1), 1);
	async_executor_shutdown(executor, true);
	executor = NULL;
	assert_int_equal(seen.out[0], 0);
	close(fds[0]);
	close(fds[1]);
}

static ASYNC(uses_it_wrongly)
{
	seen.null = !async_run_in_executor(executor, NULL, NULL) &&
		    !async_run_in_process(NULL, nothing, NULL, 0, NULL, 0);
	return 0;
}

static void run_in_process__nulls(void **state)
{
	(void)state;
	async_run(uses_it_wrongly());
	assert_true(seen.null);
	assert_null(async_run_in_process(executor, nothing, NULL, 0, NULL, 0));
}

/*
 * --- Death
 * ---------------------------------------------------------------------------------------
 */

static int64_t dies(const void *in, size_t size, void *out, size_t capacity)
{
	int how;

	(void)out;
	(void)capacity;
	memcpy(&how, in, size);
	if (how < 0)
		_exit(-how);
	kill(getpid(), how);
	return 0;
}

static ASYNC(runs_to_death, int, how)
{
	struct async_future *futures[3];
	int64_t err;
	int i;

	for (i = 0; i < 3; i++)
		futures[i] =
			i == 1 ? async_run_in_process(executor, dies, &how, sizeof(how), NULL, 0)
			       : async_run_in_process(executor, tells_pid, NULL, 0, &seen.pids[i],
						      sizeof(pid_t));
	err = async_await(futures[0]);
	if (err < 0)
		return err;
	note(async_await(futures[1]));
	return async_await(futures[2]);
}

static void assert_death(int how, const char *message)
{
	char expected[128];

	assert_int_equal(async_run(runs_to_death(how)), sizeof(pid_t));
	assert_int_equal(seen.result, -ECHILD);
	snprintf(expected, sizeof(expected), message, seen.pids[0]);
	assert_string_equal(seen.message, expected);
	assert_int_not_equal(seen.pids[0], seen.pids[2]);
	async_executor_shutdown(executor, true);
	executor = NULL;
	assert_no_children();
}

static void worker__killed(void **state)
{
	(void)state;
	assert_death(SIGKILL, "worker %d was killed by signal 9 (Killed)");
}

static void worker__exits(void **state)
{
	(void)state;
	assert_death(-3, "worker %d exited with status 3");
}

static int64_t closes_all(const void *in, size_t size, void *out, size_t capacity)
{
	(void)in;
	(void)size;
	(void)out;
	(void)capacity;
	closefrom(3);
	pause();
	return 0;
}

static void worker__closes_its_socket_and_goes_on(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(closes_all, NULL)), -ECHILD);
	assert_int_equal(async_run(runs(nothing, NULL)), 0);
}

/* Between two jobs: nobody's fault. */
static void worker__killed_while_idle(void **state)
{
	pid_t pid, next;

	(void)state;
	async_run(runs(tells_pid, NULL));
	memcpy(&pid, seen.out, sizeof(pid));
	kill(pid, SIGKILL);
	waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	assert_int_equal(async_run(runs(tells_pid, NULL)), sizeof(pid));
	memcpy(&next, seen.out, sizeof(next));
	assert_int_not_equal(next, pid);
}

static void shutdown__workers_end(void **state)
{
	(void)state;
	async_run(runs(tells_pid, NULL));
	async_executor_shutdown(executor, true);
	executor = NULL;
	assert_no_children();
}

static int64_t tells_and_pauses(const void *in, size_t size, void *out, size_t capacity)
{
	int fd;

	(void)out;
	(void)capacity;
	memcpy(&fd, in, size);
	if (write(fd, "!", 1) == 1)
		pause();
	return 0;
}

static ASYNC(keeps_busy, int, fd)
{
	return async_await(
		async_run_in_process(executor, tells_and_pauses, &fd, sizeof(fd), NULL, 0));
}

/* A worker does not outlive its parent, even if it is busy. */
static void worker__dies_with_its_parent(void **state)
{
	pid_t parent;
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	parent = fork();
	if (!parent) {
		close(fds[0]);
		executor = async_process_pool_executor_new(1);
		_exit(async_run(keeps_busy(fds[1])) < 0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	/* The worker has the pipe as well: when it is gone, this ends. */
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

/*
 * --- What a worker is
 * ----------------------------------------------------------------------------
 */

static int64_t count_sockets(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	char target[64];
	int64_t count = 0;

	while ((entry = readdir(folder))) {
		ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target));

		count += length > 7 && !memcmp(target, "socket:", 7);
	}
	closedir(folder);
	return count;
}

static int64_t lists_sockets(const void *in, size_t size, void *out, size_t capacity)
{
	(void)in;
	(void)size;
	(void)out;
	(void)capacity;
	return count_sockets();
}

static ASYNC(counts_sockets)
{
	struct async_future *futures[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++)
		futures[i] = async_run_in_process(executor, lists_sockets, NULL, 0, seen.out, 64);
	return async_await(async_gather(futures, WORKERS, seen.results, 0));
}

/* Else it would not notice when another one's parent is gone. */
static void worker__has_no_socket_but_its_own(void **state)
{
	int64_t before = count_sockets();
	int i;

	(void)state;
	async_executor_shutdown(executor, true);
	executor = async_process_pool_executor_new(WORKERS);
	assert_int_equal(async_run(counts_sockets()), 0);
	for (i = 0; i < WORKERS; i++)
		assert_int_equal(seen.results[i], before + 1);
}

static int64_t does_nothing(const void *in, size_t size, void *out, size_t capacity)
{
	(void)in;
	(void)size;
	(void)out;
	(void)capacity;
	return 0;
}

/* Connections that the program accepts for itself are as those of the runtime. */
static void worker__keeps_no_connection_open(void **state)
{
	struct timeval limit = { .tv_sec = 10 };
	int pair[2], inherited[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, inherited), 0);
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(async_run(runs(does_nothing, NULL)), 0);
	close(pair[1]);
	assert_int_equal(recv(pair[0], &byte, 1, 0), 0);
	close(inherited[1]);
	assert_int_equal(recv(inherited[0], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	close(inherited[0]);
	close(pair[0]);
}

static void handler(int number)
{
	(void)number;
}

static int64_t tells_signals(const void *in, size_t size, void *out, size_t capacity)
{
	struct sigaction interrupt, pipes;
	sigset_t mask;

	(void)in;
	(void)size;
	(void)out;
	(void)capacity;
	sigaction(SIGINT, NULL, &interrupt);
	sigaction(SIGPIPE, NULL, &pipes);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	if (!sigisemptyset(&mask))
		return -1;
	return interrupt.sa_handler == SIG_DFL && pipes.sa_handler == SIG_IGN ? 0 : -2;
}

static void worker__has_no_signal_handlers(void **state)
{
	(void)state;
	signal(SIGINT, handler);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(async_run(runs(tells_signals, NULL)), 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
}

static int64_t is_itself(const void *in, size_t size, void *out, size_t capacity)
{
	(void)in;
	(void)size;
	(void)out;
	(void)capacity;
	return async_get_running_loop() ? -1 : strcmp(async_thread_name(), "MainThread") ? -2 : 0;
}

static void worker__has_no_loop(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(is_itself, NULL)), 0);
}

static int64_t uses_much_stack(const void *in, size_t size, void *out, size_t capacity)
{
	volatile char frame[1 << 20];
	size_t i;

	(void)in;
	(void)size;
	(void)out;
	(void)capacity;
	for (i = 0; i < sizeof(frame); i += 512)
		frame[i] = 1;
	return frame[512] - 1;
}

static void worker__has_an_ordinary_stack(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(uses_much_stack, NULL)), 0);
}

static int64_t prints(const void *in, size_t size, void *out, size_t capacity)
{
	(void)out;
	(void)capacity;
	printf("%.*s", (int)size, (const char *)in);
	return 0;
}

/* What is printed there appears, and what was printed here does not do so twice. */
static void worker__prints(void **state)
{
	FILE *file = tmpfile();
	char text[64] = "";
	int before = dup(STDOUT_FILENO);

	(void)state;
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	setvbuf(stdout, NULL, _IOFBF, 4096);
	printf("parent,");
	async_run(runs(prints, "child,"));
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	setvbuf(stdout, NULL, _IOLBF, 4096);
	assert_true(pread(fileno(file), text, sizeof(text) - 1, 0) > 0);
	fclose(file);
	assert_string_equal(text, "child,parent,");
}

#define POOL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void ignores(void *arg)
{
	(void)arg;
}

static ASYNC(handles_signal)
{
	int64_t err = async_loop_add_signal_handler(NULL, SIGTERM, ignores, NULL);

	async_loop_remove_signal_handler(NULL, SIGTERM);
	return err;
}

static int64_t runs_loop_with_signal(const void *in, size_t size, void *out, size_t capacity)
{
	(void)in;
	(void)size;
	(void)out;
	(void)capacity;
	return async_run(handles_signal());
}

static ASYNC(handles_signal_on_both_sides)
{
	int64_t err = async_loop_add_signal_handler(NULL, SIGTERM, ignores, NULL);

	return err ? err : async_await(runs(runs_loop_with_signal, NULL));
}

static void worker__has_signals_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(async_run(handles_signal_on_both_sides()), 0);
	assert_int_equal(seen.result, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(run_in_process__result),
		POOL_TEST(run_in_process__nothing_there_and_back),
		POOL_TEST(run_in_process__in_another_process),
		POOL_TEST(run_in_process__exception_with_message),
		POOL_TEST(run_in_process__more_than_there_is_room_for),
		POOL_TEST(run_in_process__a_mebibyte_each_way),
		POOL_TEST(run_in_process__input_is_copied),
		POOL_TEST(run_in_process__beside_each_other),
		POOL_TEST(cancel__nothing_is_written_afterwards),
		POOL_TEST(close__while_a_job_runs),
		POOL_TEST(run_in_process__nulls),
		POOL_TEST(worker__killed),
		POOL_TEST(worker__exits),
		POOL_TEST(worker__closes_its_socket_and_goes_on),
		POOL_TEST(worker__killed_while_idle),
		POOL_TEST(shutdown__workers_end),
		POOL_TEST(worker__dies_with_its_parent),
		POOL_TEST(worker__has_no_socket_but_its_own),
		POOL_TEST(worker__keeps_no_connection_open),
		POOL_TEST(worker__has_no_signal_handlers),
		POOL_TEST(worker__has_no_loop),
		POOL_TEST(worker__has_an_ordinary_stack),
		POOL_TEST(worker__prints),
		POOL_TEST(worker__has_signals_of_its_own),
	};

	return cmocka_run_group_tests_name("process_pool", tests, NULL, NULL);
}
