/* SPDX-License-Identifier: BSD-2-Clause */
/* Names to addresses: addresses that are written as such at once, others where blocking hurts nobody. */
#include "transport.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static int lookup(const char *host, uint16_t port, int flags, struct addrinfo **ret)
{
	struct addrinfo hints = { .ai_flags = flags | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	return getaddrinfo(host, service, &hints, ret);
}

static int64_t failure(int err)
{
	if (err == EAI_MEMORY)
		return -ENOMEM;
	return async_fail(-EHOSTUNREACH, "%s", gai_strerror(err));
}

int64_t async__resolve(const char *host, uint16_t port, int flags,
		       struct address addresses[ADDRESSES_MAX])
{
	struct addrinfo *list, *entry;
	size_t count = 0;
	int err = lookup(host, port, flags | (host ? AI_NUMERICHOST : 0), &list);

	if (host && err == EAI_NONAME)
		err = lookup(host, port, flags, &list);
	if (err)
		return failure(err);
	for (entry = list; entry && count < ADDRESSES_MAX; entry = entry->ai_next) {
		struct address *address = &addresses[count++];

		address->size = entry->ai_addrlen;
		memcpy(&address->any, entry->ai_addr, entry->ai_addrlen);
	}
	freeaddrinfo(list);
	return count;
}
