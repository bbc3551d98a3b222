/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A chunk is written in one piece when it is full or when the caller says so, never in part: what a
 * killed tracer leaves behind is readable up to its last chunk.
 */
#include "recording.h"
#include "../recording.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

struct recording {
	int fd;
	char *path; /* of the file to remove, if it is one that we have made and not completed */
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

/* "-" is standard output. A device or pipe of that name is written to; anything else is replaced by a file of our own. */
static int create_file(struct recording *recording, const char *path)
{
	char *own = strdup(path);
	struct stat file;
	int err = 0;

	if (!own)
		return -ENOMEM;
	if (!strcmp(path, "-")) {
		recording->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	} else if (!lstat(path, &file) && !S_ISREG(file.st_mode)) {
		recording->fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	} else if (!unlink(path) || errno == ENOENT) {
		recording->fd =
			open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (recording->fd >= 0) {
			recording->path = own;
			own = NULL;
		}
	}
	if (recording->fd < 0)
		err = -errno;
	free(own);
	return err;
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
	};
	struct recording *recording = calloc(1, sizeof(*recording));
	int err;

	if (!recording)
		return -ENOMEM;
	recording->fd = -1;
	err = make_compressor(recording);
	if (!err)
		err = create_file(recording, path);
	if (!err)
		err = write_all(recording->fd, &header, sizeof(header));
	if (err) {
		recording_discard(recording);
		return err;
	}
	*ret = recording;
	return 0;
}

int recording_flush(struct recording *recording)
{
	size_t size;

	if (!recording->count)
		return 0;
	size = ZSTD_compress2(recording->compressor, recording->compressed, recording->bound,
			      recording->events, recording->count * sizeof(*recording->events));
	if (ZSTD_isError(size))
		return -ENOMEM;
	recording->count = 0;
	return write_all(recording->fd, recording->compressed, size);
}

int recording_write(struct recording *recording, const struct at_event *events, size_t count)
{
	size_t part;
	int err = 0;

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

int recording_close(struct recording *recording)
{
	int err = recording_flush(recording);

	/* Some file systems tell of a full disk only now. */
	if (close(recording->fd) && !err)
		err = -errno;
	recording->fd = -1;
	if (!err) {
		free(recording->path);
		recording->path = NULL;
	}
	recording_discard(recording);
	return err;
}

void recording_discard(struct recording *recording)
{
	if (!recording)
		return;
	if (recording->fd >= 0)
		close(recording->fd);
	if (recording->path)
		unlink(recording->path);
	ZSTD_freeCCtx(recording->compressor);
	free(recording->compressed);
	free(recording->path);
	free(recording);
}
