#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Write libibverbs_enums.pyx or librdmacm_enums.pyx, and its stub: the enumerations of the library's
headers, each an IntFlag.

  generate_enums.py --module NAME --cc COMPILER --include-dir DIR --output DIR

Names come from the preprocessed header, values from the compiler that compiles the result.
"""
import argparse
import pathlib
import re
import subprocess
import types

VERBS_MACROS = ['IBV_QPF_GRH_REQUIRED', 'IBV_ADVISE_MR_ADVICE_PREFETCH',
                'IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE', 'IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT',
                'IBV_ADVISE_MR_FLAG_FLUSH', 'IBV_ALLOCATOR_USE_DEFAULT', 'IBV_DEVICE_CC_DMA_BOUNCE',
                'IBV_DEVICE_PCI_WRITE_END_PADDING', 'IBV_DEVICE_RAW_SCATTER_FCS']
# Enumerations with a name begin with 'enum', members of those without begin with 'free'. Of macros
# the preprocessor has no names left. Some names programs know with an underscore in front as well;
# how sysfs names GID types no header has, libibverbs keeps it to itself.
MODULES = {
    'libibverbs_enums': types.SimpleNamespace(
        library='libibverbs', headers=['infiniband/verbs.h', 'infiniband/tm_types.h'],
        enum='ibv_', free='IBV_', macros=VERBS_MACROS, underscored=VERBS_MACROS[1:],
        unsigned='IBV_ALLOCATOR_USE_DEFAULT',
        more={'ibv_gid_type_sysfs': {'IBV_GID_TYPE_SYSFS_IB_ROCE_V1': 0,
                                     'IBV_GID_TYPE_SYSFS_ROCE_V2': 1}}),
    'librdmacm_enums': types.SimpleNamespace(
        library='librdmacm', headers=['rdma/rdma_cma.h'], enum='rdma_', free='RDMA_',
        macros=['RAI_PASSIVE', 'RAI_NUMERICHOST', 'RAI_NOROUTE', 'RAI_FAMILY', 'RAI_SA', 'RAI_DNS',
                'RDMA_UDP_QKEY', 'RDMA_IB_IP_PS_MASK', 'RDMA_IB_IP_PORT_MASK', 'RDMA_IB_IP_PS_TCP',
                'RDMA_IB_IP_PS_UDP', 'RDMA_IB_PS_IB'],
        underscored=[], unsigned='RDMA_IB_IP_PS_MASK', more={}),
}
LICENCE = '# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n'


def includes(module):
    return ''.join(f'#include <{header}>\n' for header in module.headers)


def preprocess(module, options):
    command = [*options.cc.split(), '-E', '-P', f'-I{options.include_dir}', '-x', 'c', '-']
    return subprocess.run(command, input=includes(module), text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def members(body):
    for entry in re.sub(r'\([^()]*(\([^()]*\)[^()]*)*\)', '', body).split(','):
        name = entry.split('=')[0].strip()
        if name:
            yield name


def enumerations(module, text):
    """-> [(name or '', [member])] of those that belong to the module"""
    for name, body in re.findall(r'\benum\s*(\w*)\s*\{([^}]*)\}', text):
        names = list(members(body))
        if name.startswith(module.enum) or not name and names[0].startswith(module.free):
            yield name, names


def constant(name):
    return f'    long long c_{name} "(long long)({name})"\n'


def source(module, enums, free):
    yield LICENCE
    yield f'"""Enumerations of {module.library}, generated from its headers."""\n'
    yield 'from enum import IntFlag\n\n'
    yield f'cdef extern from *:\n    """\n{includes(module)}    """\n'
    yield from (constant(name) for _, names in enums for name in names)
    yield from map(constant, free + module.macros)
    for name, names in enums:
        yield f'\n{name} = IntFlag({name!r}, {{\n'
        yield from (f'    {member!r}: c_{member},\n' for member in names)
        yield '}, module=__name__)\n'
    for name, values in module.more.items():
        yield f'\n{name} = IntFlag({name!r}, {values!r}, module=__name__)\n'
    yield '\n'
    for name in [name for name, _ in enums] + list(module.more):
        yield f'globals().update({name}.__members__)\n'
    yield from (f'{name} = c_{name}\n' for name in free)
    yield from (f'{name} = c_{name}\n' for name in module.macros if name != module.unsigned)
    yield f'{module.unsigned} = <unsigned long long>c_{module.unsigned}\n'
    yield from (f'_{name} = {name}\n' for name in module.underscored)


def stub(module, enums, free):
    yield LICENCE
    yield 'from enum import IntFlag\n'
    listed = dict(enums)
    listed.update((name, list(values)) for name, values in module.more.items())
    for name, names in listed.items():
        yield f'\n\nclass {name}(IntFlag):\n'
        yield from (f'    {member}: int\n' for member in names)
    yield '\n\n'
    for name, names in listed.items():
        yield from (f'{member}: {name}\n' for member in names)
    yield from (f'{name}: int\n'
                for name in free + module.macros + [f'_{name}' for name in module.underscored])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--module', choices=MODULES, required=True)
    parser.add_argument('--cc', default='cc')
    parser.add_argument('--include-dir', required=True)
    parser.add_argument('--output', type=pathlib.Path, required=True)
    options = parser.parse_args()
    module = MODULES[options.module]
    found = list(enumerations(module, preprocess(module, options)))
    named = [(name, names) for name, names in found if name]
    free = [member for name, names in found if not name for member in names]
    for suffix, text in ('pyx', source), ('pyi', stub):
        path = options.output / f'{options.module}.{suffix}'
        path.write_text(''.join(text(module, named, free)))


if __name__ == '__main__':
    main()
