/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream whose every text is one that somebody might not survive: escapes of terminals, ends of
 * lines, quotes, formulas, markup, invalid UTF-8, overrides of direction, 10,000 characters.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include "events.h"
#include <errno.h>

static const char *const hostile_texts[] = {
	"plain",
	"",
	"say \"no\"",
	"it's",
	"one, two; three",
	"two\nlines\r\n\r",
	"a\ttab",
	"\x1b]0;title\x07\x1b[31mred\x1b[2J",
	"\x1b[?1049h\x1bPq\x1b\\",
	"bell\x07 back\x08\x7f",
	"C1 \xc2\x9b"
	"31m \xc2\x85",
	"=1+1",
	"+cmd|' /C calc'!A0",
	"-2+3",
	"@SUM(A1:A9)",
	"\t=1",
	"<script>alert(1)</script>",
	"</svg>]]>&amp;&quot;<!--",
	"\\\" \\n \\u0041 \\",
	"%s%n%99999d",
	"\xff\xfe\x80 \xc3",
	"\xc0\xaf \xe0\x80\xaf",
	"\xed\xa0\x80 \xf4\x90\x80\x80",
	"\xe2\x80\xae"
	"gnp.exe \xe2\x80\xad",
	"\xe2\x81\xa6 isolated \xe2\x81\xa9 \xe2\x80\x8f",
	"\xe2\x80\xa8line\xe2\x80\xa9paragraph \xef\xbb\xbf",
	"\xf0\x9f\x90\x8d \xe5\x8d\x8f\xe7\xa8\x8b \xce\xbb",
	"\xef\xbf\xbe\xef\xbf\xbf",
	"../../../../etc/passwd",
	"a;b;c 12345",
	"[ready]",
	"null",
};

enum { HOSTILE_TEXTS = sizeof(hostile_texts) / sizeof(*hostile_texts), HOSTILE_LENGTH = 10000 };

/* A text that goes on and on, though none should. */
static inline void endless_text(struct stream *stream)
{
	size_t left = HOSTILE_LENGTH;
	uint64_t piece[4];

	memset(piece, 'x', sizeof(piece));
	for (; left > AT_TEXT_PIECE; left -= AT_TEXT_PIECE)
		push(stream, AT_TEXT, AT_TEXT_PIECE | AT_TEXT_MORE, piece[0], piece[1], piece[2],
		     piece[3]);
	push(stream, AT_TEXT, left, piece[0], piece[1], piece[2], piece[3]);
}

/* The text of that number, of which the last is the long one. */
static inline void hostile_text(struct stream *stream, unsigned int i)
{
	if (i < HOSTILE_TEXTS)
		text(stream, hostile_texts[i]);
	else
		endless_text(stream);
}

static inline void hostile_symbols(struct stream *stream, unsigned int i)
{
	uint64_t address = 0x1000 * (i + 1);

	hostile_text(stream, i);
	hostile_text(stream, i);
	push(stream, AT_FUNCTION, 0, address, i, AT_ARGUMENT_STRING, 0);
	hostile_text(stream, i);
	hostile_text(stream, i);
	push(stream, AT_PLACE, 0, address + 1, i, 0, 0);
}

/* A task that awaits a job within two coroutines, is asked to end, and fails. */
static inline void hostile_task(struct stream *stream, unsigned int i)
{
	uint64_t address = 0x1000 * (i + 1), task = TASK(i + 1), job = AT_ID(AT_JOB, i + 1);

	push(stream, AT_TASK_CREATE, 0, task, address, i ? TASK(i) : 0, address + 1);
	hostile_text(stream, i);
	push(stream, AT_TASK_NAME, 0, task, 0, 0, 0);
	change(stream, task, LOOP(1), AT_ITERATION, stream->now_ns);
	hostile_text(stream, i);
	push(stream, AT_COROUTINE_BEGIN, 0, COROUTINE(2 * i + 1), address, 0, 0);
	hostile_text(stream, i);
	push(stream, AT_COROUTINE_BEGIN, 0, COROUTINE(2 * i + 2), address, 0, 0);
	stream->now_ns += 200000000;
	push(stream, AT_SWITCH, 0, LOOP(1), task, job, 0);
	push(stream, AT_JOB_BEGIN, 0, job, address, 101, stream->now_ns - 1000);
	stream->now_ns += 1000000;
	push(stream, AT_JOB_END, 0, job, -EIO, 0, 0);
	push(stream, AT_TASK_CANCEL, 0, task, CALLBACK(address), address + 1, 0);
	change(stream, task, LOOP(1), AT_ITERATION | AT_DELIVERS, stream->now_ns);
	hostile_text(stream, i);
	push(stream, AT_COROUTINE_END, AT_FAILED, COROUTINE(2 * i + 2), -EIO, 0, 0);
	if (i % 3 == 0)
		return;
	hostile_text(stream, i);
	push(stream, AT_COROUTINE_END, AT_FAILED, COROUTINE(2 * i + 1), -EIO, 0, 0);
	hostile_text(stream, i);
	push(stream, AT_TASK_DONE, AT_FAILED, task, -EIO, 0, 0);
	change(stream, LOOP(1), task, AT_ENDED, 0);
	hostile_text(stream, i);
	push(stream, AT_WARNING, 1 + i % 4, task, address, address + 1, 0);
	change(stream, CALLBACK(address), LOOP(1), AT_ITERATION, stream->now_ns);
	stream->now_ns += 1000000;
	change(stream, LOOP(1), CALLBACK(address), 0, 0);
}

static inline void hostile(struct stream *stream)
{
	unsigned int i;

	stream->now_ns = 1000000000;
	push(stream, AT_ATTACH, 0, 0, 0, 0, 0);
	stream->sequences[0] = 0;
	loop_start(stream);
	for (i = 0; i <= HOSTILE_TEXTS; i++)
		hostile_symbols(stream, i);
	for (i = 0; i <= HOSTILE_TEXTS; i++)
		hostile_task(stream, i);
	detach(stream, 0, 0, 0);
}

#endif
