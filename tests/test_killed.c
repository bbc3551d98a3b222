/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whoever is killed or stopped, no loss is silent: the records of a killed process are there up to
 * the last one that it wrote, a killed tracer leaves its target as it was, and what a stopped one
 * misses is counted.
 */
#include "programs/load.h"
#include "scene.h"

/* What toy writes in so many rounds. */
#define TOY_RECORDS(rounds) (26ULL * (rounds) + 5)

/*
 * Holds all that the programs below can write, so that it makes no difference when the tracer gets
 * to run.
 */
#define BUFFER "128M"
#define CALLS  500000
#define ROUNDS 40000

/* Leaves out the names of addresses, which the tracer has put in between. Returns what remains. */
static size_t without_names(struct at_event *events, size_t count)
{
	size_t i, kept = 0;

	for (i = 0; i < count; i++) {
		if (events[i].thread || events[i].kind == AT_ATTACH || events[i].kind == AT_DETACH)
			events[kept++] = events[i];
	}
	return kept;
}

/*
 * Waits for the tracer of a killed command. Then the last two records are the last one and
 * AT_DETACH.
 */
static struct at_event *finish_killed(struct scene *scene, size_t *count)
{
	struct at_event *events;
	struct totals totals;
	size_t i;

	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.out, "");
	assert_int_equal(scene->tracer.status, 128 + SIGKILL);
	totals = read_totals(scene->tracer.err);
	assert_int_equal(totals.lost, 0);
	assert_int_equal(totals.dropped, 0);

	events = read_records(scene, scene_path(scene, "recording"), count);
	*count = without_names(events, *count) - 2;
	assert_int_equal(totals.records, *count);
	assert_int_equal(events[0].kind, AT_ATTACH);
	assert_int_equal(events[*count + 1].kind, AT_DETACH);
	/* No batch was unreadable. */
	assert_int_equal(events[*count + 1].c, 0);
	for (i = 1; i <= *count; i++)
		assert_int_equal(events[i].sequence, i);
	return events + 1;
}

static void kill_command(struct scene *scene)
{
	pid_t command = child_of(scene->tracer.pid);

	assert_true(command > 0);
	kill(command, SIGKILL);
}

/*
 * A call counts after its end was written. So the last end that was written is that of the last
 * call that was counted, or the kill came in between and it is one more.
 */
static void libasync__up_to_its_last_record(void **state)
{
	struct scene *scene = *state;
	volatile uint64_t *returned = scene_share(scene);
	uint64_t calls = 0, ended = 0;
	struct at_event *events;
	size_t count, i;

	program_start(&scene->tracer,
		      "build/asynctrace summary --buffer " BUFFER " -w %s/recording -- "
		      "build/tests/programs/counter %s/shared %d",
		      scene->folder, scene->folder, CALLS);
	UNTIL(*returned > 1000);
	kill_command(scene);
	events = finish_killed(scene, &count);
	for (i = 0; i < count; i++) {
		/* The first call is that of who calls the others. */
		if (events[i].kind == AT_COROUTINE_BEGIN && calls++)
			assert_int_equal(events[i].b, calls - 1);
		if (events[i].kind == AT_COROUTINE_END)
			assert_int_equal(events[i].a, ++ended);
	}
	assert_in_range(ended, *returned, *returned + 1);
	assert_in_range(calls, ended + 1, ended + 2);
}

/* It waits to be killed with calls in its batch that are many, but not enough to be handed over. */
static void libasync__with_an_unfinished_step(void **state)
{
	struct scene *scene = *state;
	volatile uint64_t *returned = scene_share(scene);
	struct at_event *events;
	size_t count;

	program_start(&scene->tracer,
		      "build/asynctrace summary -w %s/recording -- "
		      "build/tests/programs/counter %s/shared 100",
		      scene->folder, scene->folder);
	UNTIL(*returned == 100);
	kill_command(scene);
	events = finish_killed(scene, &count);
	assert_int_equal(events[count - 1].kind, AT_COROUTINE_END);
	assert_int_equal(events[count - 1].a, 100);
}

/* It counts what it has written, a text together with the record that the text belongs to. */
static void probes_h__up_to_its_last_record(void **state)
{
	struct scene *scene = *state;
	volatile uint64_t *written = scene_share(scene);
	size_t count;

	program_start(&scene->tracer,
		      "build/asynctrace summary --buffer " BUFFER " -w %s/recording -- "
		      "build/tests/toy -k -c %s/shared -r %d",
		      scene->folder, scene->folder, ROUNDS);
	UNTIL(*written > 1000);
	kill_command(scene);
	finish_killed(scene, &count);
	assert_in_range(count, *written, *written + 3);
}

static void tracer__leaves_the_target_as_it_was(void **state)
{
	struct scene *scene = *state;
	const char *probes;
	pid_t pid;

	NEED_BPF();
	for (int direct = 0; direct < 2; direct++) {
		probes = direct ? "direct" : "batch";
		program_start(&scene->target, "build/examples/churn 20");
		pid = scene->target.pid;
		UNTIL(sleeps(pid));
		program_start(&scene->tracer, "build/asynctrace record --probes %s -o %s/%s -p %d",
			      probes, scene->folder, probes, pid);
		UNTIL(file_size(scene_path(scene, probes)) > 1000);
		assert_true(breakpoints_of(pid) > 0);
		kill(scene->tracer.pid, SIGKILL);
		program_wait(&scene->tracer);
		UNTIL(!listeners_of(pid) && !breakpoints_of(pid));
		program_free(&scene->tracer);

		/* It can be traced as before. */
		start_summary(scene, &scene->tracer, "again", "");
		assert_true(end_summary(&scene->tracer).records > 0);
		assert_untouched(pid);
		unlink(scene_path(scene, "again"));
		program_free(&scene->tracer);
		program_free(&scene->target);
	}
}

/* How many records it has that are there as a whole. */
static size_t records_in(const char *path)
{
	const struct at_event *events;
	struct source *source;
	size_t count, all = 0;
	const char *why;

	if (file_source_open(&source, path, &why))
		return 0;
	while (source->read(source, &events, &count, 0) > 0)
		all += count;
	source->free(source);
	return all;
}

/*
 * What a killed tracer has recorded is readable, and who reads it is told that there may have been
 * more.
 */
static void tracer__leaves_a_recording(void **state)
{
	struct scene *scene = *state;

	NEED_BPF();
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(sleeps(scene->target.pid));
	program_start(&scene->tracer, "build/asynctrace record -o %s/recording -p %d",
		      scene->folder, scene->target.pid);
	/* More than the state of what it finds takes. */
	UNTIL(records_in(scene_path(scene, "recording")) > 1000);
	kill(scene->tracer.pid, SIGKILL);
	program_wait(&scene->tracer);
	program_start(&scene->other, "build/asynctrace summary -i %s/recording", scene->folder);
	program_wait(&scene->other);
	assert_int_equal(scene->other.status, 1);
	assert_non_null(strstr(scene->other.err, "was not finished"));
	assert_non_null(strstr(scene->other.out, "cut off"));
	assert_true(read_totals(scene->other.out).records > 0);
}

/* A killed tracer does not take the command along that it has started. */
static void tracer__leaves_its_command(void **state)
{
	struct scene *scene = *state;
	pid_t pid;

	program_start(&scene->tracer,
		      "build/asynctrace record -o %s/recording -- "
		      "build/examples/churn 20 30",
		      scene->folder);
	UNTIL(file_size(scene_path(scene, "recording")) > 1000);
	pid = child_of(scene->tracer.pid);
	kill(scene->tracer.pid, SIGKILL);
	program_wait(&scene->tracer);
	/* For the teardown; it is no child of ours. */
	scene->target.pid = pid;
	UNTIL(!listeners_of(pid) && !breakpoints_of(pid));
	assert_true(runs(pid));
}

/*
 * It is gone as after a kill, but for its number. What its thread kept is read as long as the
 * memory is its own, where the kernel gives the chance; else it counts as unread, whichever thread
 * it was.
 */
static void becomes_another__with_an_unfinished_batch(void **state)
{
	struct scene *scene = *state;
	volatile struct load *load = scene_share(scene);
	uint64_t written, seen = 0;
	struct at_event *events;
	size_t count, i;

	load->pause_ns = 50000;
	program_start(&scene->tracer,
		      "build/asynctrace record -o %s/recording -- build/tests/programs/load "
		      "%s/shared 2",
		      scene->folder, scene->folder);
	UNTIL(load->writers[0].sequence > 1000 && load->writers[1].sequence > 1000);
	load->command = LOAD_LATE_EXEC;
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	written = load->writers[0].sequence + load->writers[1].sequence;
	events = read_records(scene, scene_path(scene, "recording"), &count);
	for (i = 0; i < count; i++)
		seen += events[i].thread && events[i].kind < AT_KINDS_END;
	/* The thread that exec kills may have written a record that it had not counted. */
	assert_in_range(seen + events[count - 1].c, written, written + 1);
}

/* Seen and lost are all that was written, however much there was of either. */
static void stopped_tracer__counts_what_it_misses(void **state)
{
	struct scene *scene = *state;
	volatile uint64_t *written = scene_share(scene);
	struct totals totals;
	int rounds;

	for (int direct = 0; direct < 1 + has_bpf(); direct++) {
		rounds = direct ? ROUNDS / 4 / slowness() : ROUNDS * 5;
		*written = 0;
		program_start(&scene->tracer,
			      "build/asynctrace summary --buffer 64K --probes %s -- "
			      "build/tests/toy -c %s/shared -r %d",
			      direct ? "direct" : "batch", scene->folder, rounds);
		UNTIL(*written > 1000);
		kill(scene->tracer.pid, SIGSTOP);
		UNTIL(*written == TOY_RECORDS(rounds));
		kill(scene->tracer.pid, SIGCONT);
		program_wait(&scene->tracer);
		assert_int_equal(scene->tracer.status, 0);
		totals = read_totals(scene->tracer.err);
		assert_true(totals.records > 0);
		assert_true(totals.lost > 0);
		assert_int_equal(totals.records + totals.lost, TOY_RECORDS(rounds));
		assert_int_equal(totals.dropped, totals.lost);
		assert_non_null(
			strstr(scene->tracer.err, "the buffer was too small: try --buffer 8M"));
		program_free(&scene->tracer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(libasync__up_to_its_last_record),
		SCENE_TEST(libasync__with_an_unfinished_step),
		SCENE_TEST(probes_h__up_to_its_last_record),
		SCENE_TEST(tracer__leaves_the_target_as_it_was),
		SCENE_TEST(tracer__leaves_a_recording),
		SCENE_TEST(tracer__leaves_its_command),
		SCENE_TEST(becomes_another__with_an_unfinished_batch),
		SCENE_TEST(stopped_tracer__counts_what_it_misses),
	};

	return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
