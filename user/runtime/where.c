/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a task is: the line of its outermost coroutine that has not returned. The frame pointers of
 * the runtime lead to its first caller at least; those of programs compiled with them, further.
 */
#include "runtime.h"
#include <string.h>

/* The frame record that the walk begins with; null if the stack is in use elsewhere. */
static const uintptr_t *first_record(const struct async_task *task)
{
	const uintptr_t *sp = task->sp;

	if (task == current_task())
		return __builtin_frame_address(0);
	if (!task->innermost || task->future.loop->current == task)
		return NULL;
#if defined(__x86_64__)
	return (const uintptr_t *)sp[1];
#elif defined(__aarch64__)
	return (const uintptr_t *)sp[0];
#endif
}

/* Code that keeps no frame pointers leaves anything in their place: only the stack is read. */
__attribute__((no_sanitize_address)) struct async_frame
async__task_frame(const struct async_task *task)
{
	const char *name = task->coroutine->function->name;
	const uintptr_t *record = first_record(task), *top = task->stack;
	const uintptr_t *low = task == current_task() ? record : task->sp;

	while (record >= low && record + 2 <= top && (uintptr_t)record % sizeof(*record) == 0) {
		struct async_frame frame = async_frame_of(record[1] - 1);

		if (frame.function && !strcmp(frame.function, name))
			return frame;
		low = record + 2;
		record = (const uintptr_t *)record[0];
	}
	return (struct async_frame){ 0 };
}
