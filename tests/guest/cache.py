# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cache of what was fetched or built, one folder an item. An item is made in a scratch folder
and renamed into place when it is complete, so what is there can be used. The name carries a digest
of what the item is made of: a changed recipe makes a new item."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import sys
import tempfile

import archive


def say(text):
    print("guest: " + text, file=sys.stderr, flush=True)


def folder():
    if os.environ.get("OV_GUEST_CACHE"):
        return pathlib.Path(os.environ["OV_GUEST_CACHE"]).absolute()
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "openverbs" / "guest"


@contextlib.contextmanager
def _locked(path, how):
    with open(path, "w") as file:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that uses %s" % path)
            fcntl.flock(file, how)
        yield


class Cache:
    def __init__(self):
        self.folder = folder()
        self._archives = {}

    @contextlib.contextmanager
    def used(self):
        """While this is held nothing in the cache is replaced."""
        self._make_folder()
        # Opened for reading: the cache may be another user's.
        with open(self.folder / "use.lock") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    def _make_folder(self):
        if not (self.folder / "use.lock").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "use.lock").touch()

    def place(self, item):
        digest = hashlib.sha256(repr(item.recipe()).encode()).hexdigest()[:8]
        return self.folder / ("%s-%s" % (item.name, digest))

    def archive(self, suite):
        """The suite's archive, its lists brought up to date once a process."""
        if suite not in self._archives:
            say("reading the package lists of Debian's %s" % suite)
            made = archive.Archive(self.folder / "apt" / suite, suite)
            made.update()
            self._archives[suite] = made
        return self._archives[suite]

    def want(self, item, renew=False):
        """The item's folder; what is missing, or everything with `renew`, is made first."""
        place = self.place(item)
        if place.exists() and not renew:
            return place
        self._make_folder()
        with _locked(self.folder / "make.lock", fcntl.LOCK_EX):
            if not place.exists() or renew:
                self._make(item, place)
        return place

    def _make(self, item, place):
        # Whoever holds make.lock has the archives to itself, and what is half made is left over from
        # a run that was killed.
        for stale in self.folder.glob("making-*"):
            shutil.rmtree(stale)
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="making-", dir=self.folder))
        try:
            made = scratch / "made"
            made.mkdir()
            item.make(self, made, scratch)
            with _locked(self.folder / "use.lock", fcntl.LOCK_EX):
                for old in self.folder.glob(item.name + "-" + "?" * 8):
                    old.rename(scratch / old.name)
                made.rename(place)
        finally:
            shutil.rmtree(scratch)

    def unpack(self, suite, packages, into, scratch):
        source = self.archive(suite)
        say("downloading %s: %.0f MB" % (
            packages[0] if len(packages) == 1 else "%d packages" % len(packages),
            source.size(packages) / 1e6))
        source.unpack(packages, into, scratch)
