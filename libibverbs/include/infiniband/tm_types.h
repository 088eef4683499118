/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Headers of the tag-matching protocol as they lie in front of a message, in network byte order.
 * A tag-matching SRQ (IBV_SRQT_TM) reads them in hardware; everybody else builds them in software.
 */
#ifndef INFINIBAND_TM_TYPES_H
#define INFINIBAND_TM_TYPES_H

#include <linux/types.h>
#include <stdint.h>

/* Operation named by a tag-matching header. */
enum ibv_tmh_op {
	IBV_TMH_NO_TAG = 0, /* message without a tag, goes to the untagged receives */
	IBV_TMH_RNDV = 1,   /* rendezvous request: a struct ibv_rvh follows */
	IBV_TMH_FIN = 2,    /* the rendezvous read is over */
	IBV_TMH_EAGER = 3,  /* the payload follows */
};

/* First header of every message sent to a tag-matching SRQ. */
struct ibv_tmh {
	uint8_t opcode; /* enum ibv_tmh_op */
	uint8_t reserved[3];
	__be32 app_ctx; /* opaque, handed to the receiver with the completion */
	__be64 tag;
};

/* Rendezvous header: where the receiver reads the payload from. */
struct ibv_rvh {
	__be64 va;
	__be32 rkey;
	__be32 len; /* bytes */
};

#endif
