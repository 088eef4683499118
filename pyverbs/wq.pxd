# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from libc.stdint cimport uint8_t

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class WQInitAttr(PyverbsObject):
    cdef object domain, queue
    cdef public object wq_context


cdef class WQAttr(PyverbsObject):
    pass


cdef class WQ(PyverbsCM):
    pass


cdef class RwqIndTableInitAttr(PyverbsObject):
    cdef tuple table


cdef class RwqIndTable(PyverbsCM):
    cdef tuple table


cdef class RxHashConf(PyverbsObject):
    cdef uint8_t *key
