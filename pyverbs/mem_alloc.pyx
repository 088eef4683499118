# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory by address, for buffers that outlive or precede Python objects. As in C, nothing watches
over addresses and lengths."""
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc cimport stdlib
from libc.stdint cimport uint32_t, uint64_t, uintptr_t
from libc.string cimport memcpy, memset
from posix cimport mman
from posix.stdlib cimport posix_memalign as c_posix_memalign

from pyverbs.base import PyverbsRDMAErrno
from pyverbs.pyverbs_error import PyverbsUserError

cdef extern from "<sys/mman.h>":
    enum:
        MAP_GROWSDOWN, MAP_HUGETLB, MAP_LOCKED, MAP_NORESERVE, MAP_POPULATE, MAP_STACK
        MADV_DONTNEED

cdef extern from "<endian.h>":
    uint32_t htobe32(uint32_t value)
    uint64_t htobe64(uint64_t value)

PROT_NONE_ = mman.PROT_NONE
PROT_READ_ = mman.PROT_READ
PROT_WRITE_ = mman.PROT_WRITE
PROT_EXEC_ = mman.PROT_EXEC
MAP_SHARED_ = mman.MAP_SHARED
MAP_PRIVATE_ = mman.MAP_PRIVATE
MAP_FIXED_ = mman.MAP_FIXED
MAP_ANONYMOUS_ = mman.MAP_ANONYMOUS
MAP_GROWSDOWN_ = MAP_GROWSDOWN
MAP_HUGETLB_ = MAP_HUGETLB
MAP_LOCKED_ = MAP_LOCKED
MAP_NORESERVE_ = MAP_NORESERVE
MAP_POPULATE_ = MAP_POPULATE
MAP_STACK_ = MAP_STACK


cdef void *place(addr, offset) except NULL:
    cdef uintptr_t where = addr + offset
    if where == 0:
        raise PyverbsUserError('The address is NULL')
    return <void *>where


def mmap(addr=0, length=100, prot=mman.PROT_READ | mman.PROT_WRITE,
         flags=mman.MAP_PRIVATE | mman.MAP_ANONYMOUS, fd=0, offset=0):
    """-> the address of the mapping"""
    cdef void *made = mman.mmap(<void *><uintptr_t>addr, length, prot, flags, fd, offset)
    if made == mman.MAP_FAILED:
        raise MemoryError(f'Failed to map {length} bytes')
    return <uintptr_t>made


def munmap(addr, length):
    if mman.munmap(<void *><uintptr_t>addr, length):
        raise MemoryError(f'Failed to unmap {length} bytes at {addr:#x}')


def madvise(addr, length, flags=MADV_DONTNEED):
    if mman.madvise(<void *><uintptr_t>addr, length, flags):
        raise PyverbsRDMAErrno(f'Failed to advise about {length} bytes at {addr:#x}')


def malloc(size):
    """-> the address of memory that free() gives back"""
    cdef void *made = stdlib.malloc(size)
    if made == NULL:
        raise MemoryError(f'Failed to allocate {size} bytes')
    return <uintptr_t>made


def posix_memalign(size, alignment=8):
    """-> the address of zeroed memory that free() gives back"""
    cdef void *made = NULL
    cdef size_t room = size
    if c_posix_memalign(&made, alignment, room):
        raise MemoryError(f'Failed to allocate {size} bytes at a multiple of {alignment}')
    memset(made, 0, room)
    return <uintptr_t>made


def free(ptr):
    stdlib.free(<void *><uintptr_t>ptr)


def read(addr, length, offset=0):
    """-> bytes"""
    return PyBytes_FromStringAndSize(<char *>place(addr, offset), length)


def read32(addr, offset=0):
    """-> a number in this machine's order"""
    cdef uint32_t value
    memcpy(&value, place(addr, offset), sizeof(value))
    return value


def read64(addr, offset=0):
    """-> a number in this machine's order"""
    cdef uint64_t value
    memcpy(&value, place(addr, offset), sizeof(value))
    return value


def write(addr, data, length, offset=0):
    """Copies 'length' bytes of str or bytes."""
    cdef bytes source = (data.encode() if isinstance(data, str) else bytes(data))[:length]
    memcpy(place(addr, offset), <const char *>source, len(source))


def writebe32(addr, val, offset=0):
    """Writes a number in network order."""
    cdef uint32_t value = htobe32(val)
    memcpy(place(addr, offset), &value, sizeof(value))


def writebe64(addr, val, offset=0):
    """Writes a number in network order."""
    cdef uint64_t value = htobe64(val)
    memcpy(place(addr, offset), &value, sizeof(value))
