# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ends in other processes: on the same host, or on softhca on another one. A Far carries out the
methods of an End there; calls and results go through pipes."""
import os
import pathlib
import pickle
import subprocess
import sys

import harness
from bed.device import FABRIC

TESTS = pathlib.Path(__file__).resolve().parents[2]


class Far:
    """An End(device, ...) in a process of its own. `host` is a host of softhca's fabric."""

    def __init__(self, *arguments, host=None, port_type='ib', **options):
        command = [sys.executable, '-B', str(pathlib.Path(__file__).resolve())]
        if host is not None:
            command = [str(harness.OWN / 'softhca'), 'run', '--fabric', FABRIC, '--host', str(host),
                       '--port-type', port_type, '--', *command]
        paths = (str(TESTS / 'verbs'), str(TESTS), os.environ['PYTHONPATH'])
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment)
        self.call('make', *arguments, **options)

    def call(self, name, *arguments, **options):
        pickle.dump((name, arguments, options), self.process.stdin)
        self.process.stdin.flush()
        failed, result = pickle.load(self.process.stdout)
        assert not failed, result
        return result

    def __getattr__(self, name):
        return lambda *arguments, **options: self.call(name, *arguments, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.process.wait(20):
            raise AssertionError(f'the process ended with {self.process.returncode}')

    def kill(self):
        self.process.kill()
        self.process.wait()


class Server:
    """What is called there, besides the methods of the End itself."""

    def make(self, *arguments, **options):
        from bed.device import Device
        from bed.end import End
        self.end = End(Device(), *arguments, **options)

    def issue(self, *requests):
        from bed.request import issue
        issue(self.end, *requests)

    def take_sent(self, count):
        return self.end.sent.take(count)

    def take_received(self, count):
        return self.end.received.take(count)

    def state(self):
        return self.end.qp.qp_state

    def read(self, length, offset):
        return self.end.mr.read(length, offset)

    def __getattr__(self, name):
        return getattr(self.end, name)


def serve():
    server = Server()
    while True:
        try:
            name, arguments, options = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = False, getattr(server, name)(*arguments, **options)
        except BaseException as error:
            answer = True, f'{type(error).__name__} in the other process: {error}'
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == '__main__':
    serve()
