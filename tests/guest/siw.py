# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The siw module as a cache item. Debian's kernels are built without it; this builds it from the
same version's source and header packages with the machine's gcc."""

import json
import re
import subprocess
import tarfile

from archive import ArchiveError
from cache import say

SUITE = "bookworm"
SUBJECT = "drivers/infiniband/sw/siw/"


class Siw:
    """`kernel`: the cache folder of the kernel that it is for."""

    def __init__(self, kernel):
        self._kernel = json.loads((kernel / "kernel.json").read_text())
        self.name = "siw"

    def recipe(self):
        return self._kernel["version"], 2

    def make(self, cache, made, scratch):
        tree = scratch / "tree"
        headers = self._headers(cache.archive(SUITE))
        cache.unpack(SUITE, headers, tree, scratch)
        cache.unpack(SUITE, ["linux-source-6.1=" + self._kernel["version"]], tree, scratch)
        say("building the siw module")
        source = scratch / "source"
        self._take_source(tree, source)
        build = tree / "usr/src" / headers[0]
        # The packages expect to be at their place in the system.
        for makefile in (build / "Makefile", build / ".kernelvariables"):
            if makefile.exists():
                text = makefile.read_text()
                makefile.write_text(re.sub(r"(?<![\w/])/usr/", "%s/usr/" % tree, text))
        done = subprocess.run(["make", "-C", build, "M=%s" % (source / SUBJECT),
                               "CONFIG_RDMA_SIW=m", "modules"], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            raise ArchiveError("the siw module does not build (it takes the packages gcc and "
                               "make):\n" + done.stdout[-4000:])
        subprocess.run(["strip", "--strip-debug", "-o", made / "siw.ko",
                        source / SUBJECT / "siw.ko"], check=True)

    def _headers(self, archive):
        """The header packages of this very kernel, the one with the configuration first."""
        first = self._kernel["package"].replace("-image-", "-headers-")
        try:
            needed = archive.depends(first)
        except ArchiveError as error:
            raise ArchiveError("%s\nThe archive has moved on from kernel %s: renew the cache with "
                               "tests/guest/fetch --renew" % (error, self._kernel["release"]))
        return [first] + [name for name in needed
                          if name.startswith(("linux-headers-", "linux-kbuild-"))]

    def _take_source(self, tree, into):
        """Unpacks the one folder out of the kernel's source, and reads no further than needed."""
        packed, = tree.glob("usr/src/linux-source-*.tar.xz")
        with tarfile.open(packed, "r|xz") as files:
            taken = False
            for entry in files:
                path = entry.name.partition("/")[2]
                if path.startswith(SUBJECT) and entry.isfile():
                    target = into / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(files.extractfile(entry).read())
                    taken = True
                elif taken and not path.startswith(SUBJECT):
                    return
        raise ArchiveError("%s has no %s" % (packed.name, SUBJECT))
