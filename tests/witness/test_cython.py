# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""pyverbs with the Cython of Debian's newest release, beside that of the machine: each module is
translated without a warning and compiled, and what comes out passes tests of verbs."""
import concurrent.futures
import os
import re
import subprocess
import sys
import sysconfig

import pytest

from harness import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tests/guest"))
import archive  # noqa: E402
import cache  # noqa: E402
import cython_item  # noqa: E402

pytestmark = [pytest.mark.stock, pytest.mark.long]

# Every kind of object, and every way to fail.
TESTS = ("reasons", "atomics", "completions", "orders", "time")
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
PACKAGE = BUILD / "python/pyverbs"


@pytest.fixture(scope="module")
def cython():
    """-> how to start it"""
    try:
        folder = cache.Cache().want(cython_item.Cython())
    except archive.ArchiveError as error:
        pytest.skip("Debian's archive does not give Cython: %s" % error)
    start = ("import sys; sys.path.insert(0, %r); from Cython.Compiler.Main import setuptools_main;"
             " setuptools_main()" % str(folder))
    return [sys.executable, "-B", "-c", start]


def source(name):
    generated = BUILD / "pyverbs/generated" / (name + ".pyx")
    return generated if generated.exists() else ROOT / "pyverbs" / (name + ".pyx")


def run(*command):
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def package(cython, tmp_path_factory):
    """-> a folder with pyverbs as this Cython makes it"""
    folder = tmp_path_factory.mktemp("cython") / "pyverbs"
    folder.mkdir()
    for file in PACKAGE.iterdir():
        if not file.name.endswith(SUFFIX):
            (folder / file.name).symlink_to(file.resolve())
    names = [module.name[:-len(SUFFIX)] for module in PACKAGE.glob("*" + SUFFIX)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        list(workers.map(lambda name: make(cython, name, folder), names))
    return folder.parent


def make(cython, name, folder):
    translated = folder / (name + ".c")
    run(*cython, "-3", "--fast-fail", "-Werror", "-X", "embedsignature=True", "-X",
        "binding=False", "-I", ROOT, "-o", translated, source(name))
    run("gcc", "-O0", "-g0", "-shared", "-fPIC", "-w", "-I" + sysconfig.get_path("include"),
        "-I%s" % (BUILD / "include"), "-I%s" % (ROOT / "pyverbs"), translated, "-o",
        folder / (name + SUFFIX), "-L%s" % (BUILD / "lib"), "-lrdmacm", "-libverbs")


def test_it_is_another_cython(cython):
    assert re.search(r"Cython version 3\.", run(*cython, "--version"))


def test_tests_of_verbs_pass(package):
    done = subprocess.run([sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                           "-m", "not long", *(ROOT / ("tests/verbs/test_%s.py" % name)
                                               for name in TESTS)], cwd=ROOT, text=True,
                          env=dict(os.environ, OV_PYTHON=str(package)), capture_output=True)
    assert done.returncode == 0, done.stdout


def test_the_interface_is_the_same(package):
    """Down to the names of parameters: what check-pyverbs counts."""
    counted = [subprocess.run([sys.executable, ROOT / "tests/abi/check-pyverbs", "--python-dir",
                               folder], text=True, capture_output=True,
                              env=dict(os.environ, LD_LIBRARY_PATH=str(BUILD / "lib"))).stdout
               for folder in (package, BUILD / "python")]
    assert counted[0] == counted[1] != ""
