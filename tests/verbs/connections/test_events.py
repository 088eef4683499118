# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Events: what they tell, when they are acknowledged, and what becomes of them when what they are
about is no more."""
import errno
import gc
import sys
import threading

import pytest

import pyverbs.cmid as c
import pyverbs.librdmacm_enums as ce
from bed.connection import (ADDRESS, Aside, Listener, attributes, bound_to_peer, free_port, next_event,
                            pass_event, readable, there)
from bed.device import fails_with
from pyverbs.cmid import CMID, CMEvent, CMEventChannel, ConnParam, UDParam
from pyverbs.pyverbs_error import PyverbsUserError

pytestmark = pytest.mark.usefixtures('address')

TYPES = list(ce.rdma_cm_event_type.__members__.values())


@pytest.mark.parametrize('kind', TYPES, ids=lambda kind: kind.name)
def test_types_have_names(kind):
    assert c.event_to_str(kind) == kind.name


@pytest.mark.parametrize('number', [100, -1])
def test_other_numbers_have_none(number):
    assert c.event_to_str(number) == 'UNKNOWN EVENT'


@pytest.fixture
def resolving(channel):
    """An id about which there is an event"""
    one = CMID(channel)
    one.resolve_addr(there(free_port()))
    assert readable(channel)
    yield one
    one.close()


def test_what_one_tells(channel, resolving):
    event = CMEvent(channel)
    assert event.event_type == ce.RDMA_CM_EVENT_ADDR_RESOLVED
    assert event.event_str() == 'RDMA_CM_EVENT_ADDR_RESOLVED'
    assert (event.status, event.private_data) == (0, b'')
    assert 'RDMA_CM_EVENT_ADDR_RESOLVED' in str(event)


def test_what_it_tells_stays_after_it_is_acknowledged(channel, resolving):
    event = CMEvent(channel)
    event.ack_cm_event()
    assert event.event_type == ce.RDMA_CM_EVENT_ADDR_RESOLVED


def test_one_is_acknowledged_once(channel, resolving):
    event = CMEvent(channel)
    event.ack_cm_event()
    with pytest.raises(PyverbsUserError, match='already'):
        event.ack_cm_event()


@pytest.mark.parametrize('use', [lambda event: event.ack_cm_event(), lambda event: event.event_type,
                                 lambda event: event.private_data, lambda event: event.event_str(),
                                 lambda event: event.status],
                         ids=['ack_cm_event', 'event_type', 'private_data', 'event_str', 'status'])
def test_a_closed_one_tells_nothing(channel, resolving, use):
    event = CMEvent(channel)
    event.close()
    event.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        use(event)


def test_closing_the_id_acknowledges_and_closes_its_events(channel, resolving):
    event = CMEvent(channel)
    resolving.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        event.event_type


def test_events_that_nobody_has_taken_go_with_the_id(channel, resolving):
    resolving.close()
    assert not readable(channel, 0)


def test_events_that_nobody_has_taken_go_with_the_channel():
    channel = CMEventChannel()
    one = CMID(channel)
    one.resolve_addr(there(free_port()))
    assert readable(channel)
    channel.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        one.resolve_route()


def test_collecting_an_id_before_its_event(channel):
    one = CMID(channel)
    one.resolve_addr(there(free_port()))
    event = next_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
    del one
    gc.collect()
    assert event.event_type == ce.RDMA_CM_EVENT_ADDR_RESOLVED  # it keeps the id
    del event
    gc.collect()


def test_an_event_wants_a_channel():
    with pytest.raises(TypeError):
        CMEvent(None)
    closed = CMEventChannel()
    closed.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        CMEvent(closed)


@pytest.fixture
def no_switching():
    """Threads change only where one waits."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(60)
    yield
    sys.setswitchinterval(before)


def test_a_channel_is_not_closed_under_who_waits(channel, no_switching):
    started = threading.Event()

    def wait():
        started.set()
        return CMEvent(channel)

    one = CMID(channel)
    waiting = Aside(wait)
    started.wait()
    with fails_with(errno.EBUSY, match='in use'):
        channel.close()
    one.resolve_addr(there(free_port()))
    assert waiting.end().event_type == ce.RDMA_CM_EVENT_ADDR_RESOLVED
    channel.close()


def test_a_request_that_nobody_takes_is_rejected(listener):
    with bound_to_peer(listener.port) as active:
        active.create_qp(attributes())
        active.connect(ConnParam())
        listener.request().close()
        pass_event(active.event_channel, ce.RDMA_CM_EVENT_REJECTED, status=None)


def test_a_request_that_is_collected_is_rejected(listener):
    with bound_to_peer(listener.port) as active:
        active.create_qp(attributes())
        active.connect(ConnParam())
        listener.request()
        gc.collect()
        pass_event(active.event_channel, ce.RDMA_CM_EVENT_REJECTED, status=None)


def test_a_request_goes_with_its_listener(listener):
    with bound_to_peer(listener.port) as active:
        active.create_qp(attributes())
        active.connect(ConnParam())
        request = listener.request()
        listener.close()
        with pytest.raises(PyverbsUserError, match='closed'):
            CMID(request)
        pass_event(active.event_channel, ce.RDMA_CM_EVENT_REJECTED, status=None)


def test_a_request_is_taken_once(connection):
    with pytest.raises(PyverbsUserError, match='taken'):
        CMID(connection.request)


def test_only_requests_have_an_id(channel, resolving):
    with CMEvent(channel) as event, pytest.raises(PyverbsUserError, match='no connect request'):
        CMID(event)


def test_a_request_of_another_listener(listener):
    other = Listener()
    with bound_to_peer(listener.port) as active:
        active.create_qp(attributes())
        active.connect(ConnParam())
        request = listener.request()
        with pytest.raises(PyverbsUserError, match='another listener'):
            CMID(request, listen_id=other.id)
        CMID(request, listen_id=listener.id)


def test_connections_have_no_parameters_of_datagrams(connection):
    with pytest.raises(PyverbsUserError, match='datagrams'):
        UDParam(connection.answer)


@pytest.mark.parametrize('wrong', [None, 5])
def test_parameters_of_datagrams_want_an_event(wrong):
    with pytest.raises(TypeError):
        UDParam(wrong)


def test_a_listener_hears_of_every_request(listener):
    actives = [bound_to_peer(listener.port) for _ in range(3)]
    for active in actives:
        active.create_qp(attributes())
        active.connect(ConnParam())
    requests = [listener.request() for _ in actives]
    assert len({request.private_data for request in requests}) == 1
    for request in requests:
        request.close()
    for active in actives:
        pass_event(active.event_channel, ce.RDMA_CM_EVENT_REJECTED, status=None)


def test_devices_of_ids_are_listed(device):
    assert device.name in [one.name.decode() for one in c.get_devices()]


def test_devices_of_ids_are_listed_by_the_module_of_devices(device):
    import pyverbs.device as d
    assert [one.name for one in d.rdma_get_devices()] == [one.name for one in c.get_devices()]


def test_the_address_has_a_device(address):
    assert address == ADDRESS
