/* SPDX-License-Identifier: BSD-2-Clause */
/* libev: callbacks in C, nearer to the kernel. */
#include "peer.h"
#include <ev.h>
#include <unistd.h>

static void never(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
}

static void timers(struct ev_loop *loop, int pending)
{
	enum { COUNT = 500000, SPREAD = 1000000 };
	ev_timer *waiting = calloc(pending, sizeof(*waiting)), timer;
	uint64_t seed = 1, start;
	char work[64];
	int i;

	for (i = 0; i < pending; i++) {
		ev_timer_init(&waiting[i], never, 3600 + bench_random(&seed) % SPREAD / 1e6, 0);
		ev_timer_start(loop, &waiting[i]);
	}
	start = bench_now();
	for (i = 0; i < COUNT; i++) {
		ev_timer_init(&timer, never, 3600 + bench_random(&seed) % SPREAD / 1e6, 0);
		ev_timer_start(loop, &timer);
		ev_timer_stop(loop, &timer);
	}
	snprintf(work, sizeof(work), "timer, arm and cancel, %d pending", pending);
	bench_time(work, COUNT, bench_now() - start);
}

static void timer(void)
{
	timers(ev_default_loop(0), 1000);
	timers(ev_default_loop(0), 100000);
}

static void received(struct ev_loop *loop, ev_io *stream, int events)
{
	char data[16384];
	ssize_t size = read(stream->fd, data, sizeof(data));

	(void)events;
	if (size > 0 && write(stream->fd, data, size) == size)
		return;
	ev_io_stop(loop, stream);
	close(stream->fd);
	free(stream);
}

static void connected(struct ev_loop *loop, ev_io *listener, int events)
{
	ev_io *stream = malloc(sizeof(*stream));

	(void)events;
	ev_io_init(stream, received, peer_check(accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK)),
		   EV_READ);
	ev_io_start(loop, stream);
}

static void echo(void)
{
	struct ev_loop *loop = ev_default_loop(0);
	ev_io listener;

	ev_io_init(&listener, connected, bench_listen(), EV_READ);
	ev_io_start(loop, &listener);
	ev_run(loop, 0);
}

int main(int argc, char *argv[])
{
	static const struct peer_bench benches[] = {
		{ "timer", timer },
		{ "echo", echo },
		{ NULL, NULL },
	};

	(void)argc;
	return peer_main(argv, benches);
}
