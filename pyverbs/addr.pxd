# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.cq cimport WC
from pyverbs.pd cimport PD


cdef class GID(PyverbsObject):
    pass


cdef class GRH(PyverbsObject):
    pass


cdef class GlobalRoute(PyverbsObject):
    pass


cdef class AHAttr(PyverbsObject):
    pass


cdef class AH(PyverbsCM):
    cdef int _from_attr(self, PD pd, AHAttr attr) except -1
    cdef int _from_wc(self, PD pd, WC wc, GRH header, int port_num) except -1
