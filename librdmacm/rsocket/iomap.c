/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Direct placement: memory that the peer writes to by offset, and writing to the peer's. The peer's
 * table says what it has mapped; an entry is ours to read once its message has been taken.
 */
#include <stdlib.h>

#include "librdmacm/rsocket/ring.h"
#include "librdmacm/rsocket/socket.h"

void rs_maps_free(struct rs_socket *rs)
{
	list_for_each_safe (node, &rs->stream.maps) {
		struct rs_map *map = list_entry(node, struct rs_map, link);

		list_remove(node);
		ibv_dereg_mr(map->mr);
		free(map);
	}
}

struct rs_map *rs_map_owed(const struct rs_stream *stream)
{
	list_for_each (node, &stream->maps) {
		struct rs_map *map = list_entry(node, struct rs_map, link);

		if (map->owed)
			return map;
	}
	return NULL;
}

static bool index_taken(const struct rs_stream *stream, uint32_t index)
{
	list_for_each (node, &stream->maps)
		if (list_entry(node, struct rs_map, link)->index == index)
			return true;
	return false;
}

/* A place in the peer's table. */
static int choose_index(const struct rs_stream *stream, uint32_t *index)
{
	for (*index = 0; *index < stream->peer_mappings.length; ++*index)
		if (!index_taken(stream, *index))
			return 0;
	return ENOMEM;
}

static void set_mapping(struct rs_map *map, uint64_t offset)
{
	map->mapping = (struct rs_mapping){
		.offset = offset,
		.range = {.address = (uintptr_t)map->mr->addr,
			  .key = map->mr->rkey,
			  .length = (uint32_t)map->mr->length},
	};
}

static bool all_told(struct rs_socket *rs)
{
	return rs->state == RS_ENDED || !rs_map_owed(&rs->stream);
}

/* The peer learns of it before any data that is sent after this. */
static void tell(struct rs_socket *rs, struct rs_map *map)
{
	pthread_mutex_lock(&rs->lock);
	map->owed = true;
	rs_settle(rs);
	pthread_mutex_unlock(&rs->lock);
	rs_await(rs, all_told, false, 0);
}

static int add_map(struct rs_socket *rs, struct rs_map *map, bool remote)
{
	int err = 0;

	pthread_mutex_lock(&rs->lock);
	map->index = UINT32_MAX;
	if (remote)
		err = choose_index(&rs->stream, &map->index);
	if (!err)
		list_append(&rs->stream.maps, &map->link);
	pthread_mutex_unlock(&rs->lock);
	return err;
}

static int map_memory(struct rs_socket *rs, void *buf, size_t length, bool remote, off_t *offset)
{
	int access = remote ? IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE : 0;
	struct rs_map *map = calloc(1, sizeof(*map));
	int err;

	if (!map)
		return ENOMEM;
	map->mr = ibv_reg_mr(rs->stream.id->pd, buf, length, access);
	if (!map->mr) {
		err = errno;
		free(map);
		return err;
	}
	if (*offset == -1)
		*offset = (off_t)(uintptr_t)buf;
	set_mapping(map, (uint64_t)*offset);
	err = add_map(rs, map, remote);
	if (err) {
		ibv_dereg_mr(map->mr);
		free(map);
		return err;
	}
	if (remote)
		tell(rs, map);
	return 0;
}

off_t riomap(int socket, void *buf, size_t len, int prot, int flags, off_t offset)
{
	struct rs_socket *rs = rs_find(socket);
	int err;

	if (!rs)
		return cma_result(EBADF);
	if (!rs_is_stream(rs))
		return cma_result(EOPNOTSUPP);
	if (flags || !len || len > UINT32_MAX || prot & ~PROT_WRITE || offset < -1)
		return cma_result(EINVAL);
	if (rs->state != RS_CONNECTED && rs->state != RS_ACCEPTING)
		return cma_result(ENOTCONN);
	err = rs_stream_ready(rs, false);
	if (!err)
		err = map_memory(rs, buf, len, prot & PROT_WRITE, &offset);
	return err ? cma_result(err) : offset;
}

static struct rs_map *find_map(struct rs_socket *rs, const void *buf, size_t length)
{
	struct rs_map *found = NULL;

	pthread_mutex_lock(&rs->lock);
	list_for_each (node, &rs->stream.maps) {
		struct rs_map *map = list_entry(node, struct rs_map, link);

		if (map->mr->addr == buf && map->mr->length == length)
			found = map;
	}
	pthread_mutex_unlock(&rs->lock);
	return found;
}

/* The peer's entry is emptied first, so that it finds nothing there rather than a key of old. */
int riounmap(int socket, void *buf, size_t len)
{
	struct rs_socket *rs = rs_find(socket);
	struct rs_map *map;
	int err;

	if (!rs)
		return cma_result(EBADF);
	map = rs_is_stream(rs) ? find_map(rs, buf, len) : NULL;
	if (!map)
		return cma_result(EINVAL);
	if (map->index != UINT32_MAX && rs->state == RS_CONNECTED) {
		map->mapping = (struct rs_mapping){.offset = 0};
		tell(rs, map);
	}
	err = ibv_dereg_mr(map->mr);
	if (err)
		return cma_result(err);
	pthread_mutex_lock(&rs->lock);
	list_remove(&map->link);
	pthread_mutex_unlock(&rs->lock);
	free(map);
	return 0;
}

/* Where the peer has that offset mapped, and how far. */
static int find_target(const struct rs_stream *stream, uint64_t offset, struct rs_range *range)
{
	for (uint32_t i = 0; i < stream->iomap_size; i++) {
		const volatile struct rs_mapping *entry = &stream->mapping_table[i];
		uint64_t start = entry->offset;
		uint32_t length = entry->range.length;

		if (offset < start || offset - start >= length)
			continue;
		*range = (struct rs_range){.address = entry->range.address + (offset - start),
					   .key = entry->range.key,
					   .length = length - (uint32_t)(offset - start)};
		return 0;
	}
	return EINVAL;
}

static int write_piece(struct rs_socket *rs, const uint8_t *data, size_t left, uint64_t offset,
		       uint32_t *written)
{
	struct rs_stream *stream = &rs->stream;
	struct rs_range target;
	struct rs_piece piece = {.data = data, .lkey = stream->send_mr->lkey};
	int err = find_target(stream, offset, &target);

	if (err)
		return err;
	piece.length = rs_ring_lesser(left, target.length);
	piece.inlined = piece.length <= stream->max_inline;
	if (!piece.inlined) {
		uint8_t *place = stream->send_ring + stream->send_pi % stream->send_size;

		piece.length =
			rs_ring_lesser(piece.length, rs_ring_room(stream->send_pi, stream->send_ci,
								  stream->send_size));
		piece.data = memcpy(place, data, piece.length);
	}
	err = rs_post_write(rs, &piece, target.address, target.key,
			    rs_request(RS_REQUEST_DATA, piece.inlined ? 0 : piece.length));
	if (err)
		return err;
	stream->send_pi += piece.inlined ? 0 : piece.length;
	stream->posted++;
	*written = piece.length;
	return 0;
}

static bool may_write(struct rs_socket *rs)
{
	return !rs->stream.can_write || rs_may_post(rs);
}

static int write_all(struct rs_socket *rs, const uint8_t *data, size_t *left, uint64_t offset,
		     bool nonblocking)
{
	uint32_t written;
	int err = 0;

	while (*left && !err) {
		err = rs_await(rs, may_write, nonblocking, 0);
		if (!err && !rs->stream.can_write)
			err = EPIPE;
		if (!err)
			err = write_piece(rs, data, *left, offset, &written);
		if (err)
			break;
		data += written;
		offset += written;
		*left -= written;
	}
	return err;
}

size_t riowrite(int socket, const void *buf, size_t count, off_t offset, int flags)
{
	struct rs_socket *rs = rs_find(socket);
	size_t left = count;
	int err;

	if (!rs)
		return (size_t)cma_result(EBADF);
	if (!rs_is_stream(rs))
		return (size_t)cma_result(EOPNOTSUPP);
	err = rs_stream_ready(rs, rs_nonblocking(rs, flags));
	if (err)
		return (size_t)cma_result(err);
	pthread_mutex_lock(&rs->send_lock);
	err = write_all(rs, buf, &left, (uint64_t)offset, rs_nonblocking(rs, flags));
	pthread_mutex_unlock(&rs->send_lock);
	return err && left == count ? (size_t)cma_result(err) : count - left;
}
