/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tag matching: the list of a shared receive queue and its queue pair come and go. See tags.h. */

#include <errno.h>
#include <stdlib.h>

#include "bits.h"
#include "context.h"
#include "qp.h"
#include "srq.h"
#include "tags.h"

enum {
	COMMAND_PORT = 1,
	/* What qp_size.c gives to a request with one element on a reliable connection, since it
	 * may be the bind of a window; a change of the list takes one of them. */
	BLOCKS_PER_REQUEST = 4,
	MAX_PLACES = 1 << 16, /* what an index can tell apart */
};

static void free_tags(struct mlx5_tags *tags)
{
	free(tags->named);
	free(tags->line);
	free(tags->tags);
	free(tags);
}

static struct mlx5_tags *alloc_tags(uint32_t max_num_tags)
{
	uint32_t places = max_num_tags + 1, room = (uint32_t)round_up_pow2(places);
	struct mlx5_tags *tags = calloc(1, sizeof(*tags));

	if (!tags)
		return NULL;
	tags->tags = calloc(places, sizeof(tags->tags[0]));
	tags->line = calloc(room, sizeof(tags->line[0]));
	if (!tags->tags || !tags->line) {
		free_tags(tags);
		return NULL;
	}
	tags->mask = room - 1;
	tags->places = places;
	tags->tail = places;
	for (uint32_t i = 0; i < places; i++)
		tags->line[i] = (uint16_t)i;
	return tags;
}

static struct mlx5_qp *create_qp(struct mlx5_srq *srq, const struct ibv_srq_init_attr_ex *attr)
{
	const uint32_t max_ops = attr->tm_cap.max_ops;
	struct ibv_qp_init_attr init = {
		.send_cq = attr->cq,
		.recv_cq = attr->cq,
		.srq = &srq->verbs.srq,
		.cap = {.max_send_wr = (max_ops + BLOCKS_PER_REQUEST - 1) / BLOCKS_PER_REQUEST,
			.max_send_sge = 1},
		.qp_type = IBV_QPT_RC,
	};
	uint32_t most = to_mlx5_context(attr->pd->context)->max_send_bb;
	struct ibv_qp *qp;

	if (max_ops > most) {
		verbs_explain("max_ops %u > device limit %u", max_ops, most);
		errno = EINVAL;
		return NULL;
	}
	qp = mlx5_create_qp(attr->pd, &init);
	if (!qp)
		return NULL;
	if (max_ops)
		to_mlx5_qp(qp)->sq.max_wr = to_mlx5_qp(qp)->sq.mask + 1;
	return to_mlx5_qp(qp);
}

/* The way back to the port itself; on Ethernet by its first address. */
static int address_itself(struct ibv_context *context, struct ibv_ah_attr *address)
{
	struct ibv_port_attr port;
	struct ibv_gid_entry gid;
	int err = mlx5_query_port(context, COMMAND_PORT, &port);

	if (err)
		return err;
	*address = (struct ibv_ah_attr){.dlid = port.lid, .port_num = COMMAND_PORT};
	if (port.link_layer != IBV_LINK_LAYER_ETHERNET)
		return 0;
	address->is_global = 1;
	address->grh.hop_limit = 1;
	err = ibv_query_gid_ex(context, COMMAND_PORT, address->grh.sgid_index, &gid, 0);
	address->grh.dgid = gid.gid;
	return err;
}

/* Requests are taken in RTS only, though nothing is sent. */
static int connect_qp(struct mlx5_qp *mlx5_qp)
{
	struct ibv_qp *qp = &mlx5_qp->verbs.qp;
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = COMMAND_PORT,
		.path_mtu = IBV_MTU_256,
		.dest_qp_num = qp->qp_num,
	};
	int err;

	err = mlx5_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
	if (err)
		return err;
	err = address_itself(qp->context, &attr.ah_attr);
	if (err)
		return err;
	attr.qp_state = IBV_QPS_RTR;
	err = mlx5_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
				     IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
				     IBV_QP_MIN_RNR_TIMER);
	if (err)
		return err;
	attr.qp_state = IBV_QPS_RTS;
	return mlx5_modify_qp(qp, &attr,
			      IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
				      IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC);
}

int mlx5_tags_create(struct mlx5_srq *srq, const struct ibv_srq_init_attr_ex *attr)
{
	struct mlx5_tags *tags;
	int err;

	if (!attr->tm_cap.max_num_tags || attr->tm_cap.max_num_tags >= MAX_PLACES)
		return EINVAL;
	tags = alloc_tags(attr->tm_cap.max_num_tags);
	if (!tags)
		return ENOMEM;
	tags->qp = create_qp(srq, attr);
	if (!tags->qp) {
		err = errno;
		goto free_tags;
	}
	tags->named = calloc((size_t)tags->qp->sq.mask + 1, sizeof(tags->named[0]));
	err = tags->named ? connect_qp(tags->qp) : ENOMEM;
	if (err)
		goto destroy_qp;
	srq->tags = tags;
	return 0;

destroy_qp:
	mlx5_destroy_qp(&tags->qp->verbs.qp);
free_tags:
	free_tags(tags);
	return err;
}

int mlx5_tags_destroy(struct mlx5_srq *srq)
{
	struct mlx5_tags *tags = srq->tags;
	int err;

	if (!tags)
		return 0;
	if (atomic_load(&tags->users))
		return EBUSY;
	srq->tags = NULL;
	err = mlx5_destroy_qp(&tags->qp->verbs.qp);
	if (err)
		srq->tags = tags;
	else
		free_tags(tags);
	return err;
}

/* The list's own queue pair is made before the shared queue has a list, and ends after. */
struct mlx5_tags *mlx5_tags_get(struct mlx5_srq *srq)
{
	struct mlx5_tags *tags = srq ? srq->tags : NULL;

	if (tags)
		atomic_fetch_add(&tags->users, 1);
	return tags;
}

void mlx5_tags_put(struct mlx5_tags *tags)
{
	if (tags)
		atomic_fetch_sub(&tags->users, 1);
}
