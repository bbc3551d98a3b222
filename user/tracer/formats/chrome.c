/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An array of objects, one a line. Slices of threads are complete events; tracks besides them are
 * what that format calls asynchronous, events that share an id.
 */
#include "chrome.h"
#include "json.h"
#include <base/text.h>
#include <inttypes.h>

static void print_number(FILE *out, const char *before, uint64_t number)
{
	char digits[TEXT_NUMBER_SIZE];

	fputs_unlocked(before, out);
	fputs_unlocked(text_number(digits, number), out);
}

/* Microseconds, to the nanosecond. */
static void print_time(FILE *out, const char *before, uint64_t ns)
{
	unsigned int rest = ns % 1000;

	print_number(out, before, ns / 1000);
	print_number(out, rest < 10 ? ".00" : rest < 100 ? ".0" : ".", rest);
}

/* The begin of an object, which the caller ends. */
static void print_head(struct trace *trace, const char *phase, const struct trace_track *track)
{
	fputs_unlocked(trace->count++ ? ",\n{\"ph\":\"" : "{\"ph\":\"", trace->out);
	fputs_unlocked(phase, trace->out);
	print_number(trace->out, "\",\"pid\":", track->process);
	print_number(trace->out, ",\"tid\":", track->thread ? track->thread : track->process);
}

static void print_text(FILE *out, const char *key, const char *value)
{
	fputs_unlocked(key, out);
	json_string(out, value);
}

static void print_details(FILE *out, const struct trace_event *event)
{
	unsigned int i, count = 0;

	for (i = 0; i < TRACE_DETAILS; i++) {
		if (!event->details[i].value)
			continue;
		fputs(count++ ? "," : ",\"args\":{", out);
		json_string(out, event->details[i].name);
		putc(':', out);
		json_string(out, event->details[i].value);
	}
	if (count)
		putc('}', out);
}

/* Flows are events of their own, which stick to the slice around them. */
static void print_flow(struct trace *trace, const char *phase, const struct trace_event *event,
		       uint64_t flow)
{
	if (!flow)
		return;
	print_head(trace, phase, &event->track);
	print_time(trace->out, ",\"ts\":", event->time_ns);
	fprintf(trace->out, ",\"cat\":\"flow\",\"name\":\"flow\",\"id\":%" PRIu64 "%s}", flow,
		*phase == 'f' ? ",\"bp\":\"e\"" : "");
}

static void print_event(struct trace *trace, const char *phase, const struct trace_event *event,
			uint64_t time_ns)
{
	const struct trace_track *track = &event->track;
	FILE *out = trace->out;
	unsigned int i;

	print_head(trace, phase, track);
	print_time(out, ",\"ts\":", time_ns);
	if (*phase == 'X')
		print_time(out, ",\"dur\":", event->duration_ns);
	if (track->number) {
		print_number(out, ",\"id\":\"", track->process);
		print_number(out, ".", track->number);
		putc_unlocked('"', out);
	}
	print_text(out, ",\"cat\":", track->number ? "track" : event->category);
	print_text(out, ",\"name\":", event->name);
	if (*phase == 'i')
		fputs(",\"s\":\"t\"", out);
	print_details(out, event);
	putc('}', out);
	print_flow(trace, "s", event, event->flow);
	for (i = 0; i < TRACE_FLOWS; i++)
		print_flow(trace, "f", event, event->ends[i]);
}

static void chrome_open(struct trace *trace, uint64_t time_ns, uint64_t realtime_ns)
{
	(void)time_ns;
	(void)realtime_ns;
	fputs("[\n", trace->out);
}

/* Other tracks are named by what is on them. */
static void chrome_track(struct trace *trace, const struct trace_track *track,
			 const struct trace_track *parent, const char *name)
{
	(void)parent;
	if (track->number)
		return;
	print_head(trace, "M", track);
	fprintf(trace->out,
		",\"name\":\"%s_name\",\"args\":{\"name\":", track->thread ? "thread" : "process");
	json_string(trace->out, name);
	fputs("}}", trace->out);
}

static void chrome_begin(struct trace *trace, const struct trace_event *event)
{
	print_event(trace, event->track.number ? "b" : "B", event, event->time_ns);
}

static void chrome_end(struct trace *trace, const struct trace_event *event)
{
	print_event(trace, event->track.number ? "e" : "E", event, event->time_ns);
}

static void chrome_slice(struct trace *trace, const struct trace_event *event)
{
	struct trace_event end = { .track = event->track,
				   .category = event->category,
				   .name = event->name };

	if (!event->track.number) {
		print_event(trace, "X", event, event->time_ns);
		return;
	}
	print_event(trace, "b", event, event->time_ns);
	print_event(trace, "e", &end, event->time_ns + event->duration_ns);
}

static void chrome_instant(struct trace *trace, const struct trace_event *event)
{
	print_event(trace, event->track.number ? "n" : "i", event, event->time_ns);
}

static void chrome_close(struct trace *trace)
{
	fputs("\n]\n", trace->out);
}

const struct trace_format chrome = {
	.open = chrome_open,
	.track = chrome_track,
	.begin = chrome_begin,
	.end = chrome_end,
	.slice = chrome_slice,
	.instant = chrome_instant,
	.close = chrome_close,
};
