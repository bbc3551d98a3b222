/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that wait in a transport: added at the end, taken from the start. */
#include "transport.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_LEAST = 4096 };

/* Moves the bytes to the start of memory of that size. */
static int move(struct buffer *buffer, size_t size)
{
	size_t count = buffer_count(buffer);
	char *data = malloc(size);

	if (!data)
		return -ENOMEM;
	if (count)
		memcpy(data, buffer->data + buffer->start, count);
	free(buffer->data);
	*buffer = (struct buffer){ .data = data, .end = count, .size = size };
	return 0;
}

int async__buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t count = buffer_count(buffer), size = buffer->size ? buffer->size : SIZE_LEAST;

	if (buffer->size - buffer->end >= more)
		return 0;
	if (more > SIZE_MAX / 4 - count)
		return -ENOMEM;
	/* As many bytes are gone as are moved: on average each is moved once. */
	if (buffer->start >= count && buffer->size - count >= more) {
		memcpy(buffer->data, buffer->data + buffer->start, count);
		buffer->start = 0;
		buffer->end = count;
		return 0;
	}
	while (size - count < more)
		size *= 2;
	return move(buffer, size);
}

int async__buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	int err = async__buffer_reserve(buffer, size);

	if (err)
		return err;
	memcpy(buffer->data + buffer->end, data, size);
	buffer->end += size;
	return 0;
}

void async__buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}
