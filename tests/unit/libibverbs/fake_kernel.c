/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fake_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <rdma/rdma_user_ioctl.h>

#include "libibverbs/netlink.h"

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __wrap_netlink_open(int protocol, struct nl_sock **socket);

struct fake_kernel fake_kernel;

static int uverbs_fd = -1;
static int async_pipe[2] = {-1, -1};
static int channel_pipe[2] = {-1, -1};
static unsigned int netlink_next; /* datagram */
static uint32_t netlink_question; /* its sequence number */

void fake_kernel_reset(void)
{
	memset(&fake_kernel, 0, sizeof(fake_kernel));
	fake_kernel.has_ioctl = true;
	fake_kernel.device_node = true;
	fake_kernel.node_minor = FAKE_DEV_MINOR;
	fake_kernel.command = fake_kernel_command;
	fake_kernel.method = fake_kernel_method;
	uverbs_fd = -1;
}

int fake_async_writer(void)
{
	return async_pipe[1];
}

int fake_channel_writer(void)
{
	return channel_pipe[1];
}

void fake_answer(void *to, size_t len, const void *from, size_t from_len)
{
	memcpy(to, from, len < from_len ? len : from_len);
}

/* The read end belongs to the library from here on, as in the kernel. */
static int new_event_fd(int ends[2])
{
	if (ends[1] >= 0)
		__real_close(ends[1]);
	if (pipe(ends))
		return -1;
	fake_kernel.open_fds++;
	return ends[0];
}

int __wrap_open(const char *path, int flags, ...)
{
	if (strncmp(path, "/dev/infiniband/", 16) && strncmp(path, "/dev/char/", 10))
		return __real_open(path, flags);
	if (!fake_kernel.device_node || strcmp(path, "/dev/infiniband/uverbs0")) {
		errno = ENOENT;
		return -1;
	}
	uverbs_fd = __real_open("/dev/null", flags);
	fake_kernel.open_fds++;
	return uverbs_fd;
}

int __wrap_close(int fd)
{
	if (fd >= 0 && (fd == uverbs_fd || fd == async_pipe[0] || fd == channel_pipe[0])) {
		fake_kernel.open_fds--;
		if (fd == uverbs_fd)
			uverbs_fd = -1;
		if (fd == async_pipe[0])
			async_pipe[0] = -1;
		if (fd == channel_pipe[0])
			channel_pipe[0] = -1;
	}
	return __real_close(fd);
}

int __wrap_fstat(int fd, struct stat *status)
{
	int result = __real_fstat(fd, status);

	if (!result && fd == uverbs_fd)
		status->st_rdev = makedev(FAKE_DEV_MAJOR, fake_kernel.node_minor);
	return result;
}

struct ib_uverbs_attr *fake_attr(struct ib_uverbs_ioctl_hdr *header, uint16_t attr_id)
{
	for (unsigned int i = 0; i < header->num_attrs; i++)
		if (header->attrs[i].attr_id == attr_id)
			return &header->attrs[i];
	return NULL;
}

/* Up to 8 bytes of data in are in the attribute itself. */
static const void *data_in(const struct ib_uverbs_attr *attr, size_t *len)
{
	*len = attr ? attr->len : 0;
	if (!attr || !attr->len)
		return NULL;
	return attr->len <= 8 ? (const void *)&attr->data : (const void *)(uintptr_t)attr->data;
}

static void *data_out(const struct ib_uverbs_attr *attr, size_t *len)
{
	*len = attr ? attr->len : 0;
	return attr ? (void *)(uintptr_t)attr->data : NULL;
}

static int run_command(const struct fake_command *command)
{
	fake_kernel.commands++;
	fake_kernel.last_number = command->number;
	return fake_kernel.command(command);
}

static int invoke_write(struct ib_uverbs_ioctl_hdr *header)
{
	struct ib_uverbs_attr *number = fake_attr(header, UVERBS_ATTR_WRITE_CMD);
	struct fake_command command = {};

	if (!number || number->len != 8)
		return EINVAL;
	command.number = number->data;
	command.in = data_in(fake_attr(header, UVERBS_ATTR_CORE_IN), &command.in_len);
	command.out = data_out(fake_attr(header, UVERBS_ATTR_CORE_OUT), &command.out_len);
	command.private_in =
		data_in(fake_attr(header, UVERBS_ATTR_UHW_IN), &command.private_in_len);
	command.private_out =
		data_out(fake_attr(header, UVERBS_ATTR_UHW_OUT), &command.private_out_len);
	/* The probe: a question with nowhere to put the answer. */
	if (command.number == IB_USER_VERBS_CMD_QUERY_DEVICE && !command.out)
		return ENOSPC;
	return run_command(&command);
}

static int run_ioctl(struct ib_uverbs_ioctl_hdr *header)
{
	if (header->length != sizeof(*header) + header->num_attrs * sizeof(header->attrs[0]) ||
	    header->reserved1 || header->reserved2 || header->driver_id != FAKE_DRIVER_ID)
		return EINVAL;
	if (header->object_id == UVERBS_OBJECT_DEVICE &&
	    header->method_id == UVERBS_METHOD_INVOKE_WRITE)
		return invoke_write(header);
	fake_kernel.methods++;
	return fake_kernel.method(header);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *header;
	int err;

	va_start(args, request);
	header = va_arg(args, void *);
	va_end(args);
	if (fd != uverbs_fd || request != RDMA_VERBS_IOCTL || !fake_kernel.has_ioctl)
		err = ENOTTY;
	else
		err = run_ioctl(header);
	if (!err)
		return 0;
	errno = err;
	return -1;
}

/* The answer's core part comes first; how long it is only the command tells. */
static size_t core_out_len(uint32_t number)
{
	switch (number) {
	case IB_USER_VERBS_CMD_GET_CONTEXT:
		return sizeof(struct ib_uverbs_get_context_resp);
	case IB_USER_VERBS_CMD_QUERY_DEVICE:
		return sizeof(struct ib_uverbs_query_device_resp);
	case IB_USER_VERBS_CMD_QUERY_PORT:
		return sizeof(struct ib_uverbs_query_port_resp);
	case IB_USER_VERBS_CMD_ALLOC_PD:
		return sizeof(struct ib_uverbs_alloc_pd_resp);
	case IB_USER_VERBS_CMD_REG_MR:
		return sizeof(struct ib_uverbs_reg_mr_resp);
	case IB_USER_VERBS_CMD_REREG_MR:
		return sizeof(struct ib_uverbs_rereg_mr_resp);
	case IB_USER_VERBS_CMD_CREATE_COMP_CHANNEL:
		return sizeof(struct ib_uverbs_create_comp_channel_resp);
	case IB_USER_VERBS_CMD_CREATE_CQ:
		return sizeof(struct ib_uverbs_create_cq_resp);
	case IB_USER_VERBS_CMD_DESTROY_CQ:
		return sizeof(struct ib_uverbs_destroy_cq_resp);
	case IB_USER_VERBS_CMD_CREATE_QP:
		return sizeof(struct ib_uverbs_create_qp_resp);
	case IB_USER_VERBS_CMD_QUERY_QP:
		return sizeof(struct ib_uverbs_query_qp_resp);
	case IB_USER_VERBS_CMD_DESTROY_QP:
		return sizeof(struct ib_uverbs_destroy_qp_resp);
	case IB_USER_VERBS_CMD_CREATE_SRQ:
	case IB_USER_VERBS_CMD_CREATE_XSRQ:
		return sizeof(struct ib_uverbs_create_srq_resp);
	case IB_USER_VERBS_CMD_OPEN_XRCD:
		return sizeof(struct ib_uverbs_open_xrcd_resp);
	case IB_USER_VERBS_CMD_OPEN_QP:
		return sizeof(struct ib_uverbs_create_qp_resp);
	case IB_USER_VERBS_CMD_DESTROY_SRQ:
		return sizeof(struct ib_uverbs_destroy_srq_resp);
	default:
		return 0;
	}
}

static size_t core_in_len(uint32_t number)
{
	switch (number) {
	case IB_USER_VERBS_CMD_CREATE_CQ:
		return sizeof(struct ib_uverbs_create_cq);
	case IB_USER_VERBS_CMD_CREATE_QP:
		return sizeof(struct ib_uverbs_create_qp);
	case IB_USER_VERBS_CMD_GET_CONTEXT:
		return sizeof(struct ib_uverbs_get_context);
	default:
		return SIZE_MAX;
	}
}

static int write_classic(const char *data, size_t len)
{
	struct ib_uverbs_cmd_hdr header;
	struct fake_command command = {};
	uint64_t response = 0;
	size_t body;

	memcpy(&header, data, sizeof(header));
	if (header.in_words * 4u != len)
		return EINVAL;
	body = len - sizeof(header);
	command.number = header.command;
	command.in = data + sizeof(header);
	command.in_len = body < core_in_len(header.command) ? body : core_in_len(header.command);
	command.private_in = data + sizeof(header) + command.in_len;
	command.private_in_len = body - command.in_len;
	if (header.out_words) {
		memcpy(&response, command.in, sizeof(response));
		command.out = (void *)(uintptr_t)response;
		command.out_len = core_out_len(header.command);
		command.private_out = (char *)command.out + command.out_len;
		command.private_out_len = header.out_words * 4u - command.out_len;
	}
	return run_command(&command);
}

static int write_extended(const char *data, size_t len)
{
	struct ib_uverbs_cmd_hdr header;
	struct ib_uverbs_ex_cmd_hdr ex;
	struct fake_command command = {};
	size_t heads = sizeof(header) + sizeof(ex);

	memcpy(&header, data, sizeof(header));
	memcpy(&ex, data + sizeof(header), sizeof(ex));
	if ((header.in_words + ex.provider_in_words) * 8u != len - heads || ex.cmd_hdr_reserved)
		return EINVAL;
	command.number = header.command;
	command.in = data + heads;
	command.in_len = header.in_words * 8u;
	command.private_in = data + heads + command.in_len;
	command.private_in_len = ex.provider_in_words * 8u;
	command.out = (void *)(uintptr_t)ex.response;
	command.out_len = header.out_words * 8u;
	command.private_out = (char *)command.out + command.out_len;
	command.private_out_len = ex.provider_out_words * 8u;
	return run_command(&command);
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	struct ib_uverbs_cmd_hdr header;
	int err;

	if (fd < 0 || fd != uverbs_fd)
		return __real_write(fd, data, len);
	if (len < sizeof(header)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&header, data, sizeof(header));
	if (header.command & IB_USER_VERBS_CMD_FLAG_EXTENDED)
		err = write_extended(data, len);
	else
		err = write_classic(data, len);
	if (err) {
		errno = err;
		return -1;
	}
	return fake_kernel.short_write ? fake_kernel.short_write : (ssize_t)len;
}

/* Answers carry the number of the question, unless the test has put another one there. */
static int netlink_receive(struct nl_sock *socket, struct sockaddr_nl *from, unsigned char **data,
			   struct ucred **credentials)
{
	struct nlmsghdr *header;
	size_t len;

	(void)socket;
	(void)credentials;
	if (netlink_next == fake_kernel.num_datagrams)
		return -NLE_AGAIN;
	len = fake_kernel.datagram_lens[netlink_next];
	*from = (struct sockaddr_nl){.nl_family = AF_NETLINK};
	*data = len ? malloc(len) : NULL;
	if (len)
		memcpy(*data, fake_kernel.datagrams[netlink_next], len);
	netlink_next++;
	header = (struct nlmsghdr *)*data;
	if (len >= sizeof(*header) && !header->nlmsg_seq)
		header->nlmsg_seq = netlink_question;
	return len;
}

static int netlink_send(struct nl_sock *socket, struct nl_msg *question)
{
	(void)socket;
	netlink_question = nlmsg_hdr(question)->nlmsg_seq;
	return nlmsg_hdr(question)->nlmsg_len;
}

/* A socket of libnl's with nothing below it. */
int __wrap_netlink_open(int protocol, struct nl_sock **socket)
{
	struct nl_cb *callbacks;

	(void)protocol;
	if (!fake_kernel.num_datagrams)
		return EPROTONOSUPPORT;
	*socket = nl_socket_alloc();
	if (!*socket)
		return ENOMEM;
	callbacks = nl_socket_get_cb(*socket);
	nl_cb_overwrite_recv(callbacks, netlink_receive);
	nl_cb_overwrite_send(callbacks, netlink_send);
	nl_cb_put(callbacks);
	netlink_next = 0;
	return 0;
}

#define ANSWER(type, ...) fake_answer(c->out, c->out_len, &(const type){__VA_ARGS__}, sizeof(type))

int fake_kernel_command(const struct fake_command *c)
{
	switch (c->number) {
	case IB_USER_VERBS_CMD_GET_CONTEXT:
		ANSWER(struct ib_uverbs_get_context_resp, .async_fd = new_event_fd(async_pipe),
		       .num_comp_vectors = 2);
		return 0;
	case IB_USER_VERBS_EX_CMD_QUERY_DEVICE | IB_USER_VERBS_CMD_FLAG_EXTENDED:
		ANSWER(struct ib_uverbs_ex_query_device_resp,
		       .response_length = sizeof(struct ib_uverbs_ex_query_device_resp),
		       .base.max_qp = 1000, .base.phys_port_cnt = 1, .base.fw_ver = 0x123,
		       .max_dm_size = 4096);
		return 0;
	case IB_USER_VERBS_CMD_QUERY_PORT:
		ANSWER(struct ib_uverbs_query_port_resp, .gid_tbl_len = 3, .pkey_tbl_len = 2,
		       .state = 4, .lid = 7);
		return 0;
	case IB_USER_VERBS_CMD_ALLOC_PD:
		ANSWER(struct ib_uverbs_alloc_pd_resp, .pd_handle = 11);
		return 0;
	case IB_USER_VERBS_CMD_REG_MR:
		ANSWER(struct ib_uverbs_reg_mr_resp, .mr_handle = 12, .lkey = 0x1200,
		       .rkey = 0x1201);
		return 0;
	case IB_USER_VERBS_CMD_REREG_MR:
		ANSWER(struct ib_uverbs_rereg_mr_resp, .lkey = 0x1300, .rkey = 0x1301);
		return 0;
	case IB_USER_VERBS_CMD_CREATE_COMP_CHANNEL:
		ANSWER(struct ib_uverbs_create_comp_channel_resp, .fd = new_event_fd(channel_pipe));
		return 0;
	case IB_USER_VERBS_CMD_CREATE_CQ:
		ANSWER(struct ib_uverbs_create_cq_resp, .cq_handle = 13, .cqe = 63);
		return 0;
	case IB_USER_VERBS_CMD_CREATE_QP:
		ANSWER(struct ib_uverbs_create_qp_resp, .qp_handle = 14, .qpn = 0x140,
		       .max_send_wr = 16, .max_recv_wr = 17, .max_send_sge = 2, .max_recv_sge = 3,
		       .max_inline_data = 64);
		return 0;
	case IB_USER_VERBS_CMD_QUERY_QP:
		ANSWER(struct ib_uverbs_query_qp_resp, .qp_state = 1, .max_send_wr = 16,
		       .sq_sig_all = 1);
		return 0;
	case IB_USER_VERBS_CMD_CREATE_SRQ:
		ANSWER(struct ib_uverbs_create_srq_resp, .srq_handle = 15, .max_wr = 31,
		       .max_sge = 1);
		return 0;
	case IB_USER_VERBS_CMD_CREATE_XSRQ:
		ANSWER(struct ib_uverbs_create_srq_resp, .srq_handle = 16, .max_wr = 31,
		       .max_sge = 1, .srqn = 0x160);
		return 0;
	case IB_USER_VERBS_CMD_OPEN_XRCD:
		ANSWER(struct ib_uverbs_open_xrcd_resp, .xrcd_handle = 17);
		return 0;
	case IB_USER_VERBS_CMD_OPEN_QP:
		ANSWER(struct ib_uverbs_create_qp_resp, .qp_handle = 18, .qpn = 0x180);
		return 0;
	case IB_USER_VERBS_EX_CMD_CREATE_CQ | IB_USER_VERBS_CMD_FLAG_EXTENDED:
		ANSWER(struct ib_uverbs_ex_create_cq_resp, .base.cq_handle = 19, .base.cqe = 127,
		       .response_length = sizeof(struct ib_uverbs_ex_create_cq_resp));
		return 0;
	case IB_USER_VERBS_EX_CMD_CREATE_QP | IB_USER_VERBS_CMD_FLAG_EXTENDED:
		ANSWER(struct ib_uverbs_ex_create_qp_resp, .base.qp_handle = 20, .base.qpn = 0x200,
		       .response_length = sizeof(struct ib_uverbs_ex_create_qp_resp));
		return 0;
	case IB_USER_VERBS_EX_CMD_CREATE_WQ | IB_USER_VERBS_CMD_FLAG_EXTENDED:
		ANSWER(struct ib_uverbs_ex_create_wq_resp, .wq_handle = 21, .max_wr = 127,
		       .max_sge = 4, .wqn = 0x210,
		       .response_length = sizeof(struct ib_uverbs_ex_create_wq_resp));
		return 0;
	case IB_USER_VERBS_EX_CMD_CREATE_RWQ_IND_TBL | IB_USER_VERBS_CMD_FLAG_EXTENDED:
		ANSWER(struct ib_uverbs_ex_create_rwq_ind_table_resp, .ind_tbl_handle = 22,
		       .ind_tbl_num = 0x220,
		       .response_length = sizeof(struct ib_uverbs_ex_create_rwq_ind_table_resp));
		return 0;
	case IB_USER_VERBS_EX_CMD_CREATE_FLOW | IB_USER_VERBS_CMD_FLAG_EXTENDED:
		ANSWER(struct ib_uverbs_create_flow_resp, .flow_handle = 23);
		return 0;
	default:
		/* Commands without an answer, or with one that is all zero. */
		return 0;
	}
}

int fake_kernel_method(struct ib_uverbs_ioctl_hdr *header)
{
	const uint32_t vectors = 2;
	struct ib_uverbs_attr *attr;

	if (header->object_id == UVERBS_OBJECT_DEVICE &&
	    header->method_id == UVERBS_METHOD_GET_CONTEXT) {
		attr = fake_attr(header, UVERBS_ATTR_GET_CONTEXT_NUM_COMP_VECTORS);
		memcpy((void *)(uintptr_t)attr->data, &vectors, sizeof(vectors));
		return 0;
	}
	if (header->object_id == UVERBS_OBJECT_ASYNC_EVENT) {
		attr = fake_attr(header, UVERBS_ATTR_ASYNC_EVENT_ALLOC_FD_HANDLE);
		attr->data_s64 = new_event_fd(async_pipe);
		return 0;
	}
	return EPROTONOSUPPORT;
}
