/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recorded file that is none: any bytes, or a good header and then chunks, some of which are
 * compressed as they should be, so that what is within is reached as well as the frame.
 */
#include "fuzz.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <tracer/recording.h>
#include <tracer/sources/file.h>
#include <tracer/sources/source.h>
#include <unistd.h>
#include <zstd.h>

enum { PIECE_MAX = 4096 };

static void put(int fd, const void *data, size_t size)
{
	if (size && write(fd, data, size) != (ssize_t)size)
		abort();
}

static void put_header(int fd, struct input *input)
{
	struct recording_header header = {
		.magic = RECORDING_MAGIC,
		.byte_order = RECORDING_BYTE_ORDER,
		.version = RECORDING_VERSION,
		.header_size = sizeof(header),
		.record_size = sizeof(struct at_event),
	};
	uint8_t at = input_byte(input);

	/* One byte of it is another one. */
	if (at < sizeof(header))
		((uint8_t *)&header)[at] = input_byte(input);
	put(fd, &header, sizeof(header));
}

/* A frame of zeros that are more than a chunk holds, if it is asked for. */
static void put_frame(int fd, struct input *input, uint8_t how)
{
	static char zeros[RECORDING_CHUNK * sizeof(struct at_event) + 1];
	size_t size = input_byte(input) | (size_t)input_byte(input) << 8, compressed;
	char bytes[2 * PIECE_MAX], piece[PIECE_MAX];
	ZSTD_CCtx *compressor = ZSTD_createCCtx();

	if (!compressor)
		abort();
	ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, how & 1);
	ZSTD_CCtx_setParameter(compressor, ZSTD_c_contentSizeFlag, !(how & 2));
	if (how & 4) {
		compressed = ZSTD_compress2(compressor, bytes, sizeof(bytes), zeros,
					    sizeof(zeros) - (size & 1));
	} else {
		size %= sizeof(piece);
		if (how & 8)
			size -= size % sizeof(struct at_event);
		input_bytes(input, piece, size);
		compressed = ZSTD_compress2(compressor, bytes, sizeof(bytes), piece, size);
	}
	ZSTD_freeCCtx(compressor);
	if (ZSTD_isError(compressed))
		abort();
	if (how & 16)
		bytes[size % compressed] ^= 1 + (how >> 5);
	put(fd, bytes, compressed);
}

static void put_file(int fd, struct input *input)
{
	uint8_t how = input_byte(input);

	if (how & 1)
		put_header(fd, input);
	while (how & 2 && input->size)
		put_frame(fd, input, input_byte(input));
	put(fd, input->data, input->size);
}

FUZZ(file)
{
	struct input input = { .data = data, .size = size };
	int fd = memfd_create("fuzz", MFD_CLOEXEC), ret;
	const struct at_event *events;
	struct source *source;
	char path[32];
	size_t count;
	const char *why;
	volatile uint64_t sum = 0;

	if (fd < 0)
		abort();
	put_file(fd, &input);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!file_source_open(&source, path, &why)) {
		while ((ret = source->read(source, &events, &count, 0)) == 1) {
			if (!count || count > RECORDING_CHUNK)
				abort();
			/* All that is given can be read. */
			sum += events[0].time_ns + events[count - 1].c;
			if (source->progress(source) < 0 || source->progress(source) > 1)
				abort();
		}
		if (ret && ret != -ENODATA && ret != -EBADMSG)
			abort();
		source->free(source);
	}
	close(fd);
	return 0;
}
