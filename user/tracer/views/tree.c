/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which tasks are alive now, and who awaits whom with what? Each loop with its trees: their roots
 * are those whom nobody awaits.
 */
#include "tree.h"
#include "describe.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct root {
	const struct model_loop *loop; /* null if it is not known */
	uint32_t vertex;
};

static bool speaks_unicode(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", 0);
	bool unicode = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");

	if (locale)
		freelocale(locale);
	return unicode;
}

uint64_t tree_since(const struct model *model, const struct model_task *task, bool *least)
{
	uint64_t now_ns = model_totals(model)->last_ns;

	*least = task->existing && !task->steps;
	return now_ns > task->since_ns ? now_ns - task->since_ns : 0;
}

const struct model_loop *tree_loop(const struct model *model, uint32_t process, uint32_t thread)
{
	const struct model_loop *loop = model_loops(model), *last = NULL;

	for (; loop; loop = loop->next) {
		if (loop->process == process && loop->thread == thread &&
		    (!last || loop->last_ns >= last->last_ns))
			last = loop;
	}
	return last;
}
