/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes a core request of a send WQE. A WQE is a control segment and what its opcode asks for, in
 * pieces of 16 bytes that wrap at the end of the ring; each piece is read once. Left out are the
 * opcodes of masked atomics: they end as bad requests. UMR is in umr_decode.c,
 * tag matching in tag_decode.c.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "softhca/core/engine.h"
#include "softhca/core/trace.h"
#include "softhca/mlx5/family.h"
#include "softhca/mlx5/reader.h"

/* What follows the control segment (and the address vector on UD and DC, the SRQ's number on XRC).
 */
enum {
	REMOTE_ADDRESS = 1 << 0,
	OPERANDS = 1 << 1, /* of an atomic, whose answer takes 8 bytes */
	POINTERS = 1 << 2,
	INLINE = 1 << 3,
	KEY_CHANGE = 1 << 4,
	TAG_CHANGE = 1 << 5,
	PAYLOAD = POINTERS | INLINE,
};

enum {
	RC = 1 << QP_TYPE_RC | 1 << QP_TYPE_XRC_SEND | 1 << QP_TYPE_DCI,
	UC = 1 << QP_TYPE_UC,
	UD = 1 << QP_TYPE_UD | 1 << QP_TYPE_SMI | 1 << QP_TYPE_GSI,
	UMR = 1 << QP_TYPE_UMR,
	RAW = 1 << QP_TYPE_RAW_PACKET,
};

struct rule {
	uint16_t types; /* one bit each; 0: not an opcode */
	uint8_t parts;
	uint8_t opcode;
};

static const struct rule rules[256] = {
	[MLX5_OPCODE_NOP] = {RC | UC | UD | RAW | UMR, 0, REQUEST_NOP},
	[MLX5_OPCODE_SEND_INVAL] = {RC, PAYLOAD, REQUEST_SEND_INVALIDATE},
	[MLX5_OPCODE_RDMA_WRITE] = {RC | UC, REMOTE_ADDRESS | PAYLOAD, REQUEST_WRITE},
	[MLX5_OPCODE_RDMA_WRITE_IMM] = {RC | UC, REMOTE_ADDRESS | PAYLOAD, REQUEST_WRITE_IMM},
	[MLX5_OPCODE_SEND] = {RC | UC | UD | RAW, PAYLOAD, REQUEST_SEND},
	[MLX5_OPCODE_SEND_IMM] = {RC | UC | UD, PAYLOAD, REQUEST_SEND_IMM},
	[MLX5_OPCODE_TSO] = {RAW, PAYLOAD, REQUEST_SEND_SEGMENTS},
	[MLX5_OPCODE_RDMA_READ] = {RC, REMOTE_ADDRESS | POINTERS, REQUEST_READ},
	[MLX5_OPCODE_ATOMIC_CS] = {RC, REMOTE_ADDRESS | OPERANDS | POINTERS, REQUEST_COMPARE_SWAP},
	[MLX5_OPCODE_ATOMIC_FA] = {RC, REMOTE_ADDRESS | OPERANDS | POINTERS, REQUEST_FETCH_ADD},
	[MLX5_OPCODE_TAG_MATCHING] = {1 << QP_TYPE_RC, TAG_CHANGE, REQUEST_CHANGE_TAGS},
	[MLX5_OPCODE_UMR] = {RC | UC | UMR, KEY_CHANGE, REQUEST_CHANGE_KEY},
};

static bool take_remote_address(struct reader *reader, struct send_request *request)
{
	union segment segment;

	if (!take(reader, &segment))
		return false;
	request->remote_address = be64toh(segment.raddr.raddr);
	request->rkey = be32toh(segment.raddr.rkey);
	return !(reader->qp->hca->engine->strict && segment.raddr.reserved);
}

static bool take_srqn(struct reader *reader, struct send_request *request)
{
	union segment segment;

	if (!take(reader, &segment))
		return false;
	request->remote_srqn = be32toh(segment.xrc.xrc_srqn) & MLX5_XRC_SRQN_MASK;
	return true;
}

static bool take_operands(struct reader *reader, struct send_request *request)
{
	union segment segment;

	if (!take(reader, &segment))
		return false;
	request->swap_or_add = be64toh(segment.atomic.swap_add);
	request->compare = be64toh(segment.atomic.compare);
	return true;
}

/* The bit is InfiniBand's: on Ethernet drivers leave it clear, and every address is global. */
static void set_global_route(const struct qp *qp, const struct mlx5_wqe_av *av,
			     struct ud_address *ud)
{
	ud->grh = be32toh(av->grh_gid_fl) & MLX5_AV_GRH ||
		  qp->hca->shared->port_type == FABRIC_PORT_ETH;
	ud->sgid_index = mlx5_av_sgid_index(av);
	ud->flow_label = mlx5_av_flow_label(av);
	ud->hop_limit = av->hop_limit;
	ud->traffic_class = av->tclass;
	memcpy(ud->dgid, av->rgid, sizeof(ud->dgid));
}

/* The address vector, whose first 16 bytes say whether there are 32 more. What guards the queue
 * pair it names is a Q_Key, or of a target the longer access key. */
static bool take_address(struct reader *reader, struct send_request *request)
{
	struct ud_address *ud = &request->ud;

	union {
		union segment segments[3];
		struct mlx5_wqe_av av;
	} from;

	if (!take(reader, &from.segments[0]))
		return false;
	ud->qkey = be32toh(from.av.key.qkey.qkey);
	request->access_key = be64toh(from.av.key.dc_key);
	ud->qpn = mlx5_av_qpn(&from.av);
	ud->dlid = be16toh(from.av.rlid);
	ud->sl = from.av.stat_rate_sl & 0xf;
	ud->static_rate = from.av.stat_rate_sl >> 4;
	ud->path_bits = from.av.fl_mlid & MLX5_AV_PATH_BITS_MASK;
	ud->grh = false;
	if (!(be32toh(from.av.dqp_dct) & MLX5_EXTENDED_UD_AV))
		return true;
	if (!take(reader, &from.segments[1]) || !take(reader, &from.segments[2]))
		return false;
	set_global_route(reader->qp, &from.av, ud);
	return true;
}

static inline bool add_sge(struct send_request *request, const struct sge *sge)
{
	if (request->num_sge == REQUEST_MAX_SGE ||
	    sge->length > SEGMENT_MAX_BYTES - request->length)
		return false;
	request->length += sge->length;
	request->sge[request->num_sge++] = *sge;
	return true;
}

/* Inline bytes lie in the ring from `position` on, and wrap with it. */
static bool add_inline(const struct reader *reader, size_t position, uint32_t length,
		       struct send_request *request)
{
	bool linear = reader->qp->memory.linear;

	while (length) {
		size_t together = linear ? reader->ring_bytes - position
					 : MLX5_SEND_WQE_BB - position % MLX5_SEND_WQE_BB;
		uint32_t chunk = length < together ? length : (uint32_t)together;
		struct sge sge = {.length = chunk, .inline_data = place(reader, position)};

		if (!add_sge(request, &sge))
			return false;
		position = (position + chunk) & (reader->ring_bytes - 1);
		length -= chunk;
	}
	return true;
}

/* They start right behind the count, and are padded to 16. */
static bool take_inline(struct reader *reader, uint32_t length, struct send_request *request)
{
	unsigned int count_ds =
		(length + sizeof(struct mlx5_wqe_inl_data_seg) + MLX5_WQE_DS_UNITS - 1) /
		MLX5_WQE_DS_UNITS;
	size_t position = reader->position + sizeof(struct mlx5_wqe_inl_data_seg);

	if (count_ds > reader->left_ds)
		return false;
	skip_ds(reader, count_ds);
	return add_inline(reader, position, length, request);
}

/* The segment has 16 bytes, of which the last two are the first of the headers that stand inline;
 * the others follow, padded to 16. */
static bool take_ethernet(struct reader *reader, struct send_request *request)
{
	enum { START = offsetof(struct mlx5_wqe_eth_seg, inline_hdr_start), INSIDE = 2 };
	size_t position = (reader->position + START) & (reader->ring_bytes - 1);
	union segment segment;
	unsigned int count_ds;
	uint32_t length;

	if (!take(reader, &segment))
		return false;
	length = be16toh(segment.ethernet.inline_hdr_sz);
	if (length & MLX5_ETH_WQE_INSERT_VLAN)
		return false;
	count_ds = length <= INSIDE ? 0
				    : (length - INSIDE + MLX5_WQE_DS_UNITS - 1) / MLX5_WQE_DS_UNITS;
	if (count_ds > reader->left_ds)
		return false;
	skip_ds(reader, count_ds);
	request->frame.flags =
		(segment.ethernet.cs_flags & MLX5_ETH_WQE_L3_CSUM ? FRAME_NETWORK_CHECKSUM : 0) |
		(segment.ethernet.cs_flags & MLX5_ETH_WQE_L4_CSUM ? FRAME_TRANSPORT_CHECKSUM : 0);
	request->frame.header_length = (uint16_t)length;
	request->frame.segment_bytes = be16toh(segment.ethernet.mss);
	if (segment.ethernet.cs_flags & ~(MLX5_ETH_WQE_L3_CSUM | MLX5_ETH_WQE_L4_CSUM))
		return false;
	return add_inline(reader, position, length, request);
}

static inline bool take_pointer(struct reader *reader, const union segment *segment,
				struct send_request *request)
{
	struct sge sge = {
		.address = be64toh(segment->data.addr),
		.length = segment_data_length(&segment->data),
		.lkey = be32toh(segment->data.lkey),
	};

	skip_ds(reader, 1);
	return add_sge(request, &sge);
}

static bool take_payload(struct reader *reader, unsigned int parts, struct send_request *request)
{
	while (reader->left_ds) {
		union segment segment;
		uint32_t count;

		peek(reader, &segment);
		count = be32toh(segment.data.byte_count);
		if (count & MLX5_INLINE_SEG) {
			if (!(parts & INLINE) ||
			    !take_inline(reader, count & MLX5_INLINE_LENGTH_MASK, request))
				return false;
		} else if (!(parts & POINTERS) || !take_pointer(reader, &segment, request)) {
			return false;
		}
	}
	return true;
}

static inline unsigned int request_flags(uint8_t fm_ce_se)
{
	unsigned int flags = 0;

	if ((fm_ce_se & MLX5_WQE_CTRL_CE_MASK) >= MLX5_WQE_CTRL_CQ_UPDATE)
		flags |= REQUEST_SIGNALED;
	if (fm_ce_se & MLX5_WQE_CTRL_SOLICITED)
		flags |= REQUEST_SOLICITED;
	/* The small fence waits for local operations, all of which are done by now. */
	if ((fm_ce_se & MLX5_WQE_CTRL_FENCE_MASK) > MLX5_WQE_CTRL_INITIATOR_SMALL_FENCE)
		flags |= REQUEST_FENCE;
	return flags;
}

/* NULL, or what is wrong with the control segment. */
static const char *check_control(const struct qp *qp, uint32_t index,
				 const struct mlx5_wqe_ctrl_seg *ctrl, const struct rule *rule)
{
	if (mlx5_ctrl_qpn(ctrl) != qp->qpn)
		return "control segment names another QP";
	if (!(rule->types & 1u << qp->type))
		return "opcode unknown, or not of this QP type";
	if (mlx5_ctrl_opmod(ctrl))
		return "opmod not supported";
	if (qp->hca->engine->strict && mlx5_ctrl_index(ctrl) != (uint16_t)index)
		return "index is not the position of the WQE";
	return NULL;
}

static inline bool carries_address(enum qp_type type)
{
	return qp_type_is_datagram(type) || type == QP_TYPE_DCI;
}

static bool take_destination(struct reader *reader, struct send_request *request)
{
	if (reader->qp->type == QP_TYPE_RAW_PACKET)
		return take_ethernet(reader, request);
	return take_address(reader, request);
}

static const char *take_segments(struct reader *reader, const struct rule *rule,
				 struct send_request *request)
{
	unsigned int parts = rule->parts;

	/* A NOP's size is padding. */
	if (!parts)
		return NULL;
	if (carries_address(reader->qp->type) && !(parts & KEY_CHANGE) &&
	    !take_destination(reader, request))
		return "address vector or Ethernet segment cut short, or an offload not known";
	/* What changes keys goes nowhere. */
	if (reader->qp->type == QP_TYPE_XRC_SEND && !(parts & KEY_CHANGE) &&
	    !take_srqn(reader, request))
		return "XRC segment cut short";
	if (parts & REMOTE_ADDRESS && !take_remote_address(reader, request))
		return "remote address segment cut short or reserved bits set";
	if (parts & KEY_CHANGE)
		return reader_take_key_change(reader, request);
	if (parts & OPERANDS && !take_operands(reader, request))
		return "atomic segment cut short";
	if (parts & TAG_CHANGE)
		return reader_take_tag_change(reader, request);
	if (!take_payload(reader, parts, request))
		return "bad data segment";
	if (parts & OPERANDS && request->length != sizeof(uint64_t))
		return "atomic result is not 8 bytes";
	return NULL;
}

static int refuse(const struct qp *qp, uint32_t index, const char *reason)
{
	if (trace_on())
		trace_refused(qp, index, reason);
	return EINVAL;
}

/* All that does not depend on further segments; good even if the WQE is then refused. */
static inline void take_control(const struct mlx5_wqe_ctrl_seg *ctrl, const struct rule *rule,
				struct send_request *request)
{
	unsigned int size_ds = mlx5_ctrl_ds(ctrl);

	request->opcode = rule->opcode;
	request->flags = request_flags(ctrl->fm_ce_se);
	request->units = (size_ds + MLX5_WQE_DS_PER_BB - 1) / MLX5_WQE_DS_PER_BB;
	request->immediate = ctrl->imm;
	request->invalidate_rkey = be32toh(ctrl->imm);
	request->length = 0;
	request->num_sge = 0;
}

int mlx5_send_decode(const struct qp *qp, uint32_t index, struct send_request *request)
{
	struct reader reader = {
		.qp = qp,
		.ring_bytes = (size_t)qp->sq_units * MLX5_SEND_WQE_BB,
		.position = (size_t)(index & (qp->sq_units - 1)) * MLX5_SEND_WQE_BB,
	};
	uint32_t posted = mlx5_send_producer(qp) - index;
	const struct rule *rule;
	union segment segment;
	const char *wrong;

	peek(&reader, &segment);
	rule = &rules[mlx5_ctrl_opcode(&segment.ctrl)];
	request->index = index;
	take_control(&segment.ctrl, rule, request);
	if (request->units == 0 || request->units > posted) {
		request->units = 1;
		return refuse(qp, index, "size is 0 or more than was posted");
	}
	wrong = check_control(qp, index, &segment.ctrl, rule);
	if (wrong)
		return refuse(qp, index, wrong);
	reader.left_ds = mlx5_ctrl_ds(&segment.ctrl);
	skip_ds(&reader, 1);
	wrong = take_segments(&reader, rule, request);
	return wrong ? refuse(qp, index, wrong) : 0;
}
