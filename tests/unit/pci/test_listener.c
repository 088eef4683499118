/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The socket's path: when it appears, whose it is, when it goes; and a whole service behind it. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "softhca/pci/listener.h"
#include "softhca/pci/service.h"

static char folder[32];
static char path[64];
static char reason[256];
static int stop_fd;

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/unit-pci-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	stop_fd = eventfd(0, EFD_CLOEXEC);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(stop_fd);
	/* Nothing else is left behind. */
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

static void stop(void)
{
	const uint64_t one = 1;

	assert_int_equal(write(stop_fd, &one, sizeof(one)), sizeof(one));
}

static int try_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(client >= 0);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (!connect(client, (struct sockaddr *)&address, sizeof(address)))
		return client;
	close(client);
	return -errno;
}

static void a_path_is_there_as_long_as_its_listener(void **state)
{
	struct listener listener;
	struct stat stat;

	(void)state;
	assert_int_equal(listener_open(&listener, path, reason, sizeof(reason)), 0);
	assert_int_equal(lstat(path, &stat), 0);
	assert_true(S_ISSOCK(stat.st_mode));
	assert_int_equal(stat.st_mode & 0777, 0600);
	listener_close(&listener);
	assert_int_equal(lstat(path, &stat), -1);
}

static void one_client_is_taken(void **state)
{
	struct listener listener;
	int client, server;

	(void)state;
	assert_int_equal(listener_open(&listener, path, reason, sizeof(reason)), 0);
	client = try_connect();
	assert_true(client >= 0);
	assert_int_equal(listener_accept(&listener, stop_fd, &server), 0);
	assert_int_equal(try_connect(), -ECONNREFUSED);
	assert_int_equal(send(client, "x", 1, 0), 1);
	assert_int_equal(recv(server, reason, 1, 0), 1);
	close(client);
	close(server);
	listener_close(&listener);
}

static void waiting_for_a_client_can_be_stopped(void **state)
{
	struct listener listener;
	int server;

	(void)state;
	assert_int_equal(listener_open(&listener, path, reason, sizeof(reason)), 0);
	stop();
	assert_int_equal(listener_accept(&listener, stop_fd, &server), ECANCELED);
	listener_close(&listener);
}

static void a_live_servers_path_is_not_taken(void **state)
{
	struct listener first, second;

	(void)state;
	assert_int_equal(listener_open(&first, path, reason, sizeof(reason)), 0);
	assert_int_equal(listener_open(&second, path, reason, sizeof(reason)), EADDRINUSE);
	assert_non_null(strstr(reason, path));
	listener_close(&first);
}

static void a_dead_servers_path_is_replaced(void **state)
{
	struct listener first, second;

	(void)state;
	assert_int_equal(listener_open(&first, path, reason, sizeof(reason)), 0);
	close(first.socket);
	first.socket = -1;
	assert_int_equal(listener_open(&second, path, reason, sizeof(reason)), 0);
	/* The path is the second one's now, and stays when the first tidies up. */
	listener_close(&first);
	close(try_connect());
	listener_close(&second);
}

static void what_is_no_socket_is_left_alone(void **state)
{
	struct listener listener;
	int file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(listener_open(&listener, path, reason, sizeof(reason)), EEXIST);
	close(file);
	assert_int_equal(unlink(path), 0);
}

static void a_path_that_cannot_be_is_explained(void **state)
{
	char nowhere[128];
	struct listener listener;

	(void)state;
	memset(nowhere, 'n', sizeof(nowhere));
	nowhere[sizeof(nowhere) - 1] = '\0';
	assert_int_equal(listener_open(&listener, nowhere, reason, sizeof(reason)), ENAMETOOLONG);
	assert_non_null(strstr(reason, "bytes"));
	assert_int_equal(listener_open(&listener, "", reason, sizeof(reason)), ENAMETOOLONG);
	snprintf(nowhere, sizeof(nowhere), "%s/no/socket", folder);
	assert_int_equal(listener_open(&listener, nowhere, reason, sizeof(reason)), ENOENT);
	assert_non_null(strstr(reason, "No such file"));
}

/* ---- a service ---- */

static struct service_options options;
static int ready_fd;

/* In the service's thread. */
static void ready(const char *socket)
{
	const uint64_t one = 1;

	if (strcmp(socket, path) != 0 || write(ready_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static void *run_service(void *result)
{
	*(int *)result = service_run(&options, reason, sizeof(reason));
	return NULL;
}

static void start_service(pthread_t *thread, int *result)
{
	static char name[32];
	uint64_t count;

	snprintf(name, sizeof(name), "unit-pci-%d", (int)getpid());
	ready_fd = eventfd(0, EFD_CLOEXEC);
	options = (struct service_options){
		.fabric = {.name = name, .host = 1, .port_type = FABRIC_PORT_IB, .family = "mlx5"},
		.adapter = &fake_adapter,
		.socket = path,
		.stop_fd = stop_fd,
		.ready = ready,
	};
	assert_int_equal(pthread_create(thread, NULL, run_service, result), 0);
	assert_int_equal(read(ready_fd, &count, sizeof(count)), sizeof(count));
	close(ready_fd);
}

static void a_service_ends_when_its_client_goes(void **state)
{
	struct world world = {0};
	pthread_t thread;
	int result;

	(void)state;
	start_service(&thread, &result);
	world.client = try_connect();
	assert_true(world.client >= 0);
	greet(&world);
	assert_int_equal(read_config16(&world, 0), 0x15b3);
	close(world.client);
	pthread_join(thread, NULL);
	assert_int_equal(result, 0);
	assert_int_equal(try_connect(), -ENOENT);
}

static void a_service_ends_when_it_is_told_to(void **state)
{
	pthread_t thread;
	int result, client;

	(void)state;
	start_service(&thread, &result);
	client = try_connect();
	assert_true(client >= 0);
	stop();
	pthread_join(thread, NULL);
	assert_int_equal(result, 0);
	assert_int_equal(try_connect(), -ENOENT);
	close(client);
}

static void a_client_of_another_protocol_is_named(void **state)
{
	pthread_t thread;
	int result, client;

	(void)state;
	start_service(&thread, &result);
	client = try_connect();
	assert_int_equal(send(client, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	pthread_join(thread, NULL);
	assert_int_equal(result, EPROTO);
	assert_non_null(strstr(reason, "vfio-user"));
	close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_path_is_there_as_long_as_its_listener),
		TEST(one_client_is_taken),
		TEST(waiting_for_a_client_can_be_stopped),
		TEST(a_live_servers_path_is_not_taken),
		TEST(a_dead_servers_path_is_replaced),
		TEST(what_is_no_socket_is_left_alone),
		TEST(a_path_that_cannot_be_is_explained),
		TEST(a_service_ends_when_its_client_goes),
		TEST(a_service_ends_when_it_is_told_to),
		TEST(a_client_of_another_protocol_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
