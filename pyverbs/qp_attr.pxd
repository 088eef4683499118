# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class QPCap(PyverbsObject):
    pass


cdef class QPInitAttr(PyverbsObject):
    cdef object scq, rcq, shared
    cdef v.ibv_qp_init_attr *prepare(self) except NULL
    cdef tuple objects(self)


cdef class QPInitAttrEx(PyverbsObject):
    cdef object scq, rcq, shared, domain, xrc, table, hash_conf
    cdef v.ibv_qp_init_attr_ex *prepare(self) except NULL
    cdef tuple objects(self)


cdef class QPAttr(PyverbsObject):
    pass


cdef class ECE(PyverbsCM):
    pass


cdef class QPRateLimitAttr(PyverbsObject):
    pass


cdef class QPAttachCompCntrAttr(PyverbsObject):
    pass


cdef class DataBuffer(PyverbsCM):
    pass
