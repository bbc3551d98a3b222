/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams as a whole: connecting, writing, draining, closing; after asyncio's test_streams.py.
 * test_stream_read.c has the reading.
 */
#include "needs.h"
#include "streams.h"
#include <runtime/runtime.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { MUCH = 4 << 20 };

/* --- Connecting ------------------------------------------------------------------------------ */

static ASYNC(echo, struct async_stream *, stream, void *, arg)
{
	char data[128];
	int64_t size;

	(void)arg;
	while ((size = async_stream_read(stream, data, sizeof(data))) > 0) {
		async_stream_write(stream, data, size);
		async_stream_drain(stream);
	}
	return size;
}

/* Sends a line to an echo server, and gets it back. */
static void ask(struct world *world)
{
	const char *line;
	int64_t got;

	async_stream_write(world->stream, "hello\n", 6);
	got = async_stream_read_line(world->stream, &line);
	keep(world, line, got);
	meet(world, got);
	async_stream_close(world->stream);
	meet(world, async_stream_wait_closed(world->stream));
	async_stream_free(world->stream);
	async_server_close(world->server);
	meet(world, async_server_wait_closed(world->server));
	async_server_free(world->server);
}

static void connects_to(struct world *world, const char *host)
{
	int64_t err = async_start_server(echo, NULL, host, 0, &world->server);

	meet(world, err);
	if (err)
		return;
	meet(world, async_open_connection(host, async_server_port(world->server), &world->stream));
	ask(world);
}

static void connects_to_v4(struct world *world)
{
	connects_to(world, "127.0.0.1");
}

static void connects_to_v6(struct world *world)
{
	connects_to(world, "::1");
}

static void connects_to_name(struct world *world)
{
	connects_to(world, "localhost");
}

static void connect__by_address(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(connects_to_v4, &world);
	assert_met(&world, 0, 0, 6, 0, 0);
	assert_string_equal(world.text, "hello\n");
}

static void connect__by_address_of_ipv6(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(connects_to_v6, &world);
	NEED(world.met[0] != -EADDRNOTAVAIL && world.met[0] != -EAFNOSUPPORT, "IPv6");
	assert_met(&world, 0, 0, 6, 0, 0);
}

static void connect__by_name(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(connects_to_name, &world);
	assert_met(&world, 0, 0, 6, 0, 0);
}

static void connects_to_path(struct world *world)
{
	const char *path = world->more;

	meet(world, async_start_unix_server(echo, NULL, path, &world->server));
	meet(world, async_open_unix_connection(path, &world->stream));
	ask(world);
}

static void connect__by_path(void **state)
{
	char folder[] = "/tmp/streams.XXXXXX", path[64];
	struct world world = { .more = path };

	(void)state;
	snprintf(path, sizeof(path), "%s/socket", mkdtemp(folder));
	run_scenario(connects_to_path, &world);
	assert_met(&world, 0, 0, 6, 0, 0);
	assert_int_equal(rmdir(folder), 0);
}

static void connect__by_abstract_path(void **state)
{
	char path[64];
	struct world world = { .more = path };

	(void)state;
	snprintf(path, sizeof(path), "@streams-%d", getpid());
	run_scenario(connects_to_path, &world);
	assert_met(&world, 0, 0, 6, 0, 0);
}

/* A port of this machine that nobody listens at. */
static uint16_t free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, size) ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		address.sin_port = 0;
	close(fd);
	return ntohs(address.sin_port);
}

static void is_refused(struct world *world)
{
	uint16_t port = free_port();
	int64_t err = async_open_connection("127.0.0.1", port, &world->stream);

	meet(world, err);
	meet(world, world->stream == NULL);
	snprintf(world->text, sizeof(world->text), "%s", async_error_message(err));
	meet(world, port);
}

static void connect__refused(void **state)
{
	struct world world = { 0 };
	char text[64];

	(void)state;
	run_scenario(is_refused, &world);
	assert_int_equal(world.met[0], -ECONNREFUSED);
	assert_true(world.met[1]);
	snprintf(text, sizeof(text), "Connect call failed ('127.0.0.1', %d): Connection refused",
		 (int)world.met[2]);
	assert_string_equal(world.text, text);
}

static void looks_for_nobody(struct world *world)
{
	int64_t err = async_open_connection("no-such-host.invalid", 80, &world->stream);

	meet(world, err);
	meet(world, async_error_message(err) != NULL);
	meet(world, async_open_connection("", 80, &world->stream) < 0);
}

static void connect__to_a_name_that_nobody_has(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(looks_for_nobody, &world);
	assert_met(&world, -EHOSTUNREACH, true, true);
}

static void looks_for_paths(struct world *world)
{
	char path[200];
	int64_t err = async_open_unix_connection("/tmp/no-such-folder/socket", &world->stream);

	meet(world, err);
	strcpy(world->text, async_error_message(err));
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	meet(world, async_open_unix_connection(path, &world->stream));
	meet(world, async_open_unix_connection("", &world->stream));
}

static void connect__to_a_path_that_is_none(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(looks_for_paths, &world);
	assert_met(&world, -ENOENT, -ENAMETOOLONG, -EINVAL);
	assert_string_equal(
		world.text,
		"Connect call failed /tmp/no-such-folder/socket: No such file or directory");
}

static void connect__outside_of_a_task(void **state)
{
	struct async_stream *stream;

	(void)state;
	assert_int_equal(async_open_connection("127.0.0.1", 1, &stream), -EPERM);
	assert_int_equal(async_open_unix_connection("/", &stream), -EPERM);
	assert_int_equal(async_stream_from_fd(0, &stream), -EPERM);
}

/* A socket that listens but never accepts, with its queue full: SYNs get no answer. */
static int full_listener(struct sockaddr_in *address, int extra[3])
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), i;
	socklen_t size = sizeof(*address);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)address, size) || listen(fd, 0) ||
	    getsockname(fd, (struct sockaddr *)address, &size))
		abort();
	for (i = 0; i < 3; i++) {
		extra[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(extra[i], (struct sockaddr *)address, size);
	}
	return fd;
}

static void connects_beside(struct world *world)
{
	meet(world, async_open_connection("127.0.0.1", (intptr_t)world->more, &world->stream));
}

static void is_cancelled_connecting(struct world *world)
{
	struct sockaddr_in address;
	int extra[3], listener = full_listener(&address, extra), i;
	struct async_task *other;

	world->more = (void *)(intptr_t)ntohs(address.sin_port);
	other = beside(connects_beside, world);
	settle();
	meet(world, other->awaits->type);
	async_task_cancel(other);
	async_await(other);
	for (i = 0; i < 3; i++)
		close(extra[i]);
	close(listener);
}

static void connect__cancelled(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(is_cancelled_connecting, &world);
	assert_met(&world, AT_WRITE, -ECANCELED);
}

/* The loop is closed while a task connects. */
static void connect__loop_closed_meanwhile(void **state)
{
	struct world world = { 0 };
	struct sockaddr_in address;
	int extra[3], listener = full_listener(&address, extra), i;
	struct async_loop *loop;

	(void)state;
	world.more = (void *)(intptr_t)ntohs(address.sin_port);
	assert_int_equal(async_loop_new(&loop), 0);
	async_task_detach(async_loop_create_task(loop, plays(connects_beside, &world)));
	for (i = 0; i < 3; i++) {
		async_loop_stop(loop);
		async_loop_run_forever(loop);
	}
	assert_int_equal(async_loop_close(loop), 0);
	assert_int_equal(world.count, 0);
	for (i = 0; i < 3; i++)
		close(extra[i]);
	close(listener);
}

static void connects_to_full_path(struct world *world)
{
	struct async_stream *stream = NULL;

	meet(world, async_open_unix_connection(world->more, &stream));
	async_stream_free(stream);
}

static void waits_for_room(struct world *world)
{
	char path[64];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), i;
	struct async_task *tasks[3];

	snprintf(path, sizeof(path), "@full-%d", getpid());
	world->more = path;
	strcpy(address.sun_path + 1, path + 1);
	if (bind(listener, (struct sockaddr *)&address,
		 offsetof(struct sockaddr_un, sun_path) + strlen(path)) ||
	    listen(listener, 0))
		abort();
	for (i = 0; i < 3; i++)
		tasks[i] = beside(connects_to_full_path, world);
	settle();
	meet(world, world->count < 3);
	for (i = 0; i < 3;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			async_sleep(0.001);
		else
			i += !close(fd);
	}
	for (i = 0; i < 3; i++)
		async_await(tasks[i]);
	close(listener);
}

static void connect__to_a_path_whose_queue_is_full(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(waits_for_room, &world);
	assert_int_equal(world.count, 4);
	assert_int_equal(world.met[3], 0);
}

/* --- Descriptors that are open already -------------------------------------------------------- */

static void takes_descriptors(struct world *world)
{
	struct async_stream *stream;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	meet(world, async_stream_from_fd(async_transport_fd(async_stream_transport(world->stream)),
					 &stream));
	meet(world, async_stream_from_fd(file, &stream));
	meet(world, async_stream_from_fd(-1, &stream));
	meet(world, close(file));
	meet(world, fcntl(async_transport_fd(async_stream_transport(world->stream)), F_GETFL) &
			    O_NONBLOCK);
}

static void from_fd__of_all_kinds(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(takes_descriptors, &world);
	assert_met(&world, -EBUSY, -EPERM, -EBADF, 0, O_NONBLOCK);
}

static void asks_for_info(struct world *world)
{
	char path[64];
	struct async_stream *stream;

	snprintf(path, sizeof(path), "@info-%d", getpid());
	async_start_unix_server(echo, NULL, path, &world->server);
	async_open_unix_connection(path, &stream);
	meet(world, strcmp(async_stream_get_extra_info(stream, "peername"), path));
	meet(world, *async_stream_get_extra_info(stream, "sockname"));
	async_stream_free(stream);
	async_server_close(world->server);
	async_server_wait_closed(world->server);
	async_server_free(world->server);
	async_start_server(echo, NULL, "127.0.0.1", 0, &world->server);
	async_open_connection("127.0.0.1", async_server_port(world->server), &stream);
	snprintf(path, sizeof(path), "127.0.0.1:%d", async_server_port(world->server));
	meet(world, strcmp(async_stream_get_extra_info(stream, "peername"), path));
	meet(world, strncmp(async_stream_get_extra_info(stream, "sockname"), "127.0.0.1:", 10));
	meet(world, atoi(async_stream_get_extra_info(stream, "socket")) -
			    async_transport_fd(async_stream_transport(stream)));
	meet(world, async_stream_get_extra_info(stream, "cipher") == NULL);
	async_stream_free(stream);
	async_server_close(world->server);
	async_server_wait_closed(world->server);
	async_server_free(world->server);
}

static void get_extra_info__of_sockets(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(asks_for_info, &world);
	assert_met(&world, 0, 0, 0, 0, 0, true);
}

/* --- Writing --------------------------------------------------------------------------------- */

static char *pattern(void)
{
	char *data = malloc(MUCH);
	int i;

	for (i = 0; i < MUCH; i++)
		data[i] = i % 251;
	return data;
}

/* Reads all that the peer's end has; returns how much of it is the pattern. */
static int64_t read_pattern(struct async_stream *stream)
{
	static char data[65536];
	int64_t sum = 0, got, i;

	while ((got = async_stream_read(stream, data, sizeof(data))) > 0)
		for (i = 0; i < got; i++)
			sum += data[i] == (char)((sum) % 251);
	return got < 0 ? got : sum;
}

static void reads_pattern(struct world *world)
{
	meet(world, read_pattern(world->other));
}

static void writes_much(struct world *world)
{
	char *data = pattern();
	struct async_task *other;

	async_stream_from_fd(world->peer, &world->other);
	world->peer = -1;
	meet(world, async_stream_write(world->stream, data, MUCH));
	free(data);
	meet(world,
	     async_transport_get_write_buffer_size(async_stream_transport(world->stream)) > 0);
	other = beside(reads_pattern, world);
	meet(world, async_stream_drain(world->stream));
	meet(world,
	     async_transport_get_write_buffer_size(async_stream_transport(world->stream)) <= 16384);
	meet(world, async_stream_write_eof(world->stream));
	async_await(other);
	async_stream_free(world->other);
}

static void write__more_than_the_socket_takes(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(writes_much, &world);
	assert_met(&world, 0, true, 0, true, 0, MUCH);
}

static void floods(struct world *world)
{
	static const char data[1000];
	int64_t err = 0;

	while (!err) {
		async_stream_write(world->stream, data, sizeof(data));
		err = async_stream_drain(world->stream);
	}
	meet(world, err);
}

static void floods_who_never_reads(struct world *world)
{
	struct async_task *other = beside(floods, world);

	settle();
	meet(world, other->awaits->type);
	meet(world, async_transport_get_write_buffer_size(async_stream_transport(world->stream)) <=
			    (64 << 10) + 1000);
	async_task_cancel(other);
	async_await(other);
	/* The buffered bytes are dropped: nobody would read them. */
	async_transport_abort(async_stream_transport(world->stream));
}

static void drain__with_a_peer_that_never_reads(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(floods_who_never_reads, &world);
	assert_met(&world, AT_WRITE, true, -ECANCELED);
}

static void floods_until_the_peer_goes(struct world *world)
{
	struct async_task *other = beside(floods, world);

	struct async_task *third = beside(floods, world);

	settle();
	hang_up(world);
	async_await(other);
	async_await(third);
	meet(world, async_stream_drain(world->stream));
	strcpy(world->text, async_error_message(-EPIPE));
	meet(world, async_stream_read(world->stream, world->text, 1));
	meet(world, async_stream_write(world->stream, "x", 1));
	meet(world, async_stream_wait_closed(world->stream));
}

static void drain__peer_goes_meanwhile(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(floods_until_the_peer_goes, &world);
	assert_met(&world, -EPIPE, -EPIPE, -EPIPE, -EPIPE, 0, -EPIPE);
	assert_string_equal(world.text, "Broken pipe");
}

static void writes_eof(struct world *world)
{
	char data[8] = "";

	meet(world, async_stream_can_write_eof(world->stream));
	async_stream_write(world->stream, "bye", 3);
	meet(world, async_stream_write_eof(world->stream));
	meet(world, async_stream_write_eof(world->stream));
	meet(world, async_stream_write(world->stream, "x", 1));
	meet(world, async_stream_drain(world->stream));
	meet(world, read(world->peer, data, sizeof(data)));
	meet(world, read(world->peer, data, sizeof(data)));
	say(world, "answer");
	meet(world, async_stream_read(world->stream, world->text, 64));
}

static void write_eof__leaves_reading(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(writes_eof, &world);
	assert_met(&world, true, 0, 0, -EPIPE, 0, 3, 0, 6);
	assert_string_equal(world.text, "answer");
}

static void half_closes(struct world *world)
{
	char data[8];

	shutdown(world->peer, SHUT_WR);
	meet(world, async_stream_read(world->stream, data, sizeof(data)));
	meet(world, async_stream_write(world->stream, "still", 5));
	meet(world, async_stream_drain(world->stream));
	meet(world, read(world->peer, data, sizeof(data)));
}

static void write__to_a_peer_that_is_half_closed(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(half_closes, &world);
	assert_met(&world, 0, 0, 0, 5);
}

static void signalled(int signal)
{
	(void)signal;
}

static void writes_to_broken_pipe(struct world *world)
{
	int ends[2];
	sigset_t pending;

	if (pipe2(ends, O_CLOEXEC) || async_stream_from_fd(ends[1], &world->stream))
		return;
	meet(world, async_stream_write(world->stream, "x", 1));
	close(ends[0]);
	meet(world, async_stream_write(world->stream, "x", 1));
	meet(world, async_stream_drain(world->stream));
	sigpending(&pending);
	meet(world, sigismember(&pending, SIGPIPE));
	async_stream_free(world->stream);
}

/* A SIGPIPE would kill the test, for its action is the default one. */
static void write__to_a_broken_pipe(void **state)
{
	struct world world = { 0 };
	void (*before)(int) = signal(SIGPIPE, SIG_DFL);

	(void)state;
	run_scenario(writes_to_broken_pipe, &world);
	signal(SIGPIPE, before);
	assert_met(&world, 0, 0, -EPIPE, 0);
}

/* One that the program raised itself is not swallowed. */
static void write__keeps_a_sigpipe_that_was_pending(void **state)
{
	struct world world = { 0 };
	void (*before)(int) = signal(SIGPIPE, signalled);
	sigset_t pipe, old;

	(void)state;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe, &old);
	raise(SIGPIPE);
	run_scenario(writes_to_broken_pipe, &world);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, before);
	assert_met(&world, 0, 0, -EPIPE, 1);
}

static void closes_pipe(struct world *world)
{
	int ends[2];
	char data[8];

	if (pipe2(ends, O_CLOEXEC) || async_stream_from_fd(ends[1], &world->stream))
		return;
	meet(world, async_stream_can_write_eof(world->stream));
	meet(world, async_stream_read(world->stream, data, 1));
	async_stream_write(world->stream, "x", 1);
	meet(world, async_stream_write_eof(world->stream));
	meet(world, async_stream_drain(world->stream));
	meet(world, async_stream_wait_closed(world->stream));
	meet(world, read(ends[0], data, sizeof(data)));
	meet(world, read(ends[0], data, sizeof(data)));
	close(ends[0]);
	async_stream_free(world->stream);
}

static void write_eof__closes_a_pipe(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(closes_pipe, &world);
	assert_met(&world, true, -EBADF, 0, 0, 0, 1, 0);
}

static void hears_of_pipe(struct world *world)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) || async_stream_from_fd(ends[1], &world->stream))
		return;
	settle();
	close(ends[0]);
	meet(world, async_stream_wait_closed(world->stream));
	meet(world, async_stream_drain(world->stream));
	async_stream_free(world->stream);
}

static void pipe__whose_reader_goes(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(hears_of_pipe, &world);
	assert_met(&world, -EPIPE, -EPIPE);
}

/* --- Closing --------------------------------------------------------------------------------- */

static void closes_with_bytes(struct world *world)
{
	char *data = pattern();
	struct async_task *other;

	async_stream_from_fd(world->peer, &world->other);
	world->peer = -1;
	async_stream_write(world->stream, data, MUCH);
	free(data);
	async_stream_close(world->stream);
	meet(world, async_stream_is_closing(world->stream));
	other = beside(reads_pattern, world);
	meet(world, async_stream_wait_closed(world->stream));
	meet(world, async_transport_fd(async_stream_transport(world->stream)));
	async_await(other);
	meet(world, async_stream_wait_closed(world->stream));
	async_stream_free(world->other);
}

static void close__writes_what_is_buffered(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(closes_with_bytes, &world);
	assert_met(&world, true, 0, -1, MUCH, 0);
}

static void frees_with_bytes(struct world *world)
{
	char *data = pattern();

	async_stream_from_fd(world->peer, &world->other);
	world->peer = -1;
	async_stream_write(world->stream, data, MUCH);
	free(data);
	async_stream_free(world->stream);
	world->stream = NULL;
	meet(world, read_pattern(world->other));
	async_stream_free(world->other);
}

static void free__writes_what_is_buffered(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(frees_with_bytes, &world);
	assert_met(&world, MUCH);
}

static void closes_twice(struct world *world)
{
	async_stream_close(world->stream);
	async_stream_close(world->stream);
	meet(world, async_stream_drain(world->stream));
	meet(world, async_stream_write(world->stream, "x", 1));
	meet(world, async_stream_write_eof(world->stream));
	meet(world, async_stream_wait_closed(world->stream));
	async_stream_free(NULL);
}

static void close__twice(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(closes_twice, &world);
	assert_met(&world, -EBADF, 0, 0, 0);
}

static void waits_closed_beside(struct world *world)
{
	meet(world, async_stream_wait_closed(world->stream));
}

static void is_cancelled_waiting(struct world *world)
{
	struct async_task *other, *third;
	char *data = pattern();

	async_stream_write(world->stream, data, MUCH);
	free(data);
	async_stream_close(world->stream);
	other = beside(waits_closed_beside, world);
	third = beside(waits_closed_beside, world);
	settle();
	meet(world, other->awaits->type);
	async_task_cancel(other);
	async_await(other);
	hang_up(world);
	async_await(third);
	meet(world, async_stream_wait_closed(world->stream));
}

static void wait_closed__cancelled(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(is_cancelled_waiting, &world);
	assert_met(&world, AT_WRITE, -ECANCELED, -EPIPE, -EPIPE);
}

/* The loop is closed with a task that reads, and with bytes that nobody has read. */
static void close__of_the_loop(void **state)
{
	struct world world = { 0 };
	struct async_loop *loop;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(async_loop_new(&loop), 0);
	async_task_detach(async_loop_create_task(loop, plays_on_pair(waits_closed_beside, &world)));
	async_loop_stop(loop);
	async_loop_run_forever(loop);
	async_stream_write(world.stream, pattern, 1);
	assert_int_equal(async_loop_close(loop), 0);
	assert_int_equal(world.count, 0);
	/* The stream is closed, but still its owner's. */
	assert_true(async_stream_is_closing(world.stream));
	assert_int_equal(async_stream_write(world.stream, "x", 1), 0);
	async_stream_free(world.stream);
	close(world.peer);
	close(pair[0]);
	close(pair[1]);
}

/* As above, but the stream was given up while bytes were left to write. */
static void frees_and_leaves(struct world *world)
{
	char *data = pattern();

	async_stream_write(world->stream, data, MUCH);
	free(data);
	async_stream_free(world->stream);
	world->stream = NULL;
}

static void close__of_the_loop_while_bytes_are_written(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(frees_and_leaves, &world);
}

static void connect__loop_closed_while_it_waits_for_room(void **state)
{
	char path[64];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct world world = { .more = path };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int extra = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), i;
	struct async_loop *loop;

	(void)state;
	snprintf(path, sizeof(path), "@libasync-room-%d", getpid());
	strcpy(address.sun_path + 1, path + 1);
	assert_int_equal(bind(listener, (struct sockaddr *)&address,
			      offsetof(struct sockaddr_un, sun_path) + strlen(path)),
			 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(connect(extra, (struct sockaddr *)&address,
				 offsetof(struct sockaddr_un, sun_path) + strlen(path)),
			 0);
	assert_int_equal(async_loop_new(&loop), 0);
	async_task_detach(async_loop_create_task(loop, plays(connects_to_full_path, &world)));
	for (i = 0; i < 3; i++) {
		async_loop_stop(loop);
		async_loop_run_forever(loop);
	}
	assert_int_equal(async_loop_close(loop), 0);
	assert_int_equal(world.count, 0);
	close(extra);
	close(listener);
}

static void keeps_flags(struct world *world)
{
	struct async_stream *stream;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	meet(world, async_stream_from_fd(file, &stream));
	meet(world, fcntl(file, F_GETFL) & O_NONBLOCK);
	meet(world, fcntl(world->peer, F_GETFL) & O_NONBLOCK);
	meet(world, async_stream_from_fd(world->peer, &stream));
	meet(world, fcntl(world->peer, F_GETFL) & O_NONBLOCK);
	async_stream_free(stream);
	world->peer = -1;
	close(file);
}

static void from_fd__refused_leaves_the_descriptor_as_it_was(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(keeps_flags, &world);
	assert_met(&world, -EPERM, 0, 0, 0, O_NONBLOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(connect__by_address),
		STREAM_TEST(connect__by_address_of_ipv6),
		STREAM_TEST(connect__by_name),
		STREAM_TEST(connect__by_path),
		STREAM_TEST(connect__by_abstract_path),
		STREAM_TEST(connect__refused),
		STREAM_TEST(connect__to_a_name_that_nobody_has),
		STREAM_TEST(connect__to_a_path_that_is_none),
		STREAM_TEST(connect__outside_of_a_task),
		STREAM_TEST(connect__cancelled),
		STREAM_TEST(connect__loop_closed_meanwhile),
		STREAM_TEST(connect__to_a_path_whose_queue_is_full),
		STREAM_TEST(from_fd__of_all_kinds),
		STREAM_TEST(get_extra_info__of_sockets),
		STREAM_TEST(write__more_than_the_socket_takes),
		STREAM_TEST(drain__with_a_peer_that_never_reads),
		STREAM_TEST(drain__peer_goes_meanwhile),
		STREAM_TEST(write_eof__leaves_reading),
		STREAM_TEST(write__to_a_peer_that_is_half_closed),
		STREAM_TEST(write__to_a_broken_pipe),
		STREAM_TEST(write__keeps_a_sigpipe_that_was_pending),
		STREAM_TEST(write_eof__closes_a_pipe),
		STREAM_TEST(pipe__whose_reader_goes),
		STREAM_TEST(close__writes_what_is_buffered),
		STREAM_TEST(free__writes_what_is_buffered),
		STREAM_TEST(close__twice),
		STREAM_TEST(wait_closed__cancelled),
		STREAM_TEST(close__of_the_loop),
		STREAM_TEST(close__of_the_loop_while_bytes_are_written),
		STREAM_TEST(connect__loop_closed_while_it_waits_for_room),
		STREAM_TEST(from_fd__refused_leaves_the_descriptor_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
