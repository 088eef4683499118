/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Multicast: group of UD queue pairs in groups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/shim/methods/commands.h"

struct group {
	struct list link; /* on qp_object->groups */
	uint8_t gid[16];
	uint16_t mlid;
};

static struct group *find_group(struct qp_object *object, const uint8_t gid[16], uint16_t mlid)
{
	list_for_each (node, &object->groups) {
		struct group *group = list_entry(node, struct group, link);

		if (group->mlid == mlid && !memcmp(group->gid, gid, 16))
			return group;
	}
	return NULL;
}

static int leave(struct qp_object *object, struct group *group)
{
	struct engine *engine = object->handle.file->member->engine;
	int rc;

	engine_lock(engine);
	rc = qp_detach_multicast(object->qp, group->gid, group->mlid);
	engine_unlock(engine);
	if (!rc) {
		list_remove(&group->link);
		free(group);
	}
	return rc;
}

void qp_object_leave_groups(struct qp_object *object)
{
	while (!list_empty(&object->groups))
		if (leave(object, list_entry(object->groups.next, struct group, link)))
			return;
}

static int join(struct qp_object *object, const uint8_t gid[16], uint16_t mlid)
{
	struct shim_file *file = object->handle.file;
	struct engine *engine = file->member->engine;
	struct group *group;
	int rc;

	/* On InfiniBand the kernel wants to know the LID. */
	if (mlid == MULTICAST_ANY_LID && file->hca->shared->port_type == FABRIC_PORT_IB)
		return EINVAL;
	group = calloc(1, sizeof(*group));
	if (!group)
		return ENOMEM;
	group->mlid = mlid;
	memcpy(group->gid, gid, sizeof(group->gid));
	engine_lock(engine);
	rc = qp_attach_multicast(object->qp, gid, mlid);
	engine_unlock(engine);
	if (rc)
		free(group);
	else
		list_append(&object->groups, &group->link);
	return rc;
}

/* Attaching twice is harmless and undone by one detach, as in the kernel. */
int attach_mcast(struct command *command)
{
	struct ib_uverbs_attach_mcast wire;
	struct qp_object *object;

	command_input(command, &wire, sizeof(wire));
	object = find_qp(command->file, wire.qp_handle);
	if (!object)
		return EINVAL;
	if (find_group(object, wire.gid, wire.mlid))
		return 0;
	return join(object, wire.gid, wire.mlid);
}

int detach_mcast(struct command *command)
{
	struct ib_uverbs_detach_mcast wire;
	struct group *group;
	struct qp_object *object;

	command_input(command, &wire, sizeof(wire));
	object = find_qp(command->file, wire.qp_handle);
	group = object ? find_group(object, wire.gid, wire.mlid) : NULL;
	return group ? leave(object, group) : EINVAL;
}
