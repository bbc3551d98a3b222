/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coroutines that are awaited run one after the other: add_one() has to wait for the message. What
 * is more than a number comes back through a pointer.
 */
#include "delay.h"
#include <inttypes.h>

ASYNC(add_one, int, number)
{
	return number + 1;
}

ASYNC(hello_world_message, const char **, message)
{
	int64_t err = async_await(delay(1));

	if (err < 0)
		return err;
	*message = "Hello World!";
	return 0;
}

ASYNC(async_main)
{
	const char *message;
	int64_t err, one_plus_one;

	err = async_await(hello_world_message(&message));
	if (err < 0)
		return err;
	one_plus_one = async_await(add_one(1));
	printf("%" PRId64 "\n", one_plus_one);
	printf("%s\n", message);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
