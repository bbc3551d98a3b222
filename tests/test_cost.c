/* SPDX-License-Identifier: BSD-2-Clause */
#include "scene.h"
#include <errno.h>
#include <math.h>
#include <tracer/cost.h>

static uint64_t hits, records;

static void tell_work(const struct source *source, uint64_t *hits_ret, uint64_t *records_ret)
{
	(void)source;
	*hits_ret = hits;
	*records_ret = records;
}

static void cost__is_of_records_hits_and_counts(void **state)
{
	const struct cost cost = { .record_ns = 2.5, .hit_ns = 1000, .counted_ns = 0.5 };
	const struct source source = { .work = tell_work }, file = { .work = NULL };

	(void)state;
	hits = records = 0;
	assert_int_equal(cost_of(&cost, &source, 0), 0);
	hits = 3;
	records = 100;
	assert_int_equal(cost_of(&cost, &source, 0), 3250);
	assert_int_equal(cost_of(&cost, &source, 4000), 5250);
	hits = 0;
	records = 1ULL << 40;
	assert_int_equal(cost_of(&cost, &source, 0), (1ULL << 40) / 2 * 5);
	assert_int_equal(cost_of(&cost, &file, 0), 0);
}

static void cost__of_a_process_that_is_not(void **state)
{
	(void)state;
	assert_int_equal(cost_target_cpu_ns(4194305), 0);
	assert_true(cost_target_cpu_ns(getpid()) > 0);
}

static void assert_measured(const struct options *options, bool hits_cost)
{
	struct cost cost = { NAN, NAN, NAN };
	const char *why;

	assert_int_equal(cost_calibrate(&cost, options, &why), 0);
	assert_true(isfinite(cost.record_ns) && cost.record_ns > 0);
	assert_true(isfinite(cost.hit_ns) && (hits_cost ? cost.hit_ns > 0 : cost.hit_ns == 0));
	assert_true(options->budget > 0 ? cost.counted_ns > 0 : cost.counted_ns == 0);
	assert_true(isfinite(cost.counted_ns));
}

static void calibration__by_each_way(void **state)
{
	struct options options = { .buffer = 1 << 20, .source = OPTIONS_SOURCE_RING };

	(void)state;
	assert_measured(&options, false);
	NEED_BPF();
	options.source = OPTIONS_SOURCE_BPF;
	assert_measured(&options, true);
	options.direct = true;
	assert_measured(&options, false);
	/* What was left behind by one is not in the way of another. */
	options.direct = false;
	options.source = OPTIONS_SOURCE_RING;
	assert_measured(&options, false);
	assert_null(getenv("ASYNCTRACE_RING"));
}

static void calibration__of_what_is_only_counted(void **state)
{
	struct options options = { .buffer = 64 << 10, .source = OPTIONS_SOURCE_RING };
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		options.budget = 0.01;
		assert_measured(&options, false);
		/* Nor does that last. */
		options.budget = 0;
		assert_measured(&options, false);
	}
	NEED_BPF();
	options.source = OPTIONS_SOURCE_BPF;
	for (i = 0; i < 2; i++) {
		options.budget = 0.01;
		assert_measured(&options, true);
		options.budget = 0;
		assert_measured(&options, true);
	}
	options.source = OPTIONS_SOURCE_RING;
	assert_measured(&options, false);
}

static void calibration__by_the_smallest_buffer(void **state)
{
	struct options options = { .buffer = 64 << 10, .source = OPTIONS_SOURCE_RING };

	(void)state;
	assert_measured(&options, false);
	NEED_BPF();
	options.source = OPTIONS_SOURCE_BPF;
	assert_measured(&options, true);
	options.direct = true;
	assert_measured(&options, false);
}

/* One block holds less than a round has. */
static void calibration__that_loses_some_fails(void **state)
{
	const struct options options = { .buffer = 16 << 10, .source = OPTIONS_SOURCE_RING };
	struct cost cost = { 1, 2, 3 };
	const char *why = NULL;

	(void)state;
	assert_int_equal(cost_calibrate(&cost, &options, &why), -EIO);
	assert_string_equal(why, "some of the records that are written to try it do not come");
	assert_true(cost.record_ns == 1 && cost.hit_ns == 2 && cost.counted_ns == 3);
}

static void calibration__that_fails_says_why(void **state)
{
	const struct options options = { .buffer = 1000, .source = OPTIONS_SOURCE_BPF };
	struct cost cost = { 1, 2, 3 };
	const char *why = NULL;

	(void)state;
	assert_true(cost_calibrate(&cost, &options, &why) < 0);
	assert_non_null(why);
	assert_true(cost.record_ns == 1 && cost.hit_ns == 2);
}

static void run__ends_with_its_cost(void **state)
{
	struct scene *scene = *state;
	struct program *tracer = &scene->tracer;

	program_start(tracer,
		      "build/asynctrace summary --source ring -- build/examples/hello_world");
	program_wait(tracer);
	assert_int_equal(tracer->status, 0);
	assert_non_null(tracer->cost);
	assert_non_null(strstr(tracer->cost, " of CPU time: "));
	assert_non_null(strstr(tracer->cost, "; asynctrace itself took "));
	assert_null(strstr(tracer->cost, "hand-over"));
	program_start(&scene->other,
		      "build/asynctrace record -o %s/x.rec -- "
		      "build/examples/hello_world",
		      scene->folder);
	program_wait(&scene->other);
	assert_non_null(scene->other.cost);
	assert_int_equal(!strstr(scene->other.cost, " hand-over"), !has_bpf());
	program_free(tracer);
	program_start(tracer, "build/asynctrace summary -i %s/x.rec", scene->folder);
	program_wait(tracer);
	assert_null(tracer->cost);
	assert_string_equal(tracer->err, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cost__is_of_records_hits_and_counts),
		cmocka_unit_test(cost__of_a_process_that_is_not),
		cmocka_unit_test(calibration__by_each_way),
		cmocka_unit_test(calibration__of_what_is_only_counted),
		cmocka_unit_test(calibration__by_the_smallest_buffer),
		cmocka_unit_test(calibration__that_loses_some_fails),
		cmocka_unit_test(calibration__that_fails_says_why),
		SCENE_TEST(run__ends_with_its_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
