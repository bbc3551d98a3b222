/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small programs of tasks, futures and callbacks, made up at random: what happens in them,
 * iteration by iteration, is what CPython's asyncio made of them. asyncio_programs.py has written
 * both down.
 */
#include "iterations.h"

enum { FUTURES = 4, STEPS_MAX = 8, TASKS_MAX = 64, LINE_SIZE = 2048 };

struct step {
	char word[16];
	int number;
	bool strict; /* a failure ends the task */
};

/* Of the program at hand. The tasks are those started. */
static struct body {
	struct step steps[STEPS_MAX];
	int count;
} bodies[TASKS_MAX];
static struct async_future *futures[FUTURES];

/* The names of what is noted live until the end of the program. */
static char names[1024][32];
static size_t name_count;

static bool is(const struct step *step, const char *word)
{
	return !strcmp(step->word, word);
}

static char *name_of(int who, const struct step *step)
{
	char *name = names[name_count++];

	if (who < 0)
		snprintf(name, sizeof(*names), "main.%s", step->word);
	else
		snprintf(name, sizeof(*names), "%d.%s", who, step->word);
	return name;
}

static void called(void *name)
{
	note(name, 0);
}

static void done(struct async_future *future, void *name)
{
	note(name, async_future_result(future));
}

/* What does not wait. */
static void act(int who, const struct step *step)
{
	struct async_future *future = futures[step->number % FUTURES];
	char *name = name_of(who, step);

	if (is(step, "cancel") && (size_t)step->number < started.count)
		note(name, async_task_cancel(started.tasks[step->number]));
	else if (is(step, "set"))
		note(name, !async_future_set_result(future, step->number));
	else if (is(step, "fail"))
		note(name, !async_future_set_exception(future, -EIO, NULL));
	else if (is(step, "drop"))
		note(name, async_future_cancel(future));
	else if (is(step, "soon"))
		async_call_soon(loop, called, name);
	else if (is(step, "at"))
		async_call_at(loop, step->number, called, name);
	else if (is(step, "watch"))
		async_future_add_done_callback(future, done, name);
}

static int64_t await_three(struct async_task *const tasks[])
{
	struct async_task *three[3];
	int i;

	for (i = 0; i < 3; i++)
		three[i] = async_task_ref(tasks[i]);
	return async_await(async_gather(three, 3, NULL, 0));
}

static int64_t await_step(const struct step *step)
{
	if (is(step, "yield"))
		return async_sleep(0);
	if (is(step, "future"))
		return async_await(async_future_ref(futures[step->number % FUTURES]));
	if (is(step, "task"))
		return async_await(async_task_ref(started.tasks[step->number]));
	return await_three(&started.tasks[step->number]);
}

static bool waits(const struct step *step)
{
	return is(step, "yield") || is(step, "future") || is(step, "task") || is(step, "gather");
}

ASYNC(runs, int, who)
{
	const struct body *body = &bodies[who];
	int i;

	for (i = 0; i < body->count; i++) {
		const struct step *step = &body->steps[i];
		int64_t result;

		if (is(step, "return"))
			return step->number;
		if (is(step, "raise"))
			return -EIO;
		if (is(step, "quit"))
			return -ECANCELED;
		if (!waits(step)) {
			act(who, step);
			continue;
		}
		result = note(name_of(who, step), await_step(step));
		if (result < 0 && step->strict)
			return result;
	}
	return 0;
}

static void start_next(void)
{
	static const struct step end = { .word = "end" };
	int who = (int)started.count;

	async_future_add_done_callback(async_task_future(start(runs(who))), done,
				       name_of(who, &end));
}

static void begin_program(void)
{
	int i;

	assert_int_equal(setup_loop(NULL), 0);
	memset(bodies, 0, sizeof(bodies));
	name_count = 0;
	for (i = 0; i < FUTURES; i++)
		futures[i] = async_future_new(loop);
}

static void end_program(void)
{
	int i;

	if (!loop)
		return;
	assert_int_equal(teardown_loop(NULL), 0);
	for (i = 0; i < FUTURES; i++)
		async_future_unref(futures[i]);
}

static void run_line(const char *line)
{
	struct step step = { 0 };
	char strict = 0;

	if (line[0] == '=') {
		assert_journal(line + (line[1] ? 2 : 1));
		return;
	}
	assert_true(sscanf(line, "%15s %d %c", step.word, &step.number, &strict) >= 2);
	step.strict = strict;
	if (line[0] == '\t') {
		struct body *body = &bodies[started.count - 1];

		assert_true(body->count < STEPS_MAX);
		body->steps[body->count++] = step;
	} else if (is(&step, "program")) {
		end_program();
		begin_program();
	} else if (is(&step, "task")) {
		start_next();
	} else if (is(&step, "iterate")) {
		iterate();
	} else {
		act(-1, &step);
	}
}

static void programs__do_what_they_do_in_python(void **state)
{
	FILE *file = fopen("tests/asyncio_programs.txt", "re");
	char line[LINE_SIZE];
	int number = 0, programs = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		number++;
		programs += line[0] == 'p';
		if (line[0] == '=' && strcmp(line + (line[1] ? 2 : 1), journal.text))
			print_error("tests/asyncio_programs.txt:%d: not so here\n", number);
		run_line(line);
	}
	end_program();
	fclose(file);
	assert_true(programs >= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs__do_what_they_do_in_python),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
