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

static const struct view_options none = { 0 };

/* A view that writes into memory. */
struct run {
	const struct view *view;
	struct view_options options;
	void *state;
	char *printed; /* once it has ended; the caller's */
	size_t size;
};

static inline void run_begin(struct run *run, const struct view *view, struct view_options options)
{
	run->view = view;
	run->options = options;
	run->options.out = open_memstream(&run->printed, &run->size);
	assert_non_null(run->options.out);
	run->state = view->open(&run->options);
	assert_non_null(run->state);
}

/* Ends the stream, frees the model, which may be fed through others, and returns the status. */
static inline int run_end(struct run *run, struct model *model)
{
	int status;

	model_finish(model);
	status = run->view->finish(run->state, model);
	run->view->free(run->state);
	model_free(model);
	fclose(run->options.out);
	return status;
}

/* Consumes the stream. `*status` becomes what the view's end returns. */
static inline struct run view_run(const struct view *view, struct stream *stream,
				  struct view_options options, int *status)
{
	struct model *model;
	struct run run;

	run_begin(&run, view, options);
	model = model_new(&view->listener, run.state);
	assert_non_null(model);
	feed(model, stream);
	stream_free(stream);
	*status = run_end(&run, model);
	return run;
}

/* Consumes the stream. The view's end must find nothing. The caller frees the text. */
static inline char *view_prints(const struct view *view, struct stream *stream,
				struct view_options options)
{
	int status;
	char *printed = view_run(view, stream, options, &status).printed;

	assert_int_equal(status, 0);
	return printed;
}

/* Consumes the stream. */
static inline void assert_view_prints(const struct view *view, struct stream *stream,
				      struct view_options options, int status, const char *expected)
{
	int returned;
	char *printed = view_run(view, stream, options, &returned).printed;

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
