# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections are tried where the tests of verbs are, if an address leads to the device there."""
import contextlib
import errno

import pytest


@pytest.fixture(scope='session')
def address(device):
    """The IP address of the device."""
    from bed import connection as bed
    from bed.device import lacking
    from pyverbs.cmid import CMID
    from pyverbs.pyverbs_error import PyverbsRDMAError
    try:
        with CMID() as probe:
            probe.bind_addr(bed.here(bed.free_port()))
    except PyverbsRDMAError as error:
        if error.error_code not in (errno.ENODEV, errno.EADDRNOTAVAIL):
            raise
        lacking(f'{bed.ADDRESS} leads to no device')
    return bed.ADDRESS


@pytest.fixture
def channel():
    from pyverbs.cmid import CMEventChannel
    with CMEventChannel() as made:
        yield made


@pytest.fixture
def listener():
    from bed.connection import Listener
    with contextlib.closing(Listener()) as made:
        yield made


@pytest.fixture
def connection():
    from bed.connection import Connection
    with contextlib.closing(Connection()) as made:
        yield made


@pytest.fixture
def waiting():
    from bed.connection import Waiting
    with contextlib.closing(Waiting()) as made:
        yield made
