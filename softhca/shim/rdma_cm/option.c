/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Options of ids. */
#include <errno.h>
#include <string.h>

#include "softhca/shim/rdma_cm/ucm.h"
#include "softhca/shim/user.h"

enum {
	OPTION_BYTES = 512, /* six paths are less */
	MAX_ACK_TIMEOUT = 31,
};

static int set_service_type(struct ucm_id *id, const uint8_t *value, uint32_t length)
{
	if (length != sizeof(id->tos))
		return EINVAL;
	id->tos = *value;
	id->has_tos = true;
	return 0;
}

static int read_flag(const uint8_t *value, uint32_t length, bool *flag)
{
	int number;

	if (length != sizeof(number))
		return EINVAL;
	memcpy(&number, value, sizeof(number));
	*flag = number != 0;
	return 0;
}

/* Once it has a port it can only be said again. */
static int set_reuse(struct ucm_id *id, const uint8_t *value, uint32_t length)
{
	bool on;
	int rc = read_flag(value, length, &on);

	if (rc)
		return rc;
	if (id->state != UCM_IDLE && !(on && id->shares_port))
		return EINVAL;
	id->shares_port = on;
	return 0;
}

static int set_family_only(struct ucm_id *id, const uint8_t *value, uint32_t length)
{
	bool on;
	int rc = read_flag(value, length, &on);

	if (rc)
		return rc;
	if (id->state != UCM_IDLE && id->state != UCM_BOUND)
		return EINVAL;
	id->own_family_only = on;
	return 0;
}

static int set_ack_timeout(struct ucm_id *id, const uint8_t *value, uint32_t length)
{
	if (length != sizeof(*value) || *value > MAX_ACK_TIMEOUT ||
	    (id->qp_type != QP_TYPE_RC && id->qp_type != QP_TYPE_XRC_SEND))
		return EINVAL;
	id->ack_timeout = *value;
	id->has_ack_timeout = true;
	return 0;
}

static int set_id_option(struct ucm_id *id, uint32_t name, const uint8_t *value, uint32_t length)
{
	switch (name) {
	case RDMA_OPTION_ID_TOS:
		return set_service_type(id, value, length);
	case RDMA_OPTION_ID_REUSEADDR:
		return set_reuse(id, value, length);
	case RDMA_OPTION_ID_AFONLY:
		return set_family_only(id, value, length);
	case RDMA_OPTION_ID_ACK_TIMEOUT:
		return set_ack_timeout(id, value, length);
	default:
		return ENOSYS;
	}
}

/* A route that the program has found by itself: the first of its paths that is whole. */
static int set_path(struct ucm_id *id, const uint8_t *value, uint32_t length)
{
	struct ib_path_rec_data data;
	int rc = EINVAL;

	if (length % sizeof(data) || !length || !id->hca)
		return EINVAL;
	if (id->state != UCM_ADDRESS_RESOLVED)
		return EINVAL;
	for (uint32_t i = 0; rc && i < length; i += sizeof(data)) {
		memcpy(&data, value + i, sizeof(data));
		rc = ucm_path_unpack(id, &data);
	}
	if (rc)
		return rc;
	id->has_path = true;
	id->state = UCM_ROUTE_RESOLVED;
	ucm_event_tell(id, UCM_EVENT_ROUTE_RESOLVED, 0);
	return 0;
}

int ucm_set_option(struct ucm_call *call)
{
	struct rdma_ucm_set_option wire;
	uint8_t value[OPTION_BYTES] = {0};
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (wire.optlen > sizeof(value))
		return EINVAL;
	rc = ucm_id_get(call->file, wire.id, &id);
	if (!rc)
		rc = user_read(value, wire.optval, wire.optlen);
	if (rc)
		return rc;
	switch (wire.level) {
	case RDMA_OPTION_ID:
		return set_id_option(id, wire.optname, value, wire.optlen);
	case RDMA_OPTION_IB:
		return wire.optname == RDMA_OPTION_IB_PATH ? set_path(id, value, wire.optlen)
							   : ENOSYS;
	default:
		return ENOSYS;
	}
}
