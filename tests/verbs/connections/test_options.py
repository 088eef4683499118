# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Options of ids, and addresses of families other than IPv4."""
import contextlib
import errno
import re

import pytest

import pyverbs.enums as e
import pyverbs.librdmacm_enums as ce
import world
from bed.connection import (Listener, attributes, bound_to_peer, free_port, here, next_event,
                            pass_event, there)
from bed.device import fails_with, lacking
from pyverbs.cmid import CMID, AddrInfo, CMEventChannel, ConnParam
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError

pytestmark = pytest.mark.usefixtures('address')

ID, IB = 0, 1
TOS, REUSE, ONLY, ACK_TIMEOUT = 0, 1, 2, 3


@pytest.mark.parametrize('option, value, length', [
    (TOS, 0x20, 1), (TOS, b'\x20', 1), (TOS, b'\x20more', 1), (REUSE, 1, 4), (REUSE, 0, 4),
    (ONLY, 1, 4), (ACK_TIMEOUT, 14, 1), (ACK_TIMEOUT, 31, 1)])
def test_options_that_can_be(option, value, length):
    with CMID() as one:
        one.set_option(ID, option, value, length)


@pytest.mark.parametrize('option, value, length', [
    (TOS, 0x20, 4), (TOS, b'', 0), (REUSE, 1, 1), (ONLY, 1, 8), (ACK_TIMEOUT, 1, 4)])
def test_values_that_cannot_be(option, value, length):
    with CMID() as one, fails_with(errno.EINVAL):
        one.set_option(ID, option, value, length)


@pytest.mark.parametrize('level, option', [(ID, 77), (77, 0), (-1, 0), (IB, 77)])
def test_options_that_there_are_not(level, option):
    with CMID() as one, fails_with(errno.ENOSYS, errno.EINVAL):
        one.set_option(level, option, 1, 4)


@pytest.mark.parametrize('value, length', [(256, 1), (-1, 4), (b'ab', 4), (None, 4), ('text', 4),
                                           (1.5, 4)])
def test_values_that_do_not_fit(value, length):
    with CMID() as one, pytest.raises((OverflowError, TypeError, PyverbsUserError)):
        one.set_option(ID, REUSE, value, length)


def test_a_port_is_used_again():
    port = free_port()
    ids = [CMID() for _ in range(2)]
    for one in ids:
        one.set_option(ID, REUSE, 1, 4)
        one.bind_addr(here(port))
    with fails_with(errno.EADDRINUSE):
        ids[0].listen()
    ids[1].close()
    ids[0].listen()
    ids[0].close()


def test_a_port_is_not_used_again_by_others():
    port = free_port()
    with CMID() as first, CMID() as second:
        first.set_option(ID, REUSE, 1, 4)
        first.bind_addr(here(port))
        with fails_with(errno.EADDRINUSE):
            second.bind_addr(here(port))


def test_the_class_of_traffic_is_the_connections(listener, device):
    with CMEventChannel() as channel, CMID(channel) as active:
        active.set_option(ID, TOS, 0x40, 1)
        active.resolve_addr(there(listener.port))
        pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
        active.resolve_route()
        pass_event(channel, ce.RDMA_CM_EVENT_ROUTE_RESOLVED)
        active.create_qp(attributes())
        active.connect(ConnParam())
        with listener.take(qp_init_attr=attributes()) as passive:
            passive.accept()
            pass_event(channel, ce.RDMA_CM_EVENT_ESTABLISHED)
            way = active.query_qp(e.IBV_QP_AV)[0].ah_attr
            # Within a subnet of InfiniBand there is no header for it.
            assert way.traffic_class == (0x40 if way.is_global else 0)
            assert way.is_global or not device.is_ethernet


def test_the_timeout_is_the_queue_pairs(listener):
    with CMEventChannel() as channel, CMID(channel) as active:
        active.set_option(ID, ACK_TIMEOUT, 17, 1)
        active.resolve_addr(there(listener.port))
        pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
        active.resolve_route()
        pass_event(channel, ce.RDMA_CM_EVENT_ROUTE_RESOLVED)
        active.create_qp(attributes())
        active.connect(ConnParam())
        with listener.take(qp_init_attr=attributes()) as passive:
            passive.accept()
            pass_event(channel, ce.RDMA_CM_EVENT_ESTABLISHED)
            attr, _ = active.query_qp(e.IBV_QP_TIMEOUT)
            assert attr.timeout == 17


# Other families


def address_6(device):
    """-> an IPv6 address that leads to the device; a kernel's needs the name of its interface"""
    if not world.KERNEL:
        return '::1'
    gid = str(device.context.query_gid(1, 0))
    with open('/proc/net/if_inet6') as table:
        for line in table:
            digits, _, _, scope, _, name = line.split()
            text = ':'.join(re.findall('....', digits))
            if scope == '20' and gid.endswith(text):
                return f'{text}%{name}'
    return lacking('no GID of the device is an IPv6 address of this machine')


def test_ipv6(device):
    port, name = free_port(), address_6(device)
    with contextlib.ExitStack() as stack:
        server, channel = stack.enter_context(CMEventChannel()), stack.enter_context(CMEventChannel())
        listening, active = CMID(server), CMID(channel)
        listening.bind_addr(AddrInfo(src=name, src_service=port, flags=ce.RAI_PASSIVE))
        listening.listen()
        active.resolve_addr(AddrInfo(dst=name, dst_service=port))
        pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
        active.resolve_route()
        pass_event(channel, ce.RDMA_CM_EVENT_ROUTE_RESOLVED)
        active.create_qp(attributes())
        active.connect(ConnParam())
        request = next_event(server, ce.RDMA_CM_EVENT_CONNECT_REQUEST)
        passive = CMID(request, attributes())
        passive.accept()
        pass_event(channel, ce.RDMA_CM_EVENT_ESTABLISHED)


@pytest.mark.parametrize('space', [0, 1, 0x3ff])
def test_spaces_that_there_are_not(space):
    with pytest.raises(PyverbsRDMAError):
        CMID(port_space=space)


@pytest.mark.parametrize('backlog', [0, 1, 1 << 30, -1])
def test_backlogs(backlog):
    with contextlib.closing(Listener(backlog=backlog)) as listener:
        with bound_to_peer(listener.port) as active:
            active.create_qp(attributes())
            active.connect(ConnParam())
            listener.request().close()
