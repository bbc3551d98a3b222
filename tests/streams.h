/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of streams and transports have in common: a scenario runs as the main task of a
 * loop and writes down what it meets, and the test looks at that afterwards. Each test fails if it
 * leaves a descriptor open.
 */
#ifndef TESTS_STREAMS_H
#define TESTS_STREAMS_H

#include <arpa/inet.h>
#include <async.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* What a scenario has, and what it meets. */
struct world {
	struct async_stream *stream; /* of one end of a socketpair, whose other one is `peer` */
	int peer;
	int64_t met[24];
	size_t count;
	char text[256]; /* what was read, or a message */
	struct async_task *task;
	struct async_server *server;
	struct async_stream *other;
	void *more;
};

typedef void scenario(struct world *world);

static inline void meet(struct world *world, int64_t value)
{
	if (world->count < sizeof(world->met) / sizeof(*world->met))
		world->met[world->count] = value;
	world->count++;
}

/* Adds bytes to the text. */
static inline void keep(struct world *world, const char *data, int64_t size)
{
	size_t length = strlen(world->text);

	if (size > 0 && length + size < sizeof(world->text))
		memcpy(world->text + length, data, size);
}

/* The world has met these values and no more. */
#define assert_met(world, ...)                                                                     \
	do {                                                                                       \
		const int64_t met_[] = { __VA_ARGS__ };                                            \
		size_t met_i_, met_count_ = sizeof(met_) / sizeof(*met_);                          \
                                                                                                   \
		for (met_i_ = 0; met_i_ < met_count_ && met_i_ < (world)->count; met_i_++)         \
			assert_int_equal((world)->met[met_i_], met_[met_i_]);                      \
		assert_int_equal((world)->count, met_count_);                                      \
	} while (0)

ASYNC(plays, scenario *, play, struct world *, world)
{
	play(world);
	return 0;
}

/* As the main task of a loop. */
static inline void run_scenario(scenario *play, struct world *world)
{
	assert_int_equal(async_run(plays(play, world)), 0);
}

ASYNC(plays_on_pair, scenario *, play, struct world *, world)
{
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	err = async_stream_from_fd(pair[0], &world->stream);
	world->peer = pair[1];
	if (!err)
		play(world);
	async_stream_free(world->stream);
	if (world->peer >= 0)
		close(world->peer);
	return err;
}

/* The same with a stream and its peer. */
static inline void run_on_pair(scenario *play, struct world *world)
{
	assert_int_equal(async_run(plays_on_pair(play, world)), 0);
}

/* The peer sends a text. */
static inline void say(const struct world *world, const char *text)
{
	if (write(world->peer, text, strlen(text)) < 0)
		abort();
}

/* The peer goes. */
static inline void hang_up(struct world *world)
{
	close(world->peer);
	world->peer = -1;
}

/* Runs a scenario beside this one. */
static inline struct async_task *beside(scenario *play, struct world *world)
{
	return async_create_task(plays(play, world));
}

/* Lets everybody else go as far as he can without waiting for another process. */
static inline void settle(void)
{
	int i;

	for (i = 0; i < 1000; i++)
		async_sleep(0);
}

/* How many descriptors this process has. */
static inline int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static inline int note_descriptors(void **state)
{
	*state = (void *)(intptr_t)count_descriptors();
	return 0;
}

static inline int compare_descriptors(void **state)
{
	int before = (int)(intptr_t)*state, now = count_descriptors();

	if (now != before)
		print_error("%d descriptors before, %d now\n", before, now);
	return now != before;
}

#define STREAM_TEST(name)                                                                          \
	cmocka_unit_test_setup_teardown(name, note_descriptors, compare_descriptors)

#endif
