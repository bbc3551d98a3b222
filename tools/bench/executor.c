/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cost of a job: given to a thread and awaited, on one processor, beside what the kernel takes
 * for the two wake-ups; and of jobs in crowds.
 */
#include "bench.h"
#include <async.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TRIPS = 100000, CROWD = 1000, CROWDS = 200 };

static int64_t nothing(void *arg)
{
	(void)arg;
	return 0;
}

static struct async_executor *executor;

static ASYNC(one_at_a_time)
{
	double rounds[ROUNDS];
	int i, round;

	async_await(async_run_in_executor(executor, nothing, NULL));
	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = bench_now();

		for (i = 0; i < TRIPS; i++)
			async_await(async_run_in_executor(executor, nothing, NULL));
		rounds[round] = (double)(bench_now() - start) / TRIPS;
	}
	bench_row("job, awaited, one at a time", "ns", rounds);
	return 0;
}

static ASYNC(in_crowds)
{
	static struct async_future *futures[CROWD];
	double rounds[ROUNDS];
	int i, round, crowd;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = bench_now();

		for (crowd = 0; crowd < CROWDS; crowd++) {
			for (i = 0; i < CROWD; i++)
				futures[i] = async_run_in_executor(executor, nothing, NULL);
			for (i = 0; i < CROWD; i++)
				async_await(futures[i]);
		}
		rounds[round] = (double)(bench_now() - start) / CROWDS / CROWD;
	}
	bench_row("1000 jobs in flight, each", "ns", rounds);
	return 0;
}

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int jobs, fd;
} raw = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

static void *raw_worker(void *arg)
{
	static const uint64_t one = 1;
	int stop;

	do {
		pthread_mutex_lock(&raw.lock);
		while (!raw.jobs)
			pthread_cond_wait(&raw.wake, &raw.lock);
		stop = raw.jobs < 0;
		raw.jobs = 0;
		pthread_mutex_unlock(&raw.lock);
		if (write(raw.fd, &one, sizeof(one)) < 0)
			return NULL;
	} while (!stop);
	return arg;
}

static void raw_trip(int job)
{
	uint64_t count;

	pthread_mutex_lock(&raw.lock);
	raw.jobs = job;
	pthread_mutex_unlock(&raw.lock);
	pthread_cond_signal(&raw.wake);
	if (read(raw.fd, &count, sizeof(count)) < 0)
		exit(1);
}

static void raw_trips(void)
{
	double rounds[ROUNDS];
	pthread_t thread;
	int i, round;

	raw.fd = eventfd(0, 0);
	pthread_create(&thread, NULL, raw_worker, NULL);
	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = bench_now();

		for (i = 0; i < TRIPS; i++)
			raw_trip(1);
		rounds[round] = (double)(bench_now() - start) / TRIPS;
	}
	raw_trip(-1);
	pthread_join(thread, NULL);
	close(raw.fd);
	bench_row("pthread, condition and eventfd alone", "ns", rounds);
}

static void measure(const char *title)
{
	bench_head(title);
	raw_trips();
	executor = async_thread_pool_executor_new(1, NULL);
	async_run(one_at_a_time());
	async_run(in_crowds());
	async_executor_shutdown(executor, true);
}

int main(void)
{
	cpu_set_t one, all;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	measure("executor, on one processor");
	sched_setaffinity(0, sizeof(all), &all);
	measure("executor, on all");
	return 0;
}
