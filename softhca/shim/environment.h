/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `softhca run` tells the shim inside the programs it starts: the environment variables. All
 * may be absent; then the defaults of fabric_options hold. SYSFS_PATH (a tree made by
 * sysfs_tree_build()) and LD_PRELOAD complete the set.
 */
#ifndef SOFTHCA_SHIM_ENVIRONMENT_H
#define SOFTHCA_SHIM_ENVIRONMENT_H

#define SOFTHCA_ENV_FABRIC    "SOFTHCA_FABRIC"	  /* name of the fabric */
#define SOFTHCA_ENV_HOST      "SOFTHCA_HOST"	  /* 1.. */
#define SOFTHCA_ENV_DEVICE    "SOFTHCA_DEVICE"	  /* family: "mlx5" */
#define SOFTHCA_ENV_PORT_TYPE "SOFTHCA_PORT_TYPE" /* "ib" or "eth" */
#define SOFTHCA_ENV_FAULT     "SOFTHCA_FAULT"	  /* fault specification */
#define SOFTHCA_ENV_CAPTURE   "SOFTHCA_CAPTURE"	  /* file to capture to */
#define SOFTHCA_ENV_TRACE     "SOFTHCA_TRACE"	  /* set: decoded trace on stderr */
/* Set: what an adapter would tolerate but a correct driver never does is refused; for tests. */
#define SOFTHCA_ENV_STRICT    "SOFTHCA_STRICT"
/* Variations of the kernel below a program, for tests. */
#define SOFTHCA_ENV_ABI	      "SOFTHCA_ABI"	/* "write": a kernel without RDMA_VERBS_IOCTL */
#define SOFTHCA_ENV_UARS      "SOFTHCA_UARS"	/* "static": a kernel that makes none on demand */
#define SOFTHCA_ENV_HEADERS   "SOFTHCA_HEADERS" /* "l2": wanted in the request of each frame */

#endif
