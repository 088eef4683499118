/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fabric's directory, its lock, and the shared file: made, checked, mapped, taken away. */
#include "softhca/fabric/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "softhca/fabric/control.h"
#include "softhca/fabric/state.h"

int fabric_explain(char *reason, size_t size, int error, const char *format, ...)
{
	va_list arguments;

	if (reason && size) {
		va_start(arguments, format);
		vsnprintf(reason, size, format, arguments);
		va_end(arguments);
	}
	return error;
}

/* ---- where ---- */

static bool usable_base(const char *path)
{
	return path && path[0] == '/' && access(path, R_OK | W_OK | X_OK) == 0;
}

/*
 * /dev/shm first: it is memory, and every process of the user finds it, whatever its environment.
 */
static const char *base_directory(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (usable_base("/dev/shm"))
		return "/dev/shm";
	return usable_base(runtime) ? runtime : "/tmp";
}

void fabric_user_directory(char *path, size_t size)
{
	snprintf(path, size, "%.3000s/softhca-%u", base_directory(), (unsigned int)geteuid());
}

static bool valid_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t length = strlen(name);

	return length > 0 && length < SEGMENT_NAME_CHARS && name[0] != '.' &&
	       strspn(name, allowed) == length;
}

int segment_path(const char *name, char *path, char *reason, size_t reason_size)
{
	char user[PATH_MAX / 2 + PATH_MAX / 4];

	if (!valid_name(name))
		return fabric_explain(reason, reason_size, EINVAL,
				      "fabric name \"%.80s\": use 1 to %d letters, digits, '.', "
				      "'_' or '-', not starting with '.'",
				      name, SEGMENT_NAME_CHARS - 1);
	fabric_user_directory(user, sizeof(user));
	snprintf(path, PATH_MAX, "%s/%s", user, name);
	return 0;
}

/* ---- the directory and its lock ---- */

/* A directory in a place where anybody may write is ours only if nobody else could have made it or
 * can write to it. */
static int check_private(int directory, const char *path, char *reason, size_t reason_size)
{
	struct stat status;

	if (fstat(directory, &status))
		return errno;
	if (status.st_uid != geteuid())
		return fabric_explain(reason, reason_size, EPERM,
				      "%s belongs to user %u: remove it, or set its owner", path,
				      (unsigned int)status.st_uid);
	if (status.st_mode & 077)
		return fabric_explain(reason, reason_size, EPERM,
				      "%s is open to others (mode %o): chmod 700 it", path,
				      (unsigned int)(status.st_mode & 0777));
	return 0;
}

static int open_directory(const char *path, bool create, int *directory, char *reason,
			  size_t reason_size)
{
	int error;

	if (create && mkdir(path, 0700) && errno != EEXIST)
		return fabric_explain(reason, reason_size, errno, "cannot make %s: %s", path,
				      strerror(errno));
	*directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*directory < 0) {
		error = errno;
		return fabric_explain(reason, reason_size, error, "cannot open %s: %s", path,
				      strerror(error));
	}
	error = check_private(*directory, path, reason, reason_size);
	if (error)
		close(*directory);
	return error;
}

static int lock_directory(int directory, int operation)
{
	while (flock(directory, operation)) {
		if (errno != EINTR)
			return errno;
	}
	return 0;
}

static int lock_path(const char *path, bool create, int operation, int *lock, char *reason,
		     size_t reason_size)
{
	struct stat status;
	char user[PATH_MAX];
	int parent, error;

	fabric_user_directory(user, sizeof(user));
	for (;;) {
		error = open_directory(user, create, &parent, reason, reason_size);
		if (error)
			return error;
		close(parent);
		error = open_directory(path, create, lock, reason, reason_size);
		/* Taken away between the two by a process that left. */
		if (error == ENOENT && create)
			continue;
		if (error)
			return error;
		error = lock_directory(*lock, operation);
		if (!error && fstat(*lock, &status))
			error = errno;
		if (!error && status.st_nlink > 0)
			return 0;
		close(*lock);
		if (error)
			return error;
	}
}

int segment_lock_path(const char *path, bool create, int *lock, char *reason, size_t reason_size)
{
	return lock_path(path, create, LOCK_EX, lock, reason, reason_size);
}

int segment_lock(struct fabric *fabric, int *lock)
{
	return lock_path(fabric->path, false, LOCK_EX, lock, NULL, 0);
}

int segment_trylock(struct fabric *fabric, int *lock)
{
	return lock_path(fabric->path, false, LOCK_EX | LOCK_NB, lock, NULL, 0);
}

void segment_unlock(int lock)
{
	close(lock);
}

/* ---- the file ---- */

static void file_path(const struct fabric *fabric, char *path, size_t size)
{
	snprintf(path, size, "%.4000s/segment", fabric->path);
}

/* Applications close descriptors that are not theirs: the number may mean another file by now. */
static bool still_ours(const struct fabric *fabric)
{
	struct stat status;

	return fabric->fd >= 0 && fstat(fabric->fd, &status) == 0 &&
	       status.st_dev == fabric->device && status.st_ino == fabric->inode;
}

static int file_descriptor(struct fabric *fabric)
{
	char path[PATH_MAX];

	if (still_ours(fabric))
		return 0;
	file_path(fabric, path, sizeof(path));
	fabric->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fabric->fd < 0)
		return errno;
	if (still_ours(fabric))
		return 0;
	close(fabric->fd);
	fabric->fd = -1;
	return ESTALE;
}

void *segment_map(struct fabric *fabric, uint64_t offset, size_t length, void *address)
{
	int error = file_descriptor(fabric);
	void *mapped;

	if (error) {
		errno = error;
		return NULL;
	}
	mapped = mmap(address, length, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_NORESERVE | (address ? MAP_FIXED : 0), fabric->fd,
		      (off_t)offset);
	if (mapped == MAP_FAILED)
		return NULL;
	madvise(mapped, length, MADV_DONTDUMP);
	return mapped;
}

int segment_reserve(struct fabric *fabric, uint64_t offset, uint64_t length)
{
	int error = file_descriptor(fabric);

	if (error)
		return error;
	while (fallocate(fabric->fd, 0, (off_t)offset, (off_t)length)) {
		if (errno == EOPNOTSUPP)
			return 0;
		if (errno != EINTR)
			return errno;
	}
	return 0;
}

void segment_punch(struct fabric *fabric, uint64_t offset, uint64_t length)
{
	if (file_descriptor(fabric) == 0)
		(void)!fallocate(fabric->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				 (off_t)offset, (off_t)length);
}

/* Every process holds the file's lock shared as long as it lives: that tells whether a file of a
 * layout we cannot read is in use. */
static int take_file(struct fabric *fabric, const char *path, int flags)
{
	struct stat status;

	fabric->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	if (fabric->fd < 0)
		return errno;
	if (fstat(fabric->fd, &status))
		return errno;
	fabric->device = status.st_dev;
	fabric->inode = status.st_ino;
	return 0;
}

/* 0 where the system has none. */
static uint64_t own_pid_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) ? 0 : status.st_ino;
}

/* Going beyond the limit would not fail but end the process, by a signal. */
static bool size_is_allowed(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	       limit.rlim_cur >= SEGMENT_SIZE;
}

static int create_file(struct fabric *fabric, char *reason, size_t reason_size)
{
	char path[PATH_MAX];
	int error;

	file_path(fabric, path, sizeof(path));
	if (!size_is_allowed())
		return fabric_explain(
			reason, reason_size, EFBIG,
			"%s would be a sparse file of %llu MiB: raise the limit on the "
			"size of files (ulimit -f)",
			path, (unsigned long long)(SEGMENT_SIZE >> 20));
	error = take_file(fabric, path, O_CREAT | O_EXCL);
	if (!error && ftruncate(fabric->fd, (off_t)SEGMENT_SIZE))
		error = errno;
	if (!error)
		error = segment_reserve(fabric, 0, SEGMENT_HEAD_SPAN);
	if (error)
		goto remove;
	fabric->segment = segment_map(fabric, 0, SEGMENT_HEAD_SPAN, NULL);
	if (!fabric->segment) {
		error = errno;
		goto remove;
	}
	fabric->segment->pid_namespace = own_pid_namespace();
	fabric->segment->size = sizeof(struct segment);
	fabric->segment->version = SEGMENT_VERSION;
	fabric->segment->magic = SEGMENT_MAGIC;
	return 0;

remove:
	unlink(path);
	segment_close(fabric);
	return fabric_explain(reason, reason_size, error,
			      "cannot make %s, a sparse file of %llu MiB: %s", path,
			      (unsigned long long)(SEGMENT_SIZE >> 20), strerror(error));
}

static bool known_layout(const struct fabric *fabric)
{
	struct {
		uint32_t magic, version;
		uint64_t size;
	} head;
	struct stat status;

	return pread(fabric->fd, &head, sizeof(head), 0) == sizeof(head) &&
	       head.magic == SEGMENT_MAGIC && head.version == SEGMENT_VERSION &&
	       head.size == sizeof(struct segment) && fstat(fabric->fd, &status) == 0 &&
	       status.st_size == (off_t)SEGMENT_SIZE;
}

static bool is_nobodys(const struct fabric *fabric)
{
	return flock(fabric->fd, LOCK_EX | LOCK_NB) == 0;
}

/* In another PID namespace a process has another number, or none: all of them would look dead, and
 * be cleared away alive. */
static int check_namespace(struct fabric *fabric, char *reason, size_t reason_size)
{
	int error;

	if (fabric->segment->pid_namespace == own_pid_namespace())
		return 0;
	error = is_nobodys(fabric) ? ESTALE : EBUSY;
	segment_close(fabric);
	return fabric_explain(
		reason, reason_size, error,
		"fabric \"%s\" is in use by processes of another PID namespace, such "
		"as a container's, and those of one fabric must see each other: choose "
		"another --fabric",
		fabric->name);
}

/* An existing file: mapped if we understand it. ESTALE if it is nobody's. */
static int adopt_file(struct fabric *fabric, char *reason, size_t reason_size)
{
	char path[PATH_MAX];
	int error;

	file_path(fabric, path, sizeof(path));
	error = take_file(fabric, path, 0);
	if (error)
		return fabric_explain(reason, reason_size, error, "cannot open %s: %s", path,
				      strerror(error));
	if (!known_layout(fabric)) {
		error = is_nobodys(fabric) ? ESTALE : EBUSY;
		segment_close(fabric);
		return fabric_explain(reason, reason_size, error,
				      "fabric \"%s\" is in use by another version of softhca: end "
				      "its processes or choose another --fabric",
				      fabric->name);
	}
	fabric->segment = segment_map(fabric, 0, SEGMENT_HEAD_SPAN, NULL);
	if (fabric->segment)
		return check_namespace(fabric, reason, reason_size);
	error = errno;
	segment_close(fabric);
	return fabric_explain(reason, reason_size, error, "cannot map %s: %s", path,
			      strerror(error));
}

int segment_open(struct fabric *fabric, bool create, char *reason, size_t reason_size)
{
	int error = adopt_file(fabric, reason, reason_size);

	if (error == 0 && create && process_reap(fabric) == 0) {
		segment_close(fabric);
		error = ESTALE;
	}
	if (error == ESTALE) {
		char path[PATH_MAX];

		file_path(fabric, path, sizeof(path));
		unlink(path);
		error = ENOENT;
	}
	if (error == ENOENT && create)
		error = create_file(fabric, reason, reason_size);
	if (!error)
		flock(fabric->fd, LOCK_SH | LOCK_NB);
	return error;
}

void segment_remove(struct fabric *fabric)
{
	char path[PATH_MAX];

	file_path(fabric, path, sizeof(path));
	unlink(path);
	rmdir(fabric->path);
}

void segment_close(struct fabric *fabric)
{
	if (fabric->segment)
		munmap(fabric->segment, SEGMENT_HEAD_SPAN);
	fabric->segment = NULL;
	if (still_ours(fabric))
		close(fabric->fd);
	fabric->fd = -1;
}
