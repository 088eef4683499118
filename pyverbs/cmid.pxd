# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs cimport librdmacm as cm
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.cm_param cimport AddrInfo
from pyverbs.device cimport Context
from pyverbs.mr cimport MR
from pyverbs.pd cimport PD
from pyverbs.qp_attr cimport QPInitAttr

# A multicast group that an id has joined
cdef struct joined:
    joined *next
    cm.sockaddr_storage address


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


cdef class CMContext(Context):
    pass


cdef class CMPD(PD):
    pass


cdef class CMID(PyverbsCM):
    cdef CMEventChannel channel
    cdef PD own_pd
    # Weak: they refer to this id
    cdef object context_seen, pd_seen
    # Parts of the queue pair that are made of this id's PD
    cdef tuple kept
    cdef joined *groups
    cdef cm.rdma_cm_id *c(self) except NULL
    cdef cm.rdma_cm_id *ready(self) except NULL
    cdef int keep(self, tuple things) except -1
    cdef int done(self, int result, int error, str what) except -1
    cdef int _of_channel(self, CMEventChannel channel, int port_space) except -1
    cdef int _of_address(self, AddrInfo address, QPInitAttr init_attr) except -1
    cdef int _of_event(self, CMEvent event, CMID listener) except -1
    cdef int wrapped(self, cm.rdma_cm_id *id, PyverbsCM parent) except -1
    cdef int end_queue_pair(self) noexcept nogil
    cdef void settle(self)
    cdef void *memory(self, MR mr, length, size_t *extent) except NULL
