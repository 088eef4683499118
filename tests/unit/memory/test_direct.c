/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One-sided shortcuts between two processes, parent (adapter 0) and child (adapter 1), over the
 * fake fabric's shared directory; and everything that must send them to packets instead.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "fakes.h"
#include "softhca/memory/access.h"

enum { BYTES = 3 * 4096, FIRST_QPN = 0x20, IOVA = 0x700000, LARGE = 3 << 20, HUGE = 32 << 20 };

/* Outside both processes' private memory: how the child tells what it has made. */
struct news {
	_Atomic bool ready;
	uint32_t rkey, read_only_rkey;
	uint64_t address;
	uint8_t large[LARGE]; /* at the same place in both */
};

static struct world world;
static struct news *news;
static struct fake_cq_record record;
static struct qp *qp;
static struct mr *local;
static pid_t child;
static uint8_t memory[BYTES];

static struct mr *make_mr(struct pd *pd, uint8_t *bytes, uint32_t access)
{
	struct mr_params params = {
		.iova = IOVA, .length = BYTES, .access = access, .linear = bytes, .key_byte = 3};
	struct mr *mr;

	assert_int_equal(mr_create(pd, &params, &mr), 0);
	return mr;
}

/* One side: an adapter, a QP connected to the other's first one, and memory. */
static struct pd *make_side(uint16_t peer_lid)
{
	struct pd *pd;

	assert_int_equal(engine_create(world.fabric, &world.engine), 0);
	assert_int_equal(
		hca_open(world.engine, &fake_family, &fake_front_ops, &fake_limits, &world.hca), 0);
	pd = make_pd(&world);
	qp = make_qp(&world, pd, make_cq(&world, 16, &record), NULL, QP_TYPE_RC);
	assert_int_equal(qp->qpn, FIRST_QPN);
	bring_to(qp, QP_RTS, peer_lid, FIRST_QPN);
	return pd;
}

/* The passive side: makes its objects and then does nothing but be there. */
static void run_child(void)
{
	uint8_t *bytes =
		mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t all = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ;
	struct pd *pd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fake_fabric.self = 1;
	fake_fabric.opens = 1;
	world.fabric->pids[1] = (uint32_t)getpid();
	for (int i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i * 3);
	pd = make_side(1);
	news->rkey = make_mr(pd, bytes, all)->key;
	news->read_only_rkey = make_mr(pd, bytes, ACCESS_REMOTE_READ)->key;
	news->address = (uintptr_t)bytes;
	news->ready = true;
	pause();
	_exit(1);
}

static int setup(void **state)
{
	struct pd *pd;

	(void)state;
	memset(&fake_front, 0, sizeof(fake_front));
	memset(&fake_transport, 0, sizeof(fake_transport));
	world.fabric = fake_fabric_create();
	news = mmap(NULL, sizeof(*news), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	child = fork();
	if (child == 0)
		run_child();
	while (!news->ready)
		assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
	pd = make_side(2);
	memset(memory, 0x55, sizeof(memory));
	local = make_mr(pd, memory, ACCESS_LOCAL_WRITE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	world_destroy(&world);
	munmap(news, sizeof(*news));
	return 0;
}

/* The child's memory, by a way of the test's own. */
static uint8_t child_byte(size_t offset)
{
	uint8_t byte = 0;
	struct iovec to = {&byte, 1}, from = {(void *)(uintptr_t)(news->address + offset), 1};

	assert_int_equal(process_vm_readv(child, &to, 1, &from, 1, 0), 1);
	return byte;
}

static struct send_request make_request(uint32_t rkey, uint64_t offset, uint32_t length)
{
	return (struct send_request){
		.opcode = REQUEST_WRITE,
		.remote_address = IOVA + offset,
		.rkey = rkey,
		.length = length,
		.num_sge = 1,
		.sge = {{.address = IOVA, .length = length, .lkey = local->key}},
	};
}

static int do_write(const struct send_request *request)
{
	enum completion_status status;

	return memory_direct_write(qp, request, &status);
}

static int do_read(const struct send_request *request)
{
	enum completion_status status;

	return memory_direct_read(qp, request, &status);
}

static void a_write_lands_in_the_other_process(void **state)
{
	struct send_request request = make_request(news->rkey, 5000, 100);

	(void)state;
	request.num_sge = 2;
	request.sge[0].length = 60;
	request.sge[1] = (struct sge){.length = 40,
				      .inline_data = "forty bytes that lie in the "
						     "request itself"};
	assert_int_equal(do_write(&request), 0);
	assert_int_equal(child_byte(4999), (uint8_t)(4999 * 3));
	assert_int_equal(child_byte(5000), 0x55);
	assert_int_equal(child_byte(5059), 0x55);
	assert_int_equal(child_byte(5060), 'f');
	assert_int_equal(child_byte(5100), (uint8_t)(5100 * 3));
	assert_int_equal(world.fabric->held_key[0], 0);
	assert_int_equal(world.fabric->held_qpn[0], 0);
}

static void a_read_fetches_from_the_other_process(void **state)
{
	struct send_request request = make_request(news->read_only_rkey, 0, BYTES);

	(void)state;
	assert_int_equal(do_read(&request), 0);
	for (int i = 0; i < BYTES; i++)
		assert_int_equal(memory[i], (uint8_t)(i * 3));
}

static void nothing_to_copy_needs_no_key(void **state)
{
	struct send_request request = make_request(0xdead00, 0, 0);

	(void)state;
	assert_int_equal(do_write(&request), 0);
}

static void leave_to_packets(struct send_request request)
{
	assert_int_equal(do_write(&request), EOPNOTSUPP);
	assert_int_equal(child_byte(0), 0);
	assert_int_equal(world.fabric->held_key[0], 0);
	assert_int_equal(world.fabric->held_qpn[0], 0);
}

static void what_the_key_does_not_grant_is_left_to_packets(void **state)
{
	(void)state;
	leave_to_packets(make_request(news->read_only_rkey, 0, 8));
	leave_to_packets(make_request(news->rkey ^ 1, 0, 8));
	leave_to_packets(make_request(0, 0, 8));
	leave_to_packets(make_request(UINT32_MAX, 0, 8));
	leave_to_packets(make_request(news->rkey, BYTES - 7, 8));
	leave_to_packets(make_request(news->rkey, UINT64_MAX, 8));
	world.fabric->hcas[1].keys[news->rkey >> 8].pdn ^= 0x40;
	leave_to_packets(make_request(news->rkey, 0, 8));
	world.fabric->hcas[1].keys[news->rkey >> 8].pdn ^= 0x40;
	world.fabric->hcas[1].keys[news->rkey >> 8].linear = 0;
	leave_to_packets(make_request(news->rkey, 0, 8));
}

static void what_the_peer_does_not_accept_is_left_to_packets(void **state)
{
	struct fabric_qp *peer = &world.fabric->hcas[1].qps[FIRST_QPN];
	static const uint8_t refusing[] = {QP_RESET, QP_INIT, QP_ERR};
	struct send_request request;

	(void)state;
	for (unsigned int i = 0; i < sizeof(refusing); i++) {
		peer->state = refusing[i];
		leave_to_packets(make_request(news->rkey, 0, 8));
	}
	peer->state = QP_RTR;
	peer->access = ACCESS_REMOTE_READ;
	leave_to_packets(make_request(news->rkey, 0, 8));
	peer->access = ACCESS_REMOTE_WRITE;
	peer->remote_qpn = FIRST_QPN + 1; /* connected to somebody else */
	leave_to_packets(make_request(news->rkey, 0, 8));
	peer->remote_qpn = FIRST_QPN;
	peer->remote_hca = 1;
	leave_to_packets(make_request(news->rkey, 0, 8));
	peer->remote_hca = 0;
	peer->owner = 0;
	leave_to_packets(make_request(news->rkey, 0, 8));
	peer->owner = FABRIC_MAX_PROCESSES + 1; /* scribbled on */
	leave_to_packets(make_request(news->rkey, 0, 8));
	peer->owner = 2;
	request = make_request(news->rkey, 0, 8);
	assert_int_equal(do_write(&request), 0);
}

static void capture_faults_and_downed_links_mean_packets(void **state)
{
	struct send_request request;

	(void)state;
	world.fabric->packets_only[1] = 1;
	leave_to_packets(make_request(news->rkey, 0, 8));
	world.fabric->packets_only[1] = 0;
	world.fabric->packets_only[0] = 1;
	leave_to_packets(make_request(news->rkey, 0, 8));
	world.fabric->packets_only[0] = 0;
	world.fabric->hcas[1].link_up = 0;
	leave_to_packets(make_request(news->rkey, 0, 8));
	world.fabric->hcas[1].link_up = 1;
	world.fabric->hcas[0].killed = 1;
	leave_to_packets(make_request(news->rkey, 0, 8));
	world.fabric->hcas[0].killed = 0;
	request = make_request(news->rkey, 0, 8);
	assert_int_equal(do_write(&request), 0);
}

static void local_memory_is_checked_first(void **state)
{
	struct send_request request = make_request(news->rkey, 0, 8);
	enum completion_status status = STATUS_SUCCESS;

	(void)state;
	request.sge[0].lkey ^= 1;
	assert_int_equal(memory_direct_write(qp, &request, &status), EFAULT);
	assert_int_equal(status, STATUS_LOCAL_PROTECTION);
	assert_int_equal(child_byte(0), 0);
}

static void a_process_that_is_gone_is_not_asked_twice(void **state)
{
	struct send_request request = make_request(news->rkey, 0, 8);

	(void)state;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* The directory does not know yet. */
	assert_int_equal(do_write(&request), EOPNOTSUPP);
	assert_int_equal(world.engine->refused_pid[1], (uint32_t)child);
	assert_int_equal(do_write(&request), EOPNOTSUPP);
	/* Another process in that slot is another matter. */
	world.fabric->pids[1] = (uint32_t)getpid();
	assert_int_equal(do_write(&request), EOPNOTSUPP); /* no such memory here */
	assert_int_equal(world.engine->refused_pid[1], (uint32_t)child);
}

static void remote_memory_that_has_gone_is_left_to_packets(void **state)
{
	struct send_request request = make_request(news->rkey, 0, 8);

	(void)state;
	world.fabric->hcas[1].keys[news->rkey >> 8].address = 4096;
	assert_int_equal(do_write(&request), EOPNOTSUPP);
	assert_int_equal(do_read(&request), EOPNOTSUPP);
	assert_int_equal(world.engine->refused_pid[1], 0);
}

static void within_a_process_the_directory_does_not_lead_astray(void **state)
{
	static uint8_t target[BYTES];
	struct qp *back = make_qp(&world, qp->pd, qp->send_cq, NULL, QP_TYPE_RC);
	struct mr *mr = make_mr(qp->pd, target, ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE);
	struct qp *there = make_qp(&world, qp->pd, qp->send_cq, NULL, QP_TYPE_RC);
	struct send_request request = make_request(mr->key, 16, 8);

	(void)state;
	bring_to(there, QP_RTS, 1, back->qpn);
	bring_to(back, QP_RTS, 1, there->qpn);
	qp = there;
	mr->shared->address = (uintptr_t)memory; /* scribbled on */
	assert_int_equal(do_write(&request), 0);
	assert_int_equal(target[15], 0);
	assert_int_equal(target[16], 0x55);
	assert_int_equal(target[23], 0x55);
	assert_int_equal(target[24], 0);
}

/* Each step is held by itself, so that who takes the key back does not wait for all. */
static void large_messages_are_copied_in_steps_and_huge_ones_left_to_packets(void **state)
{
	uint8_t *from = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct mr_params params = {.iova = IOVA, .length = HUGE, .key_byte = 3, .linear = from};
	struct send_request request = make_request(news->rkey, 0, LARGE);
	struct fabric_key *key = &world.fabric->hcas[1].keys[news->rkey >> 8];
	struct mr *mr;

	(void)state;
	assert_int_equal(mr_create(qp->pd, &params, &mr), 0);
	for (int i = 0; i < LARGE; i++)
		from[i] = (uint8_t)(i * 7 + (i >> 16));
	/* As if the child had registered all of it. */
	key->address = (uintptr_t)news->large;
	key->length = HUGE;
	request.num_sge = 2;
	request.sge[0] = (struct sge){.address = IOVA, .length = LARGE - 20, .lkey = mr->key};
	request.sge[1] = (struct sge){.address = IOVA + LARGE - 20, .length = 20, .lkey = mr->key};
	world.fabric->holds = 0;
	assert_int_equal(do_write(&request), 0);
	assert_int_equal(world.fabric->holds, 3);
	assert_memory_equal(news->large, from, LARGE);
	request.num_sge = 1;
	request.length = request.sge[0].length = HUGE;
	assert_int_equal(do_write(&request), EOPNOTSUPP);
	assert_int_equal(mr_destroy(mr), 0);
	munmap(from, HUGE);
}

/* ---- local memory that is not in one piece ---- */

enum { LOG_PAGE = 6, LOCAL_PAGES = 160, PAGE_OFFSET = 10 };

/* Page n lies where the n-th from the end of `bytes` would. */
static struct mr *make_paged(uint8_t *bytes)
{
	struct mr_params params = {
		.iova = IOVA,
		.length = (LOCAL_PAGES << LOG_PAGE) - PAGE_OFFSET,
		.access = ACCESS_LOCAL_WRITE,
		.pages = calloc(LOCAL_PAGES, sizeof(uint8_t *)),
		.log_page_size = LOG_PAGE,
		.page_offset = PAGE_OFFSET,
		.key_byte = 3,
	};
	struct mr *mr;

	assert_non_null(params.pages);
	for (size_t i = 0; i < LOCAL_PAGES; i++)
		params.pages[i] = bytes + ((LOCAL_PAGES - 1 - i) << LOG_PAGE);
	assert_int_equal(mr_create(qp->pd, &params, &mr), 0);
	return mr;
}

static void local_pages_are_pieces_and_too_many_are_left_to_packets(void **state)
{
	static uint8_t bytes[LOCAL_PAGES << LOG_PAGE];
	struct mr *mr = make_paged(bytes);
	struct send_request request = make_request(news->rkey, 77, 1000);

	(void)state;
	request.sge[0].lkey = mr->key;
	request.sge[0].address = IOVA + 20;
	assert_int_equal(do_read(&request), 0);
	for (size_t i = 0; i < 1000; i++) {
		size_t at = i + 20 + PAGE_OFFSET, page = at >> LOG_PAGE;

		assert_int_equal(mr->pages[page][at & 63], (uint8_t)((77 + i) * 3));
		mr->pages[page][at & 63] = (uint8_t)(i * 11);
	}
	assert_int_equal(do_write(&request), 0);
	for (size_t i = 0; i < 1000; i += 37)
		assert_int_equal(child_byte(77 + i), (uint8_t)(i * 11));
	request.length = request.sge[0].length = 130 << LOG_PAGE;
	assert_int_equal(do_write(&request), EOPNOTSUPP);
	assert_int_equal(do_read(&request), EOPNOTSUPP);
}

/* Memory of which only the first half may be written; `arg` is all of it. */
static uint8_t *place_half(void *arg, uint64_t address, bool writing, uint64_t *together)
{
	*together = address < BYTES / 2 ? BYTES / 2 - address : BYTES - address;
	return address >= BYTES || (writing && address >= BYTES / 2) ? NULL
								     : (uint8_t *)arg + address;
}

static void local_memory_that_is_unmapped_is_left_to_packets(void **state)
{
	struct mr_params params = {.length = MR_WHOLE_SPACE,
				   .access = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE,
				   .place = place_half,
				   .place_arg = memory};
	struct send_request request = make_request(news->rkey, 0, 64);
	struct mr *mr;

	(void)state;
	assert_int_equal(mr_create(qp->pd, &params, &mr), 0);
	request.sge[0].lkey = mr->key;
	request.sge[0].address = BYTES / 2 - 32;
	memory[BYTES / 2 + 31] = 0x99;
	assert_int_equal(do_write(&request), 0);
	assert_int_equal(child_byte(63), 0x99);
	assert_int_equal(do_read(&request), EOPNOTSUPP);
	request.sge[0].address = BYTES - 63;
	assert_int_equal(do_write(&request), EOPNOTSUPP);
	request.sge[0].address = 0;
	assert_int_equal(do_read(&request), 0);
	assert_int_equal(memory[63], 0x99);
}

/* The peer spins on the last byte of a message, as many programs do; what it finds before must be
 * of the same message. */
static void last_byte_of_a_message_comes_last(void **state)
{
	enum { ROUNDS = 20000, BYTES_EACH = 4096 };
	static const uint32_t sizes[] = {BYTES_EACH, 100, 64, 13};
	struct ordered {
		_Atomic uint32_t seen;
		volatile uint8_t bytes[BYTES_EACH];
	} *ordered = mmap(NULL, sizeof(*ordered), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint8_t message[BYTES_EACH];
	struct mr_params params = {.iova = IOVA,
				   .length = BYTES_EACH,
				   .access = ACCESS_LOCAL_WRITE,
				   .linear = (uint8_t *)(uintptr_t)ordered->bytes};
	struct mr *mr;
	pid_t reader;
	int status;

	(void)state;
	assert_int_equal(mr_create(qp->pd, &params, &mr), 0);
	reader = fork();
	if (reader == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (uint32_t i = 1; i <= ROUNDS; i++) {
			uint32_t size = sizes[i % 4];

			while (ordered->bytes[size - 1] != (uint8_t)i)
				;
			for (uint32_t j = 0; j < size; j += 11)
				if (ordered->bytes[j] != (uint8_t)i)
					_exit(2);
			ordered->seen = i;
		}
		_exit(0);
	}
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		memset(message, (int)i, sizeof(message));
		assert_true(memory_write(mr, IOVA, message, sizes[i % 4]));
		while (ordered->seen != i)
			if (waitpid(reader, &status, WNOHANG) == reader)
				fail_msg("message %u was seen in parts", i);
	}
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
	assert_int_equal(mr_destroy(mr), 0);
	munmap(ordered, sizeof(*ordered));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Whether the machine allows what carries messages from process to process. */
static bool may_read_children(void)
{
	pid_t pid = fork();
	uint8_t byte;
	struct iovec to = {&byte, 1}, from = {memory, 1};
	bool may;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	may = process_vm_readv(pid, &to, 1, &from, 1, 0) == 1;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return may;
}

int main(void)
{
	const struct CMUnitTest within[] = {
		TEST(nothing_to_copy_needs_no_key),
		TEST(within_a_process_the_directory_does_not_lead_astray),
		TEST(last_byte_of_a_message_comes_last),
	};
	const struct CMUnitTest across[] = {
		TEST(a_write_lands_in_the_other_process),
		TEST(a_read_fetches_from_the_other_process),
		TEST(what_the_key_does_not_grant_is_left_to_packets),
		TEST(what_the_peer_does_not_accept_is_left_to_packets),
		TEST(capture_faults_and_downed_links_mean_packets),
		TEST(local_memory_is_checked_first),
		TEST(a_process_that_is_gone_is_not_asked_twice),
		TEST(remote_memory_that_has_gone_is_left_to_packets),
		TEST(large_messages_are_copied_in_steps_and_huge_ones_left_to_packets),
		TEST(local_pages_are_pieces_and_too_many_are_left_to_packets),
		TEST(local_memory_that_is_unmapped_is_left_to_packets),
	};
	int failed = cmocka_run_group_tests(within, NULL, NULL);

	if (may_read_children())
		return failed + cmocka_run_group_tests(across, NULL, NULL);
	fprintf(stderr, "skipped: all between processes, this machine forbids process_vm_readv\n");
	return failed ? failed : 77;
}
