# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from collections.abc import Sequence

from pyverbs.base import PyverbsCM, PyverbsObject, PyverbsRDMAErrno as PyverbsRDMAErrno
from pyverbs.cq import CompletionQueue
from pyverbs.device import Context
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsError as PyverbsError, PyverbsRDMAError as PyverbsRDMAError
from pyverbs.wr import RecvWR, SGE
from pyverbs.xrcd import XRCD


class SrqAttr(PyverbsObject):
    def __init__(self, max_wr: int = ..., max_sge: int = ..., srq_limit: int = ...) -> None: ...
    max_wr: int
    max_sge: int
    srq_limit: int


class SrqInitAttr(PyverbsObject):
    def __init__(self, attr: SrqAttr | None = ...) -> None: ...
    @property
    def max_wr(self) -> int: ...
    @property
    def max_sge(self) -> int: ...
    @property
    def srq_limit(self) -> int: ...


class SrqInitAttrEx(PyverbsObject):
    def __init__(self, max_wr: int = ..., max_sge: int = ..., srq_limit: int = ...) -> None: ...
    pd: PD | None
    xrcd: XRCD | None
    cq: CompletionQueue | None
    @property
    def max_wr(self) -> int: ...
    @property
    def max_sge(self) -> int: ...
    @property
    def srq_limit(self) -> int: ...
    comp_mask: int
    srq_type: int
    max_num_tags: int
    max_ops: int


class SRQ(PyverbsCM):
    def __init__(self, creator: PD | Context, attr: SrqInitAttr | SrqInitAttrEx) -> None: ...
    def query(self) -> SrqAttr: ...
    def modify(self, attr: SrqAttr, comp_mask: int) -> None: ...
    def get_srq_num(self) -> int: ...
    def post_recv(self, wr: RecvWR, bad_wr: RecvWR | None = ...) -> None: ...
    def post_srq_ops(self, wr: OpsWr, bad_wr: OpsWr | None = ...) -> None: ...
    @property
    def srq(self) -> int: ...


class OpsWr(PyverbsCM):
    def __init__(self, wr_id: int = ..., opcode: int = ..., flags: int = ...,
                 next_wr: OpsWr | None = ..., unexpected_cnt: int = ..., recv_wr_id: int = ...,
                 num_sge: int | None = ..., tag: int = ..., mask: int = ...,
                 sg_list: Sequence[SGE] | None = ...) -> None: ...
    next_wr: OpsWr | None
    wr_id: int
    opcode: int
    flags: int
    unexpected_cnt: int
    handle: int
    recv_wr_id: int
    tag: int
    mask: int
