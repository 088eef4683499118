/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flow rules. */
#include <errno.h>

#include "softhca/core/trace.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/flow_spec.h"
#include "softhca/shim/methods/commands.h"

enum {
	FLAG_DO_NOT_TRAP = 1 << 1,
	FLAG_EGRESS = 1 << 2,
};

static struct flow_object *find_flow(struct shim_file *file, uint32_t number)
{
	return (struct flow_object *)handle_find(&file->handles, HANDLE_FLOW, number);
}

int flow_object_destroy(struct handle *handle)
{
	struct flow_object *object = (struct flow_object *)handle;
	struct engine *engine = handle->file->member->engine;

	engine_lock(engine);
	flow_destroy(object->flow);
	engine_unlock(engine);
	return 0;
}

static int check_attr(const struct shim_file *file, const struct ib_uverbs_create_flow *wire)
{
	const struct ib_uverbs_flow_attr *attr = &wire->flow_attr;

	if (file->hca->shared->port_type != FABRIC_PORT_ETH)
		return EOPNOTSUPP;
	if (wire->comp_mask || attr->reserved[0] || attr->reserved[1] ||
	    attr->port != PORT_NUMBER || attr->type > FLOW_SNIFFER)
		return EINVAL;
	/* Rules for what is sent are another table's. */
	if (attr->flags & FLAG_EGRESS)
		return EOPNOTSUPP;
	return attr->flags & ~(uint32_t)FLAG_DO_NOT_TRAP ? EINVAL : 0;
}

static int fill_params(struct shim_file *file, const struct ib_uverbs_create_flow *wire,
		       const struct flow_specs *specs, struct flow_params *params)
{
	const struct qp_object *qp = find_any_qp(file, wire->qp_handle);
	struct counters_object *counters = NULL;

	if (specs->counts)
		counters = find_counters(file, specs->counters);
	if (!qp || (specs->counts && !counters))
		return EINVAL;
	*params = (struct flow_params){
		.qp = qp->qp,
		.rss = qp->rss,
		.rule =
			{
				.kind = (enum flow_kind)wire->flow_attr.type,
				.priority = (uint8_t)(wire->flow_attr.priority > UINT8_MAX
							      ? UINT8_MAX
							      : wire->flow_attr.priority),
				.passes = wire->flow_attr.flags & FLAG_DO_NOT_TRAP,
				.value = specs->value,
				.mask = specs->mask,
			},
		.tag = specs->tag,
		.drop = specs->drop,
		.counters = counters ? counters->counters : NULL,
	};
	return 0;
}

static int create(struct shim_file *file, struct flow_params *params, struct flow_object **created)
{
	struct flow_object *object = file_new_object(file, HANDLE_FLOW, sizeof(*object));
	struct engine *engine = file->member->engine;
	int rc;

	if (!object)
		return ENOMEM;
	params->front = object;
	engine_lock(engine);
	rc = flow_create(file->hca, params, &object->flow);
	engine_unlock(engine);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	trace_printf("flow %u: place %u, type %u, priority %u, headers %#x%s",
		     object->handle.number, object->flow->index, params->rule.kind,
		     params->rule.priority, params->rule.value.headers,
		     params->drop ? ", drop" : "");
	*created = object;
	return 0;
}

/* Specifications follow the command's head; the driver's part tells what counters count. */
int ex_create_flow(struct command *command)
{
	struct ib_uverbs_create_flow_resp answer = {0};
	struct shim_file *file = command->file;
	struct ib_uverbs_create_flow wire;
	struct flow_params params;
	struct flow_object *object;
	struct flow_specs specs;
	int rc;

	command_input(command, &wire, sizeof(wire));
	rc = check_attr(file, &wire);
	if (!rc && wire.flow_attr.size > command->in_length - sizeof(wire))
		rc = EINVAL;
	if (!rc)
		rc = flow_specs_read(command->in + sizeof(wire), wire.flow_attr.size,
				     wire.flow_attr.num_of_specs, &specs);
	if (!rc)
		rc = fill_params(file, &wire, &specs, &params);
	if (!rc)
		rc = file->abi->bind_counters(&command->driver, &params);
	if (!rc)
		rc = create(file, &params, &object);
	if (rc)
		return rc;
	command->made.object = &object->handle;
	answer.flow_handle = object->handle.number;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int ex_destroy_flow(struct command *command)
{
	struct ib_uverbs_destroy_flow wire;
	struct flow_object *object;
	int rc = command_input_extended(command, &wire, sizeof(wire));

	if (!rc && wire.comp_mask)
		rc = EINVAL;
	if (rc)
		return rc;
	object = find_flow(command->file, wire.flow_handle);
	return object ? file_destroy_object(&object->handle) : EINVAL;
}

static int destroy_method(struct attrs *attrs)
{
	struct flow_object *object = find_flow(
		attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_FLOW_HANDLE));

	return object ? file_destroy_object(&object->handle) : ENOENT;
}

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_FLOW_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry flow_methods[] = {
	METHOD(UVERBS_OBJECT_FLOW, UVERBS_METHOD_FLOW_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
