/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A chunk is written in one piece when it is full or when the caller says so; what was written in
 * part, for want of room, is cut off again. So what a killed tracer or a full disk leaves behind is
 * readable up to its last chunk, and its header says that it is not all.
 */
#include "recording.h"
#include "../pipe.h"
#include "../recording.h"
#include "../replace.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

struct recording {
	int fd;
	struct replacement *file; /* takes its place with the first chunk; null if it is not ours */
	off_t begin;		  /* of the header in the file; -1 if it cannot be written again */
	off_t size;		  /* of the header and whole chunks */
	uint64_t records, chunks; /* in whole chunks */
	int failure;
	ZSTD_CCtx *compressor;
	size_t bound; /* bytes of `compressed` */
	void *compressed;
	size_t count;
	struct at_event events[RECORDING_CHUNK];
};

static int write_all(int fd, const void *data, size_t size)
{
	ssize_t written;

	for (; size; size -= written, data = (const char *)data + written) {
		written = write(fd, data, size);
		if (written < 0 && errno == EINTR)
			written = 0;
		else if (written <= 0)
			return written ? -errno : -EIO;
	}
	return 0;
}

/* Nobody's file is written over, should it have come to be there meanwhile. */
static int open_other(const char *path)
{
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat file;
	bool regular;

	if (fd < 0)
		return -errno;
	regular = !fstat(fd, &file) && S_ISREG(file.st_mode);
	if (!regular && !pipe_is_strangers(fd))
		return fd;
	close(fd);
	return regular ? -EEXIST : -EACCES;
}

/* A file of our own, beside the one that is there, which stays until there is something to keep. */
static int open_own(struct recording *recording, const char *path, bool exists)
{
	if (exists && replace_is_possible(path))
		return replace_open(&recording->file, path, 0600);
	if (exists && unlink(path))
		return -errno;
	return replace_create(&recording->file, path, 0600);
}

/* "-" is standard output. A device or pipe of that name is written to. */
static int create_file(struct recording *recording, const char *path)
{
	struct stat file;
	bool exists = !lstat(path, &file);
	int fd;

	if (!strcmp(path, "-")) {
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
	} else if (exists && !S_ISREG(file.st_mode)) {
		fd = open_other(path);
	} else {
		fd = open_own(recording, path, exists);
	}
	recording->fd = fd;
	return fd < 0 ? fd : 0;
}

/* Standard output may be a file of the shell's that others append to. */
static off_t find_begin(int fd)
{
	struct stat file;

	if (fstat(fd, &file) || !S_ISREG(file.st_mode) || fcntl(fd, F_GETFL) & O_APPEND)
		return -1;
	return lseek(fd, 0, SEEK_CUR);
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int make_compressor(struct recording *recording)
{
	recording->bound = ZSTD_compressBound(sizeof(recording->events));
	recording->compressed = malloc(recording->bound);
	recording->compressor = ZSTD_createCCtx();
	if (!recording->compressed || !recording->compressor)
		return -ENOMEM;
	ZSTD_CCtx_setParameter(recording->compressor, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(recording->compressor, ZSTD_c_compressionLevel, 1);
	return 0;
}

int recording_create(struct recording **ret, const char *path)
{
	const struct recording_header header = {
		.magic = RECORDING_MAGIC,
		.byte_order = RECORDING_BYTE_ORDER,
		.version = RECORDING_VERSION,
		.header_size = sizeof(header),
		.record_size = sizeof(struct at_event),
		.flags = RECORDING_UNFINISHED,
		.monotonic_ns = read_clock(CLOCK_MONOTONIC),
		.realtime_ns = read_clock(CLOCK_REALTIME),
		.boottime_ns = read_clock(CLOCK_BOOTTIME),
	};
	struct recording *recording = calloc(1, sizeof(*recording));
	int err;

	if (!recording)
		return -ENOMEM;
	recording->fd = -1;
	err = make_compressor(recording);
	if (!err)
		err = create_file(recording, path);
	if (!err) {
		recording->begin = find_begin(recording->fd);
		recording->size = sizeof(header);
		err = write_all(recording->fd, &header, sizeof(header));
	}
	if (err) {
		recording_discard(recording);
		return err;
	}
	*ret = recording;
	return 0;
}

/* What was written of a chunk goes again. */
static int fail(struct recording *recording, int err)
{
	recording->failure = err;
	if (recording->begin >= 0 && ftruncate(recording->fd, recording->begin + recording->size))
		return err; /* then the reader finds the end */
	return err;
}

int recording_flush(struct recording *recording)
{
	size_t size;
	int err;

	if (recording->failure || !recording->count)
		return recording->failure;
	size = ZSTD_compress2(recording->compressor, recording->compressed, recording->bound,
			      recording->events, recording->count * sizeof(*recording->events));
	err = ZSTD_isError(size) ? -ENOMEM : write_all(recording->fd, recording->compressed, size);
	if (!err && recording->file)
		err = replace_take_place(recording->file);
	if (err)
		return fail(recording, err);
	recording->size += size;
	recording->records += recording->count;
	recording->chunks++;
	recording->count = 0;
	return 0;
}

int recording_write(struct recording *recording, const struct at_event *events, size_t count)
{
	int err = recording->failure;
	size_t part;

	while (count && !err) {
		part = RECORDING_CHUNK - recording->count;
		if (part > count)
			part = count;
		memcpy(&recording->events[recording->count], events, part * sizeof(*events));
		recording->count += part;
		events += part;
		count -= part;
		if (recording->count == RECORDING_CHUNK)
			err = recording_flush(recording);
	}
	return err;
}

uint64_t recording_count(const struct recording *recording)
{
	return recording->records;
}

size_t recording_pending(const struct recording *recording, const struct at_event **ret)
{
	*ret = recording->events;
	return recording->count;
}

/* Says that it is complete, but not before it says how much it is. */
static int finish_header(const struct recording *recording)
{
	const uint64_t counts[] = { recording->records, recording->chunks };
	const uint16_t flags = 0;
	off_t begin = recording->begin;

	if (begin < 0)
		return 0;
	if (pwrite(recording->fd, counts, sizeof(counts),
		   begin + offsetof(struct recording_header, records)) != sizeof(counts) ||
	    pwrite(recording->fd, &flags, sizeof(flags),
		   begin + offsetof(struct recording_header, flags)) != sizeof(flags))
		return -EIO;
	return 0;
}

int recording_close(struct recording *recording)
{
	int err = recording_flush(recording);

	if (!err)
		err = finish_header(recording);
	/* Some file systems tell of a full disk only now. */
	if (close(recording->fd) && !err)
		err = -errno;
	recording->fd = -1;
	/* What has nothing replaces nothing. */
	if (!err && recording->file && replace_is_pending(recording->file))
		err = -ENODATA;
	if (!err) {
		replace_free(recording->file);
		recording->file = NULL;
	}
	recording_discard(recording);
	return err;
}

/* Where that takes a capability that is gone, it stays and is empty. */
static void remove_file(const struct recording *recording)
{
	if (replace_remove(recording->file) && ftruncate(recording->fd, 0))
		return; /* then it has its header */
}

void recording_discard(struct recording *recording)
{
	if (!recording)
		return;
	if (recording->file && !recording->chunks)
		remove_file(recording);
	if (recording->fd >= 0)
		close(recording->fd);
	ZSTD_freeCCtx(recording->compressor);
	free(recording->compressed);
	replace_free(recording->file);
	free(recording);
}
