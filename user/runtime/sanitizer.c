/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sanitizers are told of each switch: AddressSanitizer must know the bounds of the stack at
 * hand, ThreadSanitizer keeps a history for each, its "fiber". Empty without them.
 */
#include "switch.h"

#ifdef SANITIZED_ADDRESS
#include "runtime.h"
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static __thread void *own_bottom;
static __thread size_t own_size;

static void learn_own_stack(void)
{
	pthread_attr_t attributes;

	if (own_size || pthread_getattr_np(pthread_self(), &attributes))
		return;
	pthread_attr_getstack(&attributes, &own_bottom, &own_size);
	pthread_attr_destroy(&attributes);
}

void async__switch_begins(void **fake, void *stack)
{
	learn_own_stack();
	if (stack)
		__sanitizer_start_switch_fiber(fake, (char *)stack - STACK_USABLE, STACK_USABLE);
	else
		__sanitizer_start_switch_fiber(fake, own_bottom, own_size);
}

void async__switch_ends(void *fake)
{
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
}

void *async__stack_begins(void *top)
{
	return top;
}

/* Frames that are left without a return would stay marked. */
void async__stack_ends(void *top)
{
	__asan_unpoison_memory_region((char *)top - STACK_USABLE, STACK_USABLE);
}

void async__stack_forget(void *top)
{
	async__stack_ends(top);
}
#endif

#ifdef SANITIZED_THREAD
static __thread void *own, *ended_one;

/* Its place is the top of the stack, which frames leave free. */
static void **fiber_of(void *top)
{
	return (void **)top - 1;
}

void *async__stack_begins(void *top)
{
	*fiber_of(top) = __tsan_create_fiber(0);
	return (void **)top - 2;
}

/* It is still at hand, and destroyed by who comes next. */
void async__stack_ends(void *top)
{
	ended_one = *fiber_of(top);
}

void async__stack_forget(void *top)
{
	__tsan_destroy_fiber(*fiber_of(top));
}

void *async__fiber(void *stack)
{
	/* The first switch of a thread leaves its own stack. */
	if (!own)
		own = __tsan_get_current_fiber();
	return stack ? *fiber_of(stack) : own;
}

void async__switch_ends(void *fake)
{
	(void)fake;
	if (ended_one)
		__tsan_destroy_fiber(ended_one);
	ended_one = NULL;
}
#endif
