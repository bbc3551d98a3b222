/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loop has to say, on standard error and beside the program's own messages. -v turns debug
 * mode on, which finds a slow task, and a loop that nobody closes.
 */
#include <async.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print(enum async_log_level level, const char *message, void *arg)
{
	(void)arg;
	fprintf(stderr, "%7s: %s\n", async_log_level_name(level), message);
}

static void info(const char *message)
{
	async_log(ASYNC_LOG_INFO, "%s", message);
}

ASYNC(inner)
{
	info("inner starting");
	/* A slow task. */
	usleep(100000);
	info("inner completed");
	return 0;
}

ASYNC(outer)
{
	info("outer starting");
	async_await(async_create_task(inner()));
	info("outer completed");
	return 0;
}

int main(int argc, char **argv)
{
	struct async_loop *event_loop;
	int err;

	async_log_set_handler(print, NULL);
	async_log_set_level(ASYNC_LOG_DEBUG);
	err = async_loop_new(&event_loop);
	if (err)
		return err;
	if (argc == 2 && !strcmp(argv[1], "-v")) {
		info("enabling debugging");
		async_loop_set_debug(event_loop, true);
		/* Whatever takes as long is slow. */
		async_loop_set_slow_callback_duration(event_loop, 0.001);
	}
	info("entering event loop");
	return async_loop_run_until_complete(event_loop, outer());
}
