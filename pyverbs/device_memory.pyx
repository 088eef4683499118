# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory on the device itself. Programs find these classes in pyverbs.device."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject, check, check_errno
from pyverbs.device cimport Context
from pyverbs.fields cimport PLACE, Field, fill, ro, rw

import os

from pyverbs.pyverbs_error import PyverbsUserError

cdef v.ibv_alloc_dm_attr *alloc = NULL
cdef v.ibv_dm *dm = NULL


cdef class AllocDmAttr(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_alloc_dm_attr))

    def __init__(self, length, log_align_req=0, comp_mask=0):
        fill(self, locals())

    length = rw(PLACE(alloc.length))
    log_align_req = rw(PLACE(alloc.log_align_req))
    comp_mask = rw(PLACE(alloc.comp_mask))


cdef class DM(PyverbsCM):
    """Device memory: DM(context, AllocDmAttr), or DM(context, handle=HANDLE) for one that another
    process has allocated."""

    def __init__(self, Context context not None, AllocDmAttr dm_attr=None, **kwargs):
        cdef v.ibv_alloc_dm_attr *attr = NULL
        cdef v.ibv_context *creator = <v.ibv_context *>context.alive()
        cdef v.ibv_dm *made
        cdef v.uint32_t handle = kwargs.pop('handle', 0)
        if kwargs:
            raise PyverbsUserError(f'What is {", ".join(kwargs)}?')
        self.fresh()
        self.imported = dm_attr is None
        if dm_attr is not None:
            attr = <v.ibv_alloc_dm_attr *>dm_attr.alive()
        self.begin((context,))
        with nogil:
            if self.imported:
                made = v.ibv_import_dm(creator, handle)
            else:
                made = v.ibv_alloc_dm(creator, attr)
        self.finish(made, sizeof(v.ibv_dm), 'allocate device memory')

    cdef int release(self) noexcept nogil:
        if self.imported:
            v.ibv_unimport_dm(<v.ibv_dm *>self.raw)
            return 0
        return v.ibv_free_dm(<v.ibv_dm *>self.raw)

    handle = ro(PLACE(dm.handle))

    def unimport(self):
        """Closes what was imported and leaves the memory to its owner."""
        self.imported = True
        self.close()

    def copy_to_dm(self, dm_offset, data, length):
        """Copies 'length' bytes of data, str or bytes, to the device."""
        cdef bytes source = data.encode() if isinstance(data, str) else bytes(data)
        if length > len(source):
            raise PyverbsUserError(f'{length} bytes are asked for, {len(source)} are there')
        check(v.ibv_memcpy_to_dm(<v.ibv_dm *>self.alive(), dm_offset,
                                 PyBytes_AS_STRING(source), length), 'copy to device memory')

    def copy_from_dm(self, dm_offset, length):
        """-> bytes"""
        cdef v.ibv_dm *source = <v.ibv_dm *>self.alive()
        cdef bytes found = PyBytes_FromStringAndSize(NULL, length)
        check(v.ibv_memcpy_from_dm(PyBytes_AS_STRING(found), source, dm_offset, length),
              'copy from device memory')
        return found

    def export_dmabuf_fd(self):
        """-> a descriptor of the memory as a dma-buf; the caller closes it."""
        return check_errno(v.ibv_dm_export_dmabuf_fd(<v.ibv_dm *>self.alive()),
                           'export device memory as a dma-buf')


cdef class FdArr(PyverbsObject):
    """File descriptors that belong together."""
    cdef readonly list arr

    def __init__(self, arr=(), count=0):
        self.arr = [int(number) for number in (arr[:count] if count else arr)]

    @property
    def count(self):
        return len(self.arr)

    def close(self):
        """Closes the descriptors."""
        while self.arr:
            os.close(self.arr.pop())
