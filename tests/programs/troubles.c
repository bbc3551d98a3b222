/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the mistake whose name it is given, or none. A second argument: with a loop of its own. */
#include <async.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct async_task *tasks[2];
static struct async_lock *locks[2];
static struct async_event *event;

ASYNC(nap)
{
	return async_sleep(0.01);
}

ASYNC(fail)
{
	return async_fail(-EIO, "broken");
}

ASYNC(forgotten)
{
	struct async_coroutine *lost = nap();

	(void)lost;
	return async_await(nap());
}

ASYNC(unretrieved)
{
	async_task_detach(async_create_task(fail()));
	return async_await(nap());
}

/* The other one, which waits for this one. */
ASYNC(wait_for_other, int, number)
{
	return async_await(async_task_ref(tasks[!number]));
}

ASYNC(cycle)
{
	int i;

	for (i = 0; i < 2; i++)
		tasks[i] = async_create_task(wait_for_other(i));
	async_await(async_task_ref(tasks[0]));
	return 0;
}

ASYNC(take_both, int, first)
{
	async_lock_acquire(locks[first]);
	async_sleep(0.01);
	return async_lock_acquire(locks[!first]);
}

ASYNC(deadlock)
{
	int i;

	for (i = 0; i < 2; i++) {
		locks[i] = async_lock_new();
		tasks[i] = async_create_task(take_both(i));
	}
	async_await(tasks[0]);
	return async_await(tasks[1]);
}

ASYNC(keep_lock)
{
	return async_lock_acquire(locks[0]);
}

ASYNC(gone)
{
	locks[0] = async_lock_new();
	async_await(async_create_task(keep_lock()));
	return async_lock_acquire(locks[0]);
}

ASYNC(wait_for_event)
{
	return async_event_wait(event);
}

ASYNC(stuck)
{
	struct async_coroutine *waiting[] = { wait_for_event(), wait_for_event() };

	event = async_event_new();
	return async_await(async_gather(waiting, 2, NULL, 0));
}

static void *idle(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

ASYNC(threaded)
{
	pthread_t thread;

	pthread_create(&thread, NULL, idle, NULL);
	return async_await(stuck());
}

static void on_signal(void *arg)
{
	(void)arg;
}

/* Whoever sends that signal ends the wait. */
ASYNC(signalled)
{
	async_loop_add_signal_handler(async_get_running_loop(), SIGUSR1, on_signal, NULL);
	return async_await(stuck());
}

ASYNC(spin)
{
	int i;

	for (i = 0; i < 5000; i++)
		async_sleep(0);
	return 0;
}

ASYNC(hog)
{
	struct timespec pause = { .tv_sec = 1, .tv_nsec = 50000000 };

	return nanosleep(&pause, NULL);
}

ASYNC(healthy)
{
	struct async_task *task = async_create_task(nap());

	async_await(nap());
	return async_await(task);
}

#define TROUBLE(name)                                                                              \
	{                                                                                          \
#name, name                                                                        \
	}

static const struct {
	const char *name;
	struct async_coroutine *(*make)(void);
} troubles[] = {
	TROUBLE(forgotten), TROUBLE(unretrieved), TROUBLE(cycle),    TROUBLE(deadlock),
	TROUBLE(gone),	    TROUBLE(stuck),	  TROUBLE(threaded), TROUBLE(signalled),
	TROUBLE(spin),	    TROUBLE(hog),	  TROUBLE(healthy),
};

/* As async_run() does, but with a loop of its own. */
static int64_t run_looped(struct async_coroutine *coroutine)
{
	struct async_loop *loop;
	int64_t result = async_loop_new(&loop);

	if (result)
		return result;
	result = async_loop_run_until_complete(loop, coroutine);
	async_loop_close(loop);
	return result;
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(troubles) / sizeof(*troubles); i++) {
		if (argc < 2 || strcmp(troubles[i].name, argv[1]))
			continue;
		if (argc > 2)
			return run_looped(troubles[i].make()) < 0;
		return async_run(troubles[i].make()) < 0;
	}
	return 2;
}
