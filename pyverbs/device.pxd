# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class Device(PyverbsObject):
    cdef readonly bytes name
    cdef readonly object guid
    cdef readonly int node_type, transport_type, index


cdef Device device_of(v.ibv_device *device)


cdef class Context(PyverbsCM):
    cdef readonly str name
    cdef int _open(self, str name) except -1
    cdef int _import(self, int cmd_fd) except -1
    cdef v.ibv_context *c(self) except NULL


cdef class AsyncEvent(PyverbsObject):
    cdef readonly int event_type
    cdef PyverbsCM delivery
