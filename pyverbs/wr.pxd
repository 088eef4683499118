# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from libc.stdint cimport uint32_t

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM


cdef class SGE(PyverbsCM):
    pass


cdef class RecvWR(PyverbsCM):
    cdef object next
    cdef int room
    cdef v.ibv_recv_wr *chain(self) except NULL
    cdef int become(self, RecvWR first, v.ibv_recv_wr *which) except -1


cdef class SendWR(PyverbsCM):
    cdef object next
    cdef int room
    # What the request refers to: an AH, an MW, MRs
    cdef dict needs
    cdef v.ibv_send_wr *chain(self, bint datagram) except NULL
    cdef int become(self, SendWR first, v.ibv_send_wr *which) except -1
    cdef int check_needs(self, int opcode, bint datagram) except -1


cdef v.ibv_sge *copy_sges(sges) except? NULL
cdef list follow(first)
