/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of protobuf, from the inside out: one is put together in memory of fixed size, and
 * appended to the next as a field. What has no room is left out.
 */
#ifndef TRACER_FORMATS_PROTOBUF_H
#define TRACER_FORMATS_PROTOBUF_H

#include <base/text.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PROTOBUF_MAX = 8192, PROTOBUF_TEXT_MAX = 1024, PROTOBUF_VARINT_MAX = 10 };

/* All zero is an empty one; only `size` need be set. */
struct protobuf {
	size_t size;
	unsigned char bytes[PROTOBUF_MAX];
};

/* As they stand on the wire, behind a field's number. */
enum { PROTOBUF_NUMBER = 0, PROTOBUF_FIXED64 = 1, PROTOBUF_BYTES = 2 };

static inline void protobuf_varint(struct protobuf *message, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		message->bytes[message->size++] = value | 0x80;
	message->bytes[message->size++] = value;
}

/* The head of a field, if all of it has room. */
static inline bool protobuf_field(struct protobuf *message, unsigned int field, unsigned int type,
				  size_t size)
{
	if (size + 2 * PROTOBUF_VARINT_MAX > PROTOBUF_MAX - message->size)
		return false;
	protobuf_varint(message, field << 3 | type);
	return true;
}

static inline void protobuf_number(struct protobuf *message, unsigned int field, uint64_t value)
{
	if (protobuf_field(message, field, PROTOBUF_NUMBER, 0))
		protobuf_varint(message, value);
}

static inline void protobuf_fixed64(struct protobuf *message, unsigned int field, uint64_t value)
{
	unsigned int i;

	if (!protobuf_field(message, field, PROTOBUF_FIXED64, sizeof(value)))
		return;
	for (i = 0; i < sizeof(value); i++)
		message->bytes[message->size++] = value >> 8 * i;
}

static inline void protobuf_bytes(struct protobuf *message, unsigned int field, const void *bytes,
				  size_t size)
{
	if (!protobuf_field(message, field, PROTOBUF_BYTES, size))
		return;
	protobuf_varint(message, size);
	memcpy(message->bytes + message->size, bytes, size);
	message->size += size;
}

/* Strings are UTF-8, and safe to print; the end of a long one is cut. */
static inline void protobuf_text(struct protobuf *message, unsigned int field, const char *text)
{
	char safe[PROTOBUF_TEXT_MAX];

	text_safe(safe, sizeof(safe), text);
	protobuf_bytes(message, field, safe, strlen(safe));
}

static inline void protobuf_message(struct protobuf *message, unsigned int field,
				    const struct protobuf *inner)
{
	protobuf_bytes(message, field, inner->bytes, inner->size);
}

#endif
