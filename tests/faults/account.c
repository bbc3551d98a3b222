/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both sides of the account: the target's counts, which lie in memory that outlives it, and the
 * records of the file, which are counted here and not by the tracer.
 */
#include "faults.h"
#include <sys/utsname.h>

struct load *share_load(struct scene *scene, uint32_t pause_ns)
{
	struct load *load = scene_share(scene);

	_Static_assert(sizeof(*load) <= SHARED_SIZE, "it lies in the page that is shared");
	load->pause_ns = pause_ns;
	return load;
}

struct load *start_load(struct scene *scene, uint32_t pause_ns, int threads, const char *what)
{
	struct load *load = share_load(scene, pause_ns);

	program_start(&scene->target, "build/tests/programs/load %s/shared %d %s", scene->folder,
		      threads, what);
	await_bursts(load, 10);
	return load;
}

struct load *record_load(struct scene *scene, uint32_t pause_ns, int threads, const char *options)
{
	struct load *load = share_load(scene, pause_ns);

	program_start(&scene->tracer,
		      "build/asynctrace record %s -o %s/recording -- "
		      "build/tests/programs/load %s/shared %d",
		      options, scene->folder, scene->folder, threads);
	await_records(load, 1000);
	return load;
}

void attach_recorder(struct scene *scene, struct program *tracer, const char *name,
		     const char *options)
{
	program_start(tracer, "build/asynctrace record %s -o %s/%s -p %d", options, scene->folder,
		      name, scene->target.pid);
	UNTIL(has_records(scene_path(scene, name)));
}

static uint64_t load_records(const struct load *load)
{
	uint64_t records = load->churned_records;

	for (int i = 0; i < LOAD_WRITERS; i++)
		records += *(const volatile uint32_t *)&load->writers[i].sequence;
	return records;
}

uint64_t load_bursts(const struct load *load)
{
	uint64_t bursts = 0;

	for (int i = 0; i < LOAD_WRITERS; i++)
		bursts += *(const volatile uint64_t *)&load->writers[i].bursts;
	return bursts;
}

void await_records(const struct load *load, uint64_t more)
{
	uint64_t before = load_records(load);

	UNTIL(load_records(load) >= before + more);
}

void await_bursts(const struct load *load, uint64_t more)
{
	uint64_t before = load_bursts(load);

	UNTIL(load_bursts(load) >= before + more);
}

void take_written(struct written *ret, const struct load *load)
{
	for (int i = 0; i < LOAD_WRITERS; i++)
		ret->writers[i] = *(const volatile struct load_writer *)&load->writers[i];
	ret->churned_records = load->churned_records;
}

/*
 * The last record of a thread that was seen or told to be lost. A target may have died, or gone on,
 * since it was asked.
 */
static uint32_t last_known(const struct at_event *events, size_t count, uint32_t thread)
{
	uint32_t last = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (events[i].thread == thread && events[i].sequence > last)
			last = events[i].sequence;
	return last;
}

static uint64_t count_written(const struct written *before, const struct written *after,
			      const struct at_event *events, size_t count)
{
	uint64_t written = after->churned_records - (before ? before->churned_records : 0);
	uint32_t last, first;

	for (int i = 0; i < LOAD_WRITERS; i++) {
		const struct load_writer *writer = &after->writers[i];

		if (!writer->thread)
			continue;
		first = before ? before->writers[i].sequence : 0;
		last = last_known(events, count, writer->thread);
		written += (last > writer->sequence ? last : writer->sequence) - first;
	}
	return written;
}

/* The number after `words`, with commas within; 0 if they are not there. */
static uint64_t number_after(const char *text, const char *words)
{
	const char *at = strstr(text, words);
	uint64_t number = 0;

	for (at = at ? at + strlen(words) : ""; *at == ',' || (*at >= '0' && *at <= '9'); at++)
		number = *at == ',' ? number : number * 10 + *at - '0';
	return number;
}

static int compare_events(const void *first, const void *second)
{
	const struct at_event *a = first, *b = second;

	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

/* How many records of threads there are, each once: one seen twice could hide one that was lost. */
static size_t count_seen(struct at_event *events, size_t count)
{
	size_t seen = 0, i;

	for (i = 0; i < count; i++)
		if (events[i].thread && events[i].kind < AT_KINDS_END)
			events[seen++] = events[i];
	qsort(events, seen, sizeof(*events), compare_events);
	for (i = 1; i < seen; i++)
		if (!compare_events(&events[i - 1], &events[i]))
			fail_msg("record %u of thread %u was seen twice", events[i].sequence,
				 events[i].thread);
	return seen;
}

void account(struct scene *scene, const struct program *tracer, const char *name,
	     const struct written *before, const struct written *after)
{
	const char *told = strstr(tracer->err, "', ");
	struct at_event *events;
	size_t count;

	events = read_records(scene, scene_path(scene, name), &count);
	assert_int_equal(events[count - 1].kind, AT_DETACH);
	if (!told || !strstr(told, " lost, "))
		fail_msg("it does not say what it lost:\n%s", tracer->err);
	row->lost += number_after(told, "', ");
	row->unread += events[count - 1].c;
	row->written += count_written(before, after, events, count);
	row->seen += count_seen(events, count);
	row->counted = true;
}

void account_cut(const char *path, const struct written *after, const char *told)
{
	const struct at_event *events;
	struct source *source;
	const char *why;
	size_t count, i;

	assert_int_equal(file_source_open(&source, path, &why), 0);
	while (source->read(source, &events, &count, 0) > 0)
		for (i = 0; i < count; i++)
			row->seen += events[i].thread && events[i].kind < AT_KINDS_END;
	source->free(source);
	row->lost += number_after(told, " records; ") + number_after(told, " are missing, and ");
	row->written += count_written(NULL, after, NULL, 0);
	row->counted = true;
}

/* Since Linux 6.16, what a killed thread had not handed over is read as it dies. */
static bool kernel_reads_leftovers(void)
{
	struct utsname system;
	int major, minor;

	uname(&system);
	assert_int_equal(sscanf(system.release, "%d.%d", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 16);
}

void assert_accounted(void)
{
	int64_t missing = row->written - row->seen - row->lost;

	if (row->unread && kernel_reads_leftovers())
		fail_msg("%lu batches of threads that died were not read", row->unread);
	if (missing < 0 || missing > (int64_t)(row->unread * (AT_BATCH_MAX - 1)))
		fail_msg("%s: written %lu, seen %lu, told to be lost %lu, unread batches %lu",
			 row->name, row->written, row->seen, row->lost, row->unread);
}

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(row->note, sizeof(row->note), format, arguments);
	va_end(arguments);
}

void note_first_line(const char *text)
{
	const char *words = strncmp(text, "asynctrace: ", 12) ? text : text + 12;

	note("%.*s", (int)strcspn(words, "\n"), words);
}
