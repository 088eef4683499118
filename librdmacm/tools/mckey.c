/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * mckey: queue pairs join a multicast group; one program sends to it, others receive. Each datagram
 * carries its sender's queue pair number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <infiniband/ib.h>

#include "common/address.h"
#include "common/end.h"
#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"

enum { RECEIVE, SEND };

/* The kernel's own ENOTSUPP, which gets out where RoCE knows no group of that kind. */
enum { KERNEL_ENOTSUPP = 524 };

static struct {
	const char *group, *raw_group, *local;
	bool sender, send_only, no_loopback;
	long members, messages, size, space;
} config = {.members = 1, .messages = 10, .size = 100, .space = RDMA_PS_UDP};

static const struct tool_option options[] = {
	{'m', NULL, "ADDR", "the group, an IP address", TOOL_TEXT, &config.group, 0, 0},
	{'M', NULL, "ADDR", "the group, a GID used as it is; wants -b", TOOL_TEXT,
	 &config.raw_group, 0, 0},
	{'s', NULL, NULL, "send to the group (default: receive)", TOOL_FLAG, &config.sender, 0, 0},
	{'b', NULL, "ADDR", "local address, which chooses the device", TOOL_TEXT, &config.local, 0,
	 0},
	{'c', NULL, "N", "queue pairs that join", TOOL_NUMBER, &config.members, 1, 100000},
	{'C', NULL, "N", "datagrams of each queue pair", TOOL_NUMBER, &config.messages, 0, 100000},
	{'S', NULL, "BYTES", "length of a datagram, at most the MTU; 0: none", TOOL_NUMBER,
	 &config.size, 0, 65536},
	{'p', NULL, "NUMBER", "port space: 0x111 for UDP, 0x2 for IPoIB", TOOL_NUMBER,
	 &config.space, 1, 0xffff},
	{'o', NULL, NULL, "join as one who only sends", TOOL_FLAG, &config.send_only, 0, 0},
	{'l', NULL, NULL, "no copies for receivers on this adapter", TOOL_FLAG, &config.no_loopback,
	 0, 0},
	{0},
};

struct member {
	struct cm_end end;
	struct ibv_ah *ah;
	uint32_t qpn, qkey;
	long done;
	bool joined;
};

struct party {
	struct cm_loop loop;
	struct member *members;
	struct rdma_addrinfo *local; /* NULL without -b */
	struct sockaddr_storage group;
	long joined;
};

static struct sockaddr *group_address(struct party *party)
{
	return (struct sockaddr *)&party->group;
}

/* ---- joining ---- */

static int open_member(struct member *member)
{
	const struct cm_end_wish wish = {
		.type = IBV_QPT_UD,
		.sends = (uint32_t)config.messages,
		.receives = (uint32_t)config.messages,
		.memory = CM_GRH_SIZE + (size_t)config.size,
		.access = IBV_ACCESS_LOCAL_WRITE,
		.create_flags =
			config.no_loopback ? IBV_QP_CREATE_BLOCK_SELF_MCAST_LB : (uint32_t)0,
	};
	int err = cm_end_check_datagram(member->end.id, config.size);

	if (!err)
		err = cm_end_open(&member->end, member->end.id, &wish);
	for (long i = 0; i < config.messages && !err && !config.sender; i++)
		err = cm_end_post_receive(&member->end, RECEIVE, 0, wish.memory);
	return err;
}

static int join(struct party *party, struct member *member)
{
	struct rdma_cm_join_mc_attr_ex attr = {
		.comp_mask = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS,
		.join_flags = config.send_only ? RDMA_MC_JOIN_FLAG_SENDONLY_FULLMEMBER
					       : RDMA_MC_JOIN_FLAG_FULLMEMBER,
		.addr = group_address(party),
	};
	int err = open_member(member);

	if (err || !rdma_join_multicast_ex(member->end.id, &attr, member))
		return err;
	if (errno == KERNEL_ENOTSUPP)
		return tool_error(EOPNOTSUPP,
				  "cannot join the group: for RoCE the kernel takes IPv4 groups "
				  "only, by -m");
	return tool_error(errno, "cannot join the group");
}

static int joined(struct party *party, struct member *member, const struct rdma_ud_param *ud)
{
	struct ibv_ah_attr attr = ud->ah_attr;
	char gid[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, attr.grh.dgid.raw, gid, sizeof(gid));
	printf("mckey: joined dgid: %s mlid 0x%x sl %d\n", gid, attr.dlid, attr.sl);
	member->qpn = ud->qp_num;
	member->qkey = ud->qkey;
	member->ah = ibv_create_ah(member->end.pd, &attr);
	if (!member->ah)
		return tool_error(errno, "cannot address the group");
	member->joined = true;
	party->joined++;
	return 0;
}

static int handle(void *owner, struct rdma_cm_event *event)
{
	struct party *party = owner;
	struct member *member = event->id->context;

	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		return join(party, member);
	case RDMA_CM_EVENT_MULTICAST_JOIN:
		return joined(party, member, &event->param.ud);
	default:
		return cm_event_failed(event, group_address(party));
	}
}

/* The address of a group that is no IP address needs no resolution, only a device. */
static int start(struct party *party, struct member *member)
{
	struct sockaddr *local = party->local ? party->local->ai_src_addr : NULL;

	if (rdma_create_id(party->loop.channel, &member->end.id, member,
			   (enum rdma_port_space)config.space))
		return tool_error(errno, "cannot create an id");
	if (local && rdma_bind_addr(member->end.id, local))
		return tool_error(
			errno, "cannot bind to %s%s", config.local,
			config.space == RDMA_PS_IPOIB ? " (-p 0x2 wants an InfiniBand port)" : "");
	if (config.raw_group) {
		if (!member->end.id->verbs)
			return tool_refuse("%s belongs to no RDMA device", config.local);
		return join(party, member);
	}
	if (rdma_resolve_addr(member->end.id, local, group_address(party), CM_RESOLVE_MS))
		return tool_error(errno, "cannot find a way to the group %s", config.group);
	return 0;
}

static int join_all(struct party *party)
{
	int err = 0;

	puts("mckey: joining");
	for (long i = 0; i < config.members && !err; i++)
		err = start(party, &party->members[i]);
	while (!err && party->joined < config.members)
		err = cm_loop_turn(&party->loop, -1, CM_PATIENCE_MS);
	if (err == ETIME)
		tool_refuse("no answer to the join for %d s", CM_PATIENCE_MS / 1000);
	return err;
}

/* ---- messages ---- */

static int send_one(struct member *member)
{
	struct ibv_sge piece = cm_end_piece(&member->end, CM_GRH_SIZE, (size_t)config.size);
	struct ibv_send_wr wr = {
		.wr_id = SEND,
		.sg_list = &piece,
		.num_sge = 1,
		.opcode = IBV_WR_SEND_WITH_IMM,
		.send_flags = IBV_SEND_SIGNALED,
		.imm_data = htonl(member->end.qp->qp_num),
		.wr.ud = {.ah = member->ah, .remote_qpn = member->qpn, .remote_qkey = member->qkey},
	};

	return cm_end_post_send(&member->end, &wr);
}

static int send_all(struct party *party)
{
	int err = 0;

	puts("initiating data transfers");
	for (long i = 0; i < config.members; i++)
		for (long j = 0; j < config.messages && !err; j++)
			err = send_one(&party->members[i]);
	return err;
}

/* Nobody says when a sender will come; once it has, it does not stop. */
static int await(struct party *party, struct member *member)
{
	int err = 0;

	while (!err && member->done < config.messages) {
		int timeout = config.sender || member->done ? CM_PATIENCE_MS : CM_FOREVER;
		struct ibv_wc wc;

		err = cm_end_take(&member->end, &party->loop, timeout, &wc);
		if (!err && !config.sender && wc.byte_len != CM_GRH_SIZE + (size_t)config.size)
			err = tool_refuse(
				"a datagram has %zu bytes and not %ld: all want the same -S",
				wc.byte_len - (size_t)CM_GRH_SIZE, config.size);
		if (!err)
			member->done++;
	}
	return err;
}

static int play(struct party *party)
{
	int err = 0;

	if (config.sender)
		err = send_all(party);
	else
		puts("receiving data transfers");
	for (long i = 0; i < config.members && !err; i++)
		err = await(party, &party->members[i]);
	if (!err)
		puts("data transfers complete");
	return err;
}

/* ---- all of it ---- */

static int find_group(struct party *party)
{
	struct sockaddr_in *in = (void *)&party->group;
	struct sockaddr_in6 *in6 = (void *)&party->group;
	struct sockaddr_ib *ib = (void *)&party->group;

	if (config.raw_group) {
		ib->sib_family = AF_IB;
		/* "0" asks for a group with an address that the subnet chooses. */
		if (!strcmp(config.raw_group, "0") ||
		    inet_pton(AF_INET6, config.raw_group, ib->sib_addr.sib_raw) == 1)
			return 0;
		return tool_refuse("-M takes a GID, like ff12::1, not '%s'", config.raw_group);
	}
	in->sin_family = AF_INET;
	if (inet_pton(AF_INET, config.group, &in->sin_addr) == 1)
		return 0;
	in6->sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, config.group, &in6->sin6_addr) == 1)
		return 0;
	return tool_refuse("-m takes an IP address, like 239.1.2.3, not '%s'", config.group);
}

static int open_party(struct party *party)
{
	const struct cm_place place = {.local = config.local,
				       .space = (enum rdma_port_space)config.space};
	int err = find_group(party);

	if (err)
		return err;
	party->members = calloc((size_t)config.members, sizeof(*party->members));
	if (!party->members)
		return tool_error(ENOMEM, "no memory for %ld queue pairs", config.members);
	err = cm_loop_open(&party->loop);
	if (!err && config.local)
		err = cm_address_find(&place, &party->local);
	return err;
}

static int close_party(struct party *party)
{
	int err = 0, failed;

	for (long i = 0; party->members && i < config.members; i++) {
		struct member *member = &party->members[i];

		if (member->joined && rdma_leave_multicast(member->end.id, group_address(party)))
			err = tool_error(errno, "cannot leave the group");
		if (member->ah)
			ibv_destroy_ah(member->ah);
		failed = cm_end_close(&member->end);
		err = err ? err : failed;
	}
	cm_loop_close(&party->loop);
	if (party->local)
		rdma_freeaddrinfo(party->local);
	free(party->members);
	return err;
}

static int check_config(void)
{
	if (!config.group == !config.raw_group)
		return tool_refuse("one of -m and -M has to name the group; see --help");
	if (config.raw_group && !config.local)
		return tool_refuse("-M wants -b, which chooses the device");
	if (config.space != RDMA_PS_UDP && config.space != RDMA_PS_IPOIB)
		return tool_refuse("-p takes 0x111 for UDP or 0x2 for IPoIB, not %#lx",
				   config.space);
	return 0;
}

static int run(void)
{
	struct party party = {.loop = {.handle = handle, .owner = &party}};
	int err = check_config(), failed;

	if (err)
		return err;
	if (!config.size)
		config.messages = 0;
	printf("mckey: starting %s\n", config.sender ? "client" : "server");
	err = open_party(&party);
	if (!err)
		err = join_all(&party);
	if (!err && config.messages)
		err = play(&party);
	puts("test complete");
	failed = close_party(&party);
	err = err ? err : failed;
	printf("return status %d\n", err);
	return err;
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Joins a multicast group, and sends datagrams to it (-s) or receives "
			   "what others send.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
