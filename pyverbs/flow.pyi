# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base import PyverbsCM, PyverbsObject, PyverbsRDMAErrno as PyverbsRDMAErrno
from pyverbs.pyverbs_error import PyverbsError as PyverbsError, PyverbsRDMAError as PyverbsRDMAError
from pyverbs.qp import QP
from pyverbs.spec import Spec


class FlowAction(PyverbsObject): ...


class FlowAttr(PyverbsObject):
    def __init__(self, num_of_specs: int = ..., flow_type: int = ..., priority: int = ...,
                 port: int = ..., flags: int = ...) -> None: ...
    @property
    def specs(self) -> list[Spec]: ...
    num_of_specs: int
    type: int
    priority: int
    port: int
    flags: int


class Flow(PyverbsCM):
    def __init__(self, qp: QP, flow_attr: FlowAttr) -> None: ...
