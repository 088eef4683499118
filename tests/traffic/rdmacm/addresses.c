/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses, ports, options and devices. */
#include "bed.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

CASE(a_port_belongs_to_one)
{
	struct listener listener;
	struct rdma_cm_id *second;

	listen_on_any_port(&listener, RDMA_PS_TCP);
	CHECK_EQ(rdma_create_id(listener.channel, &second, NULL, RDMA_PS_TCP), 0);
	CHECK_FAILS(!rdma_bind_addr(second, (struct sockaddr *)&listener.address), EADDRINUSE);
	CHECK_EQ(rdma_destroy_id(second), 0);
	end_listener(&listener);
}

CASE(addresses_that_cannot_be)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct sockaddr_in foreign = address_with_port(1), unknown = address_with_port(1);
	struct rdma_cm_id *id;

	CHECK_EQ(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), 0);
	unknown.sin_family = 99;
	CHECK_FAILS(!rdma_bind_addr(id, (struct sockaddr *)&unknown), EAFNOSUPPORT);
	CHECK_FAILS(!rdma_resolve_addr(id, NULL, (struct sockaddr *)&unknown, RESOLVE_MS),
		    EAFNOSUPPORT);
	/* TEST-NET-3: nobody's. */
	foreign.sin_addr.s_addr = htonl(0xcb007101);
	CHECK_EQ(rdma_bind_addr(id, (struct sockaddr *)&foreign), -1);
	CHECK(errno == ENODEV || errno == EADDRNOTAVAIL);
	CHECK(!id->verbs);
	CHECK_EQ(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
}

/* In the wrong order: the kernel knows the state of an id. */
CASE(steps_that_come_too_early)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_conn_param param = {0};
	struct rdma_cm_id *id, *other;

	address_with_port(0);
	CHECK_EQ(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), 0);
	CHECK_FAILS(!rdma_resolve_route(id, RESOLVE_MS), EINVAL);
	CHECK_FAILS(!rdma_connect(id, &param), EINVAL);
	CHECK_FAILS(!rdma_accept(id, &param), EINVAL);
	CHECK_FAILS(!rdma_create_qp(id, NULL, &attr), EINVAL);
	CHECK_FAILS(!rdma_get_request(id, &other), EINVAL);
	rdma_destroy_qp(id);
	CHECK_EQ(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
}

CASE(options)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	uint8_t tos = 0x20;
	int on = 1;
	struct rdma_cm_id *id;

	address_with_port(0);
	CHECK_EQ(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), 0);
	CHECK_EQ(rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, &tos, sizeof(tos)), 0);
	CHECK_EQ(rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_REUSEADDR, &on, sizeof(on)), 0);
	CHECK_FAILS(!rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, &on, sizeof(on)),
		    EINVAL);
	CHECK_FAILS(!rdma_set_option(id, 77, 0, &on, sizeof(on)), ENOSYS);
	CHECK_FAILS(!rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, NULL, 1), EINVAL);
	CHECK_EQ(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
}

CASE(devices_are_listed_once)
{
	struct ibv_context **one, **other;
	int count, again;

	one = rdma_get_devices(&count);
	other = rdma_get_devices(&again);
	CHECK(one && other && count > 0);
	CHECK_EQ(count, again);
	for (int i = 0; i < count; i++)
		CHECK(one[i] == other[i]);
	CHECK(!one[count]);
	rdma_free_devices(one);
	rdma_free_devices(other);
}

CASE(names_and_hints)
{
	struct rdma_addrinfo hints = {.ai_flags = RAI_NUMERICHOST, .ai_port_space = RDMA_PS_UDP};
	struct rdma_addrinfo *found;
	struct sockaddr_in source = address_with_port(0);

	CHECK_EQ(rdma_getaddrinfo("no number", "1", &hints, &found), EAI_NONAME);
	hints.ai_src_addr = (struct sockaddr *)&source;
	hints.ai_src_len = sizeof(source);
	CHECK_EQ(rdma_getaddrinfo("192.0.2.1", "4791", &hints, &found), 0);
	CHECK_EQ(found->ai_qp_type, IBV_QPT_UD);
	CHECK_EQ(((struct sockaddr_in *)found->ai_dst_addr)->sin_port, htons(4791));
	CHECK_BYTES(found->ai_src_addr, &source, sizeof(source));
	rdma_freeaddrinfo(found);
	CHECK_FAILS(!rdma_getaddrinfo(NULL, NULL, NULL, &found), EINVAL);
}
