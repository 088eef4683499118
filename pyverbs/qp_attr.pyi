# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.addr import AHAttr
from pyverbs.base import PyverbsCM, PyverbsObject
from pyverbs.cq import CompletionQueue
from pyverbs.names import enum_names as enum_names, flags_to_str as flags_to_str
from pyverbs.pd import PD
from pyverbs.srq import SRQ
from pyverbs.wq import RwqIndTable, RxHashConf
from pyverbs.xrcd import XRCD


class QPCap(PyverbsObject):
    def __init__(self, max_send_wr: int = ..., max_recv_wr: int = ..., max_send_sge: int = ...,
                 max_recv_sge: int = ..., max_inline_data: int = ...) -> None: ...
    max_send_wr: int
    max_recv_wr: int
    max_send_sge: int
    max_recv_sge: int
    max_inline_data: int


class QPInitAttr(PyverbsObject):
    def __init__(self, qp_type: int = ..., qp_context: object = ...,
                 scq: CompletionQueue | None = ..., rcq: CompletionQueue | None = ...,
                 srq: SRQ | None = ..., cap: QPCap | None = ..., sq_sig_all: int = ...) -> None: ...
    send_cq: CompletionQueue | None
    recv_cq: CompletionQueue | None
    srq: SRQ | None
    qp_type: int
    sq_sig_all: int
    cap: QPCap
    max_send_wr: int
    max_recv_wr: int
    max_send_sge: int
    max_recv_sge: int
    max_inline_data: int


class QPInitAttrEx(PyverbsObject):
    def __init__(self, qp_type: int = ..., qp_context: object = ...,
                 scq: CompletionQueue | None = ..., rcq: CompletionQueue | None = ...,
                 srq: SRQ | None = ..., cap: QPCap | None = ..., sq_sig_all: int = ...,
                 comp_mask: int = ..., pd: PD | None = ..., xrcd: XRCD | None = ...,
                 create_flags: int = ..., max_tso_header: int = ..., source_qpn: int = ...,
                 hash_conf: RxHashConf | None = ..., ind_table: RwqIndTable | None = ...,
                 send_ops_flags: int = ...) -> None: ...
    def mask_to_str(self, mask: int) -> str: ...
    def flags_to_str(self, flags: int) -> str: ...
    send_cq: CompletionQueue | None
    recv_cq: CompletionQueue | None
    srq: SRQ | None
    pd: PD | None
    xrcd: XRCD | None
    ind_table: RwqIndTable | None
    qp_type: int
    sq_sig_all: int
    cap: QPCap
    max_send_wr: int
    max_recv_wr: int
    max_send_sge: int
    max_recv_sge: int
    max_inline_data: int
    comp_mask: int
    create_flags: int
    max_tso_header: int
    source_qpn: int


class QPAttr(PyverbsObject):
    def __init__(self, qp_state: int = ..., cur_qp_state: int = ..., port_num: int = ...,
                 path_mtu: int = ...) -> None: ...
    qp_state: int
    cur_qp_state: int
    path_mtu: int
    path_mig_state: int
    qkey: int
    rq_psn: int
    sq_psn: int
    dest_qp_num: int
    qp_access_flags: int
    cap: QPCap
    ah_attr: AHAttr
    alt_ah_attr: AHAttr
    pkey_index: int
    alt_pkey_index: int
    en_sqd_async_notify: int
    sq_draining: int
    max_rd_atomic: int
    max_dest_rd_atomic: int
    min_rnr_timer: int
    port_num: int
    timeout: int
    retry_cnt: int
    rnr_retry: int
    alt_port_num: int
    alt_timeout: int
    rate_limit: int


class ECE(PyverbsCM):
    def __init__(self, vendor_id: int = ..., options: int = ..., comp_mask: int = ...) -> None: ...
    vendor_id: int
    options: int
    comp_mask: int


class QPRateLimitAttr(PyverbsObject):
    def __init__(self, rate_limit: int = ..., max_burst_sz: int = ..., typical_pkt_sz: int = ...,
                 comp_mask: int = ...) -> None: ...
    rate_limit: int
    max_burst_sz: int
    typical_pkt_sz: int
    comp_mask: int


class QPAttachCompCntrAttr(PyverbsObject):
    def __init__(self, op_mask: int = ...) -> None: ...
    @property
    def op_mask(self) -> int: ...


class DataBuffer(PyverbsCM):
    def __init__(self, addr: int, length: int) -> None: ...
