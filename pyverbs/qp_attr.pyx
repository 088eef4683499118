# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What queue pairs are made of and changed with. Programs find these classes in pyverbs.qp."""
cimport cython
from libc.stdint cimport uintptr_t

from pyverbs cimport libibverbs as v
from pyverbs.addr cimport AHAttr
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.cq cimport CompletionQueue
from pyverbs.fields cimport PLACE, SPAN, Field, fill, part, ro, rw
from pyverbs.pd cimport PD
from pyverbs.srq cimport SRQ
from pyverbs.wq cimport RwqIndTable, RxHashConf
from pyverbs.xrcd cimport XRCD

import pyverbs.libibverbs_enums as e
from pyverbs.names import enum_names, flags_to_str
from pyverbs.utils import (access_flags_to_str, mig_state_to_str, mtu_to_str, qp_state_to_str,
                           qp_type_to_str)

cdef v.ibv_qp_cap *cap_shape = NULL
cdef v.ibv_qp_init_attr *init = NULL
cdef v.ibv_qp_init_attr_ex *ex = NULL
cdef v.ibv_qp_attr *qpa = NULL
cdef v.ibv_ece *ece = NULL
cdef v.ibv_qp_rate_limit_attr *rate = NULL
cdef v.ibv_qp_attach_comp_cntr_attr *attach = NULL
cdef v.ibv_data_buf *data = NULL


cdef class QPCap(PyverbsObject):
    """Sizes of a queue pair."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_qp_cap))

    def __init__(self, max_send_wr=1, max_recv_wr=10, max_send_sge=1, max_recv_sge=1,
                 max_inline_data=0):
        fill(self, locals())

    max_send_wr = rw(PLACE(cap_shape.max_send_wr))
    max_recv_wr = rw(PLACE(cap_shape.max_recv_wr))
    max_send_sge = rw(PLACE(cap_shape.max_send_sge))
    max_recv_sge = rw(PLACE(cap_shape.max_recv_sge))
    max_inline_data = rw(PLACE(cap_shape.max_inline_data))


cdef v.ibv_cq *cq_of(queue) except? NULL:
    return NULL if queue is None else (<CompletionQueue?>queue).c()


@cython.no_gc_clear
cdef class QPInitAttr(PyverbsObject):
    """What a QP of a PD is made of. Creating it writes the sizes that it has got back here."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_qp_init_attr))

    def __init__(self, qp_type=v.IBV_QPT_UD, qp_context=None, CompletionQueue scq=None,
                 CompletionQueue rcq=None, SRQ srq=None, QPCap cap=None, sq_sig_all=1):
        self.qp_type = qp_type
        self.sq_sig_all = sq_sig_all
        self.cap = QPCap() if cap is None else cap
        self.scq, self.rcq, self.shared = scq, rcq, srq

    qp_type = rw(PLACE(init.qp_type), qp_type_to_str)
    sq_sig_all = rw(PLACE(init.sq_sig_all))
    cap = part(SPAN(init.cap), QPCap)
    max_send_wr = rw(PLACE(init.cap.max_send_wr))
    max_recv_wr = rw(PLACE(init.cap.max_recv_wr))
    max_send_sge = rw(PLACE(init.cap.max_send_sge))
    max_recv_sge = rw(PLACE(init.cap.max_recv_sge))
    max_inline_data = rw(PLACE(init.cap.max_inline_data))

    @property
    def send_cq(self):
        return self.scq

    @send_cq.setter
    def send_cq(self, CompletionQueue value):
        self.scq = value

    @property
    def recv_cq(self):
        return self.rcq

    @recv_cq.setter
    def recv_cq(self, CompletionQueue value):
        self.rcq = value

    @property
    def srq(self):
        return self.shared

    @srq.setter
    def srq(self, SRQ value):
        self.shared = value

    cdef v.ibv_qp_init_attr *prepare(self) except NULL:
        """-> the structure, with the C objects of today in it"""
        cdef v.ibv_qp_init_attr *attr = <v.ibv_qp_init_attr *>self.alive()
        attr.send_cq = cq_of(self.scq)
        attr.recv_cq = cq_of(self.rcq)
        attr.srq = NULL if self.shared is None else (<SRQ>self.shared).c()
        return attr

    cdef tuple objects(self):
        return self.scq, self.rcq, self.shared


@cython.no_gc_clear
cdef class QPInitAttrEx(PyverbsObject):
    """What a QP of a context is made of; comp_mask says which of the members from pd on count."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_qp_init_attr_ex))

    def __init__(self, qp_type=v.IBV_QPT_UD, qp_context=None, CompletionQueue scq=None,
                 CompletionQueue rcq=None, SRQ srq=None, QPCap cap=None, sq_sig_all=0, comp_mask=0,
                 PD pd=None, XRCD xrcd=None, create_flags=0, max_tso_header=0, source_qpn=0,
                 RxHashConf hash_conf=None, RwqIndTable ind_table=None, send_ops_flags=0):
        cdef v.ibv_qp_init_attr_ex *attr = <v.ibv_qp_init_attr_ex *>self.raw
        self.qp_type = qp_type
        self.sq_sig_all = sq_sig_all
        self.cap = QPCap() if cap is None else cap
        self.comp_mask = comp_mask
        self.create_flags = create_flags
        self.max_tso_header = max_tso_header
        self.source_qpn = source_qpn
        attr.send_ops_flags = send_ops_flags
        self.scq, self.rcq, self.shared = scq, rcq, srq
        self.domain, self.xrc, self.table, self.hash_conf = pd, xrcd, ind_table, hash_conf

    qp_type = rw(PLACE(ex.qp_type), qp_type_to_str)
    sq_sig_all = rw(PLACE(ex.sq_sig_all))
    cap = part(SPAN(ex.cap), QPCap)
    max_send_wr = rw(PLACE(ex.cap.max_send_wr))
    max_recv_wr = rw(PLACE(ex.cap.max_recv_wr))
    max_send_sge = rw(PLACE(ex.cap.max_send_sge))
    max_recv_sge = rw(PLACE(ex.cap.max_recv_sge))
    max_inline_data = rw(PLACE(ex.cap.max_inline_data))
    comp_mask = rw(PLACE(ex.comp_mask))
    create_flags = rw(PLACE(ex.create_flags))
    max_tso_header = rw(PLACE(ex.max_tso_header))
    source_qpn = rw(PLACE(ex.source_qpn))

    @property
    def send_cq(self):
        return self.scq

    @send_cq.setter
    def send_cq(self, CompletionQueue value):
        self.scq = value

    @property
    def recv_cq(self):
        return self.rcq

    @recv_cq.setter
    def recv_cq(self, CompletionQueue value):
        self.rcq = value

    @property
    def srq(self):
        return self.shared

    @srq.setter
    def srq(self, SRQ value):
        self.shared = value

    @property
    def pd(self):
        return self.domain

    @pd.setter
    def pd(self, PD value):
        self.domain = value

    @property
    def xrcd(self):
        return self.xrc

    @xrcd.setter
    def xrcd(self, XRCD value):
        self.xrc = value

    @property
    def ind_table(self):
        return self.table

    @ind_table.setter
    def ind_table(self, RwqIndTable value):
        self.table = value

    def mask_to_str(self, mask):
        """-> the names of the bits of a comp_mask"""
        return flags_to_str(mask, enum_names(e.ibv_qp_init_attr_mask))

    def flags_to_str(self, flags):
        """-> the names of the bits of create_flags"""
        return flags_to_str(flags, enum_names(e.ibv_qp_create_flags))

    cdef v.ibv_qp_init_attr_ex *prepare(self) except NULL:
        """-> the structure, with the C objects of today in it"""
        cdef v.ibv_qp_init_attr_ex *attr = <v.ibv_qp_init_attr_ex *>self.alive()
        attr.send_cq = cq_of(self.scq)
        attr.recv_cq = cq_of(self.rcq)
        attr.srq = NULL if self.shared is None else (<SRQ>self.shared).c()
        attr.pd = NULL if self.domain is None else <v.ibv_pd *>(<PD>self.domain).alive()
        attr.xrcd = NULL if self.xrc is None else <v.ibv_xrcd *>(<XRCD>self.xrc).alive()
        attr.rwq_ind_tbl = NULL
        if self.table is not None:
            attr.rwq_ind_tbl = <v.ibv_rwq_ind_table *>(<RwqIndTable>self.table).alive()
        if self.hash_conf is not None:
            attr.rx_hash_conf = (<v.ibv_rx_hash_conf *>(<RxHashConf>self.hash_conf).alive())[0]
        return attr

    cdef tuple objects(self):
        return self.scq, self.rcq, self.shared, self.domain, self.xrc, self.table


cdef class QPAttr(PyverbsObject):
    """What modifying changes, and what querying tells."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_qp_attr))

    def __init__(self, qp_state=v.IBV_QPS_INIT, cur_qp_state=v.IBV_QPS_RESET, port_num=1,
                 path_mtu=v.IBV_MTU_1024):
        fill(self, locals())

    qp_state = rw(PLACE(qpa.qp_state), qp_state_to_str)
    cur_qp_state = rw(PLACE(qpa.cur_qp_state), qp_state_to_str)
    path_mtu = rw(PLACE(qpa.path_mtu), mtu_to_str)
    path_mig_state = rw(PLACE(qpa.path_mig_state), mig_state_to_str)
    qkey = rw(PLACE(qpa.qkey), hex)
    rq_psn = rw(PLACE(qpa.rq_psn))
    sq_psn = rw(PLACE(qpa.sq_psn))
    dest_qp_num = rw(PLACE(qpa.dest_qp_num))
    qp_access_flags = rw(PLACE(qpa.qp_access_flags), access_flags_to_str)
    cap = part(SPAN(qpa.cap), QPCap)
    ah_attr = part(SPAN(qpa.ah_attr), AHAttr)
    alt_ah_attr = part(SPAN(qpa.alt_ah_attr), AHAttr)
    pkey_index = rw(PLACE(qpa.pkey_index))
    alt_pkey_index = rw(PLACE(qpa.alt_pkey_index))
    en_sqd_async_notify = rw(PLACE(qpa.en_sqd_async_notify))
    sq_draining = rw(PLACE(qpa.sq_draining))
    max_rd_atomic = rw(PLACE(qpa.max_rd_atomic))
    max_dest_rd_atomic = rw(PLACE(qpa.max_dest_rd_atomic))
    min_rnr_timer = rw(PLACE(qpa.min_rnr_timer))
    port_num = rw(PLACE(qpa.port_num))
    timeout = rw(PLACE(qpa.timeout))
    retry_cnt = rw(PLACE(qpa.retry_cnt))
    rnr_retry = rw(PLACE(qpa.rnr_retry))
    alt_port_num = rw(PLACE(qpa.alt_port_num))
    alt_timeout = rw(PLACE(qpa.alt_timeout))
    rate_limit = rw(PLACE(qpa.rate_limit))


cdef class ECE(PyverbsCM):
    """Options of a connection that both sides' vendors have to know."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_ece))

    def __init__(self, vendor_id=0, options=0, comp_mask=0):
        fill(self, locals())

    vendor_id = rw(PLACE(ece.vendor_id), hex)
    options = rw(PLACE(ece.options), hex)
    comp_mask = rw(PLACE(ece.comp_mask))


cdef class QPRateLimitAttr(PyverbsObject):
    """Limits in kbit/s and bytes."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_qp_rate_limit_attr))

    def __init__(self, rate_limit=0, max_burst_sz=0, typical_pkt_sz=0, comp_mask=0):
        fill(self, locals())

    rate_limit = rw(PLACE(rate.rate_limit))
    max_burst_sz = rw(PLACE(rate.max_burst_sz))
    typical_pkt_sz = rw(PLACE(rate.typical_pkt_sz))
    comp_mask = rw(PLACE(rate.comp_mask))


cdef class QPAttachCompCntrAttr(PyverbsObject):
    """The operations, of ibv_qp_attach_comp_cntr_op, that a counter counts."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_qp_attach_comp_cntr_attr))

    def __init__(self, op_mask=0):
        (<v.ibv_qp_attach_comp_cntr_attr *>self.raw).op_mask = op_mask

    op_mask = ro(PLACE(attach.op_mask))


cdef class DataBuffer(PyverbsCM):
    """A range of memory for inline data."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_data_buf))

    def __init__(self, addr, length):
        cdef v.ibv_data_buf *buffer = <v.ibv_data_buf *>self.alive()
        buffer.addr = <void *><uintptr_t>addr
        buffer.length = length
