/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Origins: the stack on which something was created. A program creates at few places, over and
 * over: an origin is kept for good, and equal ones once.
 */
#include "runtime.h"
#include <errno.h>
#include <execinfo.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 32,
	/* Of the runtime itself there are up to three frames for each of the user's. */
	KEPT_MAX = 4 * DEPTH_MAX,
	HIDDEN_MAX = 16, /* frames between us and the user */
	BUCKETS = 256,
};

__thread struct tracking async__tracking __attribute__((tls_model("initial-exec")));

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct origin *origins[BUCKETS];

void async__tracking_set(int depth, struct async_coroutine *(*wrapper)(struct async_coroutine *))
{
	void *frame;

	/* The first call loads the unwinder, which wants more stack than a task may have left. */
	if (depth && !async__tracking.depth)
		backtrace(&frame, 1);
	async__tracking.depth = depth;
	async__tracking.wrapper = wrapper;
	async__tracking.any = depth || wrapper;
}

int async_set_coroutine_origin_tracking_depth(int depth)
{
	if (depth < 0)
		return -EINVAL;
	async__tracking_set(depth < DEPTH_MAX ? depth : DEPTH_MAX, async__tracking.wrapper);
	return 0;
}

int async_get_coroutine_origin_tracking_depth(void)
{
	return async__tracking.depth;
}

static size_t hash(const void *const frames[], size_t count)
{
	uint64_t sum = count;
	size_t i;

	for (i = 0; i < count; i++)
		sum = (sum ^ (uintptr_t)frames[i]) * 0x9e3779b97f4a7c15;
	return (sum >> 32) % BUCKETS;
}

static const struct origin *intern(void *const frames[], size_t count, size_t depth)
{
	struct origin **bucket = &origins[hash((const void *const *)frames, count)], *origin;

	pthread_mutex_lock(&lock);
	for (origin = *bucket; origin; origin = origin->next) {
		if (origin->count == count && origin->depth == depth &&
		    !memcmp(origin->places, frames, count * sizeof(*frames)))
			break;
	}
	if (!origin && (origin = malloc(sizeof(*origin) + count * sizeof(*frames)))) {
		origin->next = *bucket;
		origin->depth = depth;
		origin->count = count;
		memcpy(origin->places, frames, count * sizeof(*frames));
		*bucket = origin;
	}
	pthread_mutex_unlock(&lock);
	return origin;
}

/* The innermost frame is the one that returns to the address at hand. */
bool async__origin_keep(union creation *place, int depth)
{
	void *stack[HIDDEN_MAX + KEPT_MAX], *address = (void *)place->address, **frames = stack;
	int wanted = HIDDEN_MAX + 4 * depth, count = backtrace(stack, wanted);
	const struct origin *origin;

	while (count && *frames != address) {
		frames++;
		count--;
	}
	if (!count) {
		frames = &address;
		count = 1;
	}
	origin = intern(frames, count, depth);
	if (origin)
		place->origin = origin;
	return origin;
}

uintptr_t async__origin_address(union creation place, bool has_origin)
{
	return has_origin ? place.origin->places[0] : place.address;
}

/* What the runtime has put between two functions of the user's. */
static bool is_ours(const struct async_frame *frame)
{
	static const char file[] = __FILE__, end[] = "__call";
	size_t folder = strrchr(file, '/') - file, length;

	if (frame->file && !strncmp(frame->file, file, folder + 1))
		return true;
	if (!frame->function)
		return false;
	length = strlen(frame->function);
	return !strncmp(frame->function, "async__", strlen("async__")) ||
	       (length > strlen(end) && !strcmp(frame->function + length - strlen(end), end));
}

size_t async__origin_frames(union creation place, bool has_origin, struct async_frame frames[],
			    size_t size)
{
	const struct origin *origin = has_origin ? place.origin : NULL;
	size_t count = 0, i;

	if (!origin) {
		if (size)
			frames[0] = async_frame_of(place.address - 1);
		return 1;
	}
	for (i = 0; i < origin->count && count < origin->depth; i++) {
		/* A return address may be another line's, or another function's. */
		struct async_frame frame = async_frame_of(origin->places[i] - 1);

		if (i && is_ours(&frame))
			continue;
		if (count < size)
			frames[count] = frame;
		count++;
		if (frame.function && !strcmp(frame.function, "main"))
			break;
	}
	return count;
}

size_t async_coroutine_origin(const struct async_coroutine *coroutine, struct async_frame frames[],
			      size_t size)
{
	if (!coroutine || !coroutine->has_origin)
		return 0;
	return async__origin_frames(coroutine->place, true, frames, size);
}

void async__print_frames(FILE *stream, union creation place, bool has_origin)
{
	struct async_frame frames[DEPTH_MAX];
	size_t count = async__origin_frames(place, has_origin, frames, DEPTH_MAX);

	while (count--) {
		const struct async_frame *frame = &frames[count];

		if (frame->file)
			fprintf(stream, "\n  File \"%s\", line %d, in %s", frame->file, frame->line,
				frame->function ? frame->function : "?");
		else if (frame->function)
			fprintf(stream, "\n  in %s", frame->function);
		else
			fprintf(stream, "\n  at %#" PRIxPTR, frame->address);
	}
}
