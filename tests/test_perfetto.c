/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Perfetto's format, decoded by a small reader: the messages as protobuf has them, and what a
 * viewer needs to draw a timeline.
 */
#include "printed.h"
#include <base/text.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <tracer/formats/perfetto.h>
#include <tracer/views/view.h>

#include <cmocka.h>

#define MAIN  0x401000
#define FETCH 0x402000
#define PLACE 0x404000

enum { PACKETS_MAX = 512 };

enum type { NO_EVENT, BEGIN, END, INSTANT };

/* Bytes of a message that have not been read yet. */
struct reader {
	const unsigned char *at, *end;
};

struct field {
	unsigned int number, wire;
	uint64_t value;
	struct reader bytes;
};

struct packet {
	uint64_t time_ns, clock, sequence, flags;
	bool has_snapshot, is_track;
	uint64_t clocks[4], primary; /* by number */
	enum type type;
	uint64_t uuid, parent, pid, tid, order, merge;
	char name[1100], category[32], details[2000];
	uint64_t flow, ends[2];
	size_t end_count;
};

struct decoded {
	char *bytes;
	size_t size, count;
	struct packet packets[PACKETS_MAX];
};

static uint64_t read_varint(struct reader *reader)
{
	uint64_t value = 0;
	unsigned int shift;

	for (shift = 0; shift < 64; shift += 7) {
		assert_true(reader->at < reader->end);
		value |= (uint64_t)(*reader->at & 0x7f) << shift;
		if (!(*reader->at++ & 0x80))
			return value;
	}
	fail_msg("a number without an end");
	return 0;
}

static bool read_field(struct reader *reader, struct field *field)
{
	unsigned int i;

	if (reader->at == reader->end)
		return false;
	field->value = read_varint(reader);
	field->number = field->value >> 3;
	field->wire = field->value & 7;
	if (field->wire == 1) {
		assert_true(reader->end - reader->at >= 8);
		for (i = 0, field->value = 0; i < 8; i++)
			field->value |= (uint64_t)*reader->at++ << 8 * i;
		return true;
	}
	field->value = read_varint(reader);
	if (field->wire == 2) {
		assert_true((size_t)(reader->end - reader->at) >= field->value);
		field->bytes.at = reader->at;
		reader->at += field->value;
		field->bytes.end = reader->at;
		return true;
	}
	assert_int_equal(field->wire, 0);
	return true;
}

/* Strings are UTF-8, and nothing in them is harmful. */
static void read_text(const struct field *field, char *text, size_t size)
{
	size_t length = field->bytes.end - field->bytes.at, n;
	const char *at = text;
	uint32_t point = 0;

	assert_int_equal(field->wire, 2);
	assert_true(length < size);
	memcpy(text, field->bytes.at, length);
	text[length] = 0;
	for (; *at; at += n) {
		n = text_decode(at, &point);
		assert_true(n && !text_is_harmful(point));
	}
	assert_int_equal(at - text, length);
}

static void read_snapshot(struct packet *packet, struct reader reader)
{
	struct field field, clock;
	uint64_t values[3];

	packet->has_snapshot = true;
	while (read_field(&reader, &field)) {
		if (field.number == 2) {
			packet->primary = field.value;
			continue;
		}
		assert_int_equal(field.number, 1);
		while (read_field(&field.bytes, &clock))
			values[clock.number] = clock.value;
		packet->clocks[values[1]] = values[2];
	}
}

static void read_track(struct packet *packet, struct reader reader)
{
	struct field field, inner;

	packet->is_track = true;
	while (read_field(&reader, &field)) {
		if (field.number == 1)
			packet->uuid = field.value;
		else if (field.number == 2)
			read_text(&field, packet->name, sizeof(packet->name));
		else if (field.number == 5)
			packet->parent = field.value;
		else if (field.number == 11)
			packet->order = field.value;
		else if (field.number == 15)
			packet->merge = field.value;
		else if (field.number == 3 || field.number == 4)
			while (read_field(&field.bytes, &inner)) {
				if (inner.number == 1)
					packet->pid = inner.value;
				else if (inner.number == 2)
					packet->tid = inner.value;
				else
					read_text(&inner, packet->name, sizeof(packet->name));
			}
		else
			fail_msg("field %u of a track", field.number);
	}
}

static void read_detail(struct packet *packet, struct reader reader)
{
	char name[1100] = "", value[1100] = "";
	struct field field;

	while (read_field(&reader, &field)) {
		if (field.number == 10)
			read_text(&field, name, sizeof(name));
		else if (field.number == 6)
			read_text(&field, value, sizeof(value));
		else
			fail_msg("field %u of a detail", field.number);
	}
	snprintf(packet->details + strlen(packet->details),
		 sizeof(packet->details) - strlen(packet->details), "%s=%s;", name, value);
}

static void read_event(struct packet *packet, struct reader reader)
{
	struct field field;

	while (read_field(&reader, &field)) {
		if (field.number == 4)
			read_detail(packet, field.bytes);
		else if (field.number == 9)
			packet->type = field.value;
		else if (field.number == 11)
			packet->uuid = field.value;
		else if (field.number == 22)
			read_text(&field, packet->category, sizeof(packet->category));
		else if (field.number == 23)
			read_text(&field, packet->name, sizeof(packet->name));
		else if (field.number == 47 && field.wire == 1)
			packet->flow = field.value;
		else if (field.number == 48 && field.wire == 1 && packet->end_count < 2)
			packet->ends[packet->end_count++] = field.value;
		else
			fail_msg("field %u of an event", field.number);
	}
}

static void read_packet(struct packet *packet, struct reader reader)
{
	struct field field;

	while (read_field(&reader, &field)) {
		if (field.number == 6)
			read_snapshot(packet, field.bytes);
		else if (field.number == 8)
			packet->time_ns = field.value;
		else if (field.number == 10)
			packet->sequence = field.value;
		else if (field.number == 11)
			read_event(packet, field.bytes);
		else if (field.number == 13)
			packet->flags = field.value;
		else if (field.number == 58)
			packet->clock = field.value;
		else if (field.number == 60)
			read_track(packet, field.bytes);
		else
			fail_msg("field %u of a packet", field.number);
	}
}

/* The file that decoded->bytes are. */
static void decode(struct decoded *decoded)
{
	struct reader reader = { (unsigned char *)decoded->bytes,
				 (unsigned char *)decoded->bytes + decoded->size };
	struct packet *packet;
	struct field field;

	while (read_field(&reader, &field)) {
		assert_int_equal(field.number, 1);
		assert_true(decoded->count < PACKETS_MAX);
		packet = &decoded->packets[decoded->count++];
		read_packet(packet, field.bytes);
		assert_int_equal(packet->sequence, 1);
		assert_int_equal(packet->flags, decoded->count == 1);
		assert_int_equal(packet->clock, packet->type ? 3 : 0);
	}
	free(decoded->bytes);
}

static struct trace trace_open(struct decoded *decoded)
{
	struct trace trace = { .out = open_memstream(&decoded->bytes, &decoded->size) };

	assert_non_null(trace.out);
	return trace;
}

static void trace_close(struct trace *trace, struct decoded *decoded)
{
	perfetto.close(trace);
	fclose(trace->out);
	decode(decoded);
}

static struct decoded *new_decoded(void)
{
	struct decoded *decoded = calloc(1, sizeof(*decoded));

	assert_non_null(decoded);
	return decoded;
}

static void writer__says_what_it_is_told(void **state)
{
	struct trace_track process = { .process = 42 }, thread = { .process = 42, .thread = 100 },
			   track = { .process = 42, .number = 14 };
	struct trace_event event = {
		.track = track,
		.time_ns = 1000,
		.duration_ns = 500,
		.category = "await",
		.name = "await lock 3",
		.flow = 1,
		.ends = { 0, UINT64_MAX },
		.details = { { "left out", NULL }, { "woken by", "Task-7" } },
	};
	struct decoded *decoded = new_decoded();
	struct trace trace = trace_open(decoded);
	struct packet *packets = decoded->packets;

	(void)state;
	perfetto.open(&trace, 5, 1795317542015749675);
	perfetto.track(&trace, &process, NULL, "process 42");
	perfetto.track(&trace, &thread, &process, "loop 1");
	perfetto.track(&trace, &track, &process, "Task-7");
	perfetto.slice(&trace, &event);
	event.track = thread;
	perfetto.instant(&trace, &event);
	trace_close(&trace, decoded);
	assert_int_equal(decoded->count, 7);
	assert_true(packets[0].has_snapshot);
	assert_int_equal(packets[0].primary, 3);
	assert_int_equal(packets[0].clocks[3], 5);
	assert_true(packets[0].clocks[1] == 1795317542015749675);
	assert_true(packets[1].is_track && packets[2].is_track && packets[3].is_track);
	assert_int_equal(packets[1].pid, 42);
	assert_string_equal(packets[1].name, "process 42");
	assert_int_equal(packets[2].tid, 100);
	assert_int_equal(packets[2].pid, 42);
	assert_string_equal(packets[2].name, "loop 1");
	assert_string_equal(packets[3].name, "Task-7");
	assert_true(packets[3].parent == packets[1].uuid);
	assert_int_equal(packets[3].merge, 2);
	assert_int_equal(packets[4].type, BEGIN);
	assert_int_equal(packets[4].time_ns, 1000);
	assert_true(packets[4].uuid == packets[3].uuid);
	assert_string_equal(packets[4].name, "await lock 3");
	assert_string_equal(packets[4].category, "await");
	assert_string_equal(packets[4].details, "woken by=Task-7;");
	assert_int_equal(packets[4].flow, 1);
	assert_int_equal(packets[4].end_count, 1);
	assert_true(packets[4].ends[0] == UINT64_MAX);
	assert_int_equal(packets[5].type, END);
	assert_int_equal(packets[5].time_ns, 1500);
	assert_int_equal(packets[5].flow + packets[5].end_count, 0);
	assert_string_equal(packets[5].details, "");
	assert_int_equal(packets[6].type, INSTANT);
	assert_true(packets[6].uuid == packets[2].uuid);
	free(decoded);
}

static void writer__survives_any_string(void **state)
{
	char *longest = malloc(10001);
	struct decoded *decoded = new_decoded();
	struct trace trace = trace_open(decoded);
	struct trace_event event = { .track = { .process = 1 } };
	static const char *const names[] = { "", "a\nb\x1b[2J", "\xff\xc3(", "\xe2\x80\xae",
					     "\xf0\x9f\x90\x8d" };
	size_t i;

	(void)state;
	assert_non_null(longest);
	memset(longest, 0xff, 10000);
	longest[10000] = 0;
	perfetto.open(&trace, 5, 0);
	event.category = event.name = longest;
	event.category = "step";
	for (i = 0; i < TRACE_DETAILS; i++)
		event.details[i] = (struct trace_detail){ longest, longest };
	perfetto.begin(&trace, &event);
	event = (struct trace_event){ .track = { .process = 1 }, .category = "step" };
	for (i = 0; i < 5; i++) {
		event.name = names[i];
		perfetto.instant(&trace, &event);
	}
	trace_close(&trace, decoded);
	assert_int_equal(decoded->count, 7);
	assert_int_equal(strlen(decoded->packets[1].name), 1023);
	assert_string_equal(decoded->packets[3].name, "a\\nb\\x1b[2J");
	assert_string_equal(decoded->packets[6].name, "\xf0\x9f\x90\x8d");
	free(longest);
	free(decoded);
}

/* What the timeline writes of the stream, which it consumes. */
static struct decoded *trace(struct stream *stream)
{
	const struct view_options options = { .format = VIEW_PERFETTO };
	struct decoded *decoded = new_decoded();
	struct run run;
	int status;

	run = view_run(&view_timeline, stream, options, &status);
	assert_int_equal(status, 0);
	decoded->bytes = run.printed;
	decoded->size = run.size;
	decode(decoded);
	return decoded;
}

static const struct packet *packet_of(const struct decoded *decoded, enum type type,
				      const char *name)
{
	size_t i;

	for (i = 0; i < decoded->count; i++) {
		if (decoded->packets[i].type == type && !strcmp(decoded->packets[i].name, name))
			return &decoded->packets[i];
	}
	fail_msg("nothing is called %s", name);
	return NULL;
}

/* Stable, as a viewer sorts. */
static void sort_by_time(struct packet **sorted, size_t count)
{
	struct packet *packet;
	size_t i, j;

	for (i = 1; i < count; i++) {
		packet = sorted[i];
		for (j = i; j && sorted[j - 1]->time_ns > packet->time_ns; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = packet;
	}
}

/*
 * The slices of a track, as a viewer makes them: " NAME(" where one begins, ")" where it ends, and
 * moments in brackets. All tracks must have been told before.
 */
static const char *draw(struct decoded *decoded, const char *name)
{
	static char drawn[4096];
	struct packet *sorted[PACKETS_MAX], *track = NULL;
	size_t count = 0, used = 0, i;
	int depth = 0;

	for (i = 0; i < decoded->count; i++) {
		struct packet *packet = &decoded->packets[i];

		if (packet->is_track && !strcmp(packet->name, name))
			track = packet;
		if (track && packet->type && packet->uuid == track->uuid)
			sorted[count++] = packet;
	}
	assert_non_null(track);
	sort_by_time(sorted, count);
	*drawn = 0;
	for (i = 0; i < count; i++) {
		depth += sorted[i]->type == BEGIN ? 1 : sorted[i]->type == END ? -1 : 0;
		assert_true(depth >= 0);
		used += snprintf(drawn + used, sizeof(drawn) - used,
				 sorted[i]->type == BEGIN ? " %s("
				 : sorted[i]->type == END ? ")"
							  : " [%s]",
				 sorted[i]->name);
	}
	assert_int_equal(depth, 0);
	return drawn;
}

static void enter(struct stream *s, uint64_t now_ns, uint64_t enters, uint64_t leaves,
		  unsigned int flags, uint64_t awaits, uint64_t ready_ns)
{
	s->now_ns = now_ns;
	push(s, AT_SWITCH, flags, enters, leaves, awaits, ready_ns);
}

/* Main creates a task, which awaits a lock; wakes it, and cancels it. */
static struct stream cancelled(void)
{
	struct stream s = { .now_ns = 900 };

	push(&s, AT_ATTACH, 0, 1795317542015749675, 0, 0, 0)->thread = 0;
	s.sequences[0] = 0;
	loop_start(&s);
	function(&s, MAIN, "main", "demo.c", 20, 0);
	function(&s, FETCH, "fetch", "demo.c", 7, 0);
	s.now_ns = 1000;
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	enter(&s, 1100, TASK(1), LOOP(1), AT_ITERATION, 0, 1000);
	begin(&s, 1, MAIN);
	push(&s, AT_TASK_CREATE, 0, TASK(2), FETCH, TASK(1), PLACE);
	text(&s, "worker");
	push(&s, AT_TASK_NAME, 0, TASK(2), 0, 0, 0);
	enter(&s, 1200, TASK(2), TASK(1), 0, AT_ID(AT_TIMER, 1), 1100);
	begin(&s, 2, FETCH);
	begin(&s, 3, FETCH);
	enter(&s, 1300, LOOP(1), TASK(2), 0, AT_ID(AT_LOCK, 3), 0);
	enter(&s, 1400, TASK(1), LOOP(1), AT_ITERATION, 0, 1400);
	s.now_ns = 1410;
	push(&s, AT_TASK_CANCEL, 0, TASK(2), TASK(1), PLACE, 0);
	enter(&s, 1500, TASK(2), TASK(1), AT_DELIVERS, AT_ID(AT_TIMER, 1), 1410);
	push(&s, AT_COROUTINE_END, AT_CANCELLED, COROUTINE(3), -ECANCELED, 0, 0);
	push(&s, AT_COROUTINE_END, AT_CANCELLED, COROUTINE(2), -ECANCELED, 0, 0);
	s.now_ns = 1600;
	push(&s, AT_TASK_DONE, AT_CANCELLED, TASK(2), -ECANCELED, 0, 0);
	enter(&s, 1600, LOOP(1), TASK(2), AT_ENDED, 0, 0);
	return s;
}

static void timeline__nests_what_tasks_do(void **state)
{
	struct stream s = cancelled();
	struct decoded *decoded;

	(void)state;
	detach(&s, 0, 0, 0);
	decoded = trace(&s);
	assert_string_equal(draw(decoded, "worker (fetch)"),
			    " worker (fetch)( ready() fetch( fetch( await lock 3() ready())))");
	assert_string_equal(draw(decoded, "Task-1 (main)"),
			    " Task-1 (main)( ready() main( await sleep() await sleep()))");
	assert_string_equal(draw(decoded, "loop"),
			    " Task-1 (main)( [wake worker (fetch)]) worker (fetch)()"
			    " Task-1 (main)( [cancel worker (fetch)] [wake worker (fetch)])"
			    " worker (fetch)()");
	free(decoded);
}

static void timeline__leads_from_cause_to_effect(void **state)
{
	struct stream s = cancelled();
	const struct packet *created, *wake, *cancel, *step;
	struct decoded *decoded;
	size_t i;

	(void)state;
	detach(&s, 0, 0, 0);
	decoded = trace(&s);
	created = packet_of(decoded, INSTANT, "wake worker (fetch)");
	cancel = packet_of(decoded, INSTANT, "cancel worker (fetch)");
	assert_int_equal(created->time_ns, 1100);
	assert_int_equal(cancel->time_ns, 1410);
	assert_string_equal(cancel->details, "by=Task-1 (main);at=0x404000;");
	step = wake = NULL;
	for (i = 0; i < decoded->count; i++) {
		if (decoded->packets[i].type == INSTANT && decoded->packets[i].time_ns == 1410 &&
		    &decoded->packets[i] != cancel)
			wake = &decoded->packets[i];
		if (!strcmp(decoded->packets[i].category, "step") &&
		    decoded->packets[i].time_ns == 1500)
			step = &decoded->packets[i];
		if (!strcmp(decoded->packets[i].category, "step") &&
		    decoded->packets[i].time_ns == 1200)
			assert_true(decoded->packets[i].ends[0] == created->flow);
	}
	assert_non_null(step);
	assert_non_null(wake);
	assert_int_equal(step->end_count, 2);
	assert_true(wake->flow && cancel->flow && wake->flow != cancel->flow);
	assert_true(step->ends[0] == wake->flow && step->ends[1] == cancel->flow);
	free(decoded);
}

/* As with a timeout: it is told, and goes on. */
static void timeline__leads_to_who_is_told_and_goes_on(void **state)
{
	struct stream s = cancelled();
	const struct packet *cancel, *step = NULL;
	struct decoded *decoded;
	size_t i;

	(void)state;
	lose(&s, 4);
	s.sequences[0] -= 4;
	enter(&s, 1600, LOOP(1), TASK(2), 0, AT_ID(AT_LOCK, 3), 0);
	enter(&s, 1700, TASK(2), LOOP(1), AT_ITERATION, 0, 1700);
	enter(&s, 1800, LOOP(1), TASK(2), 0, AT_ID(AT_LOCK, 3), 0);
	detach(&s, 0, 0, 0);
	decoded = trace(&s);
	cancel = packet_of(decoded, INSTANT, "cancel worker (fetch)");
	for (i = 0; i < decoded->count; i++) {
		const struct packet *packet = &decoded->packets[i];

		if (!strcmp(packet->category, "step") && packet->time_ns == 1500)
			step = packet;
		if (!strcmp(packet->category, "step") && packet->time_ns == 1700)
			assert_int_equal(packet->end_count, 0);
	}
	assert_non_null(step);
	assert_int_equal(step->end_count, 2);
	assert_true(cancel->flow && step->ends[1] == cancel->flow);
	free(decoded);
}

/* Asked twice, it is told once: one flow leads there, and none ends nowhere. */
static void timeline__of_two_requests_the_first_leads_on(void **state)
{
	struct stream s = { .now_ns = 900 };
	const struct packet *first, *step;
	struct decoded *decoded;

	(void)state;
	loop_start(&s);
	function(&s, MAIN, "main", "demo.c", 20, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	push(&s, AT_TASK_CANCEL, 0, TASK(1), 0, PLACE, 0);
	push(&s, AT_TASK_CANCEL, 0, TASK(1), 0, PLACE, 0);
	enter(&s, 1100, TASK(1), LOOP(1), AT_DELIVERS, 0, 1000);
	push(&s, AT_TASK_DONE, AT_CANCELLED, TASK(1), -ECANCELED, 0, 0);
	enter(&s, 1200, LOOP(1), TASK(1), AT_ENDED, 0, 0);
	decoded = trace(&s);
	first = packet_of(decoded, INSTANT, "cancel Task-1 (main)");
	for (step = decoded->packets; strcmp(step->category, "step"); step++)
		;
	assert_true(first->flow && step->ends[0] == first->flow);
	assert_true(first[1].type != INSTANT || !first[1].flow);
	free(decoded);
}

/* A task that ends wakes its awaiter after that, which a viewer shows within its last step. */
static void timeline__wakes_within_a_step(void **state)
{
	struct stream s = { .now_ns = 900 };
	struct decoded *decoded;

	(void)state;
	loop_start(&s);
	function(&s, MAIN, "main", "demo.c", 20, 0);
	function(&s, FETCH, "fetch", "demo.c", 7, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(2), FETCH, 0, 0);
	enter(&s, 1100, TASK(1), LOOP(1), AT_ITERATION, 0, 1000);
	enter(&s, 1200, TASK(2), TASK(1), 0, TASK(2), 1000);
	s.now_ns = 1300;
	push(&s, AT_TASK_DONE, 0, TASK(2), 0, 0, 0);
	enter(&s, 1400, TASK(1), TASK(2), AT_ENDED, 0, 1350);
	detach(&s, 0, 0, 0);
	decoded = trace(&s);
	assert_string_equal(draw(decoded, "loop"),
			    " Task-1 (main)() Task-2 (fetch)( [wake Task-1 (main)])");
	free(decoded);
}

static void timeline__puts_tasks_below_their_creator(void **state)
{
	struct stream s = cancelled();
	struct decoded *decoded;
	const struct packet *tracks[3] = { 0 };
	size_t i;

	(void)state;
	detach(&s, 0, 0, 0);
	decoded = trace(&s);
	for (i = 0; i < decoded->count; i++) {
		const struct packet *packet = &decoded->packets[i];

		if (packet->is_track && packet->parent)
			tracks[1 + !strcmp(packet->name, "worker (fetch)")] = packet;
		else if (packet->is_track && !packet->tid)
			tracks[0] = packet;
	}
	assert_non_null(tracks[0]);
	assert_non_null(tracks[1]);
	assert_non_null(tracks[2]);
	assert_true(tracks[1]->parent == tracks[0]->uuid);
	assert_true(tracks[2]->parent == tracks[1]->uuid);
	assert_string_equal(packet_of(decoded, BEGIN, "worker (fetch)")->details,
			    "created by=Task-1 (main);created at=0x404000;");
	free(decoded);
}

/* Each task creates the next one and ends. Perfetto takes 99 tracks below each other. */
static void timeline__is_not_deep(void **state)
{
	struct stream s = { .now_ns = 900 };
	unsigned int task, depth[121] = { 0 }, deepest = 0;
	struct decoded *decoded;
	uint64_t number;
	size_t i;

	(void)state;
	loop_start(&s);
	function(&s, MAIN, "main", "demo.c", 20, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	for (task = 1; task < 40; task++) {
		s.now_ns += 10;
		push(&s, AT_SWITCH, AT_ITERATION, TASK(task), LOOP(1), 0, 0);
		push(&s, AT_TASK_CREATE, 0, TASK(task + 1), MAIN, TASK(task), 0);
		push(&s, AT_TASK_DONE, 0, TASK(task), 0, 0, 0);
		push(&s, AT_SWITCH, AT_ENDED, LOOP(1), TASK(task), 0, 0);
	}
	decoded = trace(&s);
	for (i = 0; i < decoded->count; i++) {
		if (!decoded->packets[i].is_track || !decoded->packets[i].parent)
			continue;
		number = decoded->packets[i].uuid & UINT32_MAX;
		assert_in_range(number, 1, 120);
		depth[number] = 1 + depth[decoded->packets[i].parent & UINT32_MAX];
		if (depth[number] > deepest)
			deepest = depth[number];
	}
	assert_int_equal(deepest, 32);
	free(decoded);
}

/* A stream that is cut off in the middle: what is open ends with it, and losses are marked. */
static void timeline__of_a_part_is_whole(void **state)
{
	struct stream all = cancelled();
	size_t whole = all.count, count;
	char name[32];

	stream_free(&all);
	(void)state;
	for (count = 0; count <= whole; count++) {
		struct stream s = cancelled();
		struct decoded *decoded;
		size_t i;

		lose(&s, whole - count);
		s.sequences[0] += 2;
		enter(&s, 1700, LOOP(1), LOOP(1), 0, 0, 0);
		decoded = trace(&s);
		for (i = 0; i < decoded->count; i++) {
			if (decoded->packets[i].is_track)
				draw(decoded, decoded->packets[i].name);
		}
		/* Before the first loop_start nothing can be missed. */
		snprintf(name, sizeof(name), "lost %zu records", whole - count + 2);
		if (count > 1)
			packet_of(decoded, INSTANT, name);
		free(decoded);
	}
}

static void timeline__shows_warnings(void **state)
{
	struct stream s = { .now_ns = 900 };
	const struct packet *warning;
	struct decoded *decoded;

	(void)state;
	loop_start(&s);
	text(&s, "coroutine 'x' was never\nawaited");
	push(&s, AT_WARNING, AT_NEVER_AWAITED, COROUTINE(3), MAIN, PLACE, 0);
	decoded = trace(&s);
	warning = packet_of(decoded, INSTANT, "coroutine 'x' was never\\nawaited");
	assert_string_equal(warning->category, "warning");
	free(decoded);
}

static void timeline__of_nothing_is_a_file(void **state)
{
	struct stream s = { 0 };
	struct decoded *decoded = trace(&s);

	(void)state;
	assert_int_equal(decoded->count, 1);
	assert_true(decoded->packets[0].has_snapshot);
	free(decoded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writer__says_what_it_is_told),
		cmocka_unit_test(writer__survives_any_string),
		cmocka_unit_test(timeline__nests_what_tasks_do),
		cmocka_unit_test(timeline__leads_from_cause_to_effect),
		cmocka_unit_test(timeline__leads_to_who_is_told_and_goes_on),
		cmocka_unit_test(timeline__of_two_requests_the_first_leads_on),
		cmocka_unit_test(timeline__wakes_within_a_step),
		cmocka_unit_test(timeline__puts_tasks_below_their_creator),
		cmocka_unit_test(timeline__is_not_deep),
		cmocka_unit_test(timeline__of_a_part_is_whole),
		cmocka_unit_test(timeline__shows_warnings),
		cmocka_unit_test(timeline__of_nothing_is_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
