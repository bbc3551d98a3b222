/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast each view reads a recording of so many records, and the most memory that it takes:
 *
 *	replay FILE RECORDS
 */
#include "bench.h"
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name, *view, *output;
} runs[] = {
	{ "timed", "timed", NULL },
	{ "summary", "summary", NULL },
	{ "slow", "slow", NULL },
	{ "flame", "flame", NULL },
	{ "flame, .svg", "flame", "svg" },
	{ "flame, .folded", "flame", "folded" },
	{ "flame, .speedscope.json", "flame", "speedscope.json" },
	{ "timeline", "timeline", NULL },
	{ "timeline, .perfetto-trace", "timeline", "perfetto-trace" },
	{ "timeline, .json", "timeline", "json" },
	{ "cancel", "cancel", NULL },
	{ "check", "check", NULL },
	{ "tree", "tree", NULL },
};

static void view(const char *name, const char *recording, const char *output)
{
	int nowhere = open("/dev/null", O_WRONLY);

	dup2(nowhere, STDOUT_FILENO);
	if (output)
		execl("build/asynctrace", "asynctrace", name, "-o", output, "-i", recording, NULL);
	else
		execl("build/asynctrace", "asynctrace", name, "-i", recording, NULL);
	_exit(127);
}

/* Runs it, and prints a row. */
static void measure(const char *name, const char *view_name, const char *recording,
		    const char *ending, double records)
{
	uint64_t start = bench_now();
	char output[64];
	struct rusage usage;
	double seconds;
	int status;
	pid_t pid;

	snprintf(output, sizeof(output), "build/bench/replay.%s", ending ? ending : "");
	pid = fork();
	if (!pid)
		view(view_name, recording, ending ? output : NULL);
	if (wait4(pid, &status, 0, &usage) != pid)
		exit(1);
	seconds = (bench_now() - start) / 1e9;
	unlink(output);
	/* 3 is that of findings. */
	if (!WIFEXITED(status) || (WEXITSTATUS(status) && WEXITSTATUS(status) != 3))
		printf("%-28s %8.0f  failed\n", name, records);
	else
		printf("%-28s %8.0f %8.2f %10.1f %8.1f\n", name, records, seconds,
		       records / seconds / 1e6, usage.ru_maxrss / 1024.0);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 3) {
		fprintf(stderr, "usage: replay FILE RECORDS\n");
		return 2;
	}
	printf("%-28s %8s %8s %10s %8s\n", "replay", "records", "s", "million/s", "MiB");
	fflush(stdout);
	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++)
		measure(runs[i].name, runs[i].view, argv[1], runs[i].output, atof(argv[2]));
	return 0;
}
