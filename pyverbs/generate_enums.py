#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Write libibverbs_enums.pyx and its stub: the enumerations of the verbs headers, each an IntFlag.

  generate_enums.py --cc COMPILER --include-dir DIR --output DIR

Names come from the preprocessed header, values from the compiler that compiles the result.
"""
import argparse
import pathlib
import re
import subprocess

HEADERS = ['infiniband/verbs.h', 'infiniband/tm_types.h']
INCLUDES = ''.join(f'#include <{header}>\n' for header in HEADERS)
# Macros: the preprocessor has no names of them left.
MACROS = ['IBV_QPF_GRH_REQUIRED', 'IBV_ADVISE_MR_ADVICE_PREFETCH',
          'IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE', 'IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT',
          'IBV_ADVISE_MR_FLAG_FLUSH', 'IBV_ALLOCATOR_USE_DEFAULT', 'IBV_DEVICE_CC_DMA_BOUNCE',
          'IBV_DEVICE_PCI_WRITE_END_PADDING', 'IBV_DEVICE_RAW_SCATTER_FCS']
# Those that programs know by a name with an underscore in front.
UNDERSCORED = [name for name in MACROS if name != 'IBV_QPF_GRH_REQUIRED']
# How sysfs names GID types. No header has it: libibverbs keeps it to itself.
SYSFS = {'ibv_gid_type_sysfs': {'IBV_GID_TYPE_SYSFS_IB_ROCE_V1': 0,
                                'IBV_GID_TYPE_SYSFS_ROCE_V2': 1}}
LICENCE = '# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n'


def preprocess(options):
    command = [*options.cc.split(), '-E', '-P', f'-I{options.include_dir}', '-x', 'c', '-']
    return subprocess.run(command, input=INCLUDES, text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def members(body):
    for entry in re.sub(r'\([^()]*(\([^()]*\)[^()]*)*\)', '', body).split(','):
        name = entry.split('=')[0].strip()
        if name:
            yield name


def enumerations(text):
    """-> [(name or '', [member])] of those that belong to verbs"""
    for name, body in re.findall(r'\benum\s*(\w*)\s*\{([^}]*)\}', text):
        names = list(members(body))
        if name.startswith('ibv_') or not name and names[0].startswith('IBV_'):
            yield name, names


def constant(name):
    return f'    long long c_{name} "(long long)({name})"\n'


def module(enums, free):
    yield LICENCE
    yield '"""Enumerations of libibverbs, generated from its headers."""\n'
    yield 'from enum import IntFlag\n\n'
    yield f'cdef extern from *:\n    """\n{INCLUDES}    """\n'
    yield from (constant(name) for _, names in enums for name in names)
    yield from map(constant, free + MACROS)
    for name, names in enums:
        yield f'\n{name} = IntFlag({name!r}, {{\n'
        yield from (f'    {member!r}: c_{member},\n' for member in names)
        yield '}, module=__name__)\n'
    for name, values in SYSFS.items():
        yield f'\n{name} = IntFlag({name!r}, {values!r}, module=__name__)\n'
    yield '\n'
    for name in [name for name, _ in enums] + list(SYSFS):
        yield f'globals().update({name}.__members__)\n'
    yield from (f'{name} = c_{name}\n' for name in free)
    yield from (f'{name} = c_{name}\n' for name in MACROS if name != 'IBV_ALLOCATOR_USE_DEFAULT')
    yield 'IBV_ALLOCATOR_USE_DEFAULT = <unsigned long long>c_IBV_ALLOCATOR_USE_DEFAULT\n'
    yield from (f'_{name} = {name}\n' for name in UNDERSCORED)


def stub(enums, free):
    yield LICENCE
    yield 'from enum import IntFlag\n'
    listed = dict(enums)
    listed.update((name, list(values)) for name, values in SYSFS.items())
    for name, names in listed.items():
        yield f'\n\nclass {name}(IntFlag):\n'
        yield from (f'    {member}: int\n' for member in names)
    yield '\n\n'
    for name, names in listed.items():
        yield from (f'{member}: {name}\n' for member in names)
    yield from (f'{name}: int\n' for name in free + MACROS + [f'_{name}' for name in UNDERSCORED])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--cc', default='cc')
    parser.add_argument('--include-dir', required=True)
    parser.add_argument('--output', type=pathlib.Path, required=True)
    options = parser.parse_args()
    found = list(enumerations(preprocess(options)))
    named = [(name, names) for name, names in found if name]
    free = [member for name, names in found if not name for member in names]
    (options.output / 'libibverbs_enums.pyx').write_text(''.join(module(named, free)))
    (options.output / 'libibverbs_enums.pyi').write_text(''.join(stub(named, free)))


if __name__ == '__main__':
    main()
