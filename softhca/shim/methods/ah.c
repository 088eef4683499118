/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Address handles. The address travels in each WQE, so a handle is only an entry that holds its PD;
 * creating one checks the address and, on Ethernet, finds the peer's MAC.
 */
#include <errno.h>
#include <string.h>

#include "hw/wire/address.h"
#include "softhca/fabric/fabric.h"
#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"

static int check_address(const struct fabric_hca *hca, const struct ib_uverbs_ah_attr *attr)
{
	if (attr->port_num != PORT_NUMBER)
		return EINVAL;
	if (hca->port_type == FABRIC_PORT_ETH && !attr->is_global)
		return EINVAL;
	if (attr->is_global &&
	    (attr->grh.sgid_index >= FABRIC_GIDS || !hca->gids[attr->grh.sgid_index].valid))
		return EINVAL;
	return 0;
}

/* Multicast GIDs map to Ethernet as IP groups do; others belong to an adapter of the fabric. */
static int find_mac(struct fabric *fabric, const uint8_t gid[16], uint8_t mac[6])
{
	int index;

	if (wire_gid_is_multicast(gid)) {
		wire_gid_group_mac(gid, mac);
		return 0;
	}
	index = fabric_hca_by_gid(fabric, gid);
	if (index < 0)
		return EHOSTUNREACH;
	memcpy(mac, fabric_hca_at(fabric, (unsigned int)index)->mac, 6);
	return 0;
}

static struct ah_object *find_ah(struct shim_file *file, uint32_t number)
{
	return (struct ah_object *)handle_find(&file->handles, HANDLE_AH, number);
}

int ah_object_destroy(struct handle *handle)
{
	struct ah_object *object = (struct ah_object *)handle;
	struct engine *engine = handle->file->member->engine;

	engine_lock(engine);
	object->pd->pd->users--;
	engine_unlock(engine);
	return 0;
}

static int create(struct shim_file *file, struct pd_object *pd, struct ah_object **created)
{
	struct ah_object *object = file_new_object(file, HANDLE_AH, sizeof(*object));
	struct engine *engine = file->member->engine;

	if (!object)
		return ENOMEM;
	object->pd = pd;
	engine_lock(engine);
	pd->pd->users++;
	engine_unlock(engine);
	*created = object;
	return 0;
}

int create_ah(struct command *command)
{
	struct shim_file *file = command->file;
	bool ethernet = file->hca->shared->port_type == FABRIC_PORT_ETH;
	struct ib_uverbs_create_ah_resp answer = {0};
	struct ib_uverbs_create_ah wire;
	struct pd_object *pd;
	struct ah_object *object;
	uint8_t mac[6] = {0};
	int rc;

	command_input(command, &wire, sizeof(wire));
	pd = find_pd(file, wire.pd_handle);
	rc = pd ? check_address(file->hca->shared, &wire.attr) : EINVAL;
	if (!rc && ethernet)
		rc = find_mac(file->member->fabric, wire.attr.grh.dgid, mac);
	if (!rc)
		rc = create(file, pd, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	trace_printf("ah %u: dlid %#x, sl %u%s", object->handle.number, wire.attr.dlid,
		     wire.attr.sl, wire.attr.is_global ? ", grh" : "");
	answer.ah_handle = object->handle.number;
	file->abi->created_ah(ethernet ? mac : NULL, &command->driver);
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int destroy_ah(struct command *command)
{
	struct ib_uverbs_destroy_ah wire;
	struct ah_object *object;

	command_input(command, &wire, sizeof(wire));
	object = find_ah(command->file, wire.ah_handle);
	return object ? file_destroy_object(&object->handle) : EINVAL;
}

static int destroy_method(struct attrs *attrs)
{
	struct ah_object *object =
		find_ah(attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_AH_HANDLE));

	return object ? file_destroy_object(&object->handle) : ENOENT;
}

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_AH_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry ah_methods[] = {
	METHOD(UVERBS_OBJECT_AH, UVERBS_METHOD_AH_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
