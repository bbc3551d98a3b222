/* SPDX-License-Identifier: BSD-2-Clause */
/* Durations stand in columns, so that a fate can be found with grep and the slowest with sort. */
#include "cancel_print.h"
#include "completeness.h"
#include "describe.h"
#include <base/text.h>
#include <inttypes.h>

/* Of the tree: a child, the last child, and what stands below each. */
enum { CHILD, LAST_CHILD, BELOW, BELOW_LAST };

static const char *const ascii[] = { "|- ", "`- ", "|  ", "   " };
static const char *const utf8[] = { "├─ ", "└─ ", "│  ", "   " };

static const char *const words[FATES_END] = {
	[FATE_OPEN] = "open",		[FATE_STORM] = "storm",
	[FATE_PASSED_ON] = "passed on", [FATE_CANCELLED] = "cancelled",
	[FATE_SWALLOWED] = "swallowed", [FATE_TIMED_OUT] = "timed out",
	[FATE_SHIELDED] = "shielded",	[FATE_REFUSED] = "refused",
	[FATE_TOO_LATE] = "too late",	[FATE_GROUP] = "by group",
	[FATE_WITHDRAWN] = "withdrawn", [FATE_ITSELF] = "by itself",
};

void cancel_printer_init(struct cancel_printer *printer, const struct view_options *options)
{
	printer->out = options->out;
	printer->branches = options->unicode ? utf8 : ascii;
}

void cancel_printer_clear(struct cancel_printer *printer)
{
	histogram_clear(&printer->deliveries);
	histogram_clear(&printer->ends);
}

static void print_duration(FILE *out, uint64_t from_ns, uint64_t to_ns)
{
	char buffer[TEXT_DURATION_SIZE];

	text_duration(buffer, to_ns > from_ns ? to_ns - from_ns : 0);
	fprintf(out, " %10s", to_ns ? buffer : "-");
}

/* `below` tells of each level above whether it goes on. */
static void print_columns(struct cancel_printer *printer, const struct request *times,
			  enum fate fate, const bool *last, unsigned int depth)
{
	int64_t since_ns = times->asked_ns - model_totals(printer->model)->first_ns;
	unsigned int i;

	if (!printer->headed)
		fprintf(printer->out, "%11s %10s %10s  %-9s  %s\n", "asked at", "delivered", "gone",
			"fate", "who");
	printer->headed = true;
	fprintf(printer->out, "%11.6f", since_ns / 1e9);
	print_duration(printer->out, times->asked_ns, times->existing ? 0 : times->delivered_ns);
	print_duration(printer->out, times->asked_ns, times->existing ? 0 : times->gone_ns);
	fprintf(printer->out, "  %-9s  ", words[fate]);
	for (i = 0; i < depth; i++)
		fputs(printer->branches[i + 1 < depth ? BELOW + last[i] : CHILD + last[i]],
		      printer->out);
}

/* Through what, by whom and where, of the request that began it all. */
static void print_origin(const struct cancel_printer *printer, const struct request *root)
{
	char buffer[DESCRIBE_SIZE];
	bool timer = AT_ID_TYPE(root->by) == AT_CALLBACK;

	if (root->through)
		fprintf(printer->out, ", through %s",
			describe_id(buffer, sizeof(buffer), printer->model, root->key.process,
				    root->through));
	/* Which callback of a timeout it was says nothing. */
	if (AT_ID_TYPE(root->by) == AT_LOOP && !root->through)
		fputs(", by the end of async_run()", printer->out);
	else if (root->by && root->who && !(root->through && timer))
		fprintf(printer->out, ", by %s", root->who);
	if (root->place)
		fprintf(printer->out, " at %s",
			describe_place(buffer, sizeof(buffer), printer->model, root->key.process,
				       root->place));
}

static void print_fold(struct cancel_printer *printer, const struct fold *fold, const bool *last,
		       unsigned int depth)
{
	const struct request times = {
		.asked_ns = fold->asked_ns,
		.delivered_ns = fold->delivery_ns ? fold->asked_ns + fold->delivery_ns : 0,
		.gone_ns = fold->end_ns ? fold->asked_ns + fold->end_ns : 0,
	};
	char buffer[TEXT_NAME_SIZE], duration[TEXT_DURATION_SIZE];
	const char *name = "others";

	if (fold->function)
		name = text_safe(buffer, sizeof(buffer), fold->function->name);
	else if (fold->type)
		name = describe_kind(AT_ID(fold->type, 0));
	print_columns(printer, &times, fold->fate, last, depth);
	fprintf(printer->out, "%s and %" PRIu64 " more (%s)",
		printer->branches == utf8 ? "…" : "...", fold->more, name);
	if (fold->end_ns)
		fprintf(printer->out, ", all within %s", text_duration(duration, fold->end_ns));
	if (fold->below)
		fprintf(printer->out, ", with %" PRIu64 " below", fold->below);
	fputc('\n', printer->out);
}

static void print_tree(struct cancel_printer *printer, const struct request *request,
		       const struct request *root, bool *last, unsigned int depth);

static void print_children(struct cancel_printer *printer, const struct request *request,
			   bool *last, unsigned int depth)
{
	const struct fold *fold = request->folds, *next;
	struct list *link;

	while (fold && !fold->more)
		fold = fold->next;
	list_for_each (link, &request->children) {
		last[depth] = !fold && link->next == &request->children;
		print_tree(printer, container_of(link, struct request, link), NULL, last,
			   depth + 1);
	}
	for (; fold; fold = next) {
		for (next = fold->next; next && !next->more;)
			next = next->next;
		last[depth] = !next;
		print_fold(printer, fold, last, depth + 1);
	}
}

/* `root` is null unless it says where the request came from. */
static void print_tree(struct cancel_printer *printer, const struct request *request,
		       const struct request *root, bool *last, unsigned int depth)
{
	print_columns(printer, request, request->fate, last, depth);
	fputs(request->who ? request->who : "?", printer->out);
	if (request->asked > 1)
		fprintf(printer->out, ", asked %" PRIu64 " times", request->asked);
	if (request->existing)
		fputs(", asked before the trace", printer->out);
	if (root)
		print_origin(printer, root);
	if (request->note)
		fprintf(printer->out, ": %s", request->note);
	fputc('\n', printer->out);
	print_children(printer, request, last, depth);
}

void cancel_print(struct cancel_printer *printer, const struct request *root)
{
	const struct list *first = root->children.next;
	bool last[STORM_DEPTH_MAX + 2] = { false };
	const struct fold *fold;
	struct list *link;
	uint64_t count = 0;

	if (list_empty(&root->children))
		return;
	if (first->next == &root->children)
		return print_tree(printer, container_of(first, struct request, link), root, last,
				  0);
	list_for_each (link, &root->children)
		count++;
	for (fold = root->folds; fold; fold = fold->next)
		count += fold->more;
	print_columns(printer, root, FATE_STORM, last, 0);
	fprintf(printer->out, "%" PRIu64 " at once", count);
	print_origin(printer, root);
	fputc('\n', printer->out);
	print_children(printer, root, last, 0);
}

static void print_latency(FILE *out, const char *what, const struct histogram *histogram)
{
	char p50[TEXT_DURATION_SIZE], p99[TEXT_DURATION_SIZE], max[TEXT_DURATION_SIZE];

	if (histogram->count)
		fprintf(out, "%s after: p50 %s, p99 %s, max %s\n", what,
			text_duration(p50, histogram_percentile(histogram, 50)),
			text_duration(p99, histogram_percentile(histogram, 99)),
			text_duration(max, histogram->max));
}

/* It adds up. */
static void print_fates(FILE *out, const uint64_t fates[FATES_END])
{
	static const enum fate rare[] = { FATE_GROUP, FATE_WITHDRAWN, FATE_OPEN };
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < FATES_END; i++)
		sum += i == FATE_ITSELF ? 0 : fates[i];
	fprintf(out, "%" PRIu64 " request%s", sum, sum == 1 ? "" : "s");
	for (i = FATE_CANCELLED; i <= FATE_TOO_LATE; i++)
		fprintf(out, "%s%" PRIu64 " %s", i == FATE_CANCELLED ? ": " : ", ", fates[i],
			words[i]);
	for (i = 0; i < sizeof(rare) / sizeof(*rare); i++) {
		if (fates[rare[i]])
			fprintf(out, ", %" PRIu64 " %s", fates[rare[i]], words[rare[i]]);
	}
}

void cancel_print_summary(const struct cancel_printer *printer, const uint64_t fates[FATES_END])
{
	const struct model_totals *totals = model_totals(printer->model);
	FILE *out = printer->out;

	print_fates(out, fates);
	if (printer->passed_on || printer->repeated)
		fputs(" (", out);
	if (printer->passed_on)
		fprintf(out, "%" PRIu64 " passed on%s", printer->passed_on,
			printer->repeated ? ", " : ")");
	if (printer->repeated)
		fprintf(out, "%" PRIu64 " repeated)", printer->repeated);
	if (fates[FATE_ITSELF])
		fprintf(out, "; %" PRIu64 " ended cancelled without one", fates[FATE_ITSELF]);
	fputc('\n', out);
	print_latency(out, "delivered", &printer->deliveries);
	print_latency(out, "gone", &printer->ends);
	completeness_print(out, totals);
}
