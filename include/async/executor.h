/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executors: functions that block run on other threads, or in other processes, while the loop goes
 * on.
 *
 * Threads: an executor is made, used and shut down by any thread; async_run_in_executor() and
 * async_run_in_process() belong to the thread of the loop.
 */
#ifndef ASYNC_EXECUTOR_H
#define ASYNC_EXECUTOR_H

#include <async/future.h>

#ifdef __cplusplus
extern "C" {
#endif

struct async_executor;

/* Runs on a thread of the pool. Returns a result of 0 or more, or -errno: see async_fail(). */
typedef int64_t async_job(void *arg);

/*
 * Up to `max_workers` threads, started as they are needed; 0 is Python's default, the number of
 * processors and four, at most 32. They are named `name` (null: "ThreadPoolExecutor-0", with the
 * number of the pool) and "_0" and so on: see async_thread_name(). The kernel has 15 bytes for
 * that, so that it calls them "ThreadPoolExe_0". Signals are blocked in them. Null without memory.
 */
struct async_executor *async_thread_pool_executor_new(unsigned int max_workers, const char *name);

/*
 * Has `function` called with `arg` on a thread of the executor; a null executor is the loop's own.
 * Returns a future, the caller's, with what `function` returns. Cancelling it before a thread has
 * taken the job takes the job back; later, the job runs to its end, and nobody hears of it. Null
 * without memory or running loop, or if the executor has processes; on the loop's own executor,
 * also after async_loop_shutdown_default_executor(). An executor given to async_executor_shutdown()
 * must not be used again.
 */
struct async_future *async_run_in_executor(struct async_executor *executor, async_job *function,
					   void *arg) ASYNC_RESULT_MATTERS_;

/* async_run_in_executor() on the loop's own executor, awaited. */
int64_t async_to_thread(async_job *function, void *arg);

/*
 * Runs in a worker process: reads `size` bytes at `in` and writes up to `capacity` bytes to `out`.
 * Returns how many it wrote, or -errno.
 */
typedef int64_t async_process_job(const void *in, size_t size, void *out, size_t capacity);

/*
 * Up to `max_workers` processes, forked from this one as they are needed; 0 is as many as there are
 * processors. A worker is a copy of the process with one thread: create the pool, and give it work,
 * before other threads hold locks that the jobs need. Descriptors that are close-on-exec are closed
 * in a worker; others stay open. It has no signal handlers; it ends with the process; and after
 * each job it flushes standard output. For each worker a thread of this process waits. Null without
 * memory.
 */
struct async_executor *async_process_pool_executor_new(unsigned int max_workers);

/*
 * Has `function` called in a worker with a copy of `size` bytes at `in`. The future's result is the
 * number of bytes that it has put at `out`, which has room for `capacity` and must live until then;
 * -EMSGSIZE if `function` claims more. A worker that dies fails its job with -ECHILD and a message
 * that says how it died, and is replaced. Cancelling as above. Null without memory or running loop,
 * or if the executor has threads.
 */
struct async_future *async_run_in_process(struct async_executor *executor,
					  async_process_job *function, const void *in, size_t size,
					  void *out, size_t capacity) ASYNC_RESULT_MATTERS_;

/*
 * Takes no more jobs and, with `wait`, blocks the thread until all that were given are done.
 * Otherwise jobs that no worker has begun are cancelled. Then the executor is freed, when the last
 * job has ended. Takes null. -EDEADLK, and nothing happens, if a thread of the pool itself calls
 * it.
 */
int async_executor_shutdown(struct async_executor *executor, bool wait);

/*
 * Waits, as a task, until the jobs on the own executor of the loop (the running one if null) are
 * done and its threads have ended. async_run() does so. 0, -ECANCELED, -EPERM outside of a task.
 */
int64_t async_loop_shutdown_default_executor(struct async_loop *loop);

#ifdef __cplusplus
}
#endif

#endif
