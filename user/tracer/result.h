/* SPDX-License-Identifier: BSD-2-Clause */
/* The receiving half of a run: the model, the view behind it, and where that writes to. */
#ifndef TRACER_RESULT_H
#define TRACER_RESULT_H

#include "options.h"
#include "output.h"
#include <base/text.h>

/* Zeroed before it is opened. */
struct result {
	const struct options *options;
	struct output output;
	bool broken;	 /* the output cannot be written */
	bool unrecorded; /* the recording cannot, and the view goes on without it */
	bool ignored;	 /* whoever reads the output has gone */
	int findings;	 /* after the end: the exit status that the view asks for, or 0 */
	const struct view *view;
	struct view_options view_options;
	char title[TEXT_NAME_SIZE];
	void *state;	       /* of the view; null if it has none */
	struct filter *filter; /* null if all is shown */
	struct model *model;
};

/* What the command line asks for. 0, or the exit status after a complaint. */
int result_open(struct result *ret, const struct options *options);

/* Shows and keeps records, in the order of their source. 0, or -errno for result_complain(). */
int result_take(struct result *result, const struct at_event *events, size_t count);

/* Counts records that come after a recording could not be written. */
void result_miss(struct result *result, const struct at_event *events, size_t count);

/* True if it could not, but has something. */
bool result_is_cut(const struct result *result);

/* Says why records were not taken. The exit status. */
int result_complain(const struct result *result, int err);

/* No record follows: shows what is left to show. 0, or the exit status after a complaint. */
int result_finish(struct result *result);

/* Takes what was opened in part. What is not complete is thrown away. */
void result_close(struct result *result);

#endif
