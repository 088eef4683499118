/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Buffers of our making for applications (ibv_alloc_buf): a memory file, sealed against shrinking,
 * so that the kernel's udmabuf device makes a dma-buf of the same pages. As shared memory they stay
 * where they are across fork().
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bits.h"
#include "context.h"

struct mlx5_shared_buf {
	struct ibv_buf ibv_buf;
	char *addr;
	size_t bytes; /* whole pages */
	int fd;
};

static struct mlx5_shared_buf *to_shared_buf(struct ibv_buf *buf)
{
	return (struct mlx5_shared_buf *)buf;
}

static int open_file(struct mlx5_shared_buf *buf)
{
	int err;

	buf->fd = memfd_create("ibv_buf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (buf->fd < 0)
		return errno;
	if (ftruncate(buf->fd, (off_t)buf->bytes) || fcntl(buf->fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		goto close_file;
	buf->addr = mmap(NULL, buf->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, buf->fd, 0);
	if (buf->addr != MAP_FAILED)
		return 0;
close_file:
	err = errno;
	close(buf->fd);
	return err;
}

void *mlx5_alloc_buf(struct ibv_pd *pd, size_t size, struct ibv_buf **ibv_buf)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct mlx5_shared_buf *buf;
	int err;

	if (!size || size > SIZE_MAX / 2) {
		errno = size ? ENOMEM : EINVAL;
		return NULL;
	}
	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return NULL;
	buf->ibv_buf.context = pd->context;
	buf->bytes = align_up(size, page_bytes);
	err = open_file(buf);
	if (err) {
		free(buf);
		errno = err;
		return NULL;
	}
	*ibv_buf = &buf->ibv_buf;
	return buf->addr;
}

void mlx5_free_buf(struct ibv_buf *ibv_buf)
{
	struct mlx5_shared_buf *buf = to_shared_buf(ibv_buf);

	munmap(buf->addr, buf->bytes);
	close(buf->fd);
	free(buf);
}

/* A machine without the device that makes dma-bufs has none to give. */
int mlx5_export_buf_dmabuf_fd(struct ibv_buf *ibv_buf)
{
	struct mlx5_shared_buf *buf = to_shared_buf(ibv_buf);
	struct udmabuf_create request = {
		.memfd = (uint32_t)buf->fd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = buf->bytes,
	};
	int maker = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd, err;

	if (maker < 0) {
		errno = errno == EMFILE || errno == ENFILE ? errno : EOPNOTSUPP;
		verbs_explain("this machine makes no dma-bufs: /dev/udmabuf cannot be opened");
		return -1;
	}
	fd = ioctl(maker, UDMABUF_CREATE, &request);
	err = errno;
	close(maker);
	errno = err;
	return fd;
}

bool mlx5_buf_holds(struct ibv_buf *ibv_buf, const void *addr, size_t length)
{
	const struct mlx5_shared_buf *buf = to_shared_buf(ibv_buf);
	uintptr_t offset = (uintptr_t)addr - (uintptr_t)buf->addr;

	return offset <= buf->bytes && length <= buf->bytes - offset;
}
