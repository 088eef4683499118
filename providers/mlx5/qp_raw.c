/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Raw packet QPs, which send and receive Ethernet frames: what they may ask for, when their
 * receives become visible, and the kind that spreads frames over work queues.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5-abi.h>

#include "util/mmio.h"

#include "bits.h"
#include "context.h"
#include "frame.h"
#include "qp.h"

/* The rings, if any, are in the work queues; the hash says which of them. */
static int check_spreading(const struct ibv_qp_init_attr_ex *attr)
{
	const uint32_t both = IBV_QP_INIT_ATTR_IND_TABLE | IBV_QP_INIT_ATTR_RX_HASH;

	const size_t max_key = sizeof(((struct mlx5_ib_create_qp_rss *)0)->rx_hash_key);

	if ((attr->comp_mask & both) != both) {
		verbs_explain("an indirection table and a hash go together");
		return EINVAL;
	}
	if (attr->comp_mask & (IBV_QP_INIT_ATTR_SEND_OPS_FLAGS | IBV_QP_INIT_ATTR_MAX_TSO_HEADER) ||
	    attr->cap.max_send_wr || attr->cap.max_recv_wr || attr->srq) {
		verbs_explain("a queue pair with an indirection table has no queues of its own");
		return EINVAL;
	}
	if (attr->rx_hash_conf.rx_hash_key_len > max_key) {
		verbs_explain("rx_hash_key_len %u > limit %zu", attr->rx_hash_conf.rx_hash_key_len,
			      max_key);
		return EINVAL;
	}
	return 0;
}

/*
 * Completions of frames carry a flow tag in the place of the QPN, so that a kernel without user
 * indexes has no such QPs.
 */
int mlx5_raw_check(const struct mlx5_context *context, const struct ibv_qp_init_attr_ex *attr)
{
	const uint32_t masks = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS |
			       IBV_QP_INIT_ATTR_SEND_OPS_FLAGS | IBV_QP_INIT_ATTR_MAX_TSO_HEADER |
			       IBV_QP_INIT_ATTR_IND_TABLE | IBV_QP_INIT_ATTR_RX_HASH;
	const uint32_t flags = IBV_QP_CREATE_BLOCK_SELF_MCAST_LB | IBV_QP_CREATE_SCATTER_FCS |
			       IBV_QP_CREATE_CVLAN_STRIPPING | IBV_QP_CREATE_PCI_WRITE_END_PADDING;

	if (!context->cqe_version) {
		verbs_explain("frames need user indexes in completions, CQE version 1");
		return EOPNOTSUPP;
	}
	if (attr->comp_mask & ~masks)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS && attr->create_flags & ~flags)
		return EOPNOTSUPP;
	if (!(attr->comp_mask & IBV_QP_INIT_ATTR_PD) || !attr->pd)
		return EINVAL;
	if (attr->comp_mask & (IBV_QP_INIT_ATTR_IND_TABLE | IBV_QP_INIT_ATTR_RX_HASH))
		return check_spreading(attr);
	return attr->send_cq && attr->recv_cq && !attr->srq ? 0 : EINVAL;
}

int mlx5_raw_prepare(struct mlx5_context *context, struct mlx5_qp *qp,
		     const struct ibv_qp_init_attr_ex *attr)
{
	struct ibv_device_attr_ex device = {};
	int err;

	err = mlx5_query_device_ex(&context->verbs.context, NULL, &device);
	if (err)
		return err;
	if (attr->comp_mask & IBV_QP_INIT_ATTR_MAX_TSO_HEADER && attr->max_tso_header) {
		if (!device.tso_caps.max_tso ||
		    !ibv_is_qpt_supported(device.tso_caps.supported_qpts, IBV_QPT_RAW_PACKET)) {
			verbs_explain("max_tso_header %u: the device cuts up no long payloads",
				      attr->max_tso_header);
			return EOPNOTSUPP;
		}
		qp->sq.max_tso_header = attr->max_tso_header;
	}
	if (device.raw_packet_caps & IBV_RAW_PACKET_CAP_IP_CSUM ||
	    device.orig_attr.device_cap_flags & IBV_DEVICE_RAW_IP_CSUM)
		qp->sq.cs_flags = MLX5_ETH_WQE_L3_CSUM | MLX5_ETH_WQE_L4_CSUM;
	qp->sq.inline_header = context->inline_header;
	return 0;
}

/*
 * The receive ring of a raw QP takes packets from INIT on, as soon as it has receives, where other
 * QPs wait for RTR. So until then they are counted in a record that the device does not know.
 */
void mlx5_raw_follow_state(struct mlx5_qp *qp, enum ibv_qp_state state)
{
	__be32 *seen = qp->sq.dbrec;

	mlx5_lock(&qp->rq.lock);
	if (state == IBV_QPS_RESET || state == IBV_QPS_INIT) {
		qp->rq.dbrec = qp->unseen_dbrec;
		seen[MLX5_RCV_DBR] = 0;
	} else if (qp->rq.dbrec != seen) {
		udma_to_device_barrier();
		seen[MLX5_RCV_DBR] = mlx5_wqe_count(qp->rq.head);
		qp->rq.dbrec = seen;
	}
	mlx5_unlock(&qp->rq.lock);
}

static int spreading_command(struct mlx5_context *context, struct ibv_qp_init_attr_ex *attr,
			     struct mlx5_qp *qp)
{
	const struct ibv_rx_hash_conf *hash = &attr->rx_hash_conf;
	struct mlx5_ib_create_qp_rss request = {
		.rx_hash_fields_mask = hash->rx_hash_fields_mask,
		.rx_hash_function = hash->rx_hash_function,
		.rx_key_len = hash->rx_hash_key_len,
	};
	struct mlx5_ib_create_qp_resp response;
	const struct verbs_udata udata = {
		.in = &request,
		.in_len = sizeof(request),
		.out = &response,
		.out_len = sizeof(response),
	};

	if (hash->rx_hash_key_len)
		memcpy(request.rx_hash_key, hash->rx_hash_key, hash->rx_hash_key_len);
	return ibv_cmd_create_qp_ex(&context->verbs.context, attr, &qp->verbs, &udata);
}

/* It has nothing but its number: what is posted to it finds queues without room. */
struct ibv_qp *mlx5_create_spreading_qp(struct mlx5_context *context,
					struct ibv_qp_init_attr_ex *attr)
{
	struct mlx5_qp *qp = aligned_alloc(64, align_up(sizeof(*qp), 64));
	int err;

	if (!qp)
		return NULL;
	memset(qp, 0, sizeof(*qp));
	qp->resource.number = MLX5_NO_USER_INDEX;
	qp->service = MLX5_SERVICE_RAW;
	qp->spreads = true;
	qp->verbs.qp.qp_type = attr->qp_type;
	mlx5_qp_set_post_send(qp);
	err = spreading_command(context, attr, qp);
	if (err) {
		free(qp);
		errno = err;
		return NULL;
	}
	return &qp->verbs.qp;
}
