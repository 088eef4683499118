# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM
from pyverbs.device cimport Context
from pyverbs.pd cimport PD
from pyverbs.qp_attr cimport QPInitAttr, QPInitAttrEx


cdef class QP(PyverbsCM):
    cdef int make(self, creator, init_attr, size_t extent) except -1
    cdef int _of_pd(self, PD pd, QPInitAttr init_attr) except -1
    cdef int _of_context(self, Context context, QPInitAttrEx init_attr, size_t extent) except -1
    cdef v.ibv_qp *c(self) except NULL
    cdef v.ibv_qp *idle(self) except NULL
    cdef int step(self, qp_attr, int state) except -1


cdef class QPEx(QP):
    cdef readonly object ind_table
    # 0: nothing is being built, 1: wr_start() was called, 2: there is a request as well
    cdef int building
    cdef v.ibv_qp_ex *c_ex(self) except NULL
    cdef v.ibv_qp_ex *request(self, bint there) except NULL
    cdef v.ibv_qp_ex *detail(self, bint there) except NULL
