/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file is a message Trace, which is its packets one after the other: nothing is kept, and a file
 * that was cut off is whole up to there. tests/exports/perfetto.proto tells what the fields are.
 */
#include "perfetto.h"
#include "protobuf.h"

enum { TRACE_PACKET = 1 };

enum {
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_CLOCK_ID = 58,
	PACKET_TRACK_DESCRIPTOR = 60,
};

enum { SNAPSHOT_CLOCKS = 1, SNAPSHOT_PRIMARY = 2, CLOCK_ID = 1, CLOCK_TIMESTAMP = 2 };

enum { CLOCK_OF_REAL_TIME = 1, CLOCK_OF_MONOTONIC_TIME = 3 };

enum {
	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_THREAD = 4,
	TRACK_PARENT = 5,
	TRACK_ORDER = 11,
	TRACK_MERGE = 15,
};

enum { PROCESS_PID = 1, PROCESS_NAME = 6, THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };

enum { ORDER_CHRONOLOGICAL = 2, MERGE_NONE = 2 };

enum {
	EVENT_DETAILS = 4,
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_CATEGORY = 22,
	EVENT_NAME = 23,
	EVENT_FLOW = 47,
	EVENT_FLOW_END = 48,
};

enum event_type { SLICE_BEGIN = 1, SLICE_END = 2, INSTANT = 3 };

enum { DETAIL_VALUE = 6, DETAIL_NAME = 10 };

/* Incremental state is what this writer does not use: it is valid from the first packet on. */
enum { SEQUENCE = 1, STATE_CLEARED = 1 };

static void write_packet(struct trace *trace, struct protobuf *packet)
{
	struct protobuf head;

	head.size = 0;
	protobuf_number(packet, PACKET_SEQUENCE_ID, SEQUENCE);
	if (!trace->count++)
		protobuf_number(packet, PACKET_SEQUENCE_FLAGS, STATE_CLEARED);
	protobuf_field(&head, TRACE_PACKET, PROTOBUF_BYTES, 0);
	protobuf_varint(&head, packet->size);
	fwrite_unlocked(head.bytes, 1, head.size, trace->out);
	fwrite_unlocked(packet->bytes, 1, packet->size, trace->out);
}

static void add_clock(struct protobuf *snapshot, unsigned int id, uint64_t time_ns)
{
	struct protobuf clock;

	clock.size = 0;
	protobuf_number(&clock, CLOCK_ID, id);
	protobuf_number(&clock, CLOCK_TIMESTAMP, time_ns);
	protobuf_message(snapshot, SNAPSHOT_CLOCKS, &clock);
}

static void perfetto_open(struct trace *trace, uint64_t time_ns, uint64_t realtime_ns)
{
	struct protobuf snapshot, packet;

	snapshot.size = 0;
	add_clock(&snapshot, CLOCK_OF_MONOTONIC_TIME, time_ns);
	if (realtime_ns)
		add_clock(&snapshot, CLOCK_OF_REAL_TIME, realtime_ns);
	protobuf_number(&snapshot, SNAPSHOT_PRIMARY, CLOCK_OF_MONOTONIC_TIME);
	packet.size = 0;
	protobuf_message(&packet, PACKET_CLOCK_SNAPSHOT, &snapshot);
	write_packet(trace, &packet);
}

/* 22 bits are enough for processes, and for threads. */
static uint64_t uuid_of(const struct trace_track *track)
{
	uint64_t below = track->thread ? 1ULL << 41 | track->thread : track->number;

	return (uint64_t)track->process << 42 | (below & ((1ULL << 42) - 1));
}

static void perfetto_track(struct trace *trace, const struct trace_track *track,
			   const struct trace_track *parent, const char *name)
{
	struct protobuf descriptor, inner, packet;

	descriptor.size = 0;
	inner.size = 0;
	protobuf_number(&descriptor, TRACK_UUID, uuid_of(track));
	if (track->thread) {
		protobuf_number(&inner, THREAD_PID, track->process);
		protobuf_number(&inner, THREAD_TID, track->thread);
		protobuf_text(&inner, THREAD_NAME, name);
		protobuf_message(&descriptor, TRACK_THREAD, &inner);
	} else if (track->number) {
		protobuf_text(&descriptor, TRACK_NAME, name);
		protobuf_number(&descriptor, TRACK_PARENT, uuid_of(parent));
		protobuf_number(&descriptor, TRACK_MERGE, MERGE_NONE);
	} else {
		protobuf_number(&inner, PROCESS_PID, track->process);
		protobuf_text(&inner, PROCESS_NAME, name);
		protobuf_message(&descriptor, TRACK_PROCESS, &inner);
	}
	if (!track->thread)
		protobuf_number(&descriptor, TRACK_ORDER, ORDER_CHRONOLOGICAL);
	packet.size = 0;
	protobuf_message(&packet, PACKET_TRACK_DESCRIPTOR, &descriptor);
	write_packet(trace, &packet);
}

static void add_details(struct protobuf *message, const struct trace_event *event)
{
	struct protobuf detail;
	unsigned int i;

	for (i = 0; i < TRACE_DETAILS; i++) {
		if (!event->details[i].value)
			continue;
		detail.size = 0;
		protobuf_text(&detail, DETAIL_NAME, event->details[i].name);
		protobuf_text(&detail, DETAIL_VALUE, event->details[i].value);
		protobuf_message(message, EVENT_DETAILS, &detail);
	}
}

static void write_event(struct trace *trace, const struct trace_event *event, enum event_type type,
			uint64_t time_ns, bool plain)
{
	struct protobuf message, packet;
	unsigned int i;

	message.size = 0;
	protobuf_number(&message, EVENT_TYPE, type);
	protobuf_number(&message, EVENT_TRACK, uuid_of(&event->track));
	if (type != SLICE_END) {
		protobuf_text(&message, EVENT_CATEGORY, event->category);
		protobuf_text(&message, EVENT_NAME, event->name);
	}
	for (i = 0; i < TRACE_FLOWS && !plain; i++) {
		if (event->ends[i])
			protobuf_fixed64(&message, EVENT_FLOW_END, event->ends[i]);
	}
	if (event->flow && !plain)
		protobuf_fixed64(&message, EVENT_FLOW, event->flow);
	if (!plain)
		add_details(&message, event);
	packet.size = 0;
	protobuf_number(&packet, PACKET_TIMESTAMP, time_ns);
	protobuf_number(&packet, PACKET_CLOCK_ID, CLOCK_OF_MONOTONIC_TIME);
	protobuf_message(&packet, PACKET_TRACK_EVENT, &message);
	write_packet(trace, &packet);
}

static void perfetto_begin(struct trace *trace, const struct trace_event *event)
{
	write_event(trace, event, SLICE_BEGIN, event->time_ns, false);
}

static void perfetto_end(struct trace *trace, const struct trace_event *event)
{
	write_event(trace, event, SLICE_END, event->time_ns, false);
}

static void perfetto_slice(struct trace *trace, const struct trace_event *event)
{
	write_event(trace, event, SLICE_BEGIN, event->time_ns, false);
	write_event(trace, event, SLICE_END, event->time_ns + event->duration_ns, true);
}

static void perfetto_instant(struct trace *trace, const struct trace_event *event)
{
	write_event(trace, event, INSTANT, event->time_ns, false);
}

static void perfetto_close(struct trace *trace)
{
	(void)trace;
}

const struct trace_format perfetto = {
	.open = perfetto_open,
	.track = perfetto_track,
	.begin = perfetto_begin,
	.end = perfetto_end,
	.slice = perfetto_slice,
	.instant = perfetto_instant,
	.close = perfetto_close,
};
