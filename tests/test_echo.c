/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An echo server with 1, 50 and 1,000 connections: every byte comes back to who sent it, and
 * neither descriptor nor task is left.
 */
#include "streams.h"
#include <sys/resource.h>

enum { MESSAGES = 20, MESSAGE = 64 };

static ASYNC(echo, struct async_stream *, stream, void *, arg)
{
	char data[1000];
	int64_t size;

	(void)arg;
	while ((size = async_stream_read(stream, data, sizeof(data))) > 0) {
		async_stream_write(stream, data, size);
		async_stream_drain(stream);
	}
	return size;
}

static ASYNC(client, int, port, int, number, int *, right)
{
	char sent[MESSAGE], got[MESSAGE];
	struct async_stream *stream;
	int64_t err = async_open_connection("127.0.0.1", port, &stream);
	int i;

	if (err)
		return err;
	for (i = 0; i < MESSAGES; i++) {
		memset(sent, number + i, sizeof(sent));
		snprintf(sent, sizeof(sent), "%d: %d", number, i);
		async_stream_write(stream, sent, sizeof(sent));
		err = async_stream_drain(stream);
		if (!err)
			err = async_stream_read_exactly(stream, got, sizeof(got));
		*right += err == sizeof(got) && !memcmp(sent, got, sizeof(got));
	}
	async_stream_close(stream);
	err = async_stream_wait_closed(stream);
	async_stream_free(stream);
	return err;
}

struct crowd {
	int size;
	int right;  /* messages */
	int failed; /* clients */
	size_t tasks;
};

static ASYNC(echoes, struct crowd *, crowd)
{
	struct async_task **clients = calloc(crowd->size, sizeof(struct async_task *));
	struct async_server *server;
	int64_t err = async_start_server(echo, NULL, "127.0.0.1", 0, &server);
	int i;

	if (err)
		return err;
	for (i = 0; i < crowd->size; i++)
		clients[i] = async_create_task(client(async_server_port(server), i, &crowd->right));
	for (i = 0; i < crowd->size; i++)
		crowd->failed += async_await(clients[i]) != 0;
	free(clients);
	async_server_close(server);
	err = async_server_wait_closed(server);
	async_server_free(server);
	/* The tasks that have served end when they have heard of the end. */
	settle();
	crowd->tasks = async_all_tasks(NULL, NULL, 0);
	return err;
}

static void run_crowd(int size)
{
	struct crowd crowd = { .size = size };

	assert_int_equal(async_run(echoes(&crowd)), 0);
	assert_int_equal(crowd.failed, 0);
	assert_int_equal(crowd.right, size * MESSAGES);
	assert_int_equal(crowd.tasks, 1);
}

static void echo__to_one(void **state)
{
	(void)state;
	run_crowd(1);
}

static void echo__to_fifty(void **state)
{
	(void)state;
	run_crowd(50);
}

static void echo__to_a_thousand(void **state)
{
	struct rlimit before, limit;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	limit = before;
	if (limit.rlim_cur < 2100)
		limit.rlim_cur = limit.rlim_max < 2100 ? limit.rlim_max : 2100;
	setrlimit(RLIMIT_NOFILE, &limit);
	run_crowd(limit.rlim_cur < 2100 ? (int)limit.rlim_cur / 2 - 50 : 1000);
	setrlimit(RLIMIT_NOFILE, &before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(echo__to_one),
		STREAM_TEST(echo__to_fifty),
		STREAM_TEST(echo__to_a_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
