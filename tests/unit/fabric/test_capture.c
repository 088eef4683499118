/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Captures: the file's structure, and what Wireshark's dissector makes of the packets. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/wire/grh.h"
#include "softhca/fabric/state.h"

static char path[64];

static int setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/fabric-capture-%d.pcapng", (int)getpid());
	unlink(path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

/* ---- packets ---- */

/* RC SEND Only to QP 0x123456 with PSN 0x0abcde and 32 bytes, asking for an acknowledgement. With a
 * payload of less than 20 bytes Wireshark 4.0 takes it for RPC over RDMA and says that is
 * malformed.
 */
static const uint8_t rc_send[44] = {0x04, 0x00, 0xff, 0xff, 0x00, 0x12, 0x34, 0x56,
				    0x80, 0x0a, 0xbc, 0xde, 'p',  'a',	'y',  'l'};

static void send_rc(struct fabric *fabric, uint8_t flags, int gid, const struct fabric_hca *from,
		    const struct fabric_hca *to, unsigned int process)
{
	uint32_t length = sizeof(rc_send) + (flags & PACKET_GRH ? GRH_BYTES : 0);
	struct packet_slot slot;
	unsigned int index = 0;
	uint8_t *bytes;

	while (fabric_hca_at(fabric, index) != from)
		index++;
	assert_int_equal(fabric_send_begin(fabric, process, length, &slot), 0);
	slot.packet->source_hca = (uint8_t)index;
	slot.packet->destination_hca = (uint8_t)index;
	slot.packet->sl = 3;
	slot.packet->flags = flags;
	slot.packet->slid = from->lid;
	slot.packet->dlid = to->lid;
	bytes = slot.bytes;
	if (flags & PACKET_GRH) {
		struct wire_grh grh = {.version_class_flow = grh_version_class_flow(0x20, 0x12345),
				       .next_header = GRH_NEXT_IBA,
				       .hop_limit = 17};

		memcpy(grh.sgid, from->gids[gid].raw, 16);
		memcpy(grh.dgid, to->gids[gid].raw, 16);
		memcpy(bytes, &grh, sizeof(grh));
		bytes += sizeof(grh);
	}
	memcpy(bytes, rc_send, sizeof(rc_send));
	fabric_send_end(fabric, &slot, length);
}

static void ignore(void *arg, const struct packet *packet, const uint8_t *bytes)
{
	(void)arg;
	(void)packet;
	(void)bytes;
}

/* One packet from a captured process to itself: once out, once in. */
static void capture_one(enum fabric_port_type port_type, uint8_t flags, int gid)
{
	struct fabric *fabric = join_with(3, port_type, NULL, path);
	struct fabric_hca *hca;
	unsigned int index;

	assert_non_null(fabric);
	assert_int_equal(fabric_hca_open(fabric, "mlx5", &hca, &index), 0);
	send_rc(fabric, flags, gid, hca, hca, fabric_self(fabric));
	assert_int_equal(fabric_receive(fabric, 10, ignore, NULL), 1);
	fabric_leave(fabric);
}

/* ---- the dissector ---- */

static bool have_tshark(void)
{
	return system("tshark --version >/dev/null 2>&1") == 0;
}

/* Output of tshark with these arguments; skips the test if there is none. */
static const char *dissect(const char *arguments)
{
	static char output[8192];
	char command[512];
	size_t got;
	FILE *pipe;

	if (!have_tshark()) {
		print_message("SKIPPED: tshark is not installed\n");
		skip();
	}
	snprintf(command, sizeof(command), "tshark -r %s %s 2>/dev/null", path, arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	got = fread(output, 1, sizeof(output) - 1, pipe);
	output[got] = '\0';
	assert_int_equal(pclose(pipe), 0);
	return output;
}

#define BTH_FIELDS                                                                                 \
	" -e infiniband.bth.opcode -e infiniband.bth.destqp -e infiniband.bth.psn -e "             \
	"infiniband.bth.a"
#define BTH_VALUES "4\t0x123456\t703710\t1"

static void nothing_is_malformed(void)
{
	assert_string_equal(dissect("-Y '_ws.malformed || _ws.expert.severity == error'"), "");
}

static void infiniband_packet_dissects(void **state)
{
	(void)state;
	capture_one(FABRIC_PORT_IB, 0, 0);
	nothing_is_malformed();
	assert_string_equal(dissect("-T fields -e infiniband.lrh.sl -e infiniband.lrh.dlid -e "
				    "infiniband.lrh.pktlen" BTH_FIELDS),
			    "3\t49\t14\t" BTH_VALUES "\n3\t49\t14\t" BTH_VALUES "\n");
}

static void infiniband_packet_with_grh_dissects(void **state)
{
	(void)state;
	capture_one(FABRIC_PORT_IB, PACKET_GRH, 0);
	nothing_is_malformed();
	assert_string_equal(dissect("-c 1 -T fields -e infiniband.grh.paylen -e "
				    "infiniband.grh.hoplmt -e infiniband.grh.sgid" BTH_FIELDS),
			    "48\t17\tfe80::248:4300:3:101\t" BTH_VALUES "\n");
}

static void roce_v2_over_ip4_dissects(void **state)
{
	(void)state;
	capture_one(FABRIC_PORT_ETH, PACKET_GRH, 3);
	nothing_is_malformed();
	assert_string_equal(
		dissect("-c 1 -o ip.check_checksum:TRUE -T fields -e ip.src -e ip.ttl -e "
			"ip.checksum.status -e udp.dstport -e udp.length" BTH_FIELDS),
		"10.77.0.3\t17\t1\t4791\t56\t" BTH_VALUES "\n");
}

static void roce_v2_over_ip6_dissects(void **state)
{
	(void)state;
	capture_one(FABRIC_PORT_ETH, PACKET_GRH, 1);
	nothing_is_malformed();
	assert_string_equal(
		dissect("-c 1 -o udp.check_checksum:TRUE -T fields -e ipv6.src "
			"-e ipv6.hlim -e udp.checksum.status -e udp.dstport" BTH_FIELDS),
		"fe80::48:43ff:fe00:301\t17\t1\t4791\t" BTH_VALUES "\n");
}

static void roce_v1_dissects(void **state)
{
	(void)state;
	capture_one(FABRIC_PORT_ETH, PACKET_GRH | PACKET_ROCE_V1, 0);
	nothing_is_malformed();
	assert_string_equal(dissect("-c 1 -T fields -e eth.type -e eth.src -e "
				    "infiniband.grh.paylen" BTH_FIELDS),
			    "0x8915\t02:48:43:00:03:01\t48\t" BTH_VALUES "\n");
}

/* ---- the file ---- */

static int capture_in_child(void *arg)
{
	struct fabric *fabric = join_with(3, FABRIC_PORT_IB, NULL, path);
	uint8_t bytes[1000] = {0};

	(void)arg;
	for (int i = 0; fabric && i < 500; i++) {
		if (try_send(fabric, fabric_self(fabric), bytes, sizeof(bytes)) != 0)
			return 1;
		if (fabric_receive(fabric, 10, ignore, NULL) != 1)
			return 1;
	}
	if (!fabric)
		return 1;
	fabric_leave(fabric);
	return 0;
}

/* Walks the blocks: each says its length at both ends. Returns how many packets there are. */
static unsigned int count_packets(void)
{
	unsigned int packets = 0;
	uint32_t head[2], tail;
	int fd = open(path, O_RDONLY);
	off_t at = 0;

	assert_true(fd >= 0);
	while (pread(fd, head, sizeof(head), at) == sizeof(head)) {
		assert_int_equal(head[1] % 4, 0);
		assert_int_equal(pread(fd, &tail, 4, at + head[1] - 4), 4);
		assert_int_equal(tail, head[1]);
		packets += head[0] == 6;
		at += head[1];
	}
	assert_int_equal(lseek(fd, 0, SEEK_END), at);
	close(fd);
	return packets;
}

static void several_processes_share_a_file(void **state)
{
	pid_t children[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		children[i] = start_child(capture_in_child, NULL);
	for (int i = 0; i < 4; i++)
		finish_child(children[i]);
	assert_int_equal(count_packets(), 4 * 500 * 2);
}

static bool both_packets_are_there(void *fabric)
{
	assert_int_equal(fabric_receive(fabric, 10, ignore, NULL), 0);
	return count_packets() == 2;
}

static void idle_capture_is_written(void **state)
{
	struct fabric *fabric = join_with(3, FABRIC_PORT_IB, NULL, path);
	uint8_t bytes[64] = {0};

	(void)state;
	assert_int_equal(try_send(fabric, fabric_self(fabric), bytes, sizeof(bytes)), 0);
	assert_int_equal(fabric_receive(fabric, 10, ignore, NULL), 1);
	wait_until(both_packets_are_there, fabric);
	fabric_leave(fabric);
}

static void file_of_another_kind_is_refused(void **state)
{
	struct fabric_options options = {
		.name = fabric_name(), .host = 1, .port_type = FABRIC_PORT_IB, .capture = path};
	struct fabric *fabric = NULL;
	char reason[512] = "";
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	(void)state;
	assert_int_equal(write(fd, "precious", 8), 8);
	assert_int_equal(fabric_join(&options, &fabric, reason, sizeof(reason)), EEXIST);
	assert_non_null(strstr(reason, path));
	assert_int_equal(lseek(fd, 0, SEEK_END), 8);
	close(fd);
	options.capture = "/nonexistent/folder/file";
	assert_int_equal(fabric_join(&options, &fabric, reason, sizeof(reason)), ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(infiniband_packet_dissects, setup, teardown),
		cmocka_unit_test_setup_teardown(infiniband_packet_with_grh_dissects, setup,
						teardown),
		cmocka_unit_test_setup_teardown(roce_v2_over_ip4_dissects, setup, teardown),
		cmocka_unit_test_setup_teardown(roce_v2_over_ip6_dissects, setup, teardown),
		cmocka_unit_test_setup_teardown(roce_v1_dissects, setup, teardown),
		cmocka_unit_test_setup_teardown(several_processes_share_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(idle_capture_is_written, setup, teardown),
		cmocka_unit_test_setup_teardown(file_of_another_kind_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
