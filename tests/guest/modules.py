# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Kernel modules in an unpacked package: what each depends on and in which order to load them, read
from the modules themselves; no kmod or depmod is needed."""

import gzip
import lzma
import struct


def section(elf, wanted):
    """A section's bytes of a 64-bit little-endian ELF file."""
    offset, = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3a)
    headers = [struct.unpack_from("<IIQQQQ", elf, offset + index * size)
               for index in range(count)]
    strings = headers[names][4]
    for name, _, _, _, start, length in headers:
        end = elf.index(b"\0", strings + name)
        if elf[strings + name:end] == wanted:
            return elf[start:start + length]
    return b""


def information(elf):
    """Name and value of the pairs in .modinfo."""
    for pair in section(elf, b".modinfo").split(b"\0"):
        name, equals, value = pair.decode(errors="replace").partition("=")
        if equals:
            yield name, value


def plain(name):
    return name.replace("-", "_")


class Shelf:
    """The modules below lib/modules/RELEASE."""

    def __init__(self, folder):
        self._files = {plain(file.name.split(".ko")[0]): file for file in folder.rglob("*.ko*")}
        self._builtin = {plain(line.rsplit("/", 1)[1].split(".ko")[0])
                         for line in (folder / "modules.builtin").read_text().splitlines()}

    def read(self, name):
        file = self._files[name]
        data = file.read_bytes()
        if file.suffix == ".xz":
            return lzma.decompress(data)
        if file.suffix == ".gz":
            return gzip.decompress(data)
        return data

    def depends(self, name):
        value = dict(information(self.read(name))).get("depends", "")
        return [plain(other) for other in value.split(",") if other]

    def order(self, wanted):
        """Everything that `wanted` needs, dependencies first; what is built in needs nothing. A
        name that ends in ? may be missing."""
        order = []

        def visit(name):
            if name in self._builtin or name in order:
                return
            if name not in self._files:
                raise ValueError("the kernel has no module " + name)
            for other in self.depends(name):
                visit(other)
            order.append(name)

        for name in wanted:
            if not name.endswith("?") or plain(name[:-1]) in self._files:
                visit(plain(name.rstrip("?")))
        return order

    def copy(self, name, folder):
        (folder / (name + ".ko")).write_bytes(self.read(name))
