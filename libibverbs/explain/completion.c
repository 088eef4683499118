/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a work completion says. Causes: IBTA vol. 1, 11.6.2, and what goes wrong in practice. */
#include <inttypes.h>
#include <stdio.h>

#include <infiniband/verbs_explain.h>

/* The wording goes behind "usually ". */
static const char *const causes[] = {
	[IBV_WC_LOC_LEN_ERR] =
		"the message was longer than the receive posted for it, or than the path "
		"MTU of a datagram",
	[IBV_WC_LOC_QP_OP_ERR] =
		"the request does not fit the queue pair: its opcode, its elements, or "
		"more reads than max_rd_atomic",
	[IBV_WC_LOC_PROT_ERR] =
		"an element's lkey is not valid, its range lies outside of the region, or "
		"the region is of another protection domain or not IBV_ACCESS_LOCAL_WRITE",
	[IBV_WC_WR_FLUSH_ERR] =
		"the queue pair was in error before it came to this request; the first "
		"completion with another status tells why",
	[IBV_WC_MW_BIND_ERR] =
		"the region does not allow IBV_ACCESS_MW_BIND, the range lies outside of it, "
		"or the window is of another protection domain",
	[IBV_WC_BAD_RESP_ERR] = "the peer answered with something that the request did not ask for",
	[IBV_WC_LOC_ACCESS_ERR] =
		"the peer's write with immediate data met a region that does not allow it",
	[IBV_WC_REM_INV_REQ_ERR] =
		"the peer refused the request: longer than its receive, an operation "
		"that its qp_access_flags do not allow, or more reads than its "
		"max_dest_rd_atomic",
	[IBV_WC_REM_ACCESS_ERR] =
		"the peer refused the rkey: it is not valid there, the range lies outside "
		"of the region, the right is missing, or the address of an atomic is not "
		"a multiple of 8",
	[IBV_WC_REM_OP_ERR] = "the peer could not carry it out; its own completion tells why",
	[IBV_WC_RETRY_EXC_ERR] =
		"nobody answers: the peer's queue pair is not connected to this one, in "
		"error or gone, or the path (LID, GID, MTU, link) is wrong",
	[IBV_WC_RNR_RETRY_EXC_ERR] = "the peer has posted no receive; rnr_retry 7 waits for ever",
	[IBV_WC_REM_INV_RD_REQ_ERR] =
		"the peer's XRC domain or reliable datagram domain does not know the "
		"queue that the request names",
	[IBV_WC_REM_ABORT_ERR] = "the peer gave up the operation",
	[IBV_WC_FATAL_ERR] = "the device has had a fatal error",
	[IBV_WC_RESP_TIMEOUT_ERR] = "the peer's responses stopped coming",
	[IBV_WC_GENERAL_ERR] = "the device gives no reason; its log or vendor syndrome may",
	[IBV_WC_TM_ERR] = "a message did not fit the buffer of the tag that it matched",
};

static const char *cause_of(enum ibv_wc_status status)
{
	size_t index = (unsigned int)status;

	return index < sizeof(causes) / sizeof(causes[0]) ? causes[index] : NULL;
}

static int put_success(uint64_t wr_id, char *text, size_t size)
{
	return snprintf(text, size, "wr_id %#" PRIx64 ": success", wr_id);
}

static int put_error(uint64_t wr_id, enum ibv_wc_status status, uint32_t qp_num, uint32_t vendor,
		     char *text, size_t size)
{
	const char *cause = cause_of(status);

	return snprintf(text, size,
			"wr_id %#" PRIx64 " of QP %#x: %s (status %d, vendor syndrome %#x)%s%s",
			wr_id, qp_num, ibv_wc_status_str(status), (int)status, vendor,
			cause ? "; usually " : "", cause ? cause : "");
}

int ibv_explain_wc(const struct ibv_wc *wc, char *text, size_t size)
{
	if (wc->status == IBV_WC_SUCCESS)
		return put_success(wc->wr_id, text, size);
	return put_error(wc->wr_id, wc->status, wc->qp_num, wc->vendor_err, text, size);
}

/* The queue pair's number can be read where it was asked for. */
int ibv_explain_cq_ex(struct ibv_cq_ex *cq, char *text, size_t size)
{
	if (cq->status == IBV_WC_SUCCESS)
		return put_success(cq->wr_id, text, size);
	return put_error(cq->wr_id, cq->status, cq->read_qp_num ? ibv_wc_read_qp_num(cq) : 0,
			 ibv_wc_read_vendor_err(cq), text, size);
}
