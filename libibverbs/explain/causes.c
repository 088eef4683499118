/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an errno usually means, for the verbs whose attributes tell no more. */
#include <string.h>

#include "libibverbs/explain/explain.h"

struct cause {
	const char *verb; /* NULL: any */
	int err;
	const char *text;
};

/* The first row that fits. */
static const struct cause causes[] = {
	{"ibv_open_device", ENOENT,
	 "the device has no file in /dev/infiniband; is ib_uverbs loaded?"},
	{"ibv_open_device", EACCES,
	 "no permission for its file in /dev/infiniband; see its group, or udev's rules"},
	{"ibv_open_device", EPERM,
	 "no permission for its file in /dev/infiniband; see its group, or udev's rules"},
	{"ibv_get_device_list", ENOSYS, "the kernel has no RDMA devices; is ib_uverbs loaded?"},
	{"ibv_dealloc_pd", EBUSY,
	 "regions, windows, queues, address handles or parent domains made in it still exist"},
	{"ibv_dealloc_td", EBUSY, "parent domains made with it still exist"},
	{"ibv_dereg_mr", EBUSY, "memory windows are still bound to it"},
	{"ibv_free_dm", EBUSY, "regions of it are still registered"},
	{"ibv_dealloc_dmah", EBUSY, "regions registered with it still exist"},
	{"ibv_destroy_cq", EBUSY, "queue pairs, work queues or shared receive queues still use it"},
	{"ibv_destroy_comp_channel", EBUSY, "completion queues still use it"},
	{"ibv_destroy_srq", EBUSY, "queue pairs still use it"},
	{"ibv_destroy_qp", EBUSY,
	 "it is attached to multicast groups or flows, or other processes have it open"},
	{"ibv_destroy_wq", EBUSY, "indirection tables still use it"},
	{"ibv_destroy_rwq_ind_table", EBUSY, "queue pairs still use it"},
	{"ibv_destroy_counters", EBUSY, "flows still use them"},
	{"ibv_destroy_flow_action", EBUSY, "flows still use it"},
	{"ibv_close_xrcd", EBUSY, "shared receive queues or queue pairs of the domain still exist"},
	{"ibv_resize_cq", EINVAL,
	 "fewer entries than completions in the queue, or more than the device has"},
	{"ibv_attach_mcast", EINVAL,
	 "not a UD or raw packet queue pair, not a multicast GID, or a LID below 0xc000"},
	{"ibv_detach_mcast", EINVAL, "the queue pair is not attached to this group"},
	{"ibv_create_flow", EPERM, "rules for raw packets need CAP_NET_RAW"},
	{"ibv_create_flow", EEXIST, "the same rule exists"},
	{"ibv_create_ah_from_wc", ENOENT, "the completion's GRH names no GID of this port"},
	{"ibv_import_device", EINVAL, "the descriptor is not an open RDMA device"},
	{"ibv_import_device", ENOENT, "the descriptor is not of an RDMA device of this machine"},
	{"ibv_fork_init", EINVAL,
	 "memory is registered already; call it before anything else, or set RDMAV_FORK_SAFE=1"},
	{"ibv_fork_init", ENOSYS, "the kernel cannot keep memory out of children (MADV_DONTFORK)"},
	{NULL, EIO, "the device has gone or has had a fatal error; open it again when it is back"},
	{NULL, ENODEV, "the device has gone"},
	{NULL, EPROTONOSUPPORT, "the kernel does not have this call"},
	{NULL, ENOSPC, "the kernel driver wants more data than this provider knows of"},
	{NULL, ENOMEM, "no memory, or the device has no more objects of this kind"},
	{NULL, EPERM, "a capability is missing, CAP_NET_RAW for raw packets"},
};

const char *explain_cause(int err, const char *verb)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (causes[i].err == err && (!causes[i].verb || !strcmp(causes[i].verb, verb)))
			return causes[i].text;
	return NULL;
}
