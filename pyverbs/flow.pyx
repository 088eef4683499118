# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Flow steering: rules that give packets to a queue pair."""
cimport cython
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.fields cimport PLACE, Field, rw
from pyverbs.qp cimport QP
from pyverbs.spec cimport Spec

from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401

cdef v.ibv_flow_attr *attr_shape = NULL


cdef class FlowAction(PyverbsObject):
    """Base of what a rule does to its packets; providers have such classes."""


@cython.no_gc_clear
cdef class FlowAttr(PyverbsObject):
    """A rule: the first num_of_specs of 'specs', a list that Specs are appended to."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_flow_attr))
        self.specs = []

    def __init__(self, num_of_specs=0, flow_type=v.IBV_FLOW_ATTR_NORMAL, priority=0, port=1,
                 flags=0):
        self.num_of_specs = num_of_specs
        self.type = flow_type
        self.priority = priority
        self.port = port
        self.flags = flags

    num_of_specs = rw(PLACE(attr_shape.num_of_specs))
    type = rw(PLACE(attr_shape.type))
    priority = rw(PLACE(attr_shape.priority))
    port = rw(PLACE(attr_shape.port))
    flags = rw(PLACE(attr_shape.flags))

    cdef v.ibv_flow_attr *build(self) except NULL:
        """-> the rule in one piece, to be freed"""
        cdef v.ibv_flow_attr *head = <v.ibv_flow_attr *>self.alive()
        cdef list used = [<Spec?>spec for spec in self.specs[:head.num_of_specs]]
        cdef size_t size = sizeof(v.ibv_flow_attr) + sum(spec.size for spec in used)
        cdef char *rule
        cdef char *end
        if len(used) < head.num_of_specs:
            raise PyverbsUserError(f'{head.num_of_specs} specs are asked for, '
                                   f'{len(used)} are there')
        if size > 0xffff:
            raise PyverbsUserError('The rule is too long')
        rule = <char *>calloc(1, size)
        if rule == NULL:
            raise MemoryError()
        memcpy(rule, head, sizeof(v.ibv_flow_attr))
        (<v.ibv_flow_attr *>rule).size = size
        end = rule + sizeof(v.ibv_flow_attr)
        for spec in used:
            memcpy(end, (<Spec>spec).raw, (<Spec>spec).extent)
            end += (<Spec>spec).extent
        return <v.ibv_flow_attr *>rule


cdef class Flow(PyverbsCM):
    """A rule at work, until it is closed."""

    def __init__(self, QP qp not None, FlowAttr flow_attr not None):
        cdef v.ibv_qp *owner = qp.c()
        cdef v.ibv_flow_attr *rule = flow_attr.build()
        cdef v.ibv_flow *made
        try:
            self.begin((qp,))
            with nogil:
                made = v.ibv_create_flow(owner, rule)
            self.finish(made, sizeof(v.ibv_flow), 'create flow')
        finally:
            free(rule)

    cdef int release(self) noexcept nogil:
        return v.ibv_destroy_flow(<v.ibv_flow *>self.raw)
