# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The guest's first files as a cpio archive (format "newc": the kernel's documentation, initramfs
buffer format)."""

import io
import stat

FOLDERS = ("proc", "sys", "dev", "bin", "guest", "modules", "lower", "layer", "new", "kept")


class Cpio:
    def __init__(self):
        self._out = io.BytesIO()
        self._count = 0

    def add(self, name, mode, data=b""):
        self._count += 1
        path = name.encode() + b"\0"
        # inode, mode, uid, gid, links, mtime, size, device and special device, name's length, check
        fields = (self._count, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        self._out.write(b"070701" + b"".join(b"%08x" % field for field in fields) + path)
        self._pad()
        self._out.write(data)
        self._pad()

    def folder(self, name):
        self.add(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        self.add(name, stat.S_IFREG | mode, data)

    def _pad(self):
        self._out.write(bytes(-self._out.tell() % 4))

    def finished(self):
        self.add("TRAILER!!!", 0)
        return self._out.getvalue()


def build(busybox, init, modules, files):
    """`init`: the first program; `modules`: files in the order to load them; `files`: name to contents for /guest."""
    archive = Cpio()
    for name in FOLDERS:
        archive.folder(name)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    archive.file("init", init, 0o755)
    archive.file("modules/order", "".join(module.name + "\n" for module in modules).encode())
    for module in modules:
        archive.file("modules/" + module.name, module.read_bytes())
    for name, data in files.items():
        archive.file("guest/" + name, data)
    return archive.finished()
