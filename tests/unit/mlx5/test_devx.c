/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DEVX: the kernel's methods by their literal numbers, from the table of
 * rdma/mlx5_user_ioctl_cmds.h. tests/witness/mlx5/devx_calls.c compares the same calls with those
 * of stock libmlx5.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <infiniband/mlx5dv.h>

#include "bench.h"
#include "fake_devx.h"

enum { HANDLE = 0x4242 };

static const uint8_t command[12] = {0x05, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56};

static int setup(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	fake_devx = (struct fake_devx){.handle = HANDLE, .out = {0xaa, 0xbb, 0xcc, 0xdd, 0xee}};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static struct mlx5dv_devx_obj *make_object(void)
{
	uint8_t out[16];
	struct mlx5dv_devx_obj *obj =
		mlx5dv_devx_obj_create(bench.context, command, sizeof(command), out, sizeof(out));

	assert_non_null(obj);
	assert_int_equal(out[0], 0xaa);
	return obj;
}

/* ---- commands and objects ---- */

static void commands_go_as_they_are(void **state)
{
	uint8_t out[16];

	(void)state;
	assert_int_equal(
		mlx5dv_devx_general_cmd(bench.context, command, sizeof(command), out, sizeof(out)),
		0);
	fake_devx_was(0x1000, 0x1000, 2);
	fake_devx_carried(0x1000, command, sizeof(command));
	assert_memory_equal(out, fake_devx.out, sizeof(out));
	/* Eight bytes travel in the attribute itself. */
	assert_int_equal(mlx5dv_devx_general_cmd(bench.context, command, 8, out, 16), 0);
	fake_devx_had(0x1000, 8, 0x0b05);
}

static void a_refused_command_has_its_answer_nevertheless(void **state)
{
	uint8_t out[16] = {};

	(void)state;
	fake_devx.fail = EREMOTEIO;
	assert_int_equal(mlx5dv_devx_general_cmd(bench.context, command, 12, out, 16), EREMOTEIO);
	assert_int_equal(out[0], 0xaa);
	fake_devx.fail = EPROTONOSUPPORT;
	assert_int_equal(mlx5dv_devx_general_cmd(bench.context, command, 12, out, 16), EOPNOTSUPP);
}

static void objects_are_made_asked_changed_and_ended(void **state)
{
	struct mlx5dv_devx_obj *obj;
	uint8_t out[24];

	(void)state;
	obj = make_object();
	fake_devx_was(0x1001, 0x1000, 3);
	fake_devx_had(0x1000, 0, 0);
	fake_devx_carried(0x1001, command, sizeof(command));
	assert_int_equal(mlx5dv_devx_obj_query(obj, command, 12, out, sizeof(out)), 0);
	fake_devx_was(0x1001, 0x1003, 3);
	fake_devx_had(0x1000, 0, HANDLE);
	fake_devx_carried(0x1001, command, sizeof(command));
	assert_int_equal(out[4], 0xee);
	assert_int_equal(mlx5dv_devx_obj_modify(obj, command, 12, out, sizeof(out)), 0);
	fake_devx_was(0x1001, 0x1002, 3);
	fake_devx_had(0x1000, 0, HANDLE);
	fake_devx.fail = EBUSY;
	assert_int_equal(mlx5dv_devx_obj_destroy(obj), EBUSY);
	assert_int_equal(mlx5dv_devx_obj_destroy(obj), 0);
	fake_devx_was(0x1001, 0x1001, 1);
	fake_devx_had(0x1000, 0, HANDLE);
}

static void an_object_that_is_refused_is_none(void **state)
{
	uint8_t out[16];

	(void)state;
	fake_devx.fail = EREMOTEIO;
	assert_null(mlx5dv_devx_obj_create(bench.context, command, 12, out, sizeof(out)));
	assert_int_equal(errno, EREMOTEIO);
	assert_int_equal(out[0], 0xaa);
}

static void objects_of_verbs_are_known_by_their_handles(void **state)
{
	struct ibv_wq wq = {.context = bench.context, .handle = 0x77};
	struct ibv_rwq_ind_table table = {.context = bench.context, .ind_tbl_handle = 0x78};
	struct ibv_srq srq = {.context = bench.context, .handle = 0x79};
	struct ibv_qp qp = {.context = bench.context, .handle = 0x7a};
	uint8_t out[16];

	(void)state;
	bench.cq->handle = 0x7b;
#define ON(kind, object, number)                                                                   \
	do {                                                                                       \
		assert_int_equal(mlx5dv_devx_##kind##_query(object, command, 12, out, 16), 0);     \
		fake_devx_was(0x1001, 0x1003, 3);                                                  \
		fake_devx_had(0x1000, 0, number);                                                  \
		assert_int_equal(mlx5dv_devx_##kind##_modify(object, command, 12, out, 16), 0);    \
		fake_devx_was(0x1001, 0x1002, 3);                                                  \
		fake_devx_had(0x1000, 0, number);                                                  \
	} while (0)
	ON(wq, &wq, 0x77);
	ON(ind_tbl, &table, 0x78);
	ON(srq, &srq, 0x79);
	ON(qp, &qp, 0x7a);
	ON(cq, bench.cq, 0x7b);
}

static void a_vector_has_an_event_queue(void **state)
{
	uint32_t eqn = 0;

	(void)state;
	assert_int_equal(mlx5dv_devx_query_eqn(bench.context, 3, &eqn), 0);
	fake_devx_was(0x1000, 0x1002, 2);
	fake_devx_had(0x1000, 4, 3);
	assert_int_equal(eqn, 0xddccbbaa);
}

/* ---- later ---- */

static void answers_are_read_one_by_one(void **state)
{
	struct {
		struct mlx5dv_devx_async_cmd_hdr hdr;
		uint8_t data[8];
	} answer;
	struct mlx5dv_devx_obj *obj = make_object();
	struct mlx5dv_devx_cmd_comp *comp;
	const uint64_t wr_id = 0x1122;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fake_devx.handle = (uint32_t)ends[0];
	comp = mlx5dv_devx_create_cmd_comp(bench.context);
	assert_non_null(comp);
	fake_devx_was(0x1004, 0x1000, 1);
	assert_int_equal(comp->fd, ends[0]);
	assert_int_equal(mlx5dv_devx_obj_query_async(obj, command, 12, 0x10000, wr_id, comp),
			 EINVAL);
	assert_int_equal(mlx5dv_devx_obj_query_async(obj, command, 12, 24, wr_id, comp), 0);
	fake_devx_was(0x1001, 0x1004, 5);
	fake_devx_had(0x1000, 0, HANDLE);
	fake_devx_carried(0x1001, command, sizeof(command));
	fake_devx_had(0x1002, 0, (uint64_t)ends[0]);
	fake_devx_had(0x1003, 8, wr_id);
	fake_devx_had(0x1004, 8, 24);
	assert_int_equal(write(ends[1], &wr_id, sizeof(wr_id)), sizeof(wr_id));
	assert_int_equal(mlx5dv_devx_get_async_cmd_comp(comp, &answer.hdr, sizeof(answer)), 0);
	assert_int_equal(answer.hdr.wr_id, wr_id);
	assert_int_equal(write(ends[1], &wr_id, 3), 3);
	assert_int_equal(mlx5dv_devx_get_async_cmd_comp(comp, &answer.hdr, sizeof(answer)), EINVAL);
	mlx5dv_devx_destroy_cmd_comp(comp);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	close(ends[1]);
	assert_int_equal(mlx5dv_devx_obj_destroy(obj), 0);
}

static void events_come_with_their_cookies(void **state)
{
	struct mlx5dv_devx_async_event_hdr event;
	uint16_t list[3] = {0x11, 0x22, 0x33};
	struct mlx5dv_devx_obj *obj = make_object();
	struct mlx5dv_devx_event_channel *channel;
	const uint64_t cookie = 0x99;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fake_devx.handle = (uint32_t)ends[0];
	channel = mlx5dv_devx_create_event_channel(
		bench.context, MLX5DV_DEVX_CREATE_EVENT_CHANNEL_FLAGS_OMIT_EV_DATA);
	assert_non_null(channel);
	fake_devx_was(0x1005, 0x1000, 2);
	fake_devx_had(0x1001, 4, 1);
	assert_int_equal(channel->fd, ends[0]);
	assert_int_equal(mlx5dv_devx_subscribe_devx_event(channel, obj, sizeof(list), list, cookie),
			 0);
	fake_devx_was(0x1000, 0x1003, 4);
	fake_devx_had(0x1000, 0, (uint64_t)ends[0]);
	fake_devx_had(0x1001, 0, HANDLE);
	fake_devx_had(0x1002, 6, 0x003300220011);
	fake_devx_had(0x1004, 8, cookie);
	assert_int_equal(mlx5dv_devx_subscribe_devx_event_fd(channel, 7, NULL, 0x44), 0);
	fake_devx_was(0x1000, 0x1003, 3);
	fake_devx_had(0x1002, 2, 0x44);
	fake_devx_had(0x1003, 4, 7);
	assert_int_equal(write(ends[1], &cookie, sizeof(cookie)), sizeof(cookie));
	assert_int_equal(mlx5dv_devx_get_event(channel, &event, sizeof(event)), 8);
	assert_int_equal(event.cookie, cookie);
	assert_int_equal(write(ends[1], &cookie, 3), 3);
	assert_int_equal(mlx5dv_devx_get_event(channel, &event, sizeof(event)), -1);
	assert_int_equal(errno, EINVAL);
	mlx5dv_devx_destroy_event_channel(channel);
	close(ends[1]);
	assert_int_equal(mlx5dv_devx_obj_destroy(obj), 0);
}

/* ---- what objects are made of ---- */

static void memory_has_a_number(void **state)
{
	struct mlx5dv_devx_umem_in in = {.addr = (void *)0x10000,
					 .size = 0x3000,
					 .access = 7,
					 .pgsz_bitmap = 0x1000,
					 .comp_mask = MLX5DV_UMEM_MASK_DMABUF,
					 .dmabuf_fd = 5};
	struct mlx5dv_devx_umem *umem;

	(void)state;
	umem = mlx5dv_devx_umem_reg(bench.context, (void *)0x10000, 0x3000, 7);
	assert_non_null(umem);
	fake_devx_was(0x1002, 0x1000, 6);
	fake_devx_had(0x1001, 8, 0x10000);
	fake_devx_had(0x1002, 8, 0x3000);
	fake_devx_had(0x1003, 4, 7);
	/* An older kernel may overlook the sizes of pages. */
	assert_int_equal(fake_devx.attr[5].id, 0x1005);
	assert_int_equal(fake_devx.attr[5].flags, 0);
	assert_int_equal(umem->umem_id, 0xddccbbaa);
	assert_int_equal(mlx5dv_devx_umem_dereg(umem), 0);
	fake_devx_was(0x1002, 0x1001, 1);
	fake_devx_had(0x1000, 0, HANDLE);

	umem = mlx5dv_devx_umem_reg_ex(bench.context, &in);
	assert_non_null(umem);
	fake_devx_was(0x1002, 0x1000, 7);
	fake_devx_had(0x1005, 8, 0x1000);
	fake_devx_had(0x1006, 0, 5);
	assert_int_equal(mlx5dv_devx_umem_dereg(umem), 0);
	in.comp_mask = 2;
	assert_null(mlx5dv_devx_umem_reg_ex(bench.context, &in));
	assert_int_equal(errno, EOPNOTSUPP);
}

static void a_register_page_is_the_programs_own(void **state)
{
	struct mlx5dv_devx_uar *uar, *other;

	(void)state;
	uar = mlx5dv_devx_alloc_uar(bench.context, MLX5DV_UAR_ALLOC_TYPE_BF);
	other = mlx5dv_devx_alloc_uar(bench.context, MLX5DV_UAR_ALLOC_TYPE_NC_DEDICATED);
	assert_non_null(uar);
	assert_non_null(other);
	assert_int_equal((char *)uar->reg_addr - (char *)uar->base_addr, 0x800);
	assert_int_equal(uar->page_id, FAKE_DYNAMIC_PAGE);
	assert_int_equal(other->page_id, FAKE_DYNAMIC_PAGE + 1);
	assert_int_equal(uar->mmap_off, FAKE_DYNAMIC_PAGE * sysconf(_SC_PAGESIZE));
	*(volatile uint32_t *)uar->reg_addr = 0x12345678;
	assert_int_equal(*(uint32_t *)(void *)fake_register(FAKE_DYNAMIC_PAGE, 0x800), 0x12345678);
	mlx5dv_devx_free_uar(uar);
	mlx5dv_devx_free_uar(other);
	assert_int_equal(fake.uars_freed, 2);
	assert_null(mlx5dv_devx_alloc_uar(bench.context, 2));
	assert_int_equal(errno, EOPNOTSUPP);
}

static void pacing_and_doorbells_of_virtio(void **state)
{
	struct mlx5dv_var *var;
	struct mlx5dv_pp *pp;

	(void)state;
	var = mlx5dv_alloc_var(bench.context, 0);
	assert_non_null(var);
	fake_devx_was(0x1006, 0x1000, 4);
	assert_int_equal(var->page_id, 0xddccbbaa);
	assert_int_equal(var->length, 0xddccbbaa);
	assert_int_equal(var->mmap_off, 0xeeddccbbaa);
	mlx5dv_free_var(var);
	fake_devx_was(0x1006, 0x1001, 1);
	fake_devx_had(0x1000, 0, HANDLE);
	assert_null(mlx5dv_alloc_var(bench.context, 2));
	assert_int_equal(errno, EOPNOTSUPP);
	pp = mlx5dv_pp_alloc(bench.context, sizeof(command), command, 1);
	assert_non_null(pp);
	fake_devx_was(0x1007, 0x1000, 4);
	fake_devx_carried(0x1001, command, sizeof(command));
	fake_devx_had(0x1002, 8, 1);
	assert_int_equal(pp->index, 0xbbaa);
	mlx5dv_pp_free(pp);
	fake_devx_was(0x1007, 0x1001, 1);
}

/* Nothing is left behind where the kernel does not know the method; the sanitizers would say so. */
static void without_devx_there_is_nothing(void **state)
{
	(void)state;
#define REFUSED(call)                                                                              \
	do {                                                                                       \
		fake_devx.fail = EPROTONOSUPPORT;                                                  \
		assert_null(call);                                                                 \
		assert_int_equal(errno, EOPNOTSUPP);                                               \
	} while (0)
	REFUSED(mlx5dv_devx_create_cmd_comp(bench.context));
	REFUSED(mlx5dv_devx_create_event_channel(bench.context, 0));
	REFUSED(mlx5dv_devx_umem_reg(bench.context, (void *)0x10000, 1, 7));
	REFUSED(mlx5dv_alloc_var(bench.context, 0));
	REFUSED(mlx5dv_pp_alloc(bench.context, 12, command, 0));
}

#define DEVX_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DEVX_TEST(commands_go_as_they_are),
		DEVX_TEST(a_refused_command_has_its_answer_nevertheless),
		DEVX_TEST(objects_are_made_asked_changed_and_ended),
		DEVX_TEST(an_object_that_is_refused_is_none),
		DEVX_TEST(objects_of_verbs_are_known_by_their_handles),
		DEVX_TEST(a_vector_has_an_event_queue),
		DEVX_TEST(answers_are_read_one_by_one),
		DEVX_TEST(events_come_with_their_cookies),
		DEVX_TEST(memory_has_a_number),
		DEVX_TEST(a_register_page_is_the_programs_own),
		DEVX_TEST(pacing_and_doorbells_of_virtio),
		DEVX_TEST(without_devx_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
