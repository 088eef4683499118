# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base import PyverbsCM, PyverbsObject

MOST_PRIVATE_DATA: int


class AddrInfo(PyverbsCM):
    def __init__(self, src: str | None = ..., dst: str | None = ...,
                 src_service: str | int | None = ..., dst_service: str | int | None = ...,
                 port_space: int = ..., flags: int = ...) -> None: ...
    def get_addrinfo(self, src: str | None = ..., dst: str | None = ...,
                     src_service: str | int | None = ..., dst_service: str | int | None = ...,
                     port_space: int = ..., flags: int = ...) -> None: ...


class ConnParam(PyverbsObject):
    qpn: int
    def __init__(self, resources: int = ..., depth: int = ..., flow_control: int = ...,
                 retry: int = ..., rnr_retry: int = ..., srq: int = ..., qp_num: int = ...,
                 data_len: int = ...) -> None: ...
    @property
    def private_data(self) -> bytes: ...
    def set_private_data(self, data: str | bytes) -> None: ...


class JoinMCAttrEx(PyverbsObject):
    comp_mask: int
    join_flags: int
    def __init__(self, addr: AddrInfo, comp_mask: int = ..., join_flags: int = ...) -> None: ...
