/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that reads our text and ends early (head) is no error but a wish; it is noticed even
 * when there is nothing to write.
 */
#include "output.h"
#include "formats/recording.h"
#include "pipe.h"
#include "replace.h"
#include <base/clock.h>
#include <errno.h>
#include <poll.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BUFFER (64 * 1024)
#define CHUNK_NS    100000000ULL

int output_open_text(struct output *ret, const char *path, FILE *standard)
{
	FILE *text = path ? fopen(path, "we") : standard;

	if (!text)
		return -errno;
	if (path && pipe_is_strangers(fileno(text))) {
		fclose(text);
		return -EACCES;
	}
	setvbuf(text, NULL, _IOFBF, TEXT_BUFFER);
	ret->text = text;
	ret->text_path = path ? path : standard == stderr ? "standard error" : "standard output";
	return 0;
}

/* What cannot be kept is left off: who could not read the old one cannot read the new one. */
static void keep_rights(int fd, const struct stat *old)
{
	mode_t mode = old->st_mode & 0777;

	if (fchown(fd, old->st_uid, old->st_gid) && fchown(fd, -1, old->st_gid))
		mode &= ~S_IRWXG;
	fchmod(fd, mode);
}

/* Makes the part. 1, 0 where there can be none, or -errno. */
static int open_part(struct output *ret, const char *path)
{
	struct stat old;
	bool exists = !lstat(path, &old);
	int fd, err;

	/* A link that leads to nothing yet is followed as it is opened. */
	if ((exists && !S_ISREG(old.st_mode)) || !replace_is_possible(path))
		return 0;
	fd = replace_open(&ret->part, path, exists ? 0600 : 0666);
	if (fd < 0)
		return fd;
	if (exists)
		keep_rights(fd, &old);
	ret->text = fdopen(fd, "w");
	if (ret->text)
		return 1;
	err = -errno;
	close(fd);
	output_spoil(ret);
	return err;
}

int output_open_whole(struct output *ret, const char *path)
{
	char *real = realpath(path, NULL); /* what a link leads to is what is meant */
	int made = open_part(ret, real ? real : path);

	free(real);
	if (!made)
		return output_open_text(ret, path, NULL);
	if (made < 0)
		return made;
	setvbuf(ret->text, NULL, _IOFBF, TEXT_BUFFER);
	ret->text_path = path;
	return 0;
}

void output_spoil(struct output *output)
{
	if (output->part)
		replace_remove(output->part);
	replace_free(output->part);
	output->part = NULL;
}

int output_open_recording(struct output *ret, const char *path)
{
	ret->recording_path = path;
	return recording_create(&ret->recording, path);
}

static int flush_text(FILE *text)
{
	struct pollfd reader = { .fd = fileno(text) };
	bool failed;

	errno = 0;
	failed = fflush(text) || ferror(text);
	if (poll(&reader, 1, 0) > 0 && reader.revents & POLLERR)
		return -EPIPE;
	if (!failed)
		return 0;
	return errno ? -errno : -EIO;
}

void output_miss(struct output *output, const struct at_event *events, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		output->missing += events[i].thread && events[i].kind < AT_KINDS_END;
}

/* No more can be written. `events` came last, some of which may not have got that far. */
static void cut(struct output *output, const struct at_event *events, size_t count)
{
	const struct at_event *pending;
	size_t n = recording_pending(output->recording, &pending), rest;

	output->failed = output->recording_path;
	output->saved = recording_count(output->recording);
	rest = output->kept - output->saved - n;
	output_miss(output, pending, n);
	output_miss(output, events + count - rest, rest);
	recording_discard(output->recording);
	output->recording = NULL;
}

/* What has come within CHUNK_NS makes a chunk, so that no more is lost if the tracer is killed. */
static int keep(struct output *output, const struct at_event *events, size_t count)
{
	uint64_t now_ns = clock_ns();
	int err;

	if (!output->recording) {
		output_miss(output, events, count);
		return 0;
	}
	output->kept += count;
	err = recording_write(output->recording, events, count);
	if (!err && now_ns - output->flushed_ns >= CHUNK_NS) {
		err = recording_flush(output->recording);
		output->flushed_ns = now_ns;
	}
	if (err)
		cut(output, events, count);
	return err;
}

int output_flush(struct output *output, const struct at_event *events, size_t count)
{
	int err = output->recording_path ? keep(output, events, count) : 0;

	if (err || !output->text)
		return err;
	output->failed = output->text_path;
	if (__fpending(output->text) && isatty(fileno(output->text)))
		output->streams = true;
	return flush_text(output->text);
}

/* Some file systems tell of a full disk only when a file is closed. */
static int complete(struct output *output)
{
	int err = 0;

	if (!output->part)
		return 0;
	output->failed = output->text_path;
	if (fclose(output->text))
		err = -errno;
	output->text = NULL;
	if (!err)
		err = replace_take_place(output->part);
	if (err)
		return err;
	replace_free(output->part);
	output->part = NULL;
	return 0;
}

int output_close(struct output *output)
{
	int err = output_flush(output, NULL, 0), closed = 0;

	if (output->recording) {
		closed = recording_flush(output->recording);
		output->saved = recording_count(output->recording);
		if (closed)
			cut(output, NULL, 0);
		else
			closed = recording_close(output->recording);
		output->recording = NULL;
	}
	if (!err)
		err = complete(output);
	if (!err && closed) {
		output->failed = output->recording_path;
		err = closed;
	}
	output_discard(output);
	return err;
}

void output_discard(struct output *output)
{
	recording_discard(output->recording);
	output->recording = NULL;
	output_spoil(output);
	if (output->text && output->text != stdout && output->text != stderr)
		fclose(output->text);
	output->text = NULL;
}
