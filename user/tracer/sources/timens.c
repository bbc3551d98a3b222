/* SPDX-License-Identifier: BSD-2-Clause */
#include "timens.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The number of the namespace, or 0. */
static ino_t namespace_of(const char *process, const char *name)
{
	char path[64];
	struct stat file;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, name);
	return stat(path, &file) ? 0 : file.st_ino;
}

/* The kernel tells the offsets of the namespace that children will be in. */
static int64_t offset_ns(const char *process)
{
	ino_t own = namespace_of(process, "time");
	long long seconds, ns;
	char path[64];
	FILE *offsets;
	int found;

	if (!own || own != namespace_of(process, "time_for_children"))
		return 0;
	snprintf(path, sizeof(path), "/proc/%s/timens_offsets", process);
	offsets = fopen(path, "re");
	if (!offsets)
		return 0;
	found = fscanf(offsets, "monotonic %lld %lld", &seconds, &ns);
	fclose(offsets);
	return found == 2 ? seconds * 1000000000LL + ns : 0;
}

int64_t timens_ahead_ns(pid_t pid)
{
	char process[16];

	snprintf(process, sizeof(process), "%d", pid);
	if (namespace_of(process, "time") == namespace_of("self", "time"))
		return 0;
	return offset_ns(process) - offset_ns("self");
}

/* Of a switch: since when who enters was ready, and until when who leaves sleeps. */
static void shift_switch(struct at_event *event, int64_t ahead_ns)
{
	if (AT_ID_TYPE(event->subject) != AT_LOOP && event->c)
		event->c -= ahead_ns;
	if (AT_ID_TYPE(event->b) == AT_TIMER)
		event->b = AT_ID(AT_TIMER, (event->b & AT_ID_NUMBER) - ahead_ns / 1000);
}

void timens_shift(struct at_event *events, size_t count, int64_t ahead_ns, bool stamped)
{
	struct at_event *event;

	for (event = events; event < events + count; event++) {
		if (!stamped)
			event->time_ns -= ahead_ns;
		if (event->kind == AT_SWITCH)
			shift_switch(event, ahead_ns);
		if (event->kind == AT_JOB_BEGIN && event->c)
			event->c -= ahead_ns;
	}
}
