/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sysfs tree: what is in the files, and that a second run changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "softhca/shim/sysfs.h"

static char root[] = "/tmp/softhca-sysfs-XXXXXX";
static struct fabric_hca *hca;

static void assert_file(const char *path, const char *expected)
{
	char name[256], content[128] = "";
	FILE *file;

	snprintf(name, sizeof(name), "%s/class/%s", root, path);
	file = fopen(name, "r");
	assert_non_null(file);
	assert_non_null(fgets(content, sizeof(content), file));
	fclose(file);
	content[strcspn(content, "\n")] = '\0';
	assert_string_equal(content, expected);
}

static bool has_file(const char *path)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/class/%s", root, path);
	return access(name, F_OK) == 0;
}

static struct stat status_of(const char *path)
{
	struct stat status;
	char name[256];

	snprintf(name, sizeof(name), "%s/class/%s", root, path);
	assert_int_equal(stat(name, &status), 0);
	return status;
}

static int set_up(void **state)
{
	(void)state;
	hca = calloc(1, sizeof(*hca));
	if (!hca || !mkdtemp(root))
		return -1;
	strcpy(hca->family, "mlx5");
	hca->host = 7;
	hca->port_type = FABRIC_PORT_IB;
	hca->lid = 0x23;
	hca->link_up = 1;
	hca->node_guid = 0x0002c90300a1b2c3;
	hca->pkeys[0] = 0xffff;
	hca->gids[0].valid = 1;
	hca->gids[0].raw[0] = 0xfe;
	hca->gids[0].raw[1] = 0x80;
	hca->gids[0].raw[15] = 0x42;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	free(hca);
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void describes_an_infiniband_adapter(void **state)
{
	(void)state;
	assert_int_equal(sysfs_tree_build(root, hca, 0), 0);
	assert_file("infiniband_verbs/abi_version", "6");
	assert_file("misc/rdma_cm/abi_version", "4");
	assert_file("infiniband_verbs/uverbs0/ibdev", "mlx5_0");
	assert_file("infiniband_verbs/uverbs0/dev", "231:192");
	assert_file("infiniband_verbs/uverbs0/abi_version", "1");
	assert_file("infiniband_verbs/uverbs0/device/modalias",
		    "pci:v000015B3d00001013sv000015B3sd00000000bc02sc07i00");
	assert_file("infiniband/mlx5_0/node_type", "1: CA");
	assert_file("infiniband/mlx5_0/node_guid", "0002:c903:00a1:b2c3");
	assert_file("infiniband/mlx5_0/fw_ver", "12.28.2006");
	assert_file("infiniband/mlx5_0/ports/1/state", "4: ACTIVE");
	assert_file("infiniband/mlx5_0/ports/1/lid", "0x23");
	assert_file("infiniband/mlx5_0/ports/1/link_layer", "InfiniBand");
	assert_file("infiniband/mlx5_0/ports/1/gids/0", "fe80:0000:0000:0000:0000:0000:0000:0042");
	assert_file("infiniband/mlx5_0/ports/1/gids/15", "0000:0000:0000:0000:0000:0000:0000:0000");
	assert_file("infiniband/mlx5_0/ports/1/gid_attrs/types/0", "IB/RoCE v1");
	assert_file("infiniband/mlx5_0/ports/1/pkeys/0", "0xffff");
	assert_file("infiniband/mlx5_0/ports/1/pkeys/127", "0x0000");
}

/* A program that has the real path of a device finds the numbers of its function two levels up. */
static void classes_are_links_to_a_pci_function(void **state)
{
	char name[256], real[PATH_MAX], *function;

	(void)state;
	assert_int_equal(sysfs_tree_build(root, hca, 0), 0);
	snprintf(name, sizeof(name), "%s/class/infiniband/mlx5_0", root);
	assert_non_null(realpath(name, real));
	function = strstr(real, "/infiniband/mlx5_0");
	assert_non_null(function);
	*function = '\0';
	assert_non_null(strstr(real, "/devices/pci0000:c0/0000:c0:00.0"));
	assert_file("infiniband/mlx5_0/device/vendor", "0x15b3");
	assert_file("infiniband_verbs/uverbs0/device/device", "0x1013");
	strcpy(function, "/vendor");
	assert_int_equal(access(real, R_OK), 0);
}

static void a_tree_of_another_shape_is_left_alone(void **state)
{
	char other[] = "/tmp/softhca-sysfs-XXXXXX", name[256];

	(void)state;
	assert_non_null(mkdtemp(other));
	snprintf(name, sizeof(name), "%s/class", other);
	assert_int_equal(mkdir(name, 0700), 0);
	snprintf(name, sizeof(name), "%s/class/infiniband", other);
	assert_int_equal(mkdir(name, 0700), 0);
	snprintf(name, sizeof(name), "%s/class/infiniband/mlx5_0", other);
	assert_int_equal(mkdir(name, 0700), 0);
	assert_int_equal(sysfs_tree_build(other, hca, 0), EEXIST);
	assert_int_equal(nftw(other, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Programs take the time of the device's folder for its identity. */
static void building_again_changes_nothing(void **state)
{
	struct stat folder, file;

	(void)state;
	assert_int_equal(sysfs_tree_build(root, hca, 0), 0);
	folder = status_of("infiniband/mlx5_0");
	file = status_of("infiniband/mlx5_0/node_guid");
	assert_int_equal(sysfs_tree_build(root, hca, 0), 0);
	assert_int_equal(status_of("infiniband/mlx5_0").st_mtim.tv_nsec, folder.st_mtim.tv_nsec);
	assert_int_equal(status_of("infiniband/mlx5_0/node_guid").st_ino, file.st_ino);
}

static void follows_the_port(void **state)
{
	(void)state;
	hca->link_up = 0;
	hca->port_type = FABRIC_PORT_ETH;
	hca->gids[0].type = FABRIC_GID_ROCE_V2;
	assert_int_equal(sysfs_tree_build(root, hca, 0), 0);
	assert_file("infiniband/mlx5_0/ports/1/state", "1: DOWN");
	assert_file("infiniband/mlx5_0/ports/1/link_layer", "Ethernet");
	assert_file("infiniband/mlx5_0/ports/1/gid_attrs/types/0", "RoCE v2");
}

static void ethernet_has_one_partition(void **state)
{
	(void)state;
	hca->port_type = FABRIC_PORT_IB;
	assert_int_equal(sysfs_tree_build(root, hca, 1), 0);
	assert_true(has_file("infiniband/mlx5_1/ports/1/pkeys/1"));
	hca->port_type = FABRIC_PORT_ETH;
	assert_int_equal(sysfs_tree_build(root, hca, 1), 0);
	assert_file("infiniband/mlx5_1/ports/1/pkeys/0", "0xffff");
	assert_false(has_file("infiniband/mlx5_1/ports/1/pkeys/1"));
}

static void failures_are_reported(void **state)
{
	(void)state;
	assert_int_equal(sysfs_tree_build("/nonexistent", hca, 0), ENOENT);
	assert_int_equal(sysfs_tree_build(root, hca, 1000), ENODEV);
	strcpy(hca->family, "abc");
	assert_int_equal(sysfs_tree_build(root, hca, 0), ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_an_infiniband_adapter),
		cmocka_unit_test(classes_are_links_to_a_pci_function),
		cmocka_unit_test(a_tree_of_another_shape_is_left_alone),
		cmocka_unit_test(building_again_changes_nothing),
		cmocka_unit_test(follows_the_port),
		cmocka_unit_test(ethernet_has_one_partition),
		cmocka_unit_test(failures_are_reported),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
