/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Free keys, logins and keys of data: the device's commands byte by byte, as the PRM prints them.
 * Debian's libmlx5 44 sends the same (tests/witness/mlx5/devx_calls.c).
 */
#include <errno.h>
#include <infiniband/mlx5dv.h>

#include "bench.h"
#include "fake_devx.h"

enum { HANDLE = 0x4242, PD = 7 };

static int setup(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	/* The number of a new object: 0x123456. */
	fake_devx = (struct fake_devx){.handle = HANDLE, .out = {[9] = 0x12, 0x34, 0x56}};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static void made_by(const uint8_t *command)
{
	fake_devx_was(0x1001, 0x1000, 3);
	fake_devx_carried(0x1001, command, 0x110);
}

/* ---- free keys ---- */

static struct mlx5dv_mkey *make_key(uint32_t flags, uint16_t entries)
{
	struct mlx5dv_mkey_init_attr attr = {
		.pd = bench.pd, .create_flags = flags, .max_entries = entries};

	return mlx5dv_create_mkey(&attr);
}

static void a_free_key_has_room_for_a_list(void **state)
{
	const uint8_t command[0x110] = {
		[0x00] = 0x02, [0x10] = 0x40, [0x12] = 0x86, [0x14] = 0xff,
		[0x15] = 0xff, [0x16] = 0xff, [0x1f] = PD,   [0x47] = 8,
	};
	struct mlx5dv_mkey *key;

	(void)state;
	key = make_key(MLX5DV_MKEY_INIT_ATTR_FLAGS_INDIRECT, 5);
	assert_non_null(key);
	made_by(command);
	assert_int_equal(key->lkey, 0x12345600);
	assert_int_equal(key->rkey, 0x12345600);
	assert_int_equal(mlx5dv_destroy_mkey(key), 0);
	fake_devx_was(0x1001, 0x1001, 1);
	fake_devx_had(0x1000, 0, HANDLE);
}

static void what_else_a_key_may_be(void **state)
{
	const uint8_t command[0x110] = {
		[0x00] = 0x02, [0x10] = 0x40, [0x12] = 0x86, [0x14] = 0xff,
		[0x15] = 0xff, [0x16] = 0xff, [0x1c] = 0x41, [0x1f] = PD,
		[0x33] = 4,    [0x47] = 100,  [0x4c] = 0x08,
	};
	struct mlx5dv_mkey *key;

	(void)state;
	key = make_key(MLX5DV_MKEY_INIT_ATTR_FLAGS_INDIRECT | MLX5DV_MKEY_INIT_ATTR_FLAGS_CRYPTO |
			       MLX5DV_MKEY_INIT_ATTR_FLAGS_REMOTE_INVALIDATE,
		       100);
	assert_non_null(key);
	made_by(command);
	assert_int_equal(mlx5dv_destroy_mkey(key), 0);
}

static void keys_of_no_kind_and_of_unknown_ones_are_refused(void **state)
{
	static const uint32_t refused[] = {0, MLX5DV_MKEY_INIT_ATTR_FLAGS_BLOCK_SIGNATURE,
					   MLX5DV_MKEY_INIT_ATTR_FLAGS_UPDATE_TAG, 1 << 5};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_null(make_key(refused[i], 1));
		assert_int_equal(errno, EOPNOTSUPP);
	}
	assert_int_equal(fake_devx.calls, 0);
	fake_devx.fail = EPROTONOSUPPORT;
	assert_null(make_key(MLX5DV_MKEY_INIT_ATTR_FLAGS_INDIRECT, 1));
	assert_int_equal(errno, EOPNOTSUPP);
}

/* ---- logins ---- */

static struct mlx5dv_crypto_login_attr login_attr(void)
{
	return (struct mlx5dv_crypto_login_attr){
		.credential_id = 0x234567, .import_kek_id = 0x654321, .credential = "credential"};
}

static void log_in(void)
{
	struct mlx5dv_crypto_login_attr attr = login_attr();

	assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), 0);
}

static void a_context_has_one_login(void **state)
{
	const uint8_t command[0x110] = {
		[0x00] = 0x0a, [0x07] = 0x1f, [0x21] = 0x23, [0x22] = 0x45, [0x23] = 0x67,
		[0x25] = 0x65, [0x26] = 0x43, [0x27] = 0x21, [0x50] = 'c',  [0x51] = 'r',
		[0x52] = 'e',  [0x53] = 'd',  [0x54] = 'e',  [0x55] = 'n',  [0x56] = 't',
		[0x57] = 'i',  [0x58] = 'a',  [0x59] = 'l',
	};
	struct mlx5dv_crypto_login_attr attr = login_attr();

	(void)state;
	assert_int_equal(mlx5dv_crypto_logout(bench.context), ENOENT);
	log_in();
	made_by(command);
	assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), EEXIST);
	assert_int_equal(mlx5dv_crypto_logout(bench.context), 0);
	fake_devx_was(0x1001, 0x1001, 1);
	assert_int_equal(mlx5dv_crypto_logout(bench.context), ENOENT);
}

static void a_login_is_valid_or_not(void **state)
{
	const uint8_t question[16] = {0x0a, 0x02, [7] = 0x1f, [9] = 0x12, 0x34, 0x56};
	enum mlx5dv_crypto_login_state login = MLX5DV_CRYPTO_LOGIN_STATE_VALID;

	(void)state;
	assert_int_equal(mlx5dv_crypto_login_query_state(bench.context, &login), 0);
	assert_int_equal(login, MLX5DV_CRYPTO_LOGIN_STATE_NO_LOGIN);
	log_in();
	assert_int_equal(mlx5dv_crypto_login_query_state(bench.context, &login), 0);
	fake_devx_was(0x1001, 0x1003, 3);
	fake_devx_carried(0x1001, question, sizeof(question));
	assert_int_equal(login, MLX5DV_CRYPTO_LOGIN_STATE_VALID);
	fake_devx.out[0x20] = 0xf1; /* what is above the state is not of it */
	assert_int_equal(mlx5dv_crypto_login_query_state(bench.context, &login), 0);
	assert_int_equal(login, MLX5DV_CRYPTO_LOGIN_STATE_INVALID);
	fake_devx.out[0x20] = 2;
	assert_int_equal(mlx5dv_crypto_login_query_state(bench.context, &login), EINVAL);
	/* The context is closed with it. */
}

static void logins_may_be_objects(void **state)
{
	char credential[49] = "0123456789012345678901234567890123456789abcdefgh";
	struct mlx5dv_crypto_login_attr_ex attr = {.credential_id = 1,
						   .import_kek_id = 2,
						   .credential = credential,
						   .credential_len = 48};
	struct mlx5dv_crypto_login_query_attr answer = {};
	struct mlx5dv_crypto_login_obj *login, *other;

	(void)state;
	login = mlx5dv_crypto_login_create(bench.context, &attr);
	assert_non_null(login);
	assert_memory_equal(fake_devx.attr[1].bytes + 0x50, credential, 48);
	assert_int_equal(fake_devx.attr[1].bytes[0x80], 0);
	other = mlx5dv_crypto_login_create(bench.context, &attr);
	assert_non_null(other);
	assert_int_equal(mlx5dv_crypto_login_query(login, &answer), 0);
	assert_int_equal(answer.state, MLX5DV_CRYPTO_LOGIN_STATE_VALID);
	answer.comp_mask = 1;
	assert_int_equal(mlx5dv_crypto_login_query(login, &answer), EINVAL);
	assert_int_equal(mlx5dv_crypto_login_destroy(login), 0);
	assert_int_equal(mlx5dv_crypto_login_destroy(other), 0);
	attr.credential_len = 49;
	assert_null(mlx5dv_crypto_login_create(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
}

static void logins_that_are_none(void **state)
{
	struct mlx5dv_crypto_login_attr attr = login_attr();

	(void)state;
	attr.comp_mask = 1;
	assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), EINVAL);
	attr = login_attr();
	attr.credential_id = 1 << 24;
	assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), EINVAL);
	attr = login_attr();
	attr.import_kek_id = 1 << 24;
	assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), EINVAL);
	assert_int_equal(fake_devx.calls, 0);
	attr = login_attr();
	fake_devx.fail = EPROTONOSUPPORT;
	assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), EOPNOTSUPP);
}

/* Status and errno as Debian's libmlx5 44 pairs them. */
static void what_the_device_says_becomes_an_errno(void **state)
{
	static const struct {
		uint8_t status;
		int err;
	} says[] = {{0x01, EIO},    {0x02, EINVAL}, {0x03, EINVAL}, {0x04, EIO},    {0x05, EINVAL},
		    {0x06, EBUSY},  {0x08, ENOMEM}, {0x09, EINVAL}, {0x0a, EINVAL}, {0x0f, EAGAIN},
		    {0x10, EINVAL}, {0x30, EINVAL}, {0x40, EINVAL}, {0x50, EIO},    {0x51, EIO}};
	struct mlx5dv_crypto_login_attr attr = login_attr();
	enum mlx5dv_crypto_login_state login;

	(void)state;
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		fake_devx.out[0] = says[i].status;
		fake_devx.fail = EREMOTEIO;
		assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), says[i].err);
	}
	/* The kernel's own answers stay, whatever else comes back. */
	fake_devx.out[0] = 0x06;
	fake_devx.fail = EPERM;
	assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), EPERM);
	fake_devx.fail = EREMOTEIO;
	assert_null(make_key(MLX5DV_MKEY_INIT_ATTR_FLAGS_INDIRECT, 1));
	assert_int_equal(errno, EBUSY);
	fake_devx.out[0] = 0;
	assert_int_equal(mlx5dv_crypto_login(bench.context, &attr), 0);
	fake_devx.fail = EREMOTEIO;
	fake_devx.out[0] = 0x0f;
	assert_int_equal(mlx5dv_crypto_login_query_state(bench.context, &login), EAGAIN);
	assert_int_equal(mlx5dv_crypto_logout(bench.context), 0);
}

/* ---- keys of data ---- */

static struct mlx5dv_dek_init_attr key_attr(void)
{
	return (struct mlx5dv_dek_init_attr){
		.key_size = MLX5DV_CRYPTO_KEY_SIZE_256,
		.has_keytag = true,
		.key_purpose = MLX5DV_CRYPTO_KEY_PURPOSE_AES_XTS,
		.pd = bench.pd,
		.opaque = "opaque",
		.key = "key",
	};
}

static void a_key_is_for_those_who_are_logged_in(void **state)
{
	const uint8_t command[0x110] = {
		[0x00] = 0x0a, [0x07] = 0x0c, [0x1a] = 0x01, [0x1b] = 0x83, [0x1f] = PD,
		[0x40] = 'o',  [0x41] = 'p',  [0x42] = 'a',  [0x43] = 'q',  [0x44] = 'u',
		[0x45] = 'e',  [0x50] = 'k',  [0x51] = 'e',  [0x52] = 'y',
	};
	struct mlx5dv_dek_init_attr attr = key_attr();
	struct mlx5dv_dek *dek;

	(void)state;
	assert_null(mlx5dv_dek_create(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	log_in();
	dek = mlx5dv_dek_create(bench.context, &attr);
	assert_non_null(dek);
	made_by(command);
	assert_int_equal(mlx5dv_dek_destroy(dek), 0);
	fake_devx_was(0x1001, 0x1001, 1);
	attr.key_size = MLX5DV_CRYPTO_KEY_SIZE_128;
	attr.has_keytag = false;
	dek = mlx5dv_dek_create(bench.context, &attr);
	assert_non_null(dek);
	assert_int_equal(fake_devx.attr[1].bytes[0x1a], 0);
	assert_int_equal(fake_devx.attr[1].bytes[0x1b], 3);
	assert_int_equal(mlx5dv_dek_destroy(dek), 0);
	assert_int_equal(mlx5dv_crypto_logout(bench.context), 0);
}

static void a_key_tells_how_it_is(void **state)
{
	const uint8_t question[16] = {0x0a, 0x02, [7] = 0x0c, [9] = 0x12, 0x34, 0x56};
	struct mlx5dv_dek_init_attr attr = key_attr();
	struct mlx5dv_dek_attr answer = {};
	struct mlx5dv_dek *dek;

	(void)state;
	log_in();
	dek = mlx5dv_dek_create(bench.context, &attr);
	assert_non_null(dek);
	memcpy(fake_devx.out + 0x40, "whatever", 8);
	assert_int_equal(mlx5dv_dek_query(dek, &answer), 0);
	fake_devx_was(0x1001, 0x1003, 3);
	fake_devx_carried(0x1001, question, sizeof(question));
	assert_int_equal(answer.state, MLX5DV_DEK_STATE_READY);
	assert_memory_equal(answer.opaque, "whatever", 8);
	fake_devx.out[0x18] = 1;
	assert_int_equal(mlx5dv_dek_query(dek, &answer), 0);
	assert_int_equal(answer.state, MLX5DV_DEK_STATE_ERROR);
	fake_devx.out[0x18] = 2;
	assert_int_equal(mlx5dv_dek_query(dek, &answer), EINVAL);
	assert_int_equal(mlx5dv_dek_destroy(dek), 0);
}

static void keys_that_are_none(void **state)
{
	struct mlx5dv_dek_init_attr attr = key_attr();

	(void)state;
	log_in();
	attr.comp_mask = 2;
	assert_null(mlx5dv_dek_create(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr = key_attr();
	attr.key_size = 2;
	assert_null(mlx5dv_dek_create(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr = key_attr();
	attr.key_purpose = 1;
	assert_null(mlx5dv_dek_create(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fake_devx.calls, 1);
}

#define CRYPTO_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CRYPTO_TEST(a_free_key_has_room_for_a_list),
		CRYPTO_TEST(what_else_a_key_may_be),
		CRYPTO_TEST(keys_of_no_kind_and_of_unknown_ones_are_refused),
		CRYPTO_TEST(a_context_has_one_login),
		CRYPTO_TEST(a_login_is_valid_or_not),
		CRYPTO_TEST(logins_may_be_objects),
		CRYPTO_TEST(logins_that_are_none),
		CRYPTO_TEST(a_key_is_for_those_who_are_logged_in),
		CRYPTO_TEST(a_key_tells_how_it_is),
		CRYPTO_TEST(keys_that_are_none),
		CRYPTO_TEST(what_the_device_says_becomes_an_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
