/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prints the methods that direct verbs of libmlx5 call for DEVX: run once with stock libraries and
 * once with ours, the outputs must be equal. The program's own ioctl() stands in front of the C
 * library's and answers the driver's methods itself, as a kernel with DEVX would; all others go on
 * to the device. Attributes are printed in the order of their numbers.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <infiniband/mlx5dv.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl_cmds.h>

enum { NAMESPACE = 0x1000, OBJECT_DEVX = 0x1000, OBJECT_UAR = 0x1008, ANSWER_BYTES = 0x110 };
enum { OBJECT_CMD_FD = 0x1004, OBJECT_EVENT_FD = 0x1005 };
enum { BUSY = 0x06 }; /* a status of the device */

static bool recording;
static int refusal;		      /* errno of the next call */
static uint8_t answer[ANSWER_BYTES];  /* begins every attribute that goes out; byte 0: the status */
static uint32_t next_handle = 0x1001; /* of new objects */

static void need(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

/* ---- the kernel ---- */

/* By rdma/mlx5_user_ioctl_cmds.h. */
static bool goes_out(const struct ib_uverbs_ioctl_hdr *call, uint16_t attr)
{
	static const uint16_t out[][3] = {
		{0x1000, 0x1000, 0x1001}, {0x1000, 0x1002, 0x1001}, {0x1001, 0x1000, 0x1002},
		{0x1001, 0x1002, 0x1002}, {0x1001, 0x1003, 0x1002}, {0x1002, 0x1000, 0x1004},
		{0x1006, 0x1000, 0x1001}, {0x1006, 0x1000, 0x1002}, {0x1006, 0x1000, 0x1003},
		{0x1007, 0x1000, 0x1003},
	};

	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		if (out[i][0] == call->object_id && out[i][1] == call->method_id &&
		    out[i][2] == attr)
			return true;
	return false;
}

static int by_number(const void *one, const void *other)
{
	const struct ib_uverbs_attr *const *a = one, *const *b = other;

	return (int)(*a)->attr_id - (int)(*b)->attr_id;
}

static void print_bytes(const struct ib_uverbs_attr *attr)
{
	const uint8_t *bytes = attr->len > sizeof(attr->data) ? (const void *)(uintptr_t)attr->data
							      : (const void *)&attr->data;
	uint32_t len = attr->len > sizeof(attr->data) ? attr->len : sizeof(attr->data);

	for (uint32_t i = 0; i < len; i++)
		printf("%s%02x", i && i % 32 == 0 ? "\n      " : i % 4 == 0 ? " " : "", bytes[i]);
}

static void print_call(struct ib_uverbs_ioctl_hdr *call)
{
	struct ib_uverbs_attr *sorted[32];

	need(call->num_attrs <= 32, "number of attributes");
	printf("  method %#x/%#x\n", call->object_id, call->method_id);
	for (unsigned int i = 0; i < call->num_attrs; i++)
		sorted[i] = &call->attrs[i];
	qsort(sorted, call->num_attrs, sizeof(sorted[0]), by_number);
	for (unsigned int i = 0; i < call->num_attrs; i++) {
		printf("    %#x %u bytes, flags %u:", sorted[i]->attr_id, sorted[i]->len,
		       sorted[i]->flags);
		if (goes_out(call, sorted[i]->attr_id))
			printf(" out");
		else
			print_bytes(sorted[i]);
		printf("\n");
	}
}

/* A new object has an attribute without data, whose number comes back in it. */
static void answer_call(struct ib_uverbs_ioctl_hdr *call)
{
	bool is_fd = call->object_id == OBJECT_CMD_FD || call->object_id == OBJECT_EVENT_FD;

	for (unsigned int i = 0; i < call->num_attrs; i++) {
		struct ib_uverbs_attr *attr = &call->attrs[i];

		if (goes_out(call, attr->attr_id))
			memcpy((void *)(uintptr_t)attr->data, answer, attr->len);
		else if (call->method_id == NAMESPACE && attr->attr_id == NAMESPACE && !attr->len &&
			 call->object_id != OBJECT_DEVX)
			attr->data = is_fd ? (uint64_t)dup(STDIN_FILENO) : next_handle++;
	}
}

/* At the opening, a stock library asks for capabilities: it is told that there are all. */
static void tell_capabilities(struct ib_uverbs_ioctl_hdr *call)
{
	for (unsigned int i = 0; i < call->num_attrs; i++) {
		struct ib_uverbs_attr *attr = &call->attrs[i];

		if (!goes_out(call, attr->attr_id))
			continue;
		memset((void *)(uintptr_t)attr->data, 0xff, attr->len);
		memset((void *)(uintptr_t)attr->data, 0, 16);
	}
}

static bool is_ours(unsigned long request, const struct ib_uverbs_ioctl_hdr *call)
{
	return request == RDMA_VERBS_IOCTL && call->object_id >= NAMESPACE &&
	       call->object_id != OBJECT_UAR;
}

/* The libraries' calls come here, since the program is looked at first. */
__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int, unsigned long, ...);
	struct ib_uverbs_ioctl_hdr *call;
	va_list arguments;

	va_start(arguments, request);
	call = va_arg(arguments, void *);
	va_end(arguments);
	if (!is_ours(request, call)) {
		*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
		return next(fd, request, call);
	}
	if (!recording) {
		tell_capabilities(call);
		return 0;
	}
	print_call(call);
	answer_call(call);
	if (!refusal)
		return 0;
	errno = refusal;
	refusal = 0;
	return -1;
}

/* ---- the program ---- */

static struct ibv_context *context;
static struct ibv_pd *pd;
static struct ibv_cq *cq;
static const uint8_t command[24] = {5, 0x0b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static uint8_t out[64];

static void told(const char *what, int err)
{
	printf("%s: %d\n", what, err);
}

static void *made(const char *what, void *object)
{
	printf("%s: %s\n", what, object ? "made" : strerror(errno));
	return object;
}

static void objects(void)
{
	struct mlx5dv_devx_obj *obj;
	uint32_t eqn = 0;

	told("general", mlx5dv_devx_general_cmd(context, command, 24, out, 16));
	told("general of 8 bytes", mlx5dv_devx_general_cmd(context, command, 8, out, 16));
	refusal = EREMOTEIO;
	told("general refused", mlx5dv_devx_general_cmd(context, command, 24, out, 16));
	obj = made("object", mlx5dv_devx_obj_create(context, command, 24, out, 16));
	told("query", mlx5dv_devx_obj_query(obj, command, 20, out, 24));
	told("modify", mlx5dv_devx_obj_modify(obj, command, 20, out, 24));
	refusal = EBUSY;
	told("destroy busy", mlx5dv_devx_obj_destroy(obj));
	told("destroy", mlx5dv_devx_obj_destroy(obj));
	refusal = EREMOTEIO;
	made("object refused", mlx5dv_devx_obj_create(context, command, 24, out, 16));
	told("vector", mlx5dv_devx_query_eqn(context, 3, &eqn));
	printf("event queue %#x\n", eqn);
}

/* Handles of verbs objects are what the device has given. */
static void objects_of_verbs(void)
{
	struct ibv_qp_init_attr attr = {.send_cq = cq,
					.recv_cq = cq,
					.cap = {.max_send_wr = 1, .max_send_sge = 1},
					.qp_type = IBV_QPT_RC};
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = 1, .max_sge = 1}};
	struct ibv_srq *srq = ibv_create_srq(pd, &srq_attr);
	struct ibv_qp *qp = ibv_create_qp(pd, &attr);

	need(srq && qp, "queues");
	cq->handle = 0x11;
	qp->handle = 0x22;
	srq->handle = 0x33;
	told("query CQ", mlx5dv_devx_cq_query(cq, command, 20, out, 24));
	told("modify CQ", mlx5dv_devx_cq_modify(cq, command, 20, out, 24));
	told("query QP", mlx5dv_devx_qp_query(qp, command, 20, out, 24));
	told("modify QP", mlx5dv_devx_qp_modify(qp, command, 20, out, 24));
	told("query SRQ", mlx5dv_devx_srq_query(srq, command, 20, out, 24));
	told("modify SRQ", mlx5dv_devx_srq_modify(srq, command, 20, out, 24));
}

static void later(void)
{
	struct mlx5dv_devx_obj *obj;
	struct mlx5dv_devx_cmd_comp *comp;
	struct mlx5dv_devx_event_channel *channel;
	uint16_t events[] = {1, 2, 3, 4, 5};

	obj = made("object", mlx5dv_devx_obj_create(context, command, 24, out, 16));
	comp = made("answers", mlx5dv_devx_create_cmd_comp(context));
	told("query", mlx5dv_devx_obj_query_async(obj, command, 20, 24, 0x1122, comp));
	channel = made("events", mlx5dv_devx_create_event_channel(context, 0));
	told("subscribe", mlx5dv_devx_subscribe_devx_event(channel, obj, 6, events, 0x99));
	told("subscribe, device", mlx5dv_devx_subscribe_devx_event(channel, NULL, 10, events, 1));
	told("by descriptor", mlx5dv_devx_subscribe_devx_event_fd(channel, 7, obj, 4));
	told("by descriptor, device", mlx5dv_devx_subscribe_devx_event_fd(channel, 7, NULL, 4));
	mlx5dv_devx_destroy_event_channel(channel);
	made("events without data",
	     mlx5dv_devx_create_event_channel(context,
					      MLX5DV_DEVX_CREATE_EVENT_CHANNEL_FLAGS_OMIT_EV_DATA));
	mlx5dv_devx_destroy_cmd_comp(comp);
}

static void memory(void)
{
	struct mlx5dv_devx_umem_in in = {
		.addr = (void *)0x10000, .size = 0x3000, .access = 1, .pgsz_bitmap = 0x1000};
	struct mlx5dv_devx_umem *umem;
	struct mlx5dv_var *var;
	struct mlx5dv_pp *pp;

	umem = made("memory", mlx5dv_devx_umem_reg(context, (void *)0x10000, 0x3000, 7));
	printf("number %#x\n", umem->umem_id);
	made("memory of pages", mlx5dv_devx_umem_reg_ex(context, &in));
	in.comp_mask = MLX5DV_UMEM_MASK_DMABUF;
	in.dmabuf_fd = 5;
	made("memory of a dma-buf", mlx5dv_devx_umem_reg_ex(context, &in));
	in.comp_mask = 2;
	made("memory of some kind", mlx5dv_devx_umem_reg_ex(context, &in));
	var = made("doorbells", mlx5dv_alloc_var(context, 0));
	printf("page %#x, %u bytes at %#llx\n", var->page_id, var->length,
	       (unsigned long long)var->mmap_off);
	mlx5dv_free_var(var);
	pp = made("pacing", mlx5dv_pp_alloc(context, 20, command, 1));
	printf("index %u\n", pp->index);
	mlx5dv_pp_free(pp);
}

/* The page itself comes from the device. Which one is up to the library: some are shared. */
static void registers(void)
{
	for (uint32_t flags = 0; flags < 4; flags++) {
		struct mlx5dv_devx_uar *uar =
			made("registers", mlx5dv_devx_alloc_uar(context, flags));

		if (!uar)
			continue;
		printf("at %td of the page, rest %#llx\n",
		       (char *)uar->reg_addr - (char *)uar->base_addr,
		       (unsigned long long)uar->comp_mask);
		mlx5dv_devx_free_uar(uar);
	}
}

/* ---- keys ---- */

static void free_keys(void)
{
	/* With more than 65532 the stock library's number of places begins again at 0. */
	static const uint16_t entries[] = {0, 1, 4, 5, 100, 65532};
	/* Signatures: ours makes no keys for them. */
	const uint32_t left_out = MLX5DV_MKEY_INIT_ATTR_FLAGS_BLOCK_SIGNATURE;

	for (uint32_t flags = 0; flags < 64; flags++) {
		struct mlx5dv_mkey_init_attr attr = {.pd = pd, .create_flags = flags};

		attr.max_entries = entries[flags % (sizeof(entries) / sizeof(entries[0]))];
		if (flags & left_out)
			continue;
		printf("flags %#x, %u entries\n", flags, attr.max_entries);
		made("key", mlx5dv_create_mkey(&attr));
	}
}

static void free_key_and_its_end(void)
{
	struct mlx5dv_mkey_init_attr attr = {
		.pd = pd, .create_flags = MLX5DV_MKEY_INIT_ATTR_FLAGS_INDIRECT, .max_entries = 3};
	struct mlx5dv_mkey *mkey = made("key", mlx5dv_create_mkey(&attr));

	printf("keys %#x %#x\n", mkey->lkey, mkey->rkey);
	told("end", mlx5dv_destroy_mkey(mkey));
}

static void data_keys(struct mlx5dv_crypto_login_obj *login)
{
	struct mlx5dv_dek_init_attr attr = {.pd = pd, .opaque = "opaque", .key = "0123456789"};

	if (login) {
		attr.comp_mask = MLX5DV_DEK_INIT_ATTR_CRYPTO_LOGIN;
		attr.crypto_login = login;
	}
	for (unsigned int i = 0; i < 4; i++) {
		struct mlx5dv_dek_attr told_attr = {};
		struct mlx5dv_dek *dek;

		attr.key_size = (enum mlx5dv_crypto_key_size)(i & 1);
		attr.has_keytag = i & 2;
		dek = made("key of data", mlx5dv_dek_create(context, &attr));
		if (!dek)
			continue;
		answer[0x18] = (uint8_t)i;
		told("how it is", mlx5dv_dek_query(dek, &told_attr));
		if (i < 2)
			printf("  %d %.8s\n", told_attr.state, told_attr.opaque);
		told("end", mlx5dv_dek_destroy(dek));
	}
	answer[0x18] = 0;
	attr.key_purpose = (enum mlx5dv_crypto_key_purpose)1;
	made("key of another purpose", mlx5dv_dek_create(context, &attr));
	attr.key_purpose = MLX5DV_CRYPTO_KEY_PURPOSE_AES_XTS;
	attr.comp_mask = 2;
	made("key with attributes", mlx5dv_dek_create(context, &attr));
}

/* The same later, when there is something to ask about and to end. */
static void refused_later(struct mlx5dv_crypto_login_attr_ex *attr)
{
	struct mlx5dv_crypto_login_query_attr state = {};
	struct mlx5dv_crypto_login_obj *login;

	answer[0] = BUSY;
	refusal = EREMOTEIO;
	made("login refused", mlx5dv_crypto_login_create(context, attr));
	answer[0] = 0;
	login = made("login", mlx5dv_crypto_login_create(context, attr));
	answer[0] = BUSY;
	refusal = EREMOTEIO;
	told("state refused", mlx5dv_crypto_login_query(login, &state));
	refusal = EREMOTEIO;
	told("logout refused", mlx5dv_crypto_login_destroy(login));
	answer[0] = 0;
	told("logout", mlx5dv_crypto_login_destroy(login));
}

/* And of keys of data. */
static void keys_refused(void)
{
	struct mlx5dv_dek_init_attr attr = {.pd = pd};
	struct mlx5dv_dek_attr state = {};
	struct mlx5dv_dek *dek;

	answer[0] = BUSY;
	refusal = EREMOTEIO;
	made("key of data refused", mlx5dv_dek_create(context, &attr));
	answer[0] = 0;
	dek = made("key of data", mlx5dv_dek_create(context, &attr));
	answer[0] = BUSY;
	refusal = EREMOTEIO;
	told("how it is, refused", mlx5dv_dek_query(dek, &state));
	answer[0] = 0;
	told("end", mlx5dv_dek_destroy(dek));
}

/* What the device says against something made for encryption becomes an errno. */
static void refusals(struct mlx5dv_crypto_login_attr *attr)
{
	struct mlx5dv_mkey_init_attr key = {
		.pd = pd, .create_flags = MLX5DV_MKEY_INIT_ATTR_FLAGS_INDIRECT, .max_entries = 3};

	for (unsigned int status = 1; status < 0x60; status++) {
		answer[0] = (uint8_t)status;
		refusal = EREMOTEIO;
		printf("status %#x\n", status);
		told("login", mlx5dv_crypto_login(context, attr));
	}
	refusal = EREMOTEIO;
	made("key", mlx5dv_create_mkey(&key));
	answer[0] = BUSY;
	refusal = EREMOTEIO;
	made("key, busy", mlx5dv_create_mkey(&key));
	answer[0] = 0;
	refusal = EPERM;
	told("login not allowed", mlx5dv_crypto_login(context, attr));
}

static void logins(void)
{
	struct mlx5dv_crypto_login_attr attr = {
		.credential_id = 0x234567, .import_kek_id = 0x654321, .credential = "credential"};
	enum mlx5dv_crypto_login_state state = MLX5DV_CRYPTO_LOGIN_STATE_VALID;

	data_keys(NULL);
	told("logout", mlx5dv_crypto_logout(context));
	told("state", mlx5dv_crypto_login_query_state(context, &state));
	printf("  %d\n", state);
	attr.comp_mask = 1;
	told("login with attributes", mlx5dv_crypto_login(context, &attr));
	attr.comp_mask = 0;
	attr.credential_id = 1 << 24;
	told("login with a large number", mlx5dv_crypto_login(context, &attr));
	attr.credential_id = 0x234567;
	refusals(&attr);
	told("login", mlx5dv_crypto_login(context, &attr));
	told("again", mlx5dv_crypto_login(context, &attr));
	for (unsigned int i = 0; i < 3; i++) {
		answer[0x20] = (uint8_t)(0xa0 | i);
		told("state", mlx5dv_crypto_login_query_state(context, &state));
		printf("  %d\n", state);
	}
	data_keys(NULL);
	keys_refused();
	answer[0] = BUSY;
	refusal = EREMOTEIO;
	told("state refused", mlx5dv_crypto_login_query_state(context, &state));
	refusal = EREMOTEIO;
	told("logout refused", mlx5dv_crypto_logout(context));
	answer[0] = 0;
	told("logout", mlx5dv_crypto_logout(context));
}

static void login_objects(void)
{
	struct mlx5dv_crypto_login_attr_ex attr = {
		.credential_id = 1,
		.import_kek_id = 2,
		.credential = "0123456789012345678901234567890123456789abcdefgh",
		.credential_len = 48};
	struct mlx5dv_crypto_login_query_attr state = {};
	struct mlx5dv_crypto_login_obj *login;

	login = made("login", mlx5dv_crypto_login_create(context, &attr));
	answer[0x20] = 1;
	told("state", mlx5dv_crypto_login_query(login, &state));
	printf("  %d\n", state.state);
	answer[0x20] = 0;
	data_keys(login);
	told("logout", mlx5dv_crypto_login_destroy(login));
	refused_later(&attr);
	attr.comp_mask = 1;
	made("login with attributes", mlx5dv_crypto_login_create(context, &attr));
}

int main(void)
{
	struct ibv_device **devices = ibv_get_device_list(NULL);

	need(devices && devices[0], "device");
	context = ibv_open_device(devices[0]);
	need(context, "open_device");
	ibv_free_device_list(devices);
	pd = ibv_alloc_pd(context);
	cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	need(pd && cq, "PD and CQ");
	recording = true;
	for (unsigned int i = 0; i < 16; i++)
		answer[i] = (uint8_t)(i ? i * 0x11 : 0);

	objects();
	objects_of_verbs();
	later();
	memory();
	registers();
	free_keys();
	free_key_and_its_end();
	logins();
	login_objects();
	printf("complete\n");
	fflush(stdout);
	/* Handles of queues have been changed, and the device need not hear of it. */
	_exit(0);
}
