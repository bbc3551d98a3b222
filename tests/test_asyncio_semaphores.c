/* SPDX-License-Identifier: BSD-2-Clause */
/* Semaphores: how many may pass, and in which order. The cases are those of test_locks.py. */
#include "iterations.h"

static struct async_semaphore *semaphore;

static int setup(void **state)
{
	semaphore = async_semaphore_new(1);
	return semaphore ? setup_loop(state) : -1;
}

static int teardown(void **state)
{
	int ret = teardown_loop(state);

	async_semaphore_free(semaphore);
	return ret;
}

static void use(struct async_semaphore *other)
{
	async_semaphore_free(semaphore);
	semaphore = other;
}

ASYNC(takes, const char *, name)
{
	return note(name, async_semaphore_acquire(semaphore));
}

static void semaphore__counts_down(void **state)
{
	(void)state;
	use(async_semaphore_new(3));
	assert_false(async_semaphore_locked(semaphore));
	start(takes("a"));
	start(takes("b"));
	iterate();
	assert_false(async_semaphore_locked(semaphore));
	start(takes("c"));
	start(takes("d"));
	start(takes("e"));
	iterate();
	assert_journal("a b c");
	assert_true(async_semaphore_locked(semaphore));
	async_semaphore_release(semaphore);
	iterate();
	assert_journal("d");
	async_semaphore_release(semaphore);
	async_semaphore_release(semaphore);
	settle();
	assert_journal("e");
	assert_false(async_semaphore_locked(semaphore));
}

static void semaphore__of_none_waits(void **state)
{
	(void)state;
	use(async_semaphore_new(0));
	assert_true(async_semaphore_locked(semaphore));
	start(takes("a"));
	iterate();
	assert_journal("");
	assert_int_equal(async_semaphore_release(semaphore), 0);
	iterate();
	assert_journal("a");
}

ASYNC(takes_nothing, int64_t *, result)
{
	*result = async_semaphore_acquire(NULL);
	return 0;
}

static void semaphore__of_no_memory(void **state)
{
	int64_t result = 0;

	(void)state;
	start(takes_nothing(&result));
	iterate();
	assert_int_equal(result, -ENOMEM);
	assert_int_equal(async_semaphore_release(NULL), -ENOMEM);
	assert_false(async_semaphore_locked(NULL));
	async_semaphore_free(NULL);
}

static void acquire__outside_of_a_task_is_refused(void **state)
{
	(void)state;
	assert_int_equal(async_semaphore_acquire(semaphore), -EPERM);
	assert_false(async_semaphore_locked(semaphore));
}

static void release__may_go_beyond_the_beginning(void **state)
{
	(void)state;
	async_semaphore_release(semaphore);
	async_semaphore_release(semaphore);
	start(takes("a"));
	start(takes("b"));
	start(takes("c"));
	start(takes("d"));
	iterate();
	assert_journal("a b c");
}

static char message[64];

ASYNC(releases_too_often)
{
	int64_t err = note("release", async_semaphore_release(semaphore));

	strcpy(message, async_error_message(err));
	return err;
}

static void release__of_a_bounded_one_may_not(void **state)
{
	(void)state;
	use(async_bounded_semaphore_new(1));
	start(releases_too_often());
	iterate();
	assert_journal("release!EOVERFLOW");
	assert_string_equal(message, "BoundedSemaphore released too many times");
	start(takes("a"));
	iterate();
	assert_int_equal(async_semaphore_release(semaphore), 0);
	assert_int_equal(async_semaphore_release(semaphore), -EOVERFLOW);
	use(async_bounded_semaphore_new(0));
	assert_int_equal(async_semaphore_release(semaphore), -EOVERFLOW);
}

static void acquire__does_not_overtake_who_was_woken(void **state)
{
	(void)state;
	start(takes("a"));
	start(takes("b"));
	iterate();
	start(takes("c"));
	async_semaphore_release(semaphore);
	assert_true(async_semaphore_locked(semaphore));
	settle();
	assert_journal("a b");
	async_semaphore_release(semaphore);
	settle();
	assert_journal("c");
}

/* Permits are free, but those who were woken for some have not run yet. */
static void acquire__waits_its_turn_even_if_permits_are_left(void **state)
{
	(void)state;
	use(async_semaphore_new(0));
	start(takes("a"));
	iterate();
	start(takes("b"));
	start(takes("c"));
	async_semaphore_release(semaphore);
	async_semaphore_release(semaphore);
	assert_true(async_semaphore_locked(semaphore));
	settle();
	assert_journal("a b");
	async_semaphore_release(semaphore);
	settle();
	assert_journal("c");
}

static void release__of_many_wakes_as_many(void **state)
{
	int i;

	(void)state;
	use(async_semaphore_new(0));
	start(takes("a"));
	start(takes("b"));
	start(takes("c"));
	start(takes("d"));
	iterate();
	for (i = 0; i < 3; i++)
		async_semaphore_release(semaphore);
	iterate();
	assert_journal("a b c");
	async_semaphore_release(semaphore);
	iterate();
	assert_journal("d");
	assert_true(async_semaphore_locked(semaphore));
}

static void cancel__while_waiting_for_a_permit(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	start(takes("c"));
	iterate();
	async_task_cancel(task);
	iterate();
	assert_journal("a b!ECANCELED");
	async_semaphore_release(semaphore);
	iterate();
	assert_journal("c");
}

static void cancel__of_who_was_woken_wakes_the_next(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	start(takes("c"));
	iterate();
	async_semaphore_release(semaphore);
	async_task_cancel(task);
	settle();
	assert_journal("a b!ECANCELED c");
	assert_true(async_semaphore_locked(semaphore));
}

static void cancel__of_who_was_woken_gives_the_permit_back(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	iterate();
	async_semaphore_release(semaphore);
	async_task_cancel(task);
	settle();
	assert_journal("a b!ECANCELED");
	assert_false(async_semaphore_locked(semaphore));
	start(takes("c"));
	start(takes("d"));
	settle();
	assert_journal("c");
}

static void cancel__of_all_who_wait(void **state)
{
	struct async_task *tasks[3];
	int i;

	(void)state;
	start(takes("a"));
	for (i = 0; i < 3; i++)
		tasks[i] = start(takes("b"));
	iterate();
	for (i = 0; i < 3; i++)
		async_task_cancel(tasks[i]);
	async_semaphore_release(semaphore);
	assert_false(async_semaphore_locked(semaphore));
	settle();
	assert_journal("a b!ECANCELED b!ECANCELED b!ECANCELED");
	start(takes("c"));
	iterate();
	assert_journal("c");
}

static void cancel__before_the_release(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	iterate();
	start(takes("c"));
	async_task_cancel(task);
	async_semaphore_release(semaphore);
	settle();
	assert_journal("a c b!ECANCELED");
	assert_true(async_semaphore_locked(semaphore));
}

static struct {
	size_t inside, most, total;
} section;

ASYNC(works_until_cancelled, unsigned int, seed)
{
	int64_t err = 0;

	while (!err) {
		err = async_semaphore_acquire(semaphore);
		if (err)
			break;
		section.inside++;
		if (section.inside > section.most)
			section.most = section.inside;
		if (rand_r(&seed) % 2)
			err = async_sleep(0);
		section.inside--;
		section.total++;
		async_semaphore_release(semaphore);
		if (!err && rand_r(&seed) % 2)
			err = async_sleep(0);
	}
	return err;
}

/* However it comes, no permit is forged and none is lost. */
static void cancel__at_random(void **state)
{
	unsigned int seed = 1;
	int i;

	(void)state;
	memset(&section, 0, sizeof(section));
	use(async_bounded_semaphore_new(3));
	for (i = 0; i < 40; i++)
		start(works_until_cancelled(i));
	for (i = 0; i < 400; i++) {
		async_task_cancel(started.tasks[rand_r(&seed) % 40]);
		if (i % 3)
			iterate();
	}
	for (i = 0; i < 40; i++)
		async_task_cancel(started.tasks[i]);
	for (i = 0; i < 10; i++)
		settle();
	assert_true(section.total > 40);
	assert_int_equal(section.most, 3);
	for (i = 0; i < 4; i++)
		start(takes("a"));
	iterate();
	assert_journal("a a a");
}

static void acquire__in_another_loop_is_refused_if_it_waits(void **state)
{
	struct async_loop *first = loop;

	(void)state;
	start(takes("a"));
	start(takes("b"));
	iterate();
	assert_int_equal(async_loop_new(&loop), 0);
	start(takes("c"));
	iterate();
	assert_journal("a c!EXDEV");
	assert_int_equal(async_loop_close(first), 0);
	async_semaphore_release(semaphore);
	start(takes("d"));
	iterate();
	assert_journal("d");
}

static void release_semaphore(void *arg)
{
	note("released", async_semaphore_release(arg));
}

ASYNC(takes_and_defers)
{
	note("holder", async_semaphore_acquire(semaphore));
	async_defer(release_semaphore, semaphore);
	return async_sleep(3600);
}

static void close__releases_in_a_deferred_function(void **state)
{
	(void)state;
	start(takes_and_defers());
	start(takes("a"));
	start(takes("b"));
	iterate();
	close_loop();
	assert_journal("holder released");
	async_semaphore_release(semaphore);
}

static void free_semaphore(void *arg)
{
	async_semaphore_free(arg);
	semaphore = NULL;
}

ASYNC(owns)
{
	async_defer(free_semaphore, semaphore);
	return async_sleep(3600);
}

static void close__frees_in_a_deferred_function(void **state)
{
	(void)state;
	start(owns());
	start(takes("a"));
	start(takes("b"));
	start(takes("c"));
	iterate();
	async_semaphore_release(semaphore);
	close_loop();
	assert_null(semaphore);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(semaphore__counts_down),
		test(semaphore__of_none_waits),
		test(semaphore__of_no_memory),
		test(acquire__outside_of_a_task_is_refused),
		test(release__may_go_beyond_the_beginning),
		test(release__of_a_bounded_one_may_not),
		test(acquire__does_not_overtake_who_was_woken),
		test(acquire__waits_its_turn_even_if_permits_are_left),
		test(release__of_many_wakes_as_many),
		test(cancel__while_waiting_for_a_permit),
		test(cancel__of_who_was_woken_wakes_the_next),
		test(cancel__of_who_was_woken_gives_the_permit_back),
		test(cancel__of_all_who_wait),
		test(cancel__before_the_release),
		test(cancel__at_random),
		test(acquire__in_another_loop_is_refused_if_it_waits),
		test(close__releases_in_a_deferred_function),
		test(close__frees_in_a_deferred_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
