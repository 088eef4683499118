# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""QEMU and busybox as cache items. QEMU comes from Debian's newest suite, because a vfio-user client
is in no older one; it runs from its folder through the loader and libraries that came with it."""

import shutil

from cache import say

LIBRARIES = "usr/lib/x86_64-linux-gnu"


class Qemu:
    name = "qemu"

    def recipe(self):
        return "sid", "qemu-system-x86", 1

    def make(self, cache, made, scratch):
        packages = cache.archive("sid").closure("qemu-system-x86")
        cache.unpack("sid", packages, made, scratch)
        for name in ("doc", "man", "locale", "info"):
            shutil.rmtree(made / "usr/share" / name, ignore_errors=True)
        say("QEMU %s is there" % cache.archive("sid").version("qemu-system-x86"))


class Busybox:
    name = "busybox"

    def recipe(self):
        return "bookworm", "busybox-static", 1

    def make(self, cache, made, scratch):
        tree = scratch / "tree"
        cache.unpack("bookworm", ["busybox-static"], tree, scratch)
        binary, = [*tree.glob("bin/busybox"), *tree.glob("usr/bin/busybox")]
        shutil.copy2(binary, made / "busybox")


def program(folder):
    """How to start the QEMU in a cache folder: command and environment."""
    libraries = folder / LIBRARIES
    command = [libraries / "ld-linux-x86-64.so.2", "--library-path",
               "%s:%s" % (libraries, folder / "usr/lib"), folder / "usr/bin/qemu-system-x86_64"]
    for data in ("share/qemu", "share/seabios", "lib/ipxe/qemu"):
        command += ["-L", folder / "usr" / data]
    return command, {"QEMU_MODULE_DIR": str(libraries / "qemu")}
