# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from libc.stdint cimport uint8_t

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class MR(PyverbsCM):
    cdef void *start
    # Memory of the MR's own, from mmap
    cdef void *mapped
    cdef size_t mapped_size
    cdef bint imported
    cdef int map_memory(self, size_t length, int access) except -1
    cdef v.ibv_mr *c(self) except NULL
    cdef uint8_t *range(self, length, offset) except NULL


cdef class MREx(MR):
    pass


cdef class BufMR(MR):
    pass


cdef class DMMR(MR):
    cdef object dm
    cdef size_t offset


cdef class DmaBufMR(MR):
    cdef readonly object dmabuf
    cdef readonly size_t offset
    cdef bint own_dmabuf
    cdef object window(self)


cdef class MW(PyverbsCM):
    pass


cdef class MWBindInfo(PyverbsCM):
    cdef MR mr


cdef class MWBind(PyverbsCM):
    cdef MR mr


cdef class DMAHandle(PyverbsCM):
    pass


cdef class DmaHandleInitAttr(PyverbsObject):
    pass


cdef class Buf(PyverbsCM):
    cdef v.ibv_buf *buf
    cdef readonly size_t size
