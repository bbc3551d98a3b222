/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: of Unix sockets from their paths, and all of them as texts. */
#include "transport.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_OFFSET = offsetof(struct sockaddr_un, sun_path) };

int64_t async__address_of_path(struct address *address, const char *path)
{
	size_t length = path ? strlen(path) : 0;

	if (!length)
		return async_fail(-EINVAL, "a Unix socket needs a path");
	if (length >= sizeof(address->local.sun_path))
		return async_fail(-ENAMETOOLONG, "AF_UNIX path too long");
	*address = (struct address){ .local.sun_family = AF_UNIX };
	memcpy(address->local.sun_path, path, length);
	/* A zero ends a path, but begins the name of an abstract socket. */
	if (*path == '@')
		address->local.sun_path[0] = '\0';
	address->size = PATH_OFFSET + length + (*path != '@');
	return 0;
}

static char *path_of(const struct address *address)
{
	const char *path = address->local.sun_path;
	size_t size = address->size > PATH_OFFSET ? address->size - PATH_OFFSET : 0;
	char *text = strndup(path, size);

	if (text && size && !*path) {
		free(text);
		if (asprintf(&text, "@%.*s", (int)size - 1, path + 1) < 0)
			text = NULL;
	}
	return text;
}

static char *text_of(const struct address *address, bool in_python)
{
	char host[INET6_ADDRSTRLEN] = "", *text;
	const struct sockaddr_in6 *v6 = &address->v6;
	unsigned int port = ntohs(address->v4.sin_port); /* at the same place in both */
	int length;

	if (address->any.sa_family != AF_INET && address->any.sa_family != AF_INET6)
		return address->any.sa_family == AF_UNIX ? path_of(address) : NULL;
	if (address->any.sa_family == AF_INET)
		inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
	if (address->any.sa_family == AF_INET)
		length = asprintf(&text, in_python ? "('%s', %u)" : "%s:%u", host, port);
	else if (in_python)
		length = asprintf(&text, "('%s', %u, %u, %u)", host, port, ntohl(v6->sin6_flowinfo),
				  v6->sin6_scope_id);
	else
		length = asprintf(&text, "[%s]:%u", host, port);
	return length < 0 ? NULL : text;
}

char *async__address_repr(const struct address *address)
{
	return text_of(address, true);
}

const struct sockaddr *async_transport_peername(const struct async_transport *transport,
						socklen_t *size)
{
	*size = transport->peer.size;
	return &transport->peer.any;
}

const struct sockaddr *async_transport_sockname(const struct async_transport *transport,
						socklen_t *size)
{
	*size = transport->own.size;
	return &transport->own.any;
}

static char *number_text(int number)
{
	char *text;

	return number < 0 || asprintf(&text, "%d", number) < 0 ? NULL : text;
}

const char *async_transport_get_extra_info(struct async_transport *transport, const char *name)
{
	char **info = transport->info;

	if (!strcmp(name, "socket")) {
		if (!info[2])
			info[2] = number_text(transport->source.fd);
		return transport->source.fd < 0 ? NULL : info[2];
	}
	if (!strcmp(name, "peername")) {
		if (!info[0] && transport->peer.size)
			info[0] = text_of(&transport->peer, false);
		return info[0];
	}
	if (strcmp(name, "sockname"))
		return NULL;
	if (!info[1] && transport->own.size)
		info[1] = text_of(&transport->own, false);
	return info[1];
}

void async__transport_free_info(struct async_transport *transport)
{
	free(transport->info[0]);
	free(transport->info[1]);
	free(transport->info[2]);
}
