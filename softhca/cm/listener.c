/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Services of this process. Which of a host's processes has one is in the fabric's table. */
#include <errno.h>
#include <stdlib.h>

#include "softhca/cm/internal.h"
#include "softhca/fabric/service.h"

int cm_listen(struct cm *cm, uint64_t service_id, uint64_t mask, const struct cm_listener_ops *ops,
	      void *arg, struct cm_listener **created)
{
	struct cm_listener *listener = calloc(1, sizeof(*listener));
	struct hca *hca = cm->hca;
	int error;

	if (!listener)
		return ENOMEM;
	listener->cm = cm;
	listener->service_id = service_id;
	listener->mask = mask;
	listener->ops = ops;
	listener->arg = arg;
	error = fabric_service_reserve(hca->engine->fabric, hca->shared, service_id, mask,
				       &listener->index);
	if (error) {
		free(listener);
		return error;
	}
	list_append(&cm->listeners, &listener->link);
	*created = listener;
	return 0;
}

void cm_unlisten(struct cm_listener *listener)
{
	fabric_service_release(listener->cm->hca->shared, listener->index);
	list_remove(&listener->link);
	free(listener);
}

struct cm_listener *listener_find(struct cm *cm, uint64_t service_id)
{
	list_for_each (node, &cm->listeners) {
		struct cm_listener *listener = list_entry(node, struct cm_listener, link);

		if (!((listener->service_id ^ service_id) & listener->mask))
			return listener;
	}
	return NULL;
}
