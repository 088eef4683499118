/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a queue pair was not modified: transitions, masks, and the values behind them. */
#include <stdio.h>

#include "libibverbs/explain/explain.h"

static const char verb[] = "ibv_modify_qp";

static const char *const bit_names[] = {
	"IBV_QP_STATE",
	"IBV_QP_CUR_STATE",
	"IBV_QP_EN_SQD_ASYNC_NOTIFY",
	"IBV_QP_ACCESS_FLAGS",
	"IBV_QP_PKEY_INDEX",
	"IBV_QP_PORT",
	"IBV_QP_QKEY",
	"IBV_QP_AV",
	"IBV_QP_PATH_MTU",
	"IBV_QP_TIMEOUT",
	"IBV_QP_RETRY_CNT",
	"IBV_QP_RNR_RETRY",
	"IBV_QP_RQ_PSN",
	"IBV_QP_MAX_QP_RD_ATOMIC",
	"IBV_QP_ALT_PATH",
	"IBV_QP_MIN_RNR_TIMER",
	"IBV_QP_SQ_PSN",
	"IBV_QP_MAX_DEST_RD_ATOMIC",
	"IBV_QP_PATH_MIG_STATE",
	"IBV_QP_CAP",
	"IBV_QP_DEST_QPN",
};

enum { NAMES = sizeof(bit_names) / sizeof(bit_names[0]), MASK_TEXT = 160 };

static const char *names_of(int mask, char text[MASK_TEXT])
{
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int bit = 0; bit < NAMES; bit++) {
		if (!(mask & 1 << bit) || length >= MASK_TEXT)
			continue;
		length += (size_t)snprintf(text + length, MASK_TEXT - length, "%s%s",
					   length ? " | " : "", bit_names[bit]);
	}
	if (!length)
		snprintf(text, MASK_TEXT, "%#x", (unsigned int)mask);
	return text;
}

int explain_transition(const struct ibv_qp *qp, enum ibv_qp_state from, enum ibv_qp_state to,
		       int mask, int required, int allowed)
{
	const char *type = explain_qp_type(qp->qp_type);
	char names[MASK_TEXT];

	if (required < 0)
		return explain(EINVAL, verb, "there is no way from %s to %s for %s queue pairs",
			       explain_qp_state(from), explain_qp_state(to), type);
	if (required & ~mask)
		return explain(EINVAL, verb, "%s to %s of %s queue pairs needs %s",
			       explain_qp_state(from), explain_qp_state(to), type,
			       names_of(required & ~mask, names));
	return explain(EINVAL, verb, "%s to %s of %s queue pairs does not take %s",
		       explain_qp_state(from), explain_qp_state(to), type,
		       names_of(mask & ~(required | allowed), names));
}

/* A value, its bounds, and whether it is among those given. */
struct bound {
	int bit;
	const char *name;
	int value, least, most;
};

static bool explain_bounds(int err, const struct bound *bounds, size_t count, int mask)
{
	for (size_t i = 0; i < count; i++) {
		if (!(mask & bounds[i].bit) ||
		    (bounds[i].value >= bounds[i].least && bounds[i].value <= bounds[i].most))
			continue;
		explain(err, verb, "%s %d is not within %d to %d", bounds[i].name, bounds[i].value,
			bounds[i].least, bounds[i].most);
		return true;
	}
	return false;
}

#define EXPLAIN_BOUNDS(err, bounds, mask)                                                          \
	explain_bounds(err, bounds, sizeof(bounds) / sizeof((bounds)[0]), mask)

static bool explain_specified(int err, const struct ibv_qp_attr *attr, int mask)
{
	const struct bound bounds[] = {
		{IBV_QP_STATE, "qp_state", (int)attr->qp_state, IBV_QPS_RESET, IBV_QPS_ERR},
		{IBV_QP_CUR_STATE, "cur_qp_state", (int)attr->cur_qp_state, IBV_QPS_RESET,
		 IBV_QPS_ERR},
		{IBV_QP_PORT, "port_num", attr->port_num, 1, UINT8_MAX},
		{IBV_QP_PATH_MTU, "path_mtu", (int)attr->path_mtu, IBV_MTU_256, IBV_MTU_4096},
		{IBV_QP_PATH_MIG_STATE, "path_mig_state", (int)attr->path_mig_state,
		 IBV_MIG_MIGRATED, IBV_MIG_ARMED},
		{IBV_QP_TIMEOUT, "timeout", attr->timeout, 0, 31},
		{IBV_QP_RETRY_CNT, "retry_cnt", attr->retry_cnt, 0, 7},
		{IBV_QP_RNR_RETRY, "rnr_retry", attr->rnr_retry, 0, 7},
		{IBV_QP_MIN_RNR_TIMER, "min_rnr_timer", attr->min_rnr_timer, 0, 31},
		{IBV_QP_DEST_QPN, "dest_qp_num", (int)attr->dest_qp_num, 0, 0xffffff},
	};

	return EXPLAIN_BOUNDS(err, bounds, mask);
}

static bool explain_device(int err, struct ibv_qp *qp, const struct ibv_qp_attr *attr, int mask)
{
	struct ibv_device_attr device;

	if (ibv_query_device(qp->context, &device))
		return false;
	const struct bound bounds[] = {
		{IBV_QP_PORT, "port_num", attr->port_num, 1, device.phys_port_cnt},
		{IBV_QP_PKEY_INDEX, "pkey_index", attr->pkey_index, 0, device.max_pkeys - 1},
		{IBV_QP_MAX_QP_RD_ATOMIC, "max_rd_atomic", attr->max_rd_atomic, 0,
		 device.max_qp_init_rd_atom},
		{IBV_QP_MAX_DEST_RD_ATOMIC, "max_dest_rd_atomic", attr->max_dest_rd_atomic, 0,
		 device.max_qp_rd_atom},
	};

	return EXPLAIN_BOUNDS(err, bounds, mask);
}

int explain_modify(int err, struct ibv_qp *qp, const struct ibv_qp_attr *attr, int mask)
{
	int saved = errno;
	bool told = explain_by_provider(err, verb) || explain_specified(err, attr, mask) ||
		    explain_device(err, qp, attr, mask);

	if (!told && mask & IBV_QP_AV)
		told = explain_path(err, verb, qp->context, &attr->ah_attr, "ah_attr");
	if (!told && mask & IBV_QP_ALT_PATH)
		told = explain_path(err, verb, qp->context, &attr->alt_ah_attr, "alt_ah_attr");
	if (!told && mask & IBV_QP_CUR_STATE && attr->cur_qp_state != qp->state) {
		explain(err, verb, "cur_qp_state is %s, the queue pair is in %s",
			explain_qp_state(attr->cur_qp_state), explain_qp_state(qp->state));
		told = true;
	}
	if (!told)
		explain_errno(err, verb, qp->context);
	errno = saved;
	return err;
}
