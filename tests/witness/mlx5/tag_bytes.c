/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prints what libmlx5 makes of ibv_post_srq_ops(): the bytes of each request, handles, completions.
 * Run once with stock libraries and once with ours, the outputs must be equal. The queue that takes
 * the requests is the library's own; where it lies is read from the command that makes it, which
 * passes through the ioctl() below. QPNs, keys and addresses are masked.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <infiniband/verbs.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/mlx5-abi.h>
#include <rdma/rdma_user_ioctl_cmds.h>

enum { TAGS = 5, OPS = 16, LAPS = 300, POLLS = 10000000 };

static struct mlx5_ib_create_qp last_qp;
static uint32_t printed; /* basic blocks */
static struct ibv_cq_ex *cq;
static struct ibv_srq *srq;
static struct ibv_mr *mr;
static uint8_t memory[256];

static void need(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

/* No other command has driver's data of this size. */
static void look_at(const struct ib_uverbs_ioctl_hdr *command)
{
	for (unsigned int i = 0; i < command->num_attrs; i++)
		if (command->attrs[i].attr_id == UVERBS_ATTR_UHW_IN &&
		    command->attrs[i].len == sizeof(last_qp))
			memcpy(&last_qp, (const void *)(uintptr_t)command->attrs[i].data,
			       sizeof(last_qp));
}

/* In front of everybody's, the shim's as well. */
__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int, unsigned long, void *);
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
	if (request == RDMA_VERBS_IOCTL)
		look_at(argument);
	return next(fd, request, argument);
}

/* ---- printing ---- */

static void print_request(const uint8_t *ring)
{
	uint8_t copy[64];
	size_t bytes;

	memcpy(copy, ring + (size_t)(printed % last_qp.sq_wqe_count) * 64, 64);
	bytes = (size_t)(copy[7] & 0x3f) * 16;
	memset(copy + 4, 0, 3);
	/* Count and tag, where they count: else stock leaves there what an earlier request had. */
	if (!(copy[17] & 0x40))
		memset(copy + 22, 0, 2);
	if (copy[16] >> 4 != 1)
		memset(copy + 32, 0, 16);
	if (bytes == 64 && copy[54] == (uint8_t)(mr->lkey >> 8)) {
		memset(copy + 52, 0xaa, 4);
		memset(copy + 56, 0xbb, 8);
	}
	for (size_t i = 0; i < bytes; i++)
		printf("%s%02x", i % 16 == 0 ? "\n    " : i % 4 == 0 ? " " : "", copy[i]);
	printf("\n");
	printed++;
}

static void print_new(void)
{
	const __be32 *record = (const __be32 *)(uintptr_t)last_qp.db_addr;

	while (printed % 65536 != be32toh(record[1]))
		print_request((const uint8_t *)(uintptr_t)last_qp.buf_addr);
}

static void print_completion(void)
{
	struct ibv_poll_cq_attr attr = {0};
	int rc = ENOENT;

	for (unsigned int i = 0; i < POLLS && rc == ENOENT; i++)
		rc = ibv_start_poll(cq, &attr);
	need(!rc, "completion");
	printf("  id %lu status %d opcode %d flags %#x bytes %u\n", (unsigned long)cq->wr_id,
	       (int)cq->status, (int)ibv_wc_read_opcode(cq), ibv_wc_read_wc_flags(cq),
	       ibv_wc_read_byte_len(cq));
	ibv_end_poll(cq);
}

static uint32_t post(const char *what, struct ibv_ops_wr *wr)
{
	static uint64_t number;
	struct ibv_ops_wr *bad = NULL;
	int rc;

	wr->wr_id = ++number;
	rc = ibv_post_srq_ops(srq, wr, &bad);
	printf("%s: %d, handle %u, bad %d", what, rc, wr->tm.handle, bad == wr);
	print_new();
	if (!rc && wr->flags & IBV_OPS_SIGNALED)
		print_completion();
	return wr->tm.handle;
}

/* ---- requests ---- */

static struct ibv_ops_wr addition(int flags, struct ibv_sge *sge)
{
	return (struct ibv_ops_wr){
		.opcode = IBV_WR_TAG_ADD,
		.flags = flags,
		.tm = {.unexpected_cnt = 0x12345,
		       .add = {.recv_wr_id = 70,
			       .sg_list = sge,
			       .num_sge = sge ? 1 : 0,
			       .tag = 0x1122334455667788,
			       .mask = 0xff00ff00ff00ffff}},
	};
}

static struct ibv_ops_wr other(enum ibv_ops_wr_opcode opcode, int flags, uint32_t handle)
{
	return (struct ibv_ops_wr){
		.opcode = opcode,
		.flags = flags,
		.tm = {.unexpected_cnt = 2, .handle = handle},
	};
}

/* All flags for each kind. */
static void requests(struct ibv_sge *sge)
{
	for (int flags = 0; flags < 4; flags++) {
		struct ibv_ops_wr wr = addition(flags | IBV_OPS_SIGNALED, flags & 2 ? NULL : sge);
		uint32_t handle = post("add", &wr);

		wr = other(IBV_WR_TAG_SYNC, flags, 0);
		post("sync", &wr);
		wr = other(IBV_WR_TAG_DEL, flags | IBV_OPS_SIGNALED, handle);
		post("del", &wr);
		wr = other(IBV_WR_TAG_DEL, flags | IBV_OPS_SIGNALED, handle);
		post("del of nothing", &wr);
	}
}

/* Removed in another order than added, so that places mix. */
static void crowds(struct ibv_sge *sge)
{
	uint32_t handles[TAGS];
	struct ibv_ops_wr wr = other(IBV_WR_TAG_SYNC + 1, IBV_OPS_SIGNALED, 0);

	post("unknown", &wr);
	for (unsigned int i = 0; i < TAGS; i++) {
		wr = addition(IBV_OPS_SIGNALED, sge);
		handles[i] = post("add", &wr);
	}
	for (unsigned int i = 0; i < TAGS; i++) {
		wr = other(IBV_WR_TAG_DEL, IBV_OPS_SIGNALED, handles[TAGS - 1 - i]);
		post("del", &wr);
	}
}

/* Around the end of the ring and of the list. */
static void laps(struct ibv_sge *sge)
{
	for (unsigned int i = 0; i < LAPS; i++) {
		struct ibv_ops_wr wr = addition(IBV_OPS_SIGNALED, sge);
		uint32_t handle = post("add", &wr);

		wr = other(IBV_WR_TAG_DEL, IBV_OPS_SIGNALED, handle);
		post("del", &wr);
	}
}

static void open_all(void)
{
	struct ibv_cq_init_attr_ex cq_attr = {.cqe = 100, .wc_flags = IBV_WC_STANDARD_FLAGS};
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = 16, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_TM,
		.srq_type = IBV_SRQT_TM,
		.tm_cap = {.max_num_tags = TAGS, .max_ops = OPS},
	};
	struct ibv_device **devices = ibv_get_device_list(NULL);
	struct ibv_context *context;

	need(devices && devices[0], "device");
	context = ibv_open_device(devices[0]);
	need(context, "open_device");
	ibv_free_device_list(devices);
	attr.pd = ibv_alloc_pd(context);
	cq = ibv_create_cq_ex(context, &cq_attr);
	need(attr.pd && cq, "PD and CQ");
	attr.cq = ibv_cq_ex_to_cq(cq);
	mr = ibv_reg_mr(attr.pd, memory, sizeof(memory), IBV_ACCESS_LOCAL_WRITE);
	need(mr, "reg_mr");
	srq = ibv_create_srq_ex(context, &attr);
	need(srq && last_qp.db_addr, "create_srq_ex");
	need(last_qp.rq_wqe_count == 0, "receives in the queue of requests");
}

int main(void)
{
	struct ibv_sge sge = {.addr = (uintptr_t)memory, .length = 100};

	open_all();
	sge.lkey = mr->lkey;
	requests(&sge);
	crowds(&sge);
	laps(&sge);
	need(!ibv_destroy_srq(srq), "destroy_srq");
	printf("complete\n");
	return 0;
}
