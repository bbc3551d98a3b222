/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacking a file takes as long as understanding it: both go on at the same time, a few chunks
 * apart.
 */
#include "ahead.h"
#include "../recording.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNKS = 4 };

struct chunk {
	size_t count;
	double progress;
	struct at_event events[RECORDING_CHUNK];
};

struct ahead {
	struct source source;
	struct source *inner;
	pthread_t thread;
	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t changed;
	bool closing;
	bool taken;		    /* the first chunk is the caller's */
	int end;		    /* what ended the reading, 1 as long as nothing has */
	unsigned int first, filled; /* chunks in a ring */
	double progress;	    /* of what was taken */
	struct chunk chunks[CHUNKS];
};

/* Waits until there is room. Null if nobody wants more. */
static struct chunk *find_room(struct ahead *ahead)
{
	struct chunk *chunk = NULL;

	pthread_mutex_lock(&ahead->mutex);
	while (ahead->filled == CHUNKS && !ahead->closing)
		pthread_cond_wait(&ahead->changed, &ahead->mutex);
	if (!ahead->closing)
		chunk = &ahead->chunks[(ahead->first + ahead->filled) % CHUNKS];
	pthread_mutex_unlock(&ahead->mutex);
	return chunk;
}

/* As read() of the inner source. Only here may the thread be cancelled: a pipe may never tell. */
static int fill(struct source *inner, struct chunk *chunk)
{
	const struct at_event *events;
	int ret;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	ret = inner->read(inner, &events, &chunk->count, -1);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	if (ret > 0 && chunk->count > RECORDING_CHUNK)
		return -EBADMSG;
	if (ret > 0)
		memcpy(chunk->events, events, chunk->count * sizeof(*events));
	chunk->progress = inner->progress ? inner->progress(inner) : 0;
	return ret;
}

static void *read_all(void *arg)
{
	struct ahead *ahead = arg;
	struct chunk *chunk;
	int ret = 1;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	while (ret > 0 && (chunk = find_room(ahead))) {
		ret = fill(ahead->inner, chunk);
		pthread_mutex_lock(&ahead->mutex);
		if (ret > 0)
			ahead->filled++;
		else
			ahead->end = ret;
		pthread_cond_signal(&ahead->changed);
		pthread_mutex_unlock(&ahead->mutex);
	}
	return NULL;
}

static struct timespec deadline_of(int timeout_ms)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
	deadline.tv_sec += timeout_ms / 1000 + deadline.tv_nsec / 1000000000;
	deadline.tv_nsec %= 1000000000;
	return deadline;
}

static int read_chunk(struct source *source, const struct at_event **events, size_t *count,
		      int timeout_ms)
{
	struct timespec deadline = deadline_of(timeout_ms > 0 ? timeout_ms : 0);
	struct ahead *ahead = (struct ahead *)source;
	struct chunk *chunk;
	int ret = 1, err = 0;

	pthread_mutex_lock(&ahead->mutex);
	if (ahead->taken) {
		ahead->first = (ahead->first + 1) % CHUNKS;
		ahead->filled--;
		ahead->taken = false;
		pthread_cond_signal(&ahead->changed);
	}
	while (!ahead->filled && ahead->end > 0 && !err)
		err = pthread_cond_timedwait(&ahead->changed, &ahead->mutex, &deadline);
	chunk = &ahead->chunks[ahead->first];
	if (!ahead->filled && ahead->end <= 0)
		ret = ahead->end;
	ahead->taken = ahead->filled;
	if (ahead->taken)
		ahead->progress = chunk->progress;
	*events = chunk->events;
	*count = ahead->taken ? chunk->count : 0;
	pthread_mutex_unlock(&ahead->mutex);
	return ret;
}

static double progress_of(struct source *source)
{
	return ((struct ahead *)source)->progress;
}

static void free_ahead(struct source *source)
{
	struct ahead *ahead = (struct ahead *)source;

	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->mutex);
	ahead->closing = true;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->mutex);
	pthread_cancel(ahead->thread);
	pthread_join(ahead->thread, NULL);
	pthread_cond_destroy(&ahead->changed);
	pthread_mutex_destroy(&ahead->mutex);
	ahead->inner->free(ahead->inner);
	free(ahead);
}

/* Signals are the other threads'. */
static int start(struct ahead *ahead)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&ahead->thread, NULL, read_all, ahead);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int ahead_source_open(struct source **ret, struct source *inner)
{
	struct ahead *ahead = calloc(1, sizeof(*ahead));
	pthread_condattr_t monotonic;
	int err;

	if (!ahead)
		return -ENOMEM;
	ahead->source.read = read_chunk;
	ahead->source.progress = inner->progress ? progress_of : NULL;
	ahead->source.free = free_ahead;
	ahead->inner = inner;
	ahead->end = 1;
	pthread_mutex_init(&ahead->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&ahead->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err = start(ahead);
	if (err) {
		free(ahead);
		return err;
	}
	*ret = &ahead->source;
	return 0;
}
