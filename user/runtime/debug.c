/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug mode: its switches, what it says, and the list of the loops that there are. */
#include "runtime.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Of one that does not run. */
#define LOOP_FORMAT "<_UnixSelectorEventLoop running=False closed=False debug=%s>"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
struct list async__loops = { &async__loops, &async__loops };

static bool on_by_environment(void)
{
	const char *value = getenv("ASYNCDEBUG");

	return value && *value && strcmp(value, "0");
}

void async__loop_opened(struct async_loop *loop)
{
	loop->debug = on_by_environment();
	loop->slow_ns = 100000000;
	pthread_mutex_lock(&lock);
	list_add(&async__loops, &loop->link);
	pthread_mutex_unlock(&lock);
	async_log(ASYNC_LOG_DEBUG, "Using selector: EpollSelector");
}

void async__loop_closes(struct async_loop *loop)
{
	if (loop->debug)
		async_log(ASYNC_LOG_DEBUG, "Close " LOOP_FORMAT, "True");
}

void async__loop_closed(struct async_loop *loop)
{
	pthread_mutex_lock(&lock);
	list_remove(&loop->link);
	pthread_mutex_unlock(&lock);
}

bool async__loop_is_open(const struct async_loop *loop)
{
	struct list *link;

	pthread_mutex_lock(&lock);
	list_for_each (link, &async__loops) {
		if (container_of(link, struct async_loop, link) == loop)
			break;
	}
	pthread_mutex_unlock(&lock);
	return link != &async__loops;
}

/* Those that run are still in use: by other threads, or by who calls exit(). */
static struct async_loop *take_unclosed(void)
{
	struct async_loop *loop = NULL;
	struct list *link;

	pthread_mutex_lock(&lock);
	list_for_each (link, &async__loops) {
		loop = container_of(link, struct async_loop, link);
		if ((loop->debug || at_listening()) && !loop->running)
			break;
		loop = NULL;
	}
	if (loop)
		list_remove(&loop->link);
	pthread_mutex_unlock(&lock);
	return loop;
}

__attribute__((destructor)) static void warn_unclosed_loops(void)
{
	struct async_loop *loop;

	while ((loop = take_unclosed()))
		async__unclosed(AT_ID(AT_LOOP, loop->number), loop->place, loop->debug,
				"unclosed event loop " LOOP_FORMAT, loop->debug ? "True" : "False");
}

void async__debug_begin(struct async_loop *loop)
{
	loop->depth_before = async__tracking.depth;
	if (loop->debug)
		async__tracking_set(DEBUG_DEPTH, async__tracking.wrapper);
}

void async__debug_end(struct async_loop *loop)
{
	if (loop->debug)
		async__tracking_set(loop->depth_before, async__tracking.wrapper);
}

void async_loop_set_debug(struct async_loop *loop, bool on)
{
	if (on == loop->debug)
		return;
	loop->debug = on;
	if (loop != async__running)
		return;
	/* The iteration at hand is the last one in the old mode. */
	loop->turn = loop->head;
	async__tracking_set(on ? DEBUG_DEPTH : loop->depth_before, async__tracking.wrapper);
}

bool async_loop_get_debug(const struct async_loop *loop)
{
	return loop->debug;
}

void async_loop_set_slow_callback_duration(struct async_loop *loop, double seconds)
{
	loop->slow_ns = async__ns_of(seconds);
}

double async_loop_get_slow_callback_duration(const struct async_loop *loop)
{
	return (double)loop->slow_ns / 1e9;
}

/* The thread that runs no loop, too, while another one runs this. */
bool async__wrong_thread(const struct async_loop *loop)
{
	if (!loop->running || loop == async__running)
		return false;
	async_log(ASYNC_LOG_ERROR,
		  "Non-thread-safe operation invoked on an event loop other than the current one");
	return true;
}

void async__warn_slow(const struct async_task *task, const struct slot *slot, uint64_t ns)
{
	char *message = NULL;
	size_t size;
	FILE *stream = open_memstream(&message, &size);

	if (!stream)
		return;
	fputs("Executing ", stream);
	if (task)
		async__print_future(stream, &task->future);
	else
		async__print_slot(stream, slot);
	fprintf(stream, " took %.3f seconds", (double)ns / 1e9);
	fclose(stream);
	async__log_taking(ASYNC_LOG_WARNING, message);
}

void async__log_poll(const struct timespec *limit, uint64_t ns, int events)
{
	enum async_log_level level = ns >= 1000000000 ? ASYNC_LOG_INFO : ASYNC_LOG_DEBUG;
	double took = (double)ns / 1e6;
	double wanted = limit ? (double)limit->tv_sec * 1e3 + (double)limit->tv_nsec / 1e6 : 0;

	if (!limit)
		async_log(level, "poll took %.3f ms: %d events", took, events);
	else if (events > 0)
		async_log(level, "poll %.3f ms took %.3f ms: %d events", wanted, took, events);
	else if (level == ASYNC_LOG_INFO)
		async_log(level, "poll %.3f ms took %.3f ms: timeout", wanted, took);
}

const char *async_coroutine_name(const struct async_coroutine *coroutine)
{
	return coroutine ? coroutine->function->name : NULL;
}

void async_loop_set_long_coroutine_handler(struct async_loop *loop, double threshold,
					   async_long_coroutine_handler *handler, void *arg)
{
	loop->long_ns = async__ns_of(threshold);
	loop->long_coroutine = handler;
	loop->long_coroutine_arg = arg;
}

void async__long_coroutine(struct async_loop *loop, struct async_coroutine *coroutine,
			   uint64_t since_ns, int64_t result)
{
	uint64_t ns = clock_ns() - since_ns;

	if (loop->long_coroutine && ns >= loop->long_ns)
		loop->long_coroutine(coroutine, ns, result, loop->long_coroutine_arg);
}
