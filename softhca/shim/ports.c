/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Port changes as asynchronous events. */
#include "softhca/shim/ports.h"

#include "softhca/shim/file.h"
#include "softhca/shim/identity.h"
#include "softhca/shim/membership.h"
#include "softhca/shim/rdma_cm/ucm.h"

enum { NO_PORT = 0 };

static struct port_view view_of(const struct fabric_hca *hca)
{
	struct port_view view = {.generation = hca->port_generation};

	view.link_up = hca->link_up;
	view.killed = hca->killed;
	return view;
}

void ports_begin(struct membership *member)
{
	member->port = view_of(member->hca->shared);
}

/* Of a link that went there and back between two looks, both ways are told. */
static void report_link(struct membership *member, bool up, bool and_back)
{
	if (and_back)
		files_report(member, up ? EVENT_PORT_ERROR : EVENT_PORT_ACTIVE, PORT_NUMBER);
	files_report(member, up ? EVENT_PORT_ACTIVE : EVENT_PORT_ERROR, PORT_NUMBER);
}

static void report_changes(struct membership *member, const struct port_view *now)
{
	const struct port_view *before = &member->port;

	if (now->killed && !before->killed) {
		files_report(member, EVENT_DEVICE_FATAL, NO_PORT);
		ucm_device_gone();
		return;
	}
	report_link(member, now->link_up, now->link_up == before->link_up);
}

void ports_look(void)
{
	struct membership *member = membership_current();
	struct port_view now = view_of(member->hca->shared);

	if (now.generation == member->port.generation)
		return;
	engine_lock(member->engine);
	report_changes(member, &now);
	member->port = now;
	engine_unlock(member->engine);
}
