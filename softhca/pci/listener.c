/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/pci/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int __attribute__((format(printf, 4, 5)))
explain(char *reason, size_t reason_size, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, reason_size, format, arguments);
	va_end(arguments);
	return error;
}

static int new_socket(int *made)
{
	*made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *made < 0 ? errno : 0;
}

/* Whether the path may be taken: nothing is there, or a socket that nobody listens on. */
static int check_path(const struct sockaddr_un *address)
{
	struct stat stat;
	int probe, rc;

	if (lstat(address->sun_path, &stat))
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(stat.st_mode))
		return EEXIST;
	rc = new_socket(&probe);
	if (rc)
		return rc;
	if (!connect(probe, (const struct sockaddr *)address, sizeof(*address)))
		rc = EADDRINUSE;
	else
		rc = errno == ECONNREFUSED || errno == ENOENT ? 0 : errno;
	close(probe);
	return rc;
}

static int note_identity(struct listener *listener, const char *path)
{
	struct stat stat;

	if (lstat(path, &stat))
		return errno;
	listener->device = stat.st_dev;
	listener->inode = stat.st_ino;
	return 0;
}

/* Under another name until it can be connected to. */
static int bind_and_show(struct listener *listener, const struct sockaddr_un *hidden)
{
	int rc;

	unlink(hidden->sun_path);
	if (bind(listener->socket, (const struct sockaddr *)hidden, sizeof(*hidden)))
		return errno;
	if (chmod(hidden->sun_path, 0600) || listen(listener->socket, 1)) {
		rc = errno;
		goto remove;
	}
	rc = note_identity(listener, hidden->sun_path);
	if (rc)
		goto remove;
	if (!rename(hidden->sun_path, listener->address.sun_path))
		return 0;
	rc = errno;
remove:
	unlink(hidden->sun_path);
	return rc;
}

int listener_open(struct listener *listener, const char *path, char *reason, size_t reason_size)
{
	struct sockaddr_un hidden = {.sun_family = AF_UNIX};
	int length, rc;

	memset(listener, 0, sizeof(*listener));
	listener->address.sun_family = AF_UNIX;
	length = snprintf(hidden.sun_path, sizeof(hidden.sun_path), "%s.%d", path, (int)getpid());
	if (!*path || length >= (int)sizeof(hidden.sun_path))
		return explain(reason, reason_size, ENAMETOOLONG,
			       "\"%s\": a socket's path has 1 to %zu bytes here", path,
			       sizeof(hidden.sun_path) - 1 - ((size_t)length - strlen(path)));
	memcpy(listener->address.sun_path, path, strlen(path) + 1);
	rc = check_path(&listener->address);
	if (!rc)
		rc = new_socket(&listener->socket);
	if (rc)
		goto failed;
	rc = bind_and_show(listener, &hidden);
	if (!rc)
		return 0;
	close(listener->socket);
failed:
	return explain(reason, reason_size, rc, "cannot listen on %s: %s", path,
		       rc == EADDRINUSE ? "somebody does already" : strerror(rc));
}

int listener_accept(struct listener *listener, int stop_fd, int *client)
{
	struct pollfd fds[] = {
		{.fd = listener->socket, .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN},
	};

	do {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return errno;
		if (fds[1].revents)
			return ECANCELED;
		*client = accept4(listener->socket, NULL, NULL, SOCK_CLOEXEC);
	} while (*client < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (*client < 0)
		return errno;
	close(listener->socket);
	listener->socket = -1;
	return 0;
}

void listener_close(struct listener *listener)
{
	const char *path = listener->address.sun_path;
	struct stat stat;

	if (listener->socket >= 0)
		close(listener->socket);
	if (!lstat(path, &stat) && stat.st_dev == listener->device &&
	    stat.st_ino == listener->inode)
		unlink(path);
}
