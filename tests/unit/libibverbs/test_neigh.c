/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address resolution against the network of the machine that the test runs on: its loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libibverbs/library.h"

static const uint8_t no_mac[ETHERNET_LL_SIZE];

static bool loopback_is_up(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool up = fd >= 0 && !ioctl(fd, SIOCGIFFLAGS, &request) && request.ifr_flags & IFF_UP;

	if (fd >= 0)
		close(fd);
	if (!up)
		print_message("skipped: interface lo is not up here\n");
	return up;
}

static int resolve(const char *to, const char *from, unsigned int ifindex, uint8_t *mac)
{
	union ibv_gid dgid, sgid;

	assert_int_equal(inet_pton(AF_INET6, to, dgid.raw), 1);
	assert_int_equal(inet_pton(AF_INET6, from, sgid.raw), 1);
	return neigh_resolve(&dgid, &sgid, ifindex, mac);
}

static void this_host_is_reached_at_the_interfaces_own_address(void **state)
{
	uint8_t mac[ETHERNET_LL_SIZE];

	(void)state;
	if (!loopback_is_up())
		skip();
	memset(mac, 0xff, sizeof(mac));
	assert_int_equal(resolve("::ffff:127.0.0.2", "::ffff:127.0.0.1", if_nametoindex("lo"), mac),
			 0);
	assert_memory_equal(mac, no_mac, sizeof(mac));
}

static void an_interface_that_does_not_exist_has_no_route(void **state)
{
	uint8_t mac[ETHERNET_LL_SIZE];

	(void)state;
	assert_int_not_equal(resolve("::ffff:127.0.0.2", "::ffff:127.0.0.1", 0x7ffffff0, mac), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_host_is_reached_at_the_interfaces_own_address),
		cmocka_unit_test(an_interface_that_does_not_exist_has_no_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
