/* SPDX-License-Identifier: BSD-2-Clause */
/* Names to addresses: at once what is written as an address, the rest on a thread. */
#include "jobs.h"
#include "transport.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the thread gets a copy of. */
struct question {
	char host[NI_MAXHOST];
	uint16_t port;
	int flags;
};

static int64_t failure(int err)
{
	if (err == EAI_MEMORY)
		return async__fail_plain(-ENOMEM);
	return async_fail(-EHOSTUNREACH, "%s", gai_strerror(err));
}

/* 0 or an error of getaddrinfo(). */
static int look_up(const char *host, uint16_t port, int flags, struct address *addresses,
		   size_t *count)
{
	struct addrinfo hints = { .ai_flags = flags | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *entry;
	char service[8];
	int err;

	snprintf(service, sizeof(service), "%u", port);
	err = getaddrinfo(host, service, &hints, &list);
	if (err)
		return err;
	*count = 0;
	for (entry = list; entry && *count < ADDRESSES_MAX; entry = entry->ai_next) {
		struct address *address = &addresses[(*count)++];

		address->size = entry->ai_addrlen;
		memcpy(&address->any, entry->ai_addr, entry->ai_addrlen);
	}
	freeaddrinfo(list);
	return 0;
}

static int64_t resolve(void *arg)
{
	const struct question *question = arg;
	struct address *addresses = calloc(ADDRESSES_MAX, sizeof(*addresses));
	size_t count = 0;
	int err;

	if (!addresses)
		return -ENOMEM;
	async__job->received = addresses;
	err = look_up(question->host, question->port, question->flags, addresses, &count);
	return err ? failure(err) : (int64_t)(count * sizeof(*addresses));
}

static int64_t resolve_elsewhere(const char *host, uint16_t port, int flags,
				 struct address *addresses)
{
	struct question question = { .port = port, .flags = flags };
	int64_t size;

	if (strlen(host) >= sizeof(question.host))
		return failure(EAI_NONAME);
	if (!current_task())
		return -EPERM;
	strcpy(question.host, host);
	size = async_await_future(
		async__run_on_copy(resolve, &question, sizeof(question), addresses));
	return size < 0 ? size : size / (int64_t)sizeof(*addresses);
}

int64_t async__resolve(const char *host, uint16_t port, int flags,
		       struct address addresses[ADDRESSES_MAX])
{
	size_t count;
	int err;

	err = look_up(host, port, flags | (host ? AI_NUMERICHOST : 0), addresses, &count);
	if (host && err == EAI_NONAME)
		return resolve_elsewhere(host, port, flags, addresses);
	return err ? failure(err) : (int64_t)count;
}
