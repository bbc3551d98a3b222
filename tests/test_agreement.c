/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The views of one run of build/examples/service tell the same: what each of them prints stands
 * against what the model has told of each task and coroutine, in ns. The run is recorded anew, by
 * BPF if we may, and by a ring; its first half stands for a trace that ends in the middle.
 */
#include "scene.h"
#include <base/text.h>
#include <inttypes.h>
#include <tracer/formats/recording.h>
#include <tracer/model.h>

enum { TASKS_MAX = 64, FUNCTIONS_MAX = 32, STATES = 3, FIELDS_MAX = 16 };

struct task_figures {
	uint64_t id, wall_ns;
	struct model_times times;
	bool ended;
};

struct function_figures {
	char name[64];
	uint64_t calls, failed, cancelled, open, wall_ns;
	struct model_times times;
};

/* A recording, and what the model says of it. */
static struct run {
	char path[64];
	uint64_t last_ns;
	size_t task_count, function_count, steps;
	struct task_figures tasks[TASKS_MAX];
	struct function_figures functions[FUNCTIONS_MAX];
	struct model_times times; /* of all tasks */
} whole, half;

static char folder[32] = "/tmp/asynctrace.XXXXXX";

static void add(struct model_times *sum, const struct model_times *times)
{
	sum->running += times->running;
	sum->ready += times->ready;
	sum->awaiting += times->awaiting;
}

static uint64_t sum_of(const struct model_times *times)
{
	return times->running + times->ready + times->awaiting;
}

static void assert_times(const struct model_times *times, const struct model_times *expected)
{
	assert_int_equal(times->running, expected->running);
	assert_int_equal(times->ready, expected->ready);
	assert_int_equal(times->awaiting, expected->awaiting);
}

/* --- the model's figures --- */

static void on_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	struct run *run = view;

	assert_true(run->task_count < TASKS_MAX);
	run->tasks[run->task_count++] = (struct task_figures){
		.id = task->id & AT_ID_NUMBER,
		.wall_ns = now_ns - task->created_ns,
		.times = task->times,
		.ended = task->end,
	};
	add(&run->times, &task->times);
}

static struct function_figures *function_of(struct run *run, const char *name)
{
	size_t i;

	for (i = 0; i < run->function_count; i++) {
		if (!strcmp(run->functions[i].name, name))
			return &run->functions[i];
	}
	return NULL;
}

static void on_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		   const struct model_end *end)
{
	const char *name = coroutine->function->name;
	struct function_figures *function = function_of(view, name);
	struct run *run = view;

	if (!function) {
		assert_true(run->function_count < FUNCTIONS_MAX);
		function = &run->functions[run->function_count++];
		snprintf(function->name, sizeof(function->name), "%s", name);
	}
	function->calls++;
	function->failed += end->outcome == MODEL_FAILED;
	function->cancelled += end->outcome == MODEL_CANCELLED;
	function->open += end->outcome == MODEL_OPEN;
	function->wall_ns += now_ns - coroutine->begun_ns;
	add(&function->times, &coroutine->times);
}

static void on_interval(void *view, const struct model_interval *interval)
{
	struct run *run = view;

	run->steps += interval->kind == MODEL_STEP || interval->kind == MODEL_CALLBACK;
}

static int take(struct run *run, const struct at_event *events, size_t count)
{
	static const struct model_listener listener = {
		.task_end = on_task_end,
		.end = on_end,
		.interval = on_interval,
	};
	struct model *model = model_new(&listener, run);
	struct recording *recording;

	if (recording_create(&recording, run->path) || recording_write(recording, events, count) ||
	    recording_close(recording) || model_feed(model, events, count))
		return -1;
	model_finish(model);
	run->last_ns = model_totals(model)->last_ns;
	model_free(model);
	return 0;
}

/* By what the run is recorded; null takes the one that is kept, for only root can use BPF. */
static const char *source;

static int setup(void **state)
{
	const char *recorded = "tests/golden/service.rec";
	struct scene scene = { 0 };
	struct at_event *events, last;
	int status;
	size_t count;

	(void)state;
	memset(&whole, 0, sizeof(whole));
	memset(&half, 0, sizeof(half));
	strcpy(folder, "/tmp/asynctrace.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(whole.path, sizeof(whole.path), "%s/whole.rec", folder);
	snprintf(half.path, sizeof(half.path), "%s/half.rec", folder);
	if (source) {
		recorded = whole.path;
		program_start(&scene.tracer,
			      "build/asynctrace record -o %s --source %s -- build/examples/service",
			      recorded, source);
		program_wait(&scene.tracer);
		status = scene.tracer.status;
		program_free(&scene.tracer);
		if (status)
			return -1;
	}
	events = read_records(&scene, recorded, &count);
	last = events[count - 1];
	if (take(&whole, events, count))
		return -1;
	/* What has only just begun has taken some time, too. */
	last.time_ns = events[count / 2 - 1].time_ns + 1000;
	events[count / 2] = last;
	status = take(&half, events, count / 2 + 1);
	free(scene.events);
	return status;
}

static int teardown(void **state)
{
	(void)state;
	unlink(whole.path);
	unlink(half.path);
	return rmdir(folder);
}

/* --- what the views print --- */

/* The lines that the view prints of the run. The caller frees it. */
static char *view(const struct run *run, const char *words)
{
	struct program program = { 0 };
	char *text;

	program_start(&program, "build/asynctrace %s -i %s", words, run->path);
	program_wait(&program);
	assert_string_equal(program.err, "");
	text = strdup(program.out);
	program_free(&program);
	return text;
}

/* The same of what it writes into a file of that ending. */
static char *view_file(const struct run *run, const char *words, const char *ending)
{
	char path[64], command[128];
	char *text;
	int fd;

	snprintf(path, sizeof(path), "%s/made.%s", folder, ending);
	snprintf(command, sizeof(command), "%s -o %s", words, path);
	free(view(run, command));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	text = read_whole(fd);
	close(fd);
	unlink(path);
	return text;
}

/* Cuts the next line off, or returns null. */
static char *next_line(char **text)
{
	char *line = strsep(text, "\n");

	return line && *line ? line : NULL;
}

/* Cuts a row at its commas, of which none is within a field here. */
static size_t split(char *line, char *fields[FIELDS_MAX])
{
	size_t count = 0;

	while (line && count < FIELDS_MAX)
		fields[count++] = strsep(&line, ",");
	return count;
}

/* Columns of the timeline. */
enum { KIND = 1, TASK = 2, NAME = 4, START = 6, END = 7, DURATION = 8, STATUS = 9, COLUMNS = 16 };

static uint64_t *duration_of(struct model_times *times, const char *kind)
{
	if (!strcmp(kind, "step") || !strcmp(kind, "running"))
		return &times->running;
	if (!strcmp(kind, "ready"))
		return &times->ready;
	return strncmp(kind, "await", 5) ? NULL : &times->awaiting;
}

static struct task_figures *task_of(struct run *run, uint64_t id)
{
	size_t i;

	for (i = 0; i < run->task_count; i++) {
		if (run->tasks[i].id == id)
			return &run->tasks[i];
	}
	fail_msg("there is no task %" PRIu64, id);
	return NULL;
}

/* --- tests --- */

static void model__states_of_a_task_are_its_wall_time(void **state)
{
	size_t i;

	(void)state;
	assert_true(whole.task_count > 30 && half.task_count > 10);
	for (i = 0; i < whole.task_count; i++) {
		assert_true(whole.tasks[i].ended);
		assert_int_equal(sum_of(&whole.tasks[i].times), whole.tasks[i].wall_ns);
	}
	for (i = 0; i < half.task_count; i++)
		assert_int_equal(sum_of(&half.tasks[i].times), half.tasks[i].wall_ns);
}

static void timeline__rows_of_a_task_are_its_times(void **state)
{
	struct task_figures rows[TASKS_MAX] = { 0 };
	char *text = view(&whole, "timeline"), *rest = text, *line, *fields[FIELDS_MAX];
	struct task_figures *task;
	uint64_t *time;
	size_t i;

	(void)state;
	next_line(&rest);
	while ((line = next_line(&rest))) {
		assert_int_equal(split(line, fields), COLUMNS);
		if (!*fields[TASK] || !strcmp(fields[KIND], "coroutine"))
			continue;
		task = &rows[task_of(&whole, atoll(fields[TASK])) - whole.tasks];
		assert_int_equal(atoll(fields[END]) - atoll(fields[START]),
				 atoll(fields[DURATION]));
		time = duration_of(&task->times, fields[KIND]);
		*(time ? time : &task->wall_ns) += atoll(fields[DURATION]);
	}
	for (i = 0; i < whole.task_count; i++) {
		assert_times(&rows[i].times, &whole.tasks[i].times);
		assert_int_equal(rows[i].wall_ns, whole.tasks[i].wall_ns);
	}
	free(text);
}

static void timeline__rows_of_coroutines_are_their_calls(void **state)
{
	struct run rows = { 0 };
	char *text = view(&whole, "timeline"), *rest = text, *line, *fields[FIELDS_MAX];
	struct function_figures *function;
	size_t i, calls = 0;

	(void)state;
	memcpy(rows.functions, whole.functions, sizeof(rows.functions));
	rows.function_count = whole.function_count;
	while ((line = next_line(&rest))) {
		split(line, fields);
		if (strcmp(fields[KIND], "coroutine"))
			continue;
		function = function_of(&rows, fields[NAME]);
		assert_non_null(function);
		function->calls--;
		function->failed -= !strcmp(fields[STATUS], "failed");
		function->cancelled -= !strcmp(fields[STATUS], "cancelled");
		function->wall_ns -= atoll(fields[DURATION]);
		calls++;
	}
	assert_true(calls > 70);
	for (i = 0; i < rows.function_count; i++) {
		function = &rows.functions[i];
		assert_int_equal(function->calls | function->failed | function->cancelled, 0);
		assert_int_equal(function->wall_ns, 0);
	}
	free(text);
}

/* The line of summary, as far as it is of figures that add up. */
static void expect_row(char *row, size_t size, const struct function_figures *function)
{
	const uint64_t times[] = { function->wall_ns, function->times.running,
				   function->times.ready, function->times.awaiting };
	int length =
		snprintf(row, size, "%8" PRIu64 " %6" PRIu64 " %9" PRIu64 " %6" PRIu64,
			 function->calls, function->failed, function->cancelled, function->open);
	char duration[TEXT_DURATION_SIZE];
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(*times); i++)
		length += snprintf(row + length, size - length, " %9s",
				   text_duration(duration, times[i]));
}

static void assert_summary(const struct run *run)
{
	char *text = view(run, "summary"), row[128], name[80];
	const struct function_figures *function;
	size_t i;

	for (i = 0; i < run->function_count; i++) {
		const char *line = text, *end;

		function = &run->functions[i];
		expect_row(row, sizeof(row), function);
		snprintf(name, sizeof(name), "  %s", function->name);
		while ((line = strstr(line, row))) {
			end = strchr(line, '\n');
			if (!strncmp(end - strlen(name), name, strlen(name)))
				break;
			line = end;
		}
		if (!line)
			fail_msg("no line '%s … %s' in:\n%s", row, function->name, text);
	}
	free(text);
}

static void summary__has_the_calls_and_times_of_all_coroutines(void **state)
{
	(void)state;
	assert_summary(&whole);
	assert_summary(&half);
}

static void timed__has_a_line_for_each_begin_and_end(void **state)
{
	char *text = view(&half, "timed"), *rest = text, *line;
	struct run rows = half;
	size_t i;

	(void)state;
	while ((line = next_line(&rest))) {
		char *name = strstr(line, "<function ") + strlen("<function ");
		struct function_figures *function;

		*strchr(name, ' ') = '\0';
		function = function_of(&rows, name);
		assert_non_null(function);
		if (!strncmp(line, "starting", strlen("starting")))
			function->calls--;
		else
			function->open++;
	}
	for (i = 0; i < rows.function_count; i++) {
		assert_int_equal(rows.functions[i].calls, 0);
		assert_int_equal(rows.functions[i].open, half.functions[i].calls);
	}
	free(text);
}

/* Cuts the weight off a stack, and adds it to the state that its top tells. */
static void add_stack(struct model_times *times, char *stack)
{
	char *weight = strrchr(stack, ' '), *top;

	*weight++ = '\0';
	top = strrchr(stack, ';');
	top = top ? top + 1 : stack;
	if (!strcmp(top, "[ready]"))
		times->ready += atoll(weight);
	else if (*top == '[')
		times->awaiting += atoll(weight);
	else
		times->running += atoll(weight);
}

/* The sum of all stacks; or of those in which the function is, if it is not null. */
static struct model_times times_of_stacks(const struct run *run, const char *function)
{
	char *text = view_file(run, "flame", "folded"), *rest = text, *line;
	struct model_times times = { 0 };
	char inside[80], top[80];

	snprintf(inside, sizeof(inside), ";%s;", function);
	snprintf(top, sizeof(top), ";%s ", function);
	while ((line = next_line(&rest))) {
		if (!function || strstr(line, inside) || strstr(line, top))
			add_stack(&times, line);
	}
	free(text);
	return times;
}

static void flame__stacks_have_all_the_time_of_all_tasks(void **state)
{
	struct model_times times;

	(void)state;
	times = times_of_stacks(&whole, NULL);
	assert_times(&times, &whole.times);
	times = times_of_stacks(&half, NULL);
	assert_times(&times, &half.times);
}

/* Of those that are awaited and create nothing. */
static void flame__stacks_of_a_coroutine_have_its_time(void **state)
{
	static const char *const names[] = { "answer", "lookup", "fetch", "render" };
	struct model_times times;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		times = times_of_stacks(&whole, names[i]);
		assert_times(&times, &function_of(&whole, names[i])->times);
		times = times_of_stacks(&half, names[i]);
		assert_times(&times, &function_of(&half, names[i])->times);
	}
}

/* Columns of the tree. */
enum { TREE_TASK = 0, TREE_STATE = 5, TREE_SINCE = 6 };

/* The row of the timeline that tells of the same: it began then, and its end is not known. */
static bool is_open(const char *timeline, const char *task, const char *kind, uint64_t start_ns)
{
	char *text = strdup(timeline), *rest = text, *line, *fields[FIELDS_MAX];
	bool found = false;

	while (!found && (line = next_line(&rest)) && split(line, fields) == COLUMNS)
		found = !strcmp(fields[TASK], task) && !strcmp(fields[KIND], kind) &&
			(uint64_t)atoll(fields[START]) == start_ns && !*fields[END];
	free(text);
	return found;
}

static void tree__has_the_tasks_and_states_that_are_open_in_the_timeline(void **state)
{
	char *timeline = view(&half, "timeline"), *text = view(&half, "tree --csv"), *rest = text;
	char *line, *fields[FIELDS_MAX];
	size_t alive = 0, i;
	const char *kind;

	(void)state;
	next_line(&rest);
	while ((line = next_line(&rest))) {
		split(line, fields);
		kind = !strcmp(fields[TREE_STATE], "awaiting")	? "await"
		       : !strcmp(fields[TREE_STATE], "running") ? "step"
								: fields[TREE_STATE];
		/* What the last record itself began has no row: it has not lasted. */
		if (strcmp(fields[TREE_SINCE], "0") &&
		    !is_open(timeline, fields[TREE_TASK], kind,
			     half.last_ns - atoll(fields[TREE_SINCE])))
			fail_msg("no open row of task %s, %s since %s ns before %" PRIu64,
				 fields[TREE_TASK], kind, fields[TREE_SINCE], half.last_ns);
		alive++;
	}
	for (i = 0; i < half.task_count; i++)
		alive -= !half.tasks[i].ended;
	assert_int_equal(alive, 0);
	free(timeline);
	free(text);
}

static void slow__has_counted_all_steps_and_callbacks(void **state)
{
	char *text = view(&whole, "slow"), expected[64];

	(void)state;
	snprintf(expected, sizeof(expected), " of %zu steps held a loop for", whole.steps);
	if (!strstr(text, expected))
		fail_msg("no '%s' in:\n%s", expected, text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model__states_of_a_task_are_its_wall_time),
		cmocka_unit_test(timeline__rows_of_a_task_are_its_times),
		cmocka_unit_test(timeline__rows_of_coroutines_are_their_calls),
		cmocka_unit_test(summary__has_the_calls_and_times_of_all_coroutines),
		cmocka_unit_test(timed__has_a_line_for_each_begin_and_end),
		cmocka_unit_test(flame__stacks_have_all_the_time_of_all_tasks),
		cmocka_unit_test(flame__stacks_of_a_coroutine_have_its_time),
		cmocka_unit_test(tree__has_the_tasks_and_states_that_are_open_in_the_timeline),
		cmocka_unit_test(slow__has_counted_all_steps_and_callbacks),
	};

	int failed;

	source = geteuid() ? NULL : "bpf";
	failed = cmocka_run_group_tests_name("batch", tests, setup, teardown);
	source = "ring";
	return failed + cmocka_run_group_tests_name("ring", tests, setup, teardown);
}
