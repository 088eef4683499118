/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fake_tree.h"

#include <ftw.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void remove_tree(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fake_tree_create(void)
{
	strcpy(root, "/tmp/fake_tree.XXXXXX");
	assert_non_null(mkdtemp(root));
	assert_int_equal(setenv("SYSFS_PATH", root, 1), 0);
}

void fake_tree_remove(void)
{
	remove_tree("");
}

void fake_tree_put(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (!text) {
		assert_int_equal(remove(full), 0);
		return;
	}
	for (char *at = strchr(full + strlen(root) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(full, 0755);
		*at = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void fake_tree_unplug(void)
{
	remove_tree("class/infiniband");
	remove_tree("class/infiniband_verbs/uverbs0");
}

void fake_tree_reset(void)
{
	remove_tree("class");
	fake_tree_put("class/infiniband_verbs/abi_version", "6\n");
	fake_tree_put("class/infiniband_verbs/uverbs0/ibdev", "fake_0\n");
	fake_tree_put("class/infiniband_verbs/uverbs0/dev", "231:192\n");
	fake_tree_put("class/infiniband_verbs/uverbs0/abi_version", "1\n");
	fake_tree_put("class/infiniband/fake_0/node_type", "1: CA\n");
	fake_tree_put("class/infiniband/fake_0/node_guid", "0002:c903:0000:1002\n");
	fake_tree_put("class/infiniband/fake_0/device/modalias",
		      "pci:v00001234d00005678sv0000sd0000bc02sc07i00\n");
	fake_tree_put("class/infiniband/fake_0/ports/1/gids/0",
		      "fe80:0000:0000:0000:0002:c903:0000:1003\n");
	fake_tree_put("class/infiniband/fake_0/ports/1/gids/1",
		      "0000:0000:0000:0000:0000:ffff:c0a8:4d01\n");
	fake_tree_put("class/infiniband/fake_0/ports/1/gids/2",
		      "0000:0000:0000:0000:0000:0000:0000:0000\n");
	fake_tree_put("class/infiniband/fake_0/ports/1/gid_attrs/types/0", "IB/RoCE v1\n");
	fake_tree_put("class/infiniband/fake_0/ports/1/gid_attrs/types/1", "RoCE v2\n");
	fake_tree_put("class/infiniband/fake_0/ports/1/pkeys/0", "0xffff\n");
	fake_tree_put("class/infiniband/fake_0/ports/1/pkeys/1", "0x7fff\n");
}
