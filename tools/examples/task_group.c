/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks that end together: first all of them well, then all of them because one has failed. */
#include <async.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

ASYNC(fetch, const char *, page, double, seconds)
{
	int64_t err = async_sleep(seconds);

	if (err == -ECANCELED)
		printf("%s: cancelled\n", page);
	if (err < 0)
		return err;
	if (!strcmp(page, "missing"))
		return async_fail(-ENOENT, "there is no page \"%s\"", page);
	printf("%s: fetched\n", page);
	return 0;
}

ASYNC(fetch_three, const char *, first, const char *, second, const char *, third)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, fetch(first, 0.3));
	async_task_group_create_task(group, fetch(second, 0.1));
	async_task_group_create_task(group, fetch(third, 0.2));
	return async_task_group_end(group, 0);
}

static void report(int64_t result)
{
	if (result < 0)
		printf("failed: %s\n", async_error_message(result));
	else
		printf("all fetched\n");
}

ASYNC(async_main)
{
	report(async_await(fetch_three("start", "help", "news")));
	report(async_await(fetch_three("start", "missing", "news")));
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
