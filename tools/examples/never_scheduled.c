/* SPDX-License-Identifier: BSD-2-Clause */
/* A coroutine that is called and never scheduled does nothing, which is said at the end. */
#include <async.h>
#include <stdio.h>

ASYNC(test)
{
	puts("never scheduled");
	return 0;
}

int main(void)
{
	struct async_coroutine *forgotten = test();

	(void)forgotten;
	return 0;
}
