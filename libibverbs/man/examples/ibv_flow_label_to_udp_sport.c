/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The UDP source port that packets of a flow have on RoCE v2. */
#include <stdio.h>

#include <infiniband/verbs.h>

int main(void)
{
	printf("flow label 0x00001: port %d\n", ibv_flow_label_to_udp_sport(0x00001));
	printf("flow label 0x04000: port %d\n", ibv_flow_label_to_udp_sport(0x04000));
	return 0;
}
