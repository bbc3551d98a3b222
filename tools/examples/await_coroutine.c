/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calling a coroutine function runs nothing; awaiting what it returns does, and gives the result.
 */
#include <async.h>
#include <inttypes.h>
#include <stdio.h>

ASYNC(add_one, int, number)
{
	return number + 1;
}

ASYNC(async_main)
{
	int64_t one_plus_one = async_await(add_one(1));
	int64_t two_plus_one = async_await(add_one(2));

	printf("%" PRId64 "\n", one_plus_one);
	printf("%" PRId64 "\n", two_plus_one);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
