/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals call functions of the loop, between the steps of its tasks. */
#include <async.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void signal_handler(void *name)
{
	printf("signal_handler('%s')\n", (const char *)name);
}

ASYNC(send_signals)
{
	static const struct {
		int number;
		const char *name;
	} signals[] = {
		{ SIGHUP, "SIGHUP" },
		{ SIGHUP, "SIGHUP" },
		{ SIGUSR1, "SIGUSR1" },
		{ SIGINT, "SIGINT" },
	};
	pid_t pid = getpid();
	size_t i;

	printf("starting send_signals for %d\n", pid);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		printf("sending %s\n", signals[i].name);
		kill(pid, signals[i].number);
		printf("yielding control\n");
		async_sleep(0.01);
	}
	return 0;
}

int main(void)
{
	struct async_loop *loop;
	int64_t err;

	if (async_loop_new(&loop))
		return 1;
	async_loop_add_signal_handler(loop, SIGHUP, signal_handler, "SIGHUP");
	async_loop_add_signal_handler(loop, SIGUSR1, signal_handler, "SIGUSR1");
	async_loop_add_signal_handler(loop, SIGINT, signal_handler, "SIGINT");
	err = async_loop_run_until_complete(loop, send_signals());
	async_loop_close(loop);
	return err != 0;
}
