# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Completion counters: they count what completes, instead of an entry for each."""
from libc.stdint cimport uint64_t

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject, check
from pyverbs.device cimport Context
from pyverbs.fields cimport PLACE, Field, ro

from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsRDMAError  # noqa: F401

cdef v.ibv_comp_cntr_init_attr *init = NULL


cdef class CompCntrInitAttr(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_comp_cntr_init_attr))

    def __init__(self, comp_mask=0, cntr_type=0, flags=0):
        cdef v.ibv_comp_cntr_init_attr *attr = <v.ibv_comp_cntr_init_attr *>self.raw
        attr.comp_mask = comp_mask
        attr.type = cntr_type
        attr.flags = flags

    comp_mask = ro(PLACE(init.comp_mask))
    cntr_type = ro(PLACE(init.type))
    flags = ro(PLACE(init.flags))


cdef class CompCntr(PyverbsCM):
    """A counter of completions and one of failures; QP.attach_comp_cntr() says what they count."""

    def __init__(self, Context ctx not None, CompCntrInitAttr attr not None):
        cdef v.ibv_context *context = ctx.c()
        cdef v.ibv_comp_cntr_init_attr *wanted = <v.ibv_comp_cntr_init_attr *>attr.alive()
        cdef v.ibv_comp_cntr *made
        self.begin((ctx,))
        with nogil:
            made = v.ibv_create_comp_cntr(context, wanted)
        self.finish(made, sizeof(v.ibv_comp_cntr), 'create a completion counter')

    cdef int release(self) noexcept nogil:
        return v.ibv_destroy_comp_cntr(<v.ibv_comp_cntr *>self.raw)

    cdef v.ibv_comp_cntr *c(self) except NULL:
        return <v.ibv_comp_cntr *>self.alive()

    def set(self, uint64_t value):
        check(v.ibv_set_comp_cntr(self.c(), value), 'set a completion counter')

    def set_err(self, uint64_t value):
        check(v.ibv_set_err_comp_cntr(self.c(), value), 'set an error counter')

    def inc(self, uint64_t amount):
        check(v.ibv_inc_comp_cntr(self.c(), amount), 'increase a completion counter')

    def inc_err(self, uint64_t amount):
        check(v.ibv_inc_err_comp_cntr(self.c(), amount), 'increase an error counter')

    def read(self):
        cdef uint64_t value = 0
        check(v.ibv_read_comp_cntr(self.c(), &value), 'read a completion counter')
        return value

    def read_err(self):
        cdef uint64_t value = 0
        check(v.ibv_read_err_comp_cntr(self.c(), &value), 'read an error counter')
        return value
