/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Options of rsockets, their names and flags, and what each call refuses. */
#include "sockets.h"

#include <sys/wait.h>
#include <unistd.h>

CASE(options_of_a_stream)
{
	int socket;
	struct linger linger = {1, 3}, got = {0};
	socklen_t length = sizeof(got);

	address_with_port(0);
	socket = rsocket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_DOMAIN), AF_INET);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_ACCEPTCONN), 0);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_ERROR), 0);
	set_int(socket, SOL_SOCKET, SO_REUSEADDR, 1);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_REUSEADDR), 1);
	set_int(socket, SOL_SOCKET, SO_OOBINLINE, 1);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_OOBINLINE), 1);
	set_int(socket, SOL_SOCKET, SO_RCVBUF, 70000);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_RCVBUF), 70000);
	set_int(socket, SOL_SOCKET, SO_SNDBUF, 80000);
	CHECK_EQ(get_int(socket, SOL_SOCKET, SO_SNDBUF), 80000);
	CHECK_EQ(rsetsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	CHECK_EQ(rgetsockopt(socket, SOL_SOCKET, SO_LINGER, &got, &length), 0);
	CHECK(length == sizeof(got) && got.l_onoff == 1 && got.l_linger == 3);
	set_int(socket, IPPROTO_TCP, TCP_NODELAY, 1);
	CHECK_EQ(get_int(socket, IPPROTO_TCP, TCP_NODELAY), 1);
	CHECK(get_int(socket, IPPROTO_TCP, TCP_MAXSEG) > 0);
	CHECK_EQ(rclose(socket), 0);
}

CASE(options_of_rdma)
{
	struct pair pair = NO_PAIR;
	int socket, value = 0;
	socklen_t length = sizeof(value);

	address_with_port(0);
	socket = rsocket(AF_INET, SOCK_STREAM, 0);
	for (int option = RDMA_SQSIZE; option <= RDMA_IOMAPSIZE; option++) {
		set_int(socket, SOL_RDMA, option, 50);
		CHECK_EQ(get_int(socket, SOL_RDMA, option), 50);
		value = -1;
		CHECK_FAILS(!rsetsockopt(socket, SOL_RDMA, option, &value, sizeof(value)), EINVAL);
	}
	/* What is not possible becomes what is. */
	set_int(socket, SOL_RDMA, RDMA_SQSIZE, 1);
	CHECK(get_int(socket, SOL_RDMA, RDMA_SQSIZE) > 1);
	set_int(socket, SOL_RDMA, RDMA_RQSIZE, 1 << 30);
	CHECK(get_int(socket, SOL_RDMA, RDMA_RQSIZE) < 1 << 16);
	CHECK_FAILS(!rgetsockopt(socket, SOL_RDMA, RDMA_ROUTE, &value, &length), ENODATA);
	CHECK_FAILS(!rsetsockopt(socket, SOL_RDMA, RDMA_ROUTE, &value, sizeof(value)), EINVAL);
	CHECK_EQ(rclose(socket), 0);
	connect_pair(&pair);
	value = 20;
	CHECK_FAILS(!rsetsockopt(pair.active, SOL_RDMA, RDMA_SQSIZE, &value, sizeof(value)),
		    EISCONN);
	end_pair(&pair);
}

CASE(a_listener_hands_its_options_on)
{
	struct pair pair = NO_PAIR;

	pair.listener = listening_socket(&pair.address);
	CHECK_EQ(get_int(pair.listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
	set_int(pair.listener, SOL_SOCKET, SO_RCVBUF, 33000);
	set_int(pair.listener, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(pair.listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	connect_pair(&pair);
	CHECK_EQ(get_int(pair.passive, SOL_SOCKET, SO_RCVBUF), 33000);
	CHECK_EQ(get_int(pair.passive, IPPROTO_TCP, TCP_NODELAY), 1);
	CHECK_EQ(get_int(pair.passive, SOL_SOCKET, SO_KEEPALIVE), 1);
	CHECK_EQ(get_int(pair.active, SOL_SOCKET, SO_KEEPALIVE), 0);
	end_pair(&pair);
}

/* Probes need neither data nor calls, and do not disturb what is sent. */
CASE(connections_are_kept_alive)
{
	struct pair pair = NO_PAIR;
	struct pollfd fd = {.events = POLLIN};

	connect_pair(&pair);
	set_int(pair.active, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(pair.active, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_int(pair.active, IPPROTO_TCP, TCP_KEEPCNT, 3);
	CHECK_EQ(get_int(pair.active, IPPROTO_TCP, TCP_KEEPIDLE), 1);
	CHECK_EQ(get_int(pair.active, IPPROTO_TCP, TCP_KEEPINTVL), 1);
	CHECK_EQ(get_int(pair.active, IPPROTO_TCP, TCP_KEEPCNT), 3);
	set_int(pair.active, SOL_SOCKET, SO_KEEPALIVE, 1);
	fd.fd = pair.passive;
	CHECK_EQ(rpoll(&fd, 1, 2500), 0);
	send_bytes(pair.active, 1000);
	receive_bytes(pair.passive, 1000);
	set_int(pair.active, SOL_SOCKET, SO_KEEPALIVE, 0);
	end_pair(&pair);
}

CASE(what_options_refuse)
{
	int socket, value = 1;
	socklen_t length = sizeof(value);

	address_with_port(0);
	socket = rsocket(AF_INET, SOCK_STREAM, 0);
	CHECK_FAILS(!rsetsockopt(socket, 4711, 1, &value, sizeof(value)), ENOPROTOOPT);
	CHECK_FAILS(!rsetsockopt(socket, SOL_SOCKET, 4711, &value, sizeof(value)), ENOPROTOOPT);
	CHECK_FAILS(!rsetsockopt(socket, IPPROTO_TCP, 4711, &value, sizeof(value)), ENOPROTOOPT);
	CHECK_FAILS(!rsetsockopt(socket, SOL_RDMA, 4711, &value, sizeof(value)), ENOPROTOOPT);
	CHECK_FAILS(!rsetsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof(value)),
		    ENOPROTOOPT);
	CHECK_FAILS(!rsetsockopt(socket, SOL_SOCKET, SO_SNDBUF, &value, 2), EINVAL);
	CHECK_FAILS(!rsetsockopt(socket, SOL_SOCKET, SO_SNDBUF, NULL, sizeof(value)), EFAULT);
	CHECK_FAILS(!rsetsockopt(socket, SOL_SOCKET, SO_LINGER, &value, sizeof(value)), EINVAL);
	value = 0;
	CHECK_FAILS(!rsetsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof(value)), EINVAL);
	CHECK_FAILS(!rsetsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &value, sizeof(value)), EINVAL);
	CHECK_FAILS(!rgetsockopt(socket, 4711, 1, &value, &length), ENOPROTOOPT);
	CHECK_FAILS(!rgetsockopt(socket, SOL_SOCKET, 4711, &value, &length), ENOPROTOOPT);
	CHECK_FAILS(!rgetsockopt(socket, SOL_SOCKET, SO_ERROR, NULL, &length), EFAULT);
	length = 2;
	CHECK_FAILS(!rgetsockopt(socket, SOL_SOCKET, SO_ERROR, &value, &length), EINVAL);
	CHECK_FAILS(rfcntl(socket, 4711) >= 0, EINVAL);
	CHECK_EQ(rfcntl(socket, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(rclose(socket), 0);
}

CASE(six_only)
{
	int socket;

	address_with_port(0);
	socket = rsocket(AF_INET6, SOCK_STREAM, 0);
	CHECK_EQ(get_int(socket, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	set_int(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	CHECK_EQ(get_int(socket, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	CHECK_EQ(rclose(socket), 0);
}

/* Descriptors that are none, or the system's. */
CASE(numbers_that_are_no_rsockets)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct iovec iov = {&address, 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	socklen_t length = sizeof(address);
	int value = 0;

	for (int fd = -1; fd < 3; fd++) {
		CHECK_FAILS(!rbind(fd, (struct sockaddr *)&address, length), EBADF);
		CHECK_FAILS(!rlisten(fd, 1), EBADF);
		CHECK_FAILS(raccept(fd, NULL, NULL) >= 0, EBADF);
		CHECK_FAILS(!rconnect(fd, (struct sockaddr *)&address, length), EBADF);
		CHECK_FAILS(!rshutdown(fd, SHUT_RD), EBADF);
		CHECK_FAILS(!rclose(fd), EBADF);
		CHECK_FAILS(rsend(fd, &value, 1, 0) >= 0, EBADF);
		CHECK_FAILS(rsendto(fd, &value, 1, 0, NULL, 0) >= 0, EBADF);
		CHECK_FAILS(rsendmsg(fd, &message, 0) >= 0, EBADF);
		CHECK_FAILS(rwrite(fd, &value, 1) >= 0, EBADF);
		CHECK_FAILS(rwritev(fd, &iov, 1) >= 0, EBADF);
		CHECK_FAILS(rrecv(fd, &value, 1, 0) >= 0, EBADF);
		CHECK_FAILS(rrecvfrom(fd, &value, 1, 0, NULL, NULL) >= 0, EBADF);
		CHECK_FAILS(rrecvmsg(fd, &message, 0) >= 0, EBADF);
		CHECK_FAILS(rread(fd, &value, 1) >= 0, EBADF);
		CHECK_FAILS(rreadv(fd, &iov, 1) >= 0, EBADF);
		CHECK_FAILS(!rgetsockname(fd, (struct sockaddr *)&address, &length), EBADF);
		CHECK_FAILS(!rgetpeername(fd, (struct sockaddr *)&address, &length), EBADF);
		CHECK_FAILS(!rsetsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, 4), EBADF);
		CHECK_FAILS(!rgetsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &length), EBADF);
		CHECK_FAILS(rfcntl(fd, F_GETFL) >= 0, EBADF);
		CHECK_FAILS(riomap(fd, &value, 4, PROT_WRITE, 0, 0) >= 0, EBADF);
		CHECK_FAILS(!riounmap(fd, &value, 4), EBADF);
		CHECK_FAILS((ssize_t)riowrite(fd, &value, 4, 0, 0) >= 0, EBADF);
	}
}

CASE(what_sockets_refuse)
{
	struct pair pair = NO_PAIR;
	struct sockaddr_in address = address_with_port(0), six = address;
	socklen_t length = sizeof(address), small = 3;
	struct msghdr message = {.msg_iovlen = 1 << 20};
	char name[sizeof(address)] = "";
	int socket;

	CHECK_FAILS(rsocket(AF_UNIX, SOCK_STREAM, 0) >= 0, EAFNOSUPPORT);
	CHECK_FAILS(rsocket(AF_INET, SOCK_RAW, 0) >= 0, EPROTONOSUPPORT);
	CHECK_FAILS(rsocket(AF_INET, SOCK_STREAM, IPPROTO_UDP) >= 0, EPROTONOSUPPORT);
	CHECK_FAILS(rsocket(AF_INET, SOCK_DGRAM, IPPROTO_TCP) >= 0, EPROTONOSUPPORT);
	socket = rsocket(AF_INET, SOCK_STREAM, 0);
	six.sin_family = AF_INET6;
	CHECK_FAILS(!rbind(socket, NULL, length), EINVAL);
	CHECK_FAILS(!rbind(socket, (struct sockaddr *)&address, 4), EINVAL);
	CHECK_FAILS(!rbind(socket, (struct sockaddr *)&six, length), EAFNOSUPPORT);
	CHECK_FAILS(!rconnect(socket, NULL, length), EINVAL);
	CHECK_FAILS(!rconnect(socket, (struct sockaddr *)&address, 4), EINVAL);
	CHECK_FAILS(!rconnect(socket, (struct sockaddr *)&six, length), EAFNOSUPPORT);
	CHECK_FAILS(raccept(socket, NULL, NULL) >= 0, EINVAL);
	CHECK_FAILS(rsend(socket, "x", 1, 0) >= 0, EPIPE);
	CHECK_FAILS(rrecv(socket, name, 1, 0) >= 0, ENOTCONN);
	CHECK_FAILS(!rshutdown(socket, SHUT_RDWR), ENOTCONN);
	CHECK_FAILS(!rgetpeername(socket, (struct sockaddr *)&address, &length), ENOTCONN);
	CHECK_FAILS(!rgetsockname(socket, NULL, &length), EFAULT);
	CHECK_EQ(rbind(socket, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK_FAILS(!rbind(socket, (struct sockaddr *)&address, sizeof(address)), EINVAL);
	CHECK_EQ(rclose(socket), 0);
	connect_pair(&pair);
	CHECK_FAILS(!rlisten(pair.active, 1), EINVAL);
	CHECK_FAILS(
		!rconnect(pair.listener, (struct sockaddr *)&pair.address, sizeof(pair.address)),
		EOPNOTSUPP);
	CHECK_FAILS(!rshutdown(pair.listener, SHUT_RDWR), EOPNOTSUPP);
	CHECK_FAILS(rsendto(pair.active, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) >=
			    0,
		    EISCONN);
	CHECK_FAILS(rsendmsg(pair.active, NULL, 0) >= 0, EFAULT);
	CHECK_FAILS(rsendmsg(pair.active, &message, 0) >= 0, EMSGSIZE);
	CHECK_FAILS(rrecvmsg(pair.active, &message, 0) >= 0, EMSGSIZE);
	message = (struct msghdr){.msg_control = name, .msg_controllen = sizeof(name)};
	CHECK_FAILS(rsendmsg(pair.active, &message, 0) >= 0, EOPNOTSUPP);
	/* Names are cut to the room that there is, and their length told. */
	CHECK_EQ(rgetpeername(pair.active, (struct sockaddr *)name, &small), 0);
	CHECK(small == sizeof(address) && !name[3]);
	end_pair(&pair);
}

/* A child may close its parent's sockets, and has nothing else of them. */
CASE(a_child_does_not_disturb_its_parent)
{
	struct pair pair = NO_PAIR;
	pid_t child;
	int status;

	connect_pair(&pair);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		CHECK_FAILS(rsend(pair.active, "x", 1, 0) >= 0, EBADF);
		CHECK_EQ(rclose(pair.active), 0);
		CHECK_EQ(rclose(pair.listener), 0);
		CHECK_FAILS(!rclose(pair.active), EBADF);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	send_bytes(pair.active, 3000);
	receive_bytes(pair.passive, 3000);
	end_pair(&pair);
}

CASE(a_child_has_sockets_of_its_own)
{
	struct pair pair = NO_PAIR, own = NO_PAIR;
	pid_t child;
	int status;

	connect_pair(&pair);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		connect_pair(&own);
		send_bytes(own.active, 3000);
		receive_bytes(own.passive, 3000);
		end_pair(&own);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	send_bytes(pair.active, 3000);
	receive_bytes(pair.passive, 3000);
	end_pair(&pair);
}
