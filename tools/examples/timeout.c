/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block with a deadline, whatever it awaits; and a deadline that moves with every piece that
 * comes, so that it ends a transfer that stalls and not one that is long.
 */
#include <async.h>
#include <errno.h>
#include <stdio.h>

#define SECOND_NS 1000000000ULL

ASYNC(query)
{
	int64_t err = async_sleep(0.01);

	return err < 0 ? err : async_sleep(3600);
}

ASYNC(transfer, struct async_timeout *, timeout)
{
	static const double pauses[] = { 0.02, 0.04, 0.02, 3600 };
	int piece;

	for (piece = 0; piece < 4; piece++) {
		int64_t err = async_sleep(pauses[piece]);

		if (err < 0)
			return err;
		printf("piece %d\n", piece + 1);
		async_timeout_reschedule(timeout,
					 async_loop_time(async_get_running_loop()) + SECOND_NS);
	}
	return piece;
}

ASYNC(async_main)
{
	struct async_timeout timeout;
	int64_t result;

	async_timeout_begin(&timeout, 0.1);
	result = async_await(query());
	result = async_timeout_end(&timeout, result);
	if (result == -ETIMEDOUT)
		printf("The query took too long.\n");

	async_timeout_begin(&timeout, ASYNC_NO_TIMEOUT);
	result = async_await(transfer(&timeout));
	result = async_timeout_end(&timeout, result);
	if (result == -ETIMEDOUT)
		printf("No piece for a second.\n");
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
