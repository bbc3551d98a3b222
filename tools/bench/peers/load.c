/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures an echo server: starts it on one processor and asks it from another one, on so many
 * connections with one request of 64 bytes under way on each. Says what it answers in a second, and
 * in a second of its processor time, which counts even where others compete for the processors.
 *
 *	load CONNECTIONS SECONDS WORK SERVER [ARGUMENT…]
 *
 * The server prints its port. WORK is what the line is to say that is printed.
 */
#include "peer.h"
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST = 64 };

static void run_on(int processor)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(processor, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* The first processor is the server's, the last one is ours; there may be but one. */
static void share_processors(int *first, int *last)
{
	cpu_set_t all;
	int i;

	*first = -1;
	sched_getaffinity(0, sizeof(all), &all);
	for (i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		*last = i;
		if (*first < 0)
			*first = i;
	}
}

/* Returns its port. */
static int start_server(char *argv[], int processor, pid_t *pid)
{
	char line[16] = "";
	int ends[2];

	peer_check(pipe2(ends, O_CLOEXEC));
	*pid = peer_check(fork());
	if (!*pid) {
		run_on(processor);
		dup2(ends[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	if (read(ends[0], line, sizeof(line) - 1) <= 0)
		exit(1);
	return atoi(line);
}

static int connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = peer_check(socket(AF_INET, SOCK_STREAM, 0)), one = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer_check(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void ask(int fd)
{
	static const char request[REQUEST];

	peer_check(write(fd, request, REQUEST));
}

static uint64_t clock_of(clockid_t clock)
{
	struct timespec now;

	peer_check(clock_gettime(clock, &now));
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Answers until the time is over. An answer so short comes in one piece. */
static uint64_t exchange(int epoll, uint64_t until)
{
	struct epoll_event events[256];
	uint64_t answers = 0;
	char answer[REQUEST];
	int count, i;

	while (bench_now() < until) {
		count = epoll_wait(epoll, events, 256, 1000);
		for (i = 0; i < count; i++) {
			if (peer_check(read(events[i].data.fd, answer, REQUEST)) != REQUEST)
				exit(1);
			ask(events[i].data.fd);
		}
		answers += count;
	}
	return answers;
}

static void measure(const char *work, int epoll, pid_t server, double seconds)
{
	uint64_t start, used, answers;
	clockid_t clock;
	char line[128];

	if (clock_getcpuclockid(server, &clock))
		exit(1);
	exchange(epoll, bench_now() + 100000000); /* until all are accepted */
	start = bench_now();
	used = clock_of(clock);
	answers = exchange(epoll, start + seconds * 1e9);
	used = clock_of(clock) - used;
	bench_rate(work, answers, bench_now() - start);
	snprintf(line, sizeof(line), "%s, CPU", work);
	bench_rate(line, answers, used);
}

int main(int argc, char *argv[])
{
	int epoll = peer_check(epoll_create1(0)), first, last = 0, port, i;
	pid_t pid;

	if (argc < 5)
		return 1;
	share_processors(&first, &last);
	port = start_server(argv + 4, first, &pid);
	run_on(last);
	for (i = 0; i < atoi(argv[1]); i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = connect_to(port) };

		peer_check(epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event));
		ask(event.data.fd);
	}
	measure(argv[3], epoll, pid, atof(argv[2]));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
