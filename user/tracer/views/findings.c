/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merged by address as they come, and by file and line when they are printed: the processes of one
 * program have the same places at other addresses.
 */
#include "findings.h"
#include "describe.h"
#include <base/hash.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Distinct ones; a program that has more does not need to know of each. */
enum { FINDINGS_MAX = 1000 };

static const struct {
	enum severity severity;
	const char *advice;
} kinds[FINDING_KINDS] = {
	[FINDING_NEVER_AWAITED] = { FINDING_ERROR,
				    "await it, or make it a task with async_create_task()" },
	[FINDING_NEVER_RETRIEVED] = { FINDING_ERROR,
				      "await it, or look at its result when it is done" },
	[FINDING_DESTROYED_PENDING] = { FINDING_ERROR, "await it, or cancel and await it, before "
						       "its loop is closed" },
	[FINDING_CYCLE] = { FINDING_ERROR,
			    "let one of them go on without the others: take locks in one order, "
			    "or give a wait a limit" },
	[FINDING_HOLDER_GONE] = { FINDING_ERROR, "release it on every way out of the task" },
	[FINDING_STUCK] = { FINDING_ERROR, "look for who was to end these waits, and did not" },
	[FINDING_UNCLOSED] = { FINDING_WARNING, "close it when it is no longer used" },
	[FINDING_NEVER_YIELDED] = { FINDING_WARNING,
				    "give the work to async_run_in_executor(), or let others run "
				    "with async_sleep(0)" },
	[FINDING_SELF_WAKES] = { FINDING_WARNING,
				 "wait for what it looks for, with an event, a queue or a future" },
	[FINDING_OTHER] = { FINDING_WARNING, NULL },
	[FINDING_CYCLE_OR_NOT] = { FINDING_NOTE,
				   "if nothing is to end it, let one of them go on without the "
				   "others: take locks in one order" },
	[FINDING_HOLDER_GONE_OR_NOT] = { FINDING_NOTE,
					 "if nobody else is to release it, release it on every way "
					 "out of the task" },
	[FINDING_STUCK_OR_FOREIGN] = { FINDING_NOTE,
				       "if neither was to end these waits, look for who was" },
	[FINDING_JOB_FAILED] = { FINDING_NOTE, "see that whoever awaits it expects that" },
};

/* The kinds whose text tells who, not only what. */
#define DISTINCT                                                                                   \
	(1U << FINDING_CYCLE | 1U << FINDING_STUCK | 1U << FINDING_CYCLE_OR_NOT |                  \
	 1U << FINDING_STUCK_OR_FOREIGN)

struct finding {
	struct {
		const struct model_function *function;
		uint64_t place;
		uint32_t process;
		uint32_t kind;
		uint32_t text; /* a hash of it, if nothing else tells them apart */
		uint32_t unused;
	} key;
	uint64_t count;
	char *text;
	char *task;  /* of the first one, or null */
	char *where; /* when it is printed: FILE:LINE */
	UT_hash_handle hh;
};

struct findings {
	struct finding *all;
	uint64_t more; /* that are not kept */
};

struct findings *findings_new(void)
{
	return calloc(1, sizeof(struct findings));
}

static void finding_free(struct finding *finding)
{
	free(finding->text);
	free(finding->task);
	free(finding->where);
	free(finding);
}

void findings_free(struct findings *findings)
{
	struct finding *finding, *next;

	if (!findings)
		return;
	HASH_ITER (hh, findings->all, finding, next) {
		HASH_DEL(findings->all, finding);
		finding_free(finding);
	}
	free(findings);
}

int findings_add(struct findings *findings, enum finding_kind kind, uint32_t process,
		 const struct model_function *function, uint64_t place, const char *text)
{
	return findings_add_task(findings, kind, process, function, place, text, NULL);
}

int findings_add_task(struct findings *findings, enum finding_kind kind, uint32_t process,
		      const struct model_function *function, uint64_t place, const char *text,
		      const char *task)
{
	struct finding *finding, sought = { .key.function = function };
	bool known = (place || function) && !(DISTINCT >> kind & 1);

	sought.key.place = place;
	sought.key.process = process;
	sought.key.kind = kind;
	sought.key.text = known ? 0 : hash_bytes(text, strlen(text));
	HASH_FIND(hh, findings->all, &sought.key, sizeof(sought.key), finding);
	if (finding) {
		finding->count++;
		return 0;
	}
	if (HASH_COUNT(findings->all) >= FINDINGS_MAX) {
		findings->more++;
		return 0;
	}
	finding = calloc(1, sizeof(*finding));
	if (!finding)
		return -ENOMEM;
	finding->key = sought.key;
	finding->count = 1;
	finding->text = strdup(text);
	finding->task = task ? strdup(task) : NULL;
	if (finding->text && !finding->task == !task)
		HASH_ADD(hh, findings->all, key, sizeof(finding->key), finding);
	if (finding->hh.tbl)
		return 0;
	finding_free(finding);
	return -ENOMEM;
}

static int by_kind_and_place(const void *one, const void *another)
{
	const struct finding *a = *(struct finding *const *)one;
	const struct finding *b = *(struct finding *const *)another;
	int order;

	if (a->key.kind != b->key.kind)
		return a->key.kind < b->key.kind ? -1 : 1;
	order = strverscmp(a->where, b->where);
	return order ? order : strcmp(a->text, b->text);
}

/* Where it was made, or else where the function is. */
static char *find_where(const struct finding *finding, const struct model *model)
{
	char buffer[DESCRIBE_SIZE];

	if (finding->key.place && model_find_place(model, finding->key.process, finding->key.place))
		return strdup(describe_place(buffer, sizeof(buffer), model, finding->key.process,
					     finding->key.place));
	if (finding->key.function && finding->key.function->file)
		return strdup(describe_function(buffer, sizeof(buffer), finding->key.function));
	return strdup("");
}

static void print_finding(const struct finding *finding, FILE *out)
{
	static const char *const severities[] = { "error", "warning", "note" };
	const struct model_function *function = finding->key.function;
	const char *advice = kinds[finding->key.kind].advice;
	char buffer[DESCRIBE_SIZE];

	fprintf(out, "%s%s%s: %s", finding->where, *finding->where ? ": " : "",
		severities[kinds[finding->key.kind].severity], finding->text);
	if (finding->count > 1)
		fprintf(out, " (%" PRIu64 " times)", finding->count);
	fputc('\n', out);
	if (finding->task)
		fprintf(out, "    %s%s\n", finding->count > 1 ? "first " : "", finding->task);
	describe_function(buffer, sizeof(buffer), function);
	if (function && function->file && strcmp(buffer, finding->where))
		fprintf(out, "    defined at %s\n", buffer);
	if (advice)
		fprintf(out, "    %s\n", advice);
}

/* Sorts, and has those that look the same counted by the first. Returns how many remain. */
static size_t merge(struct finding **sorted, size_t count)
{
	size_t kept = 0, i;

	qsort(sorted, count, sizeof(*sorted), by_kind_and_place);
	for (i = 0; i < count; i++) {
		struct finding *last = kept ? sorted[kept - 1] : NULL;

		if (last && last->key.kind == sorted[i]->key.kind &&
		    !strcmp(last->where, sorted[i]->where) && !strcmp(last->text, sorted[i]->text))
			last->count += sorted[i]->count;
		else
			sorted[kept++] = sorted[i];
	}
	return kept;
}

int findings_print(struct findings *findings, const struct model *model, FILE *out,
		   uint64_t counts[FINDING_SEVERITIES])
{
	size_t count = HASH_COUNT(findings->all), i = 0;
	struct finding *finding, *next, **sorted;

	memset(counts, 0, FINDING_SEVERITIES * sizeof(*counts));
	if (!count)
		return 0;
	sorted = calloc(count, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	HASH_ITER (hh, findings->all, finding, next) {
		free(finding->where);
		finding->where = find_where(finding, model);
		if (!finding->where) {
			free(sorted);
			return -ENOMEM;
		}
		sorted[i++] = finding;
	}
	count = merge(sorted, count);
	for (i = 0; i < count; i++) {
		counts[kinds[sorted[i]->key.kind].severity]++;
		print_finding(sorted[i], out);
	}
	if (findings->more)
		fprintf(out, "and %" PRIu64 " more\n", findings->more);
	free(sorted);
	return 0;
}
