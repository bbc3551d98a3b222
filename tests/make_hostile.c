/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes recordings that are not meant well.
 *
 *	make_hostile FILE		of texts, and prints those that a name can have, each as it is
 *					when it has been made harmless
 *	make_hostile FILE KIND RECORDS	of one thing without end: see flood.h; "-" is standard output
 */
#include "flood.h"
#include "hostile.h"
#include <base/text.h>
#include <stdio.h>
#include <tracer/formats/recording.h>

static void print_texts(void)
{
	char cut[AT_TEXT_MAX + 1], buffer[TEXT_SIZE(AT_TEXT_MAX)];
	size_t i;

	for (i = 0; i < HOSTILE_TEXTS; i++) {
		snprintf(cut, sizeof(cut), "%s", hostile_texts[i]);
		puts(text_safe(buffer, sizeof(buffer), cut));
	}
}

static int write_texts(struct recording *recording)
{
	struct stream stream = { 0 };
	int err;

	hostile(&stream);
	err = recording_write(recording, stream.events, stream.count);
	stream_free(&stream);
	return err;
}

static int write_flood(struct recording *recording, const struct flood *flood, uint64_t records)
{
	struct stream stream = { 0 };
	uint64_t written = 0, i;
	int err = 0;

	flood_begin(&stream);
	for (i = 1; !err && written < records; i++) {
		flood->push(&stream, i);
		stream.now_ns += 10;
		if (stream.count < 4096 && written + stream.count < records)
			continue;
		err = recording_write(recording, stream.events, stream.count);
		written += stream.count;
		stream.count = 0;
	}
	detach(&stream, 0, 0, 0);
	if (!err)
		err = recording_write(recording, stream.events, stream.count);
	stream_free(&stream);
	return err;
}

static const struct flood *find_flood(const char *name)
{
	size_t i;

	for (i = 0; i < FLOODS; i++) {
		if (!strcmp(floods[i].name, name))
			return &floods[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct flood *flood = argc == 4 ? find_flood(argv[2]) : NULL;
	struct recording *recording;
	int err;

	if (argc != 2 && !flood) {
		fprintf(stderr, "usage: make_hostile FILE [KIND RECORDS]\n");
		return 2;
	}
	err = recording_create(&recording, argv[1]);
	if (!err)
		err = flood ? write_flood(recording, flood, strtoull(argv[3], NULL, 0))
			    : write_texts(recording);
	if (!err)
		err = recording_close(recording);
	if (err)
		fprintf(stderr, "make_hostile: %s: %s\n", argv[1], strerror(-err));
	else if (!flood)
		print_texts();
	return err != 0;
}
