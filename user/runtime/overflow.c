/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stack overflow says whose it was. The handler of SIGSEGV is ours only where the program has
 * none; it writes the line, puts the default action back and returns, so that the fault repeats and
 * kills with the right core.
 */
#include "runtime.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HANDLER_STACK = 16 << 10 };

static struct async_task *task_on(struct async_loop *loop, const void *stack)
{
	struct list *link;

	list_for_each (link, &loop->tasks) {
		struct async_task *task = container_of(link, struct async_task, link);

		if (task->stack == stack)
			return task;
	}
	return NULL;
}

static struct iovec text(const char *string)
{
	return (struct iovec){ .iov_base = (char *)string, .iov_len = strlen(string) };
}

static void report(struct async_task *task)
{
	const struct async_function *function = task->coroutine->function;
	char number[24], line[16];
	struct iovec parts[] = {
		text("libasync: stack overflow in task '"),
		text(task->name ? task->name : "Task-"),
		{ 0 },
		text("', coroutine "),
		text(function->name),
		text("() defined at "),
		text(function->file),
		text(":"),
		{ 0 },
		text(": it needs more than its 64 KiB\n"),
	};

	snprintf(number, sizeof(number), "%llu", (unsigned long long)task->future.number);
	snprintf(line, sizeof(line), "%u", function->line);
	parts[2] = text(task->name ? "" : number);
	parts[8] = text(line);
	if (writev(STDERR_FILENO, parts, sizeof(parts) / sizeof(*parts)) < 0)
		return;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	struct async_loop *loop = async__running;
	struct sigaction action = { .sa_handler = SIG_DFL };
	struct async_task *task;
	void *stack;

	(void)context;
	stack = loop ? async__stacks_guarded(&loop->stacks, (uintptr_t)info->si_addr) : NULL;
	task = stack ? task_on(loop, stack) : NULL;
	if (task)
		report(task);
	sigaction(signal, &action, NULL);
}

static void install(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct sigaction before;

	sigemptyset(&action.sa_mask);
	if (!sigaction(SIGSEGV, NULL, &before) && !(before.sa_flags & SA_SIGINFO) &&
	    before.sa_handler == SIG_DFL)
		sigaction(SIGSEGV, &action, NULL);
}

void async__overflow_watch(struct watch *watch)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	stack_t stack = { .ss_size = HANDLER_STACK }, before;

	watch->stack = NULL;
	pthread_once(&once, install);
	if (sigaltstack(NULL, &before) || !(before.ss_flags & SS_DISABLE))
		return;
	stack.ss_sp = malloc(HANDLER_STACK);
	if (!stack.ss_sp)
		return;
	if (sigaltstack(&stack, NULL))
		free(stack.ss_sp);
	else
		watch->stack = stack.ss_sp;
}

void async__overflow_unwatch(struct watch *watch)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	if (!watch->stack)
		return;
	sigaltstack(&none, NULL);
	free(watch->stack);
}
