# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from collections.abc import Sequence

from pyverbs.addr import AH
from pyverbs.base import PyverbsCM, PyverbsRDMAErrno as PyverbsRDMAErrno, inc_rkey as inc_rkey
from pyverbs.mr import MW, MWBindInfo
from pyverbs.names import send_flags_to_str as send_flags_to_str
from pyverbs.pyverbs_error import PyverbsError as PyverbsError, PyverbsUserError as PyverbsUserError


class SGE(PyverbsCM):
    def __init__(self, addr: int, length: int, lkey: int) -> None: ...
    def read(self, length: int, offset: int) -> bytes: ...
    addr: int
    length: int
    lkey: int


class RecvWR(PyverbsCM):
    def __init__(self, wr_id: int = ..., num_sge: int = ..., sg: Sequence[SGE] | None = ...,
                 next_wr: RecvWR | None = ...) -> None: ...
    num_sge: int
    next_wr: RecvWR | None
    @property
    def sg_list(self) -> list[SGE]: ...
    wr_id: int


class SendWR(PyverbsCM):
    def __init__(self, wr_id: int = ..., opcode: int = ..., num_sge: int = ...,
                 imm_data: int = ..., sg: Sequence[SGE] | None = ..., send_flags: int = ...,
                 next_wr: SendWR | None = ...) -> None: ...
    def set_wr_ud(self, ah: AH, rqpn: int, rqkey: int) -> None: ...
    def set_wr_rdma(self, rkey: int, addr: int) -> None: ...
    def set_wr_atomic(self, rkey: int, addr: int, compare_add: int, swap: int = ...) -> None: ...
    def set_bind_wr(self, mw: MW, bind_info: MWBindInfo) -> None: ...
    def set_qp_type_xrc(self, remote_srqn: int) -> None: ...
    num_sge: int
    next_wr: SendWR | None
    sg_list: list[SGE]
    wr_id: int
    opcode: int
    send_flags: int
    imm_data: int
    @property
    def rkey(self) -> int: ...
    @property
    def rdma_rkey(self) -> int: ...
    @property
    def rdma_remote_addr(self) -> int: ...
