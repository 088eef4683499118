/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* storm serve ADDRESS TOTAL
 * storm connect ADDRESS COUNT ROUNDS */
#include "storm.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

enum { PORT = 7471, PATIENCE_S = 20, NAP_NS = 20000000 };

/* Tables that grow with the most that there were at a time, and are kept. */
static const size_t KEPT_BYTES = 128 * 1024;

/* ---- what is shared ---- */

void shared_open(struct shared *shared, struct ibv_context *device, uint32_t num_links)
{
	size_t bytes = (size_t)num_links * MESSAGE_WORDS * sizeof(uint32_t);

	if (shared->pd)
		return;
	shared->num_links = num_links;
	shared->pd = ibv_alloc_pd(device);
	MUST(shared->pd);
	shared->cq = ibv_create_cq(device, (int)num_links * 2, NULL, NULL, 0);
	MUST(shared->cq);
	shared->messages = calloc(1, bytes);
	MUST(shared->messages);
	shared->mr = ibv_reg_mr(shared->pd, shared->messages, bytes, IBV_ACCESS_LOCAL_WRITE);
	MUST(shared->mr);
}

void shared_create_qp(struct shared *shared, struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr = {
		.send_cq = shared->cq,
		.recv_cq = shared->cq,
		.cap = {.max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1},
		.qp_type = IBV_QPT_RC,
	};

	MUST(!rdma_create_qp(id, shared->pd, &attr));
}

/* A receive that is flushed was not needed. */
unsigned int shared_poll(struct shared *shared)
{
	struct ibv_wc completions[64];
	unsigned int good = 0;
	int count;

	while ((count = ibv_poll_cq(shared->cq, 64, completions)) > 0) {
		for (int i = 0; i < count; i++) {
			MUST(completions[i].status == IBV_WC_SUCCESS ||
			     completions[i].status == IBV_WC_WR_FLUSH_ERR);
			good += completions[i].status == IBV_WC_SUCCESS;
		}
	}
	MUST(!count);
	return good;
}

/* ---- events ---- */

struct rdma_cm_event *next_event(struct rdma_event_channel *channel)
{
	struct rdma_cm_event *event;

	MUST(!rdma_get_cm_event(channel, &event));
	return event;
}

void unexpected(const struct rdma_cm_event *event)
{
	printf("unexpected: %s, status %d\n", rdma_event_str(event->event), event->status);
	exit(2);
}

/* ---- what a process has ---- */

static unsigned int count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int count = 0;

	MUST(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

struct possession possession_now(void)
{
	return (struct possession){.heap_bytes = mallinfo2().uordblks, .fds = count_fds()};
}

static bool is_back(const struct possession *now, const struct possession *before)
{
	return now->fds <= before->fds && now->heap_bytes <= before->heap_bytes + KEPT_BYTES;
}

/* What stays behind a connection, so that copies of messages are answered, goes by itself. */
void possession_expect(const struct possession *before)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	struct possession now = possession_now();

	for (time_t end = time(NULL) + PATIENCE_S; !is_back(&now, before) && time(NULL) < end;) {
		nanosleep(&nap, NULL);
		now = possession_now();
	}
	printf("before: %zu bytes, %u files; after: %zu bytes, %u files\n", before->heap_bytes,
	       before->fds, now.heap_bytes, now.fds);
	MUST(is_back(&now, before));
}

/* ---- the program ---- */

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	setvbuf(stdout, NULL, _IOLBF, 0);
	MUST(argc > 3 && inet_pton(AF_INET, argv[2], &address.sin_addr) == 1);
	if (!strcmp(argv[1], "serve"))
		serve(&address, (uint32_t)strtoul(argv[3], NULL, 0));
	else if (argc > 4)
		storm(&address, (uint32_t)strtoul(argv[3], NULL, 0),
		      (uint32_t)strtoul(argv[4], NULL, 0));
	printf("ok\n");
	return 0;
}
