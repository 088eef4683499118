# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class CompCntrInitAttr(PyverbsObject):
    pass


cdef class CompCntr(PyverbsCM):
    cdef v.ibv_comp_cntr *c(self) except NULL
