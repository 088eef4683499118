# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base cimport PyverbsObject


cdef class Spec(PyverbsObject):
    cdef int head(self, int kind, is_inner, size_t extent) except -1
    cdef int match(self, dict arguments) except -1


cdef class EthSpec(Spec):
    pass


cdef class Ipv4ExtSpec(Spec):
    pass


cdef class Ipv6Spec(Spec):
    pass


cdef class TcpUdpSpec(Spec):
    pass
