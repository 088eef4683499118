/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network byte order of 64-bit numbers. */
#include <stdio.h>

#include <infiniband/arch.h>

int main(void)
{
	uint64_t wire = htonll(0x0102030405060708);

	printf("first byte on the wire: %d\n", *(const unsigned char *)&wire);
	printf("back again: 0x%llx\n", (unsigned long long)ntohll(wire));
	return 0;
}
