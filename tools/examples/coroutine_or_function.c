/* SPDX-License-Identifier: BSD-2-Clause */
/* A function gives its result; a coroutine function gives an object, and async_run() the result. */
#include <async.h>
#include <inttypes.h>
#include <stdio.h>

static ASYNC(coroutine_add_one, int, number)
{
	return number + 1;
}

static int add_one(int number)
{
	return number + 1;
}

int main(void)
{
	struct async_coroutine *coroutine_result = coroutine_add_one(1);
	int function_result = add_one(1);

	printf("Function result is %d\n", function_result);
	printf("Coroutine result is <coroutine object %s at %p>\n",
	       async_coroutine_name(coroutine_result), (void *)coroutine_result);
	printf("%" PRId64 "\n", async_run(coroutine_result));
	return 0;
}
