/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects made by the extended verbs: which command each set of attributes becomes, and what is in
 * it. Everything runs over both carriers.
 */
#include "open_fake.h"

#include "libibverbs/command.h"

static struct ibv_context *context;
static struct ibv_pd *pd;

static int open_with(bool has_ioctl)
{
	fake_kernel.has_ioctl = has_ioctl;
	context = open_fake();
	pd = context ? ibv_alloc_pd(context) : NULL;
	return !pd;
}

static int setup_ioctl(void **state)
{
	setup(state);
	return open_with(true);
}

static int setup_write(void **state)
{
	setup(state);
	return open_with(false);
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_dealloc_pd(pd) || ibv_close_device(context) || fake_kernel.open_fds;
}

/* The core part and the private part of the last command that creates. */
static struct {
	uint32_t number;
	uint8_t in[256];
	uint8_t private_in[64];
	size_t private_in_len, private_out_len;
} kept;

static int keep(const struct fake_command *command)
{
	kept.number = command->number;
	memcpy(kept.in, command->in,
	       command->in_len < sizeof(kept.in) ? command->in_len : sizeof(kept.in));
	kept.private_in_len = command->private_in_len;
	kept.private_out_len = command->private_out_len;
	if (command->private_in_len && command->private_in_len <= sizeof(kept.private_in))
		memcpy(kept.private_in, command->private_in, command->private_in_len);
	if (command->private_out_len)
		memset(command->private_out, 0x77, command->private_out_len);
	return fake_kernel_command(command);
}

static void a_cq_with_flags_needs_the_extended_command(void **state)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 100,
					   .comp_vector = 1,
					   .comp_mask = IBV_CQ_INIT_ATTR_MASK_FLAGS,
					   .flags = IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN};
	struct ib_uverbs_ex_create_cq in;
	struct ibv_cq_ex *cq;

	UNUSED;
	fake_private.to_kernel[3] = 0x33333333;
	fake_kernel.command = keep;
	cq = ibv_create_cq_ex(context, &attr);
	assert_non_null(cq);
	assert_int_equal(cq->handle, 19);
	assert_int_equal(cq->cqe, 127);
	assert_int_equal(kept.number,
			 IB_USER_VERBS_EX_CMD_CREATE_CQ | IB_USER_VERBS_CMD_FLAG_EXTENDED);
	memcpy(&in, kept.in, sizeof(in));
	assert_true(in.user_handle == (uintptr_t)cq);
	assert_int_equal(in.cqe, 100);
	assert_int_equal(in.comp_vector, 1);
	assert_int_equal(in.comp_channel, -1);
	assert_int_equal(in.flags, IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN);
	assert_memory_equal(kept.private_in, fake_private.to_kernel, 16);
	/* 12 bytes do not fill the 8-byte words of write(), which must not spoil what follows. */
	assert_true(kept.private_out_len >= sizeof(fake_private.from_kernel));
	assert_int_equal(fake_private.from_kernel[2], 0x77777777);
	assert_int_equal(ibv_destroy_cq(ibv_cq_ex_to_cq(cq)), 0);
}

static void a_cq_without_flags_is_a_classic_one(void **state)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 100, .wc_flags = IBV_WC_STANDARD_FLAGS};
	struct ibv_cq_ex *cq;

	UNUSED;
	fake_kernel.command = keep;
	cq = ibv_create_cq_ex(context, &attr);
	assert_non_null(cq);
	assert_int_equal(kept.number, IB_USER_VERBS_CMD_CREATE_CQ);
	assert_int_equal(ibv_destroy_cq(ibv_cq_ex_to_cq(cq)), 0);
}

static struct ibv_qp_init_attr_ex qp_attr(struct ibv_cq *cq)
{
	return (struct ibv_qp_init_attr_ex){
		.qp_type = IBV_QPT_UD,
		.send_cq = cq,
		.recv_cq = cq,
		.pd = pd,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS,
	};
}

static void a_qp_with_flags_needs_the_extended_command(void **state)
{
	struct ibv_cq *cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	struct ibv_qp_init_attr_ex attr = qp_attr(cq);
	struct ib_uverbs_ex_create_qp in;
	struct ibv_qp *qp;

	UNUSED;
	attr.create_flags = IBV_QP_CREATE_BLOCK_SELF_MCAST_LB | IBV_QP_CREATE_SOURCE_QPN;
	attr.source_qpn = 0x1234;
	fake_kernel.command = keep;
	qp = ibv_create_qp_ex(context, &attr);
	assert_non_null(qp);
	assert_int_equal(qp->qp_num, 0x200);
	assert_null(ibv_qp_to_qp_ex(qp));
	assert_int_equal(kept.number,
			 IB_USER_VERBS_EX_CMD_CREATE_QP | IB_USER_VERBS_CMD_FLAG_EXTENDED);
	memcpy(&in, kept.in, sizeof(in));
	assert_int_equal(in.create_flags, attr.create_flags);
	assert_int_equal(in.source_qpn, 0x1234);
	assert_int_equal(in.comp_mask, 0);
	assert_int_equal(ibv_destroy_qp(qp), 0);
	attr.create_flags = 0;
	qp = ibv_create_qp_ex(context, &attr);
	assert_non_null(qp);
	assert_int_equal(kept.number, IB_USER_VERBS_CMD_CREATE_QP);
	assert_int_equal(ibv_destroy_qp(qp), 0);
	assert_int_equal(ibv_destroy_cq(cq), 0);
}

static void a_rate_limit_needs_the_extended_command(void **state)
{
	struct ibv_cq *cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1, .rate_limit = 5000};
	struct ibv_qp_init_attr_ex init = qp_attr(cq);
	struct ibv_qp *qp = ibv_create_qp_ex(context, &init);
	struct ib_uverbs_ex_modify_qp in;

	UNUSED;
	assert_non_null(qp);
	fake_kernel.command = keep;
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x71), 0);
	assert_int_equal(kept.number, IB_USER_VERBS_CMD_MODIFY_QP);
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_RATE_LIMIT), 0);
	assert_int_equal(kept.number,
			 IB_USER_VERBS_EX_CMD_MODIFY_QP | IB_USER_VERBS_CMD_FLAG_EXTENDED);
	memcpy(&in, kept.in, sizeof(in));
	assert_int_equal(in.rate_limit, 5000);
	/* What the mask does not name is not sent, set or not. */
	assert_int_equal(in.base.port_num, 0);
	assert_int_equal(ibv_destroy_qp(qp), 0);
	assert_int_equal(ibv_destroy_cq(cq), 0);
}

static struct ibv_xrcd *open_domain(void)
{
	struct ibv_xrcd_init_attr attr = {.comp_mask = IBV_XRCD_INIT_ATTR_FD, .fd = -1};
	struct ibv_xrcd *xrcd;

	assert_null(ibv_open_xrcd(context, &attr));
	assert_int_equal(errno, EINVAL);
	attr.comp_mask |= IBV_XRCD_INIT_ATTR_OFLAGS;
	xrcd = ibv_open_xrcd(context, &attr);
	assert_non_null(xrcd);
	return xrcd;
}

static void xrc_objects_hang_on_their_domain(void **state)
{
	struct ibv_cq *cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	struct ibv_srq_init_attr_ex srq_attr = {
		.attr = {.max_wr = 10, .max_sge = 1},
		.srq_type = IBV_SRQT_XRC,
		.pd = pd,
		.cq = cq,
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ,
	};
	struct ibv_qp_init_attr_ex attr = {.qp_type = IBV_QPT_XRC_RECV};
	struct ibv_qp_open_attr open_attr = {.qp_num = 0x180, .qp_type = IBV_QPT_XRC_RECV};
	struct ibv_xrcd *xrcd = open_domain();
	struct ib_uverbs_create_xsrq srq_in;
	struct ib_uverbs_create_qp qp_in;
	struct ibv_qp *qp, *opened;
	struct ibv_srq *srq;
	uint32_t srq_num;

	UNUSED;
	fake_kernel.command = keep;
	assert_null(ibv_create_srq_ex(context, &srq_attr)); /* no domain */
	assert_int_equal(errno, EINVAL);
	srq_attr.comp_mask |= IBV_SRQ_INIT_ATTR_XRCD;
	srq_attr.xrcd = xrcd;
	srq = ibv_create_srq_ex(context, &srq_attr);
	assert_non_null(srq);
	memcpy(&srq_in, kept.in, sizeof(srq_in));
	assert_int_equal(srq_in.xrcd_handle, 17);
	assert_int_equal(srq_in.cq_handle, 13);
	assert_int_equal(srq_in.srq_type, IBV_SRQT_XRC);
	assert_int_equal(ibv_get_srq_num(srq, &srq_num), 0);
	assert_int_equal(srq_num, 0x160);

	assert_null(ibv_create_qp_ex(context, &attr)); /* no domain */
	assert_int_equal(errno, EINVAL);
	attr.comp_mask = IBV_QP_INIT_ATTR_XRCD;
	attr.xrcd = xrcd;
	qp = ibv_create_qp_ex(context, &attr);
	assert_non_null(qp);
	memcpy(&qp_in, kept.in, sizeof(qp_in));
	assert_int_equal(qp_in.pd_handle, 17);

	open_attr.comp_mask = IBV_QP_OPEN_ATTR_NUM | IBV_QP_OPEN_ATTR_XRCD | IBV_QP_OPEN_ATTR_TYPE;
	open_attr.xrcd = xrcd;
	opened = ibv_open_qp(context, &open_attr);
	assert_non_null(opened);
	assert_int_equal(opened->state, IBV_QPS_UNKNOWN);

	assert_int_equal(ibv_destroy_qp(opened), 0);
	assert_int_equal(ibv_destroy_qp(qp), 0);
	assert_int_equal(ibv_destroy_srq(srq), 0);
	assert_int_equal(ibv_close_xrcd(xrcd), 0);
	assert_int_equal(ibv_destroy_cq(cq), 0);
}

static void moderation_is_sent_as_it_is(void **state)
{
	struct ibv_cq *cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	struct ibv_modify_cq_attr attr = {
		.attr_mask = IBV_CQ_ATTR_MODERATE,
		.moderate = {.cq_count = 0x102, .cq_period = 0x304},
	};
	struct ib_uverbs_ex_modify_cq in;

	UNUSED;
	fake_kernel.command = keep;
	assert_int_equal(ibv_cmd_modify_cq(cq, &attr), 0);
	assert_int_equal(kept.number,
			 IB_USER_VERBS_EX_CMD_MODIFY_CQ | IB_USER_VERBS_CMD_FLAG_EXTENDED);
	memcpy(&in, kept.in, sizeof(in));
	assert_int_equal(in.cq_handle, 13);
	assert_int_equal(in.attr_mask, 1);
	assert_int_equal(in.attr.cq_count, 0x102);
	assert_int_equal(in.attr.cq_period, 0x304);
	assert_int_equal(ibv_destroy_cq(cq), 0);
}

static void a_tag_matching_queue_names_its_cq_and_tags(void **state)
{
	struct ibv_cq *cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = 10, .max_sge = 1},
		.srq_type = IBV_SRQT_TM,
		.pd = pd,
		.cq = cq,
		.tm_cap = {.max_num_tags = 63, .max_ops = 5},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_TM,
	};
	struct ib_uverbs_create_xsrq in;
	struct ibv_srq *srq;

	UNUSED;
	fake_kernel.command = keep;
	srq = ibv_create_srq_ex(context, &attr);
	assert_non_null(srq);
	memcpy(&in, kept.in, sizeof(in));
	assert_int_equal(in.srq_type, 2);
	assert_int_equal(in.cq_handle, 13);
	assert_int_equal(in.max_num_tags, 63);
	assert_int_equal(in.xrcd_handle, 0);
	assert_int_equal(ibv_destroy_srq(srq), 0);
	assert_int_equal(ibv_destroy_cq(cq), 0);
}

static void a_spreading_qp_names_its_table_and_no_queues(void **state)
{
	struct ibv_rwq_ind_table table = {.context = context, .ind_tbl_handle = 22};
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.pd = pd,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_IND_TABLE,
		.rwq_ind_tbl = &table,
	};
	struct ib_uverbs_ex_create_qp in;
	struct ibv_qp *qp;

	UNUSED;
	fake_kernel.command = keep;
	qp = ibv_create_qp_ex(context, &attr);
	assert_non_null(qp);
	memcpy(&in, kept.in, sizeof(in));
	assert_int_equal(in.comp_mask, IB_UVERBS_CREATE_QP_MASK_IND_TABLE);
	assert_int_equal(in.rwq_ind_tbl_handle, 22);
	assert_int_equal(in.send_cq_handle, 0);
	assert_int_equal(in.recv_cq_handle, 0);
	assert_int_equal(in.qp_type, 8);
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static void unknown_bits_are_refused_before_the_kernel(void **state)
{
	struct ibv_cq *cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	struct ibv_qp_init_attr_ex attr = qp_attr(cq);
	struct ibv_srq_init_attr_ex srq_attr = {.comp_mask = 1 << 20};
	unsigned int before = fake_kernel.commands;

	UNUSED;
	attr.comp_mask |= 1 << 20;
	assert_null(ibv_create_qp_ex(context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr = qp_attr(cq);
	attr.recv_cq = NULL;
	assert_null(ibv_create_qp_ex(context, &attr));
	assert_int_equal(errno, EINVAL);
	assert_null(ibv_create_srq_ex(context, &srq_attr));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(fake_kernel.commands, before);
	assert_int_equal(ibv_destroy_cq(cq), 0);
}

int main(void)
{
#define BOTH(name)                                                                                 \
	{#name " (ioctl)", name, setup_ioctl, teardown_close, NULL},                               \
	{                                                                                          \
#name " (write)", name, setup_write, teardown_close, NULL                          \
	}
	const struct CMUnitTest tests[] = {
		BOTH(a_cq_with_flags_needs_the_extended_command),
		BOTH(a_cq_without_flags_is_a_classic_one),
		BOTH(a_qp_with_flags_needs_the_extended_command),
		BOTH(a_rate_limit_needs_the_extended_command),
		BOTH(xrc_objects_hang_on_their_domain),
		BOTH(moderation_is_sent_as_it_is),
		BOTH(a_tag_matching_queue_names_its_cq_and_tags),
		BOTH(a_spreading_qp_names_its_table_and_no_queues),
		BOTH(unknown_bits_are_refused_before_the_kernel),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
