# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base import PyverbsCM, PyverbsObject, PyverbsRDMAErrno as PyverbsRDMAErrno
from pyverbs.device import Context
from pyverbs.pyverbs_error import PyverbsError as PyverbsError, PyverbsRDMAError as PyverbsRDMAError


class XRCDInitAttr(PyverbsObject):
    def __init__(self, comp_mask: int, oflags: int, fd: int) -> None: ...
    comp_mask: int
    oflags: int
    fd: int


class XRCD(PyverbsCM):
    def __init__(self, context: Context, init_attr: XRCDInitAttr) -> None: ...
