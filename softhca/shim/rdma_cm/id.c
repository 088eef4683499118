/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The life of ids: made, moved to another file, destroyed. Their numbers are the whole process's,
 * as the kernel's are the whole system's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "softhca/shim/rdma_cm/ucm.h"

static struct ucm_numbers ids;

static uint32_t random_psn(void)
{
	uint32_t psn = 0;

	if (getrandom(&psn, sizeof(psn), GRND_NONBLOCK) != sizeof(psn))
		psn = (uint32_t)(uintptr_t)&psn;
	return psn & 0xffffff;
}

int ucm_id_create(struct ucm_file *file, uint16_t space, uint8_t qp_type, uint64_t uid,
		  struct ucm_id **created)
{
	struct ucm_id *id = calloc(1, sizeof(*id));
	int rc = id ? ucm_number_add(&ids, id, &id->number) : ENOMEM;

	if (rc) {
		free(id);
		return rc;
	}
	id->file = file;
	id->uid = uid;
	id->space = space;
	id->qp_type = qp_type;
	id->psn = random_psn();
	list_init(&id->groups);
	list_init(&id->listening);
	list_init(&id->resolving);
	list_append(&file->ids, &id->link);
	*created = id;
	return 0;
}

void ucm_id_let_go(struct ucm_id *id)
{
	ucm_unlisten(id);
	list_remove(&id->resolving);
	if (id->connection)
		cm_destroy(id->connection);
	if (id->sidr)
		cm_sidr_destroy(id->sidr);
	id->connection = NULL;
	id->sidr = NULL;
	ucm_port_release(id);
}

void ucm_id_destroy(struct ucm_id *id)
{
	ucm_events_forget(id, NULL);
	ucm_events_forget_request(id);
	ucm_id_let_go(id);
	list_for_each_safe (node, &id->groups)
		ucm_group_destroy(list_entry(node, struct ucm_group, link));
	list_remove(&id->link);
	ucm_number_drop(&ids, id->number);
	free(id);
}

int ucm_id_find(struct ucm_file *file, uint32_t number, struct ucm_id **found)
{
	struct ucm_id *id = ucm_number_find(&ids, number);

	if (!id)
		return ENOENT;
	if (id->file != file)
		return EINVAL;
	*found = id;
	return 0;
}

int ucm_id_get(struct ucm_file *file, uint32_t number, struct ucm_id **id)
{
	int rc = ucm_id_find(file, number, id);

	return !rc && (*id)->state == UCM_REMOVED ? EIO : rc;
}

int ucm_id_get_bound(struct ucm_file *file, uint32_t number, struct ucm_id **id)
{
	int rc = ucm_id_get(file, number, id);

	return !rc && !(*id)->hca ? EINVAL : rc;
}

void ucm_ids_forget(void)
{
	ids = (struct ucm_numbers){0};
}

/* ---- commands ---- */

static int qp_type_of(const struct rdma_ucm_create_id *wire, uint8_t *type)
{
	switch (wire->ps) {
	case RDMA_PS_TCP:
		*type = QP_TYPE_RC;
		return 0;
	case RDMA_PS_UDP:
	case RDMA_PS_IPOIB:
		*type = QP_TYPE_UD;
		return 0;
	case RDMA_PS_IB:
		*type = wire->qp_type;
		return 0;
	default:
		return EINVAL;
	}
}

int ucm_create_id(struct ucm_call *call)
{
	struct rdma_ucm_create_id_resp answer = {0};
	struct rdma_ucm_create_id wire;
	struct ucm_id *id;
	uint8_t type = 0;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (call->out_room < sizeof(answer))
		return ENOSPC;
	rc = qp_type_of(&wire, &type);
	if (!rc)
		rc = ucm_id_create(call->file, wire.ps, type, wire.uid, &id);
	if (rc)
		return rc;
	answer.id = id->number;
	rc = ucm_answer(call, wire.response, &answer, sizeof(answer));
	if (rc)
		ucm_id_destroy(id);
	return rc;
}

int ucm_destroy_id(struct ucm_call *call)
{
	struct rdma_ucm_destroy_id_resp answer = {0};
	struct rdma_ucm_destroy_id wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (call->out_room < sizeof(answer))
		return ENOSPC;
	rc = ucm_id_find(call->file, wire.id, &id);
	if (rc)
		return rc;
	answer.events_reported = id->events_reported;
	ucm_id_destroy(id);
	return ucm_answer(call, wire.response, &answer, sizeof(answer));
}

/* The command goes to the file that the id moves to. */
int ucm_migrate_id(struct ucm_call *call)
{
	struct rdma_ucm_migrate_resp answer = {0};
	struct rdma_ucm_migrate_id wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (call->out_room < sizeof(answer))
		return ENOSPC;
	rc = ucm_borrow_file(call, (int)wire.fd);
	if (!rc)
		rc = ucm_id_get(to_ucm_file(call->borrowed), wire.id, &id);
	if (rc)
		return rc;
	ucm_events_move(id, call->file);
	list_remove(&id->link);
	list_append(&call->file->ids, &id->link);
	id->file = call->file;
	answer.events_reported = id->events_reported;
	return ucm_answer(call, wire.response, &answer, sizeof(answer));
}

/* Programs put events of their own between the others. */
int ucm_write_event(struct ucm_call *call)
{
	struct rdma_ucm_write_cm_event wire;
	struct ucm_event *event;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (wire.event != UCM_EVENT_USER && wire.event != UCM_EVENT_INTERNAL)
		return EINVAL;
	rc = ucm_id_get(call->file, wire.id, &id);
	if (rc)
		return rc;
	event = ucm_event_new(id, wire.event, (int)wire.status);
	if (!event)
		return ENOMEM;
	memcpy(event->response.param.arg32, &wire.param.arg, sizeof(wire.param.arg));
	ucm_event_post(event);
	return 0;
}
