/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rates as multiples of 2.5 Gbit/s, and in Mbit/s. */
#include <err.h>
#include <stdio.h>

#include <infiniband/verbs.h>

int main(void)
{
	enum ibv_rate rate = mbps_to_ibv_rate(103125);

	if (rate == IBV_RATE_MAX)
		errx(1, "no rate of 103125 Mbit/s");
	printf("100 Gbit/s Ethernet: code %d, %d Mbit/s\n", rate, ibv_rate_to_mbps(rate));
	printf("40 Gbit/s: %d times 2.5 Gbit/s\n", ibv_rate_to_mult(IBV_RATE_40_GBPS));
	printf("4 times 2.5 Gbit/s: %d Mbit/s\n", ibv_rate_to_mbps(mult_to_ibv_rate(4)));
	return 0;
}
