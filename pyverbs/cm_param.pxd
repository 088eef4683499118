# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport librdmacm as cm
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class AddrInfo(PyverbsCM):
    cdef int take(self, cm.rdma_addrinfo *info) except -1
    cdef cm.rdma_addrinfo *c(self) except NULL
    cdef cm.sockaddr *source(self) except NULL
    cdef cm.sockaddr *destination(self) except NULL
    cdef cm.sockaddr *group(self) except NULL


cdef class ConnParam(PyverbsObject):
    cdef bytes data
    cdef cm.rdma_conn_param *prepare(self) except NULL


cdef class JoinMCAttrEx(PyverbsObject):
    cdef AddrInfo addr
    cdef cm.rdma_cm_join_mc_attr_ex *prepare(self) except NULL


cdef cm.rdma_addrinfo *look_up(node, service, cm.rdma_addrinfo *hints) except NULL
cdef bytes private_bytes(data)
cdef bytes name_bytes(name)
