/* SPDX-License-Identifier: BSD-2-Clause */
#include "progress.h"

#define SILENT_NS 1000000000ULL
#define REDRAW_NS 100000000ULL

void progress_show(struct progress *progress, uint64_t now_ns, double done)
{
	uint64_t since_ns = progress->shown_ns;

	if (!progress->out || now_ns - progress->begin_ns < SILENT_NS ||
	    (since_ns && now_ns - since_ns < REDRAW_NS))
		return;
	progress->shown_ns = now_ns;
	fprintf(progress->out, "\rreading: %.0f %%, %.0f s\x1b[K", 100 * done,
		(now_ns - progress->begin_ns) / 1e9);
	fflush(progress->out);
}

void progress_erase(struct progress *progress)
{
	if (!progress->shown_ns)
		return;
	progress->shown_ns = 0;
	fputs("\r\x1b[K", progress->out);
	fflush(progress->out);
}
