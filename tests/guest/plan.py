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
    title: str                  # "the guest's"
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
    settings: dict = dataclasses.field(default_factory=dict)  # variables of `stage`
    arguments: list = dataclasses.field(default_factory=list)  # QEMU's, of the device


def covered(path):
    return any(path == cover or path.startswith(cover + "/") for cover in COVERED)


def make(options, device, cache):
    shown = [path for path in [str(ROOT), *options.show] if covered(path)]
    environment = {"PATH": PATH, "HOME": os.path.expanduser("~"), "LANG": "C.UTF-8"}
    environment.update(options.env)
    image = cache.want(kernel.Kernel(options.kernel))
    return Plan(title="the guest's", device=device,
                kernel=image, modules=device.modules(cache, image),
                qemu=cache.want(emulator.Qemu()), busybox=cache.want(emulator.Busybox()),
                command=options.command, directory=str(ROOT), environment=environment,
                memory=options.memory, shares=options.share, shown=shown)
