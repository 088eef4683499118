# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""XRC domains: what shared receive queues have in common that XRC senders reach."""
from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.device cimport Context
from pyverbs.fields cimport PLACE, Field, fill, rw

from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError  # noqa: F401

cdef v.ibv_xrcd_init_attr *attr_shape = NULL


cdef class XRCDInitAttr(PyverbsObject):
    """The file that names the domain between processes, -1 for none, and how to open it."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_xrcd_init_attr))

    def __init__(self, comp_mask, oflags, fd):
        fill(self, locals())

    comp_mask = rw(PLACE(attr_shape.comp_mask))
    oflags = rw(PLACE(attr_shape.oflags))
    fd = rw(PLACE(attr_shape.fd))


cdef class XRCD(PyverbsCM):
    def __init__(self, Context context not None, XRCDInitAttr init_attr not None):
        cdef v.ibv_context *creator = <v.ibv_context *>context.alive()
        cdef v.ibv_xrcd_init_attr *attr = <v.ibv_xrcd_init_attr *>init_attr.alive()
        cdef v.ibv_xrcd *made
        self.begin((context,))
        with nogil:
            made = v.ibv_open_xrcd(creator, attr)
        self.finish(made, sizeof(v.ibv_xrcd), 'open XRCD')

    cdef int release(self) noexcept nogil:
        return v.ibv_close_xrcd(<v.ibv_xrcd *>self.raw)
