/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded under valgrind: what hands on, or does without, what valgrind does not know. */
#include "kernel_calls.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/valgrind.h>

static int server = -1;

/* The programs that valgrind starts by only hand it on. Nobody that is executed inherits any. */
__attribute__((constructor)) static void prepare(void)
{
	const char *number = getenv(CALLS_VARIABLE);

	if (!number || !RUNNING_ON_VALGRIND)
		return;
	server = atoi(number);
	fcntl(server, F_SETFD, FD_CLOEXEC);
	unsetenv(CALLS_VARIABLE);
	unsetenv("LD_PRELOAD");
}

static long ask(long number, const long arguments[4])
{
	struct kernel_call call = { .number = number };
	bool takes_pidfd = number != SYS_pidfd_open;
	int fd;

	memcpy(call.arguments, arguments, sizeof(call.arguments));
	if (kernel_call_send(server, &call, takes_pidfd ? (int)arguments[0] : -1) ||
	    kernel_call_receive(server, &call, &fd))
		abort();
	if (call.number >= 0)
		return fd >= 0 ? fd : call.number;
	errno = -call.number;
	return -1;
}

long syscall(long number, ...)
{
	long (*next)(long number, ...);
	long arguments[6];
	va_list list;
	int i;

	va_start(list, number);
	for (i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (server >= 0 && (number == SYS_pidfd_open || number == SYS_pidfd_send_signal ||
			    number == SYS_pidfd_getfd))
		return ask(number, arguments);
	*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
		    arguments[5]);
}

/* Valgrind (3.19) refuses to lower the hard limit of descriptors: the soft one is lowered. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	int (*next)(__rlimit_resource_t resource, const struct rlimit *limit);
	struct rlimit soft;

	*(void **)&next = dlsym(RTLD_NEXT, "setrlimit");
	if (resource == RLIMIT_NOFILE && RUNNING_ON_VALGRIND && !getrlimit(resource, &soft)) {
		soft.rlim_cur = limit->rlim_cur;
		limit = &soft;
	}
	return next(resource, limit);
}
