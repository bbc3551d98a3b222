/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which step or callback held the loop for longer than a threshold? The line of asyncio's debug
 * mode for each as it ends, and at the end a table of the functions that did it, the worst first.
 */
#include "completeness.h"
#include "repr.h"
#include "slow_step.h"
#include "slow_table.h"
#include "view.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define SECOND_NS 1000000000

/* So many are told of within a second; the others are counted. */
enum { REPORTS_MAX = 10 };

struct slow {
	const struct view_options *options;
	const struct model *model;
	struct slow_threads threads;
	struct slow_table table;

	/* The second at hand. */
	uint64_t second_ns;
	unsigned int reports;
	uint64_t suppressed;

	uint64_t steps, torn, iterations;
	uint64_t longest_ns;
	const struct model_function *longest;
	int error;
};

static void *slow_new(const struct view_options *options)
{
	struct slow *slow = calloc(1, sizeof(*slow));

	if (slow)
		slow->options = options;
	return slow;
}

static void slow_open(void *view, const struct model *model)
{
	((struct slow *)view)->model = model;
}

/* Threads hand their records over at different times: the clock may go back. */
static bool is_over(const struct slow *slow, uint64_t now_ns)
{
	return (int64_t)(now_ns - slow->second_ns) >= SECOND_NS;
}

static void tell_suppressed(struct slow *slow)
{
	if (slow->suppressed)
		fprintf(slow->options->out, "... %" PRIu64 " more within this second\n",
			slow->suppressed);
	slow->suppressed = 0;
}

/* Whether one more may be told of. */
static bool begin_report(struct slow *slow, uint64_t now_ns)
{
	if (is_over(slow, now_ns)) {
		tell_suppressed(slow);
		slow->second_ns = now_ns;
		slow->reports = 0;
	}
	if (slow->reports == REPORTS_MAX) {
		slow->suppressed++;
		return false;
	}
	slow->reports++;
	return true;
}

/* As asyncio does, unless that would be nothing. */
static void print_seconds(const struct slow *slow, uint64_t ns)
{
	int digits = slow->options->threshold_ns >= 1000000 ? 3 : ns >= 1000 || !ns ? 6 : 9;

	fprintf(slow->options->out, "%.*f", digits, ns / 1e9);
}

static void report_step(struct slow *slow, const struct model_interval *interval,
			const struct slow_part *part)
{
	const char *least = interval->existing || interval->open ? "at least " : "";
	FILE *out = slow->options->out;

	if (!begin_report(slow, interval->end_ns))
		return;
	fputs("Executing ", out);
	if (interval->task)
		repr_task(out, slow->model, interval->task, interval->next);
	else
		repr_handle(out, interval->function);
	fprintf(out, " took %s", least);
	print_seconds(slow, interval->end_ns - interval->begin_ns);
	fputs(" seconds\n", out);
	if (part->function == interval->function)
		return;
	fputs("    of which ", out);
	print_seconds(slow, part->ns);
	fputs(" in ", out);
	repr_function(out, part->function);
	fputc('\n', out);
}

static void end_iteration(struct slow *slow, struct slow_thread *thread, uint64_t now_ns)
{
	const struct slow_iteration iteration = slow_take_iteration(thread);
	FILE *out = slow->options->out;

	if (iteration.incomplete || iteration.steps < 2 ||
	    iteration.ns < slow->options->threshold_ns ||
	    iteration.longest.ns >= slow->options->threshold_ns)
		return;
	slow->iterations++;
	if (!begin_report(slow, now_ns))
		return;
	fprintf(out, "Iteration %" PRIu64 " of loop %" PRIu64 " took ", iteration.number,
		(uint64_t)(iteration.loop & AT_ID_NUMBER));
	print_seconds(slow, iteration.ns);
	fprintf(out, " seconds: %" PRIu64 " steps, the longest ", iteration.steps);
	print_seconds(slow, iteration.longest.ns);
	fputs(" in ", out);
	repr_function(out, iteration.longest.function);
	fputc('\n', out);
}

/*
 * The iteration of one that is forgotten for it is over, as far as is known. Null without memory.
 */
static struct slow_thread *thread_of(struct slow *slow, uint32_t process, uint32_t number,
				     uint64_t now_ns)
{
	struct slow_thread *thread = slow_find_thread(&slow->threads, process, number), *spare;

	if (thread)
		return thread;
	spare = slow_spare_thread(&slow->threads);
	if (spare) {
		end_iteration(slow, spare, now_ns);
		slow_forget_thread(&slow->threads, spare);
	}
	thread = slow_add_thread(&slow->threads, process, number);
	if (!thread)
		slow->error = -ENOMEM;
	return thread;
}

/* The function that ran for most of the step, which is not always the task's own. */
static struct slow_part holder_of(struct slow_thread *thread, const struct model_interval *interval)
{
	struct slow_part own = { interval->function, interval->end_ns - interval->begin_ns };
	struct slow_part part = slow_take_part(thread);

	return part.function && interval->kind == MODEL_STEP ? part : own;
}

static void count_step(struct slow *slow, struct slow_thread *thread,
		       const struct model_interval *interval)
{
	uint64_t ns = interval->end_ns - interval->begin_ns;
	const struct slow_part part = holder_of(thread, interval);

	if (slow_ends_iteration(thread, interval))
		end_iteration(slow, thread, interval->begin_ns);
	slow_add_step(thread, interval, part.function);
	if (interval->torn) {
		slow->torn += ns >= slow->options->threshold_ns;
		return;
	}
	slow->steps++;
	if (ns > slow->longest_ns) {
		slow->longest_ns = ns;
		slow->longest = part.function;
	}
	if (ns < slow->options->threshold_ns)
		return;
	report_step(slow, interval, &part);
	if (slow_table_add(&slow->table, part.function, ns))
		slow->error = -ENOMEM;
}

static void slow_interval(void *view, const struct model_interval *interval)
{
	struct slow_thread *thread;
	struct slow *slow = view;

	if (is_over(slow, interval->end_ns))
		tell_suppressed(slow);
	if (interval->kind != MODEL_STEP && interval->kind != MODEL_CALLBACK &&
	    interval->kind != MODEL_IDLE)
		return;
	thread = thread_of(slow, interval->process, interval->thread, interval->begin_ns);
	if (!thread)
		return;
	if (interval->kind == MODEL_IDLE)
		end_iteration(slow, thread, interval->begin_ns);
	else
		count_step(slow, thread, interval);
}

static void slow_time(void *view, struct model_task *task, enum model_state state,
		      uint64_t begin_ns, uint64_t end_ns)
{
	const struct model_coroutine *coroutine = task->innermost;
	struct slow_thread *thread;
	struct slow *slow = view;

	if (state != MODEL_RUNNING)
		return;
	thread = thread_of(slow, task->process, task->thread, begin_ns);
	if (thread)
		slow_add_part(thread, coroutine ? coroutine->function : task->function,
			      end_ns - begin_ns);
}

static void slow_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process,
		      uint32_t thread, uint64_t count)
{
	struct slow *slow = view;
	struct slow_thread *lossy = thread_of(slow, process, thread, begin_ns);

	(void)end_ns, (void)count;
	if (lossy)
		slow_spoil_iteration(lossy);
}

static void print_none(const struct slow *slow)
{
	char threshold[TEXT_DURATION_SIZE], longest[TEXT_DURATION_SIZE];
	FILE *out = slow->options->out;

	fprintf(out, "no step held a loop for %s or longer",
		text_duration(threshold, slow->options->threshold_ns));
	if (!slow->steps) {
		fputs(": none was seen\n", out);
		return;
	}
	fprintf(out, "; the longest of %" PRIu64 " took %s, in ", slow->steps,
		text_duration(longest, slow->longest_ns));
	repr_function(out, slow->longest);
	fputc('\n', out);
}

static int print_table(const struct slow *slow)
{
	char threshold[TEXT_DURATION_SIZE];
	FILE *out = slow->options->out;

	fprintf(out,
		"\n%" PRIu64 " of %" PRIu64
		" steps held a loop for %s or longer; where they were for most of it:\n",
		slow->table.steps, slow->steps,
		text_duration(threshold, slow->options->threshold_ns));
	return slow_table_print(&slow->table, out);
}

static int slow_finish(void *state, const struct model *model)
{
	const struct model_totals *totals = model_totals(model);
	struct slow_thread *thread = NULL;
	struct slow *slow = state;
	FILE *out = slow->options->out;
	int err = 0;

	while ((thread = slow_next_thread(&slow->threads, thread)))
		end_iteration(slow, thread, totals->last_ns);
	tell_suppressed(slow);
	if (slow->table.count)
		err = print_table(slow);
	else
		print_none(slow);
	if (slow->iterations)
		fprintf(out, "iterations that took as long by many steps: %" PRIu64 "\n",
			slow->iterations);
	if (slow->torn)
		fprintf(out, "left out, for records within them are missing: %" PRIu64 " step(s)\n",
			slow->torn);
	completeness_print(out, totals);
	return err ? err : slow->error;
}

static void slow_free(void *state)
{
	struct slow *slow = state;

	if (!slow)
		return;
	slow_threads_free(&slow->threads);
	slow_table_free(&slow->table);
	free(slow);
}

const struct view view_slow = {
	.listener = {
		.open = slow_open,
		.time = slow_time,
		.interval = slow_interval,
		.lost = slow_lost,
	},
	.open = slow_new,
	.finish = slow_finish,
	.free = slow_free,
};
