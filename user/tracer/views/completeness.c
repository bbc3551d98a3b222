/* SPDX-License-Identifier: BSD-2-Clause */
#include "completeness.h"
#include <base/text.h>
#include <inttypes.h>

uint64_t completeness_lost(const struct model_totals *totals)
{
	return totals->lost > totals->dropped ? totals->lost : totals->dropped;
}

bool completeness_knows_tasks(const struct model_totals *totals)
{
	return !totals->lost && !totals->dropped && !totals->unkept &&
	       totals->detail < AT_DETAIL_NO_SWITCHES;
}

uint64_t completeness_counted(const struct model_totals *totals)
{
	return totals->shed_coroutines + totals->shed_switches + totals->shed_others;
}

const char *completeness_shed(char *buffer, size_t size, const struct model_totals *totals)
{
	const struct {
		uint64_t count;
		const char *what;
	} shed[] = {
		[AT_DETAIL_NO_COROUTINES] = { totals->shed_coroutines, "coroutine record" },
		[AT_DETAIL_NO_SWITCHES] = { totals->shed_switches, "switch" },
		[AT_DETAIL_COUNTS] = { totals->shed_others, "other record" },
	};
	char count[TEXT_COUNT_SIZE];
	unsigned int step;
	size_t length;

	if (!totals->detail)
		return NULL;
	length = snprintf(buffer, size, "left out by the target, to stay within the budget:");
	for (step = AT_DETAIL_NO_COROUTINES; step <= totals->detail && length < size; step++)
		length += snprintf(buffer + length, size - length, "%s %s %s%s from %.3f s on",
				   step == AT_DETAIL_NO_COROUTINES ? "" : ",",
				   text_count(count, shed[step].count), shed[step].what,
				   shed[step].count == 1	   ? ""
				   : step == AT_DETAIL_NO_SWITCHES ? "es"
								   : "s",
				   (int64_t)(totals->shed_ns[step] - totals->first_ns) / 1e9);
	return buffer;
}

const char *completeness_unkept(char *buffer, size_t size, const struct model_totals *totals)
{
	if (!totals->unkept)
		return NULL;
	snprintf(buffer, size,
		 "too much at once: no room %" PRIu64
		 " time%s, and what found none is not followed",
		 totals->unkept, totals->unkept == 1 ? "" : "s");
	return buffer;
}

const char *completeness_text(char *buffer, size_t size, const struct model_totals *totals)
{
	uint64_t lost = completeness_lost(totals);
	const char *before = totals->complete ? "" : "; ";
	char losses[96] = "", unread[64] = "", unkept[112] = "", shed[256] = "";
	const char *left_out = completeness_shed(shed, sizeof(shed), totals);
	const char *crowded = completeness_unkept(unkept, sizeof(unkept), totals);
	const char *between = "";

	if (totals->complete && !lost && !totals->unread && !crowded && !left_out)
		return NULL;
	if (lost)
		snprintf(losses, sizeof(losses), "%slost %" PRIu64 " record%s, %" PRIu64 " dropped",
			 before, lost, lost == 1 ? "" : "s", totals->dropped);
	if (lost)
		before = "; ";
	if (totals->unread)
		snprintf(unread, sizeof(unread),
			 "%s%" PRIu64 " thread%s may have had unread records", before,
			 totals->unread, totals->unread == 1 ? "" : "s");
	if (totals->unread)
		before = "; ";
	if (crowded) {
		between = before;
		before = "; ";
	}
	snprintf(buffer, size, "%s%s%s%s%s%s%s",
		 totals->complete ? "" : "cut off: what came after the last record is not known",
		 losses, unread, between, unkept, left_out ? before : "", shed);
	return buffer;
}

void completeness_print(FILE *out, const struct model_totals *totals)
{
	char buffer[COMPLETENESS_SIZE];

	if (completeness_text(buffer, sizeof(buffer), totals))
		fprintf(out, "%s\n", buffer);
}
