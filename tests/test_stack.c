/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks: where they lie, what guards them, how they are reused and give their pages back. The
 * kernel is asked, not the memory: a read(2) into a guard fails with EFAULT, and mincore(2) tells
 * which pages are there.
 */
#include <errno.h>
#include <fcntl.h>
#include <runtime/runtime.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { KEPT = 1024 }; /* spare stacks that keep their pages */

static char *bottom_of(const void *top)
{
	const char *address = (const char *)top - STACK_SIZE;
	size_t page = sysconf(_SC_PAGESIZE);

	/* Stacks begin at multiples of their size from their slab, which begins at a page. */
	return (char *)(((uintptr_t)address + page - 1) / page * page);
}

/* Can the kernel write there? 1, or 0 for a fault. */
static int writable(void *address)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(zero, address, 1);
	int err = errno;

	close(zero);
	assert_true(n == 1 || err == EFAULT);
	return n == 1;
}

static bool resident(const void *address)
{
	uintptr_t page = sysconf(_SC_PAGESIZE);
	unsigned char there = 0;

	assert_int_equal(mincore((void *)((uintptr_t)address / page * page), 1, &there), 0);
	return there & 1;
}

static void take__is_aligned_and_usable(void **state)
{
	struct stacks stacks = { 0 };
	char *tops[40];
	size_t i;

	(void)state;
	for (i = 0; i < 40; i++) {
		tops[i] = async__stack_take(&stacks);
		assert_non_null(tops[i]);
		assert_int_equal((uintptr_t)tops[i] % 16, 0);
		memset(tops[i] - STACK_USABLE, (int)i, STACK_USABLE);
	}
	for (i = 0; i < 40; i++) {
		assert_int_equal(tops[i][-STACK_USABLE], i);
		assert_int_equal(tops[i][-1], i);
	}
	async__stacks_free(&stacks);
}

static void take__has_the_last_one_given_first(void **state)
{
	struct stacks stacks = { 0 };
	void *one = async__stack_take(&stacks), *two = async__stack_take(&stacks);

	(void)state;
	assert_ptr_not_equal(one, two);
	async__stack_give(&stacks, one);
	async__stack_give(&stacks, two);
	assert_ptr_equal(async__stack_take(&stacks), two);
	assert_ptr_equal(async__stack_take(&stacks), one);
	assert_ptr_not_equal(async__stack_take(&stacks), one);
	async__stacks_free(&stacks);
}

static void guard__is_below_each(void **state)
{
	struct stacks stacks = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 20; i++) {
		char *top = async__stack_take(&stacks), *bottom = bottom_of(top);

		assert_int_equal(writable(bottom), 0);
		assert_int_equal(writable(top - STACK_USABLE), 1);
		assert_int_equal(writable(top - 1), 1);
	}
	async__stacks_free(&stacks);
}

static void guard__knows_whose_it_is(void **state)
{
	struct stacks stacks = { 0 };
	size_t i;

	(void)state;
	assert_null(async__stacks_guarded(&stacks, (uintptr_t)&stacks));
	for (i = 0; i < 100; i++) {
		char *top = async__stack_take(&stacks), *bottom = bottom_of(top);

		assert_ptr_equal(async__stacks_guarded(&stacks, (uintptr_t)bottom), top);
		assert_ptr_equal(async__stacks_guarded(&stacks, (uintptr_t)bottom + 4095), top);
		assert_null(async__stacks_guarded(&stacks, (uintptr_t)top - STACK_USABLE));
		assert_null(async__stacks_guarded(&stacks, (uintptr_t)top - 1));
	}
	assert_null(async__stacks_guarded(&stacks, (uintptr_t)&stacks));
	async__stacks_free(&stacks);
}

static void trim__leaves_some_their_pages(void **state)
{
	enum { COUNT = KEPT + 200 };
	struct stacks stacks = { 0 };
	static char *tops[COUNT];
	unsigned int calls = 1;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		tops[i] = async__stack_take(&stacks);
		assert_non_null(tops[i]);
		tops[i][-1] = 1;
		tops[i][-STACK_USABLE] = 1;
	}
	for (i = 0; i < COUNT; i++)
		async__stack_give(&stacks, tops[i]);
	while (async__stacks_trim(&stacks))
		calls++;
	assert_true(calls > 1);
	for (i = 0; i < COUNT; i++) {
		assert_int_equal(resident(tops[i] - STACK_USABLE), i >= COUNT - KEPT);
		assert_int_equal(resident(tops[i] - 1), i >= COUNT - KEPT);
	}
	assert_int_equal(writable(bottom_of(tops[0])), 0);
	for (i = COUNT; i-- > 0;) {
		assert_ptr_equal(async__stack_take(&stacks), tops[i]);
		memset(tops[i] - STACK_USABLE, 2, 16);
	}
	assert_int_equal(stacks.trimmed, 0);
	async__stacks_free(&stacks);
}

static void trim__of_few_does_nothing(void **state)
{
	struct stacks stacks = { 0 };
	char *top = async__stack_take(&stacks);

	(void)state;
	assert_false(async__stacks_trim(&stacks));
	top[-1] = 1;
	async__stack_give(&stacks, top);
	assert_false(async__stacks_trim(&stacks));
	assert_int_equal(resident(top - 1), true);
	async__stacks_free(&stacks);
}

static void free__unmaps_all(void **state)
{
	struct stacks stacks = { 0 };
	unsigned char there;
	char *first, *last = NULL;
	size_t i;

	(void)state;
	first = async__stack_take(&stacks);
	for (i = 0; i < 100; i++)
		last = async__stack_take(&stacks);
	async__stacks_free(&stacks);
	assert_int_equal(mincore(bottom_of(first), 1, &there), -1);
	assert_int_equal(mincore(bottom_of(last), 1, &there), -1);
}

static void free__of_none(void **state)
{
	struct stacks stacks = { 0 };

	(void)state;
	async__stacks_free(&stacks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take__is_aligned_and_usable),
		cmocka_unit_test(take__has_the_last_one_given_first),
		cmocka_unit_test(guard__is_below_each),
		cmocka_unit_test(guard__knows_whose_it_is),
		cmocka_unit_test(trim__leaves_some_their_pages),
		cmocka_unit_test(trim__of_few_does_nothing),
		cmocka_unit_test(free__unmaps_all),
		cmocka_unit_test(free__of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
