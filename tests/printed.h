/* SPDX-License-Identifier: BSD-2-Clause */
/* What a view prints of a stream, as a string. */
#ifndef TESTS_PRINTED_H
#define TESTS_PRINTED_H

#include "events.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <tracer/views/view.h>

#include <cmocka.h>

/* Consumes the stream. `*status` becomes what the view's end returns. The caller frees the text. */
static inline char *view_prints(const struct view *view, struct stream *stream, int *status)
{
	struct view_options options = { 0 };
	struct model *model;
	char *printed;
	size_t size;
	void *state;

	options.out = open_memstream(&printed, &size);
	assert_non_null(options.out);
	state = view->open(&options);
	assert_non_null(state);
	model = model_new(&view->listener, state);
	assert_non_null(model);
	feed(model, stream);
	model_finish(model);
	*status = view->finish(state, model);
	view->free(state);
	model_free(model);
	fclose(options.out);
	stream_free(stream);
	return printed;
}

static inline void assert_view_prints(const struct view *view, struct stream *stream, int status,
				      const char *expected)
{
	int returned;
	char *printed = view_prints(view, stream, &returned);

	assert_string_equal(printed, expected);
	assert_int_equal(returned, status);
	free(printed);
}

/* Code at that address is in this line. */
static inline void place(struct stream *stream, uint64_t address, const char *where,
			 const char *file, unsigned int line)
{
	unsigned int thread = stream->thread;
	size_t first = stream->count;

	text(stream, where);
	text(stream, file);
	push(stream, AT_PLACE, 0, address, line, 0, 0);
	/* The tracer says that. */
	stream->sequences[thread] -= stream->count - first;
	for (; first < stream->count; first++) {
		stream->events[first].thread = 0;
		stream->events[first].sequence = 0;
	}
}

#endif
