# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The device under test, what it says of itself, and what it lacks."""
import contextlib
import errno
import os
import subprocess

import harness
import pyverbs.device as d
import pyverbs.enums as e
import world
from bed import family
from pyverbs.addr import GID, AHAttr, GlobalRoute
from pyverbs.pyverbs_error import PyverbsRDMAError

PORT = 1
FABRIC = os.environ.get('OV_VERBS_FABRIC')
REFUSALS = (errno.EOPNOTSUPP, errno.ENOSYS)


class Device:
    """Opened once; `attr`, `extended` and `port` are as they were then."""

    def __init__(self, name=None):
        self.name = name or world.DEVICE or d.get_device_list()[0].name.decode()
        self.context = d.Context(name=self.name)
        self.attr = self.context.query_device()
        self.extended = self.context.query_device_ex()
        self.port = self.context.query_port(PORT)
        self.family = family.of(self.attr)
        self.is_ethernet = self.port.link_layer == e.IBV_LINK_LAYER_ETHERNET
        self.gid_index = int(world.GID_INDEX or 0)
        self.gid = self.context.query_gid(PORT, self.gid_index).gid
        self.mtu = 128 << self.port.active_mtu

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def again(self):
        """-> another context of the same device"""
        return d.Context(name=self.name)

    def route(self, lid, gid, gid_index=None):
        """-> attributes of a path to a port"""
        index = self.gid_index if gid_index is None else gid_index
        return AHAttr(dlid=lid, is_global=int(self.is_ethernet), port_num=PORT,
                      gr=GlobalRoute(GID(gid), sgid_index=index, hop_limit=8))


def lacking(reason):
    """What the device has not is left out. On softhca nothing may be lacking."""
    import pytest  # here, because bed/far.py and bed/disorder.py need none
    (pytest.skip if world.KERNEL else pytest.fail)(reason)


def need(answer, reason):
    if not answer:
        lacking(reason)


@contextlib.contextmanager
def asking_for(what):
    """Whoever answers EOPNOTSUPP in here lacks it."""
    try:
        yield
    except PyverbsRDMAError as error:
        if error.error_code not in REFUSALS:
            raise
        lacking(f'{what}: {error}')


def softhca(*arguments):
    """An order to the fabric of this process."""
    subprocess.run([harness.OWN / 'softhca', *arguments, '--fabric', FABRIC], check=True,
                   stdout=subprocess.DEVNULL, timeout=20)


@contextlib.contextmanager
def fails_with(*codes, match=None):
    """In here a verb must fail with one of these errnos, and say why."""
    import pytest
    with pytest.raises(PyverbsRDMAError, match=match) as caught:
        yield caught
    error = caught.value
    assert error.error_code in codes, f'{error}; expected {[errno.errorcode[c] for c in codes]}'
    assert f'Errno: {error.error_code}, {os.strerror(error.error_code)}' in str(error)
