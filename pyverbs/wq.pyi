# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from collections.abc import Sequence

from pyverbs.base import PyverbsCM, PyverbsObject, PyverbsRDMAErrno as PyverbsRDMAErrno
from pyverbs.cq import CompletionQueue
from pyverbs.device import Context
from pyverbs.pd import PD
from pyverbs.pyverbs_error import (
    PyverbsError as PyverbsError,
    PyverbsRDMAError as PyverbsRDMAError,
    PyverbsUserError as PyverbsUserError,
)
from pyverbs.wr import RecvWR


class WQInitAttr(PyverbsObject):
    def __init__(self, wq_context: object = ..., wq_pd: PD | None = ...,
                 wq_cq: CompletionQueue | None = ..., wq_type: int = ..., max_wr: int = ...,
                 max_sge: int = ..., comp_mask: int = ..., create_flags: int = ...) -> None: ...
    pd: PD | None
    cq: CompletionQueue | None
    wq_context: object
    wq_type: int


class WQAttr(PyverbsObject):
    def __init__(self, attr_mask: int = ..., wq_state: int = ..., curr_wq_state: int = ...,
                 flags: int = ..., flags_mask: int = ...) -> None: ...
    attr_mask: int
    wq_state: int
    curr_wq_state: int
    flags: int
    flags_mask: int


class WQ(PyverbsCM):
    def __init__(self, ctx: Context, attr: WQInitAttr) -> None: ...
    def modify(self, wq_attr: WQAttr) -> None: ...
    def post_recv(self, wr: RecvWR, bad_wr: RecvWR | None = ...) -> None: ...
    def add_ref(self, obj: PyverbsCM) -> None: ...
    @property
    def wqn(self) -> int: ...


class RwqIndTableInitAttr(PyverbsObject):
    def __init__(self, log_ind_tbl_size: int = ..., wqs_list: Sequence[WQ] | None = ...,
                 comp_mask: int = ...) -> None: ...


class RwqIndTable(PyverbsCM):
    def __init__(self, ctx: Context, attr: RwqIndTableInitAttr) -> None: ...
    def add_ref(self, obj: PyverbsCM) -> None: ...
    @property
    def wqs(self) -> list[WQ]: ...


class RxHashConf(PyverbsObject):
    def __init__(self, rx_hash_function: int = ..., rx_hash_key_len: int = ...,
                 rx_hash_key: bytes | Sequence[int] | None = ...,
                 rx_hash_fields_mask: int = ...) -> None: ...
    rx_hash_key_len: int
    rx_hash_key: bytes
    rx_hash_function: int
    rx_hash_fields_mask: int
