/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls that move bytes, under all the names that they have. */
#include "librdmacm/preload/next.h"

#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rdma/rsocket.h>

#include "librdmacm/preload/carried.h"

HOOK ssize_t __read_chk(int fd, void *buf, size_t count, size_t size);
HOOK ssize_t __recv_chk(int fd, void *buf, size_t count, size_t size, int flags);
HOOK ssize_t __recvfrom_chk(int fd, void *buf, size_t count, size_t size, int flags,
			    struct sockaddr *addr, socklen_t *length);

HOOK ssize_t read(int fd, void *buf, size_t count)
{
	return CARRY(fd, rread(number, buf, count), NEXT(read)(fd, buf, count));
}

HOOK ssize_t readv(int fd, const struct iovec *iov, int pieces)
{
	return CARRY(fd, rreadv(number, iov, pieces), NEXT(readv)(fd, iov, pieces));
}

HOOK ssize_t recv(int fd, void *buf, size_t count, int flags)
{
	return CARRY(fd, rrecv(number, buf, count, flags), NEXT(recv)(fd, buf, count, flags));
}

HOOK ssize_t recvfrom(int fd, void *buf, size_t count, int flags, struct sockaddr *addr,
		      socklen_t *length)
{
	return CARRY(fd, rrecvfrom(number, buf, count, flags, addr, length),
		     NEXT(recvfrom)(fd, buf, count, flags, addr, length));
}

HOOK ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	return CARRY(fd, rrecvmsg(number, message, flags), NEXT(recvmsg)(fd, message, flags));
}

/* What reads become that the compiler knows the buffer's size of. The C library's own version stops
 * the program if the buffer is too small. */
HOOK ssize_t __read_chk(int fd, void *buf, size_t count, size_t size)
{
	return CARRY(fd, count > size ? (abort(), -1) : rread(number, buf, count),
		     NEXT(__read_chk)(fd, buf, count, size));
}

HOOK ssize_t __recv_chk(int fd, void *buf, size_t count, size_t size, int flags)
{
	return CARRY(fd, count > size ? (abort(), -1) : rrecv(number, buf, count, flags),
		     NEXT(__recv_chk)(fd, buf, count, size, flags));
}

HOOK ssize_t __recvfrom_chk(int fd, void *buf, size_t count, size_t size, int flags,
			    struct sockaddr *addr, socklen_t *length)
{
	return CARRY(fd,
		     count > size ? (abort(), -1)
				  : rrecvfrom(number, buf, count, flags, addr, length),
		     NEXT(__recvfrom_chk)(fd, buf, count, size, flags, addr, length));
}

HOOK ssize_t write(int fd, const void *buf, size_t count)
{
	return CARRY(fd, rwrite(number, buf, count), NEXT(write)(fd, buf, count));
}

HOOK ssize_t writev(int fd, const struct iovec *iov, int pieces)
{
	return CARRY(fd, rwritev(number, iov, pieces), NEXT(writev)(fd, iov, pieces));
}

HOOK ssize_t send(int fd, const void *buf, size_t count, int flags)
{
	return CARRY(fd, rsend(number, buf, count, flags), NEXT(send)(fd, buf, count, flags));
}

HOOK ssize_t sendto(int fd, const void *buf, size_t count, int flags, const struct sockaddr *addr,
		    socklen_t length)
{
	return CARRY(fd, rsendto(number, buf, count, flags, addr, length),
		     NEXT(sendto)(fd, buf, count, flags, addr, length));
}

HOOK ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return CARRY(fd, rsendmsg(number, message, flags), NEXT(sendmsg)(fd, message, flags));
}

/* One piece of the file, as much as fits a buffer: short counts are what callers expect. */
static ssize_t send_piece(int number, int from, off_t *offset, size_t count)
{
	char piece[1 << 16];
	size_t want = count < sizeof(piece) ? count : sizeof(piece);
	ssize_t got = offset ? pread(from, piece, want, *offset) : NEXT(read)(from, piece, want);
	ssize_t sent;

	if (got <= 0)
		return got;
	sent = rsend(number, piece, (size_t)got, 0);
	if (offset && sent > 0)
		*offset += sent;
	/* What was read and not sent stays unread. */
	if (!offset && sent < got && lseek(from, (sent < 0 ? 0 : sent) - got, SEEK_CUR) < 0)
		return -1;
	return sent;
}

HOOK ssize_t sendfile(int to, int from, off_t *offset, size_t count)
{
	return CARRY(to, send_piece(number, from, offset, count),
		     NEXT(sendfile)(to, from, offset, count));
}

HOOK ssize_t sendfile64(int to, int from, off64_t *offset, size_t count)
{
	return CARRY(to, send_piece(number, from, offset, count),
		     NEXT(sendfile64)(to, from, offset, count));
}
