/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two examples of chaining chain: slow work on a file, as sleeping. */
#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#include <async.h>
#include <stdio.h>
#include <stdlib.h>

enum { TASKS_MAX = 4 };

static ASYNC(create)
{
	async_sleep(3.0);
	puts("(1) create file");
	return 0;
}

static ASYNC(write_into)
{
	async_sleep(1.0);
	puts("(2) write into file");
	return 0;
}

static ASYNC(close_it)
{
	puts("(3) close file");
	return 0;
}

static void show_pending(struct async_loop *loop)
{
	struct async_task *tasks[TASKS_MAX];
	size_t count = async_all_tasks(loop, tasks, TASKS_MAX), i;

	printf("Pending tasks at exit: %s", count ? "{" : "set()");
	for (i = 0; i < count && i < TASKS_MAX; i++) {
		char *text = async_task_repr(tasks[i]);

		printf("%s%s", i ? ", " : "", text ? text : "?");
		free(text);
		async_task_detach(tasks[i]);
	}
	puts(count ? "}" : "");
}

/* Runs the loop until the coroutine stops it. */
static int run_and_show(struct async_coroutine *coroutine)
{
	struct async_loop *loop;
	int err = async_loop_new(&loop);

	if (err) {
		async_coroutine_close(coroutine);
		return err;
	}
	async_task_detach(async_loop_create_task(loop, coroutine));
	async_loop_run_forever(loop);
	show_pending(loop);
	return async_loop_close(loop);
}

#endif
