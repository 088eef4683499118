/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hosts' adapters: made from nothing but host and family, so that a host's LID, GUIDs and GIDs are
 * the same in every run. GUIDs and MACs are locally administered.
 */
#include "softhca/fabric/hca.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hw/wire/address.h"
#include "softhca/fabric/process.h"
#include "softhca/fabric/state.h"

enum {
	LID_FAMILIES = 16,
	/* First entries used: keys and numbers that drivers and people take for special are left
	 * out (QP 0 and 1 are management queue pairs; mlx drivers end lists with key 0x100). */
	FIRST_QP = 64,
	FIRST_KEY = 64,
	FIRST_SRQ = 64,
	/* All within the first piece that back_entry() reserves. */
	SPREAD = 512,
	DEFAULT_PKEY = 0xffff,
};

static const struct family {
	const char *name;
	uint8_t code; /* in LIDs, GUIDs and MACs */
} families[] = {
	{"mlx5", 1},
};

static const struct family *find_family(const char *name)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (strcmp(families[i].name, name) == 0)
			return &families[i];
	}
	return NULL;
}

int hca_check_options(const struct fabric_options *options, char *reason, size_t reason_size)
{
	if (options->host < 1 || options->host > HCA_MAX_HOST)
		return fabric_explain(reason, reason_size, EINVAL,
				      "host %u: hosts are numbered from 1 to %d", options->host,
				      HCA_MAX_HOST);
	if (options->family && !find_family(options->family))
		return fabric_explain(reason, reason_size, EINVAL,
				      "device family \"%.20s\" is unknown: there is mlx5",
				      options->family);
	if (options->port_type != FABRIC_PORT_ETH && options->port_type != FABRIC_PORT_IB)
		return fabric_explain(reason, reason_size, EINVAL,
				      "port type %d: InfiniBand is %d, Ethernet %d",
				      (int)options->port_type, FABRIC_PORT_IB, FABRIC_PORT_ETH);
	return 0;
}

/* ---- identity ---- */

static void set_gid(struct fabric_hca *hca, unsigned int index, uint64_t prefix, uint64_t suffix,
		    enum fabric_gid_type type)
{
	struct fabric_gid *gid = &hca->gids[index];

	prefix = htobe64(prefix);
	suffix = htobe64(suffix);
	memcpy(gid->raw, &prefix, 8);
	memcpy(gid->raw + 8, &suffix, 8);
	gid->type = (uint8_t)type;
	gid->valid = 1;
}

/* RFC 4291 appendix A: the MAC with ff:fe in its middle and the universal bit turned over. */
static uint64_t interface_id(const uint8_t mac[6])
{
	return (uint64_t)(mac[0] ^ 2) << 56 | (uint64_t)mac[1] << 48 | (uint64_t)mac[2] << 40 |
	       0xfffeull << 24 | (uint64_t)mac[3] << 16 | (uint64_t)mac[4] << 8 | mac[5];
}

/* Of private networks, RFC 1918 and RFC 4193; each family is a subnet. */
static uint32_t ip4_of(unsigned int host, const struct family *family)
{
	return 10u << 24 | (76u + family->code) << 16 | (host & 0xffff);
}

static uint64_t ip6_prefix(const struct family *family)
{
	return 0xfd484341ull << 32 | family->code;
}

static void set_ip_addresses(struct fabric_hca *hca, const struct family *family)
{
	uint32_t ip4 = htobe32(ip4_of(hca->host, family));
	uint64_t prefix = htobe64(ip6_prefix(family)), suffix = htobe64(hca->host);

	memcpy(hca->ipv4, &ip4, sizeof(hca->ipv4));
	memcpy(hca->ipv6, &prefix, sizeof(prefix));
	memcpy(hca->ipv6 + 8, &suffix, sizeof(suffix));
}

static void set_ethernet_identity(struct fabric_hca *hca, const struct family *family)
{
	const uint8_t mac[6] = {
		0x02, 'H', 'C', (uint8_t)(hca->host >> 8), (uint8_t)hca->host, family->code};
	const uint64_t link_local = 0xfe80ull << 48;
	uint64_t mapped = 0xffffull << 32 | ip4_of(hca->host, family);

	memcpy(hca->mac, mac, sizeof(mac));
	set_gid(hca, 0, link_local, interface_id(mac), FABRIC_GID_ROCE_V1);
	set_gid(hca, 1, link_local, interface_id(mac), FABRIC_GID_ROCE_V2);
	set_gid(hca, 2, 0, mapped, FABRIC_GID_ROCE_V1);
	set_gid(hca, 3, 0, mapped, FABRIC_GID_ROCE_V2);
	set_gid(hca, 4, ip6_prefix(family), hca->host, FABRIC_GID_ROCE_V1);
	set_gid(hca, 5, ip6_prefix(family), hca->host, FABRIC_GID_ROCE_V2);
}

static void set_identity(struct fabric_hca *hca, const struct family *family, unsigned int host,
			 enum fabric_port_type port_type)
{
	hca->host = host;
	strncpy(hca->family, family->name, sizeof(hca->family) - 1);
	hca->port_type = (uint8_t)port_type;
	hca->node_guid =
		(uint64_t)0x024843 << 40 | (uint64_t)host << 16 | (uint64_t)family->code << 8;
	hca->port_guid = hca->node_guid + 1;
	hca->pkeys[0] = DEFAULT_PKEY;
	set_ip_addresses(hca, family);
	if (port_type == FABRIC_PORT_ETH) {
		set_ethernet_identity(hca, family);
		return;
	}
	hca->lid = (uint16_t)(host * LID_FAMILIES + family->code);
	set_gid(hca, 0, 0xfe80ull << 48, hca->port_guid, FABRIC_GID_IB);
}

/* Numbers start elsewhere each time: what is left of an earlier adapter's traffic or of a program's
 * memory of it names nothing now. */
static void set_first_numbers(struct fabric_hca *hca)
{
	uint32_t chance[4] = {0};

	if (getrandom(chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
		chance[0] = (uint32_t)(uintptr_t)hca >> 12;
	hca->qp_variant = chance[2] & 0xff;
	atomic_store(&hca->next_qp, FIRST_QP + chance[0] % SPREAD);
	atomic_store(&hca->next_key, FIRST_KEY + chance[1] % SPREAD);
	atomic_store(&hca->next_pd, 1);
	atomic_store(&hca->next_srq, FIRST_SRQ);
	atomic_store(&hca->next_port, chance[3]);
}

/* ---- the table ---- */

static struct fabric_hca *map_hca(struct fabric *fabric, unsigned int index)
{
	if (!fabric->hcas[index])
		fabric->hcas[index] =
			segment_map(fabric, segment_hca_offset(index), SEGMENT_HCA_SPAN, NULL);
	return fabric->hcas[index];
}

struct fabric_hca *fabric_hca_at(struct fabric *fabric, unsigned int index)
{
	if (index >= FABRIC_MAX_HCAS ||
	    !atomic_load_explicit(&fabric->segment->hca_in_use[index], memory_order_acquire))
		return NULL;
	return map_hca(fabric, index);
}

static int find_hca(struct fabric *fabric, unsigned int host, const char *family)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		if (hca && hca->host == host &&
		    strncmp(hca->family, family, sizeof(hca->family)) == 0)
			return (int)i;
	}
	return -1;
}

/* A host's adapter comes back to its old place if it can: others may remember it. */
static int free_index(struct fabric *fabric, unsigned int host, const struct family *family)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		unsigned int index = (host * 4 + family->code + i) % FABRIC_MAX_HCAS;

		if (!atomic_load(&fabric->segment->hca_in_use[index]))
			return (int)index;
	}
	return -1;
}

static int make_hca(struct fabric *fabric, const struct family *family, unsigned int *index)
{
	int place = free_index(fabric, fabric->host, family);
	struct fabric_hca *hca;
	int error;

	if (place < 0)
		return EUSERS;
	*index = (unsigned int)place;
	error = segment_reserve(fabric, segment_hca_offset(*index),
				offsetof(struct fabric_hca, qps));
	if (error)
		return error;
	hca = map_hca(fabric, *index);
	if (!hca)
		return errno;
	set_identity(hca, family, fabric->host, fabric->port_type);
	set_first_numbers(hca);
	atomic_store(&hca->link_up, 1);
	atomic_store(&hca->port_generation, 1);
	atomic_store_explicit(&hca->in_use, 1, memory_order_release);
	atomic_store_explicit(&fabric->segment->hca_in_use[*index], 1, memory_order_release);
	return 0;
}

static bool hca_is_open(const struct fabric *fabric, unsigned int index)
{
	for (unsigned int slot = 0; slot < process_num_slots(fabric); slot++) {
		const struct fabric_process *process = &fabric->segment->processes[slot];
		uint32_t mask = index < 32 ? process->hca_mask_low : process->hca_mask_high;

		if (atomic_load(&process->pid) && mask & 1u << index % 32)
			return true;
	}
	return false;
}

static int find_or_make(struct fabric *fabric, const char *family_name, unsigned int *index)
{
	const struct family *family = find_family(family_name);
	int found;

	if (!family)
		return EINVAL;
	found = find_hca(fabric, fabric->host, family->name);
	if (found < 0)
		return make_hca(fabric, family, index);
	*index = (unsigned int)found;
	return fabric->hcas[found]->port_type == fabric->port_type ? 0 : EBUSY;
}

int hca_provide(struct fabric *fabric, const char *family_name, unsigned int *index)
{
	int error = find_or_make(fabric, family_name, index);

	if (error)
		return error;
	if (*index < 32)
		fabric->own->hca_mask_low |= 1u << *index;
	else
		fabric->own->hca_mask_high |= 1u << (*index - 32);
	return 0;
}

int fabric_hca_open(struct fabric *fabric, const char *family, struct fabric_hca **hca,
		    unsigned int *index)
{
	int error, lock;

	error = segment_lock(fabric, &lock);
	if (error)
		return error;
	error = hca_provide(fabric, family, index);
	if (!error)
		*hca = fabric->hcas[*index];
	segment_unlock(lock);
	return error;
}

void hca_forget_unused(struct fabric *fabric)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		if (!atomic_load(&fabric->segment->hca_in_use[i]) || hca_is_open(fabric, i))
			continue;
		atomic_store(&fabric->segment->hca_in_use[i], 0);
		segment_punch(fabric, segment_hca_offset(i), SEGMENT_HCA_SPAN);
		atomic_fetch_add(&fabric->segment->change, 1);
	}
	memset(fabric->backed, 0, sizeof(fabric->backed));
}

/* ---- what a dead process held ---- */

static uint32_t at_most(_Atomic uint32_t *value, uint32_t limit)
{
	uint32_t read = atomic_load(value);

	return read < limit ? read : limit;
}

static void forget_numbers(struct fabric *fabric, unsigned int index, uint32_t owner)
{
	struct fabric_hca *hca = fabric->hcas[index];
	uint32_t qps = at_most(&hca->qps_used, FABRIC_QPS);
	uint32_t keys = at_most(&hca->keys_used, FABRIC_KEYS);
	uint32_t srqs = at_most(&hca->srqs_used, FABRIC_SRQS);

	for (uint32_t i = 0; i < qps; i++) {
		if (atomic_load_explicit(&hca->qps[i].owner, memory_order_relaxed) != owner)
			continue;
		group_forget_qp(fabric, index, hca->qps[i].qpn);
		__atomic_store_n(&hca->qps[i].state, 0, __ATOMIC_SEQ_CST);
		atomic_store(&hca->qps[i].owner, 0);
	}
	for (uint32_t i = 0; i < keys; i++) {
		if (atomic_load_explicit(&hca->keys[i].owner, memory_order_relaxed) != owner)
			continue;
		atomic_store(&hca->keys[i].key, 0);
		atomic_store(&hca->keys[i].owner, 0);
	}
	for (uint32_t i = 0; i < srqs; i++)
		if (atomic_load_explicit(&hca->srqs[i].owner, memory_order_relaxed) == owner)
			atomic_store(&hca->srqs[i].owner, 0);
	xrcd_forget_process(hca, owner - 1);
	flow_forget_process(hca, owner);
	port_forget_process(hca, owner);
	service_forget_process(hca, owner);
}

void hca_forget_process(struct fabric *fabric, unsigned int slot)
{
	const struct fabric_process *process = &fabric->segment->processes[slot];

	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		uint32_t mask = i < 32 ? process->hca_mask_low : process->hca_mask_high;

		if (mask & 1u << i % 32 && fabric_hca_at(fabric, i))
			forget_numbers(fabric, i, slot + 1);
	}
}

/* ---- addresses ---- */

int fabric_hca_by_lid(struct fabric *fabric, uint16_t lid)
{
	for (unsigned int i = 0; lid && i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		if (hca && hca->lid == lid)
			return (int)i;
	}
	return -1;
}

static bool has_gid(const struct fabric_hca *hca, const uint8_t gid[16])
{
	for (unsigned int i = 0; i < FABRIC_GIDS; i++) {
		if (hca->gids[i].valid && memcmp(hca->gids[i].raw, gid, 16) == 0)
			return true;
	}
	return false;
}

int fabric_hca_by_gid(struct fabric *fabric, const uint8_t gid[16])
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		if (hca && has_gid(hca, gid))
			return (int)i;
	}
	return -1;
}

int fabric_hca_by_mac(struct fabric *fabric, const uint8_t mac[6])
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		if (hca && hca->port_type == FABRIC_PORT_ETH &&
		    memcmp(hca->mac, mac, sizeof(hca->mac)) == 0)
			return (int)i;
	}
	return -1;
}

int fabric_hca_by_ip(struct fabric *fabric, const uint8_t ip[16])
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		if (!hca)
			continue;
		if (wire_gid_is_ip4(ip) ? memcmp(hca->ipv4, ip + 12, sizeof(hca->ipv4)) == 0
					: memcmp(hca->ipv6, ip, sizeof(hca->ipv6)) == 0)
			return (int)i;
	}
	return -1;
}
