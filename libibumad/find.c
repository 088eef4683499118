/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which adapter and port is meant, and which umad file belongs to it. */
#include <errno.h>
#include <stdio.h>

#include <infiniband/umad.h>

#include "umad_private.h"

enum { STATE_INIT = 2, STATE_ACTIVE = 4, FIRST_IWARP_TYPE = 4 };

bool umad_has_mads(const char *ca_name)
{
	uint64_t type;

	return !umad_read_number(&type, "class/infiniband/%s/" SYS_NODE_TYPE, ca_name) && type &&
	       type < FIRST_IWARP_TYPE;
}

static uint64_t state_of(const char *ca_name, int port)
{
	uint64_t state;

	return umad_read_number(&state,
				"class/infiniband/%s/" SYS_CA_PORTS_DIR "/%d/" SYS_PORT_STATE,
				ca_name, port)
		       ? 0
		       : state;
}

/* The best port of an adapter: an active one, else one that could become so. */
static int best_port(const char *ca_name, uint64_t *best)
{
	int found = 0;

	*best = 0;
	for (int port = 1; port < UMAD_CA_MAX_PORTS; port++) {
		uint64_t state = state_of(ca_name, port);

		if (state < STATE_INIT || state > STATE_ACTIVE || state <= *best)
			continue;
		*best = state;
		found = port;
	}
	return found;
}

struct search {
	uint64_t best;
	char name[UMAD_CA_NAME_LEN];
};

/* Of two that are as good the first by name, so that the choice is the same each time. */
static bool look_at_ca(void *arg, const char *name)
{
	struct search *search = arg;
	uint64_t state;

	if (!umad_has_mads(name) || !best_port(name, &state) ||
	    strlen(name) >= sizeof(search->name))
		return false;
	if (state > search->best || (state == search->best && strcmp(name, search->name) < 0)) {
		search->best = state;
		strcpy(search->name, name);
	}
	return false;
}

static int choose_ca(const char *ca_name, char *name)
{
	struct search search = {0};

	if (ca_name) {
		if (!*ca_name || strlen(ca_name) >= UMAD_CA_NAME_LEN || strchr(ca_name, '/'))
			return ENODEV;
		strcpy(name, ca_name);
		return umad_has_mads(name) ? 0 : ENODEV;
	}
	umad_walk("class/infiniband", look_at_ca, &search);
	strcpy(name, search.name);
	return search.best ? 0 : ENODEV;
}

int umad_find_port(const char *ca_name, int portnum, char *name, int *port)
{
	uint64_t state;
	int err = choose_ca(ca_name, name);

	if (err)
		return err;
	*port = portnum ? portnum : best_port(name, &state);
	if (*port < 0 || *port >= UMAD_CA_MAX_PORTS)
		return EINVAL;
	return *port ? 0 : ENODEV;
}

struct file_search {
	const char *ca_name;
	int port;
	unsigned int number;
	bool found;
};

static bool look_at_file(void *arg, const char *entry)
{
	struct file_search *search = arg;
	unsigned int number;
	uint64_t port;
	char name[64];

	if (sscanf(entry, "umad%u", &number) != 1 ||
	    umad_read_text(name, sizeof(name), "class/infiniband_mad/%s/" SYS_IB_MAD_DEV, entry) ||
	    umad_read_number(&port, "class/infiniband_mad/%s/" SYS_IB_MAD_PORT, entry))
		return false;
	search->found = (int)port == search->port && !strcmp(name, search->ca_name);
	search->number = number;
	return search->found;
}

int umad_find_file(const char *ca_name, int portnum, unsigned int *number)
{
	struct file_search search = {.ca_name = ca_name, .port = portnum};

	umad_walk("class/infiniband_mad", look_at_file, &search);
	*number = search.number;
	return search.found ? 0 : ENODEV;
}
