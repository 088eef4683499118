# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport librdmacm as cm
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class CMEventChannel(PyverbsCM):
    pass


cdef class CMEvent(PyverbsCM):
    cdef CMEventChannel channel
    # NULL when it has been acknowledged; raw is a copy
    cdef cm.rdma_cm_event *event
    # The id of a connect request, until a CMID takes it
    cdef cm.rdma_cm_id *requested
    cdef bytes data
    cdef bint datagram
    cdef cm.rdma_cm_event *wait(self) except NULL
    cdef int belong(self) except -1
    cdef void acknowledge(self)


cdef class UDParam(PyverbsObject):
    pass
