# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Makes a Python package of extension modules run on an older library than it was linked with: a
symbol version that is needed becomes a weak one, with its functions, whose absence the dynamic linker
accepts. Such a function must not be called. The format: the System V ABI's ELF, and the GNU
extensions of symbol versions (LSB Core, 10.7)."""
import pathlib
import shutil
import struct

SHT_DYNSYM, SHT_GNU_VERNEED, SHT_GNU_VERSYM = 11, 0x6ffffffe, 0x6fffffff
VER_FLG_WEAK, STB_WEAK = 2, 2
SYMBOL_SIZE = 24


def sections(image):
    """-> (type, offset, size, link) of each section of a 64-bit little-endian file"""
    assert image[:6] == b'\x7fELF\x02\x01'
    start, = struct.unpack_from('<Q', image, 0x28)
    size, count = struct.unpack_from('<HH', image, 0x3a)
    for i in range(count):
        at = start + i * size
        kind, = struct.unpack_from('<I', image, at + 4)
        offset, length = struct.unpack_from('<QQ', image, at + 0x18)
        link, = struct.unpack_from('<I', image, at + 0x28)
        yield kind, offset, length, link


def text(image, at):
    return image[at:image.index(b'\0', at)].decode()


def needed(image):
    """-> (version, place of its flags, its index) of all that a file needs"""
    table = list(sections(image))
    for kind, offset, _, link in table:
        if kind != SHT_GNU_VERNEED:
            continue
        strings = table[link][1]
        while True:
            _, count, _, first, following = struct.unpack_from('<HHIII', image, offset)
            at = offset + first
            for _ in range(count):
                _, _, index, name, next_one = struct.unpack_from('<IHHII', image, at)
                yield text(image, strings + name), at + 4, index
                at += next_one
            if not following:
                break
            offset += following


def symbols(image):
    """-> (index of its version, place of its binding and type) of each symbol"""
    places = {kind: offset for kind, offset, _, _ in sections(image)}
    length, = (size for kind, _, size, _ in sections(image) if kind == SHT_DYNSYM)
    for i in range(length // SYMBOL_SIZE):
        index, = struct.unpack_from('<H', image, places[SHT_GNU_VERSYM] + 2 * i)
        yield index, places[SHT_DYNSYM] + SYMBOL_SIZE * i + 4


def weaken_module(image, versions):
    weak = set()
    for version, place, index in list(needed(bytes(image))):
        if version in versions:
            struct.pack_into('<H', image, place, VER_FLG_WEAK)
            weak.add(index)
    for index, place in list(symbols(bytes(image))):
        if index in weak:
            image[place] = STB_WEAK << 4 | image[place] & 15


def weaken(package, copy, versions):
    """Copies a package; the needs of its modules for these versions become weak."""
    shutil.copytree(package, copy)
    for module in pathlib.Path(copy).rglob('*.so'):
        image = bytearray(module.read_bytes())
        weaken_module(image, versions)
        module.write_bytes(image)
