/* SPDX-License-Identifier: BSD-2-Clause */
/* The recorded file: what was written is read, and what is damaged is found out. */
#include "needs.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <tracer/formats/recording.h>
#include <tracer/recording.h>
#include <tracer/sources/file.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#define MANY (2 * RECORDING_CHUNK + 100)

static char directory[] = "/tmp/test_file.XXXXXX";
static struct at_event written[MANY];

static int prepare(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		written[i].time_ns = 1000 * i;
		written[i].sequence = i + 1;
		written[i].kind = i + 1 < MANY ? AT_SWITCH : AT_DETACH;
		written[i].subject = i * 0x9e3779b97f4a7c15;
	}
	return mkdtemp(directory) && !chdir(directory) ? 0 : -1;
}

static int clean(void **state)
{
	(void)state;
	unlink("r");
	unlink("link");
	unlink("target");
	return rmdir(directory);
}

static void write_recording(size_t from, size_t count)
{
	struct recording *recording;

	assert_int_equal(recording_create(&recording, "r"), 0);
	assert_int_equal(recording_write(recording, &written[from], count), 0);
	assert_int_equal(recording_close(recording), 0);
}

static void write_bytes(const void *bytes, size_t size)
{
	int fd = open("r", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

/*
 * Reads records that must be those from `from` on. Returns what ended it, and how many in `*count`.
 */
static int read_recording(size_t from, size_t *count)
{
	const struct at_event *events;
	struct source *source;
	const char *why;
	size_t n;
	int ret;

	*count = 0;
	assert_int_equal(file_source_open(&source, "r", &why), 0);
	while ((ret = source->read(source, &events, &n, 0)) > 0) {
		assert_true(*count + n <= MANY);
		assert_memory_equal(events, &written[from + *count], n * sizeof(*events));
		*count += n;
	}
	source->free(source);
	return ret;
}

static void assert_refused(const char *reason)
{
	struct source *source = NULL;
	const char *why = NULL;

	assert_true(file_source_open(&source, "r", &why) < 0);
	assert_null(source);
	if (!strstr(why, reason))
		fail_msg("'%s' does not say '%s'", why, reason);
}

static void file__gives_what_was_written(void **state)
{
	size_t count;

	(void)state;
	write_recording(0, MANY);
	assert_int_equal(read_recording(0, &count), 0);
	assert_int_equal(count, MANY);
}

static void file__in_many_small_chunks(void **state)
{
	struct recording *recording;
	size_t i, count;

	(void)state;
	assert_int_equal(recording_create(&recording, "r"), 0);
	for (i = MANY - 100; i < MANY; i++) {
		assert_int_equal(recording_write(recording, &written[i], 1), 0);
		assert_int_equal(recording_flush(recording), 0);
		assert_int_equal(recording_flush(recording), 0);
	}
	assert_int_equal(recording_close(recording), 0);
	assert_int_equal(read_recording(MANY - 100, &count), 0);
	assert_int_equal(count, 100);
}

static void file__without_records_ends_early(void **state)
{
	size_t count;

	(void)state;
	unlink("r");
	write_recording(0, 0);
	assert_int_equal(read_recording(0, &count), -ENODATA);
	assert_int_equal(count, 0);
}

static void file__without_records_replaces_none(void **state)
{
	struct recording *recording;
	size_t count;

	(void)state;
	write_recording(MANY - 7, 7);
	assert_int_equal(recording_create(&recording, "r"), 0);
	assert_int_equal(recording_close(recording), -ENODATA);
	assert_int_equal(read_recording(MANY - 7, &count), 0);
	assert_int_equal(count, 7);
	assert_int_equal(access("r.part", F_OK), -1);
}

static void file__of_a_killed_tracer_ends_early(void **state)
{
	struct recording *recording;
	size_t count;
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		if (!recording_create(&recording, "r"))
			recording_write(recording, written, RECORDING_CHUNK + 5);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(read_recording(0, &count), -EINPROGRESS);
	assert_int_equal(count, RECORDING_CHUNK);
}

static struct recording_header read_header(void)
{
	struct recording_header header;
	int fd = open("r", O_RDONLY);

	assert_int_equal(read(fd, &header, sizeof(header)), sizeof(header));
	close(fd);
	return header;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void file__says_how_much_it_is_when_it_is_complete(void **state)
{
	struct recording_header header;
	struct recording *recording;

	(void)state;
	assert_int_equal(recording_create(&recording, "r"), 0);
	assert_int_equal(recording_write(recording, written, MANY), 0);
	header = read_header();
	assert_int_equal(header.version, 2);
	assert_int_equal(header.flags, RECORDING_UNFINISHED);
	assert_int_equal(header.records, 0);
	assert_int_equal(recording_count(recording), 2 * RECORDING_CHUNK);
	assert_int_equal(recording_close(recording), 0);
	header = read_header();
	assert_int_equal(header.flags, 0);
	assert_int_equal(header.records, MANY);
	assert_int_equal(header.chunks, 3);
}

static void file__has_the_clocks(void **state)
{
	static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME };
	uint64_t before[3], found[3];
	struct recording_header header;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		before[i] = now_ns(clocks[i]);
	write_recording(MANY - 1, 1);
	header = read_header();
	memcpy(found, &header.monotonic_ns, sizeof(found));
	for (i = 0; i < 3; i++)
		assert_in_range(found[i], before[i], now_ns(clocks[i]));
}

/* Between two chunks, so that nothing but the count tells. */
static void file__without_a_chunk_in_its_middle(void **state)
{
	struct recording_header header;
	static char bytes[1 << 20];
	size_t first, size, count;
	ssize_t all;
	int fd;

	(void)state;
	write_recording(0, MANY);
	fd = open("r", O_RDONLY);
	all = read(fd, bytes, sizeof(bytes));
	close(fd);
	first = sizeof(header);
	size = ZSTD_findFrameCompressedSize(bytes + first, all - first);
	assert_false(ZSTD_isError(size));
	memmove(bytes + first, bytes + first + size, all - first - size);
	write_bytes(bytes, all - size);
	assert_int_equal(read_recording(RECORDING_CHUNK, &count), -ENODATA);
	assert_int_equal(count, MANY - RECORDING_CHUNK);
}

/* A pipe's writer cannot go back to say that it is complete: its last record does. */
static void file__from_a_pipe(void **state)
{
	struct recording_header header;
	static char bytes[1 << 20];
	struct recording *recording;
	ssize_t all = 0, n;
	size_t count;
	int out[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		_exit(recording_create(&recording, "-") ||
		      recording_write(recording, written, MANY) || recording_close(recording));
	}
	close(out[1]);
	while ((n = read(out[0], bytes + all, sizeof(bytes) - all)) > 0)
		all += n;
	close(out[0]);
	waitpid(pid, NULL, 0);
	write_bytes(bytes, all);
	header = read_header();
	assert_int_equal(header.flags, RECORDING_UNFINISHED);
	assert_int_equal(read_recording(0, &count), 0);
	assert_int_equal(count, MANY);
	write_bytes(bytes, all - 1);
	assert_int_equal(read_recording(0, &count), -EINPROGRESS);
}

/* What was written before there was version 2. */
static void file__of_version_1(void **state)
{
	struct recording_header header;
	static char bytes[1 << 20];
	size_t count;
	ssize_t all;
	int fd;

	(void)state;
	write_recording(0, MANY);
	fd = open("r", O_RDONLY);
	all = read(fd, bytes, sizeof(bytes));
	close(fd);
	memcpy(&header, bytes, sizeof(header));
	header.version = 1;
	header.header_size = RECORDING_HEADER_MIN;
	memmove(bytes + RECORDING_HEADER_MIN, bytes + sizeof(header), all - sizeof(header));
	memcpy(bytes, &header, RECORDING_HEADER_MIN);
	write_bytes(bytes, all - sizeof(header) + RECORDING_HEADER_MIN);
	assert_int_equal(read_recording(0, &count), 0);
	assert_int_equal(count, MANY);
	assert_int_equal(truncate("r", all - sizeof(header)), 0);
	assert_int_equal(read_recording(0, &count), -ENODATA);
}

/* Wherever it is cut, whole chunks are read, and the end is noticed. */
static void file__cut_anywhere(void **state)
{
	struct stat file;
	size_t count;
	off_t size;

	(void)state;
	write_recording(0, MANY);
	assert_int_equal(stat("r", &file), 0);
	for (size = file.st_size - 1; size >= (off_t)sizeof(struct recording_header); size -= 997) {
		assert_int_equal(truncate("r", size), 0);
		assert_int_equal(read_recording(0, &count), -ENODATA);
		assert_int_equal(count % RECORDING_CHUNK, 0);
		assert_true(count < MANY);
	}
	assert_int_equal(truncate("r", 20), 0);
	assert_refused("within its header");
	assert_int_equal(truncate("r", 0), 0);
	assert_refused("empty");
}

/*
 * Whichever bit is turned over behind the header: nothing wrong is read, and the damage is noticed.
 */
static void file__damaged_anywhere(void **state)
{
	static char good[1 << 20], bad[1 << 20];
	size_t count, at;
	ssize_t size;
	int fd, ret, harmless = 0;

	(void)state;
	write_recording(MANY - 500, 500);
	fd = open("r", O_RDONLY);
	size = read(fd, good, sizeof(good));
	close(fd);
	for (at = sizeof(struct recording_header); at < (size_t)size; at += 7) {
		memcpy(bad, good, size);
		bad[at] ^= 1 << (at % 8);
		write_bytes(bad, size);
		ret = read_recording(MANY - 500, &count);
		if (ret != -EBADMSG && ret != -ENODATA) {
			/* A bit of the frame's header that means nothing. */
			assert_int_equal(ret, 0);
			assert_int_equal(count, 500);
			harmless++;
		}
	}
	assert_true(harmless < 8);
}

static void file__whose_chunk_claims_too_much(void **state)
{
	const struct recording_header header = {
		.magic = RECORDING_MAGIC,
		.byte_order = RECORDING_BYTE_ORDER,
		.version = RECORDING_VERSION,
		.header_size = sizeof(header),
		.record_size = sizeof(struct at_event),
	};
	static char zeros[64 << 20], bytes[1 << 20];
	size_t size, count;

	(void)state;
	memcpy(bytes, &header, sizeof(header));
	size = ZSTD_compress(bytes + sizeof(header), sizeof(bytes) - sizeof(header), zeros,
			     sizeof(zeros), 1);
	assert_false(ZSTD_isError(size));
	write_bytes(bytes, sizeof(header) + size);
	assert_int_equal(read_recording(0, &count), -EBADMSG);

	/* Not whole records. */
	size = ZSTD_compress(bytes + sizeof(header), sizeof(bytes) - sizeof(header), zeros, 57, 1);
	write_bytes(bytes, sizeof(header) + size);
	assert_int_equal(read_recording(0, &count), -EBADMSG);
}

static void file__that_is_none_of_ours(void **state)
{
	struct source *source = NULL;
	const char *why = NULL;

	(void)state;
	write_bytes("int main(void) { return 0; } and some more text", 48);
	assert_refused("not a recording");
	write_bytes("x", 1);
	assert_refused("not a recording");
	assert_int_equal(file_source_open(&source, "/nonexistent", &why), -ENOENT);
	assert_string_equal(why, "No such file or directory");
	assert_true(file_source_open(&source, "/", &why) < 0);
	assert_string_equal(why, "Is a directory");
}

static void file__of_another_version(void **state)
{
	struct recording_header header = {
		.magic = RECORDING_MAGIC,
		.byte_order = RECORDING_BYTE_ORDER,
		.version = RECORDING_VERSION + 1,
		.header_size = sizeof(header),
		.record_size = sizeof(struct at_event),
	};

	(void)state;
	write_bytes(&header, sizeof(header));
	assert_refused("newer asynctrace");
	header.version = RECORDING_VERSION;
	header.record_size = 64;
	write_bytes(&header, sizeof(header));
	assert_refused("damaged");
	header.byte_order = __builtin_bswap32(RECORDING_BYTE_ORDER);
	write_bytes(&header, sizeof(header));
	assert_refused("other byte order");
	header.byte_order = 0;
	write_bytes(&header, sizeof(header));
	assert_refused("damaged");
}

static void file__with_a_longer_header(void **state)
{
	char bytes[4096] = { 0 };
	struct recording_header *header = (void *)bytes;
	size_t count, size;

	(void)state;
	memcpy(header->magic, RECORDING_MAGIC, sizeof(header->magic));
	header->byte_order = RECORDING_BYTE_ORDER;
	header->version = RECORDING_VERSION;
	header->header_size = 100;
	header->record_size = sizeof(struct at_event);
	header->records = 1;
	size = ZSTD_compress(bytes + 100, sizeof(bytes) - 100, &written[MANY - 1],
			     sizeof(struct at_event), 1);
	write_bytes(bytes, 100 + size);
	assert_int_equal(read_recording(MANY - 1, &count), 0);
	assert_int_equal(count, 1);
}

static void writer__makes_a_private_file(void **state)
{
	struct stat file;

	(void)state;
	write_bytes("old", 3);
	assert_int_equal(chmod("r", 0644), 0);
	write_recording(0, 1);
	assert_int_equal(stat("r", &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
}

static void writer__refuses_symbolic_links(void **state)
{
	struct recording *recording = NULL;

	(void)state;
	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(recording_create(&recording, "link"), -ELOOP);
	assert_null(recording);
	assert_int_equal(access("target", F_OK), -1);
}

static void writer__leaves_nothing_behind(void **state)
{
	struct recording *recording;

	(void)state;
	recording_discard(NULL);
	unlink("r");
	assert_int_equal(recording_create(&recording, "/nonexistent/r"), -ENOENT);
	assert_int_equal(recording_create(&recording, "r"), 0);
	assert_int_equal(access("r", F_OK), 0);
	recording_discard(recording);
	assert_int_equal(access("r", F_OK), -1);
}

static void writer__leaves_what_has_records(void **state)
{
	struct recording *recording;
	size_t count;

	(void)state;
	assert_int_equal(recording_create(&recording, "r"), 0);
	assert_int_equal(recording_write(recording, written, RECORDING_CHUNK), 0);
	recording_discard(recording);
	assert_int_equal(read_recording(0, &count), -EINPROGRESS);
	assert_int_equal(count, RECORDING_CHUNK);
}

static void writer__replaces_a_name_and_not_what_it_leads_to(void **state)
{
	struct stat file;

	(void)state;
	write_bytes("old", 3);
	assert_int_equal(link("r", "other"), 0);
	write_recording(0, 1);
	assert_int_equal(stat("other", &file), 0);
	assert_int_equal(file.st_size, 3);
	unlink("other");
}

static void writer__into_a_folder(void **state)
{
	struct recording *recording = NULL;

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(recording_create(&recording, "folder"), -EISDIR);
	assert_null(recording);
	assert_int_equal(rmdir("folder"), 0);
}

/* The file may have `bytes`. Fills it until it cannot be, and reads it. */
static void fill(rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY }, before;
	struct recording *recording;
	size_t given = 0, count;
	struct stat whole, file;
	uint64_t saved;
	int err = 0;

	signal(SIGXFSZ, SIG_IGN);
	unlink("r");
	assert_int_equal(recording_create(&recording, "r"), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (; !err && given < MANY; given += 100) {
		assert_int_equal(stat("r", &whole), 0);
		err = recording_write(recording, &written[given], 100);
		if (!err)
			err = recording_flush(recording);
	}
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(err, -EFBIG);
	/* Nothing is written behind the hole. */
	assert_int_equal(recording_write(recording, written, MANY), -EFBIG);
	saved = recording_count(recording);
	assert_int_equal(saved, given - 100);
	assert_int_equal(recording_close(recording), -EFBIG);
	if (!saved) {
		assert_int_equal(access("r", F_OK), -1);
		return;
	}
	assert_int_equal(stat("r", &file), 0);
	assert_int_equal(file.st_size, whole.st_size);
	assert_int_equal(read_recording(0, &count), -EINPROGRESS);
	assert_int_equal(count, saved);
	assert_int_equal(read_header().flags, RECORDING_UNFINISHED);
}

static void writer__on_a_full_disk(void **state)
{
	rlim_t bytes;

	(void)state;
	for (bytes = sizeof(struct recording_header); bytes < 30000; bytes += 1993)
		fill(bytes);
}

static void writer__into_a_device(void **state)
{
	struct recording *recording;

	(void)state;
	NEED(!access("/dev/full", W_OK), "/dev/full");
	assert_int_equal(recording_create(&recording, "/dev/full"), -ENOSPC);
	assert_int_equal(access("/dev/full", F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file__gives_what_was_written),
		cmocka_unit_test(file__in_many_small_chunks),
		cmocka_unit_test(file__without_records_ends_early),
		cmocka_unit_test(file__without_records_replaces_none),
		cmocka_unit_test(file__of_a_killed_tracer_ends_early),
		cmocka_unit_test(file__says_how_much_it_is_when_it_is_complete),
		cmocka_unit_test(file__has_the_clocks),
		cmocka_unit_test(file__without_a_chunk_in_its_middle),
		cmocka_unit_test(file__from_a_pipe),
		cmocka_unit_test(file__of_version_1),
		cmocka_unit_test(file__cut_anywhere),
		cmocka_unit_test(file__damaged_anywhere),
		cmocka_unit_test(file__whose_chunk_claims_too_much),
		cmocka_unit_test(file__that_is_none_of_ours),
		cmocka_unit_test(file__of_another_version),
		cmocka_unit_test(file__with_a_longer_header),
		cmocka_unit_test(writer__makes_a_private_file),
		cmocka_unit_test(writer__refuses_symbolic_links),
		cmocka_unit_test(writer__leaves_nothing_behind),
		cmocka_unit_test(writer__leaves_what_has_records),
		cmocka_unit_test(writer__replaces_a_name_and_not_what_it_leads_to),
		cmocka_unit_test(writer__into_a_folder),
		cmocka_unit_test(writer__on_a_full_disk),
		cmocka_unit_test(writer__into_a_device),
	};

	return cmocka_run_group_tests(tests, prepare, clean);
}
