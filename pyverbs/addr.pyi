# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from typing import Any

from pyverbs.base import PyverbsCM, PyverbsObject, PyverbsRDMAErrno as PyverbsRDMAErrno
from pyverbs.pd import PD
from pyverbs.pyverbs_error import (
    PyverbsRDMAError as PyverbsRDMAError,
    PyverbsUserError as PyverbsUserError,
)
from pyverbs.utils import gid_str as gid_str, gid_str_to_array as gid_str_to_array


class GID(PyverbsObject):
    def __init__(self, val: str | GID | None = ...) -> None: ...
    gid: str


class GRH(PyverbsObject):
    def __init__(self, sgid: GID | None = ..., dgid: GID | None = ...,
                 version_tclass_flow: int = ..., paylen: int = ..., next_hdr: int = ...,
                 hop_limit: int = ...) -> None: ...
    dgid: str
    sgid: str
    version_tclass_flow: int
    paylen: int
    next_hdr: int
    hop_limit: int


class GlobalRoute(PyverbsObject):
    def __init__(self, dgid: GID | None = ..., flow_label: int = ..., sgid_index: int = ...,
                 hop_limit: int = ..., traffic_class: int = ...) -> None: ...
    dgid: str
    flow_label: int
    sgid_index: int
    hop_limit: int
    traffic_class: int


class AHAttr(PyverbsObject):
    def __init__(self, dlid: int = ..., sl: int = ..., src_path_bits: int = ...,
                 static_rate: int = ..., is_global: int = ..., port_num: int = ...,
                 gr: GlobalRoute | None = ...) -> None: ...
    dlid: int
    sl: int
    src_path_bits: int
    static_rate: int
    is_global: int
    port_num: int
    dgid: str
    flow_label: int
    sgid_index: int
    hop_limit: int
    traffic_class: int


class AH(PyverbsCM):
    def __init__(self, pd: PD, **kwargs: Any) -> None: ...
