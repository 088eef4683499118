# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Registered memory and memory windows."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport uint8_t, uint32_t, uint64_t, uintptr_t
from libc.string cimport memcpy
from posix.mman cimport (MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap,
                         munmap)

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject, check, check_errno
from pyverbs.device cimport Context
from pyverbs.device_memory cimport DM
from pyverbs.fields cimport PLACE, Field, fill, ro, rw
from pyverbs.pd cimport PD

import mmap as mmap_module

from pyverbs import names
from pyverbs.base import PyverbsRDMAErrno
from pyverbs.names import mwtype2str  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401
from pyverbs.utils import access_flags_to_str, rereg_error_to_str

cdef extern from "<sys/mman.h>":
    enum:
        MAP_HUGETLB

HUGE_PAGE_SIZE = 0x200000
cdef size_t huge_page = HUGE_PAGE_SIZE

cdef v.ibv_mr *mr_shape = NULL
cdef v.ibv_mw *mw_shape = NULL
cdef v.ibv_mw_bind_info *info_shape = NULL
cdef v.ibv_dmah_init_attr *dmah = NULL


cdef bytes octets(data, length):
    """-> the first bytes of str or bytes, not more than 'length'"""
    return (data.encode() if isinstance(data, str) else bytes(data))[:length]


@cython.no_gc_clear
cdef class MR(PyverbsCM):
    """Registered memory: MR(pd, length, access), with memory of its own when no address is given;
    implicit for the whole address space; MR(pd, handle=HANDLE) for another process's."""

    def __init__(self, PD creator not None, size_t length=0, int access=0, address=None,
                 bint implicit=False, **kwargs):
        cdef v.ibv_pd *pd = <v.ibv_pd *>creator.alive()
        cdef v.ibv_mr *made
        cdef uint32_t handle = 0
        if set(kwargs) - {'handle'}:
            raise PyverbsUserError(f'An MR takes a handle, not {", ".join(kwargs)}')
        self.fresh()
        if 'handle' in kwargs:
            handle = kwargs['handle']
            self.imported = True
        elif implicit:
            length = <size_t>-1
        elif address is not None:
            self.start = <void *><uintptr_t>address
        elif length:
            self.map_memory(length, access)
        self.begin((creator,))
        with nogil:
            if self.imported:
                made = v.ibv_import_mr(pd, handle)
            else:
                made = v.ibv_reg_mr(pd, self.start, length, access)
        self.finish(made, sizeof(v.ibv_mr),
                    f'register a MR. length: {length}, access flags: {access}')
        if self.imported:
            self.start = made.addr

    def __dealloc__(self):
        # Memory that could not be registered; else release() comes later.
        if self.raw == NULL and self.mapped != NULL:
            munmap(self.mapped, self.mapped_size)

    cdef int release(self) noexcept nogil:
        cdef int error = 0
        if self.imported:
            v.ibv_unimport_mr(<v.ibv_mr *>self.raw)
        else:
            error = v.ibv_dereg_mr(<v.ibv_mr *>self.raw)
        if error == 0 and self.mapped != NULL:
            munmap(self.mapped, self.mapped_size)
            self.mapped = NULL
        return error

    cdef int map_memory(self, size_t length, int access) except -1:
        cdef int flags = MAP_PRIVATE | MAP_ANONYMOUS
        cdef size_t size = length
        if access & v.IBV_ACCESS_HUGETLB:
            flags |= MAP_HUGETLB
            size = (length + huge_page - 1) // huge_page * huge_page
        cdef void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0)
        if place == MAP_FAILED:
            raise PyverbsRDMAErrno(f'Failed to allocate {length} bytes')
        self.mapped = self.start = place
        self.mapped_size = size
        return 0

    cdef v.ibv_mr *c(self) except NULL:
        return <v.ibv_mr *>self.alive()

    handle = ro(PLACE(mr_shape.handle))
    length = ro(PLACE(mr_shape.length))
    lkey = ro(PLACE(mr_shape.lkey), hex)
    rkey = ro(PLACE(mr_shape.rkey), hex)

    @property
    def buf(self):
        """The address of the memory."""
        self.alive()
        return <uintptr_t>self.start

    cdef uint8_t *range(self, length, offset) except NULL:
        """-> the place of bytes of this memory"""
        cdef v.ibv_mr *mr = self.c()
        if self.start == NULL:
            raise PyverbsUserError(f'This {type(self).__name__} has no memory of this process')
        if not 0 <= offset <= offset + length <= mr.length:
            raise PyverbsUserError(f'{length} bytes at {offset} are not in {mr.length} bytes')
        return <uint8_t *>self.start + <size_t>offset

    def write(self, data, length, offset=0):
        """Copies 'length' bytes of data, str or bytes, into the memory."""
        cdef bytes source = octets(data, length)
        memcpy(self.range(len(source), offset), PyBytes_AS_STRING(source), len(source))

    def read(self, length, offset):
        """-> bytes of the memory"""
        return self.range(length, offset)[:length]

    def rereg(self, flags, PD pd=None, addr=0, length=0, access=0):
        """Changes what 'flags', of ibv_rereg_mr_flags, name."""
        cdef v.ibv_pd *domain = NULL
        cdef void *place = <void *><uintptr_t>addr
        cdef size_t size = length
        cdef int what = flags, allowed = access, error
        self.alive()
        domains = [one for one in self.parents if isinstance(one, PD) and one is not pd]
        if pd is not None:
            domain = <v.ibv_pd *>pd.alive()
            self.adopt(pd)
        cdef v.ibv_mr *mr = <v.ibv_mr *>self.pin()
        with nogil:
            error = v.ibv_rereg_mr(mr, what, domain, place, size, allowed)
        self.unpin()
        if error:
            raise PyverbsRDMAErrno(f'Failed to reregister a MR: {rereg_error_to_str(error)}')
        if what & v.IBV_REREG_MR_CHANGE_PD:
            for left in domains:
                self.forsake(left)
        if what & v.IBV_REREG_MR_CHANGE_TRANSLATION:
            self.start = place

    def unimport(self):
        """Closes what was imported and leaves the registration to its owner."""
        self.imported = True
        self.close()


cdef class MREx(MR):
    """Memory registered with ibv_reg_mr_ex(): at an address, in a dma-buf ('fd'), or in a Buf; with
    an address of its own for the wire ('iova') and with a DMA handle."""

    def __init__(self, PD pd not None, length=0, access=0, address=None, iova=None, fd=None,
                 fd_offset=0, DMAHandle dmah=None, implicit=False, Buf buf=None, **kwargs):
        cdef v.ibv_pd *domain = <v.ibv_pd *>pd.alive()
        cdef v.ibv_mr_init_attr attr
        cdef v.ibv_mr *made
        if kwargs:
            raise PyverbsUserError(f'What is {", ".join(kwargs)}?')
        self.fresh()
        attr.length = <size_t>-1 if implicit else length
        attr.access = access
        attr.comp_mask = attr.iova = attr.fd_offset = 0
        attr.addr = NULL
        attr.dmah = NULL
        attr.buf = NULL
        if iova is not None:
            attr.iova = iova
            attr.comp_mask |= v.IBV_REG_MR_MASK_IOVA
        if fd is not None:
            attr.fd = fd
            attr.fd_offset = fd_offset
            attr.comp_mask |= v.IBV_REG_MR_MASK_FD | v.IBV_REG_MR_MASK_FD_OFFSET
        elif address is not None or implicit or buf is None:
            if address is not None:
                self.start = <void *><uintptr_t>address
            elif attr.length and not implicit:
                self.map_memory(attr.length, attr.access)
            attr.addr = self.start
            attr.comp_mask |= v.IBV_REG_MR_MASK_ADDR
        if dmah is not None:
            attr.dmah = <v.ibv_dmah *>dmah.alive()
            attr.comp_mask |= v.IBV_REG_MR_MASK_DMAH
        if buf is not None:
            buf.alive()
            attr.buf = buf.buf
            attr.comp_mask |= v.IBV_REG_MR_MASK_BUF
        self.begin((pd, dmah, buf))
        with nogil:
            made = v.ibv_reg_mr_ex(domain, &attr)
        self.finish(made, sizeof(v.ibv_mr),
                    f'register a MR. length: {length}, access flags: {access}')


@cython.no_gc_clear
cdef class Buf(PyverbsCM):
    """Memory that the device's driver allocates."""

    def __init__(self, PD pd not None, size_t size):
        cdef v.ibv_pd *domain = <v.ibv_pd *>pd.alive()
        cdef void *made
        self.fresh()
        self.size = size
        self.begin((pd,))
        with nogil:
            made = v.ibv_alloc_buf(domain, size, &self.buf)
        self.finish(made, size, f'allocate a buffer of {size} bytes')

    cdef int release(self) noexcept nogil:
        v.ibv_free_buf(self.buf)
        return 0

    @property
    def addr(self):
        return <uintptr_t>self.alive()

    def export_dmabuf_fd(self):
        """-> a descriptor of the buffer as a dma-buf; the caller closes it."""
        self.alive()
        return check_errno(v.ibv_export_buf_dmabuf_fd(self.buf), 'export a buffer as a dma-buf')


cdef class BufMR(MR):
    """Registered memory in a Buf, all of it by default."""

    def __init__(self, PD pd not None, Buf buf not None, size_t length=0, int access=0,
                 size_t offset=0):
        cdef v.ibv_pd *domain = <v.ibv_pd *>pd.alive()
        cdef char *start = <char *>buf.alive()
        cdef v.ibv_mr *made
        if offset > buf.size or length > buf.size - offset:
            raise PyverbsUserError(f'{length} bytes at {offset} are not in {buf.size} bytes')
        self.fresh()
        self.start = start + offset
        length = length or buf.size - offset
        self.begin((pd, buf))
        with nogil:
            made = v.ibv_reg_buf_mr(domain, buf.buf, self.start, length, access)
        self.finish(made, sizeof(v.ibv_mr), 'register a buffer')


@cython.no_gc_clear
cdef class DMMR(MR):
    """Registered device memory. Reading and writing go through the DM."""

    def __init__(self, PD pd not None, size_t length, unsigned int access, DM dm not None,
                 size_t offset):
        cdef v.ibv_pd *domain = <v.ibv_pd *>pd.alive()
        cdef v.ibv_dm *memory = <v.ibv_dm *>dm.alive()
        cdef v.ibv_mr *made
        self.fresh()
        self.dm = dm
        self.offset = offset
        self.begin((pd, dm))
        with nogil:
            made = v.ibv_reg_dm_mr(domain, memory, offset, length, access)
        self.finish(made, sizeof(v.ibv_mr),
                    f'register device memory. length: {length}, access flags: {access}')

    def write(self, data, length, offset=0):
        cdef bytes source = octets(data, length)
        self.alive()
        self.dm.copy_to_dm(self.offset + offset, source, len(source))

    def read(self, length, offset):
        self.alive()
        return self.dm.copy_from_dm(self.offset + offset, length)


@cython.no_gc_clear
cdef class DmaBufMR(MR):
    """Registered memory of another device: in the DmaBuf given, or in one allocated on a GPU."""

    def __init__(self, PD pd not None, size_t length, int access, dmabuf=None, size_t offset=0,
                 gpu=0, gtt=0):
        cdef v.ibv_pd *domain = <v.ibv_pd *>pd.alive()
        cdef v.ibv_mr *made
        cdef int fd
        self.fresh()
        if dmabuf is None:
            from pyverbs.dmabuf import DmaBuf
            dmabuf = DmaBuf(length + offset, gpu, gtt)
            self.own_dmabuf = True
        self.dmabuf = dmabuf
        self.offset = offset
        fd = dmabuf if isinstance(dmabuf, int) else dmabuf.fd
        self.begin((pd,))
        with nogil:
            made = v.ibv_reg_dmabuf_mr(domain, offset, length, offset, fd, access)
        self.finish(made, sizeof(v.ibv_mr),
                    f'register a dma-buf. length: {length}, access flags: {access}')

    def close(self):
        """Deregisters, and frees the memory that the constructor allocated."""
        self.shut()
        if self.own_dmabuf:
            self.dmabuf.close()

    cdef object window(self):
        """-> the memory, mapped for the processor"""
        cdef size_t length = self.c().length + self.offset
        if isinstance(self.dmabuf, int):
            return mmap_module.mmap(self.dmabuf, length)
        return mmap_module.mmap(self.dmabuf.drm_fd, length, offset=self.dmabuf.map_offset)

    def write(self, data, length, offset=0):
        cdef bytes source = octets(data, length)
        with self.window() as memory:
            memory[self.offset + offset:self.offset + offset + len(source)] = source

    def read(self, length, offset):
        with self.window() as memory:
            return memory[self.offset + offset:self.offset + offset + length]


cdef class MW(PyverbsCM):
    """A memory window of type IBV_MW_TYPE_1 or IBV_MW_TYPE_2. Who has bound one of type 2 sets its
    rkey to the new key: the next one follows from it, and some devices ask for it."""

    def __init__(self, PD pd not None, int mw_type):
        cdef v.ibv_pd *domain = <v.ibv_pd *>pd.alive()
        cdef v.ibv_mw *made
        self.begin((pd,))
        with nogil:
            made = v.ibv_alloc_mw(domain, mw_type)
        self.finish(made, sizeof(v.ibv_mw), 'allocate MW')

    cdef int release(self) noexcept nogil:
        return v.ibv_dealloc_mw(<v.ibv_mw *>self.raw)

    handle = ro(PLACE(mw_shape.handle))
    rkey = rw(PLACE(mw_shape.rkey), hex)
    type = ro(PLACE(mw_shape.type), names.mwtype2str)


@cython.no_gc_clear
cdef class MWBindInfo(PyverbsCM):
    """What a window is bound to."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_mw_bind_info))

    def __init__(self, MR mr not None, addr, length, mw_access_flags):
        cdef v.ibv_mw_bind_info *info = <v.ibv_mw_bind_info *>self.alive()
        info.mr = mr.c()
        info.addr = addr
        info.length = length
        info.mw_access_flags = mw_access_flags
        self.mr = mr

    cdef void *alive(self) except NULL:
        if self.mr is not None:
            self.mr.alive()
        return PyverbsCM.alive(self)

    addr = ro(PLACE(info_shape.addr), hex)
    length = ro(PLACE(info_shape.length))
    mw_access_flags = ro(PLACE(info_shape.mw_access_flags), access_flags_to_str)


@cython.no_gc_clear
cdef class MWBind(PyverbsCM):
    """A request for QP.bind_mw()."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_mw_bind))

    def __init__(self, MWBindInfo info not None, send_flags, wr_id=0):
        cdef v.ibv_mw_bind *bind = <v.ibv_mw_bind *>self.alive()
        bind.wr_id = wr_id
        bind.send_flags = send_flags
        bind.bind_info = (<v.ibv_mw_bind_info *>info.alive())[0]
        self.mr = info.mr

    cdef void *alive(self) except NULL:
        if self.mr is not None:
            self.mr.alive()
        return PyverbsCM.alive(self)


cdef class DmaHandleInitAttr(PyverbsObject):
    """Hints for the steering of DMA into caches."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_dmah_init_attr))

    def __init__(self, comp_mask=0, cpu_id=0, ph=0, tph_mem_type=0):
        fill(self, locals())

    comp_mask = rw(PLACE(dmah.comp_mask))
    cpu_id = rw(PLACE(dmah.cpu_id))
    ph = rw(PLACE(dmah.ph))
    tph_mem_type = rw(PLACE(dmah.tph_mem_type))


cdef class DMAHandle(PyverbsCM):
    def __init__(self, Context ctx not None, DmaHandleInitAttr init_attr not None):
        cdef v.ibv_context *context = <v.ibv_context *>ctx.alive()
        cdef v.ibv_dmah_init_attr *attr = <v.ibv_dmah_init_attr *>init_attr.alive()
        cdef v.ibv_dmah *made
        self.begin((ctx,))
        with nogil:
            made = v.ibv_alloc_dmah(context, attr)
        self.finish(made, sizeof(v.ibv_dmah), 'allocate a DMA handle')

    cdef int release(self) noexcept nogil:
        return v.ibv_dealloc_dmah(<v.ibv_dmah *>self.raw)
