/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address handles that live in the kernel. */
#include <string.h>

#include "libibverbs/cmd/carrier.h"

int ibv_cmd_create_ah(struct ibv_pd *pd, const struct ibv_ah_attr *attr, struct ibv_ah *ah,
		      const struct verbs_udata *udata)
{
	struct ib_uverbs_create_ah in = {
		.user_handle = (uintptr_t)ah,
		.pd_handle = pd->handle,
		.attr.dlid = attr->dlid,
		.attr.sl = attr->sl,
		.attr.src_path_bits = attr->src_path_bits,
		.attr.static_rate = attr->static_rate,
		.attr.is_global = attr->is_global,
		.attr.port_num = attr->port_num,
		.attr.grh.flow_label = attr->grh.flow_label,
		.attr.grh.sgid_index = attr->grh.sgid_index,
		.attr.grh.hop_limit = attr->grh.hop_limit,
		.attr.grh.traffic_class = attr->grh.traffic_class,
	};
	struct ib_uverbs_create_ah_resp answer;
	int err;

	memcpy(in.attr.grh.dgid, attr->grh.dgid.raw, sizeof(in.attr.grh.dgid));
	err = command_run(pd->context, COMMAND(IB_USER_VERBS_CMD_CREATE_AH, &in, ANSWER(&answer),
					       .udata = udata));
	if (err)
		return err;
	ah->context = pd->context;
	ah->pd = pd;
	ah->handle = answer.ah_handle;
	return 0;
}

int ibv_cmd_destroy_ah(struct ibv_ah *ah)
{
	struct ib_uverbs_destroy_ah in = {.ah_handle = ah->handle};

	return destroy_result(command_run(ah->context, COMMAND(IB_USER_VERBS_CMD_DESTROY_AH, &in)));
}
