/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a recording of texts that are not meant well, and prints those that a name can have, each
 * as it is when it has been made harmless: make_hostile FILE.
 */
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

int main(int argc, char **argv)
{
	struct stream stream = { 0 };
	struct recording *recording;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: make_hostile FILE\n");
		return 2;
	}
	hostile(&stream);
	err = recording_create(&recording, argv[1]);
	if (!err)
		err = recording_write(recording, stream.events, stream.count);
	if (!err)
		err = recording_close(recording);
	if (err)
		fprintf(stderr, "make_hostile: %s: %s\n", argv[1], strerror(-err));
	else
		print_texts();
	stream_free(&stream);
	return err != 0;
}
