# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cython of Debian's newest suite as a cache item: this machine's Python runs it from its folder,
by its modules' sources, because those that are compiled are for another Python."""

import shutil

from cache import say


class Cython:
    name = "cython"

    def recipe(self):
        return "sid", "cython3", 2

    def make(self, cache, made, scratch):
        tree = scratch / "tree"
        cache.unpack("sid", ["cython3"], tree, scratch)
        for name in ("Cython", "cython.py"):
            (tree / "usr/lib/python3/dist-packages" / name).rename(made / name)
        for compiled in made.rglob("*.so"):
            compiled.unlink()
        shutil.rmtree(made / "Cython/Includes/numpy", ignore_errors=True)
        say("Cython %s is there" % cache.archive("sid").version("cython3"))
