/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What --help shows works as it stands: each command under EXAMPLES is pasted into a shell, in a
 * folder that holds the build as the sources' does, and says something.
 */
#include "scene.h"
#include <tracer/actions.h>
#include <tracer/options.h>

enum { COMMANDS_MAX = 8, HELPS_MAX = 16 };

/* The examples of one help text, which are run in their order, beside those of the others. */
struct help {
	const char *view; /* "" for the general one */
	char *text;
	struct scene *scene;
	size_t count;
	char *commands[COMMANDS_MAX];
	struct program shell;
};

/* Runs the tracer with these words to its end. The caller frees the program. */
static void run(struct program *program, const char *words)
{
	program_start(program, "build/asynctrace %s", words);
	program_wait(program);
}

/* Takes a copy of the text apart. */
static void find_examples(struct help *help)
{
	char *line, *examples = strstr(help->text, "\nEXAMPLES\n");

	assert_non_null(examples);
	line = strtok(examples + strlen("\nEXAMPLES\n"), "\n");
	for (; line && !strncmp(line, "  ", 2); line = strtok(NULL, "\n")) {
		assert_true(help->count < COMMANDS_MAX);
		help->commands[help->count++] = line + 2;
	}
	assert_null(line);
	assert_true(help->count >= 1);
}

/*
 * A script that runs the commands, and says of each its status and how much it wrote to its output
 * and to its file, if the command names one.
 */
static void write_script(const struct help *help, const char *folder)
{
	char path[64], *here = get_current_dir_name();
	FILE *script;
	size_t i;

	assert_non_null(here);
	snprintf(path, sizeof(path), "%s/%s.sh", folder, help->view);
	script = fopen(path, "w");
	assert_non_null(script);
	fprintf(script, "mkdir '%s/%s.d' && cd '%s/%s.d' && ln -s '%s/build' build || exit\n",
		folder, help->view, folder, help->view, here);
	free(here);
	for (i = 0; i < help->count; i++) {
		const char *file = strstr(help->commands[i], " -o ");

		fprintf(script, "{ %s\n} >out 2>&1\n", help->commands[i]);
		fprintf(script, "echo $? $(cat out %.*s | wc -c)\n",
			file ? (int)strcspn(file + 4, " ") : 0, file ? file + 4 : "");
	}
	fclose(script);
}

static void start_examples(struct help *help, struct scene *scene, const char *view)
{
	struct program program = { 0 };
	char words[32];

	snprintf(words, sizeof(words), "%s --help", view);
	run(&program, words);
	assert_int_equal(program.status, 0);
	help->view = view;
	help->text = strdup(program.out);
	program_free(&program);
	find_examples(help);
	write_script(help, scene->folder);
	program_start(&help->shell, "sh %s/%s.sh", scene->folder, view);
}

static void end_examples(struct help *help)
{
	bool checks = !strcmp(help->view, "check");
	char *line;
	size_t i;

	program_wait(&help->shell);
	line = strtok(help->shell.out, "\n");
	for (i = 0; i < help->count; i++, line = strtok(NULL, "\n")) {
		int status = -1, size = 0;

		if (!line || sscanf(line, "%d %d", &status, &size) != 2 ||
		    (status && !(checks && status == 3)) || size < 40)
			fail_msg("'%s' ends with %d and says %d bytes", help->commands[i], status,
				 size);
	}
	program_free(&help->shell);
	free(help->text);
}

static void examples__work_when_pasted(void **state)
{
	struct scene *scene = *state;
	struct help helps[HELPS_MAX] = { 0 };
	const struct action *action;
	size_t count = 0, i;

	NEED_BPF();
	start_examples(&helps[count++], scene, "");
	for (action = actions; action->name; action++) {
		assert_true(count < HELPS_MAX);
		start_examples(&helps[count++], scene, action->name);
	}
	for (i = 0; i < count; i++)
		end_examples(&helps[i]);
}

/* Of each view those options that it takes, and no other. */
static void help__has_the_options_of_the_view(void **state)
{
	const struct action *action;
	struct program program = { 0 };
	char words[32];

	(void)state;
	for (action = actions; action->name; action++) {
		snprintf(words, sizeof(words), "%s --help", action->name);
		run(&program, words);
		assert_string_equal(program.err, "");
		/* The first letter is a capital there. */
		assert_non_null(strstr(program.out, action->question + 1));
		assert_int_equal(!!strstr(program.out, "--columns"),
				 action->takes >> OPTION_COLUMNS & 1);
		assert_int_equal(!!strstr(program.out, "--threshold TIME"),
				 action->takes >> OPTION_THRESHOLD & 1);
		assert_int_equal(!!strstr(program.out, "--filter GLOB"),
				 action->takes >> OPTION_FILTER & 1);
		assert_int_equal(!!strstr(program.out, "--duration TIME"),
				 action->takes >> OPTION_DURATION & 1);
		program_free(&program);
	}
}

static void help__of_all_has_every_view(void **state)
{
	const struct action *action;
	struct program program = { 0 };

	(void)state;
	run(&program, "-h");
	assert_int_equal(program.status, 0);
	for (action = actions; action->name; action++)
		assert_non_null(strstr(program.out, action->question));
	assert_non_null(strstr(program.out, "EXIT STATUS"));
	assert_null(strstr(program.out, "--threshold"));
	program_free(&program);
}

/* Nobody's terminal is narrower, and no line ends in blanks. */
static void help__fits_a_terminal(void **state)
{
	const struct action *action;
	struct program program = { 0 };
	char words[32], *line;

	(void)state;
	for (action = actions; action->name; action++) {
		snprintf(words, sizeof(words), "--help %s", action->name);
		run(&program, words);
		for (line = strtok(program.out, "\n"); line; line = strtok(NULL, "\n")) {
			assert_true(strlen(line) <= 100);
			assert_int_not_equal(line[strlen(line) - 1], ' ');
		}
		program_free(&program);
	}
}

/* Examples call the program as the user does. */
static void help__calls_it_as_the_user_does(void **state)
{
	struct program program = { 0 };

	(void)state;
	program_start(&program, "./build/asynctrace flame --help");
	program_wait(&program);
	assert_non_null(strstr(program.out, "\n  ./build/asynctrace flame -- "));
	program_free(&program);
}

static int remove_folders(void **state)
{
	struct scene *scene = *state;
	struct program program = { 0 };

	program_start(&program, "find %s -mindepth 1 -delete", scene->folder);
	program_wait(&program);
	program_free(&program);
	return scene_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(examples__work_when_pasted, scene_setup,
						remove_folders),
		cmocka_unit_test(help__has_the_options_of_the_view),
		cmocka_unit_test(help__of_all_has_every_view),
		cmocka_unit_test(help__fits_a_terminal),
		cmocka_unit_test(help__calls_it_as_the_user_does),
	};

	return cmocka_run_group_tests_name("help", tests, NULL, NULL);
}
