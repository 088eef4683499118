# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.device cimport Context


cdef class PD(PyverbsCM):
    cdef readonly Context ctx
    cdef bint imported


cdef class ParentDomainContext(PyverbsObject):
    cdef PD pd
    cdef object alloc_func, free_func
    cdef public object user_data


cdef class ParentDomainInitAttr(PyverbsObject):
    cdef PD pd
    cdef ParentDomainContext pd_context


cdef class ParentDomain(PD):
    cdef ParentDomainContext pd_context
