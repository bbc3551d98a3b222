/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to cancel as text: a line each, what they led to as a tree, and figures at the end. */
#ifndef TRACER_VIEWS_CANCEL_PRINT_H
#define TRACER_VIEWS_CANCEL_PRINT_H

#include "../histogram.h"
#include "cancel_storm.h"
#include "view.h"

struct cancel_printer {
	FILE *out;
	const struct model *model;
	const char *const *branches; /* of trees: the pieces that they are drawn with */
	bool headed;

	/* What the figures are of. */
	uint64_t passed_on, repeated; /* requests without a fate of their own */
	struct histogram deliveries, ends;
};

void cancel_printer_init(struct cancel_printer *printer, const struct view_options *options);
void cancel_printer_clear(struct cancel_printer *printer);

void cancel_print(struct cancel_printer *printer, const struct request *root);
void cancel_print_summary(const struct cancel_printer *printer, const uint64_t fates[FATES_END]);

#endif
