# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from collections.abc import Callable, Sequence

from pyverbs.base import PyverbsCM, PyverbsObject, PyverbsRDMAErrno as PyverbsRDMAErrno
from pyverbs.device import Context
from pyverbs.pyverbs_error import (
    PyverbsError as PyverbsError,
    PyverbsRDMAError as PyverbsRDMAError,
    PyverbsUserError as PyverbsUserError,
)
from pyverbs.wr import SGE


class PD(PyverbsCM):
    def __init__(self, creator: Context, **kwargs: int) -> None: ...
    def unimport(self) -> None: ...
    def advise_mr(self, advise: int, flags: int, sg_list: Sequence[SGE] | None) -> None: ...
    @property
    def pd(self) -> int: ...
    @property
    def ctx(self) -> Context: ...
    @property
    def handle(self) -> int: ...


class ParentDomainContext(PyverbsObject):
    def __init__(self, pd: PD, alloc_func: Callable[..., int | None] | None,
                 free_func: Callable[..., None] | None, user_data: object = ...) -> None: ...
    user_data: object


class ParentDomainInitAttr(PyverbsObject):
    def __init__(self, pd: PD, pd_context: ParentDomainContext | None = ...,
                 comp_mask: int = ...) -> None: ...
    @property
    def comp_mask(self) -> int: ...


class ParentDomain(PD):
    def __init__(self, context: Context, attr: ParentDomainInitAttr) -> None: ...
