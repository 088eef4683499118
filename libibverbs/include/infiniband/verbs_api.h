/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The part of the verbs API that is the kernel's: its names under ibv_ and IBV_. Applications
 * include <infiniband/verbs.h>, which brings this along.
 */
#ifndef INFINIBAND_VERBS_API_H
#define INFINIBAND_VERBS_API_H

#include <linux/types.h>

/*
 * Pointers inside the structures of the header below have their C type here and take 16 bytes each:
 * that is what 64-bit programs have been compiled with, so it stays although the kernel's own are
 * numbers of 8. Who passes such a structure to the kernel copies it member by member.
 */
#undef RDMA_UAPI_PTR
#define RDMA_UAPI_PTR(_type, _name)                                                                \
	__extension__ union {                                                                      \
		_type _name;                                                                       \
		__aligned_u64 _name##_words[2];                                                    \
	}

#include <infiniband/ib_user_ioctl_verbs.h>

/* Kernel headers that follow keep the layout they have without this one. */
#undef RDMA_UAPI_PTR
#define RDMA_UAPI_PTR(_type, _name)		   __aligned_u64 _name

/* memory registration */
#define IBV_ACCESS_OPTIONAL_RANGE		   IB_UVERBS_ACCESS_OPTIONAL_RANGE
#define IBV_ACCESS_OPTIONAL_FIRST		   IB_UVERBS_ACCESS_OPTIONAL_FIRST

/* advice about memory regions */
#define ibv_advise_mr_advice			   ib_uverbs_advise_mr_advice
#define IBV_ADVISE_MR_ADVICE_PREFETCH		   IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH
#define IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE	   IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_WRITE
#define IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT	   IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT
#define IBV_ADVISE_MR_FLAG_FLUSH		   IB_UVERBS_ADVISE_MR_FLAG_FLUSH

/* ports: ibv_port_attr.flags */
#define IBV_QPF_GRH_REQUIRED			   IB_UVERBS_QPF_GRH_REQUIRED

/* flow actions: encryption by the adapter (ESP) */
#define ibv_flow_action_esp_keymat		   ib_uverbs_flow_action_esp_keymat
#define IBV_FLOW_ACTION_ESP_KEYMAT_AES_GCM	   IB_UVERBS_FLOW_ACTION_ESP_KEYMAT_AES_GCM
#define ibv_flow_action_esp_keymat_aes_gcm_iv_algo ib_uverbs_flow_action_esp_keymat_aes_gcm_iv_algo
#define IBV_FLOW_ACTION_IV_ALGO_SEQ		   IB_UVERBS_FLOW_ACTION_IV_ALGO_SEQ
#define ibv_flow_action_esp_keymat_aes_gcm	   ib_uverbs_flow_action_esp_keymat_aes_gcm
#define ibv_flow_action_esp_replay		   ib_uverbs_flow_action_esp_replay
#define IBV_FLOW_ACTION_ESP_REPLAY_NONE		   IB_UVERBS_FLOW_ACTION_ESP_REPLAY_NONE
#define IBV_FLOW_ACTION_ESP_REPLAY_BMP		   IB_UVERBS_FLOW_ACTION_ESP_REPLAY_BMP
#define ibv_flow_action_esp_replay_bmp		   ib_uverbs_flow_action_esp_replay_bmp
#define ibv_flow_action_esp_flags		   ib_uverbs_flow_action_esp_flags
#define IBV_FLOW_ACTION_ESP_FLAGS_INLINE_CRYPTO	   IB_UVERBS_FLOW_ACTION_ESP_FLAGS_INLINE_CRYPTO
#define IBV_FLOW_ACTION_ESP_FLAGS_FULL_OFFLOAD	   IB_UVERBS_FLOW_ACTION_ESP_FLAGS_FULL_OFFLOAD
#define IBV_FLOW_ACTION_ESP_FLAGS_TUNNEL	   IB_UVERBS_FLOW_ACTION_ESP_FLAGS_TUNNEL
#define IBV_FLOW_ACTION_ESP_FLAGS_TRANSPORT	   IB_UVERBS_FLOW_ACTION_ESP_FLAGS_TRANSPORT
#define IBV_FLOW_ACTION_ESP_FLAGS_DECRYPT	   IB_UVERBS_FLOW_ACTION_ESP_FLAGS_DECRYPT
#define IBV_FLOW_ACTION_ESP_FLAGS_ENCRYPT	   IB_UVERBS_FLOW_ACTION_ESP_FLAGS_ENCRYPT
#define IBV_FLOW_ACTION_ESP_FLAGS_ESN_NEW_WINDOW   IB_UVERBS_FLOW_ACTION_ESP_FLAGS_ESN_NEW_WINDOW
#define ibv_flow_action_esp_encap		   ib_uverbs_flow_action_esp_encap
#define ibv_flow_action_esp			   ib_uverbs_flow_action_esp

#endif
