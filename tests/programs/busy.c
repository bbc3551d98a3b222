/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A load of everything that holds memory or descriptors: tasks that end, fail and are cancelled, an
 * executor's threads, connections and processes, over and over, as many at a time as ever.
 *
 *	busy SECONDS
 */
#include <async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 40 };

static uint16_t port;
static struct async_lock *lock;

ASYNC(sleep_shortly)
{
	return async_sleep_ns(1000000 + random() % 9000000);
}

ASYNC(fetch, int, key)
{
	int64_t err = async_await(sleep_shortly());

	return err < 0 || random() % 8 ? err : async_fail(-ENOENT, "there is no key %d", key);
}

ASYNC(cancels, int, key)
{
	struct async_task *child = async_create_task(fetch(key));

	if (!child)
		return -ENOMEM;
	async_sleep_ns(500000);
	async_task_cancel(child);
	async_await(child);
	return 0;
}

ASYNC(gathers, int, key)
{
	struct async_coroutine *children[4];
	int i;

	for (i = 0; i < 4; i++)
		children[i] = fetch(key + i);
	return async_await(async_gather(children, 4, NULL, ASYNC_RETURN_EXCEPTIONS));
}

ASYNC(locks, int, key)
{
	int64_t err = async_lock_acquire(lock);

	if (err < 0)
		return err;
	async_sleep_ns(20000 + key);
	async_lock_release(lock);
	return async_wait_for(sleep_shortly(), 0.005);
}

static int64_t add_up(void *numbers)
{
	volatile uint64_t sum = 0;
	int i;

	for (i = 0; i < 20000; i++)
		sum += i;
	return numbers != NULL && sum > 0;
}

ASYNC(computes, int, key)
{
	return key < 0 ? 0 : async_to_thread(add_up, &port);
}

ASYNC(echo, struct async_stream *, stream, void *, unused)
{
	char data[64];
	int64_t size;

	(void)unused;
	while ((size = async_stream_read(stream, data, sizeof(data))) > 0)
		async_stream_write(stream, data, size);
	return size;
}

ASYNC(connects, int, key)
{
	struct async_stream *stream;
	char data[64] = "something";
	int64_t err = async_open_connection("127.0.0.1", port, &stream);
	int i;

	for (i = 0; !err && i < 5 + key % 4; i++) {
		async_stream_write(stream, data, sizeof(data));
		err = async_stream_read_exactly(stream, data, sizeof(data)) < 0;
	}
	if (i)
		async_stream_free(stream);
	return err;
}

ASYNC(spawns, int, key)
{
	static const char *const command[] = { "true", NULL };
	struct async_process *process;
	int64_t err;

	/* A few a second. */
	if (key)
		return async_await(sleep_shortly());
	err = async_create_subprocess_exec(&process, NULL, command);
	if (!err) {
		err = async_process_wait(process);
		async_process_free(process);
	}
	return err;
}

ASYNC(work, int, key)
{
	static struct async_coroutine *(*const actions[])(
		int) = { fetch, cancels, gathers, locks, computes, connects, spawns };
	const size_t count = sizeof(actions) / sizeof(*actions);

	while (!async_task_cancelling(async_current_task()))
		async_await(actions[random() % count](key));
	return -ECANCELED;
}

ASYNC(busy, double, seconds)
{
	struct async_server *server;
	int64_t err = async_start_server(echo, NULL, "127.0.0.1", 0, &server);
	int i;

	if (err)
		return err;
	port = async_server_port(server);
	lock = async_lock_new();
	for (i = 0; i < WORKERS; i++)
		async_task_detach(async_create_task(work(i)));
	err = async_sleep(seconds);
	async_server_close(server);
	async_server_free(server);
	return err;
}

int main(int argc, char **argv)
{
	if (argc != 2 || !(atof(argv[1]) > 0)) {
		fprintf(stderr, "usage: busy SECONDS\n");
		return 2;
	}
	srandom(1);
	return async_run(busy(atof(argv[1]))) < 0;
}
