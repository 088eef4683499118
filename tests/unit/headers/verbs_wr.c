/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every ibv_wr_*() call reaches the member of its name, with its arguments in their places.
 */
#include "fake_context.h"

#include <stdio.h>

static char seen[128];

#define note(...) snprintf(seen, sizeof(seen), __VA_ARGS__)

static void wr_atomic_cmp_swp(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t addr, uint64_t compare,
			      uint64_t swap)
{
	note("%p cmp_swp %x %lx %lx %lx", (void *)qp, rkey, addr, compare, swap);
}

static void wr_atomic_fetch_add(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t addr, uint64_t add)
{
	note("%p fetch_add %x %lx %lx", (void *)qp, rkey, addr, add);
}

static void wr_atomic_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t addr, const void *value)
{
	note("%p atomic_write %x %lx %s", (void *)qp, rkey, addr, (const char *)value);
}

static void wr_bind_mw(struct ibv_qp_ex *qp, struct ibv_mw *mw, uint32_t rkey,
		       const struct ibv_mw_bind_info *info)
{
	note("%p bind_mw %x %x %lx", (void *)qp, mw->rkey, rkey, info->addr);
}

static void wr_flush(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t addr, size_t len, uint8_t type,
		     uint8_t level)
{
	note("%p flush %x %lx %zx %x %x", (void *)qp, rkey, addr, len, type, level);
}

static void wr_local_inv(struct ibv_qp_ex *qp, uint32_t rkey)
{
	note("%p local_inv %x", (void *)qp, rkey);
}

static void wr_rdma_read(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t addr)
{
	note("%p read %x %lx", (void *)qp, rkey, addr);
}

static void wr_rdma_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t addr)
{
	note("%p write %x %lx", (void *)qp, rkey, addr);
}

static void wr_rdma_write_imm(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t addr, __be32 imm)
{
	note("%p write_imm %x %lx %x", (void *)qp, rkey, addr, imm);
}

static void wr_send(struct ibv_qp_ex *qp)
{
	note("%p send", (void *)qp);
}

static void wr_send_imm(struct ibv_qp_ex *qp, __be32 imm)
{
	note("%p send_imm %x", (void *)qp, imm);
}

static void wr_send_inv(struct ibv_qp_ex *qp, uint32_t rkey)
{
	note("%p send_inv %x", (void *)qp, rkey);
}

static void wr_send_tso(struct ibv_qp_ex *qp, void *hdr, uint16_t hdr_sz, uint16_t mss)
{
	note("%p send_tso %s %x %x", (void *)qp, (char *)hdr, hdr_sz, mss);
}

static void wr_set_ud_addr(struct ibv_qp_ex *qp, struct ibv_ah *ah, uint32_t qpn, uint32_t qkey)
{
	note("%p ud_addr %x %x %x", (void *)qp, ah->handle, qpn, qkey);
}

static void wr_set_xrc_srqn(struct ibv_qp_ex *qp, uint32_t srqn)
{
	note("%p xrc_srqn %x", (void *)qp, srqn);
}

static void wr_set_inline_data(struct ibv_qp_ex *qp, void *addr, size_t length)
{
	note("%p inline %s %zx", (void *)qp, (char *)addr, length);
}

static void wr_set_inline_data_list(struct ibv_qp_ex *qp, size_t num_buf,
				    const struct ibv_data_buf *list)
{
	note("%p inline_list %zx %zx", (void *)qp, num_buf, list->length);
}

static void wr_set_sge(struct ibv_qp_ex *qp, uint32_t lkey, uint64_t addr, uint32_t length)
{
	note("%p sge %x %lx %x", (void *)qp, lkey, addr, length);
}

static void wr_set_sge_list(struct ibv_qp_ex *qp, size_t num_sge, const struct ibv_sge *list)
{
	note("%p sge_list %zx %x", (void *)qp, num_sge, list->lkey);
}

static void wr_start(struct ibv_qp_ex *qp)
{
	note("%p start", (void *)qp);
}

static int wr_complete(struct ibv_qp_ex *qp)
{
	note("%p complete", (void *)qp);
	return ENOMEM;
}

static void wr_abort(struct ibv_qp_ex *qp)
{
	note("%p abort", (void *)qp);
}

static struct ibv_qp_ex qp_with_all_calls(void)
{
	return (struct ibv_qp_ex){
		.wr_atomic_cmp_swp = wr_atomic_cmp_swp,
		.wr_atomic_fetch_add = wr_atomic_fetch_add,
		.wr_bind_mw = wr_bind_mw,
		.wr_local_inv = wr_local_inv,
		.wr_rdma_read = wr_rdma_read,
		.wr_rdma_write = wr_rdma_write,
		.wr_rdma_write_imm = wr_rdma_write_imm,
		.wr_send = wr_send,
		.wr_send_imm = wr_send_imm,
		.wr_send_inv = wr_send_inv,
		.wr_send_tso = wr_send_tso,
		.wr_set_ud_addr = wr_set_ud_addr,
		.wr_set_xrc_srqn = wr_set_xrc_srqn,
		.wr_set_inline_data = wr_set_inline_data,
		.wr_set_inline_data_list = wr_set_inline_data_list,
		.wr_set_sge = wr_set_sge,
		.wr_set_sge_list = wr_set_sge_list,
		.wr_start = wr_start,
		.wr_complete = wr_complete,
		.wr_abort = wr_abort,
		.wr_atomic_write = wr_atomic_write,
		.wr_flush = wr_flush,
	};
}

/* The call must have been the one that leaves this trace on this QP. */
#define assert_trace(call, text)                                                                   \
	do {                                                                                       \
		char want[128];                                                                    \
		snprintf(want, sizeof(want), "%p %s", (void *)&qp, text);                          \
		seen[0] = 0;                                                                       \
		call;                                                                              \
		assert_string_equal(seen, want);                                                   \
	} while (0)

static void operations_reach_their_member(void **state)
{
	struct ibv_qp_ex qp = qp_with_all_calls();
	struct ibv_mw_bind_info info = {.addr = 0x33};
	struct ibv_mw mw = {.rkey = 0x11};
	char header[] = "header";

	(void)state;
	assert_trace(ibv_wr_atomic_cmp_swp(&qp, 1, 2, 3, 4), "cmp_swp 1 2 3 4");
	assert_trace(ibv_wr_atomic_fetch_add(&qp, 1, 2, 3), "fetch_add 1 2 3");
	assert_trace(ibv_wr_atomic_write(&qp, 1, 2, "12345678"), "atomic_write 1 2 12345678");
	assert_trace(ibv_wr_bind_mw(&qp, &mw, 0x22, &info), "bind_mw 11 22 33");
	assert_trace(ibv_wr_flush(&qp, 1, 2, 3, 4, 5), "flush 1 2 3 4 5");
	assert_trace(ibv_wr_local_inv(&qp, 1), "local_inv 1");
	assert_trace(ibv_wr_rdma_read(&qp, 1, 2), "read 1 2");
	assert_trace(ibv_wr_rdma_write(&qp, 1, 2), "write 1 2");
	assert_trace(ibv_wr_rdma_write_imm(&qp, 1, 2, 3), "write_imm 1 2 3");
	assert_trace(ibv_wr_send(&qp), "send");
	assert_trace(ibv_wr_send_imm(&qp, 1), "send_imm 1");
	assert_trace(ibv_wr_send_inv(&qp, 1), "send_inv 1");
	assert_trace(ibv_wr_send_tso(&qp, header, 1, 2), "send_tso header 1 2");
}

static void data_and_addresses_reach_their_member(void **state)
{
	struct ibv_data_buf buf = {.length = 0x44};
	struct ibv_qp_ex qp = qp_with_all_calls();
	struct ibv_ah ah = {.handle = 0x55};
	struct ibv_sge sge = {.lkey = 0x66};
	char data[] = "data";

	(void)state;
	assert_trace(ibv_wr_set_ud_addr(&qp, &ah, 1, 2), "ud_addr 55 1 2");
	assert_trace(ibv_wr_set_xrc_srqn(&qp, 1), "xrc_srqn 1");
	assert_trace(ibv_wr_set_inline_data(&qp, data, 4), "inline data 4");
	assert_trace(ibv_wr_set_inline_data_list(&qp, 1, &buf), "inline_list 1 44");
	assert_trace(ibv_wr_set_sge(&qp, 1, 2, 3), "sge 1 2 3");
	assert_trace(ibv_wr_set_sge_list(&qp, 1, &sge), "sge_list 1 66");
}

static void batches_start_complete_and_abort(void **state)
{
	struct ibv_qp_ex qp = qp_with_all_calls();

	(void)state;
	assert_trace(ibv_wr_start(&qp), "start");
	assert_trace(assert_int_equal(ibv_wr_complete(&qp), ENOMEM), "complete");
	assert_trace(ibv_wr_abort(&qp), "abort");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_reach_their_member),
		cmocka_unit_test(data_and_addresses_reach_their_member),
		cmocka_unit_test(batches_start_complete_and_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
