/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A capture file's life: begun once, appended to by many, flushed in time. */
#include "softhca/fabric/capture/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "softhca/fabric/capture/pcapng.h"
#include "softhca/fabric/state.h"
#include "util/clock.h"

enum {
	BUFFER_BYTES = 64 * 1024,
	FLUSH_NS = 500 * 1000 * 1000,
};

struct capture {
	int fd;
	dev_t device;
	ino_t inode;
	bool failed;
	uint32_t used;
	uint64_t oldest_ns; /* CLOCK_REALTIME, of what is in the buffer */
	uint8_t buffer[BUFFER_BYTES];
};

static uint64_t real_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Empty: ours to begin. Otherwise it must begin as we begin ours, since blocks name its
 * interfaces. */
static int begin_file(int fd)
{
	uint8_t header[PCAPNG_HEADER_BYTES], found[PCAPNG_HEADER_BYTES];
	struct stat status;

	pcapng_header(header);
	if (fstat(fd, &status))
		return errno;
	if (status.st_size == 0)
		return write(fd, header, sizeof(header)) == sizeof(header) ? 0 : EIO;
	if (pread(fd, found, sizeof(found), 0) != sizeof(found) ||
	    memcmp(header, found, sizeof(found)) != 0)
		return EEXIST;
	return 0;
}

static int open_file(const char *path, struct capture *capture)
{
	struct stat status;
	int error;

	capture->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (capture->fd < 0)
		return errno;
	while (flock(capture->fd, LOCK_EX)) {
		if (errno != EINTR)
			break;
	}
	error = begin_file(capture->fd);
	flock(capture->fd, LOCK_UN);
	if (!error && fstat(capture->fd, &status))
		error = errno;
	if (error) {
		close(capture->fd);
		return error;
	}
	capture->device = status.st_dev;
	capture->inode = status.st_ino;
	return 0;
}

int capture_open(const char *path, struct capture **result, char *reason, size_t reason_size)
{
	struct capture *capture;
	int error;

	*result = NULL;
	if (!path || !*path)
		return 0;
	capture = malloc(sizeof(*capture));
	if (!capture)
		return fabric_explain(reason, reason_size, ENOMEM, "no memory for a capture");
	memset(capture, 0, offsetof(struct capture, buffer));
	error = open_file(path, capture);
	if (error) {
		free(capture);
		return fabric_explain(reason, reason_size, error, "cannot capture to %s: %s", path,
				      error == EEXIST ? "it is something else than a capture of "
							"this program: remove it"
						      : strerror(error));
	}
	*result = capture;
	return 0;
}

/* An application may have closed the descriptor, and its number may mean a file of its own. */
static bool still_ours(const struct capture *capture)
{
	struct stat status;

	return fstat(capture->fd, &status) == 0 && status.st_dev == capture->device &&
	       status.st_ino == capture->inode;
}

/* One write of whole blocks: appending writes of several processes do not mix. */
static void flush(struct capture *capture)
{
	ssize_t written;

	if (capture->used == 0 || capture->failed)
		return;
	do {
		written = still_ours(capture) ? write(capture->fd, capture->buffer, capture->used)
					      : -1;
	} while (written < 0 && errno == EINTR);
	if (written != (ssize_t)capture->used) {
		capture->failed = true;
		fprintf(stderr, "softhca: the capture ends here: %s\n",
			written < 0 ? strerror(errno) : "the disk is full");
	}
	capture->used = 0;
}

void capture_packet(struct fabric *fabric, enum capture_direction direction,
		    const struct packet *head, const uint8_t *bytes)
{
	uint32_t length = atomic_load_explicit(&head->length, memory_order_relaxed);
	struct capture *capture = fabric->capture;
	uint64_t now_ns = real_ns();
	struct frame frame;

	if (!frame_build(fabric, head, bytes, length, &frame))
		return;
	if (BUFFER_BYTES - capture->used < pcapng_packet_bytes(&frame))
		flush(capture);
	if (capture->used == 0)
		capture->oldest_ns = now_ns;
	capture->used += pcapng_packet(capture->buffer + capture->used, &frame, direction, now_ns);
	if (now_ns - capture->oldest_ns > FLUSH_NS)
		flush(capture);
}

void capture_idle(struct capture *capture)
{
	if (capture->used && real_ns() - capture->oldest_ns > FLUSH_NS)
		flush(capture);
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	flush(capture);
	capture_forget(capture);
}

void capture_forget(struct capture *capture)
{
	if (!capture)
		return;
	if (still_ours(capture))
		close(capture->fd);
	free(capture);
}
