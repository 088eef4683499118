/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A sysfs tree in a temporary folder with one device, fake_0 behind uverbs0. */
#ifndef FAKE_TREE_H
#define FAKE_TREE_H

/* Makes the folder and points SYSFS_PATH at it: once, as the library looks only once. */
void fake_tree_create(void);
void fake_tree_remove(void);

/* The device, whole and good; anything that was there before is gone. */
void fake_tree_reset(void);
void fake_tree_unplug(void);

/* A file below the tree; folders are made. NULL as text removes it. */
void fake_tree_put(const char *path, const char *text);

#endif
