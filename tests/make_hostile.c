/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a recording of texts that are not meant well: make_hostile FILE. */
#include "hostile.h"
#include <stdio.h>
#include <tracer/formats/recording.h>

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
	stream_free(&stream);
	return err != 0;
}
