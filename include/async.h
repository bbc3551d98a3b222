/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libasync: asyncio's model, and asyncio's words, for C. Each header below is one noun and its
 * manual. Names that begin with async_, ASYNC_, at_ or AT_ are the library's.
 */
#ifndef ASYNC_H
#define ASYNC_H

#include <async/coroutine.h>
#include <async/debug.h>
#include <async/deprecated.h>
#include <async/executor.h>
#include <async/future.h>
#include <async/log.h>
#include <async/loop.h>
#include <async/process.h>
#include <async/queue.h>
#include <async/signal.h>
#include <async/stream.h>
#include <async/sync.h>
#include <async/task.h>
#include <async/task_group.h>
#include <async/thread.h>
#include <async/timeout.h>
#include <async/transport.h>
#include <async/wait.h>

#endif
