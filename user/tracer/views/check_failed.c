/* SPDX-License-Identifier: BSD-2-Clause */
/* Their text is made when they end: it tells how, and only then the message is there. */
#include "check_failed.h"
#include "repr.h"
#include <errno.h>
#include <stdlib.h>

enum { FAILED_MAX = sizeof(((struct failed *)0)->tasks) / sizeof(*((struct failed *)0)->tasks) };

/* Null without memory. */
static char *write_task(const struct model *model, const struct model_task *task)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	repr_task(stream, model, task, task->awaits);
	if (!fclose(stream))
		return text;
	free(text);
	return NULL;
}

int failed_keep(struct failed *failed, const struct model *model, const struct model_task *task)
{
	size_t place = failed->count++ % FAILED_MAX;

	free(failed->tasks[place].text);
	failed->tasks[place].id = task->id;
	failed->tasks[place].process = task->process;
	failed->tasks[place].text = write_task(model, task);
	return failed->tasks[place].text ? 0 : -ENOMEM;
}

char *failed_name(struct failed *failed, const struct model *model,
		  const struct model_warning *warning)
{
	const struct model_task *task = model_find_task(model, warning->process, warning->subject);
	char *text;
	size_t i;

	if (task)
		return write_task(model, task);
	for (i = 0; i < FAILED_MAX; i++) {
		if (!failed->tasks[i].text || failed->tasks[i].id != warning->subject ||
		    failed->tasks[i].process != warning->process)
			continue;
		text = failed->tasks[i].text;
		failed->tasks[i].text = NULL;
		return text;
	}
	return NULL;
}

void failed_clear(struct failed *failed)
{
	size_t i;

	for (i = 0; i < FAILED_MAX; i++)
		free(failed->tasks[i].text);
}
