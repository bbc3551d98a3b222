/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The context switch. From its saved stack pointer up, a suspended stack holds
 *
 *	x86-64   the address to go on at, rbp
 *	aarch64  x29, the address to go on at
 *
 * and the compiler has saved whatever else it needs, for the asm says that it overwrites all. The
 * floating-point control words belong to the thread, not to the task.
 *
 * It is inlined and ends in a jump because a call and a `ret` would unbalance the predictor of
 * return addresses, which then misses on every return of the task that goes on (measured among
 * 1,000 tasks: 46 ns a switch with a function that ends in a jump, 19 with one that ends in `ret`,
 * 13 so).
 */
#ifndef RUNTIME_SWITCH_H
#define RUNTIME_SWITCH_H

#include "base/sanitized.h"
#include <stddef.h>
#include <stdint.h>

#ifdef SANITIZED_THREAD
#include <sanitizer/tsan_interface.h>
#endif

#pragma GCC visibility push(hidden)

/* begin.S: where a new stack begins; it calls async__task_main(). */
void async__begin(void);

#ifdef SANITIZED
/*
 * sanitizer.c: the sanitizers are told of stacks that begin (which returns the top that remains for
 * frames), end themselves, or are forgotten by others; and which one is entered.
 */
void *async__stack_begins(void *top);
void async__stack_ends(void *top);
void async__stack_forget(void *top);
void async__switch_begins(void **fake, void *stack);
void *async__fiber(void *stack);
void async__switch_ends(void *fake);
#endif

#pragma GCC visibility pop

/* Makes the stack below `top` one that begins with `task`; returns its stack pointer. */
static inline void *first_frame(void *top, void *task)
{
	uintptr_t *sp = top;

#ifdef SANITIZED
	sp = async__stack_begins(top);
#endif
#if defined(__x86_64__)
	*--sp = (uintptr_t)task;
	*--sp = (uintptr_t)async__begin;
#elif defined(__aarch64__)
	sp -= 4;
	sp[0] = 0;
	sp[1] = (uintptr_t)async__begin;
	sp[2] = (uintptr_t)task;
#endif
	return sp;
}

/* Suspends the caller into *save and resumes what was suspended at `sp`. */
static inline __attribute__((always_inline)) void switch_stacks(void **save, void *sp)
{
#if defined(__x86_64__)
	/* It pushes: who inlines it is compiled with -mno-red-zone. */
	__asm__ volatile("push %%rbp\n"
			 "lea 1f(%%rip), %%rax\n"
			 "push %%rax\n"
			 "mov %%rsp, (%[save])\n"
			 "mov %[sp], %%rsp\n"
			 "pop %%rax\n"
			 "jmp *%%rax\n"
			 "1:\n"
			 "pop %%rbp\n"
			 : [save] "+D"(save), [sp] "+S"(sp)
			 :
			 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
			   "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
			   "xmm15", "cc", "memory");
#elif defined(__aarch64__)
	register void **to __asm__("x0") = save;
	register void *from __asm__("x1") = sp;

	__asm__ volatile("adr x9, 1f\n"
			 "stp x29, x9, [sp, -16]!\n"
			 "mov x9, sp\n"
			 "str x9, [%[to]]\n"
			 "mov sp, %[from]\n"
			 "ldp x29, x9, [sp], 16\n"
			 "br x9\n"
			 "1:\n"
			 "hint 36\n" /* bti j */
			 : [to] "+r"(to), [from] "+r"(from)
			 :
			 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			   "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22",
			   "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3",
			   "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
			   "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",
			   "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
#endif
}

/*
 * The same, from wherever to the stack with that top, or to the thread's own if null. `ended`: the
 * one at hand will not be entered again.
 */
static inline __attribute__((always_inline)) void switch_to(void **save, void *sp, void *stack,
							    int ended)
{
#if defined(SANITIZED_ADDRESS)
	void *fake = NULL;

	async__switch_begins(ended ? NULL : &fake, stack);
	switch_stacks(save, sp);
	async__switch_ends(fake);
#elif defined(SANITIZED_THREAD)
	/* Here, for in between no function may begin or end. */
	__tsan_switch_to_fiber(async__fiber(stack), 0);
	(void)ended;
	switch_stacks(save, sp);
	async__switch_ends(NULL);
#else
	(void)stack;
	(void)ended;
	switch_stacks(save, sp);
#endif
}

#endif
