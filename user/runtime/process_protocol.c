/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes by callbacks: a child, a transport per pipe, and the order in which its protocol
 * hears of their ends.
 */
#include "child.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

/* What the next step is for. */
enum progress {
	RUNNING,
	ENDED,	/* to let what it has written come first, as asyncio does */
	UNTOLD, /* to call process_exited */
	TOLD,	/* to call connection_lost, once the pipes are closed */
	LOST,
};

struct subprocess_pipe {
	struct async_subprocess_transport *owner;
	struct async_transport *transport; /* null: there is none, or no more */
};

struct async_subprocess_transport {
	struct source source; /* no descriptor, but something that ends with the loop */
	struct child *child;  /* null if it could not be started */
	const struct async_subprocess_protocol *protocol;
	void *self;
	struct subprocess_pipe pipes[3];
	struct slot *step;
	enum progress progress;
	bool closed; /* by the caller */
};

/* Of those that could not be started. */
static const struct async_subprocess_protocol nobody;

static void free_if_over(struct async_subprocess_transport *transport)
{
	if (!transport->closed || transport->progress != LOST)
		return;
	if (transport->child)
		async__child_give_up(transport->child);
	free(transport);
}

static void detach(struct async_subprocess_transport *transport)
{
	list_remove(&transport->source.link);
	async__slot_drop(transport->step);
	transport->progress = LOST;
	free_if_over(transport);
}

static bool has_pipes(const struct async_subprocess_transport *transport)
{
	return transport->pipes[0].transport || transport->pipes[1].transport ||
	       transport->pipes[2].transport;
}

static void queue_if_over(struct async_subprocess_transport *transport)
{
	if (transport->progress == TOLD && !has_pipes(transport))
		async__slot_queue(transport->step);
}

static void run_step(void *arg)
{
	struct async_subprocess_transport *transport = arg;
	const struct async_subprocess_protocol *protocol = transport->protocol;

	switch (transport->progress) {
	case ENDED:
		transport->progress = UNTOLD;
		async__slot_queue(transport->step);
		break;
	case UNTOLD:
		transport->progress = TOLD;
		if (protocol->process_exited)
			protocol->process_exited(transport->self);
		queue_if_over(transport);
		break;
	default:
		if (protocol->connection_lost)
			protocol->connection_lost(transport->self, 0);
		detach(transport);
	}
}

static void exited(void *owner)
{
	struct async_subprocess_transport *transport = owner;

	transport->progress = ENDED;
	async__slot_queue(transport->step);
}

/* The loop is closed, and nobody is told. */
static void abandon(struct source *source)
{
	struct async_subprocess_transport *transport =
		container_of(source, struct async_subprocess_transport, source);
	int i;

	for (i = 0; i < 3; i++)
		transport->pipes[i].transport = NULL;
	detach(transport);
}

static void pipe_made(void *self, struct async_transport *transport)
{
	struct subprocess_pipe *pipe = self;

	pipe->transport = transport;
}

static void pipe_data_received(void *self, const void *data, size_t size)
{
	struct subprocess_pipe *pipe = self;
	struct async_subprocess_transport *transport = pipe->owner;

	if (transport->protocol->pipe_data_received)
		transport->protocol->pipe_data_received(transport->self, pipe - transport->pipes,
							data, size);
}

static void pipe_lost(void *self, int error)
{
	struct subprocess_pipe *pipe = self;
	struct async_subprocess_transport *transport = pipe->owner;

	pipe->transport = NULL;
	if (transport->protocol->pipe_connection_lost)
		transport->protocol->pipe_connection_lost(transport->self, pipe - transport->pipes,
							  error);
	queue_if_over(transport);
}

static const struct async_protocol pipe_protocol = {
	.connection_made = pipe_made,
	.data_received = pipe_data_received,
	.connection_lost = pipe_lost,
};

static int open_transports(struct async_subprocess_transport *transport, struct pipes *pipes)
{
	int i, err;

	for (i = 0; i < 3; i++) {
		if (pipes->ours[i] < 0)
			continue;
		err = async__transport_new(transport->source.loop, pipes->ours[i], i != 0, i == 0,
					   &pipe_protocol, &transport->pipes[i], NULL);
		if (err)
			return async__fail_with_reason(err);
		pipes->ours[i] = -1;
	}
	return 0;
}

static int start(struct async_subprocess_transport *transport,
		 const struct async_process_options *options, const char *const argv[])
{
	struct pipes pipes;
	int err = async__pipes_open(&pipes, options);

	if (err)
		return async__fail_with_reason(err);
	err = open_transports(transport, &pipes);
	if (!err)
		err = async__child_start(transport->source.loop, &pipes, options, argv,
					 &transport->child);
	async__pipes_close(&pipes);
	if (err)
		return err;
	transport->child->exited = exited;
	transport->child->owner = transport;
	return 0;
}

static struct async_subprocess_transport *
transport_new(const struct async_subprocess_protocol *protocol, void *self)
{
	struct async_subprocess_transport *transport = calloc(1, sizeof(*transport));
	int i;

	if (!transport)
		return NULL;
	transport->step = async__slot_take_lasting(async__running, run_step, transport);
	if (!transport->step) {
		free(transport);
		return NULL;
	}
	transport->source.loop = async__running;
	transport->source.close = abandon;
	transport->protocol = protocol;
	transport->self = self;
	for (i = 0; i < 3; i++)
		transport->pipes[i].owner = transport;
	list_add(&async__running->sources, &transport->source.link);
	return transport;
}

/* Its pipes, if there are any, end in steps of their own. */
static void discard(struct async_subprocess_transport *transport)
{
	transport->protocol = &nobody;
	transport->progress = TOLD;
	async_subprocess_transport_close(transport);
	queue_if_over(transport);
}

int64_t async_subprocess_exec(const struct async_subprocess_protocol *protocol, void *self,
			      const struct async_process_options *options, const char *const argv[],
			      struct async_subprocess_transport **ret)
{
	static const struct async_process_options none;
	struct async_subprocess_transport *transport;
	int err;

	if (!async__running)
		return -EPERM;
	if (!argv || !argv[0])
		return async__fail_with_reason(-EINVAL);
	transport = transport_new(protocol, self);
	if (!transport)
		return async__fail_plain(-ENOMEM);
	err = start(transport, options ? options : &none, argv);
	if (err) {
		discard(transport);
		return err;
	}
	*ret = transport;
	if (protocol->connection_made)
		protocol->connection_made(self, transport);
	return 0;
}

int64_t async_subprocess_shell(const struct async_subprocess_protocol *protocol, void *self,
			       const struct async_process_options *options, const char *command,
			       struct async_subprocess_transport **ret)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };

	return command ? async_subprocess_exec(protocol, self, options, argv, ret) : -EINVAL;
}

pid_t async_subprocess_transport_get_pid(const struct async_subprocess_transport *transport)
{
	return transport->child->pid;
}

int async_subprocess_transport_get_returncode(const struct async_subprocess_transport *transport)
{
	return transport->child->returncode;
}

struct async_transport *
async_subprocess_transport_get_pipe_transport(struct async_subprocess_transport *transport, int fd)
{
	return fd >= 0 && fd < 3 ? transport->pipes[fd].transport : NULL;
}

int async_subprocess_transport_send_signal(struct async_subprocess_transport *transport, int signal)
{
	return async__child_signal(transport->child, signal);
}

int async_subprocess_transport_terminate(struct async_subprocess_transport *transport)
{
	return async_subprocess_transport_send_signal(transport, SIGTERM);
}

int async_subprocess_transport_kill(struct async_subprocess_transport *transport)
{
	return async_subprocess_transport_send_signal(transport, SIGKILL);
}

void async_subprocess_transport_close(struct async_subprocess_transport *transport)
{
	int i;

	if (!transport || transport->closed)
		return;
	transport->closed = true;
	for (i = 0; i < 3; i++) {
		if (transport->pipes[i].transport)
			async_transport_close(transport->pipes[i].transport);
	}
	if (transport->child)
		async__child_signal(transport->child, SIGKILL);
	free_if_over(transport);
}
