# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Addresses: looked up, bound, resolved, and refused."""
import errno

import pytest

import pyverbs.librdmacm_enums as ce
from bed.connection import (ADDRESS, NOBODYS, UNREACHED, Listener, bound_to_peer, free_port, here,
                            next_event, pass_event, there)
from bed.device import fails_with
from pyverbs.cmid import CMID, AddrInfo, CMEventChannel
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError

pytestmark = pytest.mark.usefixtures('address')

SPACES = {'TCP': ce.RDMA_PS_TCP, 'UDP': ce.RDMA_PS_UDP}


@pytest.mark.parametrize('given', [{'src': ADDRESS}, {'src_service': '7'}, {'dst': ADDRESS},
                                   {'dst_service': '7'}, {'src': ADDRESS, 'dst': ADDRESS},
                                   {'src': ADDRESS, 'src_service': 5, 'dst': ADDRESS,
                                    'dst_service': 6, 'port_space': ce.RDMA_PS_UDP}])
def test_what_can_be_given(given):
    with AddrInfo(**given) as found:
        found.get_addrinfo(**given)


def test_an_empty_one_is_filled_later():
    found = AddrInfo()
    with pytest.raises(PyverbsUserError, match='closed'):
        CMID().bind_addr(found)
    found.get_addrinfo(src=ADDRESS, src_service=free_port(), flags=ce.RAI_PASSIVE)
    CMID().bind_addr(found)


def test_one_is_filled_again():
    found = here(free_port())
    found.get_addrinfo(dst=ADDRESS, dst_service=free_port())
    with pytest.raises(PyverbsUserError, match='no address of this side'):
        CMID().bind_addr(found)


def test_nothing_to_look_up():
    with pytest.raises(PyverbsUserError, match='needs a name or a service'):
        AddrInfo().get_addrinfo()


@pytest.mark.parametrize('side', ['src', 'dst'])
def test_a_name_that_is_no_number(side):
    with pytest.raises(PyverbsRDMAError, match='no number'):
        AddrInfo(flags=ce.RAI_NUMERICHOST, **{side: 'no number'})


@pytest.mark.parametrize('side', ['src', 'dst'])
def test_a_service_that_is_unknown(side):
    with pytest.raises(PyverbsRDMAError, match='no-such-service'):
        AddrInfo(**{side: ADDRESS, side + '_service': 'no-such-service'})


def test_closing_twice_is_no_error():
    found = here(free_port())
    found.close()
    found.close()


@pytest.mark.parametrize('space', SPACES.values(), ids=SPACES)
def test_binding_finds_the_device(device, space):
    with CMID(port_space=space) as bound:
        assert (bound.dev_name, bound.context, bound.port_num) == (None, None, 0)
        bound.bind_addr(here(free_port(), space))
        assert (bound.dev_name, bound.port_num) == (device.name, 1)
        assert bound.context.query_device().node_guid == device.attr.node_guid


@pytest.mark.parametrize('space', SPACES.values(), ids=SPACES)
def test_a_port_belongs_to_one(space):
    first = Listener(space)
    with CMID(port_space=space) as second, fails_with(errno.EADDRINUSE):
        second.bind_addr(here(first.port, space))
    first.close()
    with CMID(port_space=space) as third:
        third.bind_addr(here(first.port, space))


def test_port_spaces_are_apart(listener):
    with CMID(port_space=ce.RDMA_PS_UDP) as other:
        other.bind_addr(here(listener.port, ce.RDMA_PS_UDP))


def test_port_0_is_any():
    ids = [CMID() for _ in range(3)]
    for one in ids:
        one.bind_addr(here('0'))
        one.listen()


def test_an_id_is_bound_once():
    with CMID() as bound:
        bound.bind_addr(here(free_port()))
        with fails_with(errno.EINVAL):
            bound.bind_addr(here(free_port()))


def test_an_address_of_nobody_here():
    with CMID() as bound, fails_with(errno.ENODEV, errno.EADDRNOTAVAIL):
        bound.bind_addr(AddrInfo(src=NOBODYS, src_service='1', flags=ce.RAI_PASSIVE))


def test_every_address_at_once(device):
    port = free_port()
    with CMID() as bound:
        bound.bind_addr(AddrInfo(src='0.0.0.0', src_service=port, flags=ce.RAI_PASSIVE))
        assert bound.dev_name is None
        bound.listen()
        with CMID() as second, fails_with(errno.EADDRINUSE, errno.EADDRNOTAVAIL):
            second.bind_addr(here(port))


def test_binding_wants_an_address_of_this_side():
    with CMID() as bound, pytest.raises(PyverbsUserError, match='of this side'):
        bound.bind_addr(there(free_port()))


def test_resolving_wants_an_address_of_the_peer(channel):
    with CMID(channel) as one, pytest.raises(PyverbsUserError, match='of the peer'):
        one.resolve_addr(here(free_port()))


@pytest.mark.parametrize('call', ['bind_addr', 'resolve_addr', 'leave_multicast'])
@pytest.mark.parametrize('wrong', [None, 5, ADDRESS])
def test_no_address_at_all(call, wrong):
    with CMID() as one, pytest.raises(TypeError):
        getattr(one, call)(wrong)


@pytest.mark.parametrize('space', SPACES.values(), ids=SPACES)
def test_resolving_is_told_by_events(device, space):
    with bound_to_peer(free_port(), space) as one:
        assert (one.dev_name, one.port_num) == (device.name, 1)
        assert one.context.name == device.name


def test_resolving_without_a_channel_waits(device):
    with CMID() as one:
        one.resolve_addr(there(free_port()))
        one.resolve_route()
        assert one.dev_name == device.name


def test_resolving_from_an_address_of_choice(channel, device):
    with CMID(channel) as one:
        one.resolve_addr(AddrInfo(src=ADDRESS, dst=ADDRESS, dst_service=free_port()))
        pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
        assert one.dev_name == device.name


def test_resolving_twice(channel):
    with CMID(channel) as one:
        one.resolve_addr(there(free_port()))
        pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
        with fails_with(errno.EINVAL):
            one.resolve_addr(there(free_port()))


def test_a_peer_that_no_device_leads_to(channel):
    """The kernel refuses at once, or by an event."""
    with CMID(channel) as one:
        try:
            one.resolve_addr(AddrInfo(dst=NOBODYS, dst_service='1'))
        except PyverbsRDMAError as error:
            assert error.error_code in UNREACHED
        else:
            told = next_event(channel, ce.RDMA_CM_EVENT_ADDR_ERROR, status=None)
            assert -told.status in UNREACHED


@pytest.mark.parametrize('step', ['resolve_route', 'listen', 'disconnect'])
def test_an_id_that_nothing_was_done_with(step, channel):
    with CMID(channel) as one:
        if step == 'listen':  # on a port of the kernel's choice
            one.listen()
            return
        with fails_with(errno.EINVAL):
            getattr(one, step)()


@pytest.mark.parametrize('milliseconds', [1, 2000, 1 << 30])
def test_times_that_can_be(channel, milliseconds):
    with CMID(channel) as one:
        one.resolve_addr(there(free_port()), milliseconds)
        pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)


@pytest.mark.parametrize('time', [1 << 31, 'soon', None])
def test_times_that_cannot_be(channel, time):
    with CMID(channel) as one, pytest.raises((OverflowError, TypeError, PyverbsUserError)):
        one.resolve_addr(there(free_port()), time)


def test_ids_of_one_channel_are_told_apart(channel):
    first, second = CMID(channel), CMID(channel)
    for one in (first, second):
        one.resolve_addr(there(free_port()))
        pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
    second.close()
    first.resolve_route()
    pass_event(channel, ce.RDMA_CM_EVENT_ROUTE_RESOLVED)


def test_every_channel_is_a_file_of_its_own():
    with CMEventChannel() as one, CMEventChannel() as other:
        assert one.fd != other.fd
        assert min(one.fd, other.fd) > 2
