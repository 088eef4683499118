/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Dropping, doubling, holding back and damaging of packets. */
#include "softhca/fabric/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/wire/bth.h"
#include "hw/wire/grh.h"
#include "softhca/fabric/frame.h"
#include "softhca/fabric/state.h"
#include "util/clock.h"

enum {
	/* A reordered packet that nothing overtakes goes on after this. */
	REORDER_NS = 200 * 1000,
	MAX_HELD = 4096,
};

struct held {
	struct list link;
	uint64_t due_ns;
	unsigned int process;
	bool overtakable; /* goes as soon as another packet to the process has gone */
	uint32_t length;
	struct packet head;
	uint8_t bytes[];
};

/* ---- chance ---- */

/* splitmix64, by Steele, Lea and Flood: any seed will do. */
static uint64_t next_random(struct faults *faults)
{
	uint64_t z = faults->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static bool happens(struct faults *faults, uint64_t chance)
{
	return chance && next_random(faults) >> 32 < chance;
}

/* ---- on and off ---- */

int faults_order(struct fabric *fabric, const char *text, char *reason, size_t reason_size)
{
	struct fault_spec spec;
	int error;

	if (!text || !*text || strcmp(text, "off") == 0) {
		if (fabric->faults)
			fabric->faults->active = false;
		return 0;
	}
	error = fault_spec_parse(text, &spec, reason, reason_size);
	if (error)
		return error;
	if (!fabric->faults) {
		fabric->faults = calloc(1, sizeof(*fabric->faults));
		if (!fabric->faults)
			return fabric_explain(reason, reason_size, ENOMEM, "no memory for faults");
		list_init(&fabric->faults->held);
	}
	fabric->faults->spec = spec;
	fabric->faults->active = true;
	fabric->faults->random = spec.seed << 8;
	fabric->faults->slot_counted = false;
	return 0;
}

void faults_print_summary(const struct fabric *fabric)
{
	const struct faults *faults = fabric->faults;

	if (!faults)
		return;
	fprintf(stderr,
		"softhca: faults: %llu dropped, %llu duplicated, %llu reordered, %llu delayed, "
		"%llu corrupted of %llu packets\n",
		(unsigned long long)faults->dropped, (unsigned long long)faults->duplicated,
		(unsigned long long)faults->reordered, (unsigned long long)faults->delayed,
		(unsigned long long)faults->corrupted, (unsigned long long)faults->packets);
}

void faults_free(struct faults *faults)
{
	if (!faults)
		return;
	list_for_each_safe (node, &faults->held)
		free(list_entry(node, struct held, link));
	free(faults);
}

/* ---- packets ---- */

static void hold(struct fabric *fabric, unsigned int process, const struct packet *head,
		 const uint8_t *bytes, uint32_t length, uint64_t ns, bool overtakable)
{
	struct faults *faults = fabric->faults;
	struct held *held = malloc(sizeof(*held) + length);

	if (!held) {
		detour_put(fabric, process, head, bytes, length);
		return;
	}
	held->due_ns = clock_ns() + ns;
	held->process = process;
	held->overtakable = overtakable;
	held->length = length;
	memcpy(&held->head, head, sizeof(*head));
	memcpy(held->bytes, bytes, length);
	list_append(&faults->held, &held->link);
	faults->num_held++;
}

/* False if there is no room in the ring now. */
static bool let_go(struct fabric *fabric, struct held *held)
{
	int error = outbound_room(fabric, held->process, ring_record_span(held->length));

	if (error == EAGAIN)
		return false;
	if (error == 0)
		detour_put(fabric, held->process, &held->head, held->bytes, held->length);
	list_remove(&held->link);
	fabric->faults->num_held--;
	free(held);
	return true;
}

static void let_overtaken_go(struct fabric *fabric, unsigned int process)
{
	list_for_each_safe (node, &fabric->faults->held) {
		struct held *held = list_entry(node, struct held, link);

		if (held->overtakable && held->process == process)
			let_go(fabric, held);
	}
}

/* A bit that the ICRC covers, behind the GRH: routers would have noticed the rest. */
static void damage(struct faults *faults, const struct packet *head, uint8_t *bytes,
		   uint32_t length)
{
	uint32_t skip = head->flags & PACKET_GRH ? GRH_BYTES : 0;
	uint64_t random = next_random(faults);
	uint32_t byte = (uint32_t)((random >> 8) % (length - skip));

	if (byte == WIRE_BTH_VARIANT_BYTE && !(head->flags & PACKET_FRAME))
		byte++;
	bytes[skip + byte] ^= (uint8_t)(1u << (random & 7));
	faults->corrupted++;
}

/* With corruption in play every packet carries its ICRC, sound or not, as on a wire. */
static uint32_t add_icrc(struct fabric *fabric, struct packet *head, uint8_t *bytes,
			 uint32_t length)
{
	struct frame frame;
	uint32_t icrc;

	if (!frame_build(fabric, head, bytes, length, &frame))
		return length;
	head->flags |= PACKET_ICRC;
	icrc = htole32(frame.icrc);
	memcpy(bytes + length, &icrc, sizeof(icrc));
	if (happens(fabric->faults, fabric->faults->spec.corrupt))
		damage(fabric->faults, head, bytes, length + FRAME_ICRC_BYTES);
	return length + FRAME_ICRC_BYTES;
}

void faults_pass(struct fabric *fabric, unsigned int process, const struct packet *original,
		 uint8_t *bytes, uint32_t length)
{
	struct faults *faults = fabric->faults;
	struct packet head;

	memcpy(&head, original, sizeof(head));
	faults->packets++;
	if (!faults->slot_counted)
		faults->random += fabric->slot;
	faults->slot_counted = true;
	if (happens(faults, faults->spec.drop)) {
		faults->dropped++;
		return;
	}
	if (faults->spec.corrupt)
		length = add_icrc(fabric, &head, bytes, length);
	if (happens(faults, faults->spec.duplicate)) {
		faults->duplicated++;
		detour_put(fabric, process, &head, bytes, length);
	}
	if (faults->num_held < MAX_HELD && happens(faults, faults->spec.delay)) {
		faults->delayed++;
		hold(fabric, process, &head, bytes, length, faults->spec.delay_ns, false);
		return;
	}
	if (faults->num_held < MAX_HELD && happens(faults, faults->spec.reorder)) {
		faults->reordered++;
		hold(fabric, process, &head, bytes, length, REORDER_NS, true);
		return;
	}
	detour_put(fabric, process, &head, bytes, length);
	let_overtaken_go(fabric, process);
}

void faults_release_all(struct fabric *fabric)
{
	if (fabric->faults)
		(void)fabric_run_faults(fabric, UINT64_MAX);
}

bool fabric_has_faults(const struct fabric *fabric)
{
	return fabric->faults && (fabric->faults->active || fabric->faults->num_held);
}

uint64_t fabric_run_faults(struct fabric *fabric, uint64_t now_ns)
{
	uint64_t next = UINT64_MAX;

	if (!fabric->faults)
		return next;
	list_for_each_safe (node, &fabric->faults->held) {
		struct held *held = list_entry(node, struct held, link);
		uint64_t due_ns = held->due_ns;

		if (due_ns <= now_ns && let_go(fabric, held))
			continue;
		due_ns = due_ns > now_ns ? due_ns - now_ns : 0;
		next = due_ns < next ? due_ns : next;
	}
	return next;
}
