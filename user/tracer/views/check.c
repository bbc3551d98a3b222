/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was never awaited, never retrieved, left open, or will never go on? Told at the end: what
 * has healed until then is no finding, and of what is not known nothing is said.
 */
#include "check_failed.h"
#include "check_stuck.h"
#include "completeness.h"
#include "describe.h"
#include "view.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The exit status that says so. */
enum { FOUND = 3 };

enum {
	WAKEUPS_MIN = 1000, /* fewer tell nothing of what a task does */
	LOOK_NS = 50000,    /* who looks whether something has happened takes less, on average */
};

#define NEVER_YIELDED_NS 1000000000ULL

struct check {
	FILE *out;
	const struct model *model;
	struct findings *findings;
	struct failed failed;
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
	char *task = failed_name(&check->failed, check->model, warning);

	(void)now_ns;
	text_safe(buffer, sizeof(buffer), warning->text ? warning->text : "(its text was lost)");
	keep_error(check,
		   findings_add_task(check->findings, known ? kinds[warning->kind] : FINDING_OTHER,
				     warning->process, warning->function, warning->place, buffer,
				     task));
	free(task);
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
	if (task->end && task->end->outcome == MODEL_FAILED)
		keep_error(check, failed_keep(&check->failed, check->model, task));
	totals = model_totals(check->model);
	if (totals->lost || totals->dropped)
		return;
	describe_task(name, sizeof(name), task);
	if (!task->existing && task->steps + (task->state == MODEL_RUNNING) == 1 &&
	    task->times.running >= NEVER_YIELDED_NS)
		find(check, FINDING_NEVER_YIELDED, task, "%s has never yielded (%s)", name,
		     text_duration(duration, task->times.running));
	if (wakeups >= WAKEUPS_MIN && task->self_wakes > wakeups / 2 &&
	    task->times.running / wakeups < LOOK_NS)
		find(check, FINDING_SELF_WAKES, task,
		     "%s has woken itself for %" PRIu64 " of its %" PRIu64 " wakeups (%.0f %%)",
		     name, task->self_wakes, wakeups, 100.0 * task->self_wakes / wakeups);
}

static void check_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct check *check = view;

	(void)now_ns;
	(void)coroutine;
	check->coroutines++;
}

static void check_job(struct check *check, const struct model_interval *interval)
{
	const struct model_end end = { .outcome = MODEL_FAILED, .result = interval->result };
	char name[TEXT_NAME_SIZE], how[DESCRIBE_SIZE], *text;

	text_safe(name, sizeof(name), interval->function ? interval->function->name : "?");
	if (asprintf(&text, "job '%s' failed with %s", name, describe_end(how, sizeof(how), &end)) <
	    0) {
		check->error = -ENOMEM;
		return;
	}
	keep_error(check, findings_add(check->findings, FINDING_JOB_FAILED, interval->process,
				       interval->function, 0, text));
	free(text);
}

static void check_interval(void *view, const struct model_interval *interval)
{
	if (interval->kind == MODEL_JOB && !interval->open && interval->result < 0)
		check_job(view, interval);
}

static void print_count(FILE *out, uint64_t count, const char *what, const char *before)
{
	fprintf(out, "%s%" PRIu64 " %s%s", before, count, what, count == 1 ? "" : "s");
}

static void print_summary(const struct check *check, const struct model_totals *totals,
			  const uint64_t counts[FINDING_SEVERITIES])
{
	uint64_t errors = counts[FINDING_ERROR], warnings = counts[FINDING_WARNING];
	uint64_t notes = counts[FINDING_NOTE];
	uint64_t tasks = totals->tasks_existing + totals->tasks_created;
	char buffer[COMPLETENESS_SIZE];
	const char *missing = completeness_text(buffer, sizeof(buffer), totals);

	if (!errors && !warnings && !notes)
		fputs("nothing found", check->out);
	if (errors)
		print_count(check->out, errors, "error", "");
	if (warnings)
		print_count(check->out, warnings, "warning", errors ? ", " : "");
	if (notes)
		print_count(check->out, notes, "note", errors || warnings ? ", " : "");
	print_count(check->out, tasks, "task", " in ");
	print_count(check->out, check->coroutines, "coroutine", ", ");
	fputc('\n', check->out);
	if (!missing)
		return;
	fprintf(check->out, "%s\n", missing);
	fputs("so there may be more to find, and who waits for whom is not known\n", check->out);
}

static int check_finish(void *state, const struct model *model)
{
	const struct model_totals *totals = model_totals(model);
	uint64_t counts[FINDING_SEVERITIES];
	struct check *check = state;
	int err;

	if (totals->complete && !totals->lost && !totals->dropped && !totals->unread &&
	    !totals->unkept)
		keep_error(check, check_stuck(check->findings, model));
	err = findings_print(check->findings, model, check->out, counts);
	keep_error(check, err);
	if (check->error)
		return check->error;
	print_summary(check, totals, counts);
	return counts[FINDING_ERROR] || counts[FINDING_WARNING] ? FOUND : 0;
}

static void check_free(void *state)
{
	struct check *check = state;

	if (!check)
		return;
	failed_clear(&check->failed);
	findings_free(check->findings);
	free(check);
}

const struct view view_check = {
	.listener = {
		.open = check_open,
		.task_end = check_task_end,
		.begin = check_begin,
		.interval = check_interval,
		.warning = check_warning,
	},
	.open = check_new,
	.finish = check_finish,
	.free = check_free,
};
