/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a run writes to: the text of a view, as it happens, and the recorded file, if one is
 * wanted.
 */
#ifndef TRACER_OUTPUT_H
#define TRACER_OUTPUT_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct recording;
struct replacement;

/* Zeroed before it is opened. */
struct output {
	const char *failed; /* for people: what could not be written */
	const char *text_path, *recording_path;
	FILE *text;		     /* null if no view prints */
	struct replacement *part;    /* takes its place when it is complete; null if it is there */
	struct recording *recording; /* null if nothing is recorded */
	uint64_t kept;		     /* records that the recording was given */
	uint64_t saved;		     /* those of them that are in it, if it failed */
	uint64_t missing;	     /* records of the target that came after these */
	uint64_t flushed_ns;
	bool streams; /* text has gone to a terminal */
};

/*
 * Text goes to `path`, which must outlive the output, or if that is null to `standard`, which stays
 * the caller's. 0 or -errno.
 */
int output_open_text(struct output *ret, const char *path, FILE *standard);

/*
 * The same, for what is of use only when it is complete: until then `path` stays what it is, and
 * PATH.part grows, or PATH.part.2 if that is somebody's, with the rights of what it will replace.
 * What a symbolic link leads to is meant. A device or pipe is written to at once, and so is what a
 * link to nothing makes, and a file in whose folder root could not replace it without capabilities.
 */
int output_open_whole(struct output *ret, const char *path);

/* What was written is wrong: a file that was to be complete will not be. */
void output_spoil(struct output *output);

/* Keeps the records in a file, too; see recording_create(). 0 or -errno. */
int output_open_recording(struct output *ret, const char *path);

/* Counts those of the target, which nobody will find in the recording. */
void output_miss(struct output *output, const struct at_event *events, size_t count);

/*
 * Keeps records if they are recorded, and lets everybody see what was written. Returns 0; -EPIPE if
 * nobody reads any more; another -errno if it cannot be written: `failed` names what it was. A
 * recorded file that failed has `saved` records, and ends there; the text can go on.
 */
int output_flush(struct output *output, const struct at_event *events, size_t count);

/* Completes the result. Returns as output_flush() does. Takes what was not opened. */
int output_close(struct output *output);

/* Throws files away that are not complete and closes. Takes what was closed or not opened. */
void output_discard(struct output *output);

#endif
