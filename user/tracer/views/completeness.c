/* SPDX-License-Identifier: BSD-2-Clause */
#include "completeness.h"
#include <inttypes.h>

uint64_t completeness_lost(const struct model_totals *totals)
{
	return totals->lost > totals->dropped ? totals->lost : totals->dropped;
}

const char *completeness_text(char *buffer, size_t size, const struct model_totals *totals)
{
	uint64_t lost = completeness_lost(totals);
	const char *before = totals->complete ? "" : "; ";
	char losses[96] = "", unread[64] = "", unkept[80] = "";

	if (totals->complete && !lost && !totals->unread && !totals->unkept)
		return NULL;
	if (lost)
		snprintf(losses, sizeof(losses), "%slost %" PRIu64 " record%s, %" PRIu64 " dropped",
			 before, lost, lost == 1 ? "" : "s", totals->dropped);
	if (lost)
		before = "; ";
	if (totals->unread)
		snprintf(unread, sizeof(unread), "%s%" PRIu64 " thread%s died with unread records",
			 before, totals->unread, totals->unread == 1 ? "" : "s");
	if (totals->unread)
		before = "; ";
	if (totals->unkept)
		snprintf(unkept, sizeof(unkept),
			 "%stoo much at once: %" PRIu64 " record%s not followed", before,
			 totals->unkept, totals->unkept == 1 ? "" : "s");
	snprintf(buffer, size, "%s%s%s%s",
		 totals->complete ? "" : "cut off: what came after the last record is not known",
		 losses, unread, unkept);
	return buffer;
}

void completeness_print(FILE *out, const struct model_totals *totals)
{
	char buffer[COMPLETENESS_SIZE];

	if (completeness_text(buffer, sizeof(buffer), totals))
		fprintf(out, "%s\n", buffer);
}
