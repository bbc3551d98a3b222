/* SPDX-License-Identifier: BSD-2-Clause */
/* Servers: where they listen, whom they serve, and how they end. */
#include "capture.h"
#include "needs.h"
#include "streams.h"
#include <runtime/runtime.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Serves as long as its client stays. */
static ASYNC(serve, struct async_stream *, stream, struct world *, world)
{
	char data[64];
	int64_t got;

	(void)world;
	while ((got = async_stream_read(stream, data, sizeof(data))) > 0)
		async_stream_write(stream, data, got);
	return got;
}

static struct async_coroutine *serves(struct async_stream *stream, void *arg)
{
	return serve(stream, arg);
}

static int64_t start(struct world *world)
{
	return async_start_server(serves, world, "127.0.0.1", 0, &world->server);
}

static int64_t connect_to(struct world *world, struct async_stream **stream)
{
	return async_open_connection("127.0.0.1", async_server_port(world->server), stream);
}

/* Sends a byte and gets it back: from then on the server has the connection. */
static int64_t ask(struct async_stream *stream)
{
	char data[2];

	async_stream_write(stream, "?", 1);
	return async_stream_read(stream, data, sizeof(data));
}

/* --- Where it listens ------------------------------------------------------------------------ */

static void is_busy(struct world *world)
{
	struct async_server *other = NULL;
	int64_t err;

	meet(world, start(world));
	err = async_start_server(serves, NULL, "127.0.0.1", async_server_port(world->server),
				 &other);
	meet(world, err);
	meet(world, other == NULL);
	snprintf(world->text, sizeof(world->text), "%s", async_error_message(err));
	meet(world, async_server_port(world->server));
	async_server_free(world->server);
}

static void start__at_a_port_in_use(void **state)
{
	struct world world = { 0 };
	char text[128];

	(void)state;
	run_scenario(is_busy, &world);
	assert_true(world.met[0] == 0 && world.met[1] == -EADDRINUSE && world.met[2]);
	snprintf(text, sizeof(text),
		 "error while attempting to bind on address ('127.0.0.1', %d): "
		 "address already in use",
		 (int)world.met[3]);
	assert_string_equal(world.text, text);
}

static void listens_everywhere(struct world *world)
{
	struct async_stream *four = NULL, *six = NULL;

	meet(world, async_start_server(serves, NULL, NULL, 0, &world->server));
	meet(world, async_server_is_serving(world->server));
	meet(world, connect_to(world, &four));
	meet(world, async_open_connection("::1", async_server_port(world->server), &six));
	async_stream_free(four);
	async_stream_free(six);
	async_server_close(world->server);
	meet(world, async_server_is_serving(world->server));
	async_server_free(world->server);
}

static void start__on_all_addresses(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(listens_everywhere, &world);
	NEED(world.met[3] != -EAFNOSUPPORT && world.met[3] != -EADDRNOTAVAIL &&
		     world.met[3] != -ENETUNREACH,
	     "IPv6");
	assert_met(&world, 0, true, 0, 0, false);
}

static void listens_nowhere(struct world *world)
{
	meet(world, async_start_server(serves, NULL, "no-such-host.invalid", 0, &world->server));
	meet(world, async_start_server(serves, NULL, "192.0.2.1", 0, &world->server));
	meet(world,
	     async_start_unix_server(serves, NULL, "/tmp/no-such-folder/socket", &world->server));
	meet(world, async_start_unix_server(serves, NULL, "", &world->server));
}

static void start__where_it_cannot(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(listens_nowhere, &world);
	assert_met(&world, -EHOSTUNREACH, -EADDRNOTAVAIL, -ENOENT, -EINVAL);
}

static void start__without_a_loop(void **state)
{
	struct async_server *server;

	(void)state;
	assert_int_equal(async_start_server(serves, NULL, "127.0.0.1", 0, &server), -EPERM);
	assert_int_equal(async_start_unix_server(serves, NULL, "@x", &server), -EPERM);
}

/* --- Paths ----------------------------------------------------------------------------------- */

static bool exists(const char *path)
{
	struct stat file;

	return !stat(path, &file);
}

static void replaces_left_over(struct world *world)
{
	const char *path = world->more;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	if (bind(left, (struct sockaddr *)&address, sizeof(address)))
		return;
	close(left);
	meet(world, async_start_unix_server(serves, NULL, path, &world->server));
	meet(world, async_server_port(world->server));
	meet(world, async_open_unix_connection(path, &world->stream));
	async_stream_free(world->stream);
	meet(world, exists(path));
	async_server_close(world->server);
	meet(world, exists(path));
	async_server_free(world->server);
}

static void path__left_over(void **state)
{
	char folder[] = "/tmp/streams.XXXXXX", path[64];
	struct world world = { .more = path };

	(void)state;
	snprintf(path, sizeof(path), "%s/socket", mkdtemp(folder));
	run_scenario(replaces_left_over, &world);
	assert_met(&world, 0, 0, 0, true, false);
	assert_int_equal(rmdir(folder), 0);
}

static void leaves_file(struct world *world)
{
	int64_t err;

	close(open(world->more, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	err = async_start_unix_server(serves, NULL, world->more, &world->server);
	meet(world, err);
	snprintf(world->text, sizeof(world->text), "%s", async_error_message(err));
	meet(world, exists(world->more));
	unlink(world->more);
}

static void path__of_a_file(void **state)
{
	char folder[] = "/tmp/streams.XXXXXX", path[64], text[128];
	struct world world = { .more = path };

	(void)state;
	snprintf(path, sizeof(path), "%s/file", mkdtemp(folder));
	run_scenario(leaves_file, &world);
	assert_met(&world, -EADDRINUSE, true);
	snprintf(text, sizeof(text), "Address '%s' is already in use", path);
	assert_string_equal(world.text, text);
	assert_int_equal(rmdir(folder), 0);
}

static void goes_nowhere(struct world *world)
{
	static const struct async_protocol protocol;
	struct async_transport *transport;

	meet(world, async_open_unix_connection(NULL, &world->stream));
	snprintf(world->text, sizeof(world->text), "%s", async_error_message(-EINVAL));
	meet(world, async_create_unix_connection(&protocol, NULL, NULL, &transport));
	meet(world, async_start_unix_server(serves, NULL, NULL, &world->server));
	meet(world, async_create_unix_server(&protocol, NULL, NULL, NULL, &world->server));
}

static void path__that_is_null(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(goes_nowhere, &world);
	assert_met(&world, -EINVAL, -EINVAL, -EINVAL, -EINVAL);
	assert_string_equal(world.text, "a Unix socket needs a path");
}

static void loses_path(struct world *world)
{
	struct async_server *other;

	meet(world, async_start_unix_server(serves, NULL, world->more, &world->server));
	meet(world, async_start_unix_server(serves, NULL, world->more, &other));
	async_server_free(world->server);
	meet(world, exists(world->more));
	async_server_free(other);
	meet(world, exists(world->more));
}

static void path__taken_over_by_another_server(void **state)
{
	char folder[] = "/tmp/streams.XXXXXX", path[64];
	struct world world = { .more = path };

	(void)state;
	snprintf(path, sizeof(path), "%s/socket", mkdtemp(folder));
	run_scenario(loses_path, &world);
	assert_met(&world, 0, 0, true, false);
	assert_int_equal(rmdir(folder), 0);
}

/* --- Closing --------------------------------------------------------------------------------- */

static void waits_closed(struct world *world)
{
	int64_t err = async_server_wait_closed(world->server);

	meet(world, err);
}

static void closes_with_connection(struct world *world)
{
	struct async_task *one, *two;

	start(world);
	connect_to(world, &world->stream);
	meet(world, ask(world->stream));
	async_server_close(world->server);
	async_server_close(world->server);
	one = beside(waits_closed, world);
	two = beside(waits_closed, world);
	settle();
	/* It goes on; only new ones are refused. */
	meet(world, ask(world->stream));
	async_task_cancel(one);
	async_await(one);
	meet(world, connect_to(world, &world->other) < 0);
	async_stream_free(world->stream);
	async_await(two);
	meet(world, async_server_wait_closed(world->server));
	async_server_free(world->server);
}

static void close__while_a_connection_goes_on(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(closes_with_connection, &world);
	assert_met(&world, 1, 1, -ECANCELED, true, 0, 0);
}

static void frees_with_connection(struct world *world)
{
	start(world);
	connect_to(world, &world->stream);
	meet(world, ask(world->stream));
	async_server_free(world->server);
	meet(world, ask(world->stream));
	async_stream_free(world->stream);
	settle();
	meet(world, async_all_tasks(NULL, NULL, 0));
	async_server_free(NULL);
}

static void free__while_a_connection_goes_on(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(frees_with_connection, &world);
	assert_met(&world, 1, 1, 1);
}

static struct async_coroutine *frees_server(struct async_stream *stream, void *arg)
{
	struct world *world = arg;

	async_server_free(world->server);
	world->server = NULL;
	return serve(stream, world);
}

static void is_freed_by_client(struct world *world)
{
	async_start_server(frees_server, world, "127.0.0.1", 0, &world->server);
	connect_to(world, &world->stream);
	meet(world, ask(world->stream));
	meet(world, world->server == NULL);
	async_stream_free(world->stream);
}

static void free__by_what_it_calls(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(is_freed_by_client, &world);
	assert_met(&world, 1, true);
}

/* With a server, a client and a task that serves it. */
static void leaves_all_open(struct world *world)
{
	start(world);
	connect_to(world, &world->stream);
	meet(world, ask(world->stream));
}

static void close__of_the_loop(void **state)
{
	struct world world = { 0 };
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	assert_int_equal(async_loop_run_until_complete(loop, plays(leaves_all_open, &world)), 0);
	assert_int_equal(async_loop_close(loop), 0);
	assert_met(&world, 1);
	assert_false(async_server_is_serving(world.server));
	async_server_free(world.server);
	async_stream_free(world.stream);
}

/* --- What it serves --------------------------------------------------------------------------- */

static ASYNC(fails, struct async_stream *, stream, void *, arg)
{
	(void)stream;
	(void)arg;
	return async_fail(-EIO, "no more");
}

static struct async_coroutine *has_no_memory(struct async_stream *stream, void *arg)
{
	(void)stream;
	(void)arg;
	return NULL;
}

static void is_served_badly(struct world *world)
{
	char data[2];

	async_start_server(fails, NULL, "127.0.0.1", 0, &world->server);
	connect_to(world, &world->stream);
	meet(world, async_stream_read(world->stream, data, sizeof(data)));
	async_stream_free(world->stream);
	async_server_free(world->server);
	async_start_server(has_no_memory, NULL, "127.0.0.1", 0, &world->server);
	connect_to(world, &world->stream);
	meet(world, async_stream_read(world->stream, data, sizeof(data)));
	async_stream_free(world->stream);
	async_server_free(world->server);
}

static void serve__fails(void **state)
{
	struct world world = { 0 };

	capture_setup(state);
	run_scenario(is_served_badly, &world);
	capture_teardown(state);
	assert_met(&world, 0, 0);
	assert_has(captured, "Unhandled exception in client_connected_cb\n");
	assert_has(captured, "coro=<fails() done, defined at ");
	assert_has(captured, "EIO: no more\n");
}

static void *refuses(void *arg)
{
	(void)arg;
	return NULL;
}

static void is_refused(struct world *world)
{
	static const struct async_protocol nothing = { 0 };
	char data[2];

	async_create_server(&nothing, refuses, NULL, "127.0.0.1", 0, &world->server);
	connect_to(world, &world->stream);
	meet(world, async_stream_read(world->stream, data, sizeof(data)));
	async_stream_free(world->stream);
	async_server_close(world->server);
	meet(world, async_server_wait_closed(world->server));
	async_server_free(world->server);
}

static void factory__refuses(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(is_refused, &world);
	assert_met(&world, 0, 0);
}

/* Closes its stream, and waits, before it returns. */
static ASYNC(closes_itself, struct async_stream *, stream, struct world *, world)
{
	async_stream_write(stream, "bye", 3);
	async_stream_close(stream);
	meet(world, async_stream_wait_closed(stream));
	async_sleep(0);
	meet(world, async_stream_is_closing(stream));
	return 0;
}

static struct async_coroutine *lets_close_itself(struct async_stream *stream, void *arg)
{
	return closes_itself(stream, arg);
}

static void is_closed_by_server(struct world *world)
{
	char data[4];

	async_start_server(lets_close_itself, world, "127.0.0.1", 0, &world->server);
	connect_to(world, &world->stream);
	meet(world, async_stream_read_exactly(world->stream, data, 3));
	async_stream_free(world->stream);
	async_server_close(world->server);
	async_server_wait_closed(world->server);
	async_server_free(world->server);
	settle();
}

static void serve__closes_its_stream(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(is_closed_by_server, &world);
	assert_int_equal(world.count, 3);
	assert_int_equal(world.met[0] + world.met[1] + world.met[2], 0 + 1 + 3);
}

enum { CROWD = 250 };

static void is_crowded(struct world *world)
{
	struct async_stream **crowd = calloc(CROWD, sizeof(*crowd));
	int64_t connected = 0, answered = 0;
	int i;

	start(world);
	for (i = 0; i < CROWD; i++)
		connected += !connect_to(world, &crowd[i]);
	for (i = 0; i < CROWD; i++)
		answered += ask(crowd[i]);
	for (i = 0; i < CROWD; i++)
		async_stream_free(crowd[i]);
	free(crowd);
	meet(world, connected);
	meet(world, answered);
	async_server_close(world->server);
	meet(world, async_server_wait_closed(world->server));
	async_server_free(world->server);
}

static void accept__more_than_in_one_step(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(is_crowded, &world);
	assert_met(&world, CROWD, CROWD, 0);
}

/* As many as are allowed but the one that the client's end takes. */
static void runs_out_of_descriptors(struct world *world)
{
	struct rlimit before, limit;
	int lowest = dup(0);

	start(world);
	getrlimit(RLIMIT_NOFILE, &before);
	close(lowest);
	limit = (struct rlimit){ .rlim_cur = lowest + 2, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &limit);
	meet(world, connect_to(world, &world->stream));
	settle();
	setrlimit(RLIMIT_NOFILE, &before);
	/* It has not tried again: an answer comes only when its pause is over. */
	meet(world, ask(world->stream));
	async_stream_free(world->stream);
	async_server_close(world->server);
	meet(world, async_server_wait_closed(world->server));
	async_server_free(world->server);
}

static void accept__with_too_many_open_files(void **state)
{
	struct world world = { 0 };
	struct timespec before, after;

	capture_setup(state);
	clock_gettime(CLOCK_MONOTONIC, &before);
	run_scenario(runs_out_of_descriptors, &world);
	capture_teardown(state);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_met(&world, 0, 1, 0);
	/* Timers are never early: it has paused. */
	assert_true((after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec -
			    before.tv_nsec >=
		    1000000000LL);
	assert_captured("%s", "ERROR: socket.accept() out of system resource\nEMFILE\n");
}

static void reads_line_of_other(struct world *world)
{
	const char *line;

	meet(world, async_stream_read_line(world->other, &line));
}

static void waits_for_end_of_other(struct world *world)
{
	meet(world, async_stream_wait_closed(world->other));
}

static ASYNC(hand_over, struct async_stream *, stream, struct world *, world)
{
	char byte;

	world->other = stream;
	async_task_detach(beside(reads_line_of_other, world));
	async_task_detach(beside(waits_for_end_of_other, world));
	async_sleep(0);
	return async_stream_read(stream, &byte, 1) == -EBUSY ? 0 : -EIO;
}

static struct async_coroutine *hands_over(struct async_stream *stream, void *arg)
{
	return hand_over(stream, arg);
}

static void outlives_its_server(struct world *world)
{
	struct async_stream *client;
	char byte;

	async_start_server(hands_over, world, "127.0.0.1", 0, &world->server);
	connect_to(world, &client);
	async_stream_write(client, "no line", 7);
	while (async_stream_read(client, &byte, 1) > 0)
		;
	settle();
	async_stream_free(client);
	async_server_free(world->server);
}

static void serve__ends_before_others_who_use_its_stream(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(outlives_its_server, &world);
	assert_met(&world, -EBADF, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(start__at_a_port_in_use),
		STREAM_TEST(start__on_all_addresses),
		STREAM_TEST(start__where_it_cannot),
		STREAM_TEST(start__without_a_loop),
		STREAM_TEST(path__left_over),
		STREAM_TEST(path__of_a_file),
		STREAM_TEST(path__that_is_null),
		STREAM_TEST(path__taken_over_by_another_server),
		STREAM_TEST(close__while_a_connection_goes_on),
		STREAM_TEST(free__while_a_connection_goes_on),
		STREAM_TEST(free__by_what_it_calls),
		STREAM_TEST(close__of_the_loop),
		STREAM_TEST(serve__fails),
		STREAM_TEST(factory__refuses),
		STREAM_TEST(serve__closes_its_stream),
		STREAM_TEST(accept__more_than_in_one_step),
		STREAM_TEST(accept__with_too_many_open_files),
		STREAM_TEST(serve__ends_before_others_who_use_its_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
