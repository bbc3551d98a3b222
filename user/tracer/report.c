/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"
#include "complain.h"
#include "sources/source.h"
#include "views/completeness.h"
#include <base/text.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

int report_failure(const struct options *options, int err)
{
	const char *input = options->input;

	if (!err)
		return 0;
	if (input && err == -EINPROGRESS)
		return complain("'%s' was not finished: its recording was broken off, or goes on. "
				"What it has is shown.",
				input);
	if (input && err == -ENODATA)
		return complain("'%s' ends early: its recording was broken off, or it was not "
				"copied whole. What it has is shown.",
				input);
	if (input && err == -EBADMSG)
		return complain("'%s' is damaged: what comes before the damage is shown. Copy it "
				"again, or record anew.",
				input);
	return complain("cannot read %s: %s", input ? input : "records", strerror(-err));
}

int report_left(const struct options *options, double part)
{
	if (part > 0)
		say("stopped at %.0f %% of '%s': what follows there is left out", 100 * part,
		    options->input);
	else
		say("stopped: the rest of '%s' is left out", options->input);
	return 128 + SIGINT;
}

void report_step(const struct budget *budget, uint64_t since_ns, int err)
{
	static const char *const left_out[] = {
		[AT_DETAIL_NO_COROUTINES] = "coroutine records are left out",
		[AT_DETAIL_NO_SWITCHES] = "switches are left out, too",
		[AT_DETAIL_COUNTS] = "everything is only counted",
	};
	double spent = 100 * budget->spent, limit = 100 * budget->limit;

	if (!err && budget->given_up)
		say("still over budget: %.3g %% of the target's CPU time goes into tracing (limit %g "
		    "%%), and nothing more can be left out: end the trace, or allow it more (--budget)",
		    spent, limit);
	else if (!err)
		say("over budget: %.3g %% of the target's CPU time went into tracing (limit %g %%): "
		    "from %.3f s on %s",
		    spent, limit, since_ns / 1e9, left_out[budget->detail]);
	else
		say("over budget: %.3g %% of the target's CPU time goes into tracing (limit %g %%), "
		    "but it cannot leave anything out",
		    spent, limit);
}

static void suggest_buffer(size_t size)
{
	size_t larger = size < 2UL << 20 ? 8UL << 20 : size * 4;

	if (larger <= OPTIONS_BUFFER_MAX)
		say("the buffer was too small: try --buffer %zuM, or record now and view later",
		    larger >> 20);
	else
		say("the records came faster than they could be read: record now and view later");
}

int report_silence(const struct options *options, const struct model *model)
{
	if (!options->pid || options->input || model_loops(model) ||
	    (options->view && options->view->snapshot))
		return 0;
	say("process %d: no loop told anything: if one is stuck, 'asynctrace tree -p %d' shows where",
	    options->pid, options->pid);
	return options->view == &view_check;
}

void report_totals(const struct options *options, const struct model_totals *totals, bool by_ring)
{
	char records[TEXT_COUNT_SIZE], missing[TEXT_COUNT_SIZE], dropped[TEXT_COUNT_SIZE];
	uint64_t lost = completeness_lost(totals);
	char shed[COMPLETENESS_SIZE], unkept[COMPLETENESS_SIZE];

	text_count(missing, lost);
	text_count(dropped, totals->dropped);
	if (!options->view)
		say("%s record%s in '%s', %s lost, %s dropped",
		    text_count(records, totals->records), totals->records == 1 ? "" : "s",
		    options->output, missing, dropped);
	else if (lost && options->view_options.format != VIEW_TEXT)
		say("lost %s record%s, %s dropped: what was written is not complete", missing,
		    lost == 1 ? "" : "s", dropped);
	if (totals->unread && (!options->view || options->view_options.format != VIEW_TEXT))
		say("%s thread%s may have had records that could not be read",
		    text_count(records, totals->unread), totals->unread == 1 ? "" : "s");
	if ((!options->view || options->view_options.format != VIEW_TEXT) &&
	    completeness_shed(shed, sizeof(shed), totals))
		say("%s", shed);
	if (options->view_options.format != VIEW_TEXT &&
	    completeness_unkept(unkept, sizeof(unkept), totals))
		say("%s", unkept);
	if (totals->dropped && !options->input)
		suggest_buffer(options->buffer);
	if (totals->forked && !options->input && !options->follow)
		say("children that were forked and not traced: %lu%s", totals->forked,
		    by_ring ? "" : "; --follow traces them");
}

static uint64_t own_cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000ULL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ULL;
}

/*
 * Writes how often what was done, and how long each took. A ring is handed nothing over, and
 * without a budget nothing is left out.
 */
static void describe_work(char *buffer, size_t size, const struct live *live, uint64_t counted)
{
	char each[TEXT_DURATION_SIZE], count[TEXT_COUNT_SIZE];
	size_t length;

	length = snprintf(buffer, size, "%s record%s of %s", text_count(count, live->records),
			  live->records == 1 ? "" : "s",
			  text_duration(each, live->cost.record_ns + 0.5));
	if (live->cost.hit_ns > 0)
		length += snprintf(buffer + length, size - length, ", %s hand-over%s of %s",
				   text_count(count, live->hits), live->hits == 1 ? "" : "s",
				   text_duration(each, live->cost.hit_ns + 0.5));
	if (counted)
		snprintf(buffer + length, size - length, ", %s only counted of %s",
			 text_count(count, counted),
			 text_duration(each, live->cost.counted_ns + 0.5));
}

/* Of children nobody has kept the time. */
static void describe_share(char *buffer, size_t size, const struct live *live, uint64_t counted,
			   bool follow)
{
	double cost_ns = live->cost.record_ns * live->records + live->cost.hit_ns * live->hits +
			 live->cost.counted_ns * counted;
	uint64_t target_ns = live->cpu_ns - live->cpu_begin_ns;
	char duration[TEXT_DURATION_SIZE];

	if (!follow && live->cpu_ns > live->cpu_begin_ns)
		snprintf(buffer, size, "%.1f %% of the process's %s of CPU time",
			 100 * cost_ns / target_ns, text_duration(duration, target_ns));
	else
		snprintf(buffer, size, "%s of CPU time", text_duration(duration, cost_ns));
}

void report_cost(const struct options *options, const struct live *live, uint64_t counted)
{
	char own[TEXT_DURATION_SIZE], share[80], work[192];

	if (options->input)
		return;
	text_duration(own, own_cpu_ns());
	if (!live->records && !live->hits) {
		say("nothing was traced; asynctrace itself took %s", own);
		return;
	}
	if (!live->measured) {
		say("what tracing took could not be measured; asynctrace itself took %s", own);
		return;
	}
	describe_share(share, sizeof(share), live, counted, options->follow);
	describe_work(work, sizeof(work), live, counted);
	say("tracing took %s: %s; asynctrace itself took %s", share, work, own);
}
