# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections whose steps are told by events: asked for, answered, used, ended, refused."""
import contextlib
import errno

import pytest

import pyverbs.enums as e
import pyverbs.librdmacm_enums as ce
from bed.connection import (CONSUMER_REJECT, INVALID_SERVICE, Connection, Listener, attributes,
                            bound_to_peer, free_port, next_event, pass_event, readable, send)
from bed.device import fails_with
from pyverbs.cmid import CMID, ConnParam
from pyverbs.pyverbs_error import PyverbsUserError
from pyverbs.qp import QPAttr

pytestmark = pytest.mark.usefixtures('address')

# What the messages of InfiniBand have room for: IBTA vol. 1, 12.6
ASKED, ANSWERED, REFUSED = 56, 196, 148


def connected(**more):
    return contextlib.closing(Connection(**more))


def asking(listener, param=None):
    active = bound_to_peer(listener.port)
    active.create_qp(attributes())
    active.connect(param or ConnParam())
    return active


def test_both_ends_are_ready(connection):
    for end in (connection.active, connection.passive):
        attr, _ = end.query_qp(e.IBV_QP_STATE)
        assert attr.qp_state == e.IBV_QPS_RTS
        assert end.dev_name == connection.active.dev_name
        assert end.port_num == 1


def test_they_know_each_other(connection):
    attr, _ = connection.active.query_qp(e.IBV_QP_DEST_QPN)
    assert attr.dest_qp_num == connection.passive.qpn
    attr, _ = connection.passive.query_qp(e.IBV_QP_DEST_QPN)
    assert attr.dest_qp_num == connection.active.qpn


@pytest.mark.parametrize('length', [1, 11, 64])
def test_messages_go_both_ways(connection, length):
    data = bytes(range(length))
    send(connection.active, connection.passive, data)
    send(connection.passive, connection.active, data)


def test_memory_is_read_and_written(connection):
    active, passive = connection.active, connection.passive
    source, target = passive.reg_read(64), passive.reg_write(64)
    ours = active.reg_msgs(64)
    source.write(b'to be read', 10)
    active.post_read(ours, 10, source.buf, source.rkey, flags=e.IBV_SEND_SIGNALED)
    assert active.get_send_comp().status == e.IBV_WC_SUCCESS
    assert ours.read(10, 0) == b'to be read'
    active.post_write(ours, 5, target.buf, target.rkey, flags=e.IBV_SEND_SIGNALED)
    assert active.get_send_comp().status == e.IBV_WC_SUCCESS
    assert target.read(6, 0) == b'to be\0'


def test_memory_for_messages_is_nobody_elses(connection):
    theirs, ours = connection.passive.reg_msgs(64), connection.active.reg_msgs(64)
    connection.active.post_write(ours, 5, theirs.buf, theirs.rkey, flags=e.IBV_SEND_SIGNALED)
    assert connection.active.get_send_comp().status == e.IBV_WC_REM_ACCESS_ERR


@pytest.mark.parametrize('length', [0, 1, ASKED])
def test_a_request_carries_data(length):
    param = ConnParam()
    param.set_private_data(bytes(range(1, length + 1)))
    with connected(asked=param) as made:
        told = made.request.private_data
        assert told[:length] == param.private_data
        assert not any(told[length:])


@pytest.mark.parametrize('length', [0, 1, ANSWERED])
def test_an_answer_carries_data(length):
    param = ConnParam()
    param.set_private_data(bytes(n & 255 for n in range(1, length + 1)))
    with connected(answered=param) as made:
        assert made.answer.private_data[:length] == param.private_data


@pytest.mark.parametrize('length', [ASKED + 1, 255])
def test_a_request_has_no_room_for_more(listener, length):
    with bound_to_peer(listener.port) as active:
        active.create_qp(attributes())
        with fails_with(errno.EINVAL):
            active.connect(ConnParam(data_len=length))


def test_an_answer_has_no_room_for_more(listener):
    with asking(listener) as active, listener.take(qp_init_attr=attributes()) as passive:
        with fails_with(errno.EINVAL):
            passive.accept(ConnParam(data_len=ANSWERED + 1))
        pass_event(active.event_channel, ce.RDMA_CM_EVENT_REJECTED, status=None)


@pytest.mark.parametrize('data', [None, b'', b'no', 'never', bytes(range(REFUSED))])
def test_a_refusal_carries_data(listener, data):
    with asking(listener) as active, listener.take() as passive:
        passive.reject(data)
        told = next_event(active.event_channel, ce.RDMA_CM_EVENT_REJECTED, CONSUMER_REJECT)
        sent = data.encode() if isinstance(data, str) else data or b''
        assert told.private_data[:len(sent)] == sent


def test_a_refusal_has_no_room_for_more(listener):
    with asking(listener) as active, listener.take() as passive:
        with fails_with(errno.EINVAL):
            passive.reject(bytes(REFUSED + 1))
        passive.close()
        pass_event(active.event_channel, ce.RDMA_CM_EVENT_REJECTED, status=None)


@pytest.mark.parametrize('data', [bytes(256), 'x' * 256])
def test_private_data_has_a_length_of_eight_bits(data):
    with pytest.raises(PyverbsUserError, match='255 is most'):
        ConnParam().set_private_data(data)
    with pytest.raises(PyverbsUserError, match='255 is most'):
        CMID().reject(data)


@pytest.mark.parametrize('wrong', [{'resources': 256}, {'depth': -1}, {'retry': 'often'},
                                   {'qp_num': 1 << 32}, {'data_len': -1}, {'data_len': 256}])
def test_parameters_that_cannot_be(wrong):
    with pytest.raises((OverflowError, TypeError, ValueError, PyverbsUserError)):
        ConnParam(**wrong)


def test_parameters_are_printed():
    param = ConnParam(depth=3, qp_num=0x123)
    param.set_private_data('ab')
    text = str(param)
    assert '0x123' in text and '6162' in text and 'initiator depth' in text


def test_the_passive_side_sees_what_it_is_offered(listener):
    with asking(listener, ConnParam(resources=1, depth=1, retry=3, rnr_retry=2)) as active:
        with listener.take(qp_init_attr=attributes()) as passive:
            passive.accept()
            pass_event(active.event_channel, ce.RDMA_CM_EVENT_ESTABLISHED)
            attr, _ = passive.query_qp(e.IBV_QP_RNR_RETRY | e.IBV_QP_RETRY_CNT)
            assert attr.rnr_retry == 2


@pytest.mark.parametrize('depth', [0, 1])
def test_depths_are_those_asked_for(depth):
    param = ConnParam(resources=depth, depth=depth)
    with connected(asked=param, answered=param) as made:
        for end in (made.active, made.passive):
            attr, _ = end.query_qp(e.IBV_QP_MAX_QP_RD_ATOMIC | e.IBV_QP_MAX_DEST_RD_ATOMIC)
            assert (attr.max_rd_atomic, attr.max_dest_rd_atomic) == (depth, depth)


@pytest.mark.parametrize('beyond', [{'resources': 254}, {'depth': 254}])
def test_depths_beyond_the_device(listener, device, beyond):
    assert max(device.attr.max_qp_rd_atom, device.attr.max_qp_init_rd_atom) < 254
    with bound_to_peer(listener.port) as active:
        active.create_qp(attributes())
        with fails_with(errno.EINVAL):
            active.connect(ConnParam(**beyond))


def test_as_much_depth_as_there_is(device):
    most = ConnParam(resources=255, depth=255)
    with connected(asked=most, answered=most) as made:
        attr, _ = made.active.query_qp(e.IBV_QP_MAX_QP_RD_ATOMIC | e.IBV_QP_MAX_DEST_RD_ATOMIC)
        assert attr.max_rd_atomic == min(device.attr.max_qp_init_rd_atom, 255)
        assert attr.max_dest_rd_atomic == min(device.attr.max_qp_rd_atom, 255)


def test_nobody_listens():
    with bound_to_peer(free_port()) as active:
        active.create_qp(attributes())
        active.connect(ConnParam())
        pass_event(active.event_channel, ce.RDMA_CM_EVENT_REJECTED, INVALID_SERVICE)
        attr, _ = active.query_qp(e.IBV_QP_STATE)
        assert attr.qp_state == e.IBV_QPS_ERR


@pytest.mark.long
def test_a_backlog_is_full():
    """Requests beyond those that wait to be heard of are dropped, and come again."""
    with contextlib.closing(Listener(backlog=1)) as full, asking(full), asking(full) as late:
        assert readable(full.channel)
        assert not readable(late.event_channel, 500)
        full.request().close()
        with full.take(qp_init_attr=attributes()) as passive:
            passive.accept()


def test_connecting_twice(listener):
    with asking(listener) as active, fails_with(errno.EINVAL):
        active.connect(ConnParam())


def test_accepting_what_was_not_asked(listener):
    with bound_to_peer(listener.port) as active, fails_with(errno.EINVAL):
        active.accept(ConnParam())


def test_accepting_twice(connection):
    with fails_with(errno.EINVAL):
        connection.passive.accept(ConnParam())


def test_rejecting_what_is_accepted(connection):
    with fails_with(errno.EINVAL, errno.ENOTCONN):
        connection.passive.reject()


@pytest.mark.parametrize('who', ['active', 'passive'])
def test_either_end_ends_it(connection, who):
    one = getattr(connection, who)
    other = connection.passive if who == 'active' else connection.active
    channels = {connection.active: connection.active.event_channel,
                connection.passive: connection.listener.channel}
    one.disconnect()
    pass_event(channels[other], ce.RDMA_CM_EVENT_DISCONNECTED)
    other.disconnect()
    pass_event(channels[one], ce.RDMA_CM_EVENT_DISCONNECTED)
    for end in (one, other):
        attr, _ = end.query_qp(e.IBV_QP_STATE)
        assert attr.qp_state == e.IBV_QPS_ERR


def test_what_was_posted_is_flushed_by_the_end(connection):
    mr = connection.passive.reg_msgs(64)
    connection.passive.post_recv(mr)
    connection.active.disconnect()
    pass_event(connection.listener.channel, ce.RDMA_CM_EVENT_DISCONNECTED)
    connection.passive.disconnect()
    assert connection.passive.get_recv_comp().status == e.IBV_WC_WR_FLUSH_ERR


def test_closing_an_end_ends_it(connection):
    connection.active.close()
    pass_event(connection.listener.channel, ce.RDMA_CM_EVENT_DISCONNECTED)


def test_ends_are_counted_up():
    with connected() as one, connected() as other:
        numbers = {end.qpn for made in (one, other) for end in (made.active, made.passive)}
        assert len(numbers) == 4
        send(one.active, one.passive, b'one')
        send(other.active, other.passive, b'other')


@pytest.mark.parametrize('times', [10])
def test_again_and_again(listener, times):
    for _ in range(times):
        with asking(listener) as active, listener.take(qp_init_attr=attributes()) as passive:
            passive.accept()
            pass_event(active.event_channel, ce.RDMA_CM_EVENT_ESTABLISHED)
            pass_event(listener.channel, ce.RDMA_CM_EVENT_ESTABLISHED)
            active.disconnect()
            pass_event(listener.channel, ce.RDMA_CM_EVENT_DISCONNECTED)


def test_what_a_queue_pair_needs_for_a_state(connection):
    attr, mask = connection.passive.init_qp_attr(e.IBV_QPS_RTS)
    assert isinstance(attr, QPAttr)
    assert attr.qp_state == e.IBV_QPS_RTS
    assert mask & e.IBV_QP_STATE
