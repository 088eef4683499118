# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""One guest: its first files, QEMU's command line, and the channels that come out of it."""

import ctypes
import json
import os
import shlex
import signal
import socket
import subprocess

import emulator
import initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
PR_SET_PDEATHSIG = 1
TICKS_PER_SECOND = 250  # CONFIG_HZ of Debian's kernels


def processor_hz():
    """Rate of the host's processor, which is that of an emulated one's time stamp counter."""
    with open("/proc/cpuinfo") as table:
        for line in table:
            if line.startswith("cpu MHz"):
                return int(float(line.split(":")[1]) * 1e6)
    return 2_000_000_000


def kernel_parameters():
    """The kernel's delay loop is told and not measured: an emulated processor that has to share the
    host's fails at that now and then, and says so where a test looks for complaints."""
    return ("console=ttyS0 quiet panic=-1 watchdog_thresh=60 mitigations=off nokaslr "
            "random.trust_cpu=on tsc=reliable rcupdate.rcu_expedited=1 lpj=%d"
            % (processor_hz() // TICKS_PER_SECOND))


def die_with_parent():
    """In a child before exec: should the runner be killed, nothing of it stays."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command, environment=None, **options):
    """A process of this run. Its own session keeps the terminal's Ctrl-C away from it: the runner
    ends it when it is time."""
    return subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL,
                            env={**os.environ, **(environment or {})}, start_new_session=True,
                            preexec_fn=die_with_parent, **options)


class Console:
    """The end of what the guest's console says."""

    LIMIT = 1 << 16

    def __init__(self):
        self._data = b""

    def feed(self, data):
        self._data = (self._data + data)[-self.LIMIT:]

    def last(self, lines=25):
        """The last lines; of a panic what came right before and after."""
        text = self._data.decode(errors="replace").replace("\r", "")
        said = [line for line in text.splitlines() if line.strip()]
        panic = next((at for at, line in enumerate(said) if "Kernel panic" in line), None)
        if panic is not None:
            said = said[:panic + lines // 2]
        return "\n".join(said[-lines:])


class Marked:
    """A stream that ends with a mark, which is taken off. What could be the mark's beginning is
    held back until more comes."""

    def __init__(self, mark, sink):
        self._mark, self._sink, self._held = mark, sink, b""
        self.complete = False

    def feed(self, data):
        data = self._held + data
        if data.endswith(self._mark):
            self.complete = True
            data, self._held = data[:-len(self._mark)], b""
        else:
            keep = next(size for size in range(min(len(data), len(self._mark)), -1, -1)
                        if data.endswith(self._mark[:size]))
            data, self._held = data[:len(data) - keep], data[len(data) - keep:]
        if data:
            self._sink(data)

    def flush(self):
        """What is held back when the stream ends without its mark is no mark."""
        if self._held:
            self._sink(self._held)
        self._held = b""
        self._sink.flush()


class Machine:
    """`plan` says what to boot: see plan.py. `sinks` take what COMMAND writes."""

    def __init__(self, plan, folder, sinks):
        self.plan = plan
        self.mark = os.urandom(16).hex()
        self.console = Console()
        self.streams = [Marked(self.mark.encode(), sink) for sink in sinks]
        self.ready, self.status = False, None
        self._control = b""
        self._initrd = folder / ("initrd-%d" % plan.number)
        self._initrd.write_bytes(self._first_files())
        self.channels = {}
        self.process = self._start()

    def _first_files(self):
        plan = self.plan
        loads = json.loads((plan.kernel / "kernel.json").read_text())["load"]
        names = list(dict.fromkeys(loads["boot"] + loads[plan.device.name]))
        modules = [plan.kernel / "modules" / (name + ".ko") for name in names] + plan.modules
        command = "exec /usr/bin/env -i -C %s %s %s\n" % (
            shlex.quote(plan.directory),
            " ".join(shlex.quote("%s=%s" % pair) for pair in plan.environment.items()),
            shlex.join(plan.command))
        settings = "mark=%s\nnumber=%d\nhosts=%d\n" % (self.mark, plan.number, plan.hosts)
        settings += "shown() {\n\t:\n%s}\n" % "".join(
            '\t"$1" %s\n' % shlex.quote(path) for path in plan.shown)
        settings += "shared() {\n\t:\n%s}\n" % "".join(
            '\t"$1" share%d %s\n' % (number, shlex.quote(path))
            for number, path in enumerate(plan.shares))
        files = {"settings": os.fsencode(settings), "command": os.fsencode(command)}
        for name, path in (("stage", "stage"), ("device", "device/" + plan.device.name)):
            with open(os.path.join(HERE, path), "rb") as file:
                files[name] = file.read()
        with open(os.path.join(HERE, "init"), "rb") as file:
            return initramfs.build(plan.busybox / "busybox", file.read(), modules, files)

    def _arguments(self, descriptors):
        plan = self.plan
        arguments = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                     "-machine", "q35,memory-backend=ram",
                     "-object", "memory-backend-memfd,id=ram,share=on,size=%dM" % plan.memory,
                     "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
                     "-kernel", plan.kernel / "vmlinux", "-initrd", self._initrd,
                     "-append", kernel_parameters()]
        arguments += ["-chardev", "socket,id=console,fd=%d" % descriptors["console"],
                      "-serial", "chardev:console", "-device", "virtio-serial-pci"]
        for name in ("control", "out", "err"):
            arguments += ["-chardev", "socket,id=%s,fd=%d" % (name, descriptors[name]),
                          "-device", "virtserialport,chardev=%s,name=%s" % (name, name)]
        arguments += folder_share("root", "/", "readonly=on")
        for number, path in enumerate(plan.shares):
            arguments += folder_share("share%d" % number, path, "readonly=off")
        return arguments + plan.arguments

    def _start(self):
        """Starts QEMU. Every channel is a socket pair: nothing of it has a name on the machine."""
        theirs = {}
        for name in ("console", "control", "out", "err"):
            self.channels[name], theirs[name] = socket.socketpair()
        descriptors = {name: end.fileno() for name, end in theirs.items()}
        command, environment = emulator.program(self.plan.qemu)
        process = start(command + self._arguments(descriptors), environment,
                        stdout=theirs["console"], stderr=theirs["console"],
                        pass_fds=[*descriptors.values(), *self.plan.descriptors])
        for end in theirs.values():
            end.close()
        return process

    def feed(self, name, data):
        if name == "console":
            self.console.feed(data)
        elif name == "control":
            self._control += data
            for line in self._control.decode().splitlines():
                self.ready = self.ready or line == "ready"
                if line.startswith("exit ") and self._control.endswith(b"\n"):
                    self.status = int(line.split()[1])
        else:
            self.streams[name == "err"].feed(data)

    def done(self):
        return self.status is not None and all(stream.complete for stream in self.streams)

    def end(self):
        self.process.kill()
        self.process.wait()
        for channel in self.channels.values():
            channel.close()


def folder_share(tag, path, mode):
    escaped = path.replace(",", ",,")
    return ["-fsdev", "local,id=%s,path=%s,security_model=none,multidevs=remap,%s" % (
                tag, escaped, mode),
            "-device", "virtio-9p-pci,fsdev=%s,mount_tag=%s" % (tag, tag)]
