# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

cdef class PyverbsObject:
    cdef object __weakref__
    # The C structure that the class's fields lie in; NULL before there is one and after close().
    cdef void *raw
    cdef size_t extent
    # Memory of the object's own, or the object that it is a part of.
    cdef bint owned
    cdef object whole
    cdef int allot(self, size_t extent) except -1
    cdef void wrap(self, void *raw, size_t extent)
    cdef void drop(self)
    cdef void *alive(self) except NULL


cdef class PyverbsCM(PyverbsObject):
    cdef tuple parents
    cdef dict children
    cdef int pins
    cdef bint closing
    cdef int fresh(self) except -1
    cdef int begin(self, tuple parents) except -1
    cdef int finish(self, void *raw, size_t extent, str what) except -1
    cdef int adopt(self, PyverbsCM parent) except -1
    cdef int forsake(self, PyverbsCM parent) except -1
    cdef void *pin(self) except NULL
    cdef void unpin(self)
    cdef int shut(self) except -1
    cdef PyverbsCM descendant(self, void *raw)
    cdef void abandon(self)
    cdef void quiesce(self)
    cdef void interrupt(self)
    cdef int release(self) noexcept nogil
    cdef list open_children(self)
    cdef int close_children(self) except -1
    cdef int check_idle(self) except -1
    cdef void unlist(self)
    cdef void detach(self)


cdef int check(int error, str what) except -1
cdef int check_errno(int result, str what) except -1
