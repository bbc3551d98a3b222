/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coroutines: functions that can wait.
 *
 *	ASYNC(delay, int, seconds)
 *	{
 *		int64_t err = async_sleep(seconds);
 *
 *		return err < 0 ? err : seconds;
 *	}
 *
 * defines delay(int seconds), which runs nothing and returns a coroutine object, as calling an
 * `async def` function does. To run, the object is awaited, made a task, or given to async_run().
 *
 * A body returns an int64_t: 0 or more is its result, negative is -errno, the C form of an
 * exception; -ECANCELED is CancelledError. A body that is cancelled gets -ECANCELED from the await
 * that it is in, and returns it, or swallows the cancellation by going on.
 *
 * Memory: async_await(), async_create_task() and the like consume the object, even when they fail.
 * They take a null pointer, which a function returned that had no memory, and answer -ENOMEM: it is
 * enough to look at the result of the await.
 *
 * Threads: an object that is made while a loop runs belongs to the thread of that loop, until
 * async_run_coroutine_threadsafe() takes it to another one; any other object is used by one thread
 * at a time.
 *
 * C++ may call all of it, but coroutine functions are defined in C. The macros with _Generic are
 * for C; callbacks must not throw.
 */
#ifndef ASYNC_COROUTINE_H
#define ASYNC_COROUTINE_H

#include <async/parameters.h>
#include <errno.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct async_coroutine;

/*
 * What ASYNC() keeps of a coroutine function: Python's code object. Tracers see its address of
 * `body`.
 */
struct async_function {
	const char *name;
	const char *file;
	uint32_t line;
	uint32_t index;	    /* the runtime's own: 0 until it is first traced */
	uint8_t types[8];   /* of the parameters: enum at_argument */
	void (*body)(void); /* what stands behind ASYNC() */
	int64_t (*call)(const uint64_t *arguments);
};

/*
 * Defines a coroutine function with up to six parameters, given as type, name, type, name, …;
 * integers, pointers, `const char *`, float and double, without qualifiers of their own; no arrays;
 * typedef function pointers. `static ASYNC(…)` makes it local to the file, as with any function;
 * ASYNC_DECLARE(…) in a header announces it to others.
 *
 * A `const char *` argument must stay valid until the coroutine ends, and is printed as a string by
 * whoever traces it.
 */
#ifndef __cplusplus
#define ASYNC(...) ASYNC_DEFINE_(__VA_ARGS__)
#endif
#define ASYNC_DECLARE(...) ASYNC_DECLARE_(__VA_ARGS__)

/*
 * The object that ASYNC() functions return: `function` with a copy of its six `arguments`, created
 * at the return address `place` (0 if that is not known). Null without memory. The caller owns it.
 */
struct async_coroutine *async_coroutine_new(struct async_function *function,
					    const uint64_t arguments[6], uintptr_t place);

/*
 * Frees a coroutine that shall never run. Takes null. One that is neither closed nor run is freed
 * with the loop that ran when it was made, or at the end of the process, and logged: "coroutine
 * 'fetch' was never awaited".
 */
void async_coroutine_close(struct async_coroutine *coroutine);

/*
 * Runs a coroutine within the calling task, as a plain call on its stack, and returns what it
 * returns. Consumes it. -EPERM outside of a task; -EOVERFLOW (Python: RecursionError) if less than
 * 12 KiB of the stack are left. Written async_await(coroutine).
 */
int64_t async_await_coroutine(struct async_coroutine *coroutine);

/*
 * Has `function(arg)` called when the coroutine at hand ends, whatever the reason: it returns, is
 * cancelled, or is destroyed with its loop. What was deferred last is called first. It may await,
 * except in the last case, where awaits fail with -EPERM. It is called after the body has returned:
 * `arg` must not point to the coroutine's own variables or parameters. 0; -ENOMEM, -EINVAL for no
 * function or, outside of a coroutine, -EPERM, and then it will not be called.
 */
int async_defer(void (*function)(void *arg), void *arg);

/*
 * Leaves a message with an error, a negative errno: `return async_fail(-EINVAL, "no such user: %s",
 * name);`. Returns `error`; a positive one is taken for its negative. Who awaits finds the message
 * with async_error_message(). Outside of a task, or a job of an executor, it is lost.
 */
int64_t async_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The message that came with `error`, the failure that the calling task has met last, or null if
 * that came without. Valid until the next await; after one that has succeeded, ask again.
 */
const char *async_error_message(int64_t error);

#ifdef __cplusplus
}
#endif

#endif
