# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Makes a Python package of extension modules run on an older library than it was linked with: a
symbol version that is needed becomes a weak one, whose absence the dynamic linker accepts, and
another library has functions of that version that refuse. The format: the System V ABI's ELF, and
the GNU extensions of symbol versions (LSB Core, 10.7)."""
import pathlib
import shutil
import struct
import subprocess

SHT_DYNSYM, SHT_GNU_VERNEED, SHT_GNU_VERSYM = 11, 0x6ffffffe, 0x6fffffff
VER_FLG_WEAK = 2
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
    """-> (name, index of its version) of each symbol"""
    places = {kind: (offset, size, link) for kind, offset, size, link in sections(image)}
    offset, size, link = places[SHT_DYNSYM]
    strings = list(sections(image))[link][1]
    for i in range(size // SYMBOL_SIZE):
        name, = struct.unpack_from('<I', image, offset + SYMBOL_SIZE * i)
        index, = struct.unpack_from('<H', image, places[SHT_GNU_VERSYM][0] + 2 * i)
        yield text(image, strings + name), index


def weaken_module(image, versions):
    """-> {name: version} of what may be missing now"""
    weak = {}
    for version, place, index in list(needed(bytes(image))):
        if version in versions:
            struct.pack_into('<H', image, place, VER_FLG_WEAK)
            weak[index] = version
    return {name: weak[index] for name, index in symbols(bytes(image)) if index in weak}


def weaken(package, copy, versions):
    """Copies a package; the needs of its modules for these versions become weak. -> {name: version}
    of what they use of them"""
    shutil.copytree(package, copy)
    missing = {}
    for module in pathlib.Path(copy).rglob('*.so'):
        image = bytearray(module.read_bytes())
        missing.update(weaken_module(image, versions))
        module.write_bytes(image)
    return missing


def fill(missing, library):
    """Makes a library that has these functions, all of them refused with EOPNOTSUPP."""
    made = {'ibv_reg_': 'void *%s(void) { errno = EOPNOTSUPP; return 0; }',
            'ibv_alloc_': 'void *%s(void) { errno = EOPNOTSUPP; return 0; }',
            'ibv_create_': 'void *%s(void) { errno = EOPNOTSUPP; return 0; }',
            'ibv_dm_export_': 'int %s(void) { errno = EOPNOTSUPP; return -1; }',
            'ibv_export_': 'int %s(void) { errno = EOPNOTSUPP; return -1; }',
            'rdma_': 'int %s(void) { errno = EOPNOTSUPP; return -1; }',
            '': 'int %s(void) { return EOPNOTSUPP; }'}
    source, nodes = library.with_suffix('.c'), library.with_suffix('.map')
    source.write_text('#include <errno.h>\n' + '\n'.join(
        next(body for start, body in made.items() if name.startswith(start)) % name
        for name in missing) + '\n')
    nodes.write_text('\n'.join('%s { global: %s };' % (version, ' '.join(
        name + ';' for name in missing if missing[name] == version))
        for version in sorted(set(missing.values()))) + '\n')
    subprocess.run(['gcc', '-shared', '-fPIC', '-Wl,--version-script=%s' % nodes, source, '-o',
                    library], check=True)
