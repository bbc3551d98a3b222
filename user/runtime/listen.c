/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that listen: one for each address of a host, or one at a path. */
#include "transport.h"
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The error with a message that names the address, unless that has nothing to do with it. */
static int64_t failed(int err, const struct address *address)
{
	char *text, reason[64];

	if (err == -EMFILE || err == -ENFILE)
		return async__fail_with_reason(err);
	text = async__address_repr(address);
	snprintf(reason, sizeof(reason), "%s", strerror(-err));
	reason[0] = tolower(reason[0]);
	if (text)
		async_fail(err, "error while attempting to bind on address %s: %s", text, reason);
	free(text);
	return err;
}

/* A bound socket, or -errno. */
static int64_t bind_to(const struct address *address)
{
	int family = address->any.sa_family, one = 1, err;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Otherwise it would take the port of all IPv4 addresses, too. */
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (!bind(fd, &address->any, address->size))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* The same port as the first one's, if that is free here. */
static int64_t bind_beside(struct address *address, int first)
{
	in_port_t port = address->v4.sin_port; /* at the same place in both families */
	struct address other;
	socklen_t size = sizeof(other) - offsetof(struct address, any);
	int64_t fd;

	if (port || getsockname(first, &other.any, &size))
		return bind_to(address);
	address->v4.sin_port = other.v4.sin_port;
	fd = bind_to(address);
	address->v4.sin_port = 0;
	return fd == -EADDRINUSE ? bind_to(address) : fd;
}

static void close_all(const int fds[], int64_t count)
{
	while (count)
		close(fds[--count]);
}

/* A host may have addresses of families that the kernel does not have. */
static bool is_missing(int64_t err)
{
	return err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL;
}

int64_t async__listen_host(const char *host, uint16_t port, int fds[ADDRESSES_MAX])
{
	struct address addresses[ADDRESSES_MAX];
	int64_t found, count = 0, fd, i;

	/* An empty name stands for all addresses, too, as in asyncio. */
	found = async__resolve(host && *host ? host : NULL, port, AI_PASSIVE, addresses);
	fd = found;
	for (i = 0; i < found; i++) {
		fd = count ? bind_beside(&addresses[i], fds[0]) : bind_to(&addresses[i]);
		if (fd >= 0)
			fds[count++] = fd;
		if (fd >= 0 && listen(fd, SOMAXCONN))
			fd = -errno;
		if (fd >= 0 || (is_missing(fd) && (count || i + 1 < found)))
			continue;
		close_all(fds, count);
		return failed(fd, &addresses[i]);
	}
	return count ? count : fd;
}

/* What is at the path and a socket is taken for one that is left over, as asyncio does. */
int64_t async__listen_path(const char *path, int fds[ADDRESSES_MAX])
{
	struct address address;
	int64_t fd = async__address_of_path(&address, path);
	struct stat file;

	if (fd)
		return fd;
	if (*path != '@' && !stat(path, &file) && S_ISSOCK(file.st_mode))
		unlink(path);
	fd = bind_to(&address);
	if (fd == -EADDRINUSE)
		return async_fail(fd, "Address '%s' is already in use", path);
	if (fd < 0)
		return failed(fd, &address);
	fds[0] = fd;
	if (!listen(fd, SOMAXCONN))
		return 1;
	fd = -errno;
	close(fds[0]);
	return failed(fd, &address);
}
