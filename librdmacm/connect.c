/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making, taking, refusing and ending connections. */
#include <stdlib.h>

#include "librdmacm/cma.h"

static uint8_t lesser(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* What is asked for by number must be there; the largest number is a wish for as much as there is.
 */
static int check_depths(const struct cma_id *id, const struct rdma_conn_param *param)
{
	if (!param || cma_is_datagram(&id->id) || !id->device)
		return 0;
	if (param->responder_resources != RDMA_MAX_RESP_RES &&
	    param->responder_resources > id->device->max_responder_resources)
		return EINVAL;
	if (param->initiator_depth != RDMA_MAX_INIT_DEPTH &&
	    param->initiator_depth > id->device->max_initiator_depth)
		return EINVAL;
	return 0;
}

static int put_private_data(const struct cma_id *id, const struct rdma_conn_param *from,
			    struct ucma_abi_conn_param *to)
{
	size_t length = from ? from->private_data_len : 0;

	if (id->connect_length + length > sizeof(to->private_data) - 1)
		return EINVAL;
	if (id->connect_length)
		memcpy(to->private_data, id->connect_data, id->connect_length);
	if (length)
		memcpy(to->private_data + id->connect_length, from->private_data, length);
	to->private_data_len = (__u8)(id->connect_length + length);
	return 0;
}

/* The queue pair is ours to name where the library has made it. */
static int fill(const struct cma_id *id, const struct rdma_conn_param *from,
		struct ucma_abi_conn_param *to)
{
	const struct ibv_qp *qp = id->id.qp;
	const struct rdma_conn_param defaults = {.retry_count = 7, .rnr_retry_count = 7};
	int err = put_private_data(id, from, to);

	if (!from)
		from = &defaults;
	to->qp_num = qp ? qp->qp_num : from->qp_num;
	to->srq = qp ? qp->srq || id->id.srq : from->srq;
	to->responder_resources = id->responder_resources;
	to->initiator_depth = id->initiator_depth;
	to->flow_control = from->flow_control;
	to->retry_count = from->retry_count;
	to->rnr_retry_count = from->rnr_retry_count;
	to->valid = 1;
	return err;
}

static struct ucma_abi_ece ece_of(const struct cma_id *id)
{
	return (struct ucma_abi_ece){.vendor_id = id->local_ece.vendor_id,
				     .attr_mod = id->local_ece.options};
}

int rdma_connect(struct rdma_cm_id *public, struct rdma_conn_param *param)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_connect command = {.id = id->handle, .ece = ece_of(id)};
	int err = check_depths(id, param);

	if (!err && !id->device)
		err = EINVAL;
	if (err)
		return cma_result(err);
	id->responder_resources = param && param->responder_resources != RDMA_MAX_RESP_RES
					  ? param->responder_resources
					  : id->device->max_responder_resources;
	id->initiator_depth = param && param->initiator_depth != RDMA_MAX_INIT_DEPTH
				      ? param->initiator_depth
				      : id->device->max_initiator_depth;
	err = fill(id, param, &command.conn_param);
	if (!err)
		err = CMA_COMMAND(public->channel->fd, UCMA_CMD_CONNECT, command);
	return cma_result(err ? err : cma_id_wait(id));
}

int cma_finish_connect(struct cma_id *id)
{
	struct ucma_abi_accept command = {.id = id->handle};
	int err = cma_qp_to_rtr(id, id->responder_resources);

	if (!err)
		err = cma_qp_to_rts(id, id->initiator_depth);
	if (!err)
		err = CMA_COMMAND(id->id.channel->fd, UCMA_CMD_ACCEPT, command);
	if (err)
		cma_qp_to_error(id);
	return err;
}

int rdma_establish(struct rdma_cm_id *public)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_accept command = {.id = id->handle};

	/* Of queue pairs that are the library's it is done by the event. */
	if (public->qp)
		return cma_result(EINVAL);
	return cma_result(CMA_COMMAND(public->channel->fd, UCMA_CMD_ACCEPT, command));
}

int rdma_listen(struct rdma_cm_id *public, int backlog)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_listen command = {.id = id->handle, .backlog = (__u32)backlog};
	int err = CMA_COMMAND(public->channel->fd, UCMA_CMD_LISTEN, command);

	/* The kernel may have chosen the port now. */
	return cma_result(err ? err : cma_query_address(id));
}

/* No more than the peer has offered, nor than the device has. */
static void choose_depths(struct cma_id *id, const struct rdma_conn_param *param)
{
	uint8_t responder = lesser(id->responder_resources, id->device->max_responder_resources);
	uint8_t initiator = lesser(id->initiator_depth, id->device->max_initiator_depth);

	if (param && param->responder_resources != RDMA_MAX_RESP_RES)
		responder = param->responder_resources;
	if (param && param->initiator_depth != RDMA_MAX_INIT_DEPTH)
		initiator = param->initiator_depth;
	id->responder_resources = responder;
	id->initiator_depth = initiator;
}

static int prepare_qp(struct cma_id *id)
{
	int err;

	if (cma_is_datagram(&id->id) || !id->id.qp)
		return 0;
	err = cma_qp_to_rtr(id, id->responder_resources);
	return err ? err : cma_qp_to_rts(id, id->initiator_depth);
}

int rdma_accept(struct rdma_cm_id *public, struct rdma_conn_param *param)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_accept command = {
		.uid = (uintptr_t)id, .id = id->handle, .ece = ece_of(id)};
	int err = check_depths(id, param);

	if (!err && !id->device)
		err = EINVAL;
	if (err)
		return cma_result(err);
	choose_depths(id, param);
	err = prepare_qp(id);
	if (!err)
		err = fill(id, param, &command.conn_param);
	if (!err)
		err = CMA_COMMAND(public->channel->fd, UCMA_CMD_ACCEPT, command);
	if (err) {
		cma_qp_to_error(id);
		return cma_result(err);
	}
	/* Datagrams have no connection to become established. */
	return cma_is_datagram(public) ? 0 : cma_result(cma_id_wait(id));
}

static int reject(struct rdma_cm_id *public, const void *private_data, uint8_t length,
		  uint8_t reason)
{
	struct ucma_abi_reject command = {
		.id = to_cma_id(public)->handle, .private_data_len = length, .reason = reason};

	if (length && !private_data)
		return cma_result(EINVAL);
	if (length)
		memcpy(command.private_data, private_data, length);
	return cma_result(CMA_COMMAND(public->channel->fd, UCMA_CMD_REJECT, command));
}

int rdma_reject(struct rdma_cm_id *id, const void *private_data, uint8_t private_data_len)
{
	return reject(id, private_data, private_data_len, 0);
}

int rdma_reject_ece(struct rdma_cm_id *id, const void *private_data, uint8_t private_data_len)
{
	/* IBTA vol. 1, 12.6.7.2: the vendor's option is not supported. */
	enum { REJECT_VENDOR_OPTION = 35 };

	return reject(id, private_data, private_data_len, REJECT_VENDOR_OPTION);
}

int rdma_disconnect(struct rdma_cm_id *public)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_disconnect command = {.id = id->handle};
	int err = cma_qp_to_close(id);

	if (!err)
		err = CMA_COMMAND(public->channel->fd, UCMA_CMD_DISCONNECT, command);
	return cma_result(err ? err : cma_id_wait(id));
}

int rdma_notify(struct rdma_cm_id *id, enum ibv_event_type event)
{
	struct ucma_abi_notify command = {.id = to_cma_id(id)->handle, .event = event};

	return cma_result(CMA_COMMAND(id->channel->fd, UCMA_CMD_NOTIFY, command));
}
