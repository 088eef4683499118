/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One-sided shortcuts. Everything the target's engine would check is checked here on the shared
 * directory; whatever is not plainly in order is left to packets, which find the proper error.
 *
 * A message is copied in steps, each of them under a hold on the peer's queue pair and key
 * (fabric/hold.h): the owner of either waits for one step at most when it takes them back.
 */
#include <errno.h>
#include <sys/uio.h>

#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"
#include "softhca/fabric/hold.h"
#include "softhca/memory/access.h"
#include "softhca/memory/guard.h"
#include "softhca/memory/lookup.h"

enum {
	/* One more, since the end of the last one stands alone. */
	MAX_PIECES = 2 * REQUEST_MAX_SGE + 1,
	/* A tenth of a millisecond's copying. */
	STEP_BYTES = 1 << 20,
	/* Nothing else goes on in this process meanwhile: what takes longer travels as packets. */
	MAX_BYTES = 16 * STEP_BYTES,
};

struct target {
	unsigned int process;
	uint8_t *address; /* in the target's address space */
};

/* Local memory of a request; `next` has not been copied yet. */
struct pieces {
	unsigned int count, next;
	struct iovec iov[MAX_PIECES];
};

static bool is_up(const struct fabric_hca *hca)
{
	return atomic_load_explicit(&hca->link_up, memory_order_relaxed) &&
	       !atomic_load_explicit(&hca->killed, memory_order_relaxed);
}

static bool accepts_requests(const struct fabric_qp *peer)
{
	uint8_t state = __atomic_load_n(&peer->state, __ATOMIC_SEQ_CST);

	return state == QP_RTR || state == QP_RTS || state == QP_SQD || state == QP_SQE;
}

/* The peer's directory entry, if it is the other end of this very connection. */
static const struct fabric_qp *find_peer(const struct qp *qp, struct fabric_hca *remote,
					 uint32_t access)
{
	const struct fabric_qp *peer = fabric_qp_find(remote, qp->attr.dest_qpn);

	if (!peer || !accepts_requests(peer) || peer->type != qp->type)
		return NULL;
	if (peer->remote_hca != qp->hca->index || peer->remote_qpn != qp->qpn)
		return NULL;
	return (peer->access & access) == access ? peer : NULL;
}

static bool is_reachable(struct engine *engine, unsigned int process)
{
	struct fabric *fabric = engine->fabric;

	return process < FABRIC_MAX_PROCESSES && !fabric_packets_only(fabric, process) &&
	       !fabric_packets_only(fabric, fabric_self(fabric)) &&
	       fabric_process_alive(fabric, process) &&
	       engine->refused_pid[process] != fabric_process_pid(fabric, process);
}

static bool grants(const struct fabric_key *key, const struct fabric_qp *peer, uint32_t owner,
		   const struct send_request *request, uint32_t access)
{
	return atomic_load(&key->key) == request->rkey && atomic_load(&key->owner) == owner &&
	       key->linear && key->pdn == peer->pdn && (!key->qpn || key->qpn == peer->qpn) &&
	       (key->access & access) == access &&
	       lookup_inside(key->iova, key->length, request->remote_address, request->length);
}

/* Where the target's byte is. Within this process by our own tables, so that nobody can send us to
 * memory of ours by what he writes to the directory. */
static uint8_t *find_address(const struct qp *qp, const struct fabric_key *key,
			     unsigned int process, const struct send_request *request)
{
	const struct engine *engine = qp->hca->engine;
	const struct hca *hca;
	const struct mr *mr;

	if (process != fabric_self(engine->fabric))
		return (uint8_t *)(uintptr_t)(key->address + request->remote_address - key->iova);
	hca = engine->hca_by_index[qp->shared->remote_hca];
	mr = hca ? hca->mrs[(request->rkey >> 8) % FABRIC_KEYS] : NULL;
	if (!mr || mr->key != request->rkey || !mr->linear ||
	    !lookup_inside(mr->iova, mr->length, request->remote_address, request->length))
		return NULL;
	return mr->linear + (request->remote_address - mr->iova);
}

/* Under a hold, so that what is found stays. */
static bool find_target(const struct qp *qp, struct fabric_hca *remote,
			const struct send_request *request, uint32_t access, struct target *target)
{
	const struct fabric_qp *peer = find_peer(qp, remote, access);
	uint32_t owner = peer ? atomic_load(&peer->owner) : 0;
	const struct fabric_key *key;

	if (!owner || !is_reachable(qp->hca->engine, owner - 1))
		return false;
	target->process = owner - 1;
	/* Nothing is touched, so the key does not matter. */
	if (!request->length)
		return true;
	key = fabric_key_find(remote, request->rkey);
	if (!key || !grants(key, peer, owner, request, access))
		return false;
	target->address = find_address(qp, key, target->process, request);
	return target->address;
}

static bool add_piece(struct pieces *pieces, const void *base, uint64_t length)
{
	if (pieces->count == MAX_PIECES - 1)
		return false;
	if (length)
		pieces->iov[pieces->count++] = (struct iovec){(void *)(uintptr_t)base, length};
	return true;
}

/* Local memory as host addresses; the list has been checked, but for what is unmapped. */
static bool add_element(const struct qp *qp, const struct sge *sge, bool writing,
			struct pieces *pieces)
{
	const struct mr *mr;
	uint64_t done = 0;

	if (sge->inline_data)
		return add_piece(pieces, sge->inline_data, sge->length);
	mr = lookup_key(qp->hca, qp->pd, sge->lkey);
	/* Another process's key may have gone since the list was checked. */
	if (!mr)
		return !sge->length;
	while (done < sge->length) {
		uint64_t together, left = sge->length - done;
		const uint8_t *place = lookup_place(mr, sge->address + done, writing, &together);

		if (!place)
			return false;
		together = together < left ? together : left;
		if (!add_piece(pieces, place, together))
			return false;
		done += together;
	}
	return true;
}

/*
 * Programs wait for a message by looking at its last byte. One piece may be copied in any order,
 * the next one comes after it.
 */
static void set_end_apart(struct pieces *pieces)
{
	struct iovec *last = &pieces->iov[pieces->count - 1];

	if (last->iov_len <= ORDERED_BYTES)
		return;
	last->iov_len -= ORDERED_BYTES;
	pieces->iov[pieces->count++] =
		(struct iovec){(uint8_t *)last->iov_base + last->iov_len, ORDERED_BYTES};
}

static bool collect_pieces(const struct qp *qp, const struct send_request *request, bool writing,
			   struct pieces *pieces)
{
	pieces->count = 0;
	pieces->next = 0;
	for (unsigned int i = 0; i < request->num_sge; i++)
		if (!add_element(qp, &request->sge[i], writing, pieces))
			return false;
	if (pieces->count)
		set_end_apart(pieces);
	return true;
}

static void skip_copied(struct pieces *pieces, size_t length)
{
	while (length) {
		struct iovec *piece = &pieces->iov[pieces->next];
		size_t part = piece->iov_len < length ? piece->iov_len : length;

		piece->iov_base = (uint8_t *)piece->iov_base + part;
		piece->iov_len -= part;
		length -= part;
		if (!piece->iov_len)
			pieces->next++;
	}
}

static bool copy_here(const struct pieces *pieces, uint8_t *remote, size_t length, bool writing)
{
	for (unsigned int i = pieces->next; length; i++) {
		const struct iovec *piece = &pieces->iov[i];
		size_t part = piece->iov_len < length ? piece->iov_len : length;

		if (!(writing ? guard_copy_in_order(remote, piece->iov_base, part)
			      : guard_copy_in_order(piece->iov_base, remote, part)))
			return false;
		remote += part;
		length -= part;
	}
	return true;
}

/* The system copies no more than the remote side holds. */
static bool copy_across(struct engine *engine, const struct target *target, uint8_t *address,
			const struct pieces *pieces, size_t length, bool writing)
{
	uint32_t pid = fabric_process_pid(engine->fabric, target->process);
	const struct iovec *local = &pieces->iov[pieces->next];
	unsigned int count = pieces->count - pieces->next;
	struct iovec remote = {address, length};
	ssize_t copied = writing ? process_vm_writev((pid_t)pid, local, count, &remote, 1, 0)
				 : process_vm_readv((pid_t)pid, local, count, &remote, 1, 0);

	/* Whoever forbids it once (yama, seccomp) or is gone will do so again. */
	if (copied < 0 && (errno == EPERM || errno == ESRCH || errno == ENOSYS))
		engine->refused_pid[target->process] = pid;
	return copied == (ssize_t)length;
}

/* One step from `done` on; returns its length, -1 if packets must do it. */
static int64_t carry_out_step(const struct qp *qp, struct fabric_hca *remote,
			      const struct send_request *request, struct pieces *pieces,
			      uint32_t done, bool writing)
{
	uint32_t access = writing ? ACCESS_REMOTE_WRITE : ACCESS_REMOTE_READ;
	uint32_t left = request->length - done, length = left < STEP_BYTES ? left : STEP_BYTES;
	struct engine *engine = qp->hca->engine;
	struct target target = {0};
	bool copied;

	fabric_hold(engine->fabric, qp->shared->remote_hca, qp->attr.dest_qpn, request->rkey);
	copied = find_target(qp, remote, request, access, &target);
	if (copied && length && target.process == fabric_self(engine->fabric))
		copied = copy_here(pieces, target.address + done, length, writing);
	else if (copied && length)
		copied = copy_across(engine, &target, target.address + done, pieces, length,
				     writing);
	fabric_let_go(engine->fabric);
	skip_copied(pieces, copied ? length : 0);
	return copied ? (int64_t)length : -1;
}

/* The adapter at the other end, if both are in order. */
static struct fabric_hca *find_remote(const struct qp *qp)
{
	struct fabric_hca *remote = NULL;

	if (qp->shared->remote_hca < FABRIC_MAX_HCAS)
		remote = fabric_hca_at(qp->hca->engine->fabric, qp->shared->remote_hca);
	return remote && is_up(remote) && is_up(qp->hca->shared) ? remote : NULL;
}

/* A copy that stopped half way is repeated whole by packets, which also tell why. */
static int carry_out(struct qp *qp, const struct send_request *request, bool writing,
		     enum completion_status *status)
{
	struct fabric_hca *remote;
	struct pieces pieces;
	uint32_t done = 0;

	*status = memory_check(qp->hca, qp->pd, request->sge, request->num_sge, !writing);
	if (*status != STATUS_SUCCESS)
		return EFAULT;
	remote = request->length <= MAX_BYTES ? find_remote(qp) : NULL;
	if (!remote || !collect_pieces(qp, request, !writing, &pieces))
		return EOPNOTSUPP;
	do {
		int64_t step = carry_out_step(qp, remote, request, &pieces, done, writing);

		if (step < 0)
			return EOPNOTSUPP;
		done += (uint32_t)step;
	} while (done < request->length);
	return 0;
}

int memory_direct_write(struct qp *qp, const struct send_request *request,
			enum completion_status *status)
{
	return carry_out(qp, request, true, status);
}

int memory_direct_read(struct qp *qp, const struct send_request *request,
		       enum completion_status *status)
{
	return carry_out(qp, request, false, status);
}
