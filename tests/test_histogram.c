/* SPDX-License-Identifier: BSD-2-Clause */
/* The histogram against the same numbers, sorted. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <tracer/histogram.h>

#include <cmocka.h>

static void percentile__of_nothing_is_zero(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	assert_int_equal(histogram_percentile(&histogram, 50), 0);
	histogram_clear(&histogram);
	histogram_clear(NULL);
}

static void percentile__of_one_is_exact(void **state)
{
	const uint64_t values[] = { 0, 1, 4095, 4096, 8191, 8192, 2003200000, UINT64_MAX };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct histogram histogram = { 0 };

		assert_int_equal(histogram_add(&histogram, values[i]), 0);
		assert_true(histogram_percentile(&histogram, 1) == values[i]);
		assert_true(histogram_percentile(&histogram, 100) == values[i]);
		assert_true(histogram.max == values[i]);
		histogram_clear(&histogram);
		assert_int_equal(histogram.count, 0);
	}
}

/* A view may have one for each of a million functions. */
static void few_numbers__take_no_memory_and_are_exact(void **state)
{
	struct histogram histogram = { 0 };
	size_t before = mallinfo2().uordblks;
	uint64_t value;

	(void)state;
	for (value = 1; value <= 50; value++)
		assert_int_equal(histogram_add(&histogram, 1000000007 * (51 - value)), 0);
	assert_int_equal(mallinfo2().uordblks, before);
	assert_int_equal(histogram_percentile(&histogram, 50), 1000000007UL * 25);
	assert_int_equal(histogram_percentile(&histogram, 100), 1000000007UL * 50);
	for (value = 51; value <= 1000; value++)
		assert_int_equal(histogram_add(&histogram, 1000000007 * value), 0);
	assert_int_equal(histogram.count, 1000);
	assert_true(histogram_percentile(&histogram, 50) >= 1000000007UL * 500);
	assert_true(histogram_percentile(&histogram, 50) < 1000000007UL * 501);
	assert_true(histogram_percentile(&histogram, 1) < 1000000007UL * 11);
	histogram_clear(&histogram);
	assert_int_equal(mallinfo2().uordblks, before);
}

static void percentile__of_small_numbers_is_exact(void **state)
{
	struct histogram histogram = { 0 };
	uint64_t value;

	(void)state;
	for (value = 1; value <= 100; value++)
		assert_int_equal(histogram_add(&histogram, value), 0);
	assert_int_equal(histogram_percentile(&histogram, 1), 1);
	assert_int_equal(histogram_percentile(&histogram, 50), 50);
	assert_int_equal(histogram_percentile(&histogram, 99), 99);
	assert_int_equal(histogram_percentile(&histogram, 100), 100);
	histogram_clear(&histogram);
}

static int compare(const void *one, const void *another)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)another;

	return (a > b) - (a < b);
}

static void percentile__is_at_most_a_bucket_too_high(void **state)
{
	static uint64_t values[5000];
	const size_t count = sizeof(values) / sizeof(values[0]);
	struct histogram histogram = { 0 };
	unsigned int percent;
	uint64_t found, true_value;
	size_t i;

	(void)state;
	srand48(7);
	for (i = 0; i < count; i++) {
		values[i] = (uint64_t)mrand48() << 32 ^ mrand48();
		values[i] >>= lrand48() % 64;
		assert_int_equal(histogram_add(&histogram, values[i]), 0);
	}
	qsort(values, count, sizeof(values[0]), compare);
	for (percent = 1; percent <= 100; percent++) {
		found = histogram_percentile(&histogram, percent);
		true_value = values[(percent * count + 99) / 100 - 1];
		assert_true(found >= true_value);
		assert_true(found - true_value <= true_value / 4096);
	}
	histogram_clear(&histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentile__of_nothing_is_zero),
		cmocka_unit_test(percentile__of_one_is_exact),
		cmocka_unit_test(few_numbers__take_no_memory_and_are_exact),
		cmocka_unit_test(percentile__of_small_numbers_is_exact),
		cmocka_unit_test(percentile__is_at_most_a_bucket_too_high),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
