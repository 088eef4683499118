/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory keys. A key stands for a list of pages, or for all of the guest's memory by its bus
 * addresses, which is what a kernel uses for itself. Keys that are made free are filled by UMR
 * requests: those of pages by the driver's own, those of other keys are windows. The list of a key
 * is kept as the driver gave it, since requests change it in parts.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/trace.h"
#include "softhca/memory/access.h"
#include "softhca/memory/lookup.h"
#include "softhca/pci/mlx5/memory.h"

enum {
	ENTRY_BYTES = sizeof(__be64),
	ENTRIES_PER_UNIT = 2,	    /* units of translations have 16 bytes */
	MAX_FREE_ENTRIES = 1 << 22, /* 16 GB in the smallest pages */
};

static uint8_t *bus_place(void *function, uint64_t address, bool writing, uint64_t *together)
{
	return pci_dma_place(function, address, writing, together);
}

static uint32_t access_of(const uint8_t *context)
{
	/* There is no bit for it: every region may have windows. */
	uint32_t access = ACCESS_MW_BIND;

	if (hw_get(context, MLX5_MKC_LOCAL_WRITE))
		access |= ACCESS_LOCAL_WRITE;
	if (hw_get(context, MLX5_MKC_REMOTE_READ))
		access |= ACCESS_REMOTE_READ;
	if (hw_get(context, MLX5_MKC_REMOTE_WRITE))
		access |= ACCESS_REMOTE_WRITE;
	if (hw_get(context, MLX5_MKC_ATOMIC))
		access |= ACCESS_REMOTE_ATOMIC;
	return access;
}

static uint32_t mode_of(const uint8_t *context)
{
	return hw_get(context, MLX5_MKC_ACCESS_MODE_4_2) << 2 |
	       hw_get(context, MLX5_MKC_ACCESS_MODE_1_0);
}

static void take_range(const uint8_t *context, struct mr_params *params)
{
	if (hw_get(context, MLX5_MKC_LENGTH64)) {
		params->iova = 0;
		params->length = MR_WHOLE_SPACE;
	} else {
		params->iova = hw_get64(context, MLX5_MKC_START_BYTE);
		params->length = hw_get64(context, MLX5_MKC_LENGTH_BYTE);
	}
}

/*
 * Of the first and the last page only what belongs to the region has to be there: large pages may
 * reach beyond the guest's memory. A page that is not in memory fails who uses it, not the
 * registration, which could not know.
 */
static uint8_t *find_page(struct adapter *adapter, const struct mlx5_page_list *list,
			  const struct mr_params *params, uint64_t page)
{
	uint64_t page_bytes = 1ull << list->log_page_size;
	uint64_t address = hw_get64(list->entries + page * sizeof(__be64), 0);
	uint64_t start = page ? 0 : params->page_offset;
	uint64_t end = params->page_offset + params->length - page * page_bytes;
	uint8_t *place;

	if (end > page_bytes)
		end = page_bytes;
	place = pci_dma(adapter->function, (address & MLX5_PAS_ADDRESS_MASK) + start, end - start,
			params->access & ACCESS_LOCAL_WRITE);
	return place ? place - start : NULL;
}

static bool is_one_piece(uint8_t *const *pages, uint64_t count, unsigned int log_page_size)
{
	for (uint64_t i = 0; i < count; i++)
		if (!pages[i] || pages[i] != pages[0] + (i << log_page_size))
			return false;
	return true;
}

/* Memory that is in one piece here is reached without packets by other processes of the machine. */
static void prefer_linear(struct mr_params *params, uint64_t count)
{
	if (!is_one_piece(params->pages, count, params->log_page_size))
		return;
	params->linear = params->pages[0] + params->page_offset;
	free(params->pages);
	params->pages = NULL;
}

static enum mlx5_status lay_out(struct adapter *adapter, const struct mlx5_page_list *list,
				struct mr_params *params, const char **reason)
{
	uint64_t page_bytes, count;

	*reason = "pages too small";
	if (list->log_page_size < MLX5_LOG_PAGE_BASE)
		return MLX5_STATUS_BAD_PARAM;
	page_bytes = 1ull << list->log_page_size;
	*reason = "length out of range";
	if (!params->length || params->length > adapter->hca->limits.max_mr_size)
		return MLX5_STATUS_BAD_PARAM;
	params->page_offset = (uint32_t)(params->iova & (page_bytes - 1));
	params->log_page_size = list->log_page_size;
	count = (params->page_offset + params->length + page_bytes - 1) >> list->log_page_size;
	*reason = "page list too short";
	if (count > list->count)
		return MLX5_STATUS_BAD_INPUT_LENGTH;
	*reason = "out of memory";
	params->pages = calloc(count, sizeof(*params->pages));
	if (!params->pages)
		return MLX5_STATUS_NO_RESOURCES;
	for (uint64_t i = 0; i < count; i++)
		params->pages[i] = find_page(adapter, list, params, i);
	prefer_linear(params, count);
	return MLX5_STATUS_OK;
}

/* ---- commands ---- */

/* Keeps the list, and room for what requests may add to it. */
static enum mlx5_status keep_list(struct mlx5_command *command, struct mlx5_mkey *mkey,
				  const struct mlx5_page_list *list)
{
	uint64_t room = (uint64_t)hw_get(mkey->context, MLX5_MKC_TRANSLATIONS) * ENTRIES_PER_UNIT;

	if (room < list->count)
		room = list->count;
	if (room > MAX_FREE_ENTRIES)
		return mlx5_refuse(command, MLX5_STATUS_EXCEED_LIMIT, "too many translations");
	mkey->entries = calloc(room ? room : 1, ENTRY_BYTES);
	if (!mkey->entries)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	memcpy(mkey->entries, list->entries, (size_t)list->count * ENTRY_BYTES);
	mkey->num_entries = (uint32_t)room;
	return MLX5_STATUS_OK;
}

static struct mlx5_page_list kept_list(const struct mlx5_mkey *mkey, unsigned int log_page_size)
{
	return (struct mlx5_page_list){
		.entries = mkey->entries,
		.count = mkey->num_entries,
		.log_page_size = log_page_size,
	};
}

static enum mlx5_status create_pages(struct mlx5_command *command, struct mlx5_mkey *mkey,
				     struct pd *pd, struct mr_params *params)
{
	struct mlx5_page_list list =
		mlx5_command_pages(command, hw_get(mkey->context, MLX5_MKC_LOG_PAGE_SIZE) -
						    (uint32_t)MLX5_LOG_PAGE_BASE);
	enum mlx5_status status = lay_out(command->adapter, &list, params, &command->reason);

	if (!status)
		status = keep_list(command, mkey, &list);
	if (!status)
		status = mlx5_status_of(command, mr_create(pd, params, &mkey->mr));
	if (status)
		free(params->pages);
	else
		command->reason = NULL;
	return status;
}

static enum mlx5_status create_of_memory(struct mlx5_command *command, struct mlx5_mkey *mkey,
					 struct pd *pd, struct mr_params *params)
{
	take_range(mkey->context, params);
	switch (mode_of(mkey->context)) {
	case MLX5_MKC_MODE_PA:
		params->place = bus_place;
		params->place_arg = command->adapter->function;
		return mlx5_status_of(command, mr_create(pd, params, &mkey->mr));
	case MLX5_MKC_MODE_MTT:
		return create_pages(command, mkey, pd, params);
	default:
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "access mode not supported");
	}
}

static enum mlx5_status create_window(struct mlx5_command *command, struct mlx5_mkey *mkey,
				      struct pd *pd)
{
	enum key_kind kind =
		hw_get(mkey->context, MLX5_MKC_REMOTE_INVAL) ? KEY_WINDOW_2 : KEY_WINDOW_1;
	uint8_t variant = (uint8_t)hw_get(mkey->context, MLX5_MKC_KEY_BYTE);

	if (!pd)
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such PD");
	return mlx5_status_of(command, mw_create(pd, kind, variant, &mkey->mr));
}

/* Those that a driver keeps in store are in no PD yet. */
static enum mlx5_status create_free(struct mlx5_command *command, struct mlx5_mkey *mkey,
				    struct pd *pd, struct mr_params *params)
{
	const struct mlx5_page_list none = {.entries = mkey->context};
	enum mlx5_status status;

	switch (mode_of(mkey->context)) {
	case MLX5_MKC_MODE_KLM:
		return create_window(command, mkey, pd);
	case MLX5_MKC_MODE_MTT:
		break;
	default:
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "access mode not supported");
	}
	status = keep_list(command, mkey, &none);
	params->free = true;
	if (status)
		return status;
	return mlx5_status_of(command,
			      mr_create_free(command->adapter->hca, pd, params, &mkey->mr));
}

static enum mlx5_status create(struct mlx5_command *command, struct mlx5_mkey *mkey)
{
	const struct mlx5_pd *pd =
		mlx5_table_find(&command->adapter->pds, hw_get(mkey->context, MLX5_MKC_PD));
	struct mr_params params = {
		.access = access_of(mkey->context),
		.key_byte = (uint8_t)hw_get(mkey->context, MLX5_MKC_KEY_BYTE),
		.front = mkey,
	};

	if (hw_get(mkey->context, MLX5_MKC_FREE))
		return create_free(command, mkey, pd ? pd->pd : NULL, &params);
	if (!pd)
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such PD");
	return create_of_memory(command, mkey, pd->pd, &params);
}

void mlx5_mkey_free(struct mlx5_mkey *mkey)
{
	free(mkey->entries);
	free(mkey);
}

enum mlx5_status mlx5_create_mkey(struct mlx5_command *command)
{
	struct mlx5_mkey *mkey = calloc(1, sizeof(*mkey));
	enum mlx5_status status;

	if (!mkey)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	mkey->adapter = command->adapter;
	memcpy(mkey->context, mlx5_command_context(command), sizeof(mkey->context));
	status = create(command, mkey);
	if (status) {
		mlx5_mkey_free(mkey);
		return status;
	}
	mkey->object.number = mkey->mr->key >> 8;
	mlx5_table_add(&command->adapter->mkeys, &mkey->object);
	hw_set(command->out, MLX5_OUT_NUMBER, mkey->object.number);
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_query_mkey(struct mlx5_command *command)
{
	const struct mlx5_mkey *mkey = mlx5_command_object(command, &command->adapter->mkeys);

	if (!mkey)
		return mlx5_status_of(command, ENOENT);
	memcpy(command->out + MLX5_CONTEXT_BYTE, mkey->context, sizeof(mkey->context));
	return MLX5_STATUS_OK;
}

static int end_key(struct mr *key)
{
	if (key->kind == KEY_REGION)
		return mr_destroy(key);
	mw_destroy(key);
	return 0;
}

enum mlx5_status mlx5_destroy_mkey(struct mlx5_command *command)
{
	struct mlx5_mkey *mkey = mlx5_command_object(command, &command->adapter->mkeys);
	int rc = mkey ? end_key(mkey->mr) : ENOENT;

	if (rc)
		return mlx5_status_of(command, rc);
	list_remove(&mkey->object.link);
	mlx5_mkey_free(mkey);
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_query_special_contexts(struct mlx5_command *command)
{
	hw_set(command->out, MLX5_SPECIAL_NULL_KEY, HCA_NULL_KEY);
	return MLX5_STATUS_OK;
}

/* ---- requests ---- */

/* The driver's list may be in any PD: those of UMR are its own. */
static const struct pd *pd_of_list(const struct qp *qp, const struct sge *list)
{
	const struct mr *mr = lookup_index(qp->hca, list->lkey);

	return qp->type == QP_TYPE_UMR && mr && mr->pd ? mr->pd : qp->pd;
}

/* A part of the kept list, and what is there instead before or after a change. */
struct list_part {
	uint8_t *entries, *other;
	uint64_t bytes; /* whole units */
};

static int fetch_part(const struct mlx5_mkey *mkey, const struct qp *qp,
		      const struct send_request *request, struct list_part *part)
{
	uint64_t first = request->change.first_entry, bytes = 0;
	uint8_t *other;

	for (unsigned int i = 0; i < request->num_sge; i++)
		bytes += request->sge[i].length;
	if (!bytes || first + bytes > (uint64_t)mkey->num_entries * ENTRY_BYTES)
		return EINVAL;
	other = malloc(bytes);
	if (!other)
		return ENOMEM;
	if (memory_gather(qp->hca, pd_of_list(qp, request->sge), request->sge, request->num_sge, 0,
			  other, (uint32_t)bytes)) {
		free(other);
		return EINVAL;
	}
	*part = (struct list_part){mkey->entries + first, other, bytes};
	return 0;
}

static void swap_part(const struct list_part *part)
{
	uint8_t unit[ENTRIES_PER_UNIT * ENTRY_BYTES];

	for (uint64_t at = 0; at < part->bytes; at += sizeof(unit)) {
		memcpy(unit, part->entries + at, sizeof(unit));
		memcpy(part->entries + at, part->other + at, sizeof(unit));
		memcpy(part->other + at, unit, sizeof(unit));
	}
}

/* What the memory behind the key depends on. */
static bool moves(const struct mr *mr, const struct key_change *change)
{
	return !mr->scope || change->access_mask & ACCESS_LOCAL_WRITE ||
	       change->properties & (KEY_TRANSLATION | KEY_PAGE_SIZE | KEY_START | KEY_LENGTH);
}

static int move(struct mlx5_mkey *mkey, struct mr_params *next)
{
	struct mlx5_page_list list = kept_list(mkey, next->log_page_size);
	const char *reason;

	next->linear = NULL;
	next->pages = NULL;
	if (next->free)
		return 0;
	if (!lay_out(mkey->adapter, &list, next, &reason))
		return 0;
	trace_printf("key %#x cannot be changed: %s", mkey->mr->key, reason);
	return EINVAL;
}

static int change_listed(struct mlx5_mkey *mkey, struct pd *pd, const struct key_change *change,
			 struct mr_params *next)
{
	struct mr *mr = mkey->mr;
	int rc = 0;

	if (next->free || moves(mr, change))
		rc = move(mkey, next);
	if (rc)
		return rc;
	rc = mr_change(mr, pd, next);
	if (rc && next->pages != mr->pages)
		free(next->pages);
	return rc;
}

int mlx5_change_region(struct mr *mr, struct pd *pd, const struct qp *qp,
		       const struct send_request *request, struct mr_params *next)
{
	const struct key_change *change = &request->change;
	struct mlx5_mkey *mkey = mr->front;
	struct list_part part = {0};
	int rc = 0;

	if (!hw_get(mkey->context, MLX5_MKC_UMR_ENABLE))
		return EINVAL;
	next->access |= ACCESS_MW_BIND;
	/* All of memory may change rights and PD, no more. */
	if (!mkey->entries)
		return change->properties & ~(uint32_t)(KEY_PD | KEY_VARIANT)
			       ? EINVAL
			       : mr_change(mr, pd, next);
	if (change->properties & KEY_TRANSLATION)
		rc = fetch_part(mkey, qp, request, &part);
	if (rc)
		return rc;
	swap_part(&part);
	rc = change_listed(mkey, pd, change, next);
	/* Later requests find the list as it is in use. */
	if (rc)
		swap_part(&part);
	free(part.other);
	return rc;
}
