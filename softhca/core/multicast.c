/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Multicast: which groups a UD queue pair has joined. The groups themselves are the fabric's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/internal.h"
#include "softhca/fabric/fabric.h"

struct membership {
	struct list link; /* on qp->groups */
	uint8_t mgid[16];
	uint16_t mlid;
};

enum {
	MULTICAST_GID_PREFIX = 0xff,
	FIRST_MULTICAST_LID = 0xc000,
	PERMISSIVE_LID = 0xffff,
};

static bool is_group(const struct hca *hca, const uint8_t mgid[16], uint16_t mlid)
{
	if (mgid[0] != MULTICAST_GID_PREFIX)
		return false;
	return hca->shared->port_type == FABRIC_PORT_ETH ||
	       (mlid >= FIRST_MULTICAST_LID && mlid != PERMISSIVE_LID);
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

	if (qp->type != QP_TYPE_UD || !is_group(hca, mgid, mlid))
		return EINVAL;
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
	struct membership *member = find(qp, mgid, mlid);

	return member ? leave(qp, member) : EINVAL;
}

void qp_leave_groups(struct qp *qp)
{
	list_for_each_safe (node, &qp->groups)
		leave(qp, list_entry(node, struct membership, link));
}
