/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AddressSanitizer knows the bounds of the stack at hand, so it is told of each switch. Empty
 * without the sanitizer.
 */
#include "switch.h"

#ifdef SANITIZED
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

/* Frames that were left without a return are still marked. */
void async__stack_forget(void *stack)
{
	__asan_unpoison_memory_region((char *)stack - STACK_USABLE, STACK_USABLE);
}
#endif
