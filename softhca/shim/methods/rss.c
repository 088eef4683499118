/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs on Ethernet ports that differ from the others: those that spread frames over a table
 * of work queues, and the two buffers of raw packet queue pairs. */
#include <errno.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/qp_create.h"

static int check_spreading(const struct shim_file *file, const struct qp_request *request)
{
	if (file->hca->shared->port_type != FABRIC_PORT_ETH ||
	    request->type != QP_TYPE_RAW_PACKET || request->flags || request->signal_all)
		return EOPNOTSUPP;
	/* Nothing but the table takes frames, and nothing is sent. */
	if (!request->pd || request->send_cq || request->recv_cq || request->srq ||
	    request->cap.max_send_wr || request->cap.max_recv_wr || request->cap.max_recv_sge)
		return EINVAL;
	return 0;
}

static int create_in_core(struct qp_object *object, const struct qp_request *request,
			  const struct driver_data *driver)
{
	struct shim_file *file = object->handle.file;
	struct engine *engine = file->member->engine;
	struct rss_params params = {
		.pd = request->pd->pd,
		.table = request->table->table,
		.front = object,
	};
	int rc = file->abi->create_rss(driver, &params);

	if (rc)
		return rc;
	engine_lock(engine);
	rc = rss_create(file->hca, &params, &object->rss);
	engine_unlock(engine);
	return rc;
}

int qp_create_spreading(struct shim_file *file, const struct qp_request *request,
			const struct driver_data *driver, struct qp_object **created)
{
	struct qp_object *object;
	int rc = check_spreading(file, request);

	if (rc)
		return rc;
	object = file_new_object(file, HANDLE_QP, sizeof(*object));
	if (!object)
		return ENOMEM;
	list_init(&object->groups);
	rc = create_in_core(object, request, driver);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	trace_printf("qp %u: number %06x, spreads over %u work queues by fields %#x",
		     object->handle.number, object->rss->qpn, object->rss->table->size,
		     object->rss->fields);
	*created = object;
	return 0;
}

int qp_destroy_spreading(struct qp_object *object)
{
	struct engine *engine = object->handle.file->member->engine;
	int rc;

	engine_lock(engine);
	rc = rss_destroy(object->rss);
	engine_unlock(engine);
	return rc;
}
