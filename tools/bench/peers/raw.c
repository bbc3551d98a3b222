/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor: what the kernel takes for the work, with nothing of a runtime around it. */
#include "peer.h"
#include <pthread.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int epoll;

static void watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	peer_check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static void answer(int fd)
{
	char data[16384];
	ssize_t size = read(fd, data, sizeof(data));

	if (size <= 0 || write(fd, data, size) != size)
		close(fd);
}

static void echo(void)
{
	int listener = bench_listen(), count, i;
	struct epoll_event events[256];

	epoll = peer_check(epoll_create1(0));
	watch(listener);
	for (;;) {
		count = epoll_wait(epoll, events, 256, -1);
		for (i = 0; i < count; i++) {
			if (events[i].data.fd == listener)
				watch(peer_check(accept4(listener, NULL, NULL, SOCK_NONBLOCK)));
			else
				answer(events[i].data.fd);
		}
	}
}

static void subprocess(void)
{
	uint64_t start = bench_now();
	int i;

	for (i = 0; i < BENCH_CHILDREN; i++) {
		char *const argv[] = { (char *)bench_child(), NULL };
		pid_t pid;

		if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ))
			exit(1);
		peer_check(waitpid(pid, NULL, 0));
	}
	bench_rate("subprocess, spawn and wait", BENCH_CHILDREN, bench_now() - start);
}

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int jobs, fd;
} worker = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

static void *work(void *arg)
{
	static const uint64_t one = 1;

	for (;;) {
		pthread_mutex_lock(&worker.lock);
		while (!worker.jobs)
			pthread_cond_wait(&worker.wake, &worker.lock);
		worker.jobs--;
		pthread_mutex_unlock(&worker.lock);
		peer_check(write(worker.fd, &one, sizeof(one)));
	}
	return arg;
}

static void round_trip(void)
{
	struct epoll_event event;
	uint64_t count;

	pthread_mutex_lock(&worker.lock);
	worker.jobs++;
	pthread_mutex_unlock(&worker.lock);
	pthread_cond_signal(&worker.wake);
	peer_check(epoll_wait(epoll, &event, 1, -1));
	peer_check(read(worker.fd, &count, sizeof(count)));
}

static void executor(void)
{
	pthread_t thread;
	uint64_t start;
	int i;

	epoll = peer_check(epoll_create1(0));
	worker.fd = peer_check(eventfd(0, 0));
	watch(worker.fd);
	if (pthread_create(&thread, NULL, work, NULL))
		exit(1);
	start = bench_now();
	for (i = 0; i < BENCH_JOBS; i++)
		round_trip();
	bench_time("executor, round trip", BENCH_JOBS, bench_now() - start);
}

int main(int argc, char *argv[])
{
	static const struct peer_bench benches[] = {
		{ "echo", echo },
		{ "subprocess", subprocess },
		{ "executor", executor },
		{ NULL, NULL },
	};

	(void)argc;
	return peer_main(argv, benches);
}
