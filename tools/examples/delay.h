/* SPDX-License-Identifier: BSD-2-Clause */
/* The coroutine that most examples use: sleeps for some seconds, says so, and returns them. */
#ifndef EXAMPLES_DELAY_H
#define EXAMPLES_DELAY_H

#include <async.h>
#include <stdio.h>

static ASYNC(delay, int, seconds)
{
	int64_t err;

	printf("sleeping for %d second(s)\n", seconds);
	err = async_sleep(seconds);
	if (err < 0)
		return err;
	printf("finished sleeping for %d second(s)\n", seconds);
	return seconds;
}

#endif
