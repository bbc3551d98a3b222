/* SPDX-License-Identifier: BSD-2-Clause */
/* Root is needed to attach, not to read what comes, least of all what strangers have written. */
#ifndef TRACER_PRIVILEGES_H
#define TRACER_PRIVILEGES_H

/*
 * Under sudo: becomes the user who called it, for good. Files made from now on are that user's.
 * Does nothing for who is root, or nobody special, in their own right. Returns 0 or -errno.
 */
int privileges_drop(void);

#endif
