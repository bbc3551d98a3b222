/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file is not trusted: memory is that of one chunk whatever its frames claim, and no record is
 * given before the checksum of its chunk has been found right.
 */
#include "file.h"
#include "../recording.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/* Enough for a chunk: 4096 records of 56 bytes. */
#define WINDOW_LOG 18

struct file_source {
	struct source source;
	int fd;
	bool closed; /* the last record was AT_DETACH */
	struct recording_header header;
	uint64_t records; /* that were read */
	ZSTD_DCtx *decompressor;
	ZSTD_inBuffer in;
	char compressed[64 * 1024];
	struct at_event events[RECORDING_CHUNK];
};

_Static_assert(sizeof(struct at_event) * RECORDING_CHUNK <= 1 << WINDOW_LOG, "a chunk is a window");

/* Returns the bytes read, less than `size` at the end of the file only, or -errno. */
static ssize_t read_all(int fd, void *data, size_t size)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < size && n) {
		n = read(fd, (char *)data + done, size - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += n;
	}
	return done;
}

/* Makes sure that there is input. 1, 0 at the end of the file, or -errno. */
static int refill(struct file_source *file)
{
	ssize_t n;

	if (file->in.pos < file->in.size)
		return 1;
	do
		n = read(file->fd, file->compressed, sizeof(file->compressed));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	file->in.pos = 0;
	file->in.size = n;
	return n > 0;
}

/* What it means that no chunk follows, or a part of one. */
static int end_of(const struct file_source *file, bool whole)
{
	const struct recording_header *header = &file->header;
	bool unfinished = header->version > 1 && header->flags & RECORDING_UNFINISHED;

	if (whole && file->closed &&
	    (header->version == 1 || unfinished || file->records == header->records))
		return 0;
	return unfinished ? -EINPROGRESS : -ENODATA;
}

static int read_chunk(struct source *source, const struct at_event **events, size_t *count,
		      int timeout_ms)
{
	struct file_source *file = (struct file_source *)source;
	ZSTD_outBuffer out = { .dst = file->events, .size = sizeof(file->events) };
	size_t left = 1, before;
	int more = refill(file);

	(void)timeout_ms; /* a file has what it has */
	if (more < 0)
		return more;
	if (!more)
		return end_of(file, true);
	while (left) {
		more = refill(file);
		if (more <= 0)
			return more ? more : end_of(file, false);
		before = file->in.pos + out.pos;
		left = ZSTD_decompressStream(file->decompressor, &out, &file->in);
		/* No progress: the frame holds more than a chunk does. */
		if (ZSTD_isError(left) || (left && file->in.pos + out.pos == before))
			return -EBADMSG;
	}
	if (!out.pos || out.pos % sizeof(*file->events))
		return -EBADMSG;
	*events = file->events;
	*count = out.pos / sizeof(*file->events);
	file->records += *count;
	file->closed = file->events[*count - 1].kind == AT_DETACH;
	return 1;
}

static double position(struct source *source)
{
	const struct file_source *file = (struct file_source *)source;
	off_t read = lseek(file->fd, 0, SEEK_CUR) - (off_t)(file->in.size - file->in.pos);
	struct stat whole;

	return read > 0 && !fstat(file->fd, &whole) && read <= whole.st_size
		       ? (double)read / whole.st_size
		       : 0;
}

static void free_file(struct source *source)
{
	struct file_source *file = (struct file_source *)source;

	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	ZSTD_freeDCtx(file->decompressor);
	free(file);
}

/* What only later versions have is skipped, and what only they had is 0. */
static bool read_rest(int fd, struct recording_header *header)
{
	size_t size = header->header_size;
	size_t known = size < sizeof(*header) ? size : sizeof(*header);
	char skipped;

	if (read_all(fd, (char *)header + RECORDING_HEADER_MIN, known - RECORDING_HEADER_MIN) !=
	    (ssize_t)(known - RECORDING_HEADER_MIN))
		return false;
	for (; size > known; size--) {
		if (read_all(fd, &skipped, 1) != 1)
			return false;
	}
	return true;
}

static bool makes_sense(const struct recording_header *header)
{
	size_t least = header->version == 1 ? RECORDING_HEADER_MIN : sizeof(*header);

	return header->version >= 1 && header->header_size >= least &&
	       header->record_size == sizeof(struct at_event);
}

/* Reads up to the first chunk. Null, or what is wrong. */
static const char *read_header(int fd, struct recording_header *header)
{
	static const char foreign[] = "it is not a recording of asynctrace";
	static const char damaged[] = "its header is damaged: copy it again, or record anew";
	static const char cut[] = "it ends within its header: copy it again, or record anew";
	ssize_t n = read_all(fd, header, RECORDING_HEADER_MIN);

	if (n < 0)
		return strerror(-n);
	if (!n)
		return "it is empty: the recording ended before it began";
	if (n < (ssize_t)sizeof(header->magic) ||
	    memcmp(header->magic, RECORDING_MAGIC, sizeof(header->magic)))
		return foreign;
	if (n < RECORDING_HEADER_MIN)
		return cut;
	if (header->byte_order == __builtin_bswap32(RECORDING_BYTE_ORDER))
		return "it was recorded on a machine of the other byte order: read it on one like "
		       "that";
	if (header->byte_order != RECORDING_BYTE_ORDER)
		return damaged;
	if (header->version > RECORDING_VERSION)
		return "it was recorded by a newer asynctrace: read it with that one";
	if (!makes_sense(header))
		return damaged;
	return read_rest(fd, header) ? NULL : cut;
}

static int open_recording(struct file_source *file, const char *path, const char **why)
{
	int err;

	file->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
				     : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	if (file->fd < 0) {
		err = -errno;
		*why = strerror(-err);
		return err;
	}
	*why = read_header(file->fd, &file->header);
	return *why ? -EBADMSG : 0;
}

int file_source_open(struct source **ret, const char *path, const char **why)
{
	struct file_source *file = calloc(1, sizeof(*file));
	int err = -ENOMEM;

	*why = "no memory";
	if (!file)
		return -ENOMEM;
	file->source.read = read_chunk;
	file->source.progress = position;
	file->source.free = free_file;
	file->fd = -1;
	file->in.src = file->compressed;
	file->decompressor = ZSTD_createDCtx();
	if (file->decompressor) {
		ZSTD_DCtx_setParameter(file->decompressor, ZSTD_d_windowLogMax, WINDOW_LOG);
		err = open_recording(file, path, why);
	}
	if (err) {
		free_file(&file->source);
		return err;
	}
	*ret = &file->source;
	return 0;
}
