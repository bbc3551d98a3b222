/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was never awaited, never retrieved, left open, or will never go on? Told at the end: what
 * has healed until then is no finding, and of what is not known nothing is said.
 */
#include "check_stuck.h"
#include "view.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The exit status that says so. */
enum { FOUND = 3 };

/* Fewer wakeups tell nothing of what a task does. */
enum { WAKEUPS_MIN = 1000 };

#define NEVER_YIELDED_NS 1000000000ULL

struct check {
	FILE *out;
	const struct model *model;
	struct findings *findings;
	struct sleeping_loop *loops;
	size_t loop_count;
	uint64_t coroutines;
	int error;
};

static void *check_new(const struct view_options *options)
{
	struct check *check = calloc(1, sizeof(*check));

	if (!check)
		return NULL;
	check->out = options->out;
	check->findings = findings_new();
	if (check->findings)
		return check;
	free(check);
	return NULL;
}

static void check_open(void *view, const struct model *model)
{
	struct check *check = view;

	check->model = model;
}

static void keep_error(struct check *check, int err)
{
	if (err)
		check->error = err;
}

static void check_warning(void *view, uint64_t now_ns, const struct model_warning *warning)
{
	static const enum finding_kind kinds[] = {
		[0] = FINDING_OTHER,
		[AT_NEVER_AWAITED] = FINDING_NEVER_AWAITED,
		[AT_NEVER_RETRIEVED] = FINDING_NEVER_RETRIEVED,
		[AT_DESTROYED_PENDING] = FINDING_DESTROYED_PENDING,
		[AT_UNCLOSED] = FINDING_UNCLOSED,
	};
	bool known = warning->kind < sizeof(kinds) / sizeof(*kinds);
	char buffer[TEXT_SIZE(AT_TEXT_MAX)];
	struct check *check = view;

	(void)now_ns;
	text_safe(buffer, sizeof(buffer), warning->text ? warning->text : "(its text was lost)");
	keep_error(check, findings_add(check->findings,
				       known ? kinds[warning->kind] : FINDING_OTHER,
				       warning->process, warning->function, warning->place, buffer));
}

__attribute__((format(printf, 4, 5))) static void find(struct check *check, enum finding_kind kind,
						       const struct model_task *task,
						       const char *format, ...)
{
	char *text;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		check->error = -ENOMEM;
		return;
	}
	keep_error(check, findings_add(check->findings, kind, task->process, task->function,
				       task->place, text));
	free(text);
}

static void check_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	const struct model_totals *totals;
	char name[DESCRIBE_SIZE], duration[TEXT_DURATION_SIZE];
	struct check *check = view;
	uint64_t wakeups = task->steps;

	(void)now_ns;
	totals = model_totals(check->model);
	if (totals->lost || totals->dropped)
		return;
	describe_task(name, sizeof(name), task);
	if (!task->existing && task->steps + (task->state == MODEL_RUNNING) == 1 &&
	    task->times.running >= NEVER_YIELDED_NS)
		find(check, FINDING_NEVER_YIELDED, task, "%s has never yielded (%s)", name,
		     text_duration(duration, task->times.running));
	if (wakeups >= WAKEUPS_MIN && task->self_wakes > wakeups / 2)
		find(check, FINDING_SELF_WAKES, task,
		     "%s has woken itself for %" PRIu64 " of its %" PRIu64 " wakeups (%.0f %%)",
		     name, task->self_wakes, wakeups, 100.0 * task->self_wakes / wakeups);
}
