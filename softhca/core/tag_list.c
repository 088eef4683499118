/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The list of tagged receives. Source: ConnectX PRM, "Tag matching". */
#include "softhca/core/tag_list.h"

#include <stdlib.h>
#include <string.h>

struct tag_list *tag_list_create(uint32_t count)
{
	struct tag_list *list = calloc(1, sizeof(*list) + count * sizeof(list->tags[0]));

	if (!list)
		return NULL;
	list_init(&list->order);
	list->count = count;
	for (uint32_t i = 0; i < count; i++)
		list_init(&list->tags[i].link);
	return list;
}

/* The change that adds a tag names the place of the one that will be added after it. */
static bool add(struct tag_list *list, const struct send_request *request)
{
	struct tag *tag = &list->tags[list->next_index];

	if (request->tags.index >= list->count || request->num_sge > TAGS_MAX_SGE ||
	    list_linked(&tag->link) || tag->taken)
		return false;
	tag->value = request->tags.value;
	tag->mask = request->tags.mask;
	tag->armed = false;
	tag->num_sge = request->num_sge;
	tag->length = request->length;
	memcpy(tag->sge, request->sge, request->num_sge * sizeof(tag->sge[0]));
	list_append(&list->order, &tag->link);
	list->next_index = request->tags.index;
	return true;
}

static bool remove_tag(struct tag_list *list, uint16_t index)
{
	bool listed = list_linked(&list->tags[index].link);

	list_remove(&list->tags[index].link);
	return listed;
}

static void arm(struct tag_list *list)
{
	list_for_each (node, &list->order)
		list_entry(node, struct tag, link)->armed = true;
}

bool tag_list_change(struct tag_list *list, const struct send_request *request,
		     enum completion_status *status)
{
	const struct tag_change *change = &request->tags;
	bool done = true;

	*status = STATUS_SUCCESS;
	if (change->operation == TAGS_ADD && !add(list, request))
		*status = STATUS_LOCAL_QP_OPERATION;
	else if (change->operation == TAGS_REMOVE && change->index >= list->count)
		*status = STATUS_LOCAL_QP_OPERATION;
	else if (change->operation == TAGS_REMOVE)
		done = remove_tag(list, change->index);
	if (*status)
		return false;
	if (change->reports)
		list->handled = change->handled;
	if (list->handled == list->unexpected)
		arm(list);
	return done;
}

struct tag *tag_list_match(struct tag_list *list, uint64_t value)
{
	list_for_each (node, &list->order) {
		struct tag *tag = list_entry(node, struct tag, link);

		if (!tag->armed)
			break;
		if (!((value ^ tag->value) & tag->mask)) {
			list_remove(&tag->link);
			tag->taken = true;
			return tag;
		}
	}
	return NULL;
}

void tag_list_release(struct tag_list *list, uint16_t index)
{
	list->tags[index].taken = false;
}
