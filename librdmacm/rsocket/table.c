/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From descriptors to sockets: pages of pointers, made when first needed and read without a lock. A
 * child has its parent's descriptors, which it may close, but none of the sockets: queue pairs and
 * the memory below them stay with the parent.
 */
#include <stdlib.h>
#include <unistd.h>

#include "librdmacm/rsocket/socket.h"

enum { PAGE_ENTRIES = 1 << 10, PAGES = 1 << 11 };

struct page {
	_Atomic(struct rs_socket *) entries[PAGE_ENTRIES];
};

static _Atomic(struct page *) pages[PAGES];
static struct page *inherited[PAGES];

static struct page *page_of(int fd)
{
	return atomic_load_explicit(&pages[fd / PAGE_ENTRIES], memory_order_acquire);
}

struct rs_socket *rs_find(int fd)
{
	struct page *page;

	if (fd < 0 || fd >= PAGES * PAGE_ENTRIES)
		return NULL;
	page = page_of(fd);
	if (!page)
		return NULL;
	return atomic_load_explicit(&page->entries[fd % PAGE_ENTRIES], memory_order_acquire);
}

static void inherit(struct page **old, struct page *page)
{
	if (!*old) {
		*old = page;
		return;
	}
	for (size_t i = 0; i < PAGE_ENTRIES; i++)
		if (page->entries[i])
			(*old)->entries[i] = page->entries[i];
	free(page);
}

static void after_fork(void)
{
	rs_sets_after_fork(false);
}

static void after_fork_in_child(void)
{
	for (size_t i = 0; i < PAGES; i++)
		if (pages[i]) {
			inherit(&inherited[i], pages[i]);
			pages[i] = NULL;
		}
	rs_sets_after_fork(true);
}

static void watch_forks(void)
{
	pthread_atfork(rs_sets_before_fork, after_fork, after_fork_in_child);
}

bool rs_close_inherited(int fd)
{
	struct page *page =
		fd >= 0 && fd < PAGES * PAGE_ENTRIES ? inherited[fd / PAGE_ENTRIES] : NULL;

	if (!page || !atomic_exchange(&page->entries[fd % PAGE_ENTRIES], NULL))
		return false;
	return !close(fd);
}

int rs_table_insert(struct rs_socket *rs)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct page *page, *none = NULL;

	pthread_once(&once, watch_forks);
	if (rs->fd >= PAGES * PAGE_ENTRIES)
		return EMFILE;
	page = page_of(rs->fd);
	if (!page) {
		page = calloc(1, sizeof(*page));
		if (!page)
			return ENOMEM;
		if (!atomic_compare_exchange_strong(&pages[rs->fd / PAGE_ENTRIES], &none, page)) {
			free(page);
			page = none;
		}
	}
	atomic_store_explicit(&page->entries[rs->fd % PAGE_ENTRIES], rs, memory_order_release);
	return 0;
}

void rs_table_remove(struct rs_socket *rs)
{
	atomic_store_explicit(&page_of(rs->fd)->entries[rs->fd % PAGE_ENTRIES], NULL,
			      memory_order_release);
}
