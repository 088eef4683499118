/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Access to the memory behind keys: translated, checked against PD, range and rights, and copied
 * once. Local accesses go through lkeys and report a completion status; remote ones go through
 * rkeys and report whether the request must be refused.
 */
#ifndef SOFTHCA_MEMORY_ACCESS_H
#define SOFTHCA_MEMORY_ACCESS_H

#include "softhca/core/object.h"

/* Checks every element: key known, PD right, range inside, ACCESS_LOCAL_WRITE if `writing`.
 * STATUS_SUCCESS or STATUS_LOCAL_PROTECTION. Elements of length 0 need no valid key. */
enum completion_status memory_check(struct hca *hca, const struct pd *pd, const struct sge *sge,
				    unsigned int num_sge, bool writing);

/* Copies `length` bytes from the gather list, starting `skip` bytes into it. Checks the elements it
 * touches; STATUS_LOCAL_PAGE_FAULT where an on-demand page is not there. The list holds at least
 * skip + length bytes. */
enum completion_status memory_gather(struct hca *hca, const struct pd *pd, const struct sge *sge,
				     unsigned int num_sge, uint64_t skip, void *to,
				     uint32_t length);

/* The other way: into the scatter list. */
enum completion_status memory_scatter(struct hca *hca, const struct pd *pd, const struct sge *sge,
				      unsigned int num_sge, uint64_t skip, const void *from,
				      uint32_t length);

/* The region or window that grants `access` to [address, address + length) under rkey to requests
 * that come to `qp` and are of `pd`, or NULL. Length 0 needs no valid key by the specification: the
 * caller does not ask then. */
struct mr *memory_remote(const struct qp *qp, const struct pd *pd, uint32_t rkey, uint64_t address,
			 uint64_t length, uint32_t access);

/* Copies; the range has been checked. False: there is no memory, be it that the owner has unmapped
 * it since or that a guest's address leads nowhere; nothing or a part was copied. */
bool memory_read(const struct mr *mr, uint64_t address, void *to, uint32_t length);
bool memory_write(const struct mr *mr, uint64_t address, const void *from, uint32_t length);

/* 8-byte atomics on naturally aligned memory in host byte order; `*found` is the value found.
 * Atomic against the CPUs of the machine and every other HCA of the fabric. False: the memory is
 * unmapped, or not aligned here. */
bool memory_compare_swap(const struct mr *mr, uint64_t address, uint64_t compare, uint64_t swap,
			 uint64_t *found);
bool memory_fetch_add(const struct mr *mr, uint64_t address, uint64_t add, uint64_t *found);

/*
 * One-sided shortcut: the initiator carries out an RDMA write or read on the memory of a process of
 * the same machine, without that process's help. Legal only while the QP has nothing outstanding,
 * since order must stay as if packets had travelled.
 *
 * EOPNOTSUPP: not possible here (other machine, no permission, capture or faults on, peer not in a
 * state to accept, key not found...): send packets instead, which also finds the proper error.
 * EFAULT: nothing or part was copied because local memory refused; `*status` says how to complete.
 * 0: done.
 */
int memory_direct_write(struct qp *qp, const struct send_request *request,
			enum completion_status *status);
int memory_direct_read(struct qp *qp, const struct send_request *request,
		       enum completion_status *status);

#endif
