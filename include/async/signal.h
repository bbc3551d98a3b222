/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals, as callbacks of a loop and as something to await. Signals that come many at once before
 * the loop gets to them are one, as for the kernel. In a child that was forked they do what they
 * did before.
 *
 * While a loop runs by async_run(), SIGINT is Python's KeyboardInterrupt: the first one cancels the
 * main task, so that cleanup runs; if that ends cancelled, async_run() returns -EINTR, also if
 * SIGINT came just as main ended with success. The second one does what SIGINT did before. That
 * goes for programs that have not handled or ignored SIGINT themselves.
 *
 * Threads: a signal has one loop; these functions belong to that loop's thread.
 */
#ifndef ASYNC_SIGNAL_H
#define ASYNC_SIGNAL_H

#include <async/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Has `callback` called by the loop (the running one if null) whenever the signal comes, in place
 * of what the process did before; a callback that is there already is replaced. 0; -EINVAL for no
 * signal, SIGKILL or SIGSTOP, no callback or no loop; -EBUSY if the signal is another loop's, or
 * tasks wait for it; -ENOMEM.
 */
int async_loop_add_signal_handler(struct async_loop *loop, int signal, async_callback *callback,
				  void *arg);

/*
 * Puts back what the process did before. True if there was a handler. Closing the loop removes all.
 */
bool async_loop_remove_signal_handler(struct async_loop *loop, int signal);

/*
 * Waits for the signal, which meanwhile does nothing else. Any number of tasks may wait. Returns
 * its number; -ECANCELED, -EPERM outside of a task, -EBUSY if it has a handler, or the errors
 * above.
 */
int64_t async_signal_wait(int signal);

#ifdef __cplusplus
}
#endif

#endif
