/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever names a traced process chooses, and whatever a recording is called: what the views write
 * is valid UTF-8 that does nothing but be read.
 */
#include "flood.h"
#include "hostile.h"
#include "scene.h"
#include <base/text.h>
#include <inttypes.h>
#include <tracer/formats/recording.h>
#include <tracer/histogram.h>
#include <tracer/model.h>
#include <tracer/views/view.h>

/* What is called, and how the file that it writes ends, if it does. */
static struct form {
	const char *view, *ending;
	bool csv;    /* lines end in CR and LF */
	bool script; /* of our own is within, which has tabs */
} forms[] = {
	{ "timed", NULL, false, false },
	{ "timed --columns task,time,where", NULL, false, false },
	{ "summary", NULL, false, false },
	{ "slow", NULL, false, false },
	{ "flame", NULL, false, false },
	{ "flame", "svg", false, true },
	{ "flame", "folded", false, false },
	{ "flame", "speedscope.json", false, false },
	{ "timeline", NULL, true, false },
	{ "timeline --csv-raw", NULL, true, false },
	{ "timeline --events", NULL, true, false },
	{ "timeline", "json", false, false },
	{ "cancel", NULL, false, false },
	{ "check", NULL, false, false },
	{ "tree", NULL, false, false },
	{ "tree --csv", NULL, true, false },
};

enum { FORMS = sizeof(forms) / sizeof(*forms) };

static const char recording_name[] = "a\x1b[31m\"name\",\r\n\xe2\x80\xae<b>\xff.rec";

static void write_recording(const char *path)
{
	struct recording *recording;
	struct stream stream = { 0 };

	hostile(&stream);
	assert_int_equal(recording_create(&recording, path), 0);
	assert_int_equal(recording_write(recording, stream.events, stream.count), 0);
	assert_int_equal(recording_close(recording), 0);
	stream_free(&stream);
}

/* Where a text does more than to be read, or null. */
static const char *find_harm(const char *text, bool csv, bool script)
{
	uint32_t point;
	size_t length;

	for (; *text; text += length) {
		length = text_decode(text, &point);
		if (!length)
			return text;
		if (point == '\n' || (csv && point == '\r' && text[1] == '\n') ||
		    (script && point == '\t' && strncmp(text, "\ttab", strlen("\ttab"))))
			continue;
		if (text_is_harmful(point))
			return text;
	}
	return NULL;
}

static void assert_harmless(const char *what, const char *text, bool csv, bool script)
{
	const char *harm = find_harm(text, csv, script);
	char near[TEXT_SIZE(64)];

	if (harm)
		fail_msg("%s has %s", what, text_safe(near, sizeof(near), harm));
}

static void find_harm__finds_it(void **state)
{
	size_t i, harmful = 0;

	(void)state;
	for (i = 0; i < HOSTILE_TEXTS; i++)
		harmful += find_harm(hostile_texts[i], false, false) != NULL;
	assert_int_equal(harmful, 14);
	assert_null(find_harm("a,b\r\n", true, false));
	assert_non_null(find_harm("a,b\r\n", false, false));
	assert_non_null(find_harm("a\rb\r\n", true, false));
}

/* Starts the view of the recording, whose name has no blanks. */
static void view(struct scene *scene, const struct form *form, const char *recording)
{
	program_start(&scene->tracer, "build/asynctrace %s -i %s/%s%s%s%s%s", form->view,
		      scene->folder, recording, form->ending ? " -o " : "",
		      form->ending ? scene->folder : "", form->ending ? "/made." : "",
		      form->ending ? form->ending : "");
	program_wait(&scene->tracer);
}

static void view__writes_harmless_text(void **state)
{
	const struct form *form = *state;
	struct scene *scene;
	char *made;
	int fd;

	assert_int_equal(scene_setup((void **)&scene), 0);
	*state = scene;
	write_recording(scene_path(scene, recording_name));
	view(scene, form, recording_name);
	assert_harmless("standard error", scene->tracer.err, false, false);
	assert_in_set(scene->tracer.status, ((const unsigned long[]){ 0, 3 }), 2);
	if (!form->ending) {
		assert_true(strlen(scene->tracer.out) > 20);
		assert_harmless(form->view, scene->tracer.out, form->csv, form->script);
		return;
	}
	snprintf(scene->path, sizeof(scene->path), "%s/made.%s", scene->folder, form->ending);
	fd = open(scene->path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	made = read_whole(fd);
	close(fd);
	assert_true(strlen(made) > 20);
	assert_harmless(form->ending, made, form->csv, form->script);
	free(made);
}

static void complaints__are_harmless(void **state)
{
	struct scene *scene = *state;

	view(scene, &forms[0], recording_name);
	assert_int_equal(scene->tracer.status, 1);
	assert_true(strlen(scene->tracer.err) > 20);
	assert_harmless("standard error", scene->tracer.err, false, false);
}

/* Far too little for what follows. */
static const struct model_limits narrow = {
	.bytes = 1 << 18,
	.depth = 100,
	.threads = 64,
	.functions = 64,
};

/* Too little for a thousand records. */
static const struct model_limits tiny = {
	.bytes = 1 << 14,
	.depth = 100,
	.threads = 64,
	.functions = 64,
};

enum { FLOOD_RECORDS = 20000 };

static const struct view *const flooded_views[] = {
	&view_timed,  &view_summary,  &view_slow, &view_flame,
	&view_cancel, &view_timeline, &view_tree, &view_check,
};

enum { FLOODED_VIEWS = sizeof(flooded_views) / sizeof(*flooded_views) };

/* Feeds a flood of so many records to a view. Returns what it prints, and the model's totals. */
static char *flood_view(const struct view *view, const struct flood *flood, size_t records,
			const struct model_limits *limits, struct model_totals *totals)
{
	struct view_options options = { .format = VIEW_TEXT, .width = 80, .source = "flood" };
	struct stream stream = { 0 };
	struct model *model;
	char *printed;
	uint64_t fed, i;
	size_t size;
	void *state;

	options.out = open_memstream(&printed, &size);
	state = view->open(&options);
	assert_non_null(state);
	model = model_new(&view->listener, state);
	assert_non_null(model);
	model_limit(model, limits);
	flood_begin(&stream);
	for (i = 1, fed = 0; fed < records; i++) {
		flood->push(&stream, i);
		stream.now_ns += 10;
		fed += stream.count;
		feed(model, &stream);
	}
	detach(&stream, 0, 0, 0);
	feed(model, &stream);
	model_finish(model);
	assert_true(view->finish(state, model) >= 0);
	*totals = *model_totals(model);
	view->free(state);
	model_free(model);
	fclose(options.out);
	stream_free(&stream);
	return printed;
}

static void flood__is_survived_by_all_views(void **state)
{
	struct model_totals totals;
	size_t i, k;

	(void)state;
	for (i = 0; i < FLOODS; i++) {
		for (k = 0; k < FLOODED_VIEWS; k++) {
			free(flood_view(flooded_views[k], &floods[i], FLOOD_RECORDS / 20, &tiny,
					&totals));
			assert_true(totals.complete);
			assert_int_equal(totals.unkept > 0, floods[i].crowds);
		}
	}
}

static const struct flood *flood_of(const char *name)
{
	size_t i = 0;

	while (strcmp(floods[i].name, name))
		i++;
	return &floods[i];
}

/* Every task but those that fit is counted, and every view says so. */
static void flood__of_tasks_is_counted_and_said(void **state)
{
	char said[64], *printed;
	struct model_totals totals;
	uint64_t kept;
	size_t i;

	(void)state;
	for (i = 0; i < FLOODED_VIEWS; i++) {
		printed = flood_view(flooded_views[i], flood_of("tasks"), FLOOD_RECORDS, &narrow,
				     &totals);
		kept = totals.tasks_created;
		assert_in_range(kept, 100, narrow.bytes / 200);
		/* The first two records are not of tasks. */
		assert_int_equal(kept + totals.unkept, FLOOD_RECORDS - 2);
		snprintf(said, sizeof(said), "%" PRIu64, totals.unkept);
		if (flooded_views[i] != &view_timeline) {
			assert_non_null(strstr(printed, "not followed"));
			assert_non_null(strstr(printed, said));
			assert_non_null(strstr(printed, "too much at once"));
		}
		free(printed);
	}
}

/* What ends makes room. */
static void limit__is_of_what_is_alive(void **state)
{
	static const struct model_listener nobody;
	struct model *model = model_new(&nobody, NULL);
	struct stream stream = { 0 };
	uint64_t i;

	(void)state;
	model_limit(model, &narrow);
	flood_begin(&stream);
	for (i = 1; i <= FLOOD_RECORDS; i++) {
		push(&stream, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0);
		text(&stream, "a name");
		push(&stream, AT_TASK_NAME, 0, TASK(i), 0, 0, 0);
		change(&stream, TASK(i), LOOP(1), 0, 0);
		begin(&stream, i, 0x1000);
		push(&stream, AT_DEPENDS, 0, AT_ID(AT_GATHER, i), TASK(i), 0, 0);
		end(&stream, i);
		push(&stream, AT_TASK_DONE, 0, TASK(i), 0, 0, 0);
		change(&stream, LOOP(1), TASK(i), AT_ENDED, 0);
		feed(model, &stream);
	}
	assert_int_equal(model_totals(model)->unkept, 0);
	assert_int_equal(model_totals(model)->tasks_done, FLOOD_RECORDS);
	assert_null(model_next_task(model, NULL));
	model_free(model);
	stream_free(&stream);
}

/* Of threads those make room that run nothing, however many there have been. */
static void limit__of_threads_is_of_those_that_run(void **state)
{
	static const struct model_listener nobody;
	struct model *model = model_new(&nobody, NULL);
	struct stream stream = { 0 };
	uint64_t i;

	(void)state;
	model_limit(model, &narrow);
	flood_begin(&stream);
	for (i = 1; i <= 10 * narrow.threads; i++)
		flood_processes(&stream, i);
	feed(model, &stream);
	assert_int_equal(model_totals(model)->unkept, 0);
	assert_int_equal(model_totals(model)->jobs_done, 10 * narrow.threads);
	for (i = 1; i <= 10 * narrow.threads; i++)
		flood_threads(&stream, i);
	feed(model, &stream);
	assert_true(model_totals(model)->unkept > 3 * 8 * narrow.threads);
	model_free(model);
	stream_free(&stream);
}

/* One that runs a job now and then is neither met twice, nor are its losses forgotten. */
static void limit__of_threads_is_not_of_those_heard_of_lately(void **state)
{
	static const struct model_listener nobody;
	struct model *model = model_new(&nobody, NULL);
	struct stream stream = { 0 };
	uint64_t i;

	(void)state;
	model_limit(model, &narrow);
	flood_begin(&stream);
	for (i = 1; i <= 100 * narrow.threads; i++) {
		stream.now_ns += 10;
		stream.thread = 0;
		flood_stops(&stream, i);
		stream.thread = 1;
		if (i % (narrow.threads / 4))
			continue;
		push(&stream, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, i), 0x1000, 101, 0);
		push(&stream, AT_JOB_END, 0, AT_ID(AT_JOB, i), 0, 0, 0);
	}
	stream.sequences[1] += 900;
	push(&stream, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, i), 0x1000, 101, 0);
	feed(model, &stream);
	assert_int_equal(model_totals(model)->unkept, 0);
	assert_int_equal(model_totals(model)->job_threads, 1);
	assert_int_equal(model_totals(model)->lost, 900);
	model_free(model);
	stream_free(&stream);
}

static void chain__is_as_deep_as_the_limit(void **state)
{
	char *printed;
	struct model_totals totals;

	(void)state;
	printed = flood_view(&view_summary, flood_of("chain"), 1000, &narrow, &totals);
	/* What there was before: the loop, and the switch into the task. */
	assert_int_equal(totals.unkept, 1000 - 3 - narrow.depth);
	free(printed);
	printed = flood_view(&view_tree, flood_of("outermost"), 2000, &narrow, &totals);
	assert_in_range(totals.unkept, 2000 / 2 - narrow.depth - 2, 2000 / 2 - narrow.depth);
	free(printed);
}

static void functions__that_have_no_room_are_one(void **state)
{
	struct model_totals totals;
	char *printed;

	(void)state;
	printed = flood_view(&view_summary, flood_of("functions"), FLOOD_RECORDS, &narrow, &totals);
	assert_int_equal(totals.unkept, 0);
	assert_non_null(strstr(printed, "[other functions]"));
	assert_null(strstr(printed, "function 100\n"));
	free(printed);
}

static void histograms__share_their_room(void **state)
{
	struct histogram_room room = { .rows_max = 2 };
	struct histogram histogram = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(histogram_add_within(&room, &histogram, i % 2 ? 1 : 5000), 0);
	assert_int_equal(room.left_out, 0);
	for (i = 0; i < 10; i++)
		assert_int_equal(histogram_add_within(&room, &histogram, 1000000), 0);
	assert_int_equal(room.left_out, 10);
	assert_int_equal(histogram.count, 100);
	histogram_clear(&histogram);
}

int main(void)
{
	struct CMUnitTest tests[FORMS + 10] = {
		[FORMS] = cmocka_unit_test(find_harm__finds_it),
		[FORMS + 1] = SCENE_TEST(complaints__are_harmless),
		[FORMS + 2] = cmocka_unit_test(flood__is_survived_by_all_views),
		[FORMS + 3] = cmocka_unit_test(flood__of_tasks_is_counted_and_said),
		[FORMS + 4] = cmocka_unit_test(limit__is_of_what_is_alive),
		[FORMS + 5] = cmocka_unit_test(limit__of_threads_is_of_those_that_run),
		[FORMS + 6] = cmocka_unit_test(limit__of_threads_is_not_of_those_heard_of_lately),
		[FORMS + 7] = cmocka_unit_test(chain__is_as_deep_as_the_limit),
		[FORMS + 8] = cmocka_unit_test(functions__that_have_no_room_are_one),
		[FORMS + 9] = cmocka_unit_test(histograms__share_their_room),
	};
	char names[FORMS][64];
	size_t i;

	setenv("COLUMNS", "100", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	for (i = 0; i < FORMS; i++) {
		snprintf(names[i], sizeof(names[i]), "%s%s%s__is_harmless", forms[i].view,
			 forms[i].ending ? " " : "", forms[i].ending ? forms[i].ending : "");
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = view__writes_harmless_text,
			.teardown_func = scene_teardown,
			.initial_state = &forms[i],
		};
	}
	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
