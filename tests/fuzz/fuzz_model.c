/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records into the model, with a view behind it, and perhaps a filter between. The first byte is
 * the view and its format, whether there is little room, and whether the records are raw; the
 * second its options, the third the filter's.
 */
#include "records.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <tracer/filter.h>
#include <tracer/views/view.h>

static const struct form {
	const struct view *view;
	enum view_format format;
	bool events;
} forms[] = {
	{ &view_timed, VIEW_TEXT, false },	 { &view_summary, VIEW_TEXT, false },
	{ &view_slow, VIEW_TEXT, false },	 { &view_flame, VIEW_TEXT, false },
	{ &view_flame, VIEW_SVG, false },	 { &view_flame, VIEW_FOLDED, false },
	{ &view_flame, VIEW_SPEEDSCOPE, false }, { &view_timeline, VIEW_CSV, false },
	{ &view_timeline, VIEW_CSV, true },	 { &view_timeline, VIEW_PERFETTO, false },
	{ &view_timeline, VIEW_CHROME, false },	 { &view_cancel, VIEW_TEXT, false },
	{ &view_check, VIEW_TEXT, false },	 { &view_tree, VIEW_TEXT, false },
	{ &view_tree, VIEW_CSV, false },	 { &view_attach, VIEW_TEXT, false },
};

enum { FORMS = sizeof(forms) / sizeof(*forms), RAW = 0x80, NARROW = 0x40, BATCH = 64 };

/* Reached by a few records. */
static const struct model_limits narrow = {
	.bytes = 4096,
	.depth = 3,
	.threads = 2,
	.functions = 2,
};

static void choose_filter(struct filter_options *ret, uint8_t byte, bool moments)
{
	static const char *const globs[] = { "a*", "Task-1", "*", "[a-c]?*" };

	*ret = (struct filter_options){
		.thread = byte & 4 ? 1 : 0,
		.since_ns = byte & 8 ? 100 : 0,
		.until_ns = byte & 16 ? 50000000 : 0,
		.min_duration_ns = byte & 32 ? 1000 : 0,
		.task = byte & 64 ? "1" : NULL,
		.moments = moments,
	};
	if (byte & 3)
		ret->globs[ret->glob_count++] = globs[byte & 3];
}

static void feed_all(struct model *model, struct records *records)
{
	struct at_event events[BATCH];
	size_t count;

	do {
		for (count = 0; count < BATCH && records_next(records, &events[count]); count++)
			;
		if (model_feed(model, events, count))
			abort();
	} while (count == BATCH);
}

static void show(const struct view *view, const struct view_options *options, uint8_t filtered,
		 bool limited, struct records *records)
{
	struct filter_options filter_options;
	struct filter *filter = NULL;
	struct model *model;
	void *state;

	state = view->open(options);
	choose_filter(&filter_options, filtered, view->moments);
	if (filtered)
		filter = filter_new(&filter_options, &view->listener, state);
	if (!state || (filtered && !filter))
		abort();
	model = filter ? model_new(filter_listener(filter), filter)
		       : model_new(&view->listener, state);
	if (!model)
		abort();
	if (limited)
		model_limit(model, &narrow);
	feed_all(model, records);
	model_finish(model);
	if (view->finish && view->finish(state, model) < 0)
		abort();
	view->free(state);
	model_free(model);
	filter_free(filter);
}

FUZZ(model)
{
	struct records records = { .input = { .data = data, .size = size }, .now_ns = 1000000 };
	uint8_t first = input_byte(&records.input), how = input_byte(&records.input);
	uint8_t filtered = input_byte(&records.input);
	const struct form *form = &forms[first % FORMS];
	struct view_options options = {
		.format = form->format,
		.events = form->events,
		.colour = how & 1,
		.terminal = how & 2,
		.width = how & 4 ? 1 : 80,
		.columns = how >> 3 & 7,
		.weight = (how >> 5) % (VIEW_AWAITING + 1),
		.threshold_ns = how & 8 ? 0 : 1000000,
		.raw = how & 16,
		.filtered = filtered,
		.source = "fuzz",
	};
	char *printed = NULL;
	size_t length;

	records.raw = first & RAW;
	options.out = open_memstream(&printed, &length);
	if (!options.out)
		abort();
	show(form->view, &options, filtered, first & NARROW, &records);
	fclose(options.out);
	free(printed);
	return 0;
}
