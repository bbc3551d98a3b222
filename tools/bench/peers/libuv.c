/* SPDX-License-Identifier: BSD-2-Clause */
/* libuv: callbacks in C. */
#include "peer.h"
#include <uv.h>

static uint64_t left;

static void never(uv_timer_t *timer)
{
	(void)timer;
}

static void timers(int pending)
{
	enum { COUNT = 500000, SPREAD_MS = 1000, HOUR_MS = 3600000 };
	uv_timer_t *waiting = calloc(pending, sizeof(*waiting)), timer;
	uint64_t seed = 1, start;
	char work[64];
	int i;

	for (i = 0; i < pending; i++) {
		uv_timer_init(uv_default_loop(), &waiting[i]);
		uv_timer_start(&waiting[i], never, HOUR_MS + bench_random(&seed) % SPREAD_MS, 0);
	}
	start = bench_now();
	for (i = 0; i < COUNT; i++) {
		uv_timer_init(uv_default_loop(), &timer);
		uv_timer_start(&timer, never, HOUR_MS + bench_random(&seed) % SPREAD_MS, 0);
		uv_timer_stop(&timer);
	}
	snprintf(work, sizeof(work), "timer, arm and cancel, %d pending", pending);
	bench_time(work, COUNT, bench_now() - start);
}

static void timer(void)
{
	timers(1000);
	timers(100000);
}

static void give_memory(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	static char data[65536];

	(void)handle;
	(void)suggested;
	*buffer = uv_buf_init(data, sizeof(data));
}

static void received(uv_stream_t *stream, ssize_t size, const uv_buf_t *data)
{
	uv_buf_t answer = uv_buf_init(data->base, size);

	if (size < 0 || (size && uv_try_write(stream, &answer, 1) != size))
		uv_close((uv_handle_t *)stream, (uv_close_cb)free);
}

static void connected(uv_stream_t *listener, int status)
{
	uv_tcp_t *stream = malloc(sizeof(*stream));

	peer_check(status);
	uv_tcp_init(uv_default_loop(), stream);
	peer_check(uv_accept(listener, (uv_stream_t *)stream));
	uv_read_start((uv_stream_t *)stream, give_memory, received);
}

static void echo(void)
{
	uv_tcp_t listener;

	uv_tcp_init(uv_default_loop(), &listener);
	peer_check(uv_tcp_open(&listener, bench_listen()));
	peer_check(uv_listen((uv_stream_t *)&listener, 4096, connected));
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

static void child_ended(uv_process_t *process, int64_t status, int signal);

static void start_child(uv_handle_t *handle)
{
	static uv_process_t process;
	static const uv_process_options_t none;
	uv_process_options_t options = none;
	char *argv[] = { (char *)bench_child(), NULL };

	(void)handle;
	if (!left--)
		return;
	options.file = argv[0];
	options.args = argv;
	options.exit_cb = child_ended;
	peer_check(uv_spawn(uv_default_loop(), &process, &options));
}

static void child_ended(uv_process_t *process, int64_t status, int signal)
{
	(void)status;
	(void)signal;
	uv_close((uv_handle_t *)process, start_child);
}

static void subprocess(void)
{
	uint64_t start = bench_now();

	left = BENCH_CHILDREN;
	start_child(NULL);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	bench_rate("subprocess, spawn and wait", BENCH_CHILDREN, bench_now() - start);
}

static void job(uv_work_t *work)
{
	(void)work;
}

static void job_done(uv_work_t *work, int status)
{
	(void)status;
	if (left--)
		uv_queue_work(uv_default_loop(), work, job, job_done);
}

static void crowd_job_done(uv_work_t *work, int status)
{
	(void)work;
	(void)status;
}

static void executor(void)
{
	enum { CROWD = 1000 };
	static uv_work_t works[CROWD];
	uint64_t start = bench_now();
	uv_work_t work;
	int i, crowd;

	left = BENCH_JOBS;
	job_done(&work, 0);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	bench_time("executor, round trip", BENCH_JOBS, bench_now() - start);
	start = bench_now();
	for (crowd = 0; crowd < BENCH_JOBS / CROWD; crowd++) {
		for (i = 0; i < CROWD; i++)
			uv_queue_work(uv_default_loop(), &works[i], job, crowd_job_done);
		uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	}
	bench_time("executor, 1000 jobs in flight, each", BENCH_JOBS, bench_now() - start);
}

int main(int argc, char *argv[])
{
	static const struct peer_bench benches[] = {
		{ "timer", timer },	  { "echo", echo }, { "subprocess", subprocess },
		{ "executor", executor }, { NULL, NULL },
	};

	(void)argc;
	/* One thread, as the others have. */
	setenv("UV_THREADPOOL_SIZE", "1", 1);
	return peer_main(argv, benches);
}
