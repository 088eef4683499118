/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One device context and its objects under several names: imported again by the process that made
 * them, and by another one that has received the descriptor.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rdma/mlx5-abi.h>

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

/* ---- another process ---- */

/* What the exporting process tells. */
struct offer {
	uint32_t pd, mr, dm;
	uint64_t buffer;
	uint32_t lkey, rkey;
	union ibv_gid gid;
	uint8_t port_num, gid_index;
	bool has_dm;
};

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void send_offer(int socket, const struct offer *offer, int fd)
{
	union control control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS}};
	struct iovec iov = {(void *)(uintptr_t)offer, sizeof(*offer)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	CHECK_EQ(sendmsg(socket, &message, 0), (ssize_t)sizeof(*offer));
}

static int take_offer(int socket, struct offer *offer)
{
	struct iovec iov = {offer, sizeof(*offer)};
	union control control;
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int fd;

	CHECK_EQ(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), (ssize_t)sizeof(*offer));
	CHECK(message.msg_controllen >= CMSG_LEN(sizeof(int)));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* The exporting side: a region, and device memory where there is any. */
struct exporter {
	struct bed bed;
	struct buffer buffer;
	struct ibv_dm *dm;
};

static void exporter_open(struct exporter *exporter, int socket)
{
	struct ibv_alloc_dm_attr attr = {.length = DM_LENGTH};
	struct ibv_device_attr_ex device;
	struct offer offer;

	bed_open(&exporter->bed);
	CHECK_OK(ibv_query_device_ex(exporter->bed.context, NULL, &device));
	buffer_make(&exporter->buffer, exporter->bed.pd, SIZE, ACCESS_ALL);
	pattern_fill(exporter->buffer.bytes, LENGTH, 7);
	exporter->dm = NULL;
	if (device.max_dm_size) {
		exporter->dm = ibv_alloc_dm(exporter->bed.context, &attr);
		CHECK(exporter->dm);
	}
	memset(&offer, 0, sizeof(offer));
	offer.pd = exporter->bed.pd->handle;
	offer.mr = exporter->buffer.mr->handle;
	offer.dm = exporter->dm ? exporter->dm->handle : 0;
	offer.has_dm = exporter->dm;
	offer.buffer = buffer_address(&exporter->buffer, 0);
	offer.lkey = exporter->buffer.mr->lkey;
	offer.rkey = exporter->buffer.mr->rkey;
	offer.gid = exporter->bed.gid;
	offer.gid_index = exporter->bed.gid_index;
	offer.port_num = exporter->bed.port_num;
	send_offer(socket, &offer, exporter->bed.context->cmd_fd);
}

static void exporter_close(struct exporter *exporter)
{
	if (exporter->dm)
		CHECK_OK(ibv_free_dm(exporter->dm));
	buffer_free(&exporter->buffer);
	bed_close(&exporter->bed);
}

static void importer_open(struct names *names, struct offer *offer, int socket)
{
	int fd = take_offer(socket, offer);
	struct bed *bed = &names->bed;

	import_names(names, fd, offer->pd, offer->mr);
	close(fd);
	CHECK_EQ(names->mr->lkey, offer->lkey);
	CHECK_EQ(names->mr->rkey, offer->rkey);
	CHECK_EQ(names->mr->length, SIZE);
	bed->family = family_of(bed->context);
	bed->gid = offer->gid;
	bed->gid_index = offer->gid_index;
	bed->port_num = offer->port_num;
	CHECK_OK(ibv_query_port(bed->context, bed->port_num, &bed->port));
	bed->ethernet = bed->port.link_layer == IBV_LINK_LAYER_ETHERNET;
}

/* With queue pairs of this process and keys of the other. */
static void work_on_their_memory(struct names *names, const struct offer *offer)
{
	struct ibv_sge theirs = {offer->buffer, LENGTH, offer->lkey};
	struct buffer own;

	buffer_make(&own, names->bed.pd, SIZE, ACCESS_ALL);
	/* From there to here, to the other place there, and from here to there. */
	CHECK_EQ(write_between(&names->bed, theirs, buffer_address(&own, 0), own.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_PATTERN(own.bytes, LENGTH, 7);
	CHECK_EQ(write_between(&names->bed, theirs, offer->buffer + 20000, offer->rkey),
		 IBV_WC_SUCCESS);
	pattern_fill(own.bytes, LENGTH, 8);
	CHECK_EQ(write_between(&names->bed, buffer_sge(&own, 0, LENGTH), offer->buffer + 40000,
			       offer->rkey),
		 IBV_WC_SUCCESS);
	/* No further than the region goes, and not in another domain. */
	theirs.length = SIZE + 1;
	CHECK_EQ(write_between(&names->bed, theirs, buffer_address(&own, 0), own.mr->rkey),
		 IBV_WC_LOC_PROT_ERR);
	CHECK_EQ(write_between(&names->bed, buffer_sge(&own, 0, 100), offer->buffer + SIZE - 99,
			       offer->rkey),
		 IBV_WC_REM_ACCESS_ERR);
	buffer_free(&own);
}

static void import_and_work(int socket)
{
	struct names names;
	struct offer offer;
	char done;

	importer_open(&names, &offer, socket);
	work_on_their_memory(&names, &offer);
	tell(socket, "d", 1);
	hear(socket, &done, 1);
	forget_names(&names);
}

CASE(memory_of_the_exporting_process)
{
	struct peer peer = peer_start(import_and_work);
	struct exporter exporter;
	char done;

	exporter_open(&exporter, peer.socket);
	hear(peer.socket, &done, 1);
	CHECK_PATTERN(exporter.buffer.bytes + 20000, LENGTH, 7);
	CHECK_PATTERN(exporter.buffer.bytes + 40000, LENGTH, 8);
	/* What has been imported there is used here as ever. */
	pattern_fill(exporter.buffer.bytes, LENGTH, 9);
	CHECK_EQ(write_between(&exporter.bed, buffer_sge(&exporter.buffer, 0, LENGTH),
			       buffer_address(&exporter.buffer, 20000), exporter.buffer.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_PATTERN(exporter.buffer.bytes + 20000, LENGTH, 9);
	tell(peer.socket, "d", 1);
	peer_finish(&peer);
	exporter_close(&exporter);
}

/* The importer's turn: it makes a region in the domain, and tells its handle. */
struct counter_offer {
	uint32_t mr;
	uint64_t buffer;
};

static void import_and_offer(int socket)
{
	struct counter_offer counter;
	struct buffer own;
	struct names names;
	struct offer offer;
	char done;

	importer_open(&names, &offer, socket);
	buffer_make(&own, names.bed.pd, SIZE, ACCESS_ALL);
	memset(&counter, 0, sizeof(counter));
	counter.mr = own.mr->handle;
	counter.buffer = buffer_address(&own, 0);
	tell(socket, &counter, sizeof(counter));
	hear(socket, &done, 1);
	CHECK_PATTERN(own.bytes, LENGTH, 5);
	buffer_free(&own);
	forget_names(&names);
}

CASE(memory_of_the_importing_process)
{
	struct peer peer = peer_start(import_and_offer);
	struct counter_offer counter;
	struct exporter exporter;
	struct ibv_mr *theirs;

	exporter_open(&exporter, peer.socket);
	hear(peer.socket, &counter, sizeof(counter));
	CHECK(counter.mr != exporter.buffer.mr->handle);
	theirs = ibv_import_mr(exporter.bed.pd, counter.mr);
	CHECK(theirs);
	pattern_fill(exporter.buffer.bytes, LENGTH, 5);
	CHECK_EQ(write_between(&exporter.bed, buffer_sge(&exporter.buffer, 0, LENGTH),
			       counter.buffer, theirs->rkey),
		 IBV_WC_SUCCESS);
	CHECK_EQ(write_between(&exporter.bed,
			       (struct ibv_sge){counter.buffer, LENGTH, theirs->lkey},
			       buffer_address(&exporter.buffer, 20000), exporter.buffer.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_PATTERN(exporter.buffer.bytes + 20000, LENGTH, 5);
	ibv_unimport_mr(theirs);
	tell(peer.socket, "d", 1);
	peer_finish(&peer);
	exporter_close(&exporter);
}

static void export_until_told(int socket)
{
	struct exporter exporter;
	char done;

	exporter_open(&exporter, socket);
	hear(socket, &done, 1);
	exporter_close(&exporter);
}

/* Of softhca: a kernel keeps what is in a context as long as anybody has it. */
static void use_what_has_gone(struct names *names, const struct offer *offer)
{
	struct ibv_sge theirs = {offer->buffer, LENGTH, offer->lkey};
	struct buffer own;

	buffer_make(&own, names->bed.pd, SIZE, ACCESS_ALL);
	CHECK_EQ(write_between(&names->bed, theirs, buffer_address(&own, 0), own.mr->rkey),
		 IBV_WC_LOC_PROT_ERR);
	CHECK_EQ(write_between(&names->bed, buffer_sge(&own, 0, 100), offer->buffer, offer->rkey),
		 IBV_WC_REM_ACCESS_ERR);
	CHECK_FAILS(ibv_import_mr(names->bed.pd, offer->mr), ENOENT);
	/* The domain is this process's as well. */
	CHECK_EQ(write_between(&names->bed, buffer_sge(&own, 0, 100), buffer_address(&own, 1000),
			       own.mr->rkey),
		 IBV_WC_SUCCESS);
	buffer_free(&own);
}

static void import_from_one_that_goes(bool killed)
{
	const char *world = getenv("OV_WORLD");
	struct names names;
	struct offer offer;
	struct peer peer;

	NEED(!world || strcmp(world, "kernel"), "a kernel keeps what another process still has");
	peer = peer_start(export_until_told);
	importer_open(&names, &offer, peer.socket);
	work_on_their_memory(&names, &offer);
	if (killed) {
		peer_kill(&peer);
	} else {
		tell(peer.socket, "d", 1);
		peer_finish(&peer);
	}
	use_what_has_gone(&names, &offer);
	forget_names(&names);
}

CASE(the_exporting_process_closes)
{
	import_from_one_that_goes(false);
}

CASE(the_exporting_process_is_killed)
{
	import_from_one_that_goes(true);
}

static void import_device_memory(int socket)
{
	enum { ACCESS = ACCESS_ALL | IBV_ACCESS_ZERO_BASED };
	uint8_t bytes[DM_LENGTH];
	struct names names;
	struct offer offer;
	struct ibv_dm *dm;
	struct ibv_mr *mr;
	char filled;

	importer_open(&names, &offer, socket);
	hear(socket, &filled, 1);
	dm = ibv_import_dm(names.bed.context, offer.dm);
	CHECK(dm);
	CHECK_OK(ibv_memcpy_from_dm(bytes, dm, 0, DM_LENGTH));
	CHECK_PATTERN(bytes, DM_LENGTH, 3);
	pattern_fill(bytes, 1024, 4);
	CHECK_OK(ibv_memcpy_to_dm(dm, 1024, bytes, 1024));
	/* And by requests, from one part of it to another. */
	mr = ibv_reg_dm_mr(names.bed.pd, dm, 0, DM_LENGTH, ACCESS);
	CHECK(mr);
	CHECK_EQ(write_between(&names.bed, (struct ibv_sge){1024, 1024, mr->lkey}, 2048, mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_OK(ibv_dereg_mr(mr));
	ibv_unimport_dm(dm);
	forget_names(&names);
	tell(socket, "d", 1);
}

CASE(device_memory_of_the_exporting_process)
{
	struct peer peer = peer_start(import_device_memory);
	struct exporter exporter;
	uint8_t bytes[DM_LENGTH];
	char done;

	exporter_open(&exporter, peer.socket);
	if (!exporter.dm)
		peer_kill(&peer);
	NEED(exporter.dm, "the device has no memory for programs");
	pattern_fill(bytes, DM_LENGTH, 3);
	CHECK_OK(ibv_memcpy_to_dm(exporter.dm, 0, bytes, DM_LENGTH));
	tell(peer.socket, "f", 1);
	hear(peer.socket, &done, 1);
	CHECK_OK(ibv_memcpy_from_dm(bytes, exporter.dm, 0, DM_LENGTH));
	CHECK_PATTERN(bytes + 1024, 1024, 4);
	CHECK_PATTERN(bytes + 2048, 1024, 4);
	peer_finish(&peer);
	exporter_close(&exporter);
}

/* ---- the time ---- */

/* The wall clock as a write's completion tells it. */
static int64_t wall_clock_of_a_write(const struct bed *bed, const struct buffer *own)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 16, .wc_flags = IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK};
	struct ibv_cq_ex *cq = ibv_create_cq_ex(bed->context, &attr);
	struct ibv_sge sge = buffer_sge(own, 0, 8);
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, 1, &sge);
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_poll_cq_attr poll = {0};
	struct pair pair;
	int64_t stamp;
	int rc;

	CHECK(cq);
	plan.send_cq = plan.recv_cq = ibv_cq_ex_to_cq(cq);
	pair_make(&pair, bed, &plan);
	wr.wr.rdma.remote_addr = buffer_address(own, 64);
	wr.wr.rdma.rkey = own->mr->rkey;
	post(&pair.a, &wr);
	do
		rc = ibv_start_poll(cq, &poll);
	while (rc == ENOENT && seconds_now() < deadline);
	CHECK_EQ(rc, 0);
	stamp = (int64_t)ibv_wc_read_completion_wallclock_ns(cq);
	ibv_end_poll(cq);
	pair_destroy(&pair);
	CHECK_OK(ibv_destroy_cq(ibv_cq_ex_to_cq(cq)));
	return stamp;
}

static void tell_the_time(int socket)
{
	struct timespec before, after;
	struct names names;
	struct offer offer;
	struct buffer own;
	int64_t stamp;
	char stopped;

	importer_open(&names, &offer, socket);
	buffer_make(&own, names.bed.pd, SIZE, ACCESS_ALL);
	hear(socket, &stopped, 1);
	clock_gettime(CLOCK_REALTIME, &before);
	stamp = wall_clock_of_a_write(&names.bed, &own);
	clock_gettime(CLOCK_REALTIME, &after);
	CHECK(stamp / 1000000000 >= before.tv_sec - 1);
	CHECK(stamp / 1000000000 <= after.tv_sec + 1);
	buffer_free(&own);
	forget_names(&names);
	tell(socket, "d", 1);
}

/* Its page of the clock's notes is left as one that is being written; on a kernel, which alone
 * writes them, it is read-only. */
CASE(the_exporting_process_stops_while_it_notes_the_time)
{
	enum { PAGE = 4096 };
	const off_t place = (MLX5_IB_MMAP_CLOCK_INFO << 8 | MLX5_IB_CLOCK_INFO_V1) * PAGE;
	const char *world = getenv("OV_WORLD");
	struct mlx5_ib_clock_info *notes;
	struct exporter exporter;
	struct peer peer;
	char done;

	NEED(!world || strcmp(world, "kernel"), "only the kernel writes the notes");
	peer = peer_start(tell_the_time);
	exporter_open(&exporter, peer.socket);
	notes = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, exporter.bed.context->cmd_fd,
		     place);
	CHECK(notes != MAP_FAILED);
	CHECK(notes->nsec);
	notes->sign |= MLX5_IB_CLOCK_INFO_KERNEL_UPDATING;
	tell(peer.socket, "s", 1);
	hear(peer.socket, &done, 1);
	CHECK(notes->sign & MLX5_IB_CLOCK_INFO_KERNEL_UPDATING);
	munmap(notes, PAGE);
	peer_finish(&peer);
	exporter_close(&exporter);
}

CASE(what_cannot_be_imported)
{
	struct ibv_device_attr_ex device;
	struct ibv_context *context;
	struct bed bed;
	int pipes[2], fd;

	bed_open(&bed);
	CHECK_OK(ibv_query_device_ex(bed.context, NULL, &device));
	CHECK_EQ(pipe(pipes), 0);
	CHECK_FAILS(ibv_import_device(pipes[0]), EINVAL);
	CHECK(!ibv_import_device(-1));
	fd = dup(bed.context->cmd_fd);
	CHECK(fd >= 0);
	context = ibv_import_device(fd);
	NEED(context || errno != EOPNOTSUPP, "the driver's library imports nothing");
	CHECK(context);
	CHECK_FAILS(ibv_import_pd(context, bed.pd->handle + 77), ENOENT);
	if (device.max_dm_size)
		CHECK_FAILS(ibv_import_dm(context, 12345), ENOENT);
	CHECK_FAILS(ibv_import_mr(bed.pd, 12345), ENOENT);
	CHECK_EQ(ibv_close_device(context), 0);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	bed_close(&bed);
}
