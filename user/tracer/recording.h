/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recorded file: this header, then chunks until the end. A chunk is one zstd frame with the
 * checksum of its content, which is whole records and at most RECORDING_CHUNK of them; so what was
 * written before a crash is whole, and damage is found by the library.
 */
#ifndef TRACER_RECORDING_H
#define TRACER_RECORDING_H

#include <asynctrace/event.h>

/* Not text, and broken by whoever converts the ends of lines. */
#define RECORDING_MAGIC	     "\211atrec\r\n"
#define RECORDING_BYTE_ORDER 0x01020304
#define RECORDING_VERSION    2
#define RECORDING_CHUNK	     4096

struct recording_header {
	char magic[8];
	__u32 byte_order; /* RECORDING_BYTE_ORDER as the writer's machine has it */
	__u16 version;
	__u16 header_size; /* where the first chunk begins: later versions may have longer ones */
	__u16 record_size;
	__u16 flags;
	__u16 reserved[6]; /* 0 */

	/* Since version 2. The clocks at the begin, in ns. */
	__u64 monotonic_ns, realtime_ns, boottime_ns;
	__u64 records, chunks; /* how many there are; 0 as long as it is unfinished */
};

/* Of version 1. */
#define RECORDING_HEADER_MIN 32

enum {
	/* The last thing that goes when a file is complete. What cannot be written twice keeps it. */
	RECORDING_UNFINISHED = 1 << 0,
};

#endif
