/* SPDX-License-Identifier: BSD-2-Clause */
/* Which sanitizer this is built with, if any: gcc's way to say so, and clang's. */
#ifndef BASE_SANITIZED_H
#define BASE_SANITIZED_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED_ADDRESS
#elif __has_feature(thread_sanitizer)
#define SANITIZED_THREAD
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED_ADDRESS
#elif defined(__SANITIZE_THREAD__)
#define SANITIZED_THREAD
#endif

#if defined(SANITIZED_ADDRESS) || defined(SANITIZED_THREAD)
#define SANITIZED
#endif

#endif
