# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ids for datagrams: who serves a port is asked, nothing is connected; and groups of multicast."""
import contextlib
import errno

import pytest

import pyverbs.enums as e
import pyverbs.librdmacm_enums as ce
from bed.connection import (ADDRESS, GROUP, Listener, attributes, bound_to_peer, free_port, here,
                            next_event, pass_event, there)
from bed.device import fails_with
from pyverbs.addr import AH
from pyverbs.cmid import CMID, AddrInfo, CMEventChannel, ConnParam, JoinMCAttrEx, UDParam
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError

pytestmark = pytest.mark.usefixtures('address')

UDP, UD = ce.RDMA_PS_UDP, e.IBV_QPT_UD
QKEY = 0x01234567
GRH = 40
ASKED, ANSWERED = 180, 136  # IBTA vol. 1, 12.11
BOTH = ce.RDMA_CM_JOIN_MC_ATTR_ADDRESS | ce.RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS


class Service:
    """A listener that answers with its queue pair, and who has asked it."""

    def __init__(self, asked=None, answered=None):
        self.listener = Listener(UDP)
        self.active = bound_to_peer(self.listener.port, UDP)
        self.active.create_qp(attributes(UD))
        self.active.connect(asked or ConnParam())
        self.request = self.listener.request()
        self.passive = CMID(self.request, attributes(UD), listen_id=self.listener.id)
        self.passive.accept(answered or ConnParam(qp_num=self.passive.qpn))
        self.answer = next_event(self.active.event_channel, ce.RDMA_CM_EVENT_ESTABLISHED)
        self.peer = UDParam(self.answer)

    def close(self):
        self.active.close()
        self.passive.close()
        self.listener.close()


@pytest.fixture
def service():
    with contextlib.closing(Service()) as made:
        yield made


def data_of(length):
    param = ConnParam()
    param.set_private_data(bytes(n & 255 for n in range(1, length + 1)))
    return param


def test_what_the_answer_tells(service):
    assert (service.peer.qp_num, service.peer.qkey) == (service.passive.qpn, QKEY)
    assert service.peer.ah_attr.port_num == 1
    assert 'qp_num' in str(service.peer)


def test_a_datagram_goes_there(service):
    theirs, ours = service.passive.reg_msgs(GRH + 64), service.active.reg_msgs(64)
    service.passive.post_recv(theirs)
    ours.write(b'hello', 5)
    with AH(service.active.pd, attr=service.peer.ah_attr) as route:
        service.active.post_ud_send(ours, route, service.peer.qp_num, length=5)
        assert service.active.get_send_comp().status == e.IBV_WC_SUCCESS
        done = service.passive.get_recv_comp()
    assert (done.status, done.byte_len, done.src_qp) == (e.IBV_WC_SUCCESS, GRH + 5,
                                                         service.active.qpn)
    assert theirs.read(5, GRH) == b'hello'


def test_a_queue_pair_is_ready_at_once():
    with bound_to_peer(free_port(), UDP) as one:
        one.create_qp(attributes(UD))
        attr, _ = one.query_qp(e.IBV_QP_STATE)
        assert attr.qp_state == e.IBV_QPS_RTS


@pytest.mark.parametrize('length', [1, ASKED])
def test_the_question_carries_data(length):
    with contextlib.closing(Service(asked=data_of(length))) as made:
        assert made.request.private_data[:length] == data_of(length).private_data


@pytest.mark.parametrize('length', [1, ANSWERED])
def test_the_answer_carries_data(length):
    param = data_of(length)
    with contextlib.closing(Service(answered=param)) as made:
        assert made.answer.private_data[:length] == param.private_data


def test_the_question_has_no_room_for_more():
    with bound_to_peer(free_port(), UDP) as one, fails_with(errno.EINVAL):
        one.connect(data_of(ASKED + 1))


def test_nobody_serves():
    with bound_to_peer(free_port(), UDP) as one:
        one.connect(ConnParam())
        told = next_event(one.event_channel, ce.RDMA_CM_EVENT_UNREACHABLE, status=None)
        assert told.status != 0


@pytest.mark.parametrize('data', [None, b'no'])
def test_the_server_says_no(data):
    with contextlib.closing(Listener(UDP)) as listener, bound_to_peer(listener.port, UDP) as one:
        one.connect(ConnParam())
        with listener.take() as request:
            request.reject(data)
            told = next_event(one.event_channel, ce.RDMA_CM_EVENT_UNREACHABLE, status=None)
            assert told.private_data[:len(data or b'')] == (data or b'')


def test_ids_that_wait():
    port = free_port()
    with CMID(here(port, UDP), attributes(UD)) as listener, CMID(there(port, UDP)) as one:
        listener.listen()
        assert one.dev_name == listener.dev_name
        one.create_qp(attributes(UD))
        assert one.qpn is not None


# Multicast


def group(**more):
    return AddrInfo(dst=GROUP, port_space=UDP, **more)


def member(channel):
    """-> an id that may join"""
    one = CMID(channel, port_space=UDP)
    one.bind_addr(here(free_port(), UDP))
    one.resolve_addr(group())
    pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
    one.create_qp(attributes(UD))
    return one


@pytest.fixture
def told(channel):
    """One that hears of it"""
    with member(channel) as one:
        yield one


def test_joining_is_told(told):
    told.join_multicast(group())
    event = next_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
    where = UDParam(event)
    assert (where.qp_num, where.qkey) == (0xffffff, QKEY)
    assert where.ah_attr.is_global
    told.leave_multicast(group())


@pytest.mark.parametrize('flags', [ce.RDMA_MC_JOIN_FLAG_FULLMEMBER,
                                   ce.RDMA_MC_JOIN_FLAG_SENDONLY_FULLMEMBER],
                         ids=lambda flag: flag.name)
def test_joining_with_attributes(told, flags):
    try:
        told.join_multicast(mc_attr=JoinMCAttrEx(group(), BOTH, flags))
    except PyverbsRDMAError as error:
        # Nobody sends only where no subnet administrator counts members.
        assert flags and error.error_code == errno.EOPNOTSUPP
        return
    pass_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
    told.leave_multicast(group())


def test_members_hear_what_is_sent(told):
    with CMEventChannel() as channel, member(channel) as other:
        for one in (told, other):
            one.join_multicast(group())
        where = UDParam(next_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN))
        pass_event(channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
        theirs, ours = other.reg_msgs(GRH + 64), told.reg_msgs(64)
        other.post_recv(theirs)
        ours.write(b'to all', 6)
        with AH(told.pd, attr=where.ah_attr) as route:
            told.post_ud_send(ours, route, where.qp_num, length=6)
            assert told.get_send_comp().status == e.IBV_WC_SUCCESS
            done = other.get_recv_comp()
        assert (done.status, done.src_qp) == (e.IBV_WC_SUCCESS, told.qpn)
        assert theirs.read(6, GRH) == b'to all'


def test_joining_twice(told):
    told.join_multicast(group())
    pass_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
    told.leave_multicast(group())
    told.join_multicast(group())
    pass_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
    told.leave_multicast(group())


def test_leaving_what_was_not_joined(told):
    with fails_with(errno.EADDRNOTAVAIL):
        told.leave_multicast(group())


def test_closing_leaves(told):
    for name in (GROUP, '239.1.2.4'):
        told.join_multicast(AddrInfo(dst=name, port_space=UDP))
        next_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
    told.close()


def test_leaving_before_the_event_is_taken(told):
    told.join_multicast(group())
    told.leave_multicast(group())


def test_leaving_acknowledges(told):
    told.join_multicast(group())
    event = next_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
    told.leave_multicast(group())
    with pytest.raises(PyverbsUserError, match='already'):
        event.ack_cm_event()


@pytest.mark.parametrize('arguments', [{}, {'addr': True, 'mc_attr': True}])
def test_by_an_address_or_by_attributes(told, arguments):
    given = {name: group() if name == 'addr' else JoinMCAttrEx(group()) for name in arguments}
    with pytest.raises(PyverbsUserError, match='by an address or by attributes'):
        told.join_multicast(**given)


@pytest.mark.parametrize('mask, flags, code', [
    (0, 0, errno.EINVAL), (ce.RDMA_CM_JOIN_MC_ATTR_ADDRESS, 0, errno.EINVAL),
    (ce.RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS, 0, errno.EINVAL), (BOTH, 2, errno.EINVAL),
    (BOTH | 4, 0, errno.EOPNOTSUPP), (0xffffffff, 0, errno.EOPNOTSUPP)])
def test_attributes_that_cannot_be(told, mask, flags, code):
    with fails_with(code):
        told.join_multicast(mc_attr=JoinMCAttrEx(group(), mask, flags))


def test_attributes_are_members():
    attr = JoinMCAttrEx(group(), BOTH, 1)
    assert (attr.comp_mask, attr.join_flags) == (BOTH, 1)
    attr.join_flags = 0
    assert attr.join_flags == 0
    with pytest.raises(TypeError):
        JoinMCAttrEx(None)


def test_an_id_without_a_device_joins_nothing(channel):
    with CMID(channel, port_space=UDP) as one, pytest.raises(PyverbsRDMAError):
        one.join_multicast(group())


def test_connections_join_nothing(connection):
    with pytest.raises(PyverbsRDMAError):
        connection.active.join_multicast(group())


def test_the_context_is_any_number(told):
    told.join_multicast(group(), context=(1 << 64) - 1)
    pass_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
    with pytest.raises(OverflowError):
        told.join_multicast(group(), context=-1)


def test_where_the_group_is_given_does_not_matter(told):
    told.join_multicast(AddrInfo(src=GROUP, port_space=UDP, flags=ce.RAI_PASSIVE))
    pass_event(told.event_channel, ce.RDMA_CM_EVENT_MULTICAST_JOIN)
    told.leave_multicast(group())


def test_the_address_is_the_devices(told, address):
    assert told.dev_name is not None and address == ADDRESS
