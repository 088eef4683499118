/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes an encryption action where the adapter does IPsec, and says so where not. */
#include <errno.h>
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/verbs.h>

/* Ends the program where a call that makes an object has made none. */
static void *must(void *object, const char *call)
{
	if (!object)
		err(1, "%s", call);
	return object;
}

/* Ends the program where a call that returns an errno value has failed. */
static void check(int error, const char *call)
{
	if (error)
		errx(1, "%s: %s", call, strerror(error));
}

static struct ibv_context *open_first(void)
{
	struct ibv_device **list = must(ibv_get_device_list(NULL), "ibv_get_device_list");
	struct ibv_context *context;

	if (!list[0])
		errx(1, "no RDMA device");
	context = must(ibv_open_device(list[0]), "ibv_open_device");
	ibv_free_device_list(list);
	return context;
}

int main(void)
{
	struct ibv_context *context = open_first();
	struct ib_uverbs_flow_action_esp_keymat_aes_gcm key = {
		.iv_algo = IB_UVERBS_FLOW_ACTION_IV_ALGO_SEQ,
		.salt = 0x01020304,
		.icv_len = 16,
		.key_len = 16,
		.aes_key = {0x11111111, 0x22222222, 0x33333333, 0x44444444},
	};
	struct ib_uverbs_flow_action_esp esp = {
		.spi = 0x1234,
		.flags = IB_UVERBS_FLOW_ACTION_ESP_FLAGS_ENCRYPT,
	};
	struct ibv_flow_action_esp_attr attr = {
		.esp_attr = &esp,
		.keymat_proto = IB_UVERBS_FLOW_ACTION_ESP_KEYMAT_AES_GCM,
		.keymat_len = sizeof(key),
		.keymat_ptr = &key,
	};
	struct ibv_flow_action *action = ibv_create_flow_action_esp(context, &attr);

	if (action) {
		/* A rule names it in a specification IBV_FLOW_SPEC_ACTION_HANDLE. */
		puts("packets of SPI 0x1234 can be encrypted");
		check(ibv_destroy_flow_action(action), "ibv_destroy_flow_action");
	} else if (errno == EOPNOTSUPP) {
		puts("this adapter does no IPsec");
	} else {
		must(action, "ibv_create_flow_action_esp");
	}
	ibv_close_device(context);
	return 0;
}
