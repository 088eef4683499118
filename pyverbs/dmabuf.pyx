# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory of a GPU as a dma-buf, through the kernel's DRM interface (uapi drm/drm.h, amdgpu_drm.h
and i915_drm.h)."""
from posix.unistd cimport close

import errno
import fcntl
import os
import struct

from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsRDMAError

cdef enum:
    FIRST_RENDER_NODE = 128
    DRM_CLOEXEC_RDWR = 0o2000002
    AMDGPU_DOMAIN_GTT = 2
    AMDGPU_DOMAIN_VRAM = 4
    AMDGPU_CPU_ACCESS_REQUIRED = 1
    I915_MMAP_OFFSET_WC = 1


def _request(number, size, direction=3):
    """-> an ioctl request of DRM; direction 3 is there and back, 1 there"""
    return direction << 30 | size << 16 | ord('d') << 8 | number


def _ioctl(fd, number, layout, *values, direction=3):
    """-> the structure's members as the kernel left them"""
    data = bytearray(struct.pack(layout, *values))
    try:
        fcntl.ioctl(fd, _request(number, len(data), direction), data)
    except OSError as error:
        raise PyverbsRDMAError(f'DRM request {number:#x} failed', error.errno) from None
    return struct.unpack(layout, data)


cdef bytes driver_name(fd):
    cdef char name[32]
    name[0] = 0
    length = _ioctl(fd, 0x00, '3i4x6Q', 0, 0, 0, sizeof(name), <size_t>&name[0], 0, 0, 0, 0)[3]
    return name[:min(length, sizeof(name))]


def _amdgpu_create(fd, size, gtt):
    domain = AMDGPU_DOMAIN_GTT if gtt else AMDGPU_DOMAIN_VRAM
    handle = _ioctl(fd, 0x40, '4Q', size, 0, domain, AMDGPU_CPU_ACCESS_REQUIRED)[0] & 0xffffffff
    return handle, _ioctl(fd, 0x41, 'Q', handle)[0]


def _i915_create(fd, size, gtt):
    handle = _ioctl(fd, 0x5b, 'Q2I', size, 0, 0)[1]
    return handle, _ioctl(fd, 0x64, '2I3Q', handle, 0, 0, I915_MMAP_OFFSET_WC, 0)[2]


_DRIVERS = {b'amdgpu': _amdgpu_create, b'i915': _i915_create}


cdef class DmaBuf:
    """'size' bytes on the GPU of that number; with 'gtt', in system memory that it reaches.

    fd is the dma-buf, drm_fd the GPU, and map_offset where drm_fd maps the memory.
    """
    cdef readonly int drm_fd, fd
    cdef readonly object handle, map_offset, size

    def __cinit__(self):
        self.drm_fd = self.fd = -1

    def __init__(self, size, gpu=0, gtt=0):
        path = f'/dev/dri/renderD{FIRST_RENDER_NODE + gpu}'
        self.shut()
        try:
            self.drm_fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise PyverbsRDMAError(f'Failed to open {path}', error.errno) from None
        name = driver_name(self.drm_fd)
        if name not in _DRIVERS:
            raise PyverbsRDMAError(f'No memory from a GPU of driver {name.decode()}',
                                   errno.EOPNOTSUPP)
        self.size = size
        self.handle, self.map_offset = _DRIVERS[name](self.drm_fd, size, gtt)
        self.fd = _ioctl(self.drm_fd, 0x2d, '2Ii', self.handle, DRM_CLOEXEC_RDWR, -1)[2]

    def __dealloc__(self):
        self.shut()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self.close()

    def close(self):
        """Gives the memory back, once nobody has the dma-buf any more."""
        self.shut()

    cdef void shut(self):
        # What the GPU's descriptor holds goes with it.
        if self.fd >= 0:
            close(self.fd)
        if self.drm_fd >= 0:
            close(self.drm_fd)
        self.fd = self.drm_fd = -1
