/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The view slow, to the letter: of streams, and of programs that tell of themselves in debug mode.
 */
#include "printed.h"
#include "scene.h"
#include <errno.h>
#include <malloc.h>
#include <tracer/views/view.h>

#define MAIN	 0x1000
#define PARSE	 0x2000
#define ON_TIMER 0x3000
#define PLACE	 0x4000

#define MS 1000000ULL

static const struct view_options tenth = { .threshold_ns = 100 * MS };

static char *print(struct stream *stream, struct view_options options)
{
	stream_end(stream);
	return view_prints(&view_slow, stream, options);
}

static void assert_prints(struct stream *stream, struct view_options options, const char *expected)
{
	stream_end(stream);
	assert_view_prints(&view_slow, stream, options, 0, expected);
}

/* A loop, two coroutine functions, a callback, and the place where tasks are created. */
static struct stream begin_stream(void)
{
	struct stream s = { .now_ns = 1000 * MS };

	loop_start(&s);
	function(&s, MAIN, "main", "demo.c", 20, 0);
	function(&s, PARSE, "parse", "demo.c", 7, 0);
	function(&s, ON_TIMER, "on_timer", "demo.c", 3, 0);
	text(&s, "start");
	text(&s, "demo.c");
	push(&s, AT_PLACE, 0, PLACE, 33, 0, 0)->thread = 0;
	s.events[s.count - 2].thread = 0;
	s.events[s.count - 3].thread = 0;
	s.sequences[0] -= 3;
	return s;
}

static void create(struct stream *s, unsigned int task)
{
	push(s, AT_TASK_CREATE, 0, TASK(task), MAIN, 0, PLACE);
}

/* A first step of the loop's: `ms` long, then it waits for 10 ms. The caller ends what runs. */
static void enter(struct stream *s, uint64_t id, unsigned int ms)
{
	change(s, id, LOOP(1), AT_ITERATION, 0);
	s->now_ns += ms * MS;
}

static void leave(struct stream *s, uint64_t id, uint64_t awaits, unsigned int flags)
{
	push(s, AT_SWITCH, flags, LOOP(1), id, awaits, 0);
	s->now_ns += 10 * MS;
}

static void callback_runs(struct stream *s, unsigned int ms)
{
	enter(s, CALLBACK(ON_TIMER), ms);
	leave(s, CALLBACK(ON_TIMER), 0, 0);
}

static void step__of_a_task(void **state)
{
	struct stream s = begin_stream();

	(void)state;
	create(&s, 2);
	enter(&s, TASK(2), 0);
	begin(&s, 1, MAIN);
	s.now_ns += 100 * MS;
	leave(&s, TASK(2), AT_ID(AT_TIMER, 5), 0);
	enter(&s, TASK(2), 250);
	push(&s, AT_COROUTINE_END, 0, COROUTINE(1), 7, 0, 0);
	push(&s, AT_TASK_DONE, 0, TASK(2), 7, 0, 0);
	leave(&s, TASK(2), 0, AT_ENDED);
	detach(&s, 0, 0, 0);
	assert_prints(&s, tenth,
		      "Executing <Task pending name='Task-2' coro=<main() running, defined at "
		      "demo.c:20> wait_for=<sleep> created at demo.c:33> took 0.100 seconds\n"
		      "Executing <Task finished name='Task-2' coro=<main() done, defined at "
		      "demo.c:20> result=7 created at demo.c:33> took 0.250 seconds\n"
		      "\n"
		      "2 of 2 steps held a loop for 100.0 ms or longer; where they were for most "
		      "of it:\n"
		      "   steps     total       p99       max  place\n"
		      "       2  350.0 ms  250.0 ms  250.0 ms  main() at demo.c:20\n");
}

static void step__that_fails_or_is_cancelled(void **state)
{
	struct stream s = begin_stream();
	char *printed;

	(void)state;
	create(&s, 1);
	text(&s, "it's \x1b late");
	push(&s, AT_TASK_NAME, 0, TASK(1), 0, 0, 0);
	enter(&s, TASK(1), 300);
	text(&s, "no\nroute");
	push(&s, AT_TASK_DONE, AT_FAILED, TASK(1), -EHOSTUNREACH, 0, 0);
	leave(&s, TASK(1), 0, AT_ENDED);
	push(&s, AT_TASK_CREATE, 0, TASK(2), MAIN, 0, 0x4001);
	enter(&s, TASK(2), 300);
	push(&s, AT_TASK_DONE, AT_CANCELLED, TASK(2), -ECANCELED, 0, 0);
	leave(&s, TASK(2), 0, AT_ENDED);
	create(&s, 3);
	enter(&s, TASK(3), 300);
	push(&s, AT_TASK_DONE, AT_FAILED, TASK(3), -ETIMEDOUT, 0, 0);
	leave(&s, TASK(3), 0, AT_ENDED);
	printed = print(&s, tenth);
	assert_non_null(strstr(printed,
			       "<Task finished name=\"it's \\x1b late\" coro=<main() done, "
			       "defined at demo.c:20> exception=EHOSTUNREACH('no\\nroute') "
			       "created at demo.c:33> took 0.300 seconds\n"));
	assert_non_null(strstr(printed, "<Task cancelled name='Task-2' coro=<main() done, defined "
					"at demo.c:20> created at 0x4001> took 0.300 seconds\n"));
	assert_non_null(strstr(printed, " exception=TimeoutError() created at "));
	free(printed);
}

/* Whom a task awaits is told of with whom that one awaits, but not without end. */
static void step__that_awaits_tasks(void **state)
{
	struct stream s = begin_stream();
	char *printed;

	(void)state;
	create(&s, 1);
	create(&s, 2);
	enter(&s, TASK(2), 1);
	leave(&s, TASK(2), FUTURE(9), 0);
	enter(&s, TASK(1), 100);
	leave(&s, TASK(1), TASK(2), 0);
	enter(&s, TASK(2), 100);
	leave(&s, TASK(2), TASK(1), 0);
	create(&s, 3);
	enter(&s, TASK(3), 100);
	leave(&s, TASK(3), TASK(1), 0);
	printed = print(&s, tenth);
	assert_non_null(strstr(printed,
			       "name='Task-1' coro=<main() running, defined at demo.c:20> "
			       "wait_for=<Task pending name='Task-2' coro=<main() running, "
			       "defined at demo.c:20> wait_for=<Future pending> created at "
			       "demo.c:33> created at demo.c:33> took 0.100 seconds\n"));
	assert_non_null(strstr(printed, " wait_for=... created at demo.c:33> created at "));
	free(printed);
}

/* The coroutine in which the task has been for longest is told if it is not the task's own. */
static void step__names_the_coroutine_that_held_it(void **state)
{
	struct stream s = begin_stream();
	unsigned int i;

	(void)state;
	create(&s, 1);
	enter(&s, TASK(1), 0);
	begin(&s, 1, MAIN);
	s.now_ns += 30 * MS;
	for (i = 2; i < 4; i++) {
		begin(&s, i, PARSE);
		s.now_ns += 60 * MS;
		end(&s, i);
	}
	s.now_ns += 5 * MS;
	leave(&s, TASK(1), AT_ID(AT_READ, 5), 0);
	enter(&s, TASK(1), 100);
	leave(&s, TASK(1), AT_ID(AT_READ, 5), 0);
	detach(&s, 0, 0, 0);
	assert_prints(&s, tenth,
		      "Executing <Task pending name='Task-1' coro=<main() running, defined at "
		      "demo.c:20> wait_for=<read of fd 5> created at demo.c:33> took 0.155 "
		      "seconds\n"
		      "    of which 0.120 in parse() at demo.c:7\n"
		      "Executing <Task pending name='Task-1' coro=<main() running, defined at "
		      "demo.c:20> wait_for=<read of fd 5> created at demo.c:33> took 0.100 "
		      "seconds\n"
		      "\n"
		      "2 of 2 steps held a loop for 100.0 ms or longer; where they were for most "
		      "of it:\n"
		      "   steps     total       p99       max  place\n"
		      "       1  155.0 ms  155.0 ms  155.0 ms  parse() at demo.c:7\n"
		      "       1  100.0 ms  100.0 ms  100.0 ms  main() at demo.c:20\n");
}

/* No step takes 0.000000 seconds. */
static void step__that_is_shorter_than_a_microsecond(void **state)
{
	const struct view_options all = { .threshold_ns = 0 };
	struct stream s = begin_stream();
	char *printed;

	(void)state;
	enter(&s, CALLBACK(0xcafe), 0);
	s.now_ns += 240;
	leave(&s, CALLBACK(0xcafe), 0, 0);
	detach(&s, 3, 0, 0);
	printed = print(&s, all);
	assert_non_null(strstr(printed, "Executing <Handle 0xcafe()> took 0.000000240 seconds\n"));
	free(printed);
}

static void callback__is_a_handle(void **state)
{
	struct stream s = begin_stream();

	(void)state;
	callback_runs(&s, 99);
	callback_runs(&s, 150);
	enter(&s, CALLBACK(0xcafe), 100);
	leave(&s, CALLBACK(0xcafe), 0, 0);
	detach(&s, 3, 0, 0);
	assert_prints(&s, tenth,
		      "Executing <Handle on_timer() at demo.c:3> took 0.150 seconds\n"
		      "Executing <Handle 0xcafe()> took 0.100 seconds\n"
		      "\n"
		      "2 of 3 steps held a loop for 100.0 ms or longer; where they were for most "
		      "of it:\n"
		      "   steps     total       p99       max  place\n"
		      "       1  150.0 ms  150.0 ms  150.0 ms  on_timer() at demo.c:3\n"
		      "       1  100.0 ms  100.0 ms  100.0 ms  0xcafe()\n"
		      "lost 3 records, 3 dropped\n");
}

/* Nothing is known of its end, which may come much later. */
static void step__that_has_not_ended(void **state)
{
	struct stream s = begin_stream();
	char *printed;

	(void)state;
	create(&s, 1);
	enter(&s, TASK(1), 0);
	begin(&s, 1, MAIN);
	begin(&s, 2, PARSE);
	s.now_ns += 120 * MS;
	detach(&s, 0, 0, 0);
	printed = print(&s, tenth);
	assert_non_null(strstr(printed, "created at demo.c:33> took at least 0.120 seconds\n"
					"    of which 0.120 in parse() at demo.c:7\n"));
	free(printed);
	s = begin_stream();
	enter(&s, CALLBACK(ON_TIMER), 120);
	detach(&s, 0, 0, 0);
	printed = print(&s, tenth);
	assert_non_null(strstr(printed, "<Handle on_timer() at demo.c:3> took at least 0.120 "
					"seconds\n"));
	free(printed);
}

/* It may have been several: who knows how long each was? */
static void step__with_a_hole(void **state)
{
	struct stream s = begin_stream();

	(void)state;
	create(&s, 1);
	enter(&s, TASK(1), 10);
	begin(&s, 1, MAIN);
	lose(&s, 1);
	s.now_ns += 200 * MS;
	begin(&s, 2, PARSE);
	leave(&s, TASK(1), FUTURE(1), 0);
	detach(&s, 0, 0, 0);
	assert_prints(&s, tenth,
		      "no step held a loop for 100.0 ms or longer: none was seen\n"
		      "left out, for records within them are missing: 1 step(s)\n"
		      "lost 1 record, 0 dropped\n");
}

static void nothing__is_told_in_a_line(void **state)
{
	struct stream s = begin_stream();

	(void)state;
	callback_runs(&s, 20);
	callback_runs(&s, 99);
	callback_runs(&s, 2);
	assert_prints(&s, tenth,
		      "no step held a loop for 100.0 ms or longer; the longest of 3 took 99.00 ms, "
		      "in on_timer() at demo.c:3\n");
}

/* --- iterations --- */

/* So many callbacks of so many milliseconds each in one iteration. */
static void iterate(struct stream *s, unsigned int count, unsigned int ms)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		change(s, CALLBACK(ON_TIMER), i ? CALLBACK(ON_TIMER) : LOOP(1),
		       i ? 0 : AT_ITERATION, 0);
		s->now_ns += ms * MS;
	}
}

static void iteration__of_many_steps(void **state)
{
	struct stream s = begin_stream();
	struct view_options options = tenth;
	char *printed;

	(void)state;
	iterate(&s, 3, 10);
	leave(&s, CALLBACK(ON_TIMER), 0, 0);
	iterate(&s, 35, 10);
	leave(&s, CALLBACK(ON_TIMER), 0, 0);
	iterate(&s, 10, 10);
	/* The next begins at once. */
	change(&s, CALLBACK(ON_TIMER), CALLBACK(ON_TIMER), AT_ITERATION, 0);
	s.now_ns += 12 * MS;
	leave(&s, CALLBACK(ON_TIMER), 0, 0);
	options.threshold_ns = 20 * MS;
	assert_prints(&s, tenth,
		      "Iteration 2 of loop 1 took 0.350 seconds: 35 steps, the longest 0.010 in "
		      "on_timer() at demo.c:3\n"
		      "Iteration 3 of loop 1 took 0.100 seconds: 10 steps, the longest 0.010 in "
		      "on_timer() at demo.c:3\n"
		      "no step held a loop for 100.0 ms or longer; the longest of 49 took 12.00 "
		      "ms, in on_timer() at demo.c:3\n"
		      "iterations that took as long by many steps: 2\n");
	s = begin_stream();
	iterate(&s, 2, 10);
	detach(&s, 0, 0, 0);
	printed = print(&s, options);
	assert_non_null(strstr(printed, "Iteration 1 of loop 1 took 0.020 seconds: 2 steps, "));
	free(printed);
}

/* A slow step has been told of already; and of what is missing, nobody knows to whom it belongs. */
static void iteration__that_is_not_told(void **state)
{
	struct stream s = begin_stream();
	char *printed;

	(void)state;
	iterate(&s, 20, 10);
	change(&s, CALLBACK(ON_TIMER), CALLBACK(ON_TIMER), 0, 0);
	s.now_ns += 100 * MS;
	leave(&s, CALLBACK(ON_TIMER), 0, 0);
	iterate(&s, 20, 9);
	lose(&s, 1);
	change(&s, CALLBACK(ON_TIMER), CALLBACK(ON_TIMER), 0, 0);
	leave(&s, CALLBACK(ON_TIMER), 0, 0);
	printed = print(&s, tenth);
	assert_null(strstr(printed, "Iteration"));
	assert_null(strstr(printed, "iterations"));
	assert_non_null(strstr(printed, "took 0.100 seconds\n"));
	free(printed);
}

/* --- a flood --- */

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	while ((text = strstr(text, word))) {
		count++;
		text++;
	}
	return count;
}

static void flood__is_counted_by_the_second(void **state)
{
	struct stream s = begin_stream();
	const struct view_options options = { .threshold_ns = MS };
	const char *more;
	char *printed;
	int i;

	(void)state;
	for (i = 0; i < 50; i++)
		callback_runs(&s, 1);
	s.now_ns += 1000 * MS;
	for (i = 0; i < 12; i++)
		callback_runs(&s, 1);
	printed = print(&s, options);
	assert_int_equal(count_of(printed, "Executing "), 20);
	more = strstr(printed, "\n... 40 more within this second\nExecuting ");
	assert_non_null(more);
	assert_int_equal(count_of(more, "Executing "), 10);
	assert_non_null(strstr(more, "\n... 2 more within this second\n\n62 of 62 steps held "));
	free(printed);
}

/*
 * Who waits for the next line learns of them when the second is over, not when one is slow again.
 */
static void flood__is_told_when_the_second_is_over(void **state)
{
	struct stream s = begin_stream();
	const struct view_options options = { .threshold_ns = 5 * MS };
	char *printed;
	int i;

	(void)state;
	for (i = 0; i < 11; i++)
		callback_runs(&s, 5);
	s.now_ns += 1000 * MS;
	callback_runs(&s, 1);
	callback_runs(&s, 5);
	printed = print(&s, options);
	assert_non_null(strstr(printed, "\n... 1 more within this second\nExecuting "));
	free(printed);
}

/* Of the last iteration nobody knows before the end that it has ended. */
static void flood__is_told_before_the_last_iteration(void **state)
{
	struct stream s = begin_stream();
	const struct view_options options = { .threshold_ns = 5 * MS };
	char *printed;
	int i;

	(void)state;
	for (i = 0; i < 11; i++)
		callback_runs(&s, 5);
	iterate(&s, 20, 4);
	push(&s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
	s.now_ns += 1000 * MS;
	detach(&s, 0, 0, 0);
	printed = print(&s, options);
	assert_non_null(strstr(printed, "\n... 1 more within this second\nIteration 12 of loop 1 "
					"took 0.080 seconds: 20 steps, "));
	free(printed);
}

/* --- threads that come and go --- */

/*
 * One of many, of that number, runs another loop: two callbacks in an iteration, which it need not
 * end.
 */
static void visit(struct stream *s, uint32_t number, bool ends)
{
	size_t first = s->count;
	struct at_event *event;

	s->thread = 1;
	s->sequences[1] = 0;
	loop_start(s);
	iterate(s, 2, 10);
	if (ends)
		leave(s, CALLBACK(ON_TIMER), 0, 0);
	push(s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
	for (; first < s->count; first++) {
		event = &s->events[first];
		event->thread = 1000 + number;
		event->subject += event->subject == LOOP(1);
		event->a += event->a == LOOP(1);
	}
	s->thread = 0;
}

/* The model is told of 64 threads at once: what grows is the view's. */
static void threads__that_are_gone_take_no_memory(void **state)
{
	static const struct model_limits limits = {
		.bytes = 1 << 20,
		.depth = 10,
		.threads = 64,
		.functions = 64,
	};
	const struct view_options second = { .threshold_ns = 1000 * MS };
	struct stream s = begin_stream();
	struct model *model;
	size_t bytes[2];
	struct run run;
	uint32_t i;

	(void)state;
	run_begin(&run, &view_slow, second);
	model = model_new(&view_slow.listener, run.state);
	model_limit(model, &limits);
	for (i = 0; i < 20000; i++) {
		visit(&s, i, i % 2);
		feed(model, &s);
		if ((i + 1) % 10000 == 0)
			bytes[i / 10000] = mallinfo2().uordblks;
	}
	assert_true(bytes[1] < bytes[0] + 100000);
	stream_end(&s);
	feed(model, &s);
	assert_int_equal(run_end(&run, model), 0);
	free(run.printed);
	stream_free(&s);
}

/* The first is within an iteration while others come and go, and is not forgotten for them. */
static void threads__end_their_iterations_when_they_are_forgotten(void **state)
{
	const struct view_options options = { .threshold_ns = 20 * MS };
	struct stream s = begin_stream();
	uint64_t now_ns;
	char *printed;
	uint32_t i;

	(void)state;
	iterate(&s, 2, 10);
	now_ns = s.now_ns;
	for (i = 0; i < 10000; i++)
		visit(&s, i, true);
	s.now_ns = now_ns;
	leave(&s, CALLBACK(ON_TIMER), 0, 0);
	for (i = 10000; i < 20000; i++)
		visit(&s, i, false);
	printed = print(&s, options);
	assert_non_null(strstr(printed, "iterations that took as long by many steps: 20001\n"));
	free(printed);
}

/* --- nonsense --- */

static uint64_t random_id(unsigned int *seed)
{
	static const unsigned int types[] = { AT_NOTHING,  AT_LOOP,	 AT_TASK,   AT_TASK,
					      AT_CALLBACK, AT_COROUTINE, AT_FUTURE, AT_TYPES_END };

	return AT_ID(types[rand_r(seed) % 8], rand_r(seed) % 4);
}

/* Whatever records say, it prints lines of text, and each step took less than the whole. */
static void records__that_make_no_sense(void **state)
{
	struct view_options options = { 0 };
	unsigned int seed, i;
	char *printed, *c;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		struct stream s = begin_stream();
		unsigned int random = seed;

		for (i = 0; i < 2000; i++) {
			s.thread = rand_r(&random) % 2;
			s.now_ns += (rand_r(&random) % 64 - 8) * MS;
			push(&s, 1 + rand_r(&random) % (AT_KINDS_END - 1),
			     rand_r(&random) & rand_r(&random), random_id(&random),
			     random_id(&random), random_id(&random), s.now_ns - MS);
			if (!(rand_r(&random) % 50))
				lose(&s, 1);
		}
		options.threshold_ns = rand_r(&random) % 2 * 20 * MS;
		printed = print(&s, options);
		for (c = printed; *c; c++)
			assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
		assert_null(strstr(printed, " took 1844674"));
		free(printed);
	}
}

/* --- programs --- */

/* The line in which the word is, from there on. */
static const char *line_with(char *text, const char *word)
{
	char *line = strstr(text, word);

	if (!line)
		fail_msg("there is no '%s' in:\n%s", word, text);
	line[strcspn(line, "\n")] = 0;
	return line;
}

static void run_slow(struct scene *scene, const char *command)
{
	char path[64];

	strcpy(path, scene_path(scene, "recording"));
	program_start(&scene->tracer,
		      "env ASYNCDEBUG=1 build/asynctrace slow -w %s -o %s/live -- %s", path,
		      scene->folder, command);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
}

static char *read_live(struct scene *scene)
{
	int fd = open(scene_path(scene, "live"), O_RDONLY | O_CLOEXEC);
	char *live = read_whole(fd);

	close(fd);
	return live;
}

/* The program's own debug mode tells the same of the same step, whoever has compiled it. */
static void debug_mode__says_the_same(void **state)
{
	static const char *const programs[] = { "blocking", "blocking-clang" };
	struct scene *scene = *state;
	char command[64], *live;
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(command, sizeof(command), "build/tests/programs/%s", programs[i]);
		run_slow(scene, command);
		live = read_live(scene);
		assert_non_null(strstr(live, " in read_file() at tests/programs/blocking.c:"));
		assert_non_null(strstr(live, "<Handle on_timer() at tests/programs/blocking.c:"));
		assert_non_null(
			strstr(scene->tracer.err, " on_timer() at tests/programs/blocking.c:"));
		assert_same_but_numbers(line_with(live, "Executing <Task finished name='Task-2'"),
					line_with(scene->tracer.err, "Executing <Task finished"));
		free(live);
		program_free(&scene->tracer);
	}
}

/* With the places: a file needs no symbols. */
static void file__says_the_same(void **state)
{
	struct scene *scene = *state;
	char *live;

	run_slow(scene, "build/examples/service");
	live = read_live(scene);
	assert_non_null(strstr(live, "    of which 0."));
	assert_non_null(strstr(live, " in render() at tools/examples/service.c:"));
	assert_non_null(strstr(live, " created at tools/examples/service.c:"));
	program_start(&scene->other, "build/asynctrace slow -i %s", scene_path(scene, "recording"));
	program_wait(&scene->other);
	assert_string_equal(scene->other.out, live);
	free(live);
}

/* Its tasks were created before: where, is in the state that it tells. */
static void running_process__is_told_and_replayed(void **state)
{
	struct scene *scene = *state;
	char recording[64], *live;

	NEED_BPF();
	strcpy(recording, scene_path(scene, "recording"));
	program_start(&scene->target, "build/examples/churn 10");
	UNTIL(sleeps(scene->target.pid));
	program_start(&scene->tracer, "build/asynctrace slow --threshold 0 -w %s -o %s/live -p %d",
		      recording, scene->folder, scene->target.pid);
	UNTIL(file_size(recording) > 10000);
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	live = read_live(scene);
	assert_non_null(strstr(live, "Executing <Task pending name='Task-"));
	assert_non_null(strstr(live, " created at tools/examples/churn.c:"));
	assert_non_null(strstr(live, " more within this second\n"));
	program_start(&scene->other, "build/asynctrace slow --threshold 0 -i %s", recording);
	program_wait(&scene->other);
	assert_string_equal(scene->other.out, live);
	free(live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(step__of_a_task),
		cmocka_unit_test(step__that_fails_or_is_cancelled),
		cmocka_unit_test(step__that_awaits_tasks),
		cmocka_unit_test(step__names_the_coroutine_that_held_it),
		cmocka_unit_test(step__that_has_not_ended),
		cmocka_unit_test(step__with_a_hole),
		cmocka_unit_test(step__that_is_shorter_than_a_microsecond),
		cmocka_unit_test(callback__is_a_handle),
		cmocka_unit_test(nothing__is_told_in_a_line),
		cmocka_unit_test(iteration__of_many_steps),
		cmocka_unit_test(iteration__that_is_not_told),
		cmocka_unit_test(flood__is_counted_by_the_second),
		cmocka_unit_test(flood__is_told_when_the_second_is_over),
		cmocka_unit_test(flood__is_told_before_the_last_iteration),
		cmocka_unit_test(threads__that_are_gone_take_no_memory),
		cmocka_unit_test(threads__end_their_iterations_when_they_are_forgotten),
		cmocka_unit_test(records__that_make_no_sense),
		SCENE_TEST(debug_mode__says_the_same),
		SCENE_TEST(file__says_the_same),
		SCENE_TEST(running_process__is_told_and_replayed),
	};

	return cmocka_run_group_tests_name("slow", tests, NULL, NULL);
}
