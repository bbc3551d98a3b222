/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text for people: values as Python's repr() writes them, durations, and strings of strangers made
 * harmless. A name that a traced process has chosen must not move the terminal's cursor.
 *
 * Each function fills the caller's buffer, ends it with a zero, and returns it, so that it can
 * stand among the arguments of printf(). None fails: what has no room is cut, and ends in "...".
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room that is enough for any text of `length` bytes, whatever they are. */
#define TEXT_SIZE(length) (4 * (length) + 8)

/* Room for a name or a path in a line of text; more of it is cut. */
#define TEXT_NAME_SIZE 192

/*
 * Bytes of the UTF-8 sequence that `text` begins with, and the character that it is; 0 if it is
 * none, and then `point` stays. For writers with escapes of their own.
 */
size_t text_decode(const char *text, uint32_t *point);

/*
 * Bytes that `text` begins with and that no writer escapes: ASCII but for quotes and backslashes.
 */
size_t text_plain_length(const char *text);

/* Whether a character could do more than be seen, as below. */
bool text_is_harmful(uint32_t point);

/*
 * `text` with everything escaped that could do more than be seen: control bytes (C0, DEL, C1),
 * invalid UTF-8, marks that change the direction of writing, U+FFFE and U+FFFF, which XML has no
 * place for. `size` is at least 8.
 */
const char *text_safe(char *buffer, size_t size, const char *text);

/* `text` in quotes, as Python's repr() writes it, with the escapes of text_safe(); null is None. */
const char *text_repr(char *buffer, size_t size, const char *text);

#define TEXT_PIECE_SIZE 8

/*
 * What text_safe() writes for the first character of `text`, which is not empty, for those who
 * write long texts piece by piece. Returns how many bytes of `text` that was.
 */
size_t text_escape(char piece[TEXT_PIECE_SIZE], const char *text);

#define TEXT_NUMBER_SIZE 24

/* Decimal digits, for those who write millions of them. They need not begin where `buffer` does. */
const char *text_number(char buffer[TEXT_NUMBER_SIZE], uint64_t number);

#define TEXT_DOUBLE_SIZE 32

/* The shortest digits that give the same number again, as Python's repr() writes it. */
const char *text_double(char buffer[TEXT_DOUBLE_SIZE], double number);
const char *text_float(char buffer[TEXT_DOUBLE_SIZE], float number);

#define TEXT_DURATION_SIZE 24

/*
 * Four digits and a unit: "12 ns", "830.2 us", "15.31 ms", "2.003 s". No wider than 8 below 100000
 * s.
 */
const char *text_duration(char buffer[TEXT_DURATION_SIZE], uint64_t ns);

#define TEXT_COUNT_SIZE 27

/* With a comma before each three digits, as perf prints it: "9,997". */
const char *text_count(char buffer[TEXT_COUNT_SIZE], uint64_t count);

#endif
