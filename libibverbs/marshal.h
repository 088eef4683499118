/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exported for librdmacm; no public header declares them. */
#ifndef LIBIBVERBS_MARSHAL_H
#define LIBIBVERBS_MARSHAL_H

struct ib_user_path_rec;
struct ib_uverbs_ah_attr;
struct ib_uverbs_qp_attr;
struct ibv_ah_attr;
struct ibv_qp_attr;
struct ibv_sa_path_rec;

void ibv_copy_ah_attr_from_kern(struct ibv_ah_attr *dst, struct ib_uverbs_ah_attr *src);
void ibv_copy_qp_attr_from_kern(struct ibv_qp_attr *dst, struct ib_uverbs_qp_attr *src);
void ibv_copy_path_rec_from_kern(struct ibv_sa_path_rec *dst, struct ib_user_path_rec *src);
void ibv_copy_path_rec_to_kern(struct ib_user_path_rec *dst, struct ibv_sa_path_rec *src);

#endif
