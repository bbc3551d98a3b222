/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small service and its clients in one program, to be looked at by every view: the same tasks,
 * calls and outcomes in each run, which takes a second or so.
 *
 * Clients ask for pages. Workers look them up in a cache behind a lock, and fetch what is not
 * there, but not for long. It has two mistakes: render() blocks the loop for one of the pages, and
 * nobody ever looks whether report_usage() has failed.
 */
#include <async.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CLIENTS = 12, PAGES = 8, ARCHIVE = 5, REPORT = 6 };

struct request {
	unsigned char page;
	struct async_future *reply;
};

static struct async_queue *requests;
static struct async_lock *cache_lock;
static int64_t cache[PAGES];
static int cached, failed;

/* The archive does not answer today. */
ASYNC(fetch, int, page)
{
	int64_t err = async_sleep(page == ARCHIVE ? 3600 : 0.03);

	return err < 0 ? err : 100 * page;
}

ASYNC(lookup, int, page)
{
	int64_t result = async_lock_acquire(cache_lock);

	if (result < 0)
		return result;
	result = cache[page];
	cached += result > 0;
	if (!result)
		result = async_wait_for(fetch(page), 0.3);
	if (result > 0)
		cache[page] = result;
	async_lock_release(cache_lock);
	return result;
}

ASYNC(render, int, page)
{
	if (page == REPORT)
		usleep(150000);
	return async_sleep(0.002);
}

ASYNC(answer, struct request *, request)
{
	int64_t result = async_await(lookup(request->page));

	if (result >= 0)
		async_await(render(request->page));
	else
		failed++;
	async_future_set_result(request->reply, result >= 0);
	return result;
}

ASYNC(work)
{
	void *request;
	int64_t err;

	while (!(err = async_queue_get(requests, &request)))
		async_await(answer(request));
	return err;
}

/* A page is a byte, and so is the answer. */
ASYNC(handle, struct async_stream *, stream, void *, arg)
{
	struct request request = { .reply = async_future_new(NULL) };
	int64_t err = async_stream_read(stream, &request.page, 1);

	(void)arg;
	if (err > 0) {
		async_queue_put(requests, &request);
		request.page = async_await(async_future_ref(request.reply));
		async_stream_write(stream, &request.page, 1);
	}
	async_future_unref(request.reply);
	return err;
}

ASYNC(visit, uint16_t, port, int, number)
{
	unsigned char page = 1 + number % (PAGES - 1);
	struct async_stream *stream;
	int64_t err;

	async_sleep(0.02 * number);
	err = async_open_connection("127.0.0.1", port, &stream);
	if (err)
		return err;
	async_stream_write(stream, &page, 1);
	err = async_stream_read(stream, &page, 1);
	async_stream_free(stream);
	return err;
}

ASYNC(accept_clients)
{
	struct async_coroutine *visits[CLIENTS];
	struct async_server *server;
	int64_t err = async_start_server(handle, NULL, "127.0.0.1", 0, &server);
	int i;

	if (err)
		return err;
	for (i = 0; i < CLIENTS; i++)
		visits[i] = visit(async_server_port(server), i);
	err = async_await(async_gather(visits, CLIENTS, NULL, 0));
	async_server_close(server);
	async_server_wait_closed(server);
	async_server_free(server);
	return err;
}

ASYNC(probe, int, replica)
{
	int64_t err = async_sleep(replica == 3 ? 3600 : 0.05 * replica);

	return replica == 2 ? async_fail(-EHOSTUNREACH, "replica 2 is away") : err;
}

/* The second one fails: the third one is cancelled. */
ASYNC(probe_replicas)
{
	struct async_task_group *group = async_task_group_new();
	int replica;

	for (replica = 1; replica <= 3; replica++)
		async_task_group_create_task(group, probe(replica));
	return async_task_group_end(group, 0);
}

/* Gives way to the others after each part. */
ASYNC(count_words)
{
	int parts = 20;

	while (parts--)
		async_sleep(0);
	return 0;
}

ASYNC(report_usage)
{
	async_sleep(0.01);
	return async_fail(-ECONNREFUSED, "nobody wants to know");
}

ASYNC(save)
{
	return async_sleep(0.1);
}

static int64_t read_settings(void *arg)
{
	(void)arg;
	return usleep(20000);
}

ASYNC(async_main)
{
	struct async_coroutine *parts[] = { accept_clients(), probe_replicas(), count_words() };
	struct async_coroutine *workers[] = { work(), work(), work() };
	struct async_future *working;
	struct async_task *saving;
	int64_t results[3];

	async_to_thread(read_settings, NULL);
	working = async_gather(workers, 3, NULL, 0);
	async_task_detach(async_create_task(report_usage()));
	async_await(async_gather(parts, 3, results, ASYNC_RETURN_EXCEPTIONS));
	printf("pages: %d from the cache, %d not found in time\n", cached, failed);
	printf("replicas: %s\n", strerror(-results[1]));

	saving = async_create_task(save());
	if (async_wait_for(async_shield(async_task_ref(saving)), 0.05) == -ETIMEDOUT)
		printf("saving takes longer\n");
	printf("saved: %s\n", async_await(saving) ? "no" : "yes");
	async_future_cancel(working);
	async_await(working);
	return 0;
}

int main(void)
{
	requests = async_queue_new(0);
	cache_lock = async_lock_new();
	async_run(async_main());
	async_queue_free(requests);
	async_lock_free(cache_lock);
	return 0;
}
