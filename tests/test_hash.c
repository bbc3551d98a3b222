/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys scatter, whoever chose them, and all of a key counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/hash.h>

enum { KEYS = 1 << 13, BUCKETS = 1 << 8 };

struct key {
	uint64_t id;
	uint64_t process;
};

static void assert_scattered(const struct key *keys, size_t size)
{
	unsigned int filled[BUCKETS] = { 0 };
	size_t i;

	for (i = 0; i < KEYS; i++)
		filled[hash_bytes(&keys[i], size) % BUCKETS]++;
	/* 32 each would be even; none, by chance, is 1 in 10^14: secrets differ from run to run. */
	for (i = 0; i < BUCKETS; i++)
		assert_in_range(filled[i], 1, 128);
}

static void numbers__scatter(void **state)
{
	static struct key keys[KEYS];
	unsigned int shift;
	size_t i;

	(void)state;
	for (shift = 0; shift <= 51; shift++) {
		for (i = 0; i < KEYS; i++)
			keys[i].id = i << shift;
		assert_scattered(keys, 8);
		assert_scattered(keys, 12);
		assert_scattered(keys, 16);
	}
}

/* What one part of a key gains, the other one does not take back. */
static void parts_that_differ_alike__scatter(void **state)
{
	static struct key keys[KEYS];
	unsigned int id_shift, process_shift;
	size_t i;

	(void)state;
	for (id_shift = 0; id_shift <= 48; id_shift += 4) {
		for (process_shift = 0; process_shift <= 20; process_shift += 4) {
			for (i = 0; i < KEYS; i++) {
				keys[i].id = i << id_shift;
				keys[i].process = i << process_shift;
			}
			assert_scattered(keys, 12);
		}
	}
}

static void every_byte__counts(void **state)
{
	char bytes[32] = { 0 };
	size_t size, i;

	(void)state;
	for (size = 1; size <= sizeof(bytes); size++) {
		unsigned int before = hash_bytes(bytes, size);

		for (i = 0; i < size; i++) {
			bytes[i] = 1;
			assert_int_not_equal(hash_bytes(bytes, size), before);
			bytes[i] = 0;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers__scatter),
		cmocka_unit_test(parts_that_differ_alike__scatter),
		cmocka_unit_test(every_byte__counts),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
