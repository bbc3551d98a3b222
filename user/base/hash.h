/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables by keys that a stranger chose. uthash makes room only where some bucket is crowded, so the
 * hash must scatter; and whoever chooses keys does not know where this program lies in memory, and
 * so not which of them meet.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "text.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The factors are those of MurmurHash3. Without the first shift some high bits scatter badly. */
static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
	hash ^= word;
	hash = (hash ^ hash >> 32) * 0xff51afd7ed558ccd;
	hash = (hash ^ hash >> 32) * 0xc4ceb9fe1a85ec53;
	return hash ^ hash >> 32;
}

static inline unsigned int hash_bytes(const void *key, size_t size)
{
	uint64_t hash = (uintptr_t)&text_safe, word;
	const char *bytes = key;

	for (; size >= sizeof(word); size -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = hash_word(hash, word);
	}
	if (!size)
		return hash;
	word = 0;
	memcpy(&word, bytes, size);
	return hash_word(hash, word);
}

/* An insertion without memory leaves hh.tbl of the new element null. */
#define HASH_NONFATAL_OOM	       1
#define HASH_FUNCTION(key, size, hash) ((hash) = hash_bytes(key, size))
#include <uthash.h>

#endif
