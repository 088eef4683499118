/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: creation and destruction. */
#include <errno.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/fabric/fabric.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/methods/qp_create.h"
#include "softhca/shim/tables.h"

struct qp_object *find_any_qp(struct shim_file *file, uint32_t number)
{
	return (struct qp_object *)handle_find(&file->handles, HANDLE_QP, number);
}

struct qp_object *find_qp(struct shim_file *file, uint32_t number)
{
	struct qp_object *object = find_any_qp(file, number);

	return object && object->qp ? object : NULL;
}

enum {
	RAW_PACKET_FLAGS = IB_UVERBS_QP_CREATE_SCATTER_FCS | IB_UVERBS_QP_CREATE_CVLAN_STRIPPING,
};

/* InfiniBand has no frames. */
static bool is_raw_packet(const struct shim_file *file, const struct qp_request *request)
{
	return request->type == QP_TYPE_RAW_PACKET &&
	       file->hca->shared->port_type == FABRIC_PORT_ETH;
}

static int check_type(uint32_t type)
{
	switch (type) {
	case QP_TYPE_RC:
	case QP_TYPE_UC:
	case QP_TYPE_UD:
	case QP_TYPE_XRC_SEND:
	case QP_TYPE_XRC_RECV:
	case IB_UVERBS_QPT_DRIVER:
	case QP_TYPE_RAW_PACKET:
		return 0;
	default:
		return EINVAL;
	}
}

/* What halves of a queue pair have no use for is not looked at. */
static bool has_objects(const struct qp_request *request)
{
	if (request->type == QP_TYPE_XRC_RECV)
		return request->xrcd;
	if (request->type == QP_TYPE_DCT)
		return request->pd && request->recv_cq && request->srq;
	return request->pd && request->send_cq &&
	       (request->recv_cq || qp_type_only_sends((enum qp_type)request->type));
}

/* The type becomes one of the adapter's own where the library means one of those. */
static int check_request(const struct shim_file *file, struct qp_request *request,
			 const struct driver_data *driver)
{
	enum qp_type type;
	uint32_t known;
	int rc = check_type(request->type);

	if (!rc && request->type == IB_UVERBS_QPT_DRIVER) {
		rc = file->abi->driver_qp_type(driver, &type);
		request->type = type;
	}
	if (rc)
		return rc;
	if (request->type == QP_TYPE_RAW_PACKET && !is_raw_packet(file, request))
		return EOPNOTSUPP;
	if (!has_objects(request))
		return EINVAL;
	known = IB_UVERBS_QP_CREATE_SQ_SIG_ALL;
	if (request->type == QP_TYPE_RAW_PACKET)
		known |= RAW_PACKET_FLAGS;
	return request->flags & ~known ? EOPNOTSUPP : 0;
}

/* What becomes of received frames. */
static uint32_t receive_flags(uint32_t flags)
{
	return (flags & IB_UVERBS_QP_CREATE_CVLAN_STRIPPING ? WQ_VLAN_STRIPPING : 0) |
	       (flags & IB_UVERBS_QP_CREATE_SCATTER_FCS ? WQ_SCATTER_FCS : 0);
}

static void set_receives(const struct qp_request *request, struct qp_params *params)
{
	params->recv_cq = request->recv_cq->cq;
	if (request->srq) {
		params->srq = request->srq->srq;
		return;
	}
	params->max_recv_wr = request->cap.max_recv_wr;
	params->max_recv_sge = request->cap.max_recv_sge;
}

static void set_sends(const struct qp_request *request, struct qp_params *params)
{
	params->send_cq = request->send_cq->cq;
	params->max_send_wr = request->cap.max_send_wr;
	params->max_send_sge = request->cap.max_send_sge;
	params->max_inline = request->cap.max_inline_data;
}

static int create_in_core(struct qp_object *object, const struct qp_request *request,
			  const struct driver_data *driver)
{
	struct shim_file *file = object->handle.file;
	struct engine *engine = file->member->engine;
	struct qp_params params = {
		.type = (enum qp_type)request->type,
		.signal_all = request->signal_all,
		.front = object,
	};
	struct wq_params rq = {.flags = receive_flags(request->flags)};
	int rc;

	if (params.type == QP_TYPE_XRC_RECV)
		params.xrcd = request->xrcd->xrcd;
	else
		params.pd = request->pd->pd;
	if (!qp_type_only_receives(params.type))
		set_sends(request, &params);
	if (!qp_type_only_sends(params.type) && params.type != QP_TYPE_XRC_RECV)
		set_receives(request, &params);
	if (is_raw_packet(file, request)) {
		params.rq = &rq;
		rc = file->abi->create_raw_qp(file, driver, &params, &object->pin, &object->rq_pin);
	} else {
		rc = file->abi->create_qp(file, driver, &params, &object->pin);
	}
	if (rc)
		return rc;
	engine_lock(engine);
	rc = qp_create(file->hca, &params, &object->qp);
	engine_unlock(engine);
	if (rc) {
		pin_release(&object->pin);
		pin_release(&object->rq_pin);
	}
	return rc;
}

static struct qp_object *new_object(struct shim_file *file)
{
	struct qp_object *object = file_new_object(file, HANDLE_QP, sizeof(*object));

	if (!object)
		return NULL;
	list_init(&object->groups);
	list_init(&object->sharers);
	return object;
}

static void enter_domain(struct qp_object *object, struct xrcd_object *xrcd)
{
	object->xrcd = xrcd;
	xrcd->users++;
}

static int create(struct shim_file *file, struct qp_request *request, struct driver_data *driver,
		  struct qp_object **created)
{
	struct qp_object *object;
	int rc;

	if (request->table)
		return qp_create_spreading(file, request, driver, created);
	rc = check_request(file, request, driver);
	if (rc)
		return rc;
	object = new_object(file);
	if (!object)
		return ENOMEM;
	rc = async_source_open(&object->async, file, request->event_fd, request->user_handle);
	if (!rc)
		rc = create_in_core(object, request, driver);
	if (rc) {
		async_source_close(&object->async);
		file_drop_object(&object->handle);
		return rc;
	}
	if (object->qp->xrcd)
		enter_domain(object, request->xrcd);
	file->abi->created_qp(object->qp, driver);
	trace_printf("qp %u: number %06x, type %u, send %u in %u units, receive %u in %u entries, "
		     "inline %u%s",
		     object->handle.number, object->qp->qpn, request->type,
		     request->cap.max_send_wr, object->qp->sq_units, request->cap.max_recv_wr,
		     object->qp->rq_count, request->cap.max_inline_data,
		     request->srq ? ", srq" : "");
	*created = object;
	return 0;
}

/* The queue pair ends with its last object; until then it has another one for its front. */
static int end_or_leave(struct qp_object *object)
{
	struct qp *qp = object->qp;

	if (list_empty(&object->sharers))
		return qp_destroy(qp);
	if (qp->front == object)
		qp->front = list_entry(object->sharers.next, struct qp_object, sharers);
	list_remove(&object->sharers);
	return 0;
}

int qp_object_destroy(struct handle *handle)
{
	struct qp_object *object = (struct qp_object *)handle;
	struct engine *engine = handle->file->member->engine;
	int rc;

	if (object->rss)
		return qp_destroy_spreading(object);
	if (!list_empty(&object->groups))
		return EBUSY;
	engine_lock(engine);
	rc = end_or_leave(object);
	engine_unlock(engine);
	if (rc)
		return rc;
	if (object->xrcd)
		object->xrcd->users--;
	tables_drop(object->async.user_handle);
	async_source_close(&object->async);
	pin_release(&object->pin);
	pin_release(&object->rq_pin);
	return 0;
}

static int destroy(struct qp_object *object, struct ib_uverbs_destroy_qp_resp *answer)
{
	int rc = qp_object_destroy(&object->handle);

	if (rc)
		return rc;
	answer->events_reported = object->async.source.reported;
	file_drop_object(&object->handle);
	return 0;
}

/* Of the classic and the extended command, whose beginnings differ by the answer's address only. */
static struct qp_request read_request(struct shim_file *file,
				      const struct ib_uverbs_ex_create_qp *wire)
{
	return (struct qp_request){
		.user_handle = wire->user_handle,
		.type = wire->qp_type,
		/* One field for both. */
		.pd = find_pd(file, wire->pd_handle),
		.xrcd = find_xrcd(file, wire->pd_handle),
		.send_cq = find_cq(file, wire->send_cq_handle),
		.recv_cq = find_cq(file, wire->recv_cq_handle),
		.srq = wire->is_srq ? find_srq(file, wire->srq_handle) : NULL,
		.cap = {wire->max_send_wr, wire->max_recv_wr, wire->max_send_sge,
			wire->max_recv_sge, wire->max_inline_data},
		.signal_all = wire->sq_sig_all,
		.flags = wire->create_flags,
		.event_fd = -1,
	};
}

/* A DC target's is told when it takes requests. */
static uint32_t told_number(const struct qp_object *object)
{
	if (object->rss)
		return object->rss->qpn;
	return object->qp->type == QP_TYPE_DCT ? 0 : object->qp->qpn;
}

static void answer_create(const struct qp_object *object, const struct ib_uverbs_qp_cap *cap,
			  struct ib_uverbs_create_qp_resp *answer)
{
	*answer = (struct ib_uverbs_create_qp_resp){
		.qp_handle = object->handle.number,
		.qpn = told_number(object),
		.max_send_wr = cap->max_send_wr,
		.max_recv_wr = cap->max_recv_wr,
		.max_send_sge = cap->max_send_sge,
		.max_recv_sge = cap->max_recv_sge,
		.max_inline_data = cap->max_inline_data,
	};
}

int create_qp(struct command *command)
{
	struct ib_uverbs_create_qp_resp answer = {0};
	struct ib_uverbs_ex_create_qp wire = {0};
	struct ib_uverbs_create_qp classic;
	struct qp_request request;
	struct qp_object *object;
	int rc;

	command_input(command, &classic, sizeof(classic));
	memcpy(&wire, (const uint8_t *)&classic + sizeof(classic.response),
	       sizeof(classic) - sizeof(classic.response));
	request = read_request(command->file, &wire);
	if (wire.is_srq && !request.srq)
		return EINVAL;
	rc = create(command->file, &request, &command->driver, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer_create(object, &request.cap, &answer);
	command_output(command, &answer, sizeof(answer));
	return 0;
}

/* The command's other handles say nothing then. */
static void name_table(struct shim_file *file, uint32_t number, struct qp_request *request)
{
	request->table = find_wq_table(file, number);
	request->send_cq = NULL;
	request->recv_cq = NULL;
}

int ex_create_qp(struct command *command)
{
	struct ib_uverbs_ex_create_qp_resp answer = {0};
	struct ib_uverbs_ex_create_qp wire;
	struct qp_request request;
	struct qp_object *object;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (rc)
		return rc;
	if (wire.comp_mask & ~(uint32_t)IB_UVERBS_CREATE_QP_SUP_COMP_MASK || wire.reserved)
		return EINVAL;
	if (wire.source_qpn)
		return EOPNOTSUPP;
	request = read_request(command->file, &wire);
	if (wire.comp_mask & IB_UVERBS_CREATE_QP_MASK_IND_TABLE)
		name_table(command->file, wire.rwq_ind_tbl_handle, &request);
	if ((wire.is_srq && !request.srq) || (wire.comp_mask && !request.table))
		return EINVAL;
	rc = create(command->file, &request, &command->driver, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer_create(object, &request.cap, &answer.base);
	answer.response_length = command_output_length(command, sizeof(answer));
	command_output(command, &answer, sizeof(answer));
	return 0;
}

/* The queue pair of that number, if it is one that can be opened in this domain. */
static int find_open(const struct shim_file *file, const struct xrcd *xrcd, uint32_t qpn,
		     struct qp **found)
{
	const struct fabric_qp *shared = fabric_qp_find(file->hca->shared, qpn);
	struct qp *qp = hca_find_qp(file->hca, qpn);

	*found = qp;
	if (qp)
		return qp->xrcd == xrcd ? 0 : EINVAL;
	if (!shared || shared->type != QP_TYPE_XRC_RECV)
		return EINVAL;
	trace_printf("qp %06x: another process has it, which is the only one that can", qpn);
	return EOPNOTSUPP;
}

static int share(struct qp_object *object, struct xrcd_object *xrcd, uint32_t qpn)
{
	struct shim_file *file = object->handle.file;
	struct engine *engine = file->member->engine;
	struct qp_object *first;
	int rc;

	engine_lock(engine);
	rc = find_open(file, xrcd->xrcd, qpn, &object->qp);
	if (!rc) {
		first = object->qp->front;
		list_append(&first->sharers, &object->sharers);
	}
	engine_unlock(engine);
	if (!rc)
		enter_domain(object, xrcd);
	return rc;
}

int open_qp(struct command *command)
{
	struct ib_uverbs_create_qp_resp answer = {0};
	struct ib_uverbs_open_qp wire;
	struct xrcd_object *xrcd;
	struct qp_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	xrcd = find_xrcd(command->file, wire.pd_handle);
	if (!xrcd || wire.qp_type != QP_TYPE_XRC_RECV)
		return EINVAL;
	object = new_object(command->file);
	if (!object)
		return ENOMEM;
	rc = async_source_open(&object->async, command->file, -1, wire.user_handle);
	if (!rc)
		rc = share(object, xrcd, wire.qpn);
	if (rc) {
		async_source_close(&object->async);
		file_drop_object(&object->handle);
		return rc;
	}
	command->made.object = &object->handle;
	answer.qp_handle = object->handle.number;
	answer.qpn = object->qp->qpn;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int destroy_qp(struct command *command)
{
	struct ib_uverbs_destroy_qp_resp answer = {0};
	struct ib_uverbs_destroy_qp wire;
	struct qp_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	object = find_any_qp(command->file, wire.qp_handle);
	rc = object ? destroy(object, &answer) : EINVAL;
	if (!rc)
		command_output(command, &answer, sizeof(answer));
	return rc;
}

/* Objects that the attributes name; those absent are NULL, those unknown an error. */
static int read_objects(struct attrs *attrs, struct qp_request *request)
{
	struct shim_file *file = attrs->file;

	request->pd = find_pd(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_QP_PD_HANDLE));
	request->xrcd =
		find_xrcd(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_QP_XRCD_HANDLE));
	request->send_cq =
		find_cq(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_QP_SEND_CQ_HANDLE));
	request->recv_cq =
		find_cq(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_QP_RECV_CQ_HANDLE));
	request->srq =
		find_srq(file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_QP_SRQ_HANDLE));
	request->table = find_wq_table(
		file, (uint32_t)attr_number(attrs, UVERBS_ATTR_CREATE_QP_IND_TABLE_HANDLE));
	if ((attr_present(attrs, UVERBS_ATTR_CREATE_QP_PD_HANDLE) && !request->pd) ||
	    (attr_present(attrs, UVERBS_ATTR_CREATE_QP_XRCD_HANDLE) && !request->xrcd) ||
	    (attr_present(attrs, UVERBS_ATTR_CREATE_QP_SEND_CQ_HANDLE) && !request->send_cq) ||
	    (attr_present(attrs, UVERBS_ATTR_CREATE_QP_RECV_CQ_HANDLE) && !request->recv_cq) ||
	    (attr_present(attrs, UVERBS_ATTR_CREATE_QP_SRQ_HANDLE) && !request->srq) ||
	    (attr_present(attrs, UVERBS_ATTR_CREATE_QP_IND_TABLE_HANDLE) && !request->table))
		return ENOENT;
	return 0;
}

static int read_attrs(struct attrs *attrs, struct qp_request *request)
{
	int rc = read_objects(attrs, request);

	if (!rc)
		rc = attr_get_u64(attrs, UVERBS_ATTR_CREATE_QP_USER_HANDLE, &request->user_handle);
	if (!rc)
		rc = attr_get(attrs, UVERBS_ATTR_CREATE_QP_CAP, &request->cap,
			      sizeof(request->cap));
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_QP_TYPE, &request->type);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_CREATE_QP_FLAGS, &request->flags);
	request->signal_all = request->flags & IB_UVERBS_QP_CREATE_SQ_SIG_ALL;
	request->event_fd = (int)attr_number(attrs, UVERBS_ATTR_CREATE_QP_EVENT_FD);
	return rc;
}

static int create_method(struct attrs *attrs)
{
	struct qp_request request = {0};
	struct qp_object *object;
	int rc = read_attrs(attrs, &request);

	if (!rc)
		rc = create(attrs->file, &request, &attrs->driver, &object);
	if (rc)
		return rc;
	attrs->made.object = &object->handle;
	rc = attr_put(attrs, UVERBS_ATTR_CREATE_QP_RESP_CAP, &request.cap, sizeof(request.cap));
	if (!rc)
		rc = attr_put_u32(attrs, UVERBS_ATTR_CREATE_QP_RESP_QP_NUM, told_number(object));
	return rc ? rc
		  : attr_put_number(attrs, UVERBS_ATTR_CREATE_QP_HANDLE, object->handle.number);
}

static int destroy_method(struct attrs *attrs)
{
	struct ib_uverbs_destroy_qp_resp answer = {0};
	struct qp_object *object = find_any_qp(
		attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_QP_HANDLE));
	int rc = object ? destroy(object, &answer) : ENOENT;

	return rc ? rc : attr_put(attrs, UVERBS_ATTR_DESTROY_QP_RESP, &answer, sizeof(answer));
}

static const struct attr_spec create_attrs[] = {
	{UVERBS_ATTR_CREATE_QP_HANDLE, ATTR_NEW_HANDLE, true, 0, 0},
	{UVERBS_ATTR_CREATE_QP_PD_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_CREATE_QP_XRCD_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_CREATE_QP_SRQ_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_CREATE_QP_IND_TABLE_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_CREATE_QP_SEND_CQ_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_CREATE_QP_RECV_CQ_HANDLE, ATTR_HANDLE, false, 0, 0},
	{UVERBS_ATTR_CREATE_QP_USER_HANDLE, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_QP_CAP, ATTR_IN, true, sizeof(struct ib_uverbs_qp_cap),
	 sizeof(struct ib_uverbs_qp_cap)},
	{UVERBS_ATTR_CREATE_QP_TYPE, ATTR_IN, true, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_QP_FLAGS, ATTR_IN, false, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_CREATE_QP_EVENT_FD, ATTR_FD, false, 0, 0},
	{UVERBS_ATTR_CREATE_QP_RESP_CAP, ATTR_OUT, true, sizeof(struct ib_uverbs_qp_cap), 0},
	{UVERBS_ATTR_CREATE_QP_RESP_QP_NUM, ATTR_OUT, true, sizeof(uint32_t), 0},
	ATTR_UHW,
};

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_QP_HANDLE, ATTR_HANDLE, true, 0, 0},
	{UVERBS_ATTR_DESTROY_QP_RESP, ATTR_OUT, true, sizeof(struct ib_uverbs_destroy_qp_resp), 0},
};

const struct method_entry qp_methods[] = {
	METHOD(UVERBS_OBJECT_QP, UVERBS_METHOD_QP_CREATE, create_attrs, create_method, true),
	METHOD(UVERBS_OBJECT_QP, UVERBS_METHOD_QP_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
