/* SPDX-License-Identifier: BSD-2-Clause */
/* What is read ahead is what is read: all of it, in order, with the end that it has. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tracer/recording.h>
#include <tracer/sources/ahead.h>
#include <unistd.h>

#include <cmocka.h>

/* Gives so many records in chunks of different sizes, numbered in `subject`; then its end. */
struct numbers {
	struct source source;
	uint64_t given, total;
	int end;
	int fd; /* it waits there before its end, if it is not 0 */
	bool freed;
	struct at_event events[RECORDING_CHUNK];
};

static int give(struct source *source, const struct at_event **events, size_t *count,
		int timeout_ms)
{
	struct numbers *numbers = (struct numbers *)source;
	size_t size = 1 + numbers->given % RECORDING_CHUNK, i;
	char byte;

	(void)timeout_ms;
	if (numbers->given == numbers->total) {
		if (numbers->fd && read(numbers->fd, &byte, 1) < 0)
			return -errno;
		return numbers->end;
	}
	if (size > numbers->total - numbers->given)
		size = numbers->total - numbers->given;
	for (i = 0; i < size; i++)
		numbers->events[i].subject = numbers->given++;
	*events = numbers->events;
	*count = size;
	return 1;
}

static double give_progress(struct source *source)
{
	struct numbers *numbers = (struct numbers *)source;

	return (double)numbers->given / numbers->total;
}

static void give_up(struct source *source)
{
	((struct numbers *)source)->freed = true;
}

static struct source *open_numbers(struct numbers *numbers, uint64_t total, int end)
{
	struct source *source;

	*numbers = (struct numbers){
		.source = { .read = give, .progress = give_progress, .free = give_up },
		.total = total,
		.end = end,
	};
	assert_int_equal(ahead_source_open(&source, &numbers->source), 0);
	return source;
}

/* Returns how it ends. */
static int read_all(struct source *source, uint64_t *total)
{
	const struct at_event *events;
	double progress = 0;
	size_t count, i;
	int ret;

	*total = 0;
	while ((ret = source->read(source, &events, &count, 1000)) > 0) {
		for (i = 0; i < count; i++)
			assert_int_equal(events[i].subject, (*total)++);
		assert_true(source->progress(source) >= progress);
		progress = source->progress(source);
	}
	return ret;
}

static void everything__comes_in_order_up_to_the_end(void **state)
{
	static const int ends[] = { 0, -ENODATA, -EBADMSG };
	static struct numbers numbers;
	struct source *source;
	uint64_t total;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		source = open_numbers(&numbers, 100000, ends[i]);
		assert_int_equal(read_all(source, &total), ends[i]);
		assert_int_equal(total, 100000);
		assert_true(source->progress(source) == 1);
		/* It stays so. */
		assert_int_equal(read_all(source, &total), ends[i]);
		source->free(source);
		assert_true(numbers.freed);
	}
}

static void nothing__ends_at_once(void **state)
{
	static struct numbers numbers;
	struct source *source = open_numbers(&numbers, 0, 0);
	uint64_t total;

	(void)state;
	assert_int_equal(read_all(source, &total), 0);
	assert_int_equal(total, 0);
	source->free(source);
}

static void free__does_not_wait_for_what_is_full(void **state)
{
	static struct numbers numbers;
	struct source *source = open_numbers(&numbers, UINT64_MAX, 0);

	(void)state;
	source->free(source);
	assert_true(numbers.freed);
}

/* Of a pipe nobody knows when it will tell: the timeout passes, and it can be given up. */
static void read__returns_while_nothing_comes(void **state)
{
	static struct numbers numbers;
	const struct at_event *events;
	struct source *source;
	int pipes[2];
	size_t count;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	numbers = (struct numbers){
		.source = { .read = give, .free = give_up },
		.fd = pipes[0],
	};
	assert_int_equal(ahead_source_open(&source, &numbers.source), 0);
	assert_null(source->progress);
	assert_int_equal(source->read(source, &events, &count, 1), 1);
	assert_int_equal(count, 0);
	source->free(source);
	assert_true(numbers.freed);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything__comes_in_order_up_to_the_end),
		cmocka_unit_test(nothing__ends_at_once),
		cmocka_unit_test(free__does_not_wait_for_what_is_full),
		cmocka_unit_test(read__returns_while_nothing_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
