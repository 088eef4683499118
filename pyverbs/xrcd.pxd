# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class XRCDInitAttr(PyverbsObject):
    pass


cdef class XRCD(PyverbsCM):
    pass
