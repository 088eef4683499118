/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Port changes as asynchronous events. */
#include "softhca/shim/ports.h"

#include "softhca/shim/file.h"
#include "softhca/shim/identity.h"
#include "softhca/shim/membership.h"

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

static void report_changes(struct membership *member, const struct port_view *now)
{
	const struct port_view *before = &member->port;

	if (now->killed && !before->killed)
		files_report(member, EVENT_DEVICE_FATAL, NO_PORT);
	else if (now->link_up != before->link_up)
		files_report(member, now->link_up ? EVENT_PORT_ACTIVE : EVENT_PORT_ERROR,
			     PORT_NUMBER);
	else
		files_report(member, EVENT_GID_CHANGE, PORT_NUMBER);
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
