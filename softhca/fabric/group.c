/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Multicast groups and their members. Changes are made under the directory's lock; a sender walks
 * the table without, so an entry is filled before it is marked in use.
 */
#include <errno.h>
#include <string.h>

#include "hw/wire/address.h"
#include "softhca/fabric/hca.h"
#include "softhca/fabric/state.h"

enum {
	MEMBER_VALID = 1u << 31,
};

static struct fabric_group *find_group(struct fabric *fabric, const uint8_t mgid[16], uint16_t mlid)
{
	for (unsigned int i = 0; i < FABRIC_GROUPS; i++) {
		struct fabric_group *group = &fabric->segment->groups[i];

		if (atomic_load(&group->in_use) && memcmp(group->mgid, mgid, 16) == 0 &&
		    group->mlid == mlid)
			return group;
	}
	return NULL;
}

static struct fabric_group *make_group(struct fabric *fabric, const uint8_t mgid[16], uint16_t mlid)
{
	for (unsigned int i = 0; i < FABRIC_GROUPS; i++) {
		struct fabric_group *group = &fabric->segment->groups[i];

		if (atomic_load(&group->in_use))
			continue;
		for (unsigned int j = 0; j < FABRIC_GROUP_MEMBERS; j++)
			atomic_store(&group->members[j].qpn_valid, 0);
		memcpy(group->mgid, mgid, 16);
		group->mlid = mlid;
		atomic_store_explicit(&group->in_use, 1, memory_order_release);
		return group;
	}
	return NULL;
}

static struct fabric_group_member *find_member(struct fabric_group *group, unsigned int hca,
					       uint32_t qpn)
{
	for (unsigned int i = 0; i < FABRIC_GROUP_MEMBERS; i++) {
		struct fabric_group_member *member = &group->members[i];

		if (atomic_load(&member->qpn_valid) == (qpn | MEMBER_VALID) && member->hca == hca)
			return member;
	}
	return NULL;
}

static int add_member(struct fabric_group *group, unsigned int hca, uint32_t qpn)
{
	if (find_member(group, hca, qpn))
		return 0;
	for (unsigned int i = 0; i < FABRIC_GROUP_MEMBERS; i++) {
		struct fabric_group_member *member = &group->members[i];

		if (atomic_load(&member->qpn_valid))
			continue;
		member->hca = (uint8_t)hca;
		atomic_store_explicit(&member->qpn_valid, qpn | MEMBER_VALID, memory_order_release);
		return 0;
	}
	return ENOMEM;
}

static void remove_member(struct fabric_group *group, struct fabric_group_member *member)
{
	atomic_store(&member->qpn_valid, 0);
	for (unsigned int i = 0; i < FABRIC_GROUP_MEMBERS; i++) {
		if (atomic_load(&group->members[i].qpn_valid))
			return;
	}
	atomic_store(&group->in_use, 0);
}

static bool is_multicast(const uint8_t mgid[16], uint16_t mlid)
{
	return wire_gid_is_multicast(mgid) && (mlid == 0 || wire_lid_is_multicast(mlid));
}

int fabric_group_attach(struct fabric *fabric, unsigned int hca, uint32_t qpn,
			const uint8_t mgid[16], uint16_t mlid)
{
	struct fabric_group *group;
	int error, lock;

	if (!is_multicast(mgid, mlid))
		return EINVAL;
	error = segment_lock(fabric, &lock);
	if (error)
		return error;
	group = find_group(fabric, mgid, mlid);
	if (!group)
		group = make_group(fabric, mgid, mlid);
	error = group ? add_member(group, hca, qpn) : ENOMEM;
	segment_unlock(lock);
	return error;
}

int fabric_group_detach(struct fabric *fabric, unsigned int hca, uint32_t qpn,
			const uint8_t mgid[16], uint16_t mlid)
{
	struct fabric_group_member *member;
	struct fabric_group *group;
	int error, lock;

	error = segment_lock(fabric, &lock);
	if (error)
		return error;
	group = find_group(fabric, mgid, mlid);
	member = group ? find_member(group, hca, qpn) : NULL;
	if (member)
		remove_member(group, member);
	segment_unlock(lock);
	return member ? 0 : EINVAL;
}

void group_forget_qp(struct fabric *fabric, unsigned int hca, uint32_t qpn)
{
	for (unsigned int i = 0; i < FABRIC_GROUPS; i++) {
		struct fabric_group *group = &fabric->segment->groups[i];
		struct fabric_group_member *member;

		if (!atomic_load(&group->in_use))
			continue;
		member = find_member(group, hca, qpn);
		if (member)
			remove_member(group, member);
	}
}

static bool has_mlid(const struct fabric_group *group, uint16_t mlid)
{
	return !mlid || !group->mlid || group->mlid == mlid;
}

/* What a packet does not say matches, and so does what was not said of the group: Ethernet has no
 * MLIDs, and some adapters take them from the subnet's manager only. */
static bool is_meant(const struct fabric_group *group, const uint8_t *mgid, uint16_t mlid)
{
	return atomic_load_explicit(&group->in_use, memory_order_acquire) &&
	       (!mgid || memcmp(group->mgid, mgid, 16) == 0) && has_mlid(group, mlid);
}

static void call_members(struct fabric *fabric, struct fabric_group *group,
			 void (*call)(void *arg, unsigned int hca, uint32_t qpn,
				      unsigned int process),
			 void *arg)
{
	for (unsigned int i = 0; i < FABRIC_GROUP_MEMBERS; i++) {
		struct fabric_group_member *member = &group->members[i];
		uint32_t qpn = atomic_load_explicit(&member->qpn_valid, memory_order_acquire);
		struct fabric_hca *hca = fabric_hca_at(fabric, member->hca);
		struct fabric_qp *qp;

		if (!(qpn & MEMBER_VALID) || !hca)
			continue;
		qp = fabric_qp_find(hca, qpn & ~MEMBER_VALID);
		if (qp && qp_owner(qp) >= 0)
			call(arg, member->hca, qpn & ~MEMBER_VALID, (unsigned int)qp_owner(qp));
	}
}

void fabric_group_for_each(struct fabric *fabric, const uint8_t *mgid, uint16_t mlid,
			   void (*call)(void *arg, unsigned int hca, uint32_t qpn,
					unsigned int process),
			   void *arg)
{
	for (unsigned int i = 0; i < FABRIC_GROUPS; i++) {
		struct fabric_group *group = &fabric->segment->groups[i];

		if (is_meant(group, mgid, mlid))
			call_members(fabric, group, call, arg);
	}
}
