/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams of records for tests: what a runtime would write, at a time that the test sets.
 *
 *	struct stream s = { 0 };
 *
 *	loop_start(&s);
 *	s.now_ns += 1000;
 *	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
 */
#ifndef TESTS_EVENTS_H
#define TESTS_EVENTS_H

#include <assert.h>
#include <asynctrace/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tracer/model.h>

#define LOOP(number)	  AT_ID(AT_LOOP, number)
#define TASK(number)	  AT_ID(AT_TASK, number)
#define CALLBACK(number)  AT_ID(AT_CALLBACK, number)
#define COROUTINE(number) AT_ID(AT_COROUTINE, number)
#define FUTURE(number)	  AT_ID(AT_FUTURE, number)

enum { STREAM_THREADS = 8 };

/* All zero is an empty one. `thread` indexes the threads, whose numbers are 100 and more. */
struct stream {
	struct at_event *events;
	size_t count, size;
	uint64_t now_ns;
	unsigned int thread;
	uint32_t sequences[STREAM_THREADS];
};

static inline struct at_event *push(struct stream *stream, unsigned int kind, unsigned int flags,
				    uint64_t subject, uint64_t a, uint64_t b, uint64_t c)
{
	struct at_event *event;

	if (stream->count == stream->size) {
		stream->size = stream->size ? 2 * stream->size : 64;
		stream->events = realloc(stream->events, stream->size * sizeof(*event));
		assert(stream->events);
	}
	event = &stream->events[stream->count++];
	*event = (struct at_event){
		.time_ns = stream->now_ns,
		.thread = 100 + stream->thread,
		.sequence = ++stream->sequences[stream->thread],
		.kind = kind,
		.flags = flags,
		.process = 42,
		.subject = subject,
		.a = a,
		.b = b,
		.c = c,
	};
	return event;
}

/* The last `count` records never arrive. */
static inline void lose(struct stream *stream, size_t count)
{
	stream->count -= count;
}

static inline void stream_free(struct stream *stream)
{
	free(stream->events);
	*stream = (struct stream){ 0 };
}

/* Feeds what has been pushed since the last time, and forgets it. */
static inline void feed(struct model *model, struct stream *stream)
{
	int ret = model_feed(model, stream->events, stream->count);

	assert(!ret);
	(void)ret;
	stream->count = 0;
}

/* Pieces and flags as a runtime writes them; null is an absent text. */
static inline void text(struct stream *stream, const char *string)
{
	size_t length = string ? strnlen(string, AT_TEXT_MAX + 1) : 0, n;
	unsigned int last = string ? 0 : AT_TEXT_ABSENT;

	if (length > AT_TEXT_MAX) {
		length = AT_TEXT_MAX;
		last = AT_TEXT_CUT;
	}
	do {
		uint64_t piece[4] = { 0 };

		n = length < AT_TEXT_PIECE ? length : AT_TEXT_PIECE;
		if (n)
			memcpy(piece, string, n);
		length -= n;
		push(stream, AT_TEXT, n | (length ? AT_TEXT_MORE : last), piece[0], piece[1],
		     piece[2], piece[3]);
		string = string ? string + n : NULL;
	} while (length);
}

static inline void function(struct stream *stream, uint64_t address, const char *name,
			    const char *file, unsigned int line, uint64_t types)
{
	text(stream, name);
	text(stream, file);
	push(stream, AT_FUNCTION, 0, address, line, types, 0);
}

static inline void loop_start(struct stream *stream)
{
	push(stream, AT_LOOP_START, 0, LOOP(1), 0, 0, 0);
}

/* Who enters, and who leaves. */
static inline void change(struct stream *stream, uint64_t enters, uint64_t leaves,
			  unsigned int flags, uint64_t ready_ns)
{
	push(stream, AT_SWITCH, flags, enters, leaves, 0, ready_ns);
}

static inline void begin(struct stream *stream, unsigned int coroutine, uint64_t address)
{
	push(stream, AT_COROUTINE_BEGIN, 0, COROUTINE(coroutine), address, 0, 0);
}

static inline void end(struct stream *stream, unsigned int coroutine)
{
	push(stream, AT_COROUTINE_END, 0, COROUTINE(coroutine), 0, 0, 0);
}

/* The tracer tells that the next `count` records were dropped. */
static inline void drop(struct stream *stream, uint32_t count)
{
	stream->sequences[stream->thread] += count - 1;
	push(stream, AT_LOST, 0, 0, 0, 0, 0);
}

/* The tracer's own last record. */
static inline void detach(struct stream *stream, uint64_t dropped, uint64_t forked, uint64_t unread)
{
	push(stream, AT_DETACH, 0, 0, dropped, forked, unread);
	stream->sequences[stream->thread]--;
}

/* Ends a stream that has not been ended, at its last record. */
static inline void stream_end(struct stream *stream)
{
	if (stream->count && stream->events[stream->count - 1].kind == AT_DETACH)
		return;
	if (stream->count)
		stream->now_ns = stream->events[stream->count - 1].time_ns;
	detach(stream, 0, 0, 0);
}

#endif
