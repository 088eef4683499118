# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Builds a wheel. Headers and library are the system's, or those of a build of this tree: its
folder is taken from OV_BUILD, or is ../build when that exists."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get('OV_BUILD', HERE.parent / 'build'))
VERSION = re.search(r"'(.*)'", (HERE / '__version__.py').read_text()).group(1)
ENUMS = ('libibverbs_enums', 'librdmacm_enums')
MODULES = (*sorted(path.stem for path in HERE.glob('*.pyx')), *ENUMS)
# Those that call librdmacm
CONNECTIONS = ('cm_event', 'cm_param', 'cmid')


class Sources(build_py):
    """All of the folder but what only builds; package.py is the package's own module."""

    def find_package_modules(self, package, package_dir):
        return [(owner, '__init__' if name == 'package' else name, path)
                for owner, name, path in super().find_package_modules(package, package_dir)
                if name not in ('setup', 'generate_enums')]


class Build(build_ext):
    """Cython needs the sources in a folder of the package's name, which this one need not have, and
    with them the module that is generated."""

    def run(self):
        package = pathlib.Path(self.build_temp).resolve() / 'pyverbs'
        shutil.rmtree(package, ignore_errors=True)
        package.mkdir(parents=True)
        for pattern in ('*.pyx', '*.pxd', '*.h'):
            for path in HERE.glob(pattern):
                shutil.copy(path, package)
        include = BUILD / 'include'
        stubs = pathlib.Path(self.build_lib) / 'pyverbs'
        stubs.mkdir(parents=True, exist_ok=True)
        for name in ENUMS:
            subprocess.run([sys.executable, HERE / 'generate_enums.py', '--module', name,
                            '--output', package, '--include-dir',
                            include if include.exists() else '/usr/include'], check=True)
            shutil.copy(package / f'{name}.pyi', stubs)
        self.translate(package)
        super().run()

    def translate(self, package):
        for extension in self.extensions:
            name = extension.name.split('.')[-1]
            subprocess.run([sys.executable, '-m', 'cython', '-3', '-X', 'embedsignature=True',
                            '-X', 'binding=False', '-I', package.parent, package / f'{name}.pyx'],
                           check=True)
            extension.sources = [str(package / f'{name}.c')]
            extension.include_dirs.append(str(package))


def extension(name):
    found = BUILD.joinpath('include').exists()
    libraries = ['rdmacm', 'ibverbs'] if name in CONNECTIONS else ['ibverbs']
    return Extension(f'pyverbs.{name}', [f'{name}.pyx'], libraries=libraries,
                     include_dirs=[str(BUILD / 'include')] if found else [],
                     library_dirs=[str(BUILD / 'lib')] if found else [])


setup(version=VERSION, packages=['pyverbs'], package_dir={'pyverbs': '.'},
      package_data={'pyverbs': ['*.pxd', '*.pyi', '*.h', 'py.typed']},
      ext_modules=[extension(name) for name in MODULES],
      cmdclass={'build_py': Sources, 'build_ext': Build})
