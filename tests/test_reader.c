/* SPDX-License-Identifier: BSD-2-Clause */
/* Callbacks for descriptors, as asyncio's test_selector_events.py and test_events.py have them. */
#include "streams.h"
#include <limits.h>

/* One end of a pair, what its callbacks do, and how often they were called. */
struct end {
	int fd, peer;
	int reads, writes, others;
	int limit; /* after so many calls it removes its callbacks */
	bool removed;
};

static void open_end(struct end *end)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		abort();
	end->fd = pair[0];
	end->peer = pair[1];
}

static void close_end(struct end *end)
{
	async_loop_remove_reader(NULL, end->fd);
	async_loop_remove_writer(NULL, end->fd);
	close(end->fd);
	if (end->peer >= 0)
		close(end->peer);
}

static void peer_says(const struct end *end, const char *text)
{
	if (write(end->peer, text, strlen(text)) < 0)
		abort();
}

static void counts_reads(void *arg)
{
	struct end *end = arg;

	end->reads++;
	if (end->reads == end->limit)
		end->removed = async_loop_remove_reader(NULL, end->fd);
}

static void counts_writes(void *arg)
{
	struct end *end = arg;

	end->writes++;
	if (end->writes == end->limit)
		end->removed = async_loop_remove_writer(NULL, end->fd);
}

static void counts_others(void *arg)
{
	struct end *end = arg;
	char byte;

	end->others++;
	if (read(end->fd, &byte, 1) < 0)
		abort();
}

static void reads_by_level(struct world *world)
{
	struct end end = { .limit = 5 };

	open_end(&end);
	meet(world, async_loop_add_reader(NULL, end.fd, counts_reads, &end));
	settle();
	meet(world, end.reads);
	peer_says(&end, "x");
	while (!end.removed)
		async_sleep(0);
	settle();
	/* Nobody has read the byte: it is called again and again, until it removes itself. */
	meet(world, end.reads);
	meet(world, async_loop_remove_reader(NULL, end.fd));
	close_end(&end);
}

static void reader__is_called_as_long_as_there_are_bytes(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(reads_by_level, &world);
	assert_met(&world, 0, 0, 5, false);
}

static void reads_what_comes(struct world *world)
{
	struct end end = { 0 };

	open_end(&end);
	async_loop_add_reader(NULL, end.fd, counts_others, &end);
	peer_says(&end, "abc");
	settle();
	meet(world, end.others);
	settle();
	meet(world, end.others);
	meet(world, async_loop_remove_reader(NULL, end.fd));
	peer_says(&end, "d");
	settle();
	meet(world, end.others);
	close_end(&end);
}

static void reader__is_not_called_without_bytes(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(reads_what_comes, &world);
	assert_met(&world, 3, 3, true, 3);
}

static void replaces_reader(struct world *world)
{
	struct end end = { 0 };

	open_end(&end);
	peer_says(&end, "x");
	async_loop_add_reader(NULL, end.fd, counts_reads, &end);
	meet(world, async_loop_add_reader(NULL, end.fd, counts_others, &end));
	settle();
	meet(world, end.reads);
	meet(world, end.others);
	close_end(&end);
}

static void reader__in_place_of_another(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(replaces_reader, &world);
	assert_met(&world, 0, 0, 1);
}

static void writes(struct world *world)
{
	struct end end = { .limit = 3 };

	open_end(&end);
	meet(world, async_loop_add_writer(NULL, end.fd, counts_writes, &end));
	while (!end.removed)
		async_sleep(0);
	settle();
	meet(world, end.writes);
	meet(world, async_loop_remove_writer(NULL, end.fd));
	close_end(&end);
}

static void writer__is_called_as_long_as_there_is_room(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(writes, &world);
	assert_met(&world, 0, 3, false);
}

static void reads_and_writes(struct world *world)
{
	struct end end = { .limit = 2 };

	open_end(&end);
	async_loop_add_reader(NULL, end.fd, counts_others, &end);
	async_loop_add_writer(NULL, end.fd, counts_writes, &end);
	while (!end.removed)
		async_sleep(0);
	meet(world, end.others);
	peer_says(&end, "x");
	settle();
	/* The reader is still there. */
	meet(world, end.others);
	meet(world, end.writes);
	meet(world, async_loop_remove_writer(NULL, end.fd));
	meet(world, async_loop_remove_reader(NULL, end.fd));
	close_end(&end);
}

static void reader__and_writer_of_one_descriptor(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(reads_and_writes, &world);
	assert_met(&world, 0, 1, 2, false, true);
}

static void hears_hang_up(struct world *world)
{
	struct end end = { .limit = 1 };

	open_end(&end);
	async_loop_add_reader(NULL, end.fd, counts_reads, &end);
	close(end.peer);
	end.peer = -1;
	while (!end.removed)
		async_sleep(0);
	meet(world, end.reads);
	close_end(&end);
}

static void reader__hears_of_the_end(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(hears_hang_up, &world);
	assert_met(&world, 1);
}

static void removes_what_is_due(void *arg)
{
	struct end *end = arg;

	async_loop_remove_reader(NULL, end[1].fd);
	async_loop_remove_reader(NULL, end[0].fd);
	end->others++;
}

/* Both are due: the first one's callback removes the second. */
static void removes_other(struct world *world)
{
	struct end ends[2] = { 0 };

	open_end(&ends[0]);
	open_end(&ends[1]);
	peer_says(&ends[0], "x");
	async_loop_add_reader(NULL, ends[0].fd, removes_what_is_due, ends);
	async_loop_add_reader(NULL, ends[1].fd, counts_reads, &ends[1]);
	peer_says(&ends[1], "x");
	settle();
	meet(world, ends[0].others);
	meet(world, ends[1].reads);
	close_end(&ends[0]);
	close_end(&ends[1]);
}

static void reader__removed_when_it_is_due(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(removes_other, &world);
	assert_met(&world, 1, 0);
}

static void adds_wrongly(struct world *world)
{
	struct end end = { 0 };
	struct async_stream *stream;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	open_end(&end);
	async_stream_from_fd(end.fd, &stream);
	meet(world, async_loop_add_reader(NULL, end.fd, counts_reads, &end));
	meet(world, async_loop_add_writer(NULL, file, counts_reads, &end));
	meet(world, async_loop_add_reader(NULL, -1, counts_reads, &end));
	close(file);
	meet(world, async_loop_add_reader(NULL, file, counts_reads, &end));
	meet(world, async_loop_add_writer(NULL, INT_MAX, counts_reads, &end));
	meet(world, async_loop_remove_reader(NULL, end.fd));
	meet(world, async_loop_remove_writer(NULL, -1));
	meet(world, async_loop_remove_writer(NULL, 1 << 20));
	async_stream_free(stream);
	close(end.peer);
}

static void add__of_what_cannot_be_watched(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(adds_wrongly, &world);
	assert_met(&world, -EBUSY, -EPERM, -EBADF, -EBADF, -EBADF, false, false, false);
}

/* The program forgets to remove a callback before it closes; the number comes back. */
static void forgets(struct world *world)
{
	struct end end = { 0 }, again = { 0 };

	open_end(&end);
	async_loop_add_reader(NULL, end.fd, counts_reads, &end);
	close(end.fd);
	close(end.peer);
	open_end(&again);
	meet(world, again.fd == end.fd);
	meet(world, async_loop_add_reader(NULL, again.fd, counts_others, &again));
	peer_says(&again, "x");
	settle();
	meet(world, end.reads);
	meet(world, again.others);
	close_end(&again);
}

static void descriptor__closed_and_another_in_its_place(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(forgets, &world);
	assert_met(&world, true, 0, 0, 1);
}

static void close__of_the_loop(void **state)
{
	struct end end = { 0 };
	struct async_loop *loop;

	(void)state;
	open_end(&end);
	assert_int_equal(async_loop_add_reader(NULL, end.fd, counts_reads, &end), -EPERM);
	assert_int_equal(async_loop_new(&loop), 0);
	assert_int_equal(async_loop_add_reader(loop, end.fd, counts_reads, &end), 0);
	assert_int_equal(async_loop_add_writer(loop, end.fd, counts_writes, &end), 0);
	async_loop_stop(loop);
	async_loop_run_forever(loop);
	assert_int_equal(end.writes, 1);
	assert_int_equal(async_loop_close(loop), 0);
	/* The descriptor is still the program's. */
	assert_int_equal(close(end.fd), 0);
	assert_int_equal(close(end.peer), 0);
}

/* epoll goes on hearing of what the program has closed, through the other descriptor. */
static void closes_one_of_two(struct world *world)
{
	struct end end = { 0 };
	int copy;

	open_end(&end);
	copy = fcntl(end.fd, F_DUPFD_CLOEXEC, 0);
	async_loop_add_reader(NULL, end.fd, counts_reads, &end);
	close(end.fd);
	meet(world, async_loop_remove_reader(NULL, end.fd));
	peer_says(&end, "x");
	settle();
	meet(world, end.reads);
	close(copy);
	close(end.peer);
}

static void descriptor__closed_and_open_elsewhere(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(closes_one_of_two, &world);
	assert_met(&world, true, 0);
}

static void forgets_before_a_stream(struct world *world)
{
	struct end end = { 0 }, again = { 0 };
	struct async_stream *stream;
	char byte;

	open_end(&end);
	async_loop_add_reader(NULL, end.fd, counts_reads, &end);
	close(end.fd);
	close(end.peer);
	open_end(&again);
	meet(world, again.fd == end.fd);
	meet(world, async_stream_from_fd(again.fd, &stream));
	meet(world, async_loop_add_reader(NULL, again.fd, counts_reads, &end));
	meet(world, async_loop_remove_reader(NULL, again.fd));
	peer_says(&again, "x");
	meet(world, async_stream_read(stream, &byte, 1));
	meet(world, end.reads);
	async_stream_free(stream);
	close(again.peer);
}

static void descriptor__closed_and_a_stream_in_its_place(void **state)
{
	struct world world = { 0 };

	(void)state;
	run_scenario(forgets_before_a_stream, &world);
	assert_met(&world, true, 0, -EBUSY, false, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(reader__is_called_as_long_as_there_are_bytes),
		STREAM_TEST(reader__is_not_called_without_bytes),
		STREAM_TEST(reader__in_place_of_another),
		STREAM_TEST(writer__is_called_as_long_as_there_is_room),
		STREAM_TEST(reader__and_writer_of_one_descriptor),
		STREAM_TEST(reader__hears_of_the_end),
		STREAM_TEST(reader__removed_when_it_is_due),
		STREAM_TEST(add__of_what_cannot_be_watched),
		STREAM_TEST(descriptor__closed_and_another_in_its_place),
		STREAM_TEST(close__of_the_loop),
		STREAM_TEST(descriptor__closed_and_open_elsewhere),
		STREAM_TEST(descriptor__closed_and_a_stream_in_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
