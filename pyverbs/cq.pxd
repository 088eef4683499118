# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class CompChannel(PyverbsCM):
    cdef int _delivered(self, v.ibv_cq *found, CompletionQueue expected_cq) except -1


cdef class CompletionQueue(PyverbsCM):
    cdef object channel
    # Events taken from the channel and not acknowledged
    cdef unsigned int unacked
    cdef v.ibv_cq *c(self) except NULL


cdef class CQ(CompletionQueue):
    pass


cdef class CqInitAttrEx(PyverbsObject):
    cdef object channel
    cdef object domain
    cdef public object cq_context


cdef class CQEX(CompletionQueue):
    cdef bint polling
    cdef v.ibv_cq_ex *current(self, bint there) except NULL


cdef class WC(PyverbsObject):
    pass


cdef class PollCqAttr(PyverbsObject):
    pass


cdef class WcTmInfo(PyverbsObject):
    pass
