/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sysfs tree of one adapter. Names and formats of the files: Documentation/ABI/stable/
 * sysfs-class-infiniband of Linux. Files are written to a temporary name and renamed, so that a
 * reader never sees half of one; a file that already has its content is left alone, because
 * programs take the modification time of the device's directory for its identity.
 *
 * As in a kernel's, the classes have links only: the directories are below the PCI function that
 * the adapter would be, where programs look for its numbers by the real path of either.
 */
#include "softhca/shim/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rdma/rdma_user_cm.h>

#include "softhca/shim/identity.h"

enum { CONTENT_BYTES = 128 };

/* Where files go, and the first error met: later writes are then left out. */
struct tree {
	int root;
	int error;
	const struct fabric_hca *hca;
	const struct device_identity *identity;
	unsigned int number;
};

static void make_parents(struct tree *tree, const char *path)
{
	char parent[256];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		if (mkdirat(tree->root, parent, 0755) && errno != EEXIST)
			tree->error = errno;
	}
}

static bool has_content(int root, const char *path, const char *content)
{
	char found[CONTENT_BYTES + 1];
	ssize_t length;
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	length = read(fd, found, sizeof(found));
	close(fd);
	return length == (ssize_t)strlen(content) && !memcmp(found, content, (size_t)length);
}

static int write_content(int root, const char *path, const char *content)
{
	char temporary[300];
	size_t length = strlen(content);
	int rc = 0;
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.%d.new", path, (int)getpid());
	fd = openat(root, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno;
	if (write(fd, content, length) != (ssize_t)length)
		rc = errno ? errno : EIO;
	close(fd);
	if (!rc && renameat(root, temporary, root, path))
		rc = errno;
	if (rc)
		unlinkat(root, temporary, 0);
	return rc;
}

/* One file: the path is relative to the root, the content gets its newline here. */
static void __attribute__((format(printf, 3, 4)))
put(struct tree *tree, const char *path, const char *format, ...)
{
	char content[CONTENT_BYTES];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(content, sizeof(content) - 1, format, arguments);
	va_end(arguments);
	if (length < 0 || length >= (int)sizeof(content) - 1)
		tree->error = EOVERFLOW;
	if (tree->error)
		return;
	strcpy(content + length, "\n");
	make_parents(tree, path);
	if (!tree->error && !has_content(tree->root, path, content))
		tree->error = write_content(tree->root, path, content);
}

/* The path of a file of the device, in a buffer that the next call reuses. */
static const char *device_path(const struct tree *tree, const char *leaf)
{
	static __thread char path[200];

	snprintf(path, sizeof(path), "class/infiniband/%s%u/%s", tree->identity->name_prefix,
		 tree->number, leaf);
	return path;
}

static const char *port_path(const struct tree *tree, const char *folder, unsigned int index)
{
	char leaf[64];

	snprintf(leaf, sizeof(leaf), "ports/1/%s/%u", folder, index);
	return device_path(tree, leaf);
}

static const char *uverbs_path(const struct tree *tree, const char *leaf)
{
	static __thread char path[200];

	snprintf(path, sizeof(path), "class/infiniband_verbs/uverbs%u/%s", tree->number, leaf);
	return path;
}

/* A link, which a second run finds as the first has made it. */
static void put_link(struct tree *tree, const char *path, const char *target)
{
	char found[CONTENT_BYTES];
	ssize_t length;

	make_parents(tree, path);
	if (tree->error || !symlinkat(target, tree->root, path))
		return;
	tree->error = errno;
	length = readlinkat(tree->root, path, found, sizeof(found));
	if (length == (ssize_t)strlen(target) && !memcmp(found, target, (size_t)length))
		tree->error = 0;
}

/*
 * A directory of the function, the way back from it, and its link in the class. The bus is one that
 * few machines have, so that the adapter is nobody's neighbour.
 */
static void put_class(struct tree *tree, const char *class, const char *prefix)
{
	char function[40], name[16], directory[80], path[128], target[128];

	snprintf(function, sizeof(function), "devices/pci0000:c0/0000:c0:%02x.0", tree->number);
	snprintf(name, sizeof(name), "%s%u", prefix, tree->number);
	snprintf(directory, sizeof(directory), "%s/%s/%s", function, class, name);
	snprintf(path, sizeof(path), "%s/device", directory);
	snprintf(target, sizeof(target), "../../../%s", strrchr(function, '/') + 1);
	put_link(tree, path, target);
	snprintf(path, sizeof(path), "class/%s/%s", class, name);
	snprintf(target, sizeof(target), "../../%s", directory);
	put_link(tree, path, target);
}

/* The PCI function. */
static void put_numbers(struct tree *tree)
{
	const struct device_identity *identity = tree->identity;

	put(tree, device_path(tree, "device/modalias"), "pci:v%08Xd%08Xsv%08Xsd%08Xbc02sc07i00",
	    identity->pci_vendor, identity->pci_device, identity->pci_vendor, 0);
	put(tree, device_path(tree, "device/vendor"), "0x%04x", identity->pci_vendor);
	put(tree, device_path(tree, "device/device"), "0x%04x", identity->pci_device);
}

static void put_guid(struct tree *tree, const char *leaf, uint64_t guid)
{
	put(tree, device_path(tree, leaf), "%04x:%04x:%04x:%04x", (unsigned int)(guid >> 48),
	    (unsigned int)(guid >> 32) & 0xffff, (unsigned int)(guid >> 16) & 0xffff,
	    (unsigned int)guid & 0xffff);
}

static void put_uverbs(struct tree *tree)
{
	put_class(tree, "infiniband_verbs", "uverbs");
	put(tree, "class/infiniband_verbs/abi_version", "%d", UVERBS_ABI_VERSION);
	put(tree, uverbs_path(tree, "ibdev"), "%s%u", tree->identity->name_prefix, tree->number);
	put(tree, uverbs_path(tree, "dev"), "%d:%u", UVERBS_MAJOR,
	    UVERBS_FIRST_MINOR + tree->number);
	put(tree, uverbs_path(tree, "abi_version"), "%u", tree->identity->abi_version);
}

static void put_device(struct tree *tree)
{
	const struct device_identity *identity = tree->identity;

	put_class(tree, "infiniband", identity->name_prefix);
	put(tree, device_path(tree, "node_type"), "1: CA");
	put_guid(tree, "node_guid", tree->hca->node_guid);
	put_guid(tree, "sys_image_guid", tree->hca->node_guid);
	put(tree, device_path(tree, "node_desc"), "softhca host %u %s%u", tree->hca->host,
	    identity->name_prefix, tree->number);
	put(tree, device_path(tree, "fw_ver"), "%u.%u.%04u", identity->firmware[0],
	    identity->firmware[1], identity->firmware[2]);
	put(tree, device_path(tree, "hw_rev"), "%x", identity->hw_version);
	put(tree, device_path(tree, "hca_type"), "MT%u", identity->vendor_part_id);
	put(tree, device_path(tree, "board_id"), "%s", identity->board_id);
	put_numbers(tree);
}

static void put_port(struct tree *tree)
{
	const struct fabric_hca *hca = tree->hca;
	bool active = port_is_active(hca);

	put(tree, device_path(tree, "ports/1/state"), "%s", active ? "4: ACTIVE" : "1: DOWN");
	put(tree, device_path(tree, "ports/1/phys_state"), "%s",
	    active ? "5: LinkUp" : "2: Polling");
	put(tree, device_path(tree, "ports/1/lid"), "0x%x", hca->lid);
	put(tree, device_path(tree, "ports/1/lid_mask_count"), "0");
	put(tree, device_path(tree, "ports/1/sm_lid"), "0x%x",
	    hca->port_type == FABRIC_PORT_IB ? PORT_SM_LID : 0);
	put(tree, device_path(tree, "ports/1/sm_sl"), "0");
	put(tree, device_path(tree, "ports/1/rate"), "100 Gb/sec (4X EDR)");
	put(tree, device_path(tree, "ports/1/cap_mask"), "0x%08x", port_capabilities(hca));
	put(tree, device_path(tree, "ports/1/link_layer"), "%s",
	    hca->port_type == FABRIC_PORT_ETH ? "Ethernet" : "InfiniBand");
}

static void put_gid(struct tree *tree, unsigned int index)
{
	const struct fabric_gid *gid = &tree->hca->gids[index];
	char text[40];
	char *end = text;

	for (unsigned int i = 0; i < 16; i += 2)
		end += sprintf(end, "%s%02x%02x", i ? ":" : "", gid->valid ? gid->raw[i] : 0,
			       gid->valid ? gid->raw[i + 1] : 0);
	put(tree, port_path(tree, "gids", index), "%s", text);
	/* The kernel's word for InfiniBand GIDs is the same as for RoCE v1. */
	put(tree, port_path(tree, "gid_attrs/types", index), "%s",
	    gid->type == FABRIC_GID_ROCE_V2 ? "RoCE v2" : "IB/RoCE v1");
	/* No gid_attrs/ndevs: reading it fails for a GID without a network device, and ours has
	 * none. */
}

/* The tree of a fabric that another release has begun may have a longer table. */
static void put_pkeys(struct tree *tree)
{
	unsigned int i;

	for (i = 0; i < port_pkeys(tree->hca); i++)
		put(tree, port_path(tree, "pkeys", i), "0x%04x", tree->hca->pkeys[i]);
	while (unlinkat(tree->root, port_path(tree, "pkeys", i), 0) == 0)
		i++;
}

static void put_rdma_cm(struct tree *tree)
{
	put(tree, "class/misc/rdma_cm/abi_version", "%d", RDMA_USER_CM_ABI_VERSION);
	put(tree, "class/misc/rdma_cm/dev", "%d:%d", MISC_MAJOR, RDMA_CM_MINOR);
}

int sysfs_tree_build(const char *root, const struct fabric_hca *hca, unsigned int number)
{
	struct tree tree = {.hca = hca, .number = number};

	tree.identity = device_identity_find(hca->family, sizeof(hca->family));
	if (!tree.identity || number >= UVERBS_DEVICES)
		return ENODEV;
	tree.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree.root < 0)
		return errno;
	put_device(&tree);
	put_port(&tree);
	for (unsigned int i = 0; i < FABRIC_GIDS; i++)
		put_gid(&tree, i);
	put_pkeys(&tree);
	put_rdma_cm(&tree);
	/* Last, because this is what makes the device visible. */
	put_uverbs(&tree);
	close(tree.root);
	return tree.error;
}
