/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tagged receives of a shared receive queue, in the order in which they were added: the first
 * that fits a message has it. A message that nobody fits is unexpected and goes to the program,
 * which looks for a receive of its own. Between that message and the program's word that it has
 * looked, receives that are added must not be matched: they are to have the message that is on its
 * way to the program, if they fit, and not a later one. So a receive is armed by the first change
 * of the list at which the program has handled as many unexpected messages as there have been.
 */
#ifndef SOFTHCA_CORE_TAG_LIST_H
#define SOFTHCA_CORE_TAG_LIST_H

#include "softhca/core/request.h"
#include "util/list.h"

struct tag {
	uint64_t value, mask;
	struct list link; /* on tag_list.order */
	bool armed;
	bool taken; /* by a message that is not complete */
	unsigned int num_sge;
	uint32_t length;
	struct sge sge[TAGS_MAX_SGE];
};

struct tag_list {
	struct list order;
	uint16_t unexpected; /* messages, free running */
	uint16_t handled;    /* of them, as the program has last said */
	uint16_t next_index; /* of the tag that is added next */
	uint32_t count;
	struct tag tags[];
};

/* NULL: out of memory. */
struct tag_list *tag_list_create(uint32_t count);

/*
 * Carries out a change; the elements of its receive are those of `request`. False: the tag to
 * remove is not in the list. STATUS_LOCAL_QP_OPERATION in `*status` for what no driver asks for.
 */
bool tag_list_change(struct tag_list *list, const struct send_request *request,
		     enum completion_status *status);

/* Takes the first armed tag that `value` fits out of the list, or NULL. */
struct tag *tag_list_match(struct tag_list *list, uint64_t value);
/* The message of one that was taken is complete: its place may have another tag. */
void tag_list_release(struct tag_list *list, uint16_t index);

static inline uint16_t tag_index(const struct tag_list *list, const struct tag *tag)
{
	return (uint16_t)(tag - list->tags);
}

#endif
