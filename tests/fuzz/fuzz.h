/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fuzzer drives: a function of bytes. Linked with libFuzzer it is searched for inputs that
 * break it; the inputs that once did are run in `make check`, of all targets in one program.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Begins the definition of fuzz_NAME(data, size), which returns 0. */
#ifdef FUZZING
#define FUZZ(name)                                                                                 \
	int fuzz_##name(const uint8_t *data, size_t size);                                         \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                              \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                               \
	{                                                                                          \
		return fuzz_##name(data, size);                                                    \
	}                                                                                          \
	int fuzz_##name(const uint8_t *data, size_t size)
#else
#define FUZZ(name)                                                                                 \
	int fuzz_##name(const uint8_t *data, size_t size);                                         \
	int fuzz_##name(const uint8_t *data, size_t size)
#endif

/* What is left of the input. */
struct input {
	const uint8_t *data;
	size_t size;
};

/* The next byte, 0 after the last one. */
static inline uint8_t input_byte(struct input *input)
{
	if (!input->size)
		return 0;
	input->size--;
	return *input->data++;
}

/* Up to `size` of the next bytes, and zeros. */
static inline void input_bytes(struct input *input, void *to, size_t size)
{
	size_t n = size < input->size ? size : input->size;

	memset(to, 0, size);
	if (n)
		memcpy(to, input->data, n);
	input->data += n;
	input->size -= n;
}

#endif
