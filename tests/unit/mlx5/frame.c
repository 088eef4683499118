/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "frame.h"

#include <errno.h>

char frame_bytes[256];

static void fill_frame(void)
{
	for (size_t i = 0; i < sizeof(frame_bytes); i++)
		frame_bytes[i] = (char)i;
}

int frame_create(uint32_t comp_mask, uint16_t max_tso_header)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.cap = {.max_send_wr = 4,
			.max_recv_wr = 4,
			.max_send_sge = 3,
			.max_recv_sge = 1,
			.max_inline_data = 40},
		.qp_type = IBV_QPT_RAW_PACKET,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS | comp_mask,
		.pd = bench.pd,
		.max_tso_header = max_tso_header,
		.send_ops_flags = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_TSO,
	};

	bench.qp = mlx5_create_qp_ex(bench.context, &attr);
	return bench.qp ? 0 : errno;
}

/* Bytes of each frame in the request: none, or 18. */
static void open_device(uint8_t min_inline)
{
	fill_frame();
	fake_reset();
	fake.ucontext.eth_min_inline = min_inline;
	fake.device.raw_packet_caps = IBV_RAW_PACKET_CAP_IP_CSUM;
	fake.device_udata.tso_caps.max_tso = 65536;
	fake.device_udata.tso_caps.supported_qpts = 1 << IBV_QPT_RAW_PACKET;
	bench_open();
}

static int open_raw(uint8_t min_inline)
{
	open_device(min_inline);
	assert_int_equal(frame_create(IBV_QP_INIT_ATTR_MAX_TSO_HEADER, TSO_HEADER), 0);
	memset(fake_sq(), 0, fake.qp_request.sq_wqe_count * (size_t)64);
	bench_qp_to(IBV_QPS_RTS);
	return 0;
}

int frame_open_free(void **state)
{
	(void)state;
	return open_raw(MLX5_USER_INLINE_MODE_NONE);
}

int frame_open_l2(void **state)
{
	(void)state;
	return open_raw(MLX5_USER_INLINE_MODE_L2);
}

int frame_open_old(void **state)
{
	(void)state;
	return open_raw(MLX5_USER_INLINE_MODE_NA);
}

int frame_open_none(void **state)
{
	(void)state;
	open_device(MLX5_USER_INLINE_MODE_NONE);
	return 0;
}

int frame_close(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

struct ibv_sge frame_piece(size_t at, uint32_t length)
{
	return (struct ibv_sge){
		.addr = (uintptr_t)frame_bytes + at, .length = length, .lkey = 0xa1b2c3d4};
}
