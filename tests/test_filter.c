/* SPDX-License-Identifier: BSD-2-Clause */
/* What a filter lets through: the model's functions are called with subjects made by hand. */
#include "events.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <tracer/filter.h>

#include <cmocka.h>

/* When the trace began. */
#define FIRST 5000

/* What the view was told, in words, and what lasted how long of it. */
struct seen {
	char words[512];
	uint64_t begin_ns, end_ns;
};

struct scene {
	struct filter_options options;
	struct seen seen;
	struct filter *filter;
	const struct model_listener *told;
	struct model *model;
	struct model_function fetch, main;
	struct model_task task;
	struct model_coroutine outer, inner;
};

static void say(void *view, const char *word)
{
	struct seen *seen = view;

	strcat(strcat(seen->words, word), " ");
}

static void on_record(void *view, const struct at_event *event)
{
	(void)event;
	say(view, "record");
}

static void on_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	(void)now_ns;
	(void)task;
	say(view, "task");
}

static void on_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	(void)now_ns;
	(void)task;
	say(view, "gone");
}

static void on_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	(void)now_ns;
	(void)coroutine;
	say(view, "begin");
}

static void on_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		   const struct model_end *end)
{
	(void)now_ns;
	(void)coroutine;
	(void)end;
	say(view, "end");
}

static void on_time(void *view, struct model_task *task, enum model_state state, uint64_t begin_ns,
		    uint64_t end_ns)
{
	struct seen *seen = view;

	(void)task;
	(void)state;
	seen->begin_ns = begin_ns;
	seen->end_ns = end_ns;
	say(view, "time");
}

static void on_interval(void *view, const struct model_interval *interval)
{
	struct seen *seen = view;

	seen->begin_ns = interval->begin_ns;
	seen->end_ns = interval->end_ns;
	say(view, "interval");
}

static void on_cancel(void *view, uint64_t now_ns, const struct model_cancel *cancel)
{
	(void)now_ns;
	(void)cancel;
	say(view, "cancel");
}

static void on_deliver(void *view, uint64_t now_ns, struct model_task *task)
{
	(void)now_ns;
	(void)task;
	say(view, "deliver");
}

static void on_warning(void *view, uint64_t now_ns, const struct model_warning *warning)
{
	(void)now_ns;
	(void)warning;
	say(view, "warning");
}

static void on_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process,
		    uint32_t thread, uint64_t count)
{
	(void)begin_ns;
	(void)end_ns;
	(void)process;
	(void)thread;
	(void)count;
	say(view, "lost");
}

static const struct model_listener everything = {
	.record = on_record,
	.task_begin = on_task_begin,
	.task_end = on_task_end,
	.begin = on_begin,
	.end = on_end,
	.time = on_time,
	.interval = on_interval,
	.cancel = on_cancel,
	.deliver = on_deliver,
	.warning = on_warning,
	.lost = on_lost,
};

/* Task 7 of thread 3 is in fetch(), which main() awaits. The trace began just now. */
static struct scene *scene_of(struct filter_options options)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct stream stream = { .now_ns = FIRST };

	assert_non_null(scene);
	scene->options = options;
	scene->filter = filter_new(&scene->options, &everything, &scene->seen);
	assert_non_null(scene->filter);
	scene->told = filter_listener(scene->filter);
	scene->model = model_new(scene->told, scene->filter);
	assert_non_null(scene->model);
	loop_start(&stream);
	push(&stream, AT_TASK_CREATE, 0, TASK(1), 0x1000, 0, 0);
	feed(scene->model, &stream);
	stream_free(&stream);
	scene->seen.words[0] = '\0';

	scene->fetch.name = "fetch";
	scene->main.name = "main";
	scene->task = (struct model_task){
		.id = TASK(7),
		.process = 42,
		.thread = 3,
		.name = "worker-7",
		.function = &scene->main,
		.innermost = &scene->inner,
		.created_ns = FIRST,
	};
	scene->outer = (struct model_coroutine){
		.id = COROUTINE(1),
		.process = 42,
		.function = &scene->main,
		.task = &scene->task,
		.thread = 3,
		.begun_ns = FIRST + 100,
	};
	scene->inner = scene->outer;
	scene->inner.id = COROUTINE(2);
	scene->inner.function = &scene->fetch;
	scene->inner.awaiter = &scene->outer;
	scene->inner.begun_ns = FIRST + 200;
	return scene;
}

static void scene_free(struct scene *scene)
{
	assert_int_equal(filter_error(scene->filter), 0);
	model_free(scene->model);
	filter_free(scene->filter);
	free(scene);
}

/* The view was told so, since the last time. */
static void assert_told(struct scene *scene, const char *words)
{
	assert_string_equal(scene->seen.words, words);
	scene->seen.words[0] = '\0';
}

static void begin_at(struct scene *scene, struct model_coroutine *coroutine, uint64_t ns)
{
	coroutine->begun_ns = FIRST + ns;
	scene->told->begin(scene->filter, FIRST + ns, coroutine);
}

static void end_at(struct scene *scene, struct model_coroutine *coroutine, uint64_t ns)
{
	const struct model_end end = { 0 };

	coroutine->ended_ns = FIRST + ns;
	scene->told->end(scene->filter, FIRST + ns, coroutine, &end);
}

static void time_between(struct scene *scene, uint64_t begin_ns, uint64_t end_ns)
{
	scene->told->time(scene->filter, &scene->task, MODEL_RUNNING, FIRST + begin_ns,
			  FIRST + end_ns);
}

static void interval_between(struct scene *scene, const struct model_task *task, uint64_t begin_ns,
			     uint64_t end_ns)
{
	const struct model_interval interval = {
		.task = task,
		.thread = 3,
		.begin_ns = FIRST + begin_ns,
		.end_ns = FIRST + end_ns,
	};

	scene->told->interval(scene->filter, &interval);
}

/* What happens to both coroutines and the task. */
static void live(struct scene *scene)
{
	scene->told->task_begin(scene->filter, FIRST, &scene->task);
	begin_at(scene, &scene->outer, 100);
	begin_at(scene, &scene->inner, 200);
	time_between(scene, 200, 300);
	end_at(scene, &scene->inner, 300);
	interval_between(scene, &scene->task, 100, 400);
	end_at(scene, &scene->outer, 400);
	scene->task.innermost = NULL;
	scene->told->task_end(scene->filter, FIRST + 400, &scene->task);
}

/* What a life makes known to a view behind this filter. */
static void assert_lives(struct filter_options options, const char *words)
{
	struct scene *scene = scene_of(options);

	live(scene);
	assert_told(scene, words);
	scene_free(scene);
}

#define ALL "task begin begin time end interval end gone "

static void filter__by_name(void **state)
{
	(void)state;
	assert_lives((struct filter_options){ 0 }, ALL);
	assert_lives((struct filter_options){ .globs = { "*" }, .glob_count = 1 }, ALL);
	/* Of the task's own coroutine, which makes the task match. */
	assert_lives((struct filter_options){ .globs = { "main" }, .glob_count = 1 },
		     "task begin time interval end gone ");
	assert_lives((struct filter_options){ .globs = { "fe[st]ch", "f?tch" }, .glob_count = 2 },
		     "task begin time end interval gone ");
	assert_lives((struct filter_options){ .globs = { "worker-*" }, .glob_count = 1 }, ALL);
	assert_lives((struct filter_options){ .globs = { "nobody", "worker" }, .glob_count = 2 },
		     "");
}

static void filter__by_task(void **state)
{
	(void)state;
	assert_lives((struct filter_options){ .task = "7" }, ALL);
	assert_lives((struct filter_options){ .task = "worker-7" }, ALL);
	assert_lives((struct filter_options){ .task = "worker-?" }, ALL);
	assert_lives((struct filter_options){ .task = "8" }, "");
	assert_lives((struct filter_options){ .task = "7x" }, "");
	assert_lives((struct filter_options){ .task = "main" }, "");
	assert_lives((struct filter_options){ .task = "7", .globs = { "nobody" }, .glob_count = 1 },
		     "");
}

static void filter__by_thread(void **state)
{
	(void)state;
	assert_lives((struct filter_options){ .thread = 3 }, ALL);
	assert_lives((struct filter_options){ .thread = 4 }, "");
}

static void filter__by_window(void **state)
{
	(void)state;
	assert_lives((struct filter_options){ .since_ns = 0, .until_ns = 1000 }, ALL);
	assert_lives((struct filter_options){ .since_ns = 401 }, "");
	/* Who began before it and ended in it is told of by his end. */
	assert_lives((struct filter_options){ .since_ns = 150 },
		     "task begin time end interval end gone ");
	assert_lives((struct filter_options){ .since_ns = 350 }, "task interval end gone ");
	/* Of those who have begun in it, the end follows. */
	assert_lives((struct filter_options){ .until_ns = 150 }, "task begin interval end gone ");
}

static void filter__of_moments(void **state)
{
	(void)state;
	assert_lives((struct filter_options){ .until_ns = 250, .moments = true },
		     "task begin begin time interval gone ");
}

static void filter__cuts_what_lasts(void **state)
{
	struct scene *scene =
		scene_of((struct filter_options){ .since_ns = 1000, .until_ns = 2000 });

	(void)state;
	time_between(scene, 500, 1500);
	assert_told(scene, "task time ");
	assert_int_equal(scene->seen.begin_ns, FIRST + 1000);
	assert_int_equal(scene->seen.end_ns, FIRST + 1500);
	interval_between(scene, &scene->task, 1900, 2500);
	assert_told(scene, "interval ");
	assert_int_equal(scene->seen.begin_ns, FIRST + 1900);
	assert_int_equal(scene->seen.end_ns, FIRST + 2000);
	interval_between(scene, &scene->task, 2001, 2500);
	time_between(scene, 0, 999);
	assert_told(scene, "");
	scene_free(scene);
}

static void filter__by_duration(void **state)
{
	(void)state;
	/* No begin, for nobody knows yet. */
	assert_lives((struct filter_options){ .min_duration_ns = 100 },
		     "task time end interval end gone ");
	assert_lives((struct filter_options){ .min_duration_ns = 300 },
		     "task time interval end gone ");
	assert_lives((struct filter_options){ .min_duration_ns = 401 }, "task time gone ");
}

static void filter__duration_of_a_task(void **state)
{
	struct scene *scene = scene_of((struct filter_options){ .min_duration_ns = 100 });

	(void)state;
	scene->told->task_end(scene->filter, FIRST + 99, &scene->task);
	assert_told(scene, "");
	scene->told->task_end(scene->filter, FIRST + 100, &scene->task);
	assert_told(scene, "task gone ");
	scene_free(scene);
}

/* A begin without its end would leave the view with what nobody frees. */
static void filter__begin_has_its_end(void **state)
{
	struct filter_options options = { .globs = { "worker-*" }, .glob_count = 1 };
	struct scene *scene = scene_of(options);

	(void)state;
	scene->told->task_begin(scene->filter, FIRST, &scene->task);
	begin_at(scene, &scene->inner, 100);
	scene->task.name = "renamed";
	end_at(scene, &scene->inner, 200);
	scene->told->task_end(scene->filter, FIRST + 300, &scene->task);
	assert_told(scene, "task begin end gone ");
	scene_free(scene);
}

/* A task gets its name after it was created. */
static void filter__task_is_told_of_when_it_is_known(void **state)
{
	struct filter_options options = { .globs = { "worker-*" }, .glob_count = 1 };
	struct scene *scene = scene_of(options);

	(void)state;
	scene->task.name = "Task-7";
	scene->told->task_begin(scene->filter, FIRST, &scene->task);
	assert_told(scene, "");
	scene->task.name = "worker-7";
	begin_at(scene, &scene->inner, 100);
	assert_told(scene, "task begin ");
	scene->told->task_end(scene->filter, FIRST + 300, &scene->task);
	assert_told(scene, "gone ");
	scene_free(scene);
}

/* The same number in two processes is two tasks. */
static void filter__processes_are_apart(void **state)
{
	struct scene *scene = scene_of((struct filter_options){ .task = "7" });
	struct model_task other = scene->task;

	(void)state;
	other.process = 43;
	scene->told->task_begin(scene->filter, FIRST, &scene->task);
	scene->told->task_begin(scene->filter, FIRST, &other);
	assert_told(scene, "task task ");
	scene->told->task_end(scene->filter, FIRST, &other);
	scene->told->task_end(scene->filter, FIRST, &scene->task);
	assert_told(scene, "gone gone ");
	scene_free(scene);
}

static void filter__what_is_of_no_task(void **state)
{
	struct scene *scene = scene_of((struct filter_options){ .task = "7" });

	(void)state;
	scene->inner.task = NULL;
	begin_at(scene, &scene->inner, 100);
	end_at(scene, &scene->inner, 200);
	interval_between(scene, NULL, 100, 200);
	assert_told(scene, "");
	scene_free(scene);

	scene = scene_of((struct filter_options){ .globs = { "fetch" }, .glob_count = 1 });
	scene->inner.task = NULL;
	begin_at(scene, &scene->inner, 100);
	end_at(scene, &scene->inner, 200);
	interval_between(scene, NULL, 100, 200);
	assert_told(scene, "begin end ");
	scene_free(scene);
}

/* The request, its delivery and the end stay together, even if the window ends between them. */
static void filter__cancellations(void **state)
{
	struct filter_options options = { .task = "7", .until_ns = 100 };
	struct scene *scene = scene_of(options);
	struct model_cancel cancel = { .task = &scene->task, .thread = 3, .process = 42 };

	(void)state;
	scene->told->cancel(scene->filter, FIRST + 50, &cancel);
	scene->told->deliver(scene->filter, FIRST + 150, &scene->task);
	scene->told->task_end(scene->filter, FIRST + 200, &scene->task);
	assert_told(scene, "task cancel deliver gone ");
	scene->told->cancel(scene->filter, FIRST + 101, &cancel);
	scene->task.id = TASK(8);
	scene->task.name = "other";
	scene->told->cancel(scene->filter, FIRST + 50, &cancel);
	scene->told->deliver(scene->filter, FIRST + 50, &scene->task);
	assert_told(scene, "");
	/* Of a gather. Task 1, which the model knows, is not the one that is wanted. */
	cancel.task = NULL;
	cancel.by = TASK(1);
	scene->told->cancel(scene->filter, FIRST + 50, &cancel);
	assert_told(scene, "");
	cancel.by = TASK(9);
	scene->told->cancel(scene->filter, FIRST + 50, &cancel);
	assert_told(scene, "cancel ");
	scene_free(scene);
}

static void filter__what_has_no_name(void **state)
{
	struct filter_options options = { .globs = { "nobody" }, .glob_count = 1, .thread = 3 };
	struct scene *scene = scene_of(options);
	struct model_warning warning = { .thread = 3 };
	struct at_event event = { .time_ns = FIRST, .thread = 3 };

	(void)state;
	scene->told->record(scene->filter, &event);
	scene->told->warning(scene->filter, FIRST, &warning);
	scene->told->lost(scene->filter, FIRST, FIRST, 42, 3, 1);
	assert_told(scene, "record warning lost ");
	warning.function = &scene->fetch;
	scene->told->warning(scene->filter, FIRST, &warning);
	event.thread = 4;
	scene->told->record(scene->filter, &event);
	scene->told->lost(scene->filter, FIRST, FIRST, 42, 4, 1);
	assert_told(scene, "");
	event.thread = 0;
	scene->told->record(scene->filter, &event);
	assert_told(scene, "record ");
	scene_free(scene);
}

/* What the view does not listen to costs nothing, and calls nothing. */
static void filter__of_a_view_that_wants_little(void **state)
{
	const struct model_listener little = { .end = on_end };
	struct filter_options options = { .task = "7" };
	struct seen seen = { 0 };
	struct filter *filter = filter_new(&options, &little, &seen);
	const struct model_listener *listener = filter_listener(filter);

	(void)state;
	assert_null(listener->record);
	assert_null(listener->task_begin);
	assert_null(listener->begin);
	assert_null(listener->time);
	assert_null(listener->interval);
	assert_non_null(listener->end);
	filter_free(filter);
	filter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter__by_name),
		cmocka_unit_test(filter__by_task),
		cmocka_unit_test(filter__by_thread),
		cmocka_unit_test(filter__by_window),
		cmocka_unit_test(filter__of_moments),
		cmocka_unit_test(filter__cuts_what_lasts),
		cmocka_unit_test(filter__by_duration),
		cmocka_unit_test(filter__duration_of_a_task),
		cmocka_unit_test(filter__begin_has_its_end),
		cmocka_unit_test(filter__task_is_told_of_when_it_is_known),
		cmocka_unit_test(filter__processes_are_apart),
		cmocka_unit_test(filter__what_is_of_no_task),
		cmocka_unit_test(filter__cancellations),
		cmocka_unit_test(filter__what_has_no_name),
		cmocka_unit_test(filter__of_a_view_that_wants_little),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
