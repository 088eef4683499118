# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base cimport PyverbsObject


cdef class DeviceAttr(PyverbsObject):
    pass


cdef class DeviceAttrEx(PyverbsObject):
    pass


cdef class QueryDeviceExInput(PyverbsObject):
    pass


cdef class PortAttr(PyverbsObject):
    pass


cdef class GIDEntry(PyverbsObject):
    pass


cdef class CompCntrCaps(PyverbsObject):
    pass
