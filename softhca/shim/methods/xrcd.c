/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * XRC domains. One is known by the inode of the file that it was opened with, so that processes
 * which agree on a file share it; without a file it is the opener's own. The file is kept open with
 * the domain, else its inode could be given to another one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/core/trace.h"
#include "softhca/fabric/fabric.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"

struct xrcd_object *find_xrcd(struct shim_file *file, uint32_t number)
{
	return (struct xrcd_object *)handle_find(&file->handles, HANDLE_XRCD, number);
}

int xrcd_object_destroy(struct handle *handle)
{
	struct xrcd_object *object = (struct xrcd_object *)handle;
	struct engine *engine = handle->file->member->engine;
	int rc;

	if (object->users)
		return EBUSY;
	engine_lock(engine);
	rc = xrcd_close(object->xrcd);
	engine_unlock(engine);
	if (!rc && object->fd >= 0)
		syscall(SYS_close, object->fd);
	return rc;
}

static unsigned int domain_flags(uint32_t oflags)
{
	return (oflags & O_CREAT ? FABRIC_XRCD_CREATE : 0) |
	       (oflags & O_EXCL ? FABRIC_XRCD_EXCLUSIVE : 0);
}

/* The file's identity, and a descriptor of our own for it; without a file zeroes and -1. */
static int identify(int fd, struct stat *status, int *kept)
{
	*kept = -1;
	*status = (struct stat){0};
	if (fd == -1)
		return 0;
	if (fstat(fd, status))
		return errno;
	*kept = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
	return *kept < 0 ? errno : 0;
}

static int open_domain(struct xrcd_object *object, int fd, uint32_t oflags)
{
	struct shim_file *file = object->handle.file;
	struct stat status;
	int rc = identify(fd, &status, &object->fd);

	if (rc)
		return rc;
	engine_lock(file->member->engine);
	rc = xrcd_open(file->hca, status.st_dev, status.st_ino, domain_flags(oflags),
		       &object->xrcd);
	engine_unlock(file->member->engine);
	if (rc && object->fd >= 0)
		syscall(SYS_close, object->fd);
	return rc;
}

int open_xrcd(struct command *command)
{
	struct ib_uverbs_open_xrcd_resp answer = {0};
	struct ib_uverbs_open_xrcd wire;
	struct xrcd_object *object;
	int rc;

	command_input(command, &wire, sizeof(wire));
	object = file_new_object(command->file, HANDLE_XRCD, sizeof(*object));
	if (!object)
		return ENOMEM;
	rc = open_domain(object, (int)wire.fd, wire.oflags);
	if (rc) {
		file_drop_object(&object->handle);
		return rc;
	}
	trace_printf("xrcd %u: number %#x", object->handle.number, object->xrcd->xrcdn);
	command->made.object = &object->handle;
	answer.xrcd_handle = object->handle.number;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

int close_xrcd(struct command *command)
{
	struct ib_uverbs_close_xrcd wire;
	struct xrcd_object *object;

	command_input(command, &wire, sizeof(wire));
	object = find_xrcd(command->file, wire.xrcd_handle);
	return object ? file_destroy_object(&object->handle) : EINVAL;
}

static int destroy_method(struct attrs *attrs)
{
	struct xrcd_object *object = find_xrcd(
		attrs->file, (uint32_t)attr_number(attrs, UVERBS_ATTR_DESTROY_XRCD_HANDLE));

	return object ? file_destroy_object(&object->handle) : ENOENT;
}

static const struct attr_spec destroy_attrs[] = {
	{UVERBS_ATTR_DESTROY_XRCD_HANDLE, ATTR_HANDLE, true, 0, 0},
};

const struct method_entry xrcd_methods[] = {
	METHOD(UVERBS_OBJECT_XRCD, UVERBS_METHOD_XRCD_DESTROY, destroy_attrs, destroy_method, true),
	{.handle = NULL},
};
