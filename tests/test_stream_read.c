/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading from streams, as asyncio's test_streams.py has it. */
#include "streams.h"
#include <runtime/runtime.h>

static void read_into_text(struct world *world, size_t size)
{
	char data[256];
	int64_t got = async_stream_read(world->stream, data, size);

	keep(world, data, got);
	meet(world, got);
}

static void read_line_into_text(struct world *world)
{
	const char *line = NULL;
	int64_t got = async_stream_read_line(world->stream, &line);

	keep(world, line, got);
	meet(world, got);
}

static void until_into_text(struct world *world, const char *separator)
{
	const char *data = NULL;
	int64_t got = async_stream_read_until(world->stream, separator, strlen(separator), &data);

	keep(world, data, got);
	meet(world, got);
}

static void exactly_into_text(struct world *world, size_t size)
{
	char data[256];
	int64_t got = async_stream_read_exactly(world->stream, data, size);

	keep(world, data, got);
	meet(world, got);
}

/* --- read ------------------------------------------------------------------------------------ */

static void reads_what_there_is(struct world *world)
{
	say(world, "hello");
	read_into_text(world, 64);
}

static void read__gives_what_there_is(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_what_there_is, &world);
	assert_met(&world, 5);
	assert_string_equal(world.text, "hello");
}

static void reads_in_parts(struct world *world)
{
	say(world, "hello");
	read_into_text(world, 2);
	read_into_text(world, 2);
	read_into_text(world, 2);
}

static void read__gives_no_more_than_asked_for(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_in_parts, &world);
	assert_met(&world, 2, 2, 1);
	assert_string_equal(world.text, "hello");
}

static void says_later(struct world *world)
{
	settle();
	meet(world, world->task->awaits->type);
	meet(world, world->task->awaits->number ==
			    (uint64_t)async_transport_fd(async_stream_transport(world->stream)));
	say(world, "late");
}

static void waits_for_bytes(struct world *world)
{
	struct async_task *other = beside(says_later, world);

	world->task = async_current_task();
	read_into_text(world, 64);
	async_await(other);
}

static void read__waits_for_the_descriptor(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(waits_for_bytes, &world);
	assert_met(&world, AT_READ, true, 4);
	assert_string_equal(world.text, "late");
}

static void reads_to_the_end(struct world *world)
{
	say(world, "all");
	hang_up(world);
	meet(world, async_stream_at_eof(world->stream));
	read_into_text(world, 64);
	meet(world, async_stream_at_eof(world->stream));
	read_into_text(world, 64);
	meet(world, async_stream_at_eof(world->stream));
	read_into_text(world, 64);
}

static void read__at_the_end(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_to_the_end, &world);
	assert_met(&world, false, 3, false, 0, true, 0);
}

static void reads_nothing(struct world *world)
{
	read_into_text(world, 0);
	exactly_into_text(world, 0);
}

static void read__of_nothing_does_not_wait(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_nothing, &world);
	assert_met(&world, 0, 0);
}

static void reads_behind_a_line(struct world *world)
{
	say(world, "line\nrest");
	read_line_into_text(world);
	hang_up(world);
	read_into_text(world, 2);
	meet(world, async_stream_at_eof(world->stream));
	read_into_text(world, 64);
	read_into_text(world, 64);
}

static void read__gives_what_a_line_has_left(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_behind_a_line, &world);
	assert_met(&world, 5, 2, false, 2, 0);
	assert_string_equal(world.text, "line\nrest");
}

static void reads_beside(struct world *world)
{
	read_into_text(world, 64);
}

static void two_read(struct world *world)
{
	struct async_task *other = beside(reads_beside, world);
	const char *line;

	settle();
	read_into_text(world, 64);
	meet(world, async_stream_read_line(world->stream, &line));
	meet(world, async_stream_read_exactly(world->stream, world->text, 1));
	say(world, "x");
	async_await(other);
}

static void read__is_for_one_task(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(two_read, &world);
	assert_met(&world, -EBUSY, -EBUSY, -EBUSY, 1);
}

static void is_cancelled_reading(struct world *world)
{
	struct async_task *other = beside(reads_beside, world);

	settle();
	async_task_cancel(other);
	async_await(other);
	say(world, "kept");
	read_into_text(world, 64);
}

static void read__cancelled(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(is_cancelled_reading, &world);
	assert_met(&world, -ECANCELED, 4);
}

/* Bytes come, and the task is cancelled before it has its turn. */
static void is_cancelled_with_bytes(struct world *world)
{
	struct async_task *other = beside(reads_beside, world);

	settle();
	say(world, "kept");
	while (other->awaits && other->awaits->state == PENDING)
		async_sleep(0);
	async_task_cancel(other);
	async_await(other);
	read_into_text(world, 64);
}

static void read__cancelled_when_bytes_have_come(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(is_cancelled_with_bytes, &world);
	assert_true(world.count == 2 && world.met[0] + world.met[1] != 0);
	assert_string_equal(world.text, "kept");
}

static void reads_without_a_task(void *arg)
{
	struct world *world = arg;
	const char *line;

	read_into_text(world, 64);
	meet(world, async_stream_read_line(world->stream, &line));
	meet(world, async_stream_drain(world->stream));
	meet(world, async_stream_wait_closed(world->stream));
	async_future_set_result(world->more, 0);
}

static void calls_back(struct world *world)
{
	world->more = async_future_new(NULL);
	async_call_soon(NULL, reads_without_a_task, world);
	async_await_future(world->more);
}

static void read__outside_of_a_task(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(calls_back, &world);
	assert_met(&world, -EPERM, -EPERM, -EPERM, -EPERM);
}

static void reads_after_close(struct world *world)
{
	say(world, "x");
	async_stream_close(world->stream);
	read_into_text(world, 64);
	read_line_into_text(world);
	exactly_into_text(world, 1);
}

static void read__after_close(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_after_close, &world);
	assert_met(&world, -EBADF, -EBADF, -EBADF);
}

static void is_closed_while_reading(struct world *world)
{
	struct async_task *other = beside(reads_beside, world);

	settle();
	async_stream_close(world->stream);
	async_await(other);
	read_into_text(world, 64);
	strcpy(world->text, async_error_message(-EBADF));
	meet(world, async_stream_at_eof(world->stream));
}

static void read__closed_meanwhile(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(is_closed_while_reading, &world);
	assert_met(&world, 0, -EBADF, true);
	assert_string_equal(world.text, "the stream is closed");
}

/* The descriptor stays open until the peer has read. */
static void is_closed_with_bytes(struct world *world)
{
	static const char data[4 << 20];
	struct async_task *other = beside(reads_beside, world);

	settle();
	async_stream_write(world->stream, data, sizeof(data));
	async_stream_close(world->stream);
	async_await(other);
	meet(world, async_transport_fd(async_stream_transport(world->stream)) >= 0);
	hang_up(world);
}

static void read__closed_while_bytes_are_written(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(is_closed_with_bytes, &world);
	assert_met(&world, 0, true);
}

static void counts_turns(struct world *world)
{
	while (!async_stream_at_eof(world->stream)) {
		(*(int *)world->more)++;
		async_sleep(0);
	}
}

static void reads_greedily(struct world *world)
{
	char data[4096] = { 0 };
	int turns = 0;
	struct async_task *other;

	world->more = &turns;
	if (write(world->peer, data, sizeof(data)) != sizeof(data))
		return;
	hang_up(world);
	other = beside(counts_turns, world);
	while (async_stream_read(world->stream, data, 1) > 0)
		continue;
	meet(world, turns >= 4096 / 32);
	async_await(other);
}

static void read__of_what_is_there_lets_others_run(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_greedily, &world);
	assert_met(&world, true);
}

static void reads_pipe(struct world *world)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) || async_stream_from_fd(ends[0], &world->stream))
		return;
	world->peer = ends[1];
	say(world, "from a pipe\nand more");
	read_line_into_text(world);
	hang_up(world);
	read_into_text(world, 64);
	read_into_text(world, 64);
	meet(world, async_stream_write(world->stream, "x", 1));
	meet(world, async_stream_can_write_eof(world->stream));
	meet(world, async_stream_write_eof(world->stream));
	async_stream_free(world->stream);
}

static void read__from_a_pipe(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(reads_pipe, &world);
	assert_met(&world, 12, 8, 0, -EBADF, false, -EOPNOTSUPP);
	assert_string_equal(world.text, "from a pipe\nand more");
}

static void reads_terminal(struct world *world)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave = grantpt(master) || unlockpt(master)
			    ? -1
			    : open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0 || async_stream_from_fd(slave, &world->stream))
		return;
	world->peer = master;
	/* A terminal gives one line at a time: a short read does not mean that it is empty. */
	say(world, "one\ntwo\n");
	read_into_text(world, 64);
	read_into_text(world, 64);
	hang_up(world);
	read_into_text(world, 64);
	async_stream_free(world->stream);
}

static void read__from_a_terminal(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(reads_terminal, &world);
	assert_met(&world, 4, 4, 0);
	assert_string_equal(world.text, "one\ntwo\n");
}

static void reads_datagrams(struct world *world)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) ||
	    async_stream_from_fd(pair[0], &world->stream))
		return;
	world->peer = pair[1];
	say(world, "one");
	say(world, "two");
	read_into_text(world, 64);
	read_into_text(world, 64);
	hang_up(world);
	async_stream_free(world->stream);
}

static void read__of_datagrams(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(reads_datagrams, &world);
	assert_met(&world, 3, 3);
	assert_string_equal(world.text, "onetwo");
}

/* --- read_exactly ---------------------------------------------------------------------------- */

static void says_rest(struct world *world)
{
	settle();
	say(world, "lo world");
}

static void reads_exactly(struct world *world)
{
	struct async_task *other = beside(says_rest, world);

	say(world, "hel");
	exactly_into_text(world, 5);
	async_await(other);
	read_into_text(world, 64);
}

static void read_exactly__waits_for_all(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_exactly, &world);
	assert_met(&world, 5, 6);
	assert_string_equal(world.text, "hello world");
}

static void reads_more_than_there_is(struct world *world)
{
	char data[10000];
	int64_t got;

	say(world, "too little");
	hang_up(world);
	got = async_stream_read_exactly(world->stream, data, 100);
	meet(world, got);
	strcpy(world->text, async_error_message(got));
	meet(world, async_stream_read_exactly(world->stream, data, sizeof(data)));
	meet(world, async_stream_at_eof(world->stream));
	meet(world, async_stream_read(world->stream, data, sizeof(data)));
	meet(world, async_stream_read_exactly(world->stream, data, 1));
}

static void read_exactly__of_more_than_there_is(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_more_than_there_is, &world);
	assert_met(&world, -ENODATA, -ENODATA, false, 10, -ENODATA);
	assert_string_equal(world.text, "10 bytes read on a total of 100 expected bytes");
}

enum { MUCH = 300000 };

static void says_much(struct world *world)
{
	char *data = malloc(MUCH);
	int i;

	for (i = 0; i < MUCH; i++)
		data[i] = i % 251;
	async_stream_write(world->other, data, MUCH);
	async_stream_drain(world->other);
	free(data);
}

static void reads_much(struct world *world)
{
	char *data = malloc(MUCH);
	struct async_task *other;
	int i, wrong = 0;

	async_stream_from_fd(world->peer, &world->other);
	world->peer = -1;
	other = beside(says_much, world);
	meet(world, async_stream_read_exactly(world->stream, data, MUCH));
	for (i = 0; i < MUCH; i++)
		wrong += data[i] != (char)(i % 251);
	meet(world, wrong);
	async_await(other);
	async_stream_free(world->other);
	free(data);
}

static void read_exactly__of_more_than_the_limit(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_much, &world);
	assert_met(&world, MUCH, 0);
}

static void reads_exactly_beside(struct world *world)
{
	char *data = malloc(MUCH);

	meet(world, async_stream_read_exactly(world->stream, data, MUCH));
	free(data);
}

static void is_cancelled_half_way(struct world *world)
{
	struct async_task *other = beside(reads_exactly_beside, world);

	say(world, "0123");
	settle();
	say(world, "456789");
	settle();
	async_task_cancel(other);
	async_await(other);
	read_into_text(world, 64);
}

static void read_exactly__cancelled_loses_nothing(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(is_cancelled_half_way, &world);
	assert_met(&world, -ECANCELED, 10);
	assert_string_equal(world.text, "0123456789");
}

/* --- read_line ------------------------------------------------------------------------------- */

static void reads_lines(struct world *world)
{
	say(world, "one\ntwo\n\nfo");
	read_line_into_text(world);
	read_line_into_text(world);
	read_line_into_text(world);
	say(world, "ur\nlast");
	read_line_into_text(world);
	hang_up(world);
	read_line_into_text(world);
	meet(world, async_stream_at_eof(world->stream));
	read_line_into_text(world);
}

static void read_line__one_after_the_other(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_lines, &world);
	assert_met(&world, 4, 4, 1, 5, 4, true, 0);
	assert_string_equal(world.text, "one\ntwo\n\nfour\nlast");
}

static void reads_long_line(struct world *world)
{
	async_stream_set_limit(world->stream, 4);
	say(world, "1234567\nnext\n");
	read_line_into_text(world);
	strcpy(world->text, async_error_message(-EMSGSIZE));
	strcat(world->text, "; ");
	read_line_into_text(world);
}

static void read_line__longer_than_the_limit(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_long_line, &world);
	assert_met(&world, -EMSGSIZE, 5);
	assert_string_equal(world.text,
			    "Separator is found, but chunk is longer than limit; next\n");
}

static void reads_endless_line(struct world *world)
{
	async_stream_set_limit(world->stream, 4);
	say(world, "1234567");
	read_line_into_text(world);
	strcpy(world->text, async_error_message(-EMSGSIZE));
	strcat(world->text, "; ");
	say(world, "8\nok\n");
	read_line_into_text(world);
	read_line_into_text(world);
}

static void read_line__without_an_end_in_the_limit(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_endless_line, &world);
	assert_met(&world, -EMSGSIZE, 2, 3);
	assert_string_equal(world.text,
			    "Separator is not found, and chunk exceed the limit; 8\nok\n");
}

static void says_without_end(struct world *world)
{
	static const char data[8192] = { 'x' };
	int i;

	for (i = 0; i < 100; i++) {
		async_stream_write(world->other, data, sizeof(data));
		if (async_stream_drain(world->other) < 0)
			break;
	}
}

static void reads_flood(struct world *world)
{
	struct async_task *other;
	const char *line;

	async_stream_from_fd(world->peer, &world->other);
	world->peer = -1;
	other = beside(says_without_end, world);
	meet(world, async_stream_read_line(world->stream, &line));
	async_task_cancel(other);
	async_await(other);
	async_stream_free(world->other);
}

static void read_line__of_a_peer_that_never_ends_it(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_flood, &world);
	assert_met(&world, -EMSGSIZE);
}

static void reads_line_beside(struct world *world)
{
	read_line_into_text(world);
}

static void is_cancelled_in_a_line(struct world *world)
{
	struct async_task *other = beside(reads_line_beside, world);

	say(world, "beg");
	settle();
	async_task_cancel(other);
	async_await(other);
	say(world, "un\n");
	read_line_into_text(world);
}

static void read_line__cancelled_loses_nothing(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(is_cancelled_in_a_line, &world);
	assert_met(&world, -ECANCELED, 6);
	assert_string_equal(world.text, "begun\n");
}

/* --- read_until ------------------------------------------------------------------------------ */

static void says_second_half(struct world *world)
{
	settle();
	say(world, "Z\nrest\r\n");
}

static void reads_until(struct world *world)
{
	struct async_task *other;

	say(world, "aAbAA");
	other = beside(says_second_half, world);
	until_into_text(world, "AAZ");
	until_into_text(world, "\r\n");
	async_await(other);
}

static void read_until__separator_in_pieces(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_until, &world);
	assert_met(&world, 6, 7);
	assert_string_equal(world.text, "aAbAAZ\nrest\r\n");
}

static void reads_up_to_limit(struct world *world)
{
	async_stream_set_limit(world->stream, 4);
	say(world, "1234\n12345\n");
	until_into_text(world, "\n");
	until_into_text(world, "\n");
	until_into_text(world, "\n");
	async_stream_set_limit(world->stream, 5);
	until_into_text(world, "\n");
	until_into_text(world, "");
	meet(world, async_stream_set_limit(world->stream, 0));
}

static void read_until__limit(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_up_to_limit, &world);
	assert_met(&world, 5, -EMSGSIZE, -EMSGSIZE, 6, -EINVAL, -EINVAL);
	assert_string_equal(world.text, "1234\n12345\n");
}

static void reads_until_the_end(struct world *world)
{
	say(world, "partial");
	hang_up(world);
	until_into_text(world, "\n");
	strcpy(world->text, async_error_message(-ENODATA));
	strcat(world->text, "; ");
	read_into_text(world, 64);
}

static void read_until__end_comes_first(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_on_pair(reads_until_the_end, &world);
	assert_met(&world, -ENODATA, 7);
	assert_string_equal(world.text,
			    "7 bytes read on a total of undefined expected bytes; partial");
}

/* --- Errors ---------------------------------------------------------------------------------- */

/* Connected sockets of TCP in place of the pair; the peer's close is a reset. */
static int become_tcp(struct world *world)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct linger now = { .l_onoff = 1 };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		return -1;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&address, size))
		return -1;
	world->peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	setsockopt(world->peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return async_stream_from_fd(fd, &world->stream);
}

static void is_reset(struct world *world)
{
	if (become_tcp(world))
		return;
	say(world, "before");
	read_into_text(world, 64);
	hang_up(world);
	read_into_text(world, 64);
	read_line_into_text(world);
	meet(world, async_stream_drain(world->stream));
	meet(world, async_stream_write(world->stream, "x", 1));
	meet(world, async_stream_wait_closed(world->stream));
	async_stream_free(world->stream);
}

static void read__after_a_reset(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(is_reset, &world);
	assert_met(&world, 6, -ECONNRESET, -ECONNRESET, -ECONNRESET, 0, -ECONNRESET);
}

static void resets_later(struct world *world)
{
	settle();
	hang_up(world);
}

static void is_reset_meanwhile(struct world *world)
{
	struct async_task *other;

	if (become_tcp(world))
		return;
	other = beside(resets_later, world);
	read_into_text(world, 64);
	async_await(other);
	async_stream_free(world->stream);
}

static void read__reset_meanwhile(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(is_reset_meanwhile, &world);
	assert_met(&world, -ECONNRESET);
}

/* The reset comes behind bytes: these first. */
static void is_reset_behind_bytes(struct world *world)
{
	if (become_tcp(world))
		return;
	say(world, "before");
	hang_up(world);
	read_into_text(world, 3);
	read_into_text(world, 64);
	read_into_text(world, 64);
	async_stream_free(world->stream);
}

static void read__reset_behind_bytes(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(is_reset_behind_bytes, &world);
	assert_met(&world, 3, 3, -ECONNRESET);
}

/* A pair of sockets of messages, so that each read gets one. */
static void open_messages(struct world *world, int type)
{
	int pair[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) ||
	    async_stream_from_fd(pair[0], &world->stream))
		abort();
	world->peer = pair[1];
}

static void close_messages(struct world *world)
{
	async_stream_free(world->stream);
	hang_up(world);
}

static void reads_exactly_40(struct world *world)
{
	exactly_into_text(world, 40);
}

static void reads_between(struct world *world)
{
	struct async_task *other;
	int i;

	open_messages(world, SOCK_SEQPACKET);
	for (i = 0; i < 41; i++)
		say(world, "x");
	/* From now on it is known that there is something. */
	read_into_text(world, 1);
	other = beside(reads_exactly_40, world);
	async_sleep(0);
	/* It lets others run after so many reads. */
	meet(world, async_task_done(other));
	read_into_text(world, 1);
	async_await(other);
	close_messages(world);
}

static void read_exactly__is_not_interrupted(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(reads_between, &world);
	assert_met(&world, 1, false, -EBUSY, 40);
}

static void reads_empty_datagrams(struct world *world)
{
	open_messages(world, SOCK_DGRAM);
	if (send(world->peer, "", 0, 0))
		abort();
	say(world, "abc");
	read_into_text(world, 8);
	meet(world, async_stream_at_eof(world->stream));
	read_into_text(world, 8);
	if (send(world->peer, "", 0, 0))
		abort();
	say(world, "line\n");
	read_line_into_text(world);
	close_messages(world);
}

static void read__of_an_empty_datagram(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(reads_empty_datagrams, &world);
	assert_met(&world, 0, false, 3, 5);
	assert_string_equal(world.text, "abcline\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(read__gives_what_there_is),
		STREAM_TEST(read__gives_no_more_than_asked_for),
		STREAM_TEST(read__waits_for_the_descriptor),
		STREAM_TEST(read__at_the_end),
		STREAM_TEST(read__of_nothing_does_not_wait),
		STREAM_TEST(read__gives_what_a_line_has_left),
		STREAM_TEST(read__is_for_one_task),
		STREAM_TEST(read__cancelled),
		STREAM_TEST(read__cancelled_when_bytes_have_come),
		STREAM_TEST(read__outside_of_a_task),
		STREAM_TEST(read__after_close),
		STREAM_TEST(read__closed_meanwhile),
		STREAM_TEST(read__closed_while_bytes_are_written),
		STREAM_TEST(read__of_what_is_there_lets_others_run),
		STREAM_TEST(read__from_a_pipe),
		STREAM_TEST(read__from_a_terminal),
		STREAM_TEST(read__of_datagrams),
		STREAM_TEST(read_exactly__waits_for_all),
		STREAM_TEST(read_exactly__of_more_than_there_is),
		STREAM_TEST(read_exactly__of_more_than_the_limit),
		STREAM_TEST(read_exactly__cancelled_loses_nothing),
		STREAM_TEST(read_line__one_after_the_other),
		STREAM_TEST(read_line__longer_than_the_limit),
		STREAM_TEST(read_line__without_an_end_in_the_limit),
		STREAM_TEST(read_line__of_a_peer_that_never_ends_it),
		STREAM_TEST(read_line__cancelled_loses_nothing),
		STREAM_TEST(read_until__separator_in_pieces),
		STREAM_TEST(read_until__limit),
		STREAM_TEST(read_until__end_comes_first),
		STREAM_TEST(read__after_a_reset),
		STREAM_TEST(read__reset_meanwhile),
		STREAM_TEST(read__reset_behind_bytes),
		STREAM_TEST(read_exactly__is_not_interrupted),
		STREAM_TEST(read__of_an_empty_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
