/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The part of sysfs that verbs programs read, made as real files in a directory of our own:
 * programs are pointed there by SYSFS_PATH, and those that open files of /sys/class themselves are
 * led there (hooks/open.c).
 */
#ifndef SOFTHCA_SHIM_SYSFS_H
#define SOFTHCA_SHIM_SYSFS_H

#include "softhca/fabric/directory.h"

/*
 * Writes class/infiniband_verbs and class/infiniband of one adapter below `root`, a directory that
 * exists. `number` is the N of mlx5_N and uverbsN. Every file is replaced as a whole and only if it
 * changes, so that concurrent runs of the same host see the same complete tree. 0 or a positive
 * errno.
 */
int sysfs_tree_build(const char *root, const struct fabric_hca *hca, unsigned int number);

#endif
