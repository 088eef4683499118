/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words for some values of the verbs. */
#include <stdio.h>

#include <infiniband/verbs.h>

int main(void)
{
	printf("completion: %s\n", ibv_wc_status_str(IBV_WC_RNR_RETRY_EXC_ERR));
	printf("request: %s\n", ibv_wr_opcode_str(IBV_WR_RDMA_WRITE_WITH_IMM));
	printf("event: %s\n", ibv_event_type_str(IBV_EVENT_PORT_ACTIVE));
	printf("port: %s\n", ibv_port_state_str(IBV_PORT_ACTIVE));
	printf("node: %s\n", ibv_node_type_str(IBV_NODE_CA));
	printf("no such status: %s\n", ibv_wc_status_str((enum ibv_wc_status)1000));
	return 0;
}
