# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ids, events, memory and channels are closed in any order, by hand or by being forgotten."""
import contextlib
import errno
import gc
import itertools

import pytest

import pyverbs.enums as e
import pyverbs.librdmacm_enums as ce
from bed.connection import (Connection, Waiting, attributes, bound_to_peer, free_port, here, next_event,
                            send, there)
from bed.device import fails_with
from pyverbs.cmid import CMID, CMEventChannel, ConnParam
from pyverbs.cq import CQ
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsUserError

pytestmark = pytest.mark.usefixtures('address')

PIECES = ('active', 'passive', 'memory', 'listener')


def pieces():
    made = Connection()
    memory = made.active.reg_msgs(64)
    made.active.post_recv(memory)
    return {'active': made.active, 'passive': made.passive, 'memory': memory,
            'listener': made.listener, 'request': made.request, 'answer': made.answer}


@pytest.mark.parametrize('order', itertools.permutations(PIECES), ids='-'.join)
def test_closed_in_any_order(order):
    made = pieces()
    for name in order:
        made[name].close()


@pytest.mark.parametrize('order', itertools.permutations(PIECES[:3]), ids='-'.join)
def test_forgotten_in_any_order(order):
    made = pieces()
    for name in (*order, 'listener', 'request', 'answer'):
        del made[name]
        gc.collect()


@pytest.mark.parametrize('order', itertools.permutations(('active', 'passive', 'listener')),
                         ids='-'.join)
def test_those_that_wait_are_closed_in_any_order(order):
    made = Waiting()
    send(made.active, made.passive)
    for name in order:
        getattr(made, name).close()


def test_closing_the_channel_closes_all(connection):
    channel = connection.active.event_channel
    channel.close()
    for use in (connection.active.disconnect, lambda: connection.active.qpn,
                lambda: connection.answer.event_type):
        with pytest.raises(PyverbsUserError, match='closed'):
            use()


def test_the_passive_id_goes_with_its_channel_not_with_its_listener(connection):
    connection.listener.id.close()
    send(connection.active, connection.passive)
    connection.listener.channel.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        connection.passive.qpn


def test_memory_goes_with_the_id(connection):
    memory = connection.active.reg_msgs(64)
    connection.active.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        memory.read(1, 0)


def test_the_librarys_domain_goes_with_the_id(connection):
    domain = connection.active.pd
    memory = MR(domain, 64, e.IBV_ACCESS_LOCAL_WRITE)
    connection.active.close()
    for use in (lambda: memory.lkey, lambda: MR(domain, 64, e.IBV_ACCESS_LOCAL_WRITE)):
        with pytest.raises(PyverbsUserError, match='closed'):
            use()


def test_closing_the_librarys_domain_leaves_it_to_others(connection):
    connection.active.pd.close()
    send(connection.active, connection.passive)


def test_closing_the_librarys_device_leaves_it_to_others(connection):
    context = connection.active.context
    context.query_device()
    context.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        context.query_device()
    assert connection.active.context.query_device().max_qp > 0
    send(connection.active, connection.passive)


def test_what_is_made_of_the_librarys_device_outlives_the_id():
    with bound_to_peer(free_port()) as one:
        pd = PD(one.context)
    with MR(pd, 64, 1) as memory:
        assert memory.length == 64
    pd.close()


def test_queues_of_the_librarys_domain_go_after_the_queue_pair():
    one = bound_to_peer(free_port())
    queue = CQ(one.context, 10)
    one.create_qp(attributes(scq=queue, rcq=queue))
    one.close()
    queue.close()


def test_a_queue_in_use_is_not_closed_before():
    with bound_to_peer(free_port()) as one:
        queue = CQ(one.context, 10)
        one.create_qp(attributes(scq=queue, rcq=queue))
        queue.close()
        with pytest.raises(PyverbsUserError, match='closed'):
            one.qpn


def test_a_domain_takes_its_ids_with_it():
    with bound_to_peer(free_port()) as probe:
        pd = PD(probe.context)
    one = CMID(there(free_port()), attributes(), pd=pd)
    pd.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        one.qpn


def test_a_closed_domain_is_refused():
    with bound_to_peer(free_port()) as probe:
        pd = PD(probe.context)
    pd.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        CMID(there(free_port()), attributes(), pd=pd)


def test_a_closed_address_is_refused():
    address = there(free_port())
    address.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        CMID(address)


def test_a_closed_channel_is_refused():
    channel = CMEventChannel()
    channel.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        CMID(channel)


CALLS = {
    'bind_addr': lambda one: one.bind_addr(here(free_port())),
    'resolve_addr': lambda one: one.resolve_addr(there(free_port())),
    'resolve_route': lambda one: one.resolve_route(),
    'resolve_addrinfo': lambda one: one.resolve_addrinfo('127.0.0.1'),
    'query_addrinfo': lambda one: one.query_addrinfo(),
    'create_qp': lambda one: one.create_qp(attributes()),
    'query_qp': lambda one: one.query_qp(1),
    'init_qp_attr': lambda one: one.init_qp_attr(1),
    'listen': lambda one: one.listen(),
    'get_request': lambda one: one.get_request(),
    'connect': lambda one: one.connect(ConnParam()),
    'accept': lambda one: one.accept(),
    'reject': lambda one: one.reject(),
    'establish': lambda one: one.establish(),
    'disconnect': lambda one: one.disconnect(),
    'set_option': lambda one: one.set_option(0, 0, 1, 1),
    'join_multicast': lambda one: one.join_multicast(there('0')),
    'leave_multicast': lambda one: one.leave_multicast(there('0')),
    'reg_msgs': lambda one: one.reg_msgs(1),
    'reg_read': lambda one: one.reg_read(1),
    'reg_write': lambda one: one.reg_write(1),
    'get_send_comp': lambda one: one.get_send_comp(),
    'get_recv_comp': lambda one: one.get_recv_comp(),
    'get_remote_ece': lambda one: one.get_remote_ece(),
    'qpn': lambda one: one.qpn,
    'pd': lambda one: one.pd,
    'context': lambda one: one.context,
    'dev_name': lambda one: one.dev_name,
    'port_num': lambda one: one.port_num,
    'event_channel': lambda one: one.event_channel,
}


@pytest.mark.parametrize('call', CALLS)
def test_a_closed_id_does_nothing(call):
    one = CMID()
    one.close()
    one.close()
    with pytest.raises(PyverbsUserError, match='closed'):
        CALLS[call](one)


@pytest.mark.parametrize('call', ['reg_msgs', 'reg_read', 'reg_write'])
def test_memory_wants_a_device(call):
    with CMID() as one:
        assert one.pd is None
        with pytest.raises(PyverbsUserError, match='not bound'):
            CALLS[call](one)
        one.bind_addr(here(free_port()))
        assert CALLS[call](one).length == 1


@pytest.mark.parametrize('call', ['query_qp', 'get_send_comp', 'get_recv_comp'])
def test_what_wants_a_queue_pair(call):
    with CMID(there(free_port())) as one, pytest.raises(PyverbsUserError):
        CALLS[call](one)


@pytest.mark.parametrize('call', ['post_recv', 'post_send', 'post_read', 'post_write'])
def test_requests_want_a_queue_pair(call):
    with CMID(there(free_port()), attributes()) as other, CMID(there(free_port())) as one:
        memory = other.reg_msgs(64)
        far = (1, 0, 0) if call in ('post_read', 'post_write') else ()
        with pytest.raises(PyverbsUserError, match='no QP'):
            getattr(one, call)(memory, *far)


@pytest.mark.parametrize('length', [65, 1 << 40, -1])
@pytest.mark.parametrize('call', ['post_recv', 'post_send', 'post_read', 'post_write'])
def test_requests_stay_within_memory(call, length):
    with CMID(there(free_port()), attributes()) as one:
        memory = one.reg_msgs(64)
        with pytest.raises((PyverbsUserError, OverflowError)):
            if call in ('post_read', 'post_write'):
                getattr(one, call)(memory, length, 0, 0)
            else:
                getattr(one, call)(memory, length=length)


def test_a_second_queue_pair_is_refused(connection):
    with fails_with(errno.EINVAL):
        connection.active.create_qp(attributes())


def test_an_id_that_failed_to_connect_is_of_use_again(listener):
    with bound_to_peer(listener.port) as one:
        one.create_qp(attributes())
        with fails_with(errno.EINVAL):
            one.connect(ConnParam(data_len=255))
        one.connect(ConnParam())
        listener.request().close()


def test_many_ids_on_one_channel(channel):
    ids = [CMID(channel) for _ in range(20)]
    for one in ids[::2]:
        one.close()
    for one in ids[1::2]:
        one.resolve_addr(there(free_port()))
    events = [next_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED) for _ in ids[1::2]]
    channel.close()
    for event in events:
        with pytest.raises(PyverbsUserError, match='closed'):
            event.status


def test_leaving_a_with_statement_closes(listener):
    with contextlib.ExitStack() as stack:
        active = stack.enter_context(bound_to_peer(listener.port))
        active.create_qp(attributes())
    with pytest.raises(PyverbsUserError, match='closed'):
        active.connect()
