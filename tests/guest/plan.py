# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What one guest is made of: everything decided, nothing started."""

import dataclasses
import os
import pathlib

import emulator
import kernel

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Folders of the host that the guest covers with its own.
COVERED = ("/tmp", "/run", "/dev/shm")


@dataclasses.dataclass
class Plan:
    number: int                 # 1 or 2
    hosts: int                  # 1 or 2
    device: object              # devices.py
    kernel: pathlib.Path        # cache items
    qemu: pathlib.Path
    busybox: pathlib.Path
    command: list               # COMMAND
    directory: str              # where COMMAND starts
    environment: dict           # all of COMMAND's
    memory: int                 # megabytes
    shares: list                # folders that COMMAND may write for good
    shown: list                 # folders that stay visible below what the guest covers
    modules: list               # files, loaded after the kernel's own
    arguments: list             # QEMU's, of network and device
    descriptors: list           # that they speak of

    @property
    def title(self):
        return "the" if self.hosts == 1 else ("the first", "the second")[self.number - 1]


def build():
    """The build that the tests look at."""
    return pathlib.Path(os.environ.get("OV_BUILD", ROOT / "build")).absolute()


def covered(path):
    return any(path == cover or path.startswith(cover + "/") for cover in COVERED)


def network(options, number, link):
    """QEMU's user network leads to this machine; `link` is the socket to the other guest."""
    forwards = "".join(",hostfwd=tcp:127.0.0.1:%d-:%d" % (host, guest)
                       for guest, host in options.forward)
    arguments = ["-netdev", "user,id=machine" + forwards,
                 "-device", "virtio-net-pci,netdev=machine,romfile="]
    if link is not None:
        arguments += ["-netdev", "stream,id=link,server=off,addr.type=fd,addr.str=%d" %
                      link.fileno(),
                      "-device", "virtio-net-pci,netdev=link,romfile=,mac=52:54:00:00:77:%02x" %
                      number]
    return arguments


def make(options, device, cache, number, link):
    """Fetches what is missing. `link` leads to the other guest, or None."""
    environment = {"PATH": PATH, "HOME": os.path.expanduser("~"), "LANG": "C.UTF-8",
                   "GUEST": str(number)}
    shown = [str(ROOT), *options.show]
    if "OV_BUILD" in os.environ:
        environment["OV_BUILD"] = str(build())
        shown.append(str(build()))
    if link is not None:
        environment.update(GUEST_PEER="192.168.77.%d" % (3 - number))
    environment.update(options.env)
    image = cache.want(kernel.Kernel(options.kernel))
    return Plan(number=number, hosts=options.hosts, device=device,
                kernel=image, modules=device.modules(cache, image),
                qemu=cache.want(emulator.Qemu()), busybox=cache.want(emulator.Busybox()),
                command=options.command, directory=str(ROOT), environment=environment,
                memory=options.memory, shares=options.share, shown=list(filter(covered, shown)),
                arguments=network(options, number, link),
                descriptors=[link.fileno()] if link is not None else [])
