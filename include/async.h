/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libasync: asyncio's model, and asyncio's words, for C. Each header below is one noun and its
 * manual.
 */
#ifndef ASYNC_H
#define ASYNC_H

#include <async/coroutine.h>
#include <async/future.h>
#include <async/loop.h>
#include <async/task.h>

#endif
