# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The type stubs tell what is there: every class, member and parameter, and nothing else."""
import ast
import importlib
import inspect
import pathlib
import re

import pytest

import pyverbs

FOLDER = pathlib.Path(pyverbs.__file__).parent
STUBS = sorted(path.stem for path in FOLDER.glob('*.pyi'))


def stub(name):
    return ast.parse((FOLDER / f'{name}.pyi').read_text()).body


def parameters(function):
    arguments = function.args
    names = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    return [name for name in names if name != 'self']


def documented(thing, name):
    """-> the parameters that Cython wrote into a docstring"""
    found = re.match(r'(?:\w+\.)?%s\((.*?)\)(?:\n|$)' % re.escape(name), thing.__doc__ or '',
                     re.DOTALL)
    words = [word.split('=')[0].split() for word in found.group(1).split(',')] if found else []
    return [word[-1] for word in words if word and word[-1] != 'self' and '*' not in word[-1]]


def members(node):
    for entry in node.body:
        if isinstance(entry, ast.AnnAssign):
            yield entry.target.id, entry
        elif isinstance(entry, ast.FunctionDef):
            yield entry.name, entry


def test_the_package_is_marked_as_typed():
    assert (FOLDER / 'py.typed').exists()


def test_every_module_has_a_stub():
    modules = {path.name.split('.')[0] for path in FOLDER.iterdir()
               if path.suffix in ('.so', '.py')} - {'__init__', '__version__'}
    assert modules - set(STUBS) == {'fields', 'libibverbs', 'librdmacm'}


@pytest.mark.parametrize('name', STUBS)
def test_what_the_stub_names_is_there(name):
    module = importlib.import_module(f'pyverbs.{name}')
    for node in stub(name):
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name == '*' or alias.asname is None or hasattr(module, alias.asname)
                       for alias in node.names)
        elif isinstance(node, ast.ClassDef):
            cls = getattr(module, node.name)
            for member, _ in members(node):
                assert hasattr(cls, member), f'{node.name}.{member}'
        elif isinstance(node, (ast.FunctionDef, ast.AnnAssign)):
            what = node.name if isinstance(node, ast.FunctionDef) else node.target.id
            assert hasattr(module, what), what


@pytest.mark.parametrize('name', STUBS)
def test_what_is_there_is_in_the_stub(name):
    module = importlib.import_module(f'pyverbs.{name}')
    classes = {node.name: node for node in stub(name) if isinstance(node, ast.ClassDef)}
    for cls in vars(module).values():
        if not inspect.isclass(cls) or cls.__module__ != module.__name__ or cls.__name__ == \
                'Delivery' or name.endswith('_enums'):
            continue
        told = dict(members(classes[cls.__name__]))
        for member in vars(cls):
            if not member.startswith('_'):
                assert member in told, f'{cls.__name__}.{member}'


@pytest.mark.parametrize('name', [stub for stub in STUBS if 'enums' not in stub])
def test_parameters_have_their_names(name):
    module = importlib.import_module(f'pyverbs.{name}')
    for node in stub(name):
        if isinstance(node, ast.FunctionDef) and inspect.isbuiltin(getattr(module, node.name)):
            assert parameters(node) == documented(getattr(module, node.name), node.name)
        if not isinstance(node, ast.ClassDef):
            continue
        cls = getattr(module, node.name)
        for member, entry in members(node):
            if not isinstance(entry, ast.FunctionDef) or entry.decorator_list:
                continue
            if member == '__init__' and cls.__doc__ and not hasattr(cls.__init__, '__code__'):
                assert parameters(entry) == documented(cls, node.name), node.name
            elif not member.startswith('_') and inspect.ismethoddescriptor(getattr(cls, member)):
                assert parameters(entry) == documented(getattr(cls, member), member), member
