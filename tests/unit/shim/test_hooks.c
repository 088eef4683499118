/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program with the shim preloaded: what it sees through the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rdma/ib_user_verbs.h>
#include <rdma/rdma_user_ioctl_cmds.h>

static const char path[] = "/dev/infiniband/uverbs0";

/* GET_CONTEXT as the oldest libmlx5 sends it. Returns the asynchronous event file, or -1. */
static int get_context(int fd)
{
	uint32_t answer[6] = {0};
	uint64_t address = (uintptr_t)answer;
	uint32_t words[6] = {IB_USER_VERBS_CMD_GET_CONTEXT, 6 | 6 << 16, 0, 0, 16, 4};

	memcpy(&words[2], &address, sizeof(address));
	return write(fd, words, sizeof(words)) == (ssize_t)sizeof(words) ? (int)answer[0] : -1;
}

static int query_device(int fd)
{
	struct ib_uverbs_query_device_resp answer;
	uint64_t address = (uintptr_t)&answer;
	uint32_t words[4] = {IB_USER_VERBS_CMD_QUERY_DEVICE, 4 | (sizeof(answer) / 4) << 16, 0, 0};

	memcpy(&words[2], &address, sizeof(address));
	return write(fd, words, sizeof(words)) == (ssize_t)sizeof(words) ? 0 : errno;
}

static void assert_is_device(const struct stat *status)
{
	assert_true(S_ISCHR(status->st_mode));
	assert_int_equal(major(status->st_rdev), 231);
	assert_int_equal(minor(status->st_rdev), 192);
}

static void the_device_may_be_read_and_written(void **state)
{
	(void)state;
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(path, R_OK | W_OK), 0);
	assert_int_equal(eaccess(path, R_OK | W_OK), 0);
	assert_int_equal(euidaccess(path, W_OK), 0);
	assert_int_equal(faccessat(AT_FDCWD, path, R_OK, AT_EACCESS), 0);
	assert_int_equal(access(path, X_OK), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(access(path, 0x100), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(access("/dev/infiniband/uverbs99", F_OK), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(faccessat(AT_FDCWD, "/dev/null", R_OK | W_OK, 0), 0);
}

static void the_device_opens_under_every_name(void **state)
{
	int fds[4] = {open(path, O_RDWR | O_CLOEXEC), open64(path, O_RDWR),
		      openat(AT_FDCWD, path, O_RDWR), openat64(AT_FDCWD, path, O_RDWR)};
	struct stat status;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(fds[i] >= 0);
		assert_int_equal(fstat(fds[i], &status), 0);
		assert_is_device(&status);
	}
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(fds[1], F_GETFD) & FD_CLOEXEC);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(close(fds[i]), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_is_device(&status);
	assert_int_equal(fstatat(AT_FDCWD, path, &status, 0), 0);
	assert_is_device(&status);
}

static void reads(int fd, const char *expected)
{
	char content[8] = "";

	assert_true(fd >= 0);
	assert_int_equal(read(fd, content, sizeof(content) - 1), strlen(expected));
	assert_string_equal(content, expected);
	assert_int_equal(close(fd), 0);
}

/* As UCX reads the types of GIDs. */
static void classes_of_rdma_are_where_sysfs_is_said_to_be(void **state)
{
	static const char wanted[] = "/sys/class/infiniband/mlx5_0";
	char root[] = "/tmp/softhca-hooks-XXXXXX", folder[64], name[80];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(folder, sizeof(folder), "%s/class", root);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(name, sizeof(name), "%s/infiniband", folder);
	assert_int_equal(mkdir(name, 0700), 0);
	snprintf(name, sizeof(name), "%s%s", root, wanted + strlen("/sys"));
	fd = open(name, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "ours", 4), 4);
	assert_int_equal(close(fd), 0);
	assert_int_equal(setenv("SYSFS_PATH", root, 1), 0);
	reads(open(wanted, O_RDONLY), "ours");
	reads(open64(wanted, O_RDONLY), "ours");
	reads(openat(AT_FDCWD, wanted, O_RDONLY), "ours");
	assert_int_equal(open("/sys/class/infiniband_verbs/uverbs0/dev", O_RDONLY), -1);
	assert_int_equal(unsetenv("SYSFS_PATH"), 0);
	assert_int_equal(unlink(name), 0);
	*strrchr(name, '/') = '\0';
	assert_int_equal(rmdir(name), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rmdir(root), 0);
}

static void other_devices_are_not_there(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(open("/dev/infiniband/uverbs1", O_RDWR), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(stat("/dev/infiniband/uverbs1", &status), -1);
	assert_int_equal(socket(AF_NETLINK, SOCK_RAW, 20), -1);
	assert_int_equal(errno, EPROTONOSUPPORT);
}

static void commands_answer_as_the_kernel_does(void **state)
{
	struct ib_uverbs_ioctl_hdr header = {0};
	int fd = open(path, O_RDWR);
	uint32_t junk = 0;

	(void)state;
	assert_int_equal(write(fd, &junk, sizeof(junk)), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ioctl(fd, FIONREAD, &junk), -1);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(ioctl(fd, RDMA_VERBS_IOCTL, &header), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(query_device(fd), EINVAL);
	assert_true(get_context(fd) >= 0);
	assert_int_equal(query_device(fd), 0);
	close(fd);
}

/* CREATE_ID of RDMA_PS_TCP. */
static int create_cm_id(int fd, uint32_t *id)
{
	uint32_t words[8] = {0, 24 | 4 << 16, 7, 0, 0, 0, 0x106};
	uint64_t address = (uintptr_t)id;

	memcpy(&words[4], &address, sizeof(address));
	return write(fd, words, sizeof(words)) == (ssize_t)sizeof(words) ? 0 : errno;
}

static void the_connection_manager_is_a_device(void **state)
{
	static const char cm_path[] = "/dev/infiniband/rdma_cm";
	int fd = open(cm_path, O_RDWR | O_CLOEXEC), copy;
	struct stat by_path, by_fd;
	uint32_t id = ~0u;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(access(cm_path, R_OK | W_OK), 0);
	assert_int_equal(stat(cm_path, &by_path), 0);
	assert_int_equal(fstat(fd, &by_fd), 0);
	assert_true(S_ISCHR(by_path.st_mode) && S_ISCHR(by_fd.st_mode));
	assert_int_equal(major(by_path.st_rdev), 10);
	assert_int_equal(by_path.st_rdev, by_fd.st_rdev);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(create_cm_id(fd, &id), 0);
	assert_int_equal(id, 0);
	copy = dup(fd);
	assert_int_equal(close(fd), 0);
	assert_int_equal(create_cm_id(copy, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(close(copy), 0);
	assert_int_equal(create_cm_id(copy, &id), EBADF);
}

static void doorbell_pages_can_be_mapped_and_written(void **state)
{
	int fd = open(path, O_RDWR);
	volatile uint64_t *page = mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 7 * 4096);

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	page[0x800 / 8] = 1;
	page = mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, (off_t)0x1001 * 4096);
	assert_ptr_not_equal(page, MAP_FAILED);
	page[0] = 1;
	close(fd);
}

static void ordinary_descriptors_work_beside_the_device(void **state)
{
	int device = open(path, O_RDWR), fds[2];
	char text[4] = "";

	(void)state;
	assert_true(get_context(device) >= 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	assert_int_equal(read(fds[0], text, 3), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(close(fds[1]), -1);
	assert_int_equal(errno, EBADF);
	close(device);
}

static void copies_keep_the_device_and_replacing_closes_it(void **state)
{
	int fd = open(path, O_RDWR), null = open("/dev/null", O_WRONLY);
	int copy, high;

	(void)state;
	assert_true(get_context(fd) >= 0);
	copy = dup(fd);
	high = fcntl(fd, F_DUPFD_CLOEXEC, 200);
	assert_true(high >= 200);
	assert_int_equal(query_device(copy), 0);
	assert_int_equal(query_device(high), 0);
	close(fd);
	assert_int_equal(query_device(copy), 0);
	assert_int_equal(dup2(null, copy), copy);
	assert_int_equal(write(copy, "x", 1), 1);
	assert_int_equal(query_device(high), 0);
	assert_int_equal(dup3(null, high, O_CLOEXEC), high);
	assert_int_equal(write(high, "x", 1), 1);
	close(copy);
	close(high);
	close(null);
}

static int in_child(int (*body)(int fd), int fd)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(body(fd));
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int child_finds_the_parents_device_dead(int fd)
{
	int own;

	if (query_device(fd) != EIO)
		return 1;
	close(fd);
	own = open(path, O_RDWR);
	if (own < 0 || get_context(own) < 0)
		return 2;
	if (query_device(own))
		return 3;
	return close(own) ? 4 : 0;
}

static void a_child_has_nothing_of_its_parents_device(void **state)
{
	int fd = open(path, O_RDWR);

	(void)state;
	assert_true(get_context(fd) >= 0);
	assert_int_equal(in_child(child_finds_the_parents_device_dead, fd), 0);
	assert_int_equal(query_device(fd), 0);
	close(fd);
}

/* What vfork() children and posix_spawn() do with their parent's descriptors. */
static void a_child_that_shares_our_memory_closes_only_its_copy(void **state)
{
	int fd = open(path, O_RDWR);
	int status;
	pid_t child;

	(void)state;
	assert_true(get_context(fd) >= 0);
	child = vfork();
	if (child == 0) {
		close(fd);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(query_device(fd), 0);
	close(fd);
}

/* The summary of faults is printed when the fabric is left, here by exit(). */
static void leaving_without_closing_is_still_leaving(void **state)
{
	char text[512] = "";
	size_t length = 0;
	ssize_t got;
	int fds[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		setenv("SOFTHCA_FAULT", "drop=1%", 1);
		dup2(fds[1], STDERR_FILENO);
		close(fds[1]);
		exit(get_context(open(path, O_RDWR)) >= 0 ? 0 : 1);
	}
	close(fds[1]);
	while ((got = read(fds[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_non_null(strstr(text, "dropped"));
}

static int create_dmabuf(int maker, int memory, uint64_t offset, uint64_t size, uint32_t flags)
{
	struct udmabuf_create request = {
		.memfd = (uint32_t)memory, .flags = flags, .offset = offset, .size = size};
	int fd = ioctl(maker, UDMABUF_CREATE, &request);

	return fd < 0 ? -errno : fd;
}

/* The errors are the kernel's, so they are the same where the machine has the device. */
static void memory_files_become_dma_bufs(void **state)
{
	int maker = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;
	int memory = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint8_t byte = 0x5a, *bytes;

	(void)state;
	assert_true(maker >= 0 && memory >= 0);
	assert_int_equal(ftruncate(memory, 8192), 0);
	assert_int_equal(create_dmabuf(maker, memory, 0, 8192, 1), -EINVAL);
	assert_int_equal(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(create_dmabuf(maker, memory, 0, 8192, 2), -EINVAL);
	assert_int_equal(create_dmabuf(maker, memory, 0, 0, 1), -EINVAL);
	assert_int_equal(create_dmabuf(maker, memory, 0, 8191, 1), -EINVAL);
	assert_int_equal(create_dmabuf(maker, memory, 4096, 8192, 1), -EINVAL);
	assert_int_equal(create_dmabuf(maker, maker, 0, 8192, 1), -EBADFD);
	fd = create_dmabuf(maker, memory, 0, 8192, UDMABUF_FLAGS_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 8192);
	assert_int_equal(pwrite(memory, &byte, 1, 5000), 1);
	close(memory);
	close(maker);
	bytes = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(bytes, MAP_FAILED);
	assert_int_equal(bytes[5000], byte);
	munmap(bytes, 8192);
	close(fd);
}

/* As it comes through a socket: by a number that no call of the C library has made. */
static void a_received_device_is_one(void **state)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), received;
	struct stat status;

	(void)state;
	received = (int)syscall(SYS_dup, fd);
	assert_true(get_context(fd) >= 0);
	assert_int_equal(fstat(received, &status), 0);
	assert_is_device(&status);
	assert_int_equal(query_device(received), 0);
	close(fd);
	assert_int_equal(query_device(received), 0);
	close(received);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_may_be_read_and_written),
		cmocka_unit_test(the_device_opens_under_every_name),
		cmocka_unit_test(classes_of_rdma_are_where_sysfs_is_said_to_be),
		cmocka_unit_test(other_devices_are_not_there),
		cmocka_unit_test(commands_answer_as_the_kernel_does),
		cmocka_unit_test(the_connection_manager_is_a_device),
		cmocka_unit_test(doorbell_pages_can_be_mapped_and_written),
		cmocka_unit_test(ordinary_descriptors_work_beside_the_device),
		cmocka_unit_test(copies_keep_the_device_and_replacing_closes_it),
		cmocka_unit_test(a_child_has_nothing_of_its_parents_device),
		cmocka_unit_test(a_child_that_shares_our_memory_closes_only_its_copy),
		cmocka_unit_test(leaving_without_closing_is_still_leaving),
		cmocka_unit_test(memory_files_become_dma_bufs),
		cmocka_unit_test(a_received_device_is_one),
	};
	char fabric[32];

	snprintf(fabric, sizeof(fabric), "unit-hooks-%d", (int)getpid());
	setenv("SOFTHCA_FABRIC", fabric, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
