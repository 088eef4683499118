# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class AllocDmAttr(PyverbsObject):
    pass


cdef class DM(PyverbsCM):
    cdef bint imported
