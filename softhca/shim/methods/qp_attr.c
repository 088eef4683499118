/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attributes of queue pairs: translation between the command's words and the core's, which checks
 * them. */
#include <errno.h>
#include <string.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/tables.h"
#include "softhca/transport/transport.h"

/* Twenty bits go into a header, and no more are looked at: UCX sets all of the field. */
enum { FLOW_LABEL_MASK = 0xfffff };

static void read_path(const struct ib_uverbs_qp_dest *wire, struct path *path)
{
	*path = (struct path){
		.dlid = wire->dlid,
		.sl = wire->sl,
		.src_path_bits = wire->src_path_bits,
		.static_rate = wire->static_rate,
		.port = wire->port_num,
		.grh = wire->is_global,
		.sgid_index = wire->sgid_index,
		.hop_limit = wire->hop_limit,
		.traffic_class = wire->traffic_class,
		.flow_label = wire->flow_label & FLOW_LABEL_MASK,
	};
	memcpy(path->dgid, wire->dgid, sizeof(path->dgid));
}

static void write_path(const struct path *path, struct ib_uverbs_qp_dest *wire)
{
	*wire = (struct ib_uverbs_qp_dest){
		.dlid = path->dlid,
		.sl = path->sl,
		.src_path_bits = path->src_path_bits,
		.static_rate = path->static_rate,
		.port_num = path->port,
		.is_global = path->grh,
		.sgid_index = path->sgid_index,
		.hop_limit = path->hop_limit,
		.traffic_class = path->traffic_class,
		.flow_label = path->flow_label,
	};
	memcpy(wire->dgid, path->dgid, sizeof(wire->dgid));
}

static struct qp_attr read_attr(const struct ib_uverbs_modify_qp *wire)
{
	struct qp_attr attr = {
		.state = (enum qp_state)wire->qp_state,
		.current_state = (enum qp_state)wire->cur_qp_state,
		.path_mtu = wire->path_mtu,
		.migration = (enum migration_state)wire->path_mig_state,
		.qkey = wire->qkey,
		.rq_psn = wire->rq_psn,
		.sq_psn = wire->sq_psn,
		.dest_qpn = wire->dest_qp_num,
		.access = wire->qp_access_flags,
		.pkey_index = wire->pkey_index,
		.alternate_pkey_index = wire->alt_pkey_index,
		.sqd_async_notify = wire->en_sqd_async_notify,
		.max_rd_atomic = wire->max_rd_atomic,
		.max_dest_rd_atomic = wire->max_dest_rd_atomic,
		.min_rnr_timer = wire->min_rnr_timer,
		.port = wire->port_num,
		.timeout = wire->timeout,
		.alternate_timeout = wire->alt_timeout,
		.retry_count = wire->retry_cnt,
		.rnr_retry = wire->rnr_retry,
	};

	read_path(&wire->dest, &attr.path);
	read_path(&wire->alt_dest, &attr.alternate);
	/* The alternate path's port has a field of its own. */
	if (wire->attr_mask & QP_ALT_PATH)
		attr.alternate.port = wire->alt_port_num;
	return attr;
}

/* Changes of tags are posted by a call of their own, to a queue that the program does not see. */
static bool is_announced(const struct qp_object *object)
{
	const struct srq *srq = object->qp->srq;

	return object->wrapped && !(srq && srq->tags);
}

static int modify(struct shim_file *file, const struct ib_uverbs_modify_qp *wire,
		  uint32_t rate_limit, struct driver_data *driver)
{
	struct qp_object *object = find_any_qp(file, wire->qp_handle);
	struct engine *engine = file->member->engine;
	struct qp_attr attr = read_attr(wire);
	int rc;

	if (!object)
		return EINVAL;
	/* One that spreads frames has neither states nor attributes. */
	if (object->rss)
		return EOPNOTSUPP;
	attr.rate_limit = rate_limit;
	trace_printf("modify qp %06x: mask %#x, state %u, peer %06x, dlid %#x%s", object->qp->qpn,
		     wire->attr_mask, wire->qp_state, wire->dest_qp_num, wire->dest.dlid,
		     wire->dest.is_global ? ", grh" : "");
	rc = file->abi->check_modify_qp(object->qp, attr.state, driver);
	if (rc)
		return rc;
	object->wrapped = tables_wrap(object->async.user_handle, file->fd, object->qp);
	if (object->xrcd)
		srq_objects_announce(file);
	engine_lock(engine);
	rc = qp_modify(object->qp, &attr, wire->attr_mask);
	if (!rc && !is_announced(object) && !qp_type_only_receives(object->qp->type))
		qp_watch(object->qp);
	engine_unlock(engine);
	if (!rc)
		file->abi->modified_qp(object->qp, driver);
	return rc;
}

int modify_qp(struct command *command)
{
	struct ib_uverbs_modify_qp wire;

	command_input(command, &wire, sizeof(wire));
	return modify(command->file, &wire, 0, &command->driver);
}

int ex_modify_qp(struct command *command)
{
	struct ib_uverbs_ex_modify_qp_resp answer = {0};
	struct ib_uverbs_ex_modify_qp wire;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (!rc && (wire.reserved || (wire.rate_limit && !(wire.base.attr_mask & QP_RATE_LIMIT))))
		rc = EOPNOTSUPP;
	if (!rc)
		rc = command->file->abi->check_pace(&command->driver);
	if (!rc)
		rc = modify(command->file, &wire.base, wire.rate_limit, &command->driver);
	if (rc)
		return rc;
	answer.response_length = command_output_length(command, sizeof(answer));
	command_output(command, &answer, sizeof(answer));
	return 0;
}

static void describe(const struct qp *qp, struct ib_uverbs_query_qp_resp *answer)
{
	const struct qp_attr *attr = &qp->attr;

	*answer = (struct ib_uverbs_query_qp_resp){
		.max_send_wr = qp->max_send_wr,
		.max_recv_wr = qp->max_recv_wr,
		.max_send_sge = qp->max_send_sge,
		.max_recv_sge = qp->max_recv_sge,
		.max_inline_data = qp->max_inline,
		.qkey = attr->qkey,
		.rq_psn = attr->rq_psn,
		.sq_psn = attr->sq_psn,
		.dest_qp_num = attr->dest_qpn,
		.qp_access_flags = attr->access,
		.pkey_index = attr->pkey_index,
		.alt_pkey_index = attr->alternate_pkey_index,
		.qp_state = (uint8_t)attr->state,
		.cur_qp_state = (uint8_t)attr->state,
		.sq_draining = transport_is_draining(qp),
		.path_mtu = attr->path_mtu,
		.path_mig_state = (uint8_t)attr->migration,
		.max_rd_atomic = attr->max_rd_atomic,
		.max_dest_rd_atomic = attr->max_dest_rd_atomic,
		.min_rnr_timer = attr->min_rnr_timer,
		.port_num = attr->port,
		.timeout = attr->timeout,
		.retry_cnt = attr->retry_count,
		.rnr_retry = attr->rnr_retry,
		.alt_port_num = attr->alternate.port,
		.alt_timeout = attr->alternate_timeout,
		.sq_sig_all = qp->signal_all,
	};
	write_path(&attr->path, &answer->dest);
	write_path(&attr->alternate, &answer->alt_dest);
}

int query_qp(struct command *command)
{
	struct engine *engine = command->file->member->engine;
	struct ib_uverbs_query_qp_resp answer = {0};
	struct ib_uverbs_query_qp wire;
	struct qp_object *object;

	command_input(command, &wire, sizeof(wire));
	object = find_any_qp(command->file, wire.qp_handle);
	if (object && object->rss)
		return EOPNOTSUPP;
	/* The adapter knows nothing of a target that is not complete. */
	if (!object || (object->qp->type == QP_TYPE_DCT && object->qp->attr.state != QP_RTR))
		return EINVAL;
	engine_lock(engine);
	describe(object->qp, &answer);
	engine_unlock(engine);
	command_output(command, &answer, sizeof(answer));
	return 0;
}
