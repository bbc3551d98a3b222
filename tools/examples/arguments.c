/* SPDX-License-Identifier: BSD-2-Clause */
/* Six parameters of six types; asynctrace timed -- build/examples/arguments shows their values. */
#include <async.h>
#include <inttypes.h>
#include <stdio.h>

ASYNC(report, const char *, place, int, celsius, double, humidity, bool, indoors, char, grade,
      uint64_t, sensor)
{
	printf("%s, %s: %d degrees, humidity %.2f, grade %c, sensor %" PRIu64 "\n", place,
	       indoors ? "indoors" : "outdoors", celsius, humidity, grade, sensor);
	return 0;
}

ASYNC(async_main)
{
	async_await(report("kitchen", 21, 0.45, true, 'A', 7));
	async_await(report("the cat's garden", -2, 0.1, false, 'B', UINT64_MAX));
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
