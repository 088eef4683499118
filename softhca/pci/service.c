/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/pci/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "softhca/pci/function.h"
#include "softhca/pci/listener.h"
#include "softhca/pci/server.h"

/* To be told to end is no failure. */
static int serve_client(const struct service_options *options, struct pci_function *function,
			struct listener *listener)
{
	int client, rc = listener_accept(listener, options->stop_fd, &client);

	if (!rc) {
		rc = server_run(function, client, options->stop_fd);
		close(client);
	}
	return rc == ECANCELED ? 0 : rc;
}

static const char *what_failed(int error)
{
	return error == EPROTO ? "the client does not speak vfio-user" : strerror(error);
}

static int listen_and_serve(const struct service_options *options, struct pci_function *function,
			    char *reason, size_t reason_size)
{
	struct listener listener;
	int rc = listener_open(&listener, options->socket, reason, reason_size);

	if (rc)
		return rc;
	if (options->ready)
		options->ready(options->socket);
	rc = serve_client(options, function, &listener);
	if (rc)
		snprintf(reason, reason_size, "%s: %s", options->socket, what_failed(rc));
	listener_close(&listener);
	return rc;
}

static int run_on(const struct service_options *options, struct fabric *fabric, char *reason,
		  size_t reason_size)
{
	struct pci_function *function;
	struct engine *engine;
	int rc = engine_create(fabric, &engine);

	if (rc)
		return rc;
	engine->strict = options->strict;
	rc = function_create(engine, options->adapter, &function);
	if (rc) {
		snprintf(reason, reason_size, "no %s adapter on host %u: %s",
			 options->adapter->family, options->fabric.host, strerror(rc));
	} else {
		rc = listen_and_serve(options, function, reason, reason_size);
		function_destroy(function);
	}
	engine_destroy(engine);
	return rc;
}

int service_run(const struct service_options *options, char *reason, size_t reason_size)
{
	struct fabric *fabric;
	int rc;

	snprintf(reason, reason_size, "no memory for the adapter");
	rc = fabric_join(&options->fabric, &fabric, reason, reason_size);
	if (rc)
		return rc;
	rc = run_on(options, fabric, reason, reason_size);
	fabric_leave(fabric);
	return rc;
}
