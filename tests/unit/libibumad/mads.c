/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A question and its answer between two agents of one port, and a question that nobody answers: for
 * a kernel, tests/guest/test_umad.py. Ends with "as it should be" or the number of the line that is
 * not.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>

#include <infiniband/umad_types.h>

enum { CLASS = 0x35, LENGTH = 256, PATIENCE_MS = 10000 };

static uint8_t oui[3] = {0x00, 0x14, 0x05};

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("line %d: %s is not so (errno %d)\n", __LINE__, #condition, errno); \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

struct buffer {
	ib_user_mad_t header;
	struct umad_vendor_packet mad;
};

static void fill(struct buffer *buffer, uint8_t method, uint64_t tid)
{
	memset(&buffer->mad, 0, sizeof(buffer->mad));
	buffer->mad.mad_hdr.base_version = UMAD_BASE_VERSION;
	buffer->mad.mad_hdr.mgmt_class = CLASS;
	buffer->mad.mad_hdr.class_version = 1;
	buffer->mad.mad_hdr.method = method;
	buffer->mad.mad_hdr.tid = htobe64(tid);
	memcpy(buffer->mad.oui, oui, sizeof(oui));
	memset(buffer->mad.data, method, sizeof(buffer->mad.data));
}

/* To this very port, which on Ethernet takes a global route. */
static void address(struct buffer *buffer, const umad_port_t *port)
{
	ib_mad_addr_t grh = {.hop_limit = 64};

	grh.ib_gid.global.subnet_prefix = port->gid_prefix;
	grh.ib_gid.global.interface_id = port->port_guid;
	umad_set_addr(buffer, (int)port->base_lid, 1, 0, (int)UMAD_QKEY);
	umad_set_grh(buffer, strcmp(port->link_layer, "Ethernet") ? NULL : &grh);
	umad_set_pkey(buffer, 0);
}

static void ask_and_answer(const umad_port_t *port, int asker, int asking, int answerer,
			   int answering)
{
	struct buffer buffer = {0};
	int length = LENGTH;

	fill(&buffer, UMAD_METHOD_GET, 0x1234);
	address(&buffer, port);
	EXPECT(!umad_send(asker, asking, &buffer, LENGTH, PATIENCE_MS, 0));
	memset(&buffer, 0, sizeof(buffer));
	EXPECT(umad_recv(answerer, &buffer, &length, PATIENCE_MS) == answering);
	EXPECT(length == LENGTH && !umad_status(&buffer));
	EXPECT(buffer.mad.mad_hdr.method == UMAD_METHOD_GET && buffer.mad.data[9] == 1);
	/* Back to where it came from, with the same number. */
	buffer.mad.mad_hdr.method = UMAD_METHOD_GET_RESP;
	EXPECT(!umad_send(answerer, answering, &buffer, LENGTH, 0, 0));
	memset(&buffer, 0, sizeof(buffer));
	length = LENGTH;
	EXPECT(umad_recv(asker, &buffer, &length, PATIENCE_MS) == asking);
	EXPECT(!umad_status(&buffer) && buffer.mad.mad_hdr.method == UMAD_METHOD_GET_RESP);
	EXPECT((uint32_t)be64toh(buffer.mad.mad_hdr.tid) == 0x1234);
}

/* For methods that nobody has registered for, the kernel answers. */
static void ask_for_too_much(const umad_port_t *port, int asker, int asking)
{
	struct buffer buffer = {0};
	int length = LENGTH;

	fill(&buffer, UMAD_METHOD_SET, 0x77);
	address(&buffer, port);
	EXPECT(!umad_send(asker, asking, &buffer, LENGTH, PATIENCE_MS, 0));
	EXPECT(umad_recv(asker, &buffer, &length, PATIENCE_MS) == asking);
	EXPECT(!umad_status(&buffer));
	EXPECT(buffer.mad.mad_hdr.status == htobe16(UMAD_STATUS_ATTR_NOT_SUPPORTED));
}

/* It comes back by itself, with the status that says so. */
static void ask_in_vain(const umad_port_t *port, int asker, int asking)
{
	struct buffer buffer = {0};
	int length = LENGTH;

	fill(&buffer, UMAD_METHOD_SEND, 0x99);
	address(&buffer, port);
	EXPECT(!umad_send(asker, asking, &buffer, LENGTH, 100, 1));
	EXPECT(umad_recv(asker, &buffer, &length, PATIENCE_MS) == asking);
	EXPECT(umad_status(&buffer) == ETIMEDOUT);
}

int main(int argc, char **argv)
{
	long methods[16 / sizeof(long)] = {1L << UMAD_METHOD_GET};
	struct umad_reg_attr attr = {.mgmt_class = CLASS,
				     .mgmt_class_version = 1,
				     .oui = (uint32_t)oui[0] << 16 | (uint32_t)oui[1] << 8 | oui[2],
				     .flags = 1u << 31};
	int asker, answerer, asking, answering;
	umad_port_t port;
	uint32_t id;

	EXPECT(argc == 2 && !umad_init() && !umad_get_port(argv[1], 1, &port));
	asker = umad_open_port(argv[1], 1);
	answerer = umad_open_port(argv[1], UMAD_ANY_PORT);
	EXPECT(asker >= 0 && answerer >= 0 && umad_get_fd(asker) == asker);
	asking = umad_register_oui(asker, CLASS, 0, oui, NULL);
	answering = umad_register_oui(answerer, CLASS, 0, oui, methods);
	EXPECT(asking >= 0 && answering >= 0);
	EXPECT(umad_register_oui(asker, CLASS, 0, oui, methods) == -EINVAL);
	EXPECT(umad_register_oui(asker, 0x29, 0, oui, NULL) == -EINVAL);
	ask_and_answer(&port, asker, asking, answerer, answering);
	ask_for_too_much(&port, asker, asking);
	ask_in_vain(&port, asker, asking);
	/* A flag that no kernel has: it says which it has. */
	EXPECT(umad_register2(asker, &attr, &id) == EINVAL && attr.flags == UMAD_USER_RMPP);
	attr.flags = 0;
	EXPECT(!umad_register2(asker, &attr, &id) && !umad_unregister(asker, (int)id));
	EXPECT(umad_unregister(asker, (int)id) == -EINVAL);
	EXPECT(!umad_close_port(asker) && !umad_close_port(answerer));
	umad_release_port(&port);
	puts("as it should be");
	return 0;
}
