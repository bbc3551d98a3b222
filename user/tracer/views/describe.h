/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What things are called in text for people. All of it is safe to print: a name that a target chose
 * is escaped. Each function fills the caller's buffer of at least 8 bytes, cuts what has no room,
 * and returns it, so that it can stand among the arguments of printf().
 */
#ifndef TRACER_DESCRIBE_H
#define TRACER_DESCRIBE_H

#include "../model.h"

/* Room for whatever is described, unless it consists of escapes. */
#define DESCRIBE_SIZE 384

/*
 * Of an id: "Task-7 (fetch)", "callback on_timer", "sleep", "read of fd 5", "lock 3", "signal 2
 * (SIGINT)"; "?" of 0.
 */
const char *describe_id(char *buffer, size_t size, const struct model *model, uint32_t process,
			uint64_t id);

/* Of an id, the bare word: "task", "callback", "sleep", "read", "lock"; "?" of 0. */
const char *describe_kind(uint64_t id);

/* Of a task that need not be alive in the model: "Task-7 (fetch)". */
const char *describe_task(char *buffer, size_t size, const struct model_task *task);

/*
 * Of a code address, the return address of a call: "FILE:LINE", "FUNCTION+?" where the line is not
 * known, else "0x…"; "?" of 0.
 */
const char *describe_place(char *buffer, size_t size, const struct model *model, uint32_t process,
			   uint64_t address);

/* Where a function begins: "FILE:LINE", its address if that is not known, "?" of null. */
const char *describe_function(char *buffer, size_t size, const struct model_function *function);

/* How a coroutine or task ended: "5", "-EINVAL: message", "cancelled"; "?" if it was not seen. */
const char *describe_end(char *buffer, size_t size, const struct model_end *end);

#endif
