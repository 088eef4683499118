# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's stock kernels as cache items: the uncompressed image, which QEMU boots without firmware
through its PVH entry, and those modules that a guest may load."""

import ctypes
import gzip
import json
import lzma
import re
import shutil
import struct

import modules
from cache import say

# Which suite a kernel is taken from.
SUITES = {"6.1": "bookworm", "current": "sid"}

BOOT = ["virtio_pci", "virtio_console", "virtio_net", "9p", "9pnet_virtio", "overlay",
        "dummy"]
RDMA = ["ib_uverbs", "ib_umad", "rdma_ucm"]
DEVICES = {
    # rxe asks the crypto layer for "crc32" and is not told by its dependencies who has it; newer
    # kernels have no such module.
    "rxe": ["crc32_generic?", *RDMA, "rdma_rxe"],
    # The module itself is no part of Debian's kernel: siw.py. What it depends on is.
    "siw": ["crc32c_generic?", "libcrc32c?", *RDMA, "iw_cm"],
    "mlx5": ["mlx5_core", *RDMA, "mlx5_ib"],
    "mlx4": ["mlx4_core", *RDMA, "mlx4_ib"],
    "mthca": ["ib_mthca", *RDMA],
}
PACKAGES = re.compile(r"linux-(image|base|binary|modules)-\d")


def zstd(data, size):
    """dpkg depends on libzstd, so it is on every Debian machine."""
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t] * 2
    out = ctypes.create_string_buffer(size)
    if library.ZSTD_decompress(out, size, data, len(data)) != size:
        raise ValueError("the kernel image does not decompress")
    return out.raw


def uncompressed(image):
    """The ELF image inside a bzImage (layout: the kernel's documentation, x86 boot protocol)."""
    if image[0x202:0x206] != b"HdrS":
        raise ValueError("not a kernel image")
    offset, length = struct.unpack_from("<II", image, 0x248)
    setup_sectors = image[0x1f1] or 4
    start = (setup_sectors + 1) * 512 + offset
    # The build appends the uncompressed size to what the compressor wrote.
    payload, trailer = image[start:start + length - 4], image[start + length - 4:start + length]
    size, = struct.unpack("<I", trailer)
    if payload.startswith(b"\xfd7zXZ"):
        return lzma.decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        return zstd(payload, size)
    if payload.startswith(b"\x1f\x8b"):
        return gzip.decompress(image[start:start + length])
    raise ValueError("a kernel image with an unknown compression")


class Kernel:
    """A cache item: vmlinux, modules/*.ko and kernel.json, which says in which order to load."""

    def __init__(self, version):
        self.version, self.name = version, "kernel-" + version

    def recipe(self):
        return SUITES[self.version], BOOT, DEVICES, 1

    def packages(self, source):
        """The kernel's packages; newer ones come in several."""
        found, todo = [], ["linux-image-amd64"]
        while todo:
            for package in source.depends(todo.pop()):
                if PACKAGES.match(package) and package not in found:
                    found.append(package)
                    todo.append(package)
        return found

    def make(self, cache, made, scratch):
        source = cache.archive(SUITES[self.version])
        packages = self.packages(source)
        tree = scratch / "tree"
        cache.unpack(SUITES[self.version], packages, tree, scratch)
        folder, = [*tree.glob("lib/modules/*"), *tree.glob("usr/lib/modules/*")]
        release = folder.name
        say("unpacking kernel %s" % release)
        image, = [*tree.glob("boot/vmlinuz-*"), *folder.glob("vmlinuz")]
        (made / "vmlinux").write_bytes(uncompressed(image.read_bytes()))
        shelf = modules.Shelf(folder)
        (made / "modules").mkdir()
        load = {}
        for what, wanted in {"boot": BOOT, **DEVICES}.items():
            load[what] = shelf.order(wanted)
            for name in load[what]:
                shelf.copy(name, made / "modules")
        (made / "kernel.json").write_text(json.dumps({
            "release": release, "package": packages[0],
            "version": source.version(packages[0]), "load": load}, indent=1))
        shutil.rmtree(tree)
