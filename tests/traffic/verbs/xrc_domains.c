/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Domains of extended reliable connections: who has them open, the targets in them, and how either
 * ends. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"
#include "xrc.h"

CASE(domain_in_use)
{
	struct xrc_bench bench;

	xrc_open(&bench);
	CHECK_RC(ibv_close_xrcd(bench.xrcd), EBUSY);
	CHECK_OK(ibv_destroy_qp(bench.target));
	CHECK_RC(ibv_close_xrcd(bench.xrcd), EBUSY);
	CHECK_RC(ibv_destroy_cq(bench.inbox.cq), EBUSY);
	bench.target = xrc_target_make(&bench.bed, bench.xrcd);
	xrc_close(&bench);
}

CASE(target_takes_no_requests)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND}, *bad = NULL;
	struct xrc_bench bench;

	xrc_open(&bench);
	CHECK(ibv_post_send(bench.target, &wr, &bad));
	CHECK(bad == &wr);
	xrc_close(&bench);
}

/* ---- domains and their files ---- */

static int file_open(char *path)
{
	int fd;

	strcpy(path, "/tmp/verbs-xrc-XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	return fd;
}

CASE(domain_of_a_file)
{
	struct ibv_xrcd *first, *second;
	struct bed bed;
	char path[32];
	int fd;

	bed_open(&bed);
	xrc_need(&bed);
	fd = file_open(path);
	CHECK_FAILS(xrc_domain_open(&bed, fd, 0), EAGAIN);
	CHECK_FAILS(xrc_domain_open(&bed, 12345, O_CREAT), EBADF);
	first = xrc_domain_open(&bed, fd, O_CREAT);
	CHECK(first);
	CHECK_FAILS(xrc_domain_open(&bed, fd, O_CREAT | O_EXCL), EINVAL);
	second = xrc_domain_open(&bed, fd, 0);
	CHECK(second);
	CHECK_OK(ibv_close_xrcd(first));
	first = xrc_domain_open(&bed, fd, 0);
	CHECK(first);
	CHECK_OK(ibv_close_xrcd(first));
	CHECK_OK(ibv_close_xrcd(second));
	CHECK_FAILS(xrc_domain_open(&bed, fd, 0), EAGAIN);
	unlink(path);
	close(fd);
	bed_close(&bed);
}

static void hold_domain(int socket)
{
	struct ibv_xrcd *xrcd;
	struct bed bed;
	char path[32], done;
	int fd;

	hear(socket, path, sizeof(path));
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	bed_open(&bed);
	xrcd = xrc_domain_open(&bed, fd, O_CREAT);
	CHECK(xrcd);
	tell(socket, "o", 1);
	hear(socket, &done, 1);
	CHECK_OK(ibv_close_xrcd(xrcd));
	bed_close(&bed);
	close(fd);
}

/* It lasts as long as any process has it open. */
CASE(domain_of_two_processes)
{
	struct peer peer = peer_start(hold_domain);
	struct ibv_xrcd *xrcd;
	char path[32] = "", go;
	struct bed bed;
	int fd = file_open(path);

	bed_open(&bed);
	if (!(bed.device.device_cap_flags & IBV_DEVICE_XRC)) {
		peer_kill(&peer);
		xrc_need(&bed);
	}
	CHECK_FAILS(xrc_domain_open(&bed, fd, 0), EAGAIN);
	tell(peer.socket, path, sizeof(path));
	hear(peer.socket, &go, 1);
	CHECK_FAILS(xrc_domain_open(&bed, fd, O_CREAT | O_EXCL), EINVAL);
	xrcd = xrc_domain_open(&bed, fd, 0);
	CHECK(xrcd);
	tell(peer.socket, "d", 1);
	peer_finish(&peer);
	CHECK_FAILS(xrc_domain_open(&bed, fd, O_EXCL), EINVAL);
	CHECK_OK(ibv_close_xrcd(xrcd));
	CHECK_FAILS(xrc_domain_open(&bed, fd, 0), EAGAIN);
	unlink(path);
	close(fd);
	bed_close(&bed);
}

/* ---- further handles of a target ---- */

static struct ibv_qp *target_open(const struct bed *bed, struct ibv_xrcd *xrcd, uint32_t number)
{
	struct ibv_qp_open_attr attr = {
		.comp_mask = IBV_QP_OPEN_ATTR_NUM | IBV_QP_OPEN_ATTR_XRCD | IBV_QP_OPEN_ATTR_TYPE,
		.qp_num = number,
		.xrcd = xrcd,
		.qp_type = IBV_QPT_XRC_RECV,
	};

	return ibv_open_qp(bed->context, &attr);
}

/* The further handle is left for the end of the process. */
CASE(target_opened_by_its_number)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_ERR};
	struct xrc_bench bench;
	struct ibv_qp *opened;

	xrc_open(&bench);
	opened = target_open(&bench.bed, bench.xrcd, bench.target->qp_num);
	CHECK(opened);
	CHECK_EQ(opened->qp_num, bench.target->qp_num);
	CHECK_EQ(xrc_state(opened), IBV_QPS_RTS);
	xrc_send_and_write(&bench, IBV_WR_SEND, 100);
	CHECK_OK(ibv_modify_qp(opened, &attr, IBV_QP_STATE));
	CHECK_EQ(xrc_state(bench.target), IBV_QPS_ERR);
}

CASE(target_lives_as_long_as_anybody_has_it_open)
{
	struct xrc_bench bench;
	struct ibv_qp *opened;
	uint32_t number;

	xrc_open(&bench);
	number = bench.target->qp_num;
	CHECK_FAILS(target_open(&bench.bed, bench.xrcd, number ^ 0x8000), EINVAL);
	opened = target_open(&bench.bed, bench.xrcd, number);
	CHECK(opened);
	CHECK_OK(ibv_destroy_qp(bench.target));
	bench.target = opened;
	CHECK_RC(ibv_close_xrcd(bench.xrcd), EBUSY);
	xrc_send_and_write(&bench, IBV_WR_SEND, 100);
	xrc_close(&bench);
}
