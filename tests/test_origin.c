/* SPDX-License-Identifier: BSD-2-Clause */
/* Where coroutines were created, and what code addresses mean. */
#include "capture.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

static int descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static int descriptors_at_first;

static int count_descriptors(void **state)
{
	(void)state;
	descriptors_at_first = descriptors();
	return 0;
}

static int reset(void **state)
{
	async_set_coroutine_origin_tracking_depth(0);
	return capture_teardown(state);
}

ASYNC(nothing)
{
	return 0;
}

static void depth__is_none_at_first(void **state)
{
	struct async_coroutine *coroutine = nothing();
	struct async_frame frame;

	(void)state;
	assert_int_equal(async_get_coroutine_origin_tracking_depth(), 0);
	assert_int_equal(async_coroutine_origin(coroutine, &frame, 1), 0);
	async_coroutine_close(coroutine);
}

static void depth__is_bounded(void **state)
{
	(void)state;
	assert_int_equal(async_set_coroutine_origin_tracking_depth(-1), -EINVAL);
	assert_int_equal(async_get_coroutine_origin_tracking_depth(), 0);
	assert_int_equal(async_set_coroutine_origin_tracking_depth(1000), 0);
	assert_int_equal(async_get_coroutine_origin_tracking_depth(), 32);
}

static void *read_depth(void *arg)
{
	*(int *)arg = async_get_coroutine_origin_tracking_depth();
	return NULL;
}

static void depth__belongs_to_the_thread(void **state)
{
	pthread_t thread;
	int depth = -1;

	(void)state;
	async_set_coroutine_origin_tracking_depth(3);
	assert_int_equal(pthread_create(&thread, NULL, read_depth, &depth), 0);
	pthread_join(thread, NULL);
	assert_int_equal(depth, 0);
}

static void name__is_the_functions(void **state)
{
	struct async_coroutine *coroutine = nothing();

	(void)state;
	assert_string_equal(async_coroutine_name(coroutine), "nothing");
	assert_null(async_coroutine_name(NULL));
	assert_int_equal(async_coroutine_origin(NULL, NULL, 0), 0);
	async_coroutine_close(coroutine);
}

static int inner_line;

static __attribute__((noinline)) struct async_coroutine *make(void)
{
	struct async_coroutine *coroutine;

	inner_line = __LINE__ + 1;
	coroutine = nothing();
	__asm__ volatile("" ::: "memory");
	return coroutine;
}

static void origin__has_the_innermost_frame_first(void **state)
{
	struct async_frame frames[2];
	struct async_coroutine *coroutine;
	int line;

	(void)state;
	async_set_coroutine_origin_tracking_depth(2);
	line = __LINE__ + 1;
	coroutine = make();
	assert_int_equal(async_coroutine_origin(coroutine, frames, 2), 2);
	assert_string_equal(frames[0].function, "make");
	assert_string_equal(frames[0].file, __FILE__);
	assert_int_equal(frames[0].line, inner_line);
	assert_string_equal(frames[1].function, __func__);
	assert_int_equal(frames[1].line, line);
	async_coroutine_close(coroutine);
}

static void origin__counts_more_than_there_is_room_for(void **state)
{
	struct async_frame frames[2] = { 0 };
	struct async_coroutine *coroutine;

	(void)state;
	async_set_coroutine_origin_tracking_depth(2);
	coroutine = make();
	assert_int_equal(async_coroutine_origin(coroutine, frames, 1), 2);
	assert_non_null(frames[0].function);
	assert_null(frames[1].function);
	assert_int_equal(async_coroutine_origin(coroutine, NULL, 0), 2);
	async_coroutine_close(coroutine);
}

static struct async_frame frames_within[8];
static size_t count_within;

ASYNC(inner)
{
	struct async_coroutine *coroutine = nothing();

	count_within = async_coroutine_origin(coroutine, frames_within, 8);
	return async_await(coroutine);
}

ASYNC(outer)
{
	return async_await(inner()) ? -EIO : 0;
}

/* The runtime, which has called the one for the other, is no part of it. */
static void origin__within_a_task_is_the_users(void **state)
{
	(void)state;
	async_set_coroutine_origin_tracking_depth(8);
	assert_int_equal(async_run(outer()), 0);
	assert_int_equal(count_within, 2);
	assert_string_equal(frames_within[0].function, "inner");
	assert_string_equal(frames_within[1].function, "outer");
}

static void origin__of_a_coroutine_that_is_reused(void **state)
{
	struct async_coroutine *coroutine;

	(void)state;
	async_set_coroutine_origin_tracking_depth(2);
	async_coroutine_close(nothing());
	async_set_coroutine_origin_tracking_depth(0);
	coroutine = nothing();
	assert_int_equal(async_coroutine_origin(coroutine, NULL, 0), 0);
	async_coroutine_close(coroutine);
}

enum { CALLBACK = __LINE__ + 1 };
static void callback(void *arg)
{
	(void)arg;
}

static void frame__of_a_function(void **state)
{
	struct async_frame frame = async_frame_of((uintptr_t)callback);

	(void)state;
	assert_ptr_equal(frame.address, callback);
	assert_string_equal(frame.function, "callback");
	assert_string_equal(frame.file, __FILE__);
	assert_int_equal(frame.line, CALLBACK);
}

static inline __attribute__((always_inline)) struct async_coroutine *make_inline(void)
{
	return nothing();
}

/* What was inlined is where it was called. */
static void frame__of_an_inlined_function(void **state)
{
	struct async_frame frame;
	struct async_coroutine *coroutine;
	int line;

	(void)state;
	async_set_coroutine_origin_tracking_depth(1);
	line = __LINE__ + 1;
	coroutine = make_inline();
	assert_int_equal(async_coroutine_origin(coroutine, &frame, 1), 1);
	assert_string_equal(frame.function, __func__);
	assert_int_equal(frame.line, line);
	async_coroutine_close(coroutine);
}

static void frame__is_found_once(void **state)
{
	struct async_frame a = async_frame_of((uintptr_t)callback);
	struct async_frame b = async_frame_of((uintptr_t)callback);

	(void)state;
	assert_ptr_equal(a.function, b.function);
	assert_ptr_equal(a.file, b.file);
}

static void frame__holds_no_descriptor(void **state)
{
	(void)state;
	assert_non_null(async_frame_of((uintptr_t)callback).file);
	assert_int_equal(descriptors(), descriptors_at_first);
}

static void frame__of_nothing(void **state)
{
	static int data;
	struct async_frame frame = async_frame_of(0);

	(void)state;
	assert_null(frame.function);
	assert_null(frame.file);
	frame = async_frame_of(4711);
	assert_int_equal(frame.address, 4711);
	assert_null(frame.function);
	frame = async_frame_of((uintptr_t)&data);
	assert_null(frame.file);
}

static void frame__of_a_library(void **state)
{
	struct async_frame frame = async_frame_of((uintptr_t)dlsym(RTLD_DEFAULT, "qsort"));

	(void)state;
	assert_non_null(frame.function);
}

static void *look_up(void *arg)
{
	uintptr_t address;

	for (address = (uintptr_t)callback; address < (uintptr_t)callback + 8; address++)
		async_frame_of(address);
	return arg;
}

static void frames__are_found_by_many_threads(void **state)
{
	pthread_t threads[4];
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_up, NULL), 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_string_equal(async_frame_of((uintptr_t)callback).function, "callback");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, capture_setup, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(depth__is_none_at_first),
		TEST(depth__is_bounded),
		TEST(depth__belongs_to_the_thread),
		TEST(name__is_the_functions),
		TEST(origin__has_the_innermost_frame_first),
		TEST(origin__counts_more_than_there_is_room_for),
		TEST(origin__within_a_task_is_the_users),
		TEST(origin__of_a_coroutine_that_is_reused),
		TEST(frame__of_a_function),
		TEST(frame__of_an_inlined_function),
		TEST(frame__is_found_once),
		TEST(frame__holds_no_descriptor),
		TEST(frame__of_nothing),
		TEST(frame__of_a_library),
		TEST(frames__are_found_by_many_threads),
	};

	return cmocka_run_group_tests(tests, count_descriptors, NULL);
}
