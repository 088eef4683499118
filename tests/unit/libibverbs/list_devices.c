/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prints the names of all devices, one a line. */
#include <stdio.h>

#include <infiniband/verbs.h>

int main(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL);

	if (!list) {
		perror("ibv_get_device_list");
		return 1;
	}
	for (int i = 0; list[i]; i++)
		puts(ibv_get_device_name(list[i]));
	ibv_free_device_list(list);
	return 0;
}
