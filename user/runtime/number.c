/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of loops, tasks, coroutines and futures: unique in the process, from 1, never reused. */
#include "runtime.h"

enum { BLOCK = 64 };

uint64_t async__last_numbers[AT_TYPES_END];

uint64_t async__number(struct numbers *numbers, enum at_type type)
{
	if (unlikely(numbers->next == numbers->end)) {
		numbers->next =
			__atomic_fetch_add(&async__last_numbers[type], BLOCK, __ATOMIC_RELAXED);
		numbers->end = numbers->next + BLOCK;
	}
	return ++numbers->next;
}

uint64_t async__number_of(enum at_type type)
{
	return __atomic_add_fetch(&async__last_numbers[type], 1, __ATOMIC_RELAXED);
}

void async__numbers_give(struct numbers *numbers, enum at_type type)
{
	uint64_t end = numbers->end;

	__atomic_compare_exchange_n(&async__last_numbers[type], &end, numbers->next, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	numbers->next = numbers->end;
}
