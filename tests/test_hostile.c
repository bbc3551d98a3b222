/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever names a traced process chooses, and whatever a recording is called: what the views write
 * is valid UTF-8 that does nothing but be read.
 */
#include "hostile.h"
#include "scene.h"
#include <base/text.h>
#include <tracer/formats/recording.h>

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

int main(void)
{
	struct CMUnitTest tests[FORMS + 2] = {
		[FORMS] = cmocka_unit_test(find_harm__finds_it),
		[FORMS + 1] = SCENE_TEST(complaints__are_harmless),
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
