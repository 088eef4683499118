/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Multicast: which groups a UD queue pair has joined. The groups themselves are the fabric's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/wire/address.h"
#include "softhca/core/internal.h"
#include "softhca/fabric/fabric.h"

struct membership {
	struct list link; /* on qp->groups */
	uint8_t mgid[16];
	uint16_t mlid;
};

static bool is_ethernet(const struct qp *qp)
{
	return qp->hca->shared->port_type == FABRIC_PORT_ETH;
}

static bool is_group(const struct qp *qp, const uint8_t mgid[16], uint16_t mlid)
{
	return wire_gid_is_multicast(mgid) &&
	       (is_ethernet(qp) || mlid == MULTICAST_ANY_LID || wire_lid_is_multicast(mlid));
}

static struct membership *find(const struct qp *qp, const uint8_t mgid[16], uint16_t mlid)
{
	list_for_each (node, &qp->groups) {
		struct membership *member = list_entry(node, struct membership, link);

		if (member->mlid == mlid && !memcmp(member->mgid, mgid, sizeof(member->mgid)))
			return member;
	}
	return NULL;
}

/* Joining a group twice is joining it once. */
int qp_attach_multicast(struct qp *qp, const uint8_t mgid[16], uint16_t mlid)
{
	struct hca *hca = qp->hca;
	struct membership *member;
	int rc;

	if (qp->type != QP_TYPE_UD || !is_group(qp, mgid, mlid))
		return EINVAL;
	/* Ethernet's groups have no LIDs: whatever was given is one and the same group. */
	if (is_ethernet(qp))
		mlid = 0;
	if (find(qp, mgid, mlid))
		return 0;
	member = calloc(1, sizeof(*member));
	if (!member)
		return ENOMEM;
	rc = fabric_group_attach(hca->engine->fabric, hca->index, qp->qpn, mgid, mlid);
	if (rc) {
		free(member);
		return rc;
	}
	memcpy(member->mgid, mgid, sizeof(member->mgid));
	member->mlid = mlid;
	list_append(&qp->groups, &member->link);
	qp->num_groups++;
	return 0;
}

static int leave(struct qp *qp, struct membership *member)
{
	struct hca *hca = qp->hca;
	int rc = fabric_group_detach(hca->engine->fabric, hca->index, qp->qpn, member->mgid,
				     member->mlid);

	list_remove(&member->link);
	qp->num_groups--;
	free(member);
	return rc;
}

int qp_detach_multicast(struct qp *qp, const uint8_t mgid[16], uint16_t mlid)
{
	struct membership *member = find(qp, mgid, is_ethernet(qp) ? 0 : mlid);

	return member ? leave(qp, member) : EINVAL;
}

void qp_leave_groups(struct qp *qp)
{
	list_for_each_safe (node, &qp->groups)
		leave(qp, list_entry(node, struct membership, link));
}
