/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap against a plain search for the least. */
#include <base/heap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NODES = 512 };

struct item {
	struct heap_node node;
	uint64_t key;
	uint64_t added; /* when, among all additions */
};

static struct item *item_of(struct heap_node *node)
{
	return (struct item *)((char *)node - offsetof(struct item, node));
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void heap__of_nothing(void **state)
{
	struct heap heap = { 0 };
	struct heap_node node = { .index = HEAP_NONE };

	(void)state;
	assert_null(heap_first(&heap));
	assert_int_equal(heap_least(&heap), UINT64_MAX);
	heap_remove(&heap, &node);
	heap_free(&heap);
	heap_free(&heap);
}

static void reserve__keeps_what_is_in(void **state)
{
	struct heap heap = { 0 };
	struct heap_node node = { .index = HEAP_NONE };

	(void)state;
	assert_int_equal(heap_reserve(&heap, 1), 0);
	heap_add(&heap, &node, 7);
	assert_int_equal(heap_reserve(&heap, 1000), 0);
	assert_true(heap.size >= 1000);
	assert_ptr_equal(heap_first(&heap), &node);
	assert_int_equal(heap_least(&heap), 7);
	heap_free(&heap);
}

static void equal_keys__leave_in_order(void **state)
{
	struct heap heap = { 0 };
	struct heap_node nodes[100];
	size_t i;

	(void)state;
	assert_int_equal(heap_reserve(&heap, 100), 0);
	for (i = 0; i < 100; i++)
		heap_add(&heap, &nodes[i], 5);
	for (i = 0; i < 100; i++) {
		assert_ptr_equal(heap_first(&heap), &nodes[i]);
		heap_remove(&heap, &nodes[i]);
		assert_true(nodes[i].index == HEAP_NONE);
	}
	heap_free(&heap);
}

static void remove__twice_is_harmless(void **state)
{
	struct heap heap = { 0 };
	struct heap_node nodes[2];

	(void)state;
	assert_int_equal(heap_reserve(&heap, 2), 0);
	heap_add(&heap, &nodes[0], 1);
	heap_add(&heap, &nodes[1], 2);
	heap_remove(&heap, &nodes[0]);
	heap_remove(&heap, &nodes[0]);
	assert_int_equal(heap.count, 1);
	assert_ptr_equal(heap_first(&heap), &nodes[1]);
	heap_free(&heap);
}

static struct item *least_of(struct item items[])
{
	struct item *least = NULL;
	size_t i;

	for (i = 0; i < NODES; i++) {
		struct item *item = &items[i];

		if (item->node.index == HEAP_NONE)
			continue;
		if (!least || item->key < least->key ||
		    (item->key == least->key && item->added < least->added))
			least = item;
	}
	return least;
}

static void heap__agrees_with_a_search(void **state)
{
	static struct item items[NODES];
	struct heap heap = { 0 };
	uint64_t seed = 88172645463325252ULL, added = 0;
	size_t i;

	(void)state;
	assert_int_equal(heap_reserve(&heap, NODES), 0);
	for (i = 0; i < NODES; i++)
		items[i].node.index = HEAP_NONE;
	for (i = 0; i < 20000; i++) {
		struct item *item = &items[next_random(&seed) % NODES], *least;

		if (item->node.index == HEAP_NONE) {
			item->key = next_random(&seed) % 64;
			item->added = added++;
			heap_add(&heap, &item->node, item->key);
		} else {
			heap_remove(&heap, &item->node);
		}
		least = least_of(items);
		if (!least) {
			assert_null(heap_first(&heap));
			continue;
		}
		assert_ptr_equal(item_of(heap_first(&heap)), least);
		assert_int_equal(heap_least(&heap), least->key);
	}
	heap_free(&heap);
}

static void first__becomes_a_later_one(void **state)
{
	static const uint64_t keys[] = { 3, 9, 4, 8, 5, 7, 6 };
	struct heap heap = { 0 };
	struct heap_node nodes[7];
	size_t i;

	(void)state;
	assert_int_equal(heap_reserve(&heap, 7), 0);
	assert_int_equal(heap_second_least(&heap), UINT64_MAX);
	for (i = 0; i < 7; i++) {
		heap_add(&heap, &nodes[i], keys[i]);
		assert_int_equal(heap_second_least(&heap), i == 0 ? UINT64_MAX : i == 1 ? 9 : 4);
	}
	for (i = 3; i < 9; i++) {
		assert_int_equal(heap_least(&heap), i);
		assert_int_equal(heap_second_least(&heap), i + 1);
		heap_first_becomes(&heap, 10);
	}
	assert_ptr_equal(heap_first(&heap), &nodes[1]);
	assert_int_equal(heap_second_least(&heap), 10);
	heap_free(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap__of_nothing),
		cmocka_unit_test(reserve__keeps_what_is_in),
		cmocka_unit_test(equal_keys__leave_in_order),
		cmocka_unit_test(remove__twice_is_harmless),
		cmocka_unit_test(first__becomes_a_later_one),
		cmocka_unit_test(heap__agrees_with_a_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
