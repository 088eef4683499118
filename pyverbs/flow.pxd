# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject


cdef class FlowAction(PyverbsObject):
    pass


cdef class FlowAttr(PyverbsObject):
    cdef readonly list specs
    cdef v.ibv_flow_attr *build(self) except NULL


cdef class Flow(PyverbsCM):
    pass
