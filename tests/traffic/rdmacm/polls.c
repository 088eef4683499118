/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waiting for many: rpoll(), rselect() and sets of repoll_create(), descriptors of the system among
 * them. */
#include "sockets.h"

#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

CASE(poll_says_what_there_is)
{
	struct pair pair = NO_PAIR;
	struct pollfd fds[3];
	char byte;

	connect_pair(&pair);
	fds[0] = (struct pollfd){.fd = pair.active, .events = POLLIN | POLLOUT};
	fds[1] = (struct pollfd){.fd = pair.passive, .events = POLLIN};
	fds[2] = (struct pollfd){.fd = pair.listener, .events = POLLIN};
	CHECK_EQ(rpoll(fds, 3, 0), 1);
	CHECK(fds[0].revents == POLLOUT && !fds[1].revents && !fds[2].revents);
	CHECK_EQ(rpoll(fds + 1, 2, 20), 0);
	CHECK_EQ(rsend(pair.active, "x", 1, 0), 1);
	CHECK_EQ(rpoll(fds + 1, 2, -1), 1);
	CHECK_EQ(fds[1].revents, POLLIN);
	CHECK_EQ(rrecv(pair.passive, &byte, 1, 0), 1);
	CHECK_EQ(rpoll(fds + 1, 1, 0), 0);
	CHECK_EQ(rclose(pair.active), 0);
	fds[1].events = POLLIN | POLLRDHUP;
	CHECK_EQ(rpoll(fds + 1, 1, -1), 1);
	CHECK_EQ(fds[1].revents, POLLIN | POLLRDHUP | POLLHUP);
	CHECK_EQ(rclose(pair.passive), 0);
	CHECK_EQ(rclose(pair.listener), 0);
}

CASE(poll_takes_descriptors_of_the_system)
{
	struct pair pair = NO_PAIR;
	int event = eventfd(0, EFD_NONBLOCK);
	struct pollfd fds[2];

	connect_pair(&pair);
	fds[0] = (struct pollfd){.fd = pair.passive, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = event, .events = POLLIN};
	CHECK_EQ(rpoll(fds, 2, 20), 0);
	CHECK_OK(eventfd_write(event, 1));
	CHECK_EQ(rpoll(fds, 2, -1), 1);
	CHECK(!fds[0].revents && fds[1].revents == POLLIN);
	CHECK_EQ(rsend(pair.active, "x", 1, 0), 1);
	await_poll(pair.passive, POLLIN, POLLIN);
	CHECK_EQ(rpoll(fds, 2, -1), 2);
	CHECK(fds[0].revents == POLLIN && fds[1].revents == POLLIN);
	CHECK_EQ(rpoll(fds + 1, 1, 0), 1);
	fds[1].fd = 999;
	CHECK_EQ(rpoll(fds, 2, -1), 2);
	CHECK_EQ(fds[1].revents, POLLNVAL);
	close(event);
	end_pair(&pair);
}

CASE(connecting_and_accepting_without_waiting)
{
	struct sockaddr_in address, peer, own;
	socklen_t length = sizeof(peer);
	int listener = listening_socket(&address), passive;
	int active = rsocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int result;

	set_nonblocking(listener);
	CHECK_FAILS(raccept(listener, NULL, NULL) >= 0, EAGAIN);
	CHECK_EQ(rfcntl(active, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	result = rconnect(active, (struct sockaddr *)&address, sizeof(address));
	/* The other side's answer may be there already. */
	CHECK(!result || errno == EINPROGRESS);
	await_poll(active, POLLOUT, POLLOUT);
	CHECK_EQ(get_int(active, SOL_SOCKET, SO_ERROR), 0);
	CHECK_FAILS(!rconnect(active, (struct sockaddr *)&address, sizeof(address)), EISCONN);
	await_poll(listener, POLLIN, POLLIN);
	passive = raccept(listener, (struct sockaddr *)&peer, &length);
	CHECK(passive >= 0 && length == sizeof(peer));
	length = sizeof(own);
	CHECK_EQ(rgetsockname(active, (struct sockaddr *)&own, &length), 0);
	CHECK(own.sin_port == peer.sin_port && own.sin_addr.s_addr == peer.sin_addr.s_addr);
	/* As with TCP sockets of Linux the listener's flag is not passed on. */
	CHECK_EQ(rfcntl(passive, F_GETFL) & O_NONBLOCK, 0);
	send_bytes(active, 100);
	receive_bytes(passive, 100);
	CHECK_EQ(rclose(active), 0);
	CHECK_EQ(rclose(passive), 0);
	CHECK_EQ(rclose(listener), 0);
}

CASE(nobody_there)
{
	struct sockaddr_in address;
	int listener = listening_socket(&address);
	int active = rsocket(AF_INET, SOCK_STREAM, 0);
	short events;

	CHECK_EQ(rclose(listener), 0);
	CHECK_FAILS(!rconnect(active, (struct sockaddr *)&address, sizeof(address)), ECONNREFUSED);
	CHECK_EQ(rclose(active), 0);
	active = rsocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(rconnect(active, (struct sockaddr *)&address, sizeof(address)), -1);
	/* The answer may be there at once. */
	if (errno == EINPROGRESS) {
		events = await_poll(active, POLLOUT, POLLERR);
		CHECK(events & POLLHUP && events & POLLOUT);
		CHECK_EQ(get_int(active, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	} else {
		CHECK_EQ(errno, ECONNREFUSED);
	}
	CHECK_EQ(get_int(active, SOL_SOCKET, SO_ERROR), 0);
	CHECK_EQ(rclose(active), 0);
}

CASE(select_says_what_there_is)
{
	struct pair pair = NO_PAIR;
	struct timeval short_time = {0, 20000};
	fd_set in, out;
	int limit;

	connect_pair(&pair);
	limit = (pair.active > pair.passive ? pair.active : pair.passive) + 1;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(pair.passive, &in);
	CHECK_EQ(rselect(limit, &in, NULL, NULL, &short_time), 0);
	CHECK(!FD_ISSET(pair.passive, &in));
	CHECK_EQ(rsend(pair.active, "x", 1, 0), 1);
	FD_SET(pair.passive, &in);
	CHECK_EQ(rselect(limit, &in, NULL, NULL, NULL), 1);
	FD_SET(pair.active, &in);
	FD_SET(pair.active, &out);
	CHECK_EQ(rselect(limit, &in, &out, NULL, NULL), 2);
	CHECK(FD_ISSET(pair.passive, &in) && !FD_ISSET(pair.active, &in));
	CHECK(FD_ISSET(pair.active, &out));
	FD_SET(1000, &in);
	CHECK_FAILS(rselect(1001, &in, NULL, NULL, NULL) >= 0, EBADF);
	CHECK_FAILS(rselect(-1, NULL, NULL, NULL, NULL) >= 0, EINVAL);
	short_time.tv_usec = -1;
	CHECK_FAILS(rselect(0, NULL, NULL, NULL, &short_time) >= 0, EINVAL);
	end_pair(&pair);
}

static void join(int set, int socket, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = socket};

	CHECK_EQ(repoll_ctl(set, EPOLL_CTL_ADD, socket, &event), 0);
}

static void expect_one(int set, int socket, uint32_t events)
{
	struct epoll_event got[4];

	CHECK_EQ(repoll_wait(set, got, 4, -1), 1);
	CHECK_EQ(got[0].data.fd, socket);
	CHECK_EQ(got[0].events, events);
}

static void expect_none(int set)
{
	struct epoll_event got[4];

	CHECK_EQ(repoll_wait(set, got, 4, 0), 0);
	CHECK_EQ(repoll_wait(set, got, 4, 10), 0);
}

CASE(a_set_says_what_there_is)
{
	struct pair pair = NO_PAIR;
	int set = repoll_create(EPOLL_CLOEXEC);
	char byte;

	CHECK(set >= 0 && fcntl(set, F_GETFD) == FD_CLOEXEC);
	connect_pair(&pair);
	join(set, pair.passive, EPOLLIN);
	join(set, pair.listener, EPOLLIN);
	expect_none(set);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(rsend(pair.active, "x", 1, 0), 1);
		expect_one(set, pair.passive, EPOLLIN);
		/* As long as it is so. */
		expect_one(set, pair.passive, EPOLLIN);
		CHECK_EQ(rrecv(pair.passive, &byte, 1, 0), 1);
		expect_none(set);
	}
	CHECK_EQ(rclose(pair.active), 0);
	expect_one(set, pair.passive, EPOLLIN | EPOLLHUP);
	/* A socket that is closed is no member any more. */
	CHECK_EQ(rclose(pair.passive), 0);
	expect_none(set);
	pair.active = rsocket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(rconnect(pair.active, (struct sockaddr *)&pair.address, sizeof(pair.address)), 0);
	expect_one(set, pair.listener, EPOLLIN);
	pair.passive = raccept(pair.listener, NULL, NULL);
	CHECK(pair.passive >= 0);
	expect_none(set);
	end_pair(&pair);
	CHECK_EQ(close(set), 0);
}

CASE(a_set_takes_descriptors_of_the_system)
{
	struct pair pair = NO_PAIR;
	int set = repoll_create(0), event = eventfd(0, EFD_NONBLOCK), inner = epoll_create1(0);
	struct epoll_event of_inner = {.events = EPOLLIN}, got[4];
	eventfd_t count;

	connect_pair(&pair);
	CHECK_EQ(epoll_ctl(inner, EPOLL_CTL_ADD, event, &of_inner), 0);
	join(set, inner, EPOLLIN);
	join(set, pair.passive, EPOLLIN);
	expect_none(set);
	CHECK_OK(eventfd_write(event, 1));
	expect_one(set, inner, EPOLLIN);
	CHECK_EQ(rsend(pair.active, "x", 1, 0), 1);
	await_poll(pair.passive, POLLIN, POLLIN);
	CHECK_EQ(repoll_wait(set, got, 4, -1), 2);
	/* In turn where there is room for one only. */
	CHECK_EQ(repoll_wait(set, got, 1, -1), 1);
	CHECK_EQ(repoll_wait(set, got + 1, 1, -1), 1);
	CHECK(got[0].data.fd != got[1].data.fd);
	CHECK_OK(eventfd_read(event, &count));
	expect_one(set, pair.passive, EPOLLIN);
	CHECK_EQ(close(set), 0);
	close(inner);
	close(event);
	end_pair(&pair);
}

CASE(edges_and_one_shots)
{
	struct pair pair = NO_PAIR;
	int set = repoll_create(0);
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
	char byte;

	connect_pair(&pair);
	join(set, pair.passive, EPOLLIN | EPOLLET);
	CHECK_EQ(rsend(pair.active, "x", 1, 0), 1);
	expect_one(set, pair.passive, EPOLLIN);
	expect_none(set);
	CHECK_EQ(rsend(pair.active, "x", 1, 0), 1);
	expect_one(set, pair.passive, EPOLLIN);
	expect_none(set);
	event.data.fd = pair.passive;
	CHECK_EQ(repoll_ctl(set, EPOLL_CTL_MOD, pair.passive, &event), 0);
	expect_one(set, pair.passive, EPOLLIN);
	CHECK_EQ(rsend(pair.active, "x", 1, 0), 1);
	expect_none(set);
	CHECK_EQ(repoll_ctl(set, EPOLL_CTL_MOD, pair.passive, &event), 0);
	expect_one(set, pair.passive, EPOLLIN);
	CHECK_EQ(rrecv(pair.passive, &byte, 1, 0), 1);
	CHECK_EQ(repoll_ctl(set, EPOLL_CTL_DEL, pair.passive, NULL), 0);
	expect_none(set);
	CHECK_EQ(rclose(set), 0);
	CHECK_EQ(fcntl(set, F_GETFD), -1);
	end_pair(&pair);
}

static void *send_later(void *arg)
{
	const struct pair *pair = arg;
	char byte;

	/* The other thread takes this socket's completions meanwhile. */
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(rsend(pair->active, "x", 1, 0), 1);
		CHECK_EQ(rrecv(pair->active, &byte, 1, 0), 1);
	}
	return NULL;
}

CASE(a_set_wakes_who_waits)
{
	struct pair pair = NO_PAIR;
	int set = repoll_create(0);
	pthread_t thread;
	char byte;

	connect_pair(&pair);
	join(set, pair.passive, EPOLLIN);
	CHECK_OK(pthread_create(&thread, NULL, send_later, &pair));
	for (int i = 0; i < 50; i++) {
		expect_one(set, pair.passive, EPOLLIN);
		CHECK_EQ(rrecv(pair.passive, &byte, 1, MSG_DONTWAIT), 1);
		CHECK_EQ(rsend(pair.passive, "y", 1, 0), 1);
	}
	CHECK_OK(pthread_join(thread, NULL));
	CHECK_EQ(close(set), 0);
	end_pair(&pair);
}

CASE(what_a_set_refuses)
{
	int set = repoll_create(0), other = repoll_create(0);
	struct epoll_event event = {.events = EPOLLIN}, got;
	struct sockaddr_in address;
	int socket = listening_socket(&address);

	CHECK_FAILS(repoll_create(1 << 30) >= 0, EINVAL);
	CHECK_FAILS(!repoll_ctl(999, EPOLL_CTL_ADD, socket, &event), EBADF);
	CHECK_FAILS(!repoll_ctl(0, EPOLL_CTL_ADD, socket, &event), EINVAL);
	CHECK_FAILS(!repoll_ctl(set, EPOLL_CTL_ADD, 999, &event), EBADF);
	CHECK_FAILS(!repoll_ctl(set, EPOLL_CTL_ADD, other, &event), EINVAL);
	CHECK_FAILS(!repoll_ctl(set, EPOLL_CTL_ADD, socket, NULL), EFAULT);
	CHECK_FAILS(!repoll_ctl(set, EPOLL_CTL_MOD, socket, &event), ENOENT);
	CHECK_FAILS(!repoll_ctl(set, EPOLL_CTL_DEL, socket, NULL), ENOENT);
	CHECK_FAILS(!repoll_ctl(set, 77, socket, &event), EINVAL);
	CHECK_EQ(repoll_ctl(set, EPOLL_CTL_ADD, socket, &event), 0);
	CHECK_FAILS(!repoll_ctl(set, EPOLL_CTL_ADD, socket, &event), EEXIST);
	CHECK_EQ(repoll_ctl(other, EPOLL_CTL_ADD, socket, &event), 0);
	CHECK_FAILS(repoll_wait(set, &got, 0, 0) >= 0, EINVAL);
	CHECK_FAILS(repoll_wait(999, &got, 1, 0) >= 0, EBADF);
	/* A number that was a set's is nothing to us when it is something else. */
	CHECK_EQ(close(set), 0);
	CHECK_EQ(epoll_create1(0), set);
	CHECK_FAILS(repoll_wait(set, &got, 1, 0) >= 0, EINVAL);
	close(set);
	CHECK_EQ(rclose(socket), 0);
	CHECK_EQ(close(other), 0);
}

CASE(a_child_has_no_sets)
{
	struct pair pair = NO_PAIR;
	int status, set = repoll_create(0);
	struct epoll_event got;
	pid_t child;

	connect_pair(&pair);
	join(set, pair.passive, EPOLLIN);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		CHECK_FAILS(repoll_wait(set, &got, 1, 0) >= 0, EINVAL);
		CHECK_EQ(rclose(pair.passive), 0);
		_exit(close(set));
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	send_bytes(pair.active, 3000);
	expect_one(set, pair.passive, EPOLLIN);
	receive_bytes(pair.passive, 3000);
	CHECK_EQ(close(set), 0);
	end_pair(&pair);
}
