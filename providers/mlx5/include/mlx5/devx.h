/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DEVX, objects that a program makes by commands of the device itself, and what is made for them:
 * registered memory, register pages, events, pacing; types of scheduling. And access to the fields
 * of commands: a field is named by the layout of its structure: an array of bytes stands for as
 * many bits.
 */
#ifndef INFINIBAND_MLX5_DEVX_H
#define INFINIBAND_MLX5_DEVX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#include <infiniband/mlx5_api.h>
#include <infiniband/mlx5/object.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What follows needs a context that may use DEVX, which mlx5dv_open_device() asks for. Functions
 * that make something give NULL and errno, the others 0 or errno: EOPNOTSUPP where device, kernel
 * or context have no DEVX, EREMOTEIO where the device has refused the command; its answer is in
 * `out` in either case. Commands and answers are the device's, in its byte order; their lengths are
 * bytes.
 */

/* ---- commands ---- */

/* A command about no object that this process has made: capabilities, and the like. */
int mlx5dv_devx_general_cmd(struct ibv_context *context, const void *in, size_t inlen, void *out,
			    size_t outlen);
/* Number of the event queue behind a completion vector. */
int mlx5dv_devx_query_eqn(struct ibv_context *context, uint32_t vector, uint32_t *eqn);

/* ---- objects ---- */

struct mlx5dv_devx_obj;

/* The object that the command makes; it ends with its destruction or with the context. */
struct mlx5dv_devx_obj *mlx5dv_devx_obj_create(struct ibv_context *context, const void *in,
					       size_t inlen, void *out, size_t outlen);
int mlx5dv_devx_obj_query(struct mlx5dv_devx_obj *obj, const void *in, size_t inlen, void *out,
			  size_t outlen);
int mlx5dv_devx_obj_modify(struct mlx5dv_devx_obj *obj, const void *in, size_t inlen, void *out,
			   size_t outlen);
int mlx5dv_devx_obj_destroy(struct mlx5dv_devx_obj *obj);

/* The same for objects of verbs, whose number the command names. */
int mlx5dv_devx_cq_query(struct ibv_cq *cq, const void *in, size_t inlen, void *out, size_t outlen);
int mlx5dv_devx_cq_modify(struct ibv_cq *cq, const void *in, size_t inlen, void *out,
			  size_t outlen);
int mlx5dv_devx_qp_query(struct ibv_qp *qp, const void *in, size_t inlen, void *out, size_t outlen);
int mlx5dv_devx_qp_modify(struct ibv_qp *qp, const void *in, size_t inlen, void *out,
			  size_t outlen);
int mlx5dv_devx_srq_query(struct ibv_srq *srq, const void *in, size_t inlen, void *out,
			  size_t outlen);
int mlx5dv_devx_srq_modify(struct ibv_srq *srq, const void *in, size_t inlen, void *out,
			   size_t outlen);
int mlx5dv_devx_wq_query(struct ibv_wq *wq, const void *in, size_t inlen, void *out, size_t outlen);
int mlx5dv_devx_wq_modify(struct ibv_wq *wq, const void *in, size_t inlen, void *out,
			  size_t outlen);
int mlx5dv_devx_ind_tbl_query(struct ibv_rwq_ind_table *ind_tbl, const void *in, size_t inlen,
			      void *out, size_t outlen);
int mlx5dv_devx_ind_tbl_modify(struct ibv_rwq_ind_table *ind_tbl, const void *in, size_t inlen,
			       void *out, size_t outlen);

/* ---- memory ---- */

struct mlx5dv_devx_umem {
	uint32_t umem_id;
};

enum mlx5dv_devx_umem_in_mask {
	MLX5DV_UMEM_MASK_DMABUF = 1 << 0,
};

struct mlx5dv_devx_umem_in {
	void *addr;
	size_t size;
	uint32_t access;
	uint64_t pgsz_bitmap;
	uint64_t comp_mask;
	int dmabuf_fd;
};

/*
 * Memory of the program, whole pages or not, that commands name by umem_id. access: enum
 * ibv_access_flags. _ex: with a bitmap of the sizes of pages that are good, or of a dma-buf.
 */
struct mlx5dv_devx_umem *mlx5dv_devx_umem_reg(struct ibv_context *ctx, void *addr, size_t size,
					      uint32_t access);
struct mlx5dv_devx_umem *mlx5dv_devx_umem_reg_ex(struct ibv_context *ctx,
						 struct mlx5dv_devx_umem_in *umem_in);
int mlx5dv_devx_umem_dereg(struct mlx5dv_devx_umem *umem);

struct mlx5dv_devx_uar {
	void *reg_addr;
	void *base_addr;
	uint32_t page_id;
	off_t mmap_off;
	uint64_t comp_mask;
};

/*
 * A page of registers of one's own, of the kind MLX5DV_UAR_ALLOC_TYPE_: doorbells are stored at
 * reg_addr. It needs no DEVX.
 */
struct mlx5dv_devx_uar *mlx5dv_devx_alloc_uar(struct ibv_context *context, uint32_t flags);
void mlx5dv_devx_free_uar(struct mlx5dv_devx_uar *devx_uar);

struct mlx5dv_var {
	uint32_t page_id;
	uint32_t length;
	off_t mmap_off;
	uint64_t comp_mask;
};

/* Room for doorbells of virtio, for the program to map. flags: 0 or MLX5DV_VAR_ALLOC_FLAG_TLP. */
struct mlx5dv_var *mlx5dv_alloc_var(struct ibv_context *context, uint32_t flags);
void mlx5dv_free_var(struct mlx5dv_var *dv_var);

struct mlx5dv_export_sizes {
	uint32_t var_attrs_size;
	uint32_t devx_umem_attrs_size;
	uint32_t devx_obj_attrs_size;
};

struct mlx5dv_devx_cmd_comp {
	int fd;
};

/*
 * Queries that nobody waits for: the answer is read from the descriptor, which may be polled,
 * behind the wr_id of the query. outlen is at most 65535. One answer a call; EINVAL: too short to
 * be one.
 */
struct mlx5dv_devx_cmd_comp *mlx5dv_devx_create_cmd_comp(struct ibv_context *context);
void mlx5dv_devx_destroy_cmd_comp(struct mlx5dv_devx_cmd_comp *cmd_comp);
int mlx5dv_devx_obj_query_async(struct mlx5dv_devx_obj *obj, const void *in, size_t inlen,
				size_t outlen, uint64_t wr_id,
				struct mlx5dv_devx_cmd_comp *cmd_comp);
int mlx5dv_devx_get_async_cmd_comp(struct mlx5dv_devx_cmd_comp *cmd_comp,
				   struct mlx5dv_devx_async_cmd_hdr *cmd_resp, size_t cmd_resp_len);

struct mlx5dv_devx_event_channel {
	int fd;
};

/*
 * Events of objects, or of the device where obj is NULL. events_sz: bytes of the list. An event is
 * read behind the cookie of its subscription; with a descriptor, that is signalled and nothing
 * read. mlx5dv_devx_get_event() gives the bytes read, or -1 and errno.
 */
struct mlx5dv_devx_event_channel *mlx5dv_devx_create_event_channel(
	struct ibv_context *context, enum mlx5dv_devx_create_event_channel_flags flags);
void mlx5dv_devx_destroy_event_channel(struct mlx5dv_devx_event_channel *event_channel);
int mlx5dv_devx_subscribe_devx_event(struct mlx5dv_devx_event_channel *event_channel,
				     struct mlx5dv_devx_obj *obj, uint16_t events_sz,
				     uint16_t events_num[], uint64_t cookie);
int mlx5dv_devx_subscribe_devx_event_fd(struct mlx5dv_devx_event_channel *event_channel, int fd,
					struct mlx5dv_devx_obj *obj, uint16_t event_num);
ssize_t mlx5dv_devx_get_event(struct mlx5dv_devx_event_channel *event_channel,
			      struct mlx5dv_devx_async_event_hdr *event_data,
			      size_t event_resp_len);

struct mlx5dv_devx_msi_vector {
	int vector;
	int fd;
};

struct mlx5dv_devx_eq {
	void *vaddr;
};

struct mlx5dv_pp {
	uint16_t index;
};

/* An entry of the table of packet pacing, by the device's context for it. */
struct mlx5dv_pp *mlx5dv_pp_alloc(struct ibv_context *context, size_t pp_context_sz,
				  const void *pp_context, uint32_t flags);
void mlx5dv_pp_free(struct mlx5dv_pp *pp);

struct mlx5dv_sched_node;
struct mlx5dv_sched_leaf;

enum mlx5dv_sched_elem_attr_flags {
	MLX5DV_SCHED_ELEM_ATTR_FLAGS_BW_SHARE = 1 << 0,
	MLX5DV_SCHED_ELEM_ATTR_FLAGS_MAX_AVG_BW = 1 << 1,
};

struct mlx5dv_sched_attr {
	struct mlx5dv_sched_node *parent;
	uint32_t flags;
	uint32_t bw_share;
	uint32_t max_avg_bw;
	uint64_t comp_mask;
};

/* Resources whose events can be named: kind in the high half, which in the low. */
#define MLX5DV_RES_TYPE_QP		   0x100000001ULL
#define MLX5DV_RES_TYPE_RWQ		   0x100000002ULL
#define MLX5DV_RES_TYPE_DBR		   0x100000003ULL
#define MLX5DV_RES_TYPE_SRQ		   0x100000004ULL
#define MLX5DV_RES_TYPE_CQ		   0x100000005ULL

/* ---- fields of commands ---- */

#define __devx_nullp(typ)		   ((struct mlx5_ifc_##typ##_bits *)NULL)
#define __devx_st_sz_bits(typ)		   sizeof(struct mlx5_ifc_##typ##_bits)
#define __devx_bit_sz(typ, fld)		   sizeof(__devx_nullp(typ)->fld)
#define __devx_bit_off(typ, fld)	   offsetof(struct mlx5_ifc_##typ##_bits, fld)
#define __devx_dw_off(bit_off)		   ((bit_off) / 32)
#define __devx_64_off(bit_off)		   ((bit_off) / 64)
#define __devx_dw_bit_off(bit_sz, bit_off) (32 - (bit_sz) - ((bit_off)&31))
#define __devx_mask(bit_sz)		   ((uint32_t)((1ULL << (bit_sz)) - 1))
#define __devx_dw_mask(bit_sz, bit_off)	   (__devx_mask(bit_sz) << __devx_dw_bit_off(bit_sz, bit_off))

#define DEVX_FLD_SZ_BYTES(typ, fld)	   (__devx_bit_sz(typ, fld) / 8)
#define DEVX_ST_SZ_BYTES(typ)		   (__devx_st_sz_bits(typ) / 8)
#define DEVX_ST_SZ_DW(typ)		   (__devx_st_sz_bits(typ) / 32)
#define DEVX_ST_SZ_QW(typ)		   (__devx_st_sz_bits(typ) / 64)
#define DEVX_UN_SZ_BYTES(typ)		   (sizeof(union mlx5_ifc_##typ##_bits) / 8)
#define DEVX_UN_SZ_DW(typ)		   (sizeof(union mlx5_ifc_##typ##_bits) / 32)
#define DEVX_BYTE_OFF(typ, fld)		   (__devx_bit_off(typ, fld) / 8)
#define DEVX_ADDR_OF(typ, p, fld)	   ((unsigned char *)(p) + DEVX_BYTE_OFF(typ, fld))

static inline void _devx_set(void *p, uint32_t value, size_t bit_off, size_t bit_sz)
{
	char *place = (char *)p + __devx_dw_off(bit_off) * 4;
	uint32_t mask = __devx_dw_mask(bit_sz, bit_off), dword;
	__be32 stored;

	memcpy(&stored, place, sizeof(stored));
	dword = __be32_to_cpu(stored) & ~mask;
	dword |= value << __devx_dw_bit_off(bit_sz, bit_off) & mask;
	stored = __cpu_to_be32(dword);
	memcpy(place, &stored, sizeof(stored));
}

static inline uint32_t _devx_get(const void *p, size_t bit_off, size_t bit_sz)
{
	__be32 stored;

	memcpy(&stored, (const char *)p + __devx_dw_off(bit_off) * 4, sizeof(stored));
	return __be32_to_cpu(stored) >> __devx_dw_bit_off(bit_sz, bit_off) & __devx_mask(bit_sz);
}

static inline void _devx_set64(void *p, uint64_t v, size_t bit_off)
{
	__be64 stored = __cpu_to_be64(v);

	memcpy((char *)p + __devx_64_off(bit_off) * 8, &stored, sizeof(stored));
}

static inline uint64_t _devx_get64(const void *p, size_t bit_off)
{
	__be64 stored;

	memcpy(&stored, (const char *)p + __devx_64_off(bit_off) * 8, sizeof(stored));
	return __be64_to_cpu(stored);
}

#define DEVX_SET(typ, p, fld, v)   _devx_set(p, v, __devx_bit_off(typ, fld), __devx_bit_sz(typ, fld))
#define DEVX_GET(typ, p, fld)	   _devx_get(p, __devx_bit_off(typ, fld), __devx_bit_sz(typ, fld))
#define DEVX_SET64(typ, p, fld, v) _devx_set64(p, v, __devx_bit_off(typ, fld))
#define DEVX_GET64(typ, p, fld)	   _devx_get64(p, __devx_bit_off(typ, fld))
#define DEVX_ARRAY_SET64(typ, p, fld, idx, v)                                                      \
	_devx_set64(p, v, __devx_bit_off(typ, fld[0]) + 64 * (size_t)(idx))

#ifdef __cplusplus
}
#endif

#endif
