# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.device cimport Context
from pyverbs.pd cimport PD


cdef class SrqAttr(PyverbsObject):
    pass


cdef class SrqInitAttr(PyverbsObject):
    pass


cdef class SrqInitAttrEx(PyverbsObject):
    cdef object domain, shared, queue


cdef class SRQ(PyverbsCM):
    cdef int _of_pd(self, PD pd, SrqInitAttr attr) except -1
    cdef int _of_context(self, Context context, SrqInitAttrEx attr) except -1
    cdef v.ibv_srq *c(self) except NULL


cdef class OpsWr(PyverbsCM):
    cdef object next
    cdef v.ibv_ops_wr *chain(self) except NULL
