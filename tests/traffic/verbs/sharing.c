/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One device context and its objects under several names: imported again by the process that made
 * them, and by another one that has received the descriptor.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

enum { SIZE = 65536, LENGTH = 20000, DM_LENGTH = 4096 };

/* A context, a domain and a region, be they made or imported. Libraries differ in whether they take
 * the descriptor or a copy of it, so they get one that nobody else needs. */
struct names {
	struct bed bed;
	struct ibv_mr *mr;
	int fd;
};

static void import_names(struct names *names, int fd, uint32_t pd, uint32_t mr)
{
	struct ibv_device_attr attr;

	memset(names, 0, sizeof(*names));
	names->fd = dup(fd);
	CHECK(names->fd >= 0);
	names->bed.context = ibv_import_device(names->fd);
	NEED(names->bed.context || errno != EOPNOTSUPP, "the driver's library imports nothing");
	CHECK(names->bed.context);
	CHECK_OK(ibv_query_device(names->bed.context, &attr));
	names->bed.pd = ibv_import_pd(names->bed.context, pd);
	CHECK(names->bed.pd);
	names->mr = ibv_import_mr(names->bed.pd, mr);
	CHECK(names->mr);
}

static void forget_names(struct names *names)
{
	ibv_unimport_mr(names->mr);
	ibv_unimport_pd(names->bed.pd);
	CHECK_EQ(ibv_close_device(names->bed.context), 0);
	close(names->fd);
}

/* The rest of a bed whose context and domain are imported. */
static void complete_bed(struct bed *bed, const struct bed *as)
{
	struct ibv_context *context = bed->context;
	struct ibv_pd *pd = bed->pd;

	*bed = *as;
	bed->context = context;
	bed->pd = pd;
}

/* Between two new queue pairs of `bed`, from one place to another by any keys. */
static enum ibv_wc_status write_between(const struct bed *bed, struct ibv_sge sge, uint64_t remote,
					uint32_t rkey)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, 1, &sge);
	struct pair pair;
	struct ibv_wc wc;

	pair_make(&pair, bed, &plan);
	wr.wr.rdma.remote_addr = remote;
	wr.wr.rdma.rkey = rkey;
	post(&pair.a, &wr);
	wc = next_wc(pair.a.send_cq);
	pair_destroy(&pair);
	return wc.status;
}

CASE(names_in_the_same_process)
{
	struct buffer buffer;
	struct names names;
	struct bed bed;

	bed_open(&bed);
	buffer_make(&buffer, bed.pd, SIZE, ACCESS_ALL);
	import_names(&names, bed.context->cmd_fd, bed.pd->handle, buffer.mr->handle);
	CHECK(names.bed.context != bed.context);
	CHECK_EQ(names.mr->lkey, buffer.mr->lkey);
	CHECK_EQ(names.mr->rkey, buffer.mr->rkey);
	CHECK_EQ(names.mr->length, SIZE);
	complete_bed(&names.bed, &bed);
	/* Queue pairs of the imported domain reach memory of the other name. */
	pattern_fill(buffer.bytes, LENGTH, 1);
	CHECK_EQ(write_between(&names.bed, buffer_sge(&buffer, 0, LENGTH),
			       buffer_address(&buffer, 30000), names.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_PATTERN(buffer.bytes + 30000, LENGTH, 1);
	forget_names(&names);
	/* Forgetting ended nothing. */
	pattern_fill(buffer.bytes, LENGTH, 2);
	CHECK_EQ(write_between(&bed, buffer_sge(&buffer, 0, LENGTH), buffer_address(&buffer, 30000),
			       buffer.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_PATTERN(buffer.bytes + 30000, LENGTH, 2);
	buffer_free(&buffer);
	bed_close(&bed);
}

CASE(a_context_outlives_its_first_name)
{
	struct buffer buffer;
	struct names names;
	struct bed bed;

	bed_open(&bed);
	buffer_make(&buffer, bed.pd, SIZE, ACCESS_ALL);
	import_names(&names, bed.context->cmd_fd, bed.pd->handle, buffer.mr->handle);
	complete_bed(&names.bed, &bed);
	CHECK_EQ(ibv_close_device(bed.context), 0);
	pattern_fill(buffer.bytes, LENGTH, 3);
	CHECK_EQ(write_between(&names.bed, buffer_sge(&buffer, 0, LENGTH),
			       buffer_address(&buffer, 30000), names.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_PATTERN(buffer.bytes + 30000, LENGTH, 3);
	forget_names(&names);
}

CASE(what_cannot_be_imported)
{
	struct ibv_context *context;
	struct bed bed;
	int pipes[2], fd;

	bed_open(&bed);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_FAILS(ibv_import_device(pipes[0]), EINVAL);
	CHECK(!ibv_import_device(-1));
	fd = dup(bed.context->cmd_fd);
	CHECK(fd >= 0);
	context = ibv_import_device(fd);
	NEED(context || errno != EOPNOTSUPP, "the driver's library imports nothing");
	CHECK(context);
	CHECK_FAILS(ibv_import_pd(context, bed.pd->handle + 77), ENOENT);
	CHECK_FAILS(ibv_import_dm(context, 12345), ENOENT);
	CHECK_FAILS(ibv_import_mr(bed.pd, 12345), ENOENT);
	CHECK_EQ(ibv_close_device(context), 0);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	bed_close(&bed);
}
