# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from libc.stdint cimport uint64_t

from pyverbs.base cimport PyverbsObject

cdef extern from "place.h":
    # Where a member lies: an integer, for rw() and ro(); a structure, for part()
    uint64_t PLACE(...)
    uint64_t SPAN(...)


cdef class Field:
    cdef size_t offset
    cdef int size
    cdef bint signed, network
    cdef readonly bint writable
    cdef readonly object show
    cdef void *find(self, instance) except NULL


cdef class Part:
    cdef size_t offset, extent
    cdef type kind
    cdef readonly bint writable


cdef class Text:
    cdef size_t offset, extent
    cdef object parse, present
    cdef readonly bint writable


cdef Field rw(uint64_t place, show=*)
cdef Field ro(uint64_t place, show=*)
cdef Field net(uint64_t place, show=*)
cdef Text text(uint64_t span, parse, present)
cdef Part part(uint64_t span, type kind, bint writable=*)
cdef int fill(PyverbsObject thing, dict arguments) except -1
