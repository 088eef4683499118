/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* softhca ps: the live objects of a fabric. What is shown is read while it changes. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "softhca/command/command.h"
#include "softhca/fabric/control.h"
#include "util/clock.h"

/* A process whose last poll is longer ago than this does something else. */
static const int64_t POLLS_NS = 1 * NS_PER_S;

static const char help[] =
	"Usage: softhca ps [--fabric NAME]\n"
	"\n"
	"Shows what lives in a fabric: adapters, processes, queue pairs, memory keys,\n"
	"multicast groups, flow rules and the services that are listened to.\n";

static const char *name_of(const char *const *names, size_t count, uint32_t value)
{
	return value < count && names[value] ? names[value] : "?";
}

/* Numbered as the specification's and the kernel ABI's types and states are. */
static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		[0] = "SMI",	 [1] = "GSI",	   [2] = "RC",	 [3] = "UC",   [4] = "UD",
		[9] = "XRC_INI", [10] = "XRC_TGT", [11] = "DCI", [12] = "DCT", [8] = "RAW"};

	return name_of(names, sizeof(names) / sizeof(names[0]), type);
}

static const char *state_name(uint32_t state)
{
	static const char *const names[] = {"RESET", "INIT", "RTR", "RTS", "SQD", "SQE", "ERR"};

	return name_of(names, sizeof(names) / sizeof(names[0]), state);
}

static uint32_t limit(uint32_t value, uint32_t most)
{
	return value < most ? value : most;
}

/* ---- adapters ---- */

static void count_owned(const struct fabric_hca *hca, uint32_t *qps, uint32_t *keys)
{
	*qps = *keys = 0;
	for (uint32_t i = 0; i < limit(atomic_load(&hca->qps_used), FABRIC_QPS); i++)
		*qps += atomic_load_explicit(&hca->qps[i].owner, memory_order_relaxed) != 0;
	for (uint32_t i = 0; i < limit(atomic_load(&hca->keys_used), FABRIC_KEYS); i++)
		*keys += atomic_load_explicit(&hca->keys[i].key, memory_order_relaxed) != 0;
}

static const char *link_state(const struct fabric_hca *hca)
{
	if (atomic_load(&hca->killed))
		return "killed";
	return atomic_load(&hca->link_up) ? "up" : "down";
}

static void show_adapters(struct fabric *fabric)
{
	printf("%-5s %-6s %-10s %-7s %-6s %-16s %6s %6s  %s\n", "HOST", "DEVICE", "PORT", "LID",
	       "LINK", "GUID", "QPS", "KEYS", "FAULTS");
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);
		const char *faults;
		uint32_t qps, keys;

		if (!hca)
			continue;
		count_owned(hca, &qps, &keys);
		faults = fabric_ordered_faults(fabric, hca->host);
		printf("%-5u %-6.8s %-10s 0x%04x  %-6s %016" PRIx64 " %6u %6u  %s\n", hca->host,
		       hca->family, hca->port_type == FABRIC_PORT_ETH ? "Ethernet" : "InfiniBand",
		       hca->lid, link_state(hca), hca->node_guid, qps, keys,
		       *faults ? faults : "-");
	}
}

/* ---- processes ---- */

static const char *activity(const struct fabric_process *process)
{
	uint64_t polled_ns = atomic_load(&process->polled_ns);

	if (atomic_load(&process->armed))
		return "awaits events";
	return (int64_t)(clock_ns() - polled_ns) < POLLS_NS ? "polls" : "idle";
}

static void show_processes(struct fabric *fabric)
{
	const struct fabric_process *process;

	printf("\n%-8s %-5s %-16s %s\n", "PID", "HOST", "COMMAND", "STATE");
	for (unsigned int slot = 0; (process = fabric_process_at(fabric, slot)); slot++) {
		uint32_t pid = atomic_load(&process->pid);

		if (!pid)
			continue;
		printf("%-8u %-5u %-16.16s %s%s\n", pid, process->host, process->command,
		       activity(process),
		       atomic_load(&process->packets_only) ? ", faults or capture" : "");
	}
}

/* ---- queue pairs ---- */

static void show_qp(struct fabric *fabric, const struct fabric_hca *hca, const struct fabric_qp *qp)
{
	uint32_t owner = atomic_load(&qp->owner);
	const struct fabric_hca *remote =
		qp->remote_hca == 0xff ? NULL : fabric_hca_at(fabric, qp->remote_hca);
	char peer[32] = "-";

	if (remote)
		snprintf(peer, sizeof(peer), "%u/0x%06x", remote->host, qp->remote_qpn);
	printf("%-5u 0x%06x %-4s %-5s %-14s 0x%06x 0x%06x %11u %6u %12" PRIu64 " %12" PRIu64
	       " %u\n",
	       hca->host, qp->qpn, type_name(qp->type), state_name(qp->state), peer, qp->send_psn,
	       qp->recv_psn, qp->outstanding, qp->errors, qp->packets_sent, qp->packets_received,
	       fabric_process_pid(fabric, owner - 1));
}

static void show_qps(struct fabric *fabric)
{
	bool any = false;

	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		for (uint32_t j = 0; hca && j < limit(atomic_load(&hca->qps_used), FABRIC_QPS);
		     j++) {
			if (!atomic_load(&hca->qps[j].owner))
				continue;
			if (!any)
				printf("\n%-5s %-8s %-4s %-5s %-14s %-8s %-8s %11s %6s %12s %12s "
				       "%s\n",
				       "HOST", "QP", "TYPE", "STATE", "PEER", "SEND-PSN",
				       "RECV-PSN", "OUTSTANDING", "ERRORS", "SENT", "RECEIVED",
				       "PID");
			any = true;
			show_qp(fabric, hca, &hca->qps[j]);
		}
	}
	if (!any)
		printf("\nNo queue pairs.\n");
}

/* ---- keys ---- */

static void show_access(uint32_t access)
{
	/* Bits as in the kernel ABI. */
	static const char *const names[] = {"local write", "remote write", "remote read",
					    "remote atomic"};
	const char *separator = " ";
	bool any = false;

	for (unsigned int bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
		if (!(access & 1u << bit))
			continue;
		printf("%s%s", separator, names[bit]);
		separator = ", ";
		any = true;
	}
	printf("%s\n", any ? "" : " local read");
}

static void show_keys(struct fabric *fabric)
{
	bool any = false;

	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		for (uint32_t j = 0; hca && j < limit(atomic_load(&hca->keys_used), FABRIC_KEYS);
		     j++) {
			const struct fabric_key *entry = &hca->keys[j];
			uint32_t key = atomic_load(&entry->key);

			if (!key)
				continue;
			if (!any)
				printf("\n%-5s %-10s %-18s %14s %-8s %s\n", "HOST", "KEY",
				       "ADDRESS", "LENGTH", "PID", "ACCESS");
			any = true;
			printf("%-5u 0x%08x 0x%016" PRIx64 " %14" PRIu64 " %-8u", hca->host, key,
			       entry->iova, entry->length,
			       fabric_process_pid(fabric, atomic_load(&entry->owner) - 1));
			show_access(entry->access);
		}
	}
}

/* ---- groups ---- */

static void show_group(struct fabric *fabric, const struct fabric_group *group)
{
	printf("0x%04x  ", group->mlid);
	for (unsigned int i = 0; i < 16; i += 2)
		printf("%s%02x%02x", i ? ":" : "", group->mgid[i], group->mgid[i + 1]);
	for (unsigned int i = 0; i < FABRIC_GROUP_MEMBERS; i++) {
		const struct fabric_group_member *member = &group->members[i];
		const struct fabric_hca *hca = fabric_hca_at(fabric, member->hca);
		uint32_t qpn = atomic_load(&member->qpn_valid);

		if (qpn && hca)
			printf(" %u/0x%06x", hca->host, qpn & 0xffffff);
	}
	printf("\n");
}

static void show_groups(struct fabric *fabric)
{
	bool any = false;

	for (unsigned int i = 0; i < FABRIC_GROUPS; i++) {
		const struct fabric_group *group = fabric_group_at(fabric, i);

		if (!atomic_load(&group->in_use))
			continue;
		if (!any)
			printf("\n%-7s %-39s %s\n", "MLID", "GROUP", "MEMBERS");
		any = true;
		show_group(fabric, group);
	}
}

/* ---- flow rules ---- */

static const char *kind_name(uint32_t kind)
{
	static const char *const names[] = {"normal", "all", "multicast", "sniffer"};

	return name_of(names, sizeof(names) / sizeof(names[0]), kind);
}

static bool is_any(const uint8_t *mask, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (mask[i])
			return false;
	return true;
}

static void show_mac(const uint8_t mac[6])
{
	for (unsigned int i = 0; i < 6; i++)
		printf("%s%02x", i ? ":" : "", mac[i]);
}

static void show_flow(struct fabric *fabric, const struct fabric_hca *hca,
		      const struct fabric_flow *flow)
{
	const uint8_t *mac = flow->value.destination_mac;

	printf("%-5u %-9s %8u 0x%06x %-8u ", hca->host, kind_name(flow->kind), flow->priority,
	       flow->qpn, fabric_process_pid(fabric, atomic_load(&flow->owner) - 1));
	if (is_any(flow->mask.destination_mac, 6))
		printf("any");
	else
		show_mac(mac);
	printf("\n");
}

static void show_flows(struct fabric *fabric)
{
	bool any = false;

	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		for (uint32_t j = 0; hca && j < limit(atomic_load(&hca->flows_used), FABRIC_FLOWS);
		     j++) {
			if (!atomic_load(&hca->flows[j].valid))
				continue;
			if (!any)
				printf("\n%-5s %-9s %8s %-8s %-8s %s\n", "HOST", "FLOW", "PRIORITY",
				       "QP", "PID", "DESTINATION");
			any = true;
			show_flow(fabric, hca, &hca->flows[j]);
		}
	}
}

/* ---- services ---- */

static void show_service(struct fabric *fabric, const struct fabric_hca *hca,
			 const struct fabric_service *service)
{
	printf("%-5u 0x%016" PRIx64 " 0x%016" PRIx64 " %u\n", hca->host, service->id, service->mask,
	       fabric_process_pid(fabric, atomic_load(&service->owner) - 1));
}

static void show_services(struct fabric *fabric)
{
	bool any = false;

	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);
		uint32_t used = hca ? limit(atomic_load(&hca->services_used), FABRIC_SERVICES) : 0;

		for (uint32_t j = 0; j < used; j++) {
			if (!atomic_load(&hca->services[j].valid))
				continue;
			if (!any)
				printf("\n%-5s %-18s %-18s %s\n", "HOST", "SERVICE", "MASK", "PID");
			any = true;
			show_service(fabric, hca, &hca->services[j]);
		}
	}
}

/* ---- the command ---- */

static int read_options(int argc, char **argv, const char **name)
{
	static const struct option options[] = {
		{"fabric", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'H'},
		{0},
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'f') {
			*name = optarg;
			continue;
		}
		if (option != 'H')
			return usage_error("ps",
					   option == ':' ? "%s needs a value"
							 : "option \"%s\" is unknown",
					   argv[optind - 1]);
		fputs(help, stdout);
		return 0;
	}
	if (optind < argc)
		return usage_error("ps", "\"%s\" is not an option", argv[optind]);
	return -1;
}

int command_ps(int argc, char **argv)
{
	const char *name = "default";
	struct fabric *fabric;
	char reason[512] = "";
	int status = read_options(argc, argv, &name);

	if (status >= 0)
		return status;
	status = fabric_look(name, &fabric, reason, sizeof(reason));
	if (status == ENOENT) {
		printf("Fabric \"%s\" is empty: no process uses it.\n", name);
		return 0;
	}
	if (status) {
		complain("%s", reason);
		return 1;
	}
	show_adapters(fabric);
	show_processes(fabric);
	show_qps(fabric);
	show_keys(fabric);
	show_groups(fabric);
	show_flows(fabric);
	show_services(fabric);
	fabric_look_away(fabric);
	return 0;
}
