/* SPDX-License-Identifier: BSD-2-Clause */
/* Transports and what they tell their protocols, after asyncio's test_selector_events.py. */
#include "streams.h"
#include <runtime/runtime.h>

/* A protocol that writes down what it is told, and does what the test says. */
struct witness {
	struct async_transport *transport;
	char told[256];
	size_t bytes;
	bool keep_open;
	void (*when_made)(struct witness *witness);
	void (*when_data)(struct witness *witness);
	struct async_future *lost;
	int error;
	struct witness *other;
	int peer;
};

static void tell(struct witness *witness, const char *what)
{
	size_t length = strlen(witness->told);

	snprintf(witness->told + length, sizeof(witness->told) - length, "%s%s", length ? " " : "",
		 what);
}

static void made(void *self, struct async_transport *transport)
{
	struct witness *witness = self;

	witness->transport = transport;
	tell(witness, "made");
	if (witness->when_made)
		witness->when_made(witness);
}

static void received(void *self, const void *data, size_t size)
{
	struct witness *witness = self;

	(void)data;
	if (!witness->bytes)
		tell(witness, "data");
	witness->bytes += size;
	if (witness->when_data)
		witness->when_data(witness);
}

static bool ended(void *self)
{
	struct witness *witness = self;

	tell(witness, "eof");
	return witness->keep_open;
}

static void lost(void *self, int error)
{
	struct witness *witness = self;

	tell(witness, "lost");
	witness->error = error;
	witness->transport = NULL;
	if (witness->lost)
		async_future_set_result(witness->lost, 0);
}

static void paused(void *self)
{
	tell(self, "pause");
}

static void resumed(void *self)
{
	tell(self, "resume");
}

static const struct async_protocol protocol = {
	.connection_made = made,
	.data_received = received,
	.eof_received = ended,
	.connection_lost = lost,
	.pause_writing = paused,
	.resume_writing = resumed,
};

/* Begins on one end of a socketpair; the other one is the peer. */
static void begin(struct witness *witness)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) ||
	    async__transport_new(async_get_running_loop(), pair[0], true, true, &protocol, witness,
				 NULL))
		abort();
	witness->peer = pair[1];
	witness->lost = async_future_new(NULL);
}

static void peer_says(const struct witness *witness, const char *text)
{
	if (write(witness->peer, text, strlen(text)) < 0)
		abort();
}

static void wait_lost(struct witness *witness)
{
	async_await_future(async_future_ref(witness->lost));
}

static void finish(struct witness *witness)
{
	if (witness->transport)
		async_transport_abort(witness->transport);
	wait_lost(witness);
	async_future_unref(witness->lost);
	close(witness->peer);
}

/* --- The order of things --------------------------------------------------------------------- */

static void lives(struct world *world)
{
	struct witness *witness = world->more;

	begin(witness);
	meet(world, witness->transport != NULL);
	peer_says(witness, "hello");
	settle();
	meet(world, witness->bytes);
	shutdown(witness->peer, SHUT_WR);
	wait_lost(witness);
	meet(world, read(witness->peer, world->text, 1));
	finish(witness);
}

static void protocol__hears_all_in_order(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(lives, &world);
	assert_met(&world, true, 5, 0);
	assert_string_equal(witness.told, "made data eof lost");
	assert_int_equal(witness.error, 0);
}

static void stays_open(struct world *world)
{
	struct witness *witness = world->more;

	witness->keep_open = true;
	begin(witness);
	shutdown(witness->peer, SHUT_WR);
	settle();
	meet(world, async_transport_is_closing(witness->transport));
	meet(world, async_transport_is_reading(witness->transport));
	meet(world, async_transport_write(witness->transport, "still", 5));
	meet(world, read(witness->peer, world->text, 64));
	finish(witness);
}

static void eof_received__keeps_writing(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(stays_open, &world);
	assert_met(&world, false, false, 0, 5);
	assert_string_equal(witness.told, "made eof lost");
}

static void closes(struct witness *witness)
{
	async_transport_close(witness->transport);
	async_transport_close(witness->transport);
}

static void is_closed_in_callback(struct world *world)
{
	struct witness *witness = world->more;

	begin(witness);
	meet(world, witness->transport != NULL);
	peer_says(witness, "a");
	settle();
	meet(world, witness->transport == NULL);
	finish(witness);
}

static void close__in_connection_made(void **state)
{
	struct witness witness = { .when_made = closes };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(is_closed_in_callback, &world);
	assert_met(&world, true, true);
	assert_string_equal(witness.told, "made lost");
}

static void close__in_data_received(void **state)
{
	struct witness witness = { .when_data = closes };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(is_closed_in_callback, &world);
	assert_met(&world, true, true);
	assert_string_equal(witness.told, "made data lost");
}

static void is_closed_for_later(struct world *world)
{
	struct witness *witness = world->more;

	begin(witness);
	async_transport_close(witness->transport);
	meet(world, async_transport_is_closing(witness->transport));
	/* It is told later, by the loop. */
	meet(world, strcmp(witness->told, "made"));
	meet(world, async_transport_write(witness->transport, "x", 1));
	wait_lost(witness);
	meet(world, read(witness->peer, world->text, 1));
	finish(witness);
}

static void close__is_told_by_the_loop(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(is_closed_for_later, &world);
	assert_met(&world, true, 0, 0, 0);
}

static void has_null_callbacks(struct world *world)
{
	static const struct async_protocol nothing = { 0 };
	struct async_transport *transport;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return;
	meet(world, async__transport_new(async_get_running_loop(), pair[0], true, true, &nothing,
					 NULL, &transport));
	meet(world, write(pair[1], "abc", 3));
	close(pair[1]);
	settle();
}

static void protocol__without_callbacks(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(has_null_callbacks, &world);
	assert_met(&world, 0, 3);
}

/* --- Reading --------------------------------------------------------------------------------- */

static void pauses(struct world *world)
{
	struct witness *witness = world->more;

	begin(witness);
	async_transport_pause_reading(witness->transport);
	async_transport_pause_reading(witness->transport);
	meet(world, async_transport_is_reading(witness->transport));
	peer_says(witness, "hello");
	settle();
	meet(world, witness->bytes);
	async_transport_resume_reading(witness->transport);
	async_transport_resume_reading(witness->transport);
	meet(world, async_transport_is_reading(witness->transport));
	settle();
	meet(world, witness->bytes);
	finish(witness);
}

static void pause_reading__and_resume(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(pauses, &world);
	assert_met(&world, false, 0, true, 5);
}

static void pauses_itself(struct witness *witness)
{
	async_transport_pause_reading(witness->transport);
}

static void pauses_in_callback(struct world *world)
{
	struct witness *witness = world->more;
	static const char data[200000];
	int64_t sent;

	begin(witness);
	sent = write(witness->peer, data, sizeof(data));
	settle();
	meet(world, witness->bytes < (size_t)sent);
	while (witness->bytes < (size_t)sent) {
		async_transport_resume_reading(witness->transport);
		async_sleep(0);
	}
	meet(world, witness->bytes == (size_t)sent);
	finish(witness);
}

static void pause_reading__in_data_received(void **state)
{
	struct witness witness = { .when_data = pauses_itself };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(pauses_in_callback, &world);
	assert_met(&world, true, true);
}

/* The peer sends whenever it is heard: without a bound that step would never end. */
static void feeds_itself(struct witness *witness)
{
	static const char data[65536];

	if (witness->bytes < 64 << 20 && write(witness->peer, data, sizeof(data)) < 0)
		abort();
}

static void is_fed(struct world *world)
{
	struct witness *witness = world->more;
	int turns = 0;

	begin(witness);
	peer_says(witness, "x");
	while (witness->bytes <= 1)
		async_sleep(0);
	while (witness->bytes < 64 << 20) {
		async_sleep(0);
		turns++;
	}
	meet(world, turns >= 32);
	finish(witness);
}

static void read__lets_others_have_their_turn(void **state)
{
	struct witness witness = { .when_data = feeds_itself };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(is_fed, &world);
	assert_met(&world, true);
}

/* --- Writing --------------------------------------------------------------------------------- */

static void drain_peer(const struct witness *witness)
{
	static char data[1 << 20];

	while (read(witness->peer, data, sizeof(data)) > 0)
		settle();
}

static void fills(struct world *world)
{
	static const char data[2 << 20];
	struct witness *witness = world->more;

	begin(witness);
	meet(world, async_transport_set_write_buffer_limits(witness->transport, 1, 2));
	meet(world, async_transport_write(witness->transport, data, sizeof(data)));
	meet(world, async_transport_get_write_buffer_size(witness->transport) > 65536);
	drain_peer(witness);
	meet(world, async_transport_get_write_buffer_size(witness->transport));
	meet(world, async_transport_write(witness->transport, data, sizeof(data)));
	meet(world, async_transport_write(witness->transport, data, sizeof(data)));
	finish(witness);
}

static void pause_writing__and_resume(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(fills, &world);
	assert_met(&world, -EINVAL, 0, true, 0, 0, 0);
	assert_string_equal(witness.told, "made pause resume pause lost");
}

static void lowers_limit(struct world *world)
{
	static const char data[256 << 10];
	struct witness *witness = world->more;

	begin(witness);
	async_transport_set_write_buffer_limits(witness->transport, 1 << 20, 0);
	async_transport_write(witness->transport, data, sizeof(data));
	meet(world, strcmp(witness->told, "made"));
	meet(world, async_transport_set_write_buffer_limits(witness->transport, 0, 0));
	meet(world, strcmp(witness->told, "made pause"));
	finish(witness);
}

static void write_buffer_limits__lowered(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(lowers_limit, &world);
	assert_met(&world, 0, 0, 0);
}

static void closes_full(struct world *world)
{
	static const char data[1 << 20];
	static char copy[2 << 20];
	struct witness *witness = world->more;
	int64_t got, sum = 0;

	begin(witness);
	async_transport_write(witness->transport, data, sizeof(data));
	async_transport_close(witness->transport);
	/* As in asyncio, what is written meanwhile goes the same way. */
	meet(world, async_transport_write(witness->transport, "x", 1));
	settle();
	meet(world, strstr(witness->told, "lost") == NULL);
	while ((got = read(witness->peer, copy, sizeof(copy))) > 0) {
		sum += got;
		settle();
	}
	meet(world, sum);
	finish(witness);
}

static void close__writes_what_is_buffered(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(closes_full, &world);
	assert_met(&world, 0, true, (1 << 20) + 1);
}

static void aborts_full(struct world *world)
{
	static const char data[1 << 20];
	struct witness *witness = world->more;

	begin(witness);
	async_transport_write(witness->transport, data, sizeof(data));
	async_transport_abort(witness->transport);
	meet(world, async_transport_get_write_buffer_size(witness->transport));
	meet(world, strstr(witness->told, "lost") == NULL);
	wait_lost(witness);
	finish(witness);
}

static void abort__drops_what_is_buffered(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(aborts_full, &world);
	assert_met(&world, 0, true);
	assert_int_equal(witness.error, 0);
}

static void writes_to_the_gone(struct world *world)
{
	struct witness *witness = world->more;

	begin(witness);
	witness->keep_open = true;
	close(witness->peer);
	meet(world, async_transport_write(witness->transport, "x", 1));
	meet(world, async_transport_is_closing(witness->transport));
	meet(world, async_transport_write(witness->transport, "x", 1));
	wait_lost(witness);
	witness->peer = -1;
	finish(witness);
}

static void write__to_a_peer_that_is_gone(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(writes_to_the_gone, &world);
	assert_met(&world, 0, true, 0);
	assert_int_equal(witness.error, -EPIPE);
	assert_string_equal(witness.told, "made lost");
}

static void writes_eof_behind_bytes(struct world *world)
{
	static const char data[1 << 20];
	struct witness *witness = world->more;

	begin(witness);
	async_transport_write(witness->transport, data, sizeof(data));
	meet(world, async_transport_can_write_eof(witness->transport));
	meet(world, async_transport_write_eof(witness->transport));
	meet(world, async_transport_write(witness->transport, "x", 1));
	drain_peer(witness);
	meet(world, read(witness->peer, world->text, 1));
	meet(world, async_transport_is_closing(witness->transport));
	peer_says(witness, "heard");
	settle();
	meet(world, witness->bytes);
	finish(witness);
}

static void write_eof__behind_bytes(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(writes_eof_behind_bytes, &world);
	assert_met(&world, true, 0, -EPIPE, 0, false, 5);
}

/* --- Pipes ----------------------------------------------------------------------------------- */

static void pipes(struct world *world)
{
	struct witness *reader = world->more, *writer = reader->other;
	struct async_loop *loop = async_get_running_loop();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) ||
	    async__transport_new(loop, ends[0], true, false, &protocol, reader, NULL) ||
	    async__transport_new(loop, ends[1], false, true, &protocol, writer, NULL))
		return;
	meet(world, async_transport_write(reader->transport, "x", 1));
	meet(world, async_transport_is_reading(writer->transport));
	async_transport_write(writer->transport, "through", 7);
	settle();
	meet(world, reader->bytes);
	async_transport_close(reader->transport);
	settle();
	meet(world, writer->error);
}

static void pipe__from_one_to_the_other(void **state)
{
	struct witness writer = { 0 }, reader = { .other = &writer };
	struct world world = { .more = &reader };

	(void)state;
	run_scenario(pipes, &world);
	assert_met(&world, -EBADF, false, 7, 0);
	assert_string_equal(reader.told, "made data lost");
	assert_string_equal(writer.told, "made lost");
}

/* --- Errors and hazards ---------------------------------------------------------------------- */

static void *gives_witness(void *arg)
{
	return arg;
}

static void is_reset(struct world *world)
{
	struct witness *server = world->more, *client = server->other;
	struct linger now = { .l_onoff = 1 };
	struct async_transport *transport;

	server->lost = async_future_new(NULL);
	meet(world,
	     async_create_server(&protocol, gives_witness, server, "127.0.0.1", 0, &world->server));
	meet(world, async_create_connection(&protocol, client, "127.0.0.1",
					    async_server_port(world->server), &transport));
	meet(world, strcmp(client->told, "made"));
	settle();
	setsockopt(async_transport_fd(transport), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	async_transport_abort(transport);
	wait_lost(server);
	async_future_unref(server->lost);
	async_server_close(world->server);
	meet(world, async_server_wait_closed(world->server));
	async_server_free(world->server);
}

static void connection_lost__after_a_reset(void **state)
{
	struct witness client = { 0 }, server = { .other = &client };
	struct world world = { .more = &server };

	(void)state;
	run_scenario(is_reset, &world);
	assert_met(&world, 0, 0, 0, 0);
	assert_int_equal(server.error, -ECONNRESET);
	assert_string_equal(server.told, "made lost");
}

static void connects_by_path(struct world *world)
{
	struct witness *server = world->more, *client = server->other;
	char path[64];

	client->lost = async_future_new(NULL);
	snprintf(path, sizeof(path), "@transport-%d", getpid());
	meet(world,
	     async_create_unix_server(&protocol, gives_witness, server, path, &world->server));
	meet(world, async_create_unix_connection(&protocol, client, path, NULL));
	settle();
	async_transport_write(server->transport, "hi", 2);
	async_transport_close(server->transport);
	wait_lost(client);
	async_future_unref(client->lost);
	async_server_free(world->server);
}

static void connection__by_path(void **state)
{
	struct witness client = { 0 }, server = { .other = &client };
	struct world world = { .more = &server };

	(void)state;
	run_scenario(connects_by_path, &world);
	assert_met(&world, 0, 0);
	assert_string_equal(client.told, "made data eof lost");
	assert_string_equal(server.told, "made lost");
}

static void is_refused(struct world *world)
{
	meet(world,
	     async_create_unix_connection(&protocol, world->more, "/tmp/no-such/socket", NULL));
	meet(world,
	     async_create_connection(&protocol, world->more, "no-such-host.invalid", 80, NULL));
}

static void connection__refused(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(is_refused, &world);
	assert_met(&world, -ENOENT, -EHOSTUNREACH);
	assert_string_equal(witness.told, "");
}

/*
 * Two descriptors have events in one batch. The first one's callback closes the second, whose
 * number is taken by a third: which must not be told of what was the second's.
 */
static void replaces_other(struct witness *witness)
{
	struct witness *other = witness->other, *third = other->other;
	int fd = async_transport_fd(other->transport), pair[2];

	async_transport_abort(other->transport);
	other->transport = NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		abort();
	third->bytes = 0;
	third->peer = pair[1];
	third->error = fd;
	async__transport_new(async_get_running_loop(), pair[0], true, true, &protocol, third, NULL);
	witness->when_data = NULL;
}

static void reuses_number(struct world *world)
{
	struct witness *first = world->more, *second = first->other, *third = second->other;

	begin(first);
	begin(second);
	peer_says(first, "x");
	peer_says(second, "x");
	settle();
	meet(world, third->bytes);
	meet(world, strcmp(third->told, "made"));
	async_transport_abort(third->transport);
	close(third->peer);
	finish(second);
	finish(first);
}

static void descriptor__closed_and_another_in_its_place(void **state)
{
	struct witness third = { 0 }, second = { .other = &third },
		       first = { .other = &second, .when_data = replaces_other };
	struct world world = { .more = &first };

	(void)state;
	run_scenario(reuses_number, &world);
	assert_met(&world, 0, 0);
	assert_string_equal(first.told, "made data lost");
}

static void leaves_open(struct world *world)
{
	static const char data[1 << 20];
	struct witness *witness = world->more;

	begin(witness);
	async_future_unref(witness->lost);
	witness->lost = NULL;
	async_transport_write(witness->transport, data, sizeof(data));
	peer_says(witness, "x");
}

static void close__of_the_loop(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	async_loop_run_until_complete(loop, plays(leaves_open, &world));
	async_loop_close(loop);
	close(witness.peer);
	/* The byte may have come before the loop stopped. */
	assert_memory_equal(witness.told, "made pause", strlen("made pause"));
	assert_null(strstr(witness.told, "lost"));
}

/* asyncio.run() goes on for some iterations. */
static void close_transport(void *transport)
{
	async_transport_close(transport);
}

static void leaves_closing(struct world *world)
{
	struct witness *witness = world->more;

	begin(witness);
	async_future_unref(witness->lost);
	witness->lost = NULL;
	async_call_soon(NULL, close_transport, witness->transport);
}

static void close__as_the_main_task_ends(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(leaves_closing, &world);
	close(witness.peer);
	assert_string_equal(witness.told, "made lost");
}

static void count_warning(enum async_log_level level, const char *message, void *arg)
{
	struct world *world = arg;

	meet(world, level);
	snprintf(world->text, sizeof(world->text), "%s", message);
}

static void writes_in_vain(struct world *world)
{
	struct witness *witness = world->more;
	int i;

	begin(witness);
	close(witness->peer);
	async_log_set_handler(count_warning, world);
	for (i = 1; i <= 7; i++) {
		meet(world, i);
		async_transport_write(witness->transport, "x", 1);
	}
	async_log_set_handler(NULL, NULL);
	async_await_future(witness->lost);
}

/* The first one finds that the connection is lost. */
static void write__to_a_lost_connection_is_logged(void **state)
{
	struct witness witness = { 0 };
	struct world world = { .more = &witness };

	(void)state;
	run_scenario(writes_in_vain, &world);
	assert_met(&world, 1, 2, 3, 4, 5, 6, ASYNC_LOG_WARNING, 7, ASYNC_LOG_WARNING);
	assert_string_equal(world.text, "socket.send() raised exception.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(protocol__hears_all_in_order),
		STREAM_TEST(eof_received__keeps_writing),
		STREAM_TEST(close__in_connection_made),
		STREAM_TEST(close__in_data_received),
		STREAM_TEST(close__is_told_by_the_loop),
		STREAM_TEST(protocol__without_callbacks),
		STREAM_TEST(pause_reading__and_resume),
		STREAM_TEST(pause_reading__in_data_received),
		STREAM_TEST(read__lets_others_have_their_turn),
		STREAM_TEST(pause_writing__and_resume),
		STREAM_TEST(write_buffer_limits__lowered),
		STREAM_TEST(close__writes_what_is_buffered),
		STREAM_TEST(abort__drops_what_is_buffered),
		STREAM_TEST(write__to_a_peer_that_is_gone),
		STREAM_TEST(write_eof__behind_bytes),
		STREAM_TEST(pipe__from_one_to_the_other),
		STREAM_TEST(connection_lost__after_a_reset),
		STREAM_TEST(connection__by_path),
		STREAM_TEST(connection__refused),
		STREAM_TEST(descriptor__closed_and_another_in_its_place),
		STREAM_TEST(close__of_the_loop),
		STREAM_TEST(close__as_the_main_task_ends),
		STREAM_TEST(write__to_a_lost_connection_is_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
