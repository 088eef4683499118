/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory keys. There are two kinds: a list of pages, and all of the guest's memory by its bus
 * addresses, which is what a kernel uses for itself. Keys without translation, to be filled by UMR
 * requests, are refused, as the capabilities say.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/pci/mlx5/memory.h"

static uint8_t *bus_place(void *function, uint64_t address, bool writing, uint64_t *together)
{
	return pci_dma_place(function, address, writing, together);
}

static uint32_t access_of(const uint8_t *context)
{
	uint32_t access = 0;

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

static enum mlx5_status take_pages(struct mlx5_command *command, const uint8_t *context,
				   struct mr_params *params)
{
	struct mlx5_page_list list = mlx5_command_pages(
		command, hw_get(context, MLX5_MKC_LOG_PAGE_SIZE) - (uint32_t)MLX5_LOG_PAGE_BASE);
	uint64_t page_bytes, count;

	if (list.log_page_size < MLX5_LOG_PAGE_BASE)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "pages too small");
	page_bytes = 1ull << list.log_page_size;
	if (!params->length || params->length > command->adapter->hca->limits.max_mr_size)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "length out of range");
	params->page_offset = (uint32_t)(params->iova & (page_bytes - 1));
	params->log_page_size = list.log_page_size;
	count = (params->page_offset + params->length + page_bytes - 1) >> list.log_page_size;
	if (count > list.count)
		return mlx5_refuse(command, MLX5_STATUS_BAD_INPUT_LENGTH, "page list too short");
	params->pages = calloc(count, sizeof(*params->pages));
	if (!params->pages)
		return mlx5_refuse(command, MLX5_STATUS_NO_RESOURCES, "out of memory");
	for (uint64_t i = 0; i < count; i++)
		params->pages[i] = find_page(command->adapter, &list, params, i);
	prefer_linear(params, count);
	return MLX5_STATUS_OK;
}

static enum mlx5_status take_translation(struct mlx5_command *command, const uint8_t *context,
					 struct mr_params *params)
{
	uint32_t mode = hw_get(context, MLX5_MKC_ACCESS_MODE_4_2) << 2 |
			hw_get(context, MLX5_MKC_ACCESS_MODE_1_0);

	if (hw_get(context, MLX5_MKC_FREE))
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "key without translation");
	take_range(context, params);
	switch (mode) {
	case MLX5_MKC_MODE_PA:
		params->place = bus_place;
		params->place_arg = command->adapter->function;
		return MLX5_STATUS_OK;
	case MLX5_MKC_MODE_MTT:
		return take_pages(command, context, params);
	default:
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "access mode not supported");
	}
}

static int create(struct mlx5_command *command, struct mlx5_pd *pd, struct mr_params *params)
{
	struct mlx5_mkey *mkey = calloc(1, sizeof(*mkey));
	int rc = mkey ? mr_create(pd->pd, params, &mkey->mr) : ENOMEM;

	if (rc) {
		free(mkey);
		return rc;
	}
	memcpy(mkey->context, mlx5_command_context(command), sizeof(mkey->context));
	mkey->object.number = mkey->mr->key >> 8;
	mlx5_table_add(&command->adapter->mkeys, &mkey->object);
	hw_set(command->out, MLX5_OUT_NUMBER, mkey->object.number);
	return 0;
}

enum mlx5_status mlx5_create_mkey(struct mlx5_command *command)
{
	const uint8_t *context = mlx5_command_context(command);
	struct mlx5_pd *pd = mlx5_table_find(&command->adapter->pds, hw_get(context, MLX5_MKC_PD));
	struct mr_params params = {
		.access = access_of(context),
		.key_byte = (uint8_t)hw_get(context, MLX5_MKC_KEY_BYTE),
	};
	enum mlx5_status status;

	if (!pd)
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such PD");
	status = take_translation(command, context, &params);
	if (status)
		return status;
	status = mlx5_status_of(command, create(command, pd, &params));
	if (status)
		free(params.pages);
	return status;
}

enum mlx5_status mlx5_query_mkey(struct mlx5_command *command)
{
	const struct mlx5_mkey *mkey = mlx5_command_object(command, &command->adapter->mkeys);

	if (!mkey)
		return mlx5_status_of(command, ENOENT);
	memcpy(command->out + MLX5_CONTEXT_BYTE, mkey->context, sizeof(mkey->context));
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_destroy_mkey(struct mlx5_command *command)
{
	struct mlx5_mkey *mkey = mlx5_command_object(command, &command->adapter->mkeys);
	int rc = mkey ? mr_destroy(mkey->mr) : ENOENT;

	if (rc)
		return mlx5_status_of(command, rc);
	list_remove(&mkey->object.link);
	free(mkey);
	return MLX5_STATUS_OK;
}
