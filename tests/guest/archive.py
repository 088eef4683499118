# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Packages of any Debian suite, without touching the machine: a private apt root with its own lists
and an empty package database. Where the archive is comes from the machine's own apt configuration;
signatures are checked by apt against Debian's archive keyring."""

import os
import pathlib
import re
import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class ArchiveError(Exception):
    pass


def host_codename():
    release = pathlib.Path("/etc/os-release").read_text()
    found = re.search(r'^VERSION_CODENAME="?([a-z]+)', release, re.MULTILINE)
    if not found:
        raise ArchiveError("/etc/os-release names no Debian release")
    return found.group(1)


def host_sources():
    """(URI, suite) of every index of component main that this machine's apt reads."""
    fields = ("REPO_URI", "RELEASE", "CODENAME", "COMPONENT", "ORIGIN")
    shape = "\t".join("$(%s)" % field for field in fields)
    lines = subprocess.run(["apt-get", "indextargets", "--format", shape, "Identifier: Packages"],
                           check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    for line in sorted(set(lines)):
        uri, release, codename, component, origin = line.split("\t")
        # What apt does not know, because it was never updated, it leaves as it is written.
        suite = release if codename.startswith("$") else codename
        if component == "main" and (origin == "Debian" or origin.startswith("$")):
            yield uri, suite


def sources_of(suite):
    """Lines of a sources.list for `suite`: the machine's own archive with the suite swapped, and
    the security archive where a release has one."""
    host = host_codename()
    swapped = {host: suite}
    if suite != "sid":
        swapped[host + "-security"] = suite + "-security"
    lines = ["deb [signed-by=%s] %s %s main" % (KEYRING, uri, swapped[found])
             for uri, found in host_sources() if found in swapped]
    if not lines:
        raise ArchiveError("apt knows no Debian archive of %s on this machine" % host)
    return lines


class Archive:
    """One suite. `folder` keeps its lists between calls."""

    def __init__(self, folder, suite):
        self.folder, self.suite = folder, suite
        for name in ("lists/partial", "cache/archives/partial", "state"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "state/status").write_text("")
        (folder / "sources.list").write_text("\n".join(sources_of(suite)) + "\n")
        (folder / "apt.conf").write_text(self._configuration())

    def _configuration(self):
        """Read by apt after the machine's own, of which proxies and the like remain."""
        settings = {
            "Dir::State": self.folder / "state",
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": self.folder / "state/status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "APT::Architecture": "amd64",
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "true",
        }
        hooks = ("APT::Update::Pre-Invoke", "APT::Update::Post-Invoke",
                 "APT::Update::Post-Invoke-Success", "APT::Architectures",
                 "DPkg::Pre-Install-Pkgs", "DPkg::Post-Invoke")
        return "".join(["#clear %s;\n" % hook for hook in hooks]
                       + ['%s "%s";\n' % setting for setting in settings.items()])

    def _apt(self, tool, *arguments, cwd=None):
        command = [tool, "-c", self.folder / "apt.conf", *arguments]
        done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, capture_output=True,
                              cwd=cwd, env={**os.environ, "LC_ALL": "C.UTF-8"})
        if done.returncode:
            raise ArchiveError("%s %s of Debian's %s failed:\n%s" % (
                tool, " ".join(map(str, arguments)), self.suite, done.stderr.strip()))
        return done.stdout

    def update(self):
        self._apt("apt-get", "-q", "update")

    def depends(self, package):
        """Packages that `package` depends on, without alternatives."""
        lines = self._apt("apt-cache", "depends", "--no-recommends", "--no-suggests", package)
        return re.findall(r"^  Depends: ([^<\s]+)$", lines, re.MULTILINE)

    def version(self, package):
        shown = self._apt("apt-cache", "show", "--no-all-versions", package)
        return re.search(r"^Version: (.*)$", shown, re.MULTILINE).group(1)

    def closure(self, package):
        """`package` and everything that it needs to run."""
        planned = self._apt("apt-get", "install", "--print-uris", "-qq", "-y",
                            "--no-install-recommends", package)
        return sorted({line.split()[1].split("_")[0] for line in planned.splitlines()
                       if line.startswith("'")})

    def size(self, packages):
        """Bytes to download for them."""
        lines = self._apt("apt-get", "download", "--print-uris", "-qq", *packages).splitlines()
        return sum(int(line.split()[2]) for line in lines if line.startswith("'"))

    def unpack(self, packages, into, scratch):
        """Downloads to `scratch`, checks and unpacks packages into a folder, without installing."""
        self._apt("apt-get", "download", "-q", *packages, cwd=scratch)
        for file in sorted(scratch.glob("*.deb")):
            subprocess.run(["dpkg", "-x", file, into], check=True)
            file.unlink()
