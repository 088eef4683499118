# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs cimport librdmacm as cm
from pyverbs.base cimport PyverbsCM
from pyverbs.cm_event cimport CMEvent, CMEventChannel
from pyverbs.cm_param cimport AddrInfo
from pyverbs.cq cimport WC
from pyverbs.device cimport Context
from pyverbs.mr cimport MR
from pyverbs.pd cimport PD
from pyverbs.qp_attr cimport QPInitAttr

ctypedef int comp_call(cm.rdma_cm_id *id, v.ibv_wc *wc) noexcept nogil

# A multicast group that an id has joined
cdef struct joined:
    joined *next
    cm.sockaddr_storage address


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
    cdef WC completion(self, comp_call *wait, str what)
