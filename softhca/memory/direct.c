/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One-sided shortcuts. Everything the target's engine would check is checked here on the shared
 * directory; whatever is not plainly in order is left to packets, which find the proper error.
 *
 * The key's `users` count keeps the memory: the owner first clears `key` and then waits for users
 * to go, an initiator first counts itself and then looks at `key` again.
 */
#include <errno.h>
#include <sys/uio.h>

#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"
#include "softhca/memory/access.h"
#include "softhca/memory/guard.h"
#include "softhca/memory/lookup.h"

enum {
	MAX_PIECES = 2 * REQUEST_MAX_SGE,
};

struct target {
	unsigned int process;
	struct fabric_key *key;
	uint8_t *address; /* in the target's address space */
};

struct pieces {
	unsigned int count;
	struct iovec iov[MAX_PIECES];
};

static bool is_up(const struct fabric_hca *hca)
{
	return atomic_load_explicit(&hca->link_up, memory_order_relaxed) &&
	       !atomic_load_explicit(&hca->killed, memory_order_relaxed);
}

static bool accepts_requests(const struct fabric_qp *peer)
{
	uint8_t state = __atomic_load_n(&peer->state, __ATOMIC_ACQUIRE);

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
	       key->linear && key->pdn == peer->pdn && (key->access & access) == access &&
	       lookup_inside(key->iova, key->length, request->remote_address, request->length);
}

static void release_target(const struct target *target)
{
	if (target->key)
		atomic_fetch_sub(&target->key->users, 1);
}

/* Where the target's byte is. Within this process by our own tables, so that nobody can send us to
 * memory of ours by what he writes to the directory. */
static uint8_t *find_address(const struct qp *qp, const struct target *target,
			     const struct send_request *request)
{
	const struct engine *engine = qp->hca->engine;
	const struct fabric_key *key = target->key;
	const struct hca *hca;
	const struct mr *mr;

	if (target->process != fabric_self(engine->fabric))
		return (uint8_t *)(uintptr_t)(key->address + request->remote_address - key->iova);
	hca = engine->hca_by_index[qp->shared->remote_hca];
	mr = hca ? hca->mrs[(request->rkey >> 8) % FABRIC_KEYS] : NULL;
	if (!mr || mr->key != request->rkey || !mr->linear ||
	    !lookup_inside(mr->iova, mr->length, request->remote_address, request->length))
		return NULL;
	return mr->linear + (request->remote_address - mr->iova);
}

/* Holds the key until release_target(). */
static bool hold_key(const struct qp *qp, struct fabric_hca *remote, const struct fabric_qp *peer,
		     const struct send_request *request, uint32_t access, struct target *target)
{
	struct fabric_key *key = fabric_key_find(remote, request->rkey);

	if (!key)
		return false;
	atomic_fetch_add(&key->users, 1);
	target->key = key;
	if (grants(key, peer, target->process + 1, request, access)) {
		target->address = find_address(qp, target, request);
		if (target->address)
			return true;
	}
	release_target(target);
	return false;
}

static bool find_target(const struct qp *qp, const struct send_request *request, uint32_t access,
			struct target *target)
{
	struct engine *engine = qp->hca->engine;
	struct fabric_hca *remote = NULL;
	const struct fabric_qp *peer;
	uint32_t owner;

	if (qp->shared->remote_hca < FABRIC_MAX_HCAS)
		remote = fabric_hca_at(engine->fabric, qp->shared->remote_hca);
	if (!remote || !is_up(remote) || !is_up(qp->hca->shared))
		return false;
	peer = find_peer(qp, remote, access);
	owner = peer ? atomic_load(&peer->owner) : 0;
	if (!owner || !is_reachable(engine, owner - 1))
		return false;
	target->process = owner - 1;
	target->key = NULL;
	/* Nothing is touched, so the key does not matter. */
	if (!request->length)
		return true;
	return hold_key(qp, remote, peer, request, access, target);
}

static bool add_piece(struct pieces *pieces, const void *base, uint64_t length)
{
	if (pieces->count == MAX_PIECES)
		return false;
	pieces->iov[pieces->count++] = (struct iovec){(void *)(uintptr_t)base, length};
	return true;
}

/* Local memory as host addresses; the list has been checked. */
static bool add_element(const struct qp *qp, const struct sge *sge, struct pieces *pieces)
{
	const struct mr *mr;
	uint64_t done = 0;

	if (sge->inline_data)
		return add_piece(pieces, sge->inline_data, sge->length);
	mr = lookup_key(qp->hca, qp->pd, sge->lkey);
	while (done < sge->length) {
		uint64_t together, left = sge->length - done;
		const uint8_t *place = lookup_place(mr, sge->address + done, &together);

		together = together < left ? together : left;
		if (!add_piece(pieces, place, together))
			return false;
		done += together;
	}
	return true;
}

static bool collect_pieces(const struct qp *qp, const struct send_request *request,
			   struct pieces *pieces)
{
	pieces->count = 0;
	for (unsigned int i = 0; i < request->num_sge; i++)
		if (!add_element(qp, &request->sge[i], pieces))
			return false;
	return true;
}

static bool copy_here(const struct pieces *pieces, uint8_t *remote, bool writing)
{
	for (unsigned int i = 0; i < pieces->count; i++) {
		const struct iovec *piece = &pieces->iov[i];

		if (!(writing ? guard_copy(remote, piece->iov_base, piece->iov_len)
			      : guard_copy(piece->iov_base, remote, piece->iov_len)))
			return false;
		remote += piece->iov_len;
	}
	return true;
}

static bool copy_across(struct engine *engine, const struct target *target,
			const struct pieces *pieces, uint32_t length, bool writing)
{
	uint32_t pid = fabric_process_pid(engine->fabric, target->process);
	struct iovec remote = {target->address, length};
	ssize_t copied =
		writing ? process_vm_writev((pid_t)pid, pieces->iov, pieces->count, &remote, 1, 0)
			: process_vm_readv((pid_t)pid, pieces->iov, pieces->count, &remote, 1, 0);

	/* Whoever forbids it once (yama, seccomp) or is gone will do so again. */
	if (copied < 0 && (errno == EPERM || errno == ESRCH || errno == ENOSYS))
		engine->refused_pid[target->process] = pid;
	return copied == (ssize_t)length;
}

static int carry_out(struct qp *qp, const struct send_request *request, bool writing,
		     enum completion_status *status)
{
	uint32_t access = writing ? ACCESS_REMOTE_WRITE : ACCESS_REMOTE_READ;
	struct engine *engine = qp->hca->engine;
	struct pieces pieces;
	struct target target;
	bool done = true;

	*status = memory_check(qp->hca, qp->pd, request->sge, request->num_sge, !writing);
	if (*status != STATUS_SUCCESS)
		return EFAULT;
	if (!find_target(qp, request, access, &target))
		return EOPNOTSUPP;
	if (request->length) {
		done = collect_pieces(qp, request, &pieces);
		if (done && target.process == fabric_self(engine->fabric))
			done = copy_here(&pieces, target.address, writing);
		else if (done)
			done = copy_across(engine, &target, &pieces, request->length, writing);
	}
	release_target(&target);
	/* A copy that stopped half way is repeated whole by packets, which also tell why. */
	return done ? 0 : EOPNOTSUPP;
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
