/* SPDX-License-Identifier: BSD-2-Clause */
/* The old names: they do what they did, and the compiler says what to write instead. */
#include "capture.h"
#include "system.h"
#include <errno.h>
#include <pthread.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* Each name is used once, in this order. */
static const char old_code[] =
	"#include <async.h>\n"
	"void old_code(struct async_loop *loop, struct async_coroutine *coroutine);\n"
	"void old_code(struct async_loop *loop, struct async_coroutine *coroutine)\n"
	"{\n"
	"	struct async_task *task;\n"
	"	task = async_ensure_future(coroutine);\n"
	"	loop = async_get_event_loop();\n"
	"	task = async_task_current_task();\n"
	"	async_task_all_tasks(loop, &task, 1);\n"
	"	async_sleep_loop(1, loop);\n"
	"	async_wait_for_loop(task, 1, loop);\n"
	"	async_wait_loop(&task, 1, loop);\n"
	"	async_set_coroutine_wrapper(0);\n"
	"}\n";

static const struct {
	const char *name, *instead;
} names[] = {
	{ "async_ensure_future", "use async_create_task()" },
	{ "async_get_event_loop", "use async_run() or async_get_running_loop()" },
	{ "async_task_current_task", "use async_current_task()" },
	{ "async_task_all_tasks", "use async_all_tasks()" },
	{ "async_sleep_loop", "use async_sleep(), without a loop" },
	{ "async_wait_for_loop", "use async_wait_for(), without a loop" },
	{ "async_wait_loop", "use async_wait(), without a loop" },
	{ "async_set_coroutine_wrapper", "use async_set_coroutine_origin_tracking_depth()" },
};

enum { NAMES = sizeof(names) / sizeof(*names) };

/* What the compiler says of the old code, which must compile. */
static void compile(struct program *compiler, const char *command)
{
	char path[] = "/tmp/old_code.XXXXXX.c";
	int fd = mkstemps(path, 2);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, old_code, strlen(old_code)), strlen(old_code));
	close(fd);
	program_start(compiler, "env LC_ALL=C %s -std=gnu11 -Iinclude -fsyntax-only %s", command,
		      path);
	program_wait(compiler);
	unlink(path);
}

static void assert_warnings(const char *command)
{
	struct program compiler = { 0 };
	const char *place;
	size_t i;

	compile(&compiler, command);
	assert_int_equal(compiler.status, 0);
	place = compiler.err;
	for (i = 0; i < NAMES; i++) {
		char *warning = NULL;

		assert_true(asprintf(&warning, "'%s' is deprecated: %s", names[i].name,
				     names[i].instead) > 0);
		place = strstr(place, warning);
		if (!place)
			fail_msg("no \"%s\" in:\n%s", warning, compiler.err);
		free(warning);
	}
	program_free(&compiler);
}

static void names__are_warned_of_by_gcc(void **state)
{
	(void)state;
	assert_warnings("gcc");
}

static void names__are_warned_of_by_clang(void **state)
{
	(void)state;
	assert_warnings("clang");
}

ASYNC(returns, int64_t, value)
{
	return value;
}

static void event_loop__is_kept_until_it_is_closed(void **state)
{
	struct async_loop *loop = async_get_event_loop();

	(void)state;
	assert_non_null(loop);
	assert_ptr_equal(async_get_event_loop(), loop);
	assert_int_equal(async_loop_run_until_complete(loop, returns(4)), 4);
	assert_ptr_equal(async_get_event_loop(), loop);
	async_loop_close(loop);
	loop = async_get_event_loop();
	assert_int_equal(async_loop_run_until_complete(loop, returns(5)), 5);
	async_loop_close(loop);
}

static void *get_another(void *arg)
{
	struct async_loop *loop = async_get_event_loop();

	*(bool *)arg = loop && loop == async_get_event_loop();
	async_loop_close(loop);
	return loop;
}

static void event_loop__is_the_threads_own(void **state)
{
	struct async_loop *loop = async_get_event_loop();
	pthread_t thread;
	void *other;
	bool same = false;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, get_another, &same), 0);
	pthread_join(thread, &other);
	assert_true(same);
	assert_ptr_not_equal(other, loop);
	async_loop_close(loop);
}

static struct {
	bool same_loop, same_task;
	size_t tasks;
} seen;

ASYNC(looks)
{
	seen.same_loop = async_get_event_loop() == async_get_running_loop();
	seen.same_task = async_task_current_task() == async_current_task();
	seen.tasks = async_task_all_tasks(NULL, NULL, 0);
	return async_await(async_ensure_future(returns(6)));
}

static void names__mean_their_replacements(void **state)
{
	(void)state;
	assert_int_equal(async_run(looks()), 6);
	assert_true(seen.same_loop);
	assert_true(seen.same_task);
	assert_int_equal(seen.tasks, 1);
	assert_null(async_task_current_task());
}

static void ensure_future__before_the_loop_runs(void **state)
{
	struct async_loop *loop = async_get_event_loop();
	struct async_task *task = async_ensure_future(returns(7));

	(void)state;
	assert_int_equal(async_task_all_tasks(NULL, NULL, 0), 1);
	assert_int_equal(async_loop_run_until_complete(loop, task), 7);
	async_loop_close(loop);
	assert_null(async_ensure_future(returns(7)));
}

ASYNC(waits)
{
	struct async_loop *loop = async_get_running_loop();
	struct async_task *tasks[] = { async_create_task(returns(1)),
				       async_create_task(returns(2)) };
	int64_t sum = async_sleep_loop(0, loop) + async_wait_loop(tasks, 2, loop);

	sum += 10 * async_wait_for_loop(tasks[0], 60, loop);
	async_task_detach(tasks[1]);
	return sum;
}

static void waits__ignore_the_loop(void **state)
{
	(void)state;
	assert_int_equal(async_run(waits()), 12);
}

static struct async_coroutine *wrapped;
static int wrappings;

ASYNC(wraps, struct async_coroutine *, inner)
{
	return 100 + async_await(inner);
}

static struct async_coroutine *wrap(struct async_coroutine *coroutine)
{
	wrappings++;
	wrapped = coroutine;
	return wraps(coroutine);
}

static struct async_coroutine *refuse(struct async_coroutine *coroutine)
{
	async_coroutine_close(coroutine);
	return NULL;
}

static void wrapper__gets_each_new_coroutine(void **state)
{
	struct async_coroutine *coroutine;

	(void)state;
	async_set_coroutine_wrapper(wrap);
	coroutine = returns(1);
	async_set_coroutine_wrapper(NULL);
	assert_int_equal(wrappings, 1);
	assert_string_equal(async_coroutine_name(wrapped), "returns");
	assert_string_equal(async_coroutine_name(coroutine), "wraps");
	assert_int_equal(async_run(coroutine), 101);
	assert_int_equal(async_run(returns(1)), 1);
}

static void wrapper__may_return_nothing(void **state)
{
	(void)state;
	async_set_coroutine_wrapper(refuse);
	assert_null(returns(1));
	assert_int_equal(async_run(returns(1)), -ENOMEM);
	async_set_coroutine_wrapper(NULL);
	assert_captured("%s", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CAPTURE_TEST(names__are_warned_of_by_gcc),
		CAPTURE_TEST(names__are_warned_of_by_clang),
		CAPTURE_TEST(event_loop__is_kept_until_it_is_closed),
		CAPTURE_TEST(event_loop__is_the_threads_own),
		CAPTURE_TEST(names__mean_their_replacements),
		CAPTURE_TEST(ensure_future__before_the_loop_runs),
		CAPTURE_TEST(waits__ignore_the_loop),
		CAPTURE_TEST(wrapper__gets_each_new_coroutine),
		CAPTURE_TEST(wrapper__may_return_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
