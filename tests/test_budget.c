/* SPDX-License-Identifier: BSD-2-Clause */
/* When less is wanted of a target, with figures that the tests make up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <tracer/budget.h>

#define WINDOW BUDGET_WINDOW_NS
#define BEGIN  1000000000000ULL

/* A target that takes a CPU of its own, and a tracer of a part of it. */
struct scene {
	struct budget budget;
	uint64_t now_ns, cost_ns, target_ns;
};

static struct scene begin(double limit)
{
	struct scene scene = { .now_ns = BEGIN, .cost_ns = 7000, .target_ns = 90000 };

	budget_begin(&scene.budget, limit, scene.now_ns, scene.cost_ns, scene.target_ns);
	return scene;
}

static bool after(struct scene *scene, uint64_t ns, uint64_t cost_ns, uint64_t target_ns)
{
	scene->now_ns += ns;
	scene->cost_ns += cost_ns;
	scene->target_ns += target_ns;
	return budget_look(&scene->budget, scene->now_ns, scene->cost_ns, scene->target_ns);
}

static void within_the_limit__nothing_happens(void **state)
{
	struct scene scene = begin(0.01);
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_false(after(&scene, WINDOW, WINDOW / 100, WINDOW));
	assert_int_equal(scene.budget.detail, AT_DETAIL_ALL);
}

static void first_window__is_awaited(void **state)
{
	struct scene scene = begin(0.01);

	(void)state;
	assert_false(after(&scene, WINDOW / 2, WINDOW / 4, WINDOW / 2));
	assert_false(after(&scene, WINDOW / 2 - 1, WINDOW / 4, WINDOW / 2));
	assert_true(after(&scene, 1, 0, 0));
	assert_int_equal(scene.budget.detail, AT_DETAIL_NO_COROUTINES);
	assert_true(scene.budget.spent > 0.499 && scene.budget.spent < 0.501);
}

static void burst__counts_in_its_window_only(void **state)
{
	struct scene scene = begin(0.01);

	(void)state;
	assert_false(after(&scene, WINDOW, 0, WINDOW));
	assert_true(after(&scene, WINDOW, WINDOW / 50, WINDOW));
}

static void steps__come_one_by_one_and_each_is_awaited(void **state)
{
	struct scene scene = begin(0.01);
	int detail;

	(void)state;
	for (detail = AT_DETAIL_NO_COROUTINES; detail <= AT_DETAIL_COUNTS; detail++) {
		assert_true(after(&scene, WINDOW, WINDOW / 10, WINDOW));
		assert_int_equal(scene.budget.detail, detail);
		/* What comes in this one may have been written before. */
		assert_false(after(&scene, WINDOW / 2, WINDOW / 10, WINDOW / 2));
		assert_false(after(&scene, WINDOW / 2, WINDOW / 10, WINDOW / 2));
	}
	assert_false(scene.budget.given_up);
}

static struct scene begin_at_the_end(double limit)
{
	struct scene scene = begin(limit);
	int detail;

	for (detail = AT_DETAIL_NO_COROUTINES; detail <= AT_DETAIL_COUNTS; detail++) {
		assert_true(after(&scene, WINDOW, WINDOW / 10, WINDOW));
		assert_false(after(&scene, WINDOW, WINDOW / 10, WINDOW));
	}
	return scene;
}

static void after_the_last_step__it_gives_up_once(void **state)
{
	struct scene scene = begin_at_the_end(0.01);
	int i;

	(void)state;
	assert_false(scene.budget.given_up);
	assert_false(after(&scene, WINDOW / 2, WINDOW / 40, WINDOW / 2));
	assert_true(after(&scene, WINDOW / 2, WINDOW / 40, WINDOW / 2));
	assert_true(scene.budget.given_up);
	assert_int_equal(scene.budget.detail, AT_DETAIL_COUNTS);
	assert_true(scene.budget.spent > 0.0499 && scene.budget.spent < 0.0501);
	for (i = 0; i < 10; i++)
		assert_false(after(&scene, WINDOW, WINDOW / 10, WINDOW));
}

static void last_step_that_helps__is_enough(void **state)
{
	struct scene scene = begin_at_the_end(0.01);
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_false(after(&scene, WINDOW, WINDOW / 200, WINDOW));
	assert_false(scene.budget.given_up);
}

static void what_helped__is_kept(void **state)
{
	struct scene scene = begin(0.01);
	int i;

	(void)state;
	assert_true(after(&scene, WINDOW, WINDOW / 10, WINDOW));
	for (i = 0; i < 10; i++)
		assert_false(after(&scene, WINDOW, WINDOW / 1000, WINDOW));
	assert_int_equal(scene.budget.detail, AT_DETAIL_NO_COROUTINES);
	assert_true(after(&scene, WINDOW, WINDOW / 10, WINDOW));
	assert_int_equal(scene.budget.detail, AT_DETAIL_NO_SWITCHES);
}

static void idle_target__is_left_alone(void **state)
{
	struct scene scene = begin(0.01);
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_false(after(&scene, WINDOW, BUDGET_LEAST_NS - 1, 2 * BUDGET_LEAST_NS));
	assert_true(after(&scene, WINDOW, BUDGET_LEAST_NS, 2 * BUDGET_LEAST_NS));
}

static void unknown_time__takes_no_step(void **state)
{
	struct scene scene = begin(0.01);

	(void)state;
	/* It has gone. */
	scene.target_ns = 0;
	assert_false(after(&scene, WINDOW, WINDOW / 2, 0));
	assert_int_equal(scene.budget.detail, AT_DETAIL_ALL);
	assert_false(after(&scene, WINDOW, WINDOW / 2, 0));
}

static void late_look__judges_by_what_was_taken(void **state)
{
	struct scene scene = begin(0.01);

	(void)state;
	assert_false(after(&scene, 20 * WINDOW, WINDOW / 10, 20 * WINDOW));
	assert_true(after(&scene, 20 * WINDOW, WINDOW, 20 * WINDOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_the_limit__nothing_happens),
		cmocka_unit_test(first_window__is_awaited),
		cmocka_unit_test(burst__counts_in_its_window_only),
		cmocka_unit_test(steps__come_one_by_one_and_each_is_awaited),
		cmocka_unit_test(after_the_last_step__it_gives_up_once),
		cmocka_unit_test(last_step_that_helps__is_enough),
		cmocka_unit_test(what_helped__is_kept),
		cmocka_unit_test(idle_target__is_left_alone),
		cmocka_unit_test(unknown_time__takes_no_step),
		cmocka_unit_test(late_look__judges_by_what_was_taken),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
