# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections for queue pairs that the library has not made: the program moves them through their
states, with the attributes that the connection manager knows; and what their ends tell each other
about enhanced connection establishment."""
import contextlib
import errno

import pytest

import pyverbs.enums as e
import pyverbs.librdmacm_enums as ce
from bed.connection import (Listener, attributes, bound_to_peer, free_port, next_event, pass_event,
                            there)
from bed.device import asking_for, fails_with
from pyverbs.cmid import CMID, ConnParam
from pyverbs.cq import CQ
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsUserError
from pyverbs.qp import ECE, QP, QPCap, QPInitAttr, QPInitAttrEx
from pyverbs.srq import SRQ, SrqInitAttr, SrqInitAttrEx
from pyverbs.wr import SGE, RecvWR, SendWR
from pyverbs.xrcd import XRCD, XRCDInitAttr

pytestmark = pytest.mark.usefixtures('address')

VENDOR = 0x15b3


class OwnPair:
    """A queue pair, its queue and memory."""

    def __init__(self, context, kind=e.IBV_QPT_RC, srq=None):
        self.pd, self.cq = PD(context), CQ(context, 16)
        self.mr = MR(self.pd, 64, e.IBV_ACCESS_LOCAL_WRITE)
        self.qp = QP(self.pd, QPInitAttr(kind, scq=self.cq, rcq=self.cq, cap=QPCap(4, 4, 1, 1, 0),
                                         srq=srq))

    def sge(self):
        return SGE(self.mr.buf, 64, self.mr.lkey)

    def move(self, cmid, *states):
        for state in states:
            self.qp.modify(*cmid.init_qp_attr(state))

    def completion(self):
        while True:
            count, done = self.cq.poll(1)
            if count:
                return done[0]

    def close(self):
        for thing in (self.qp, self.mr, self.cq, self.pd):
            thing.close()


class Connected:
    """Two ends with queue pairs of the program's own."""

    def __init__(self, ece=None):
        self.listener = Listener()
        self.active = bound_to_peer(self.listener.port)
        self.ours = OwnPair(self.active.context)
        if ece:
            self.active.set_local_ece(ece)
        self.active.connect(ConnParam(qp_num=self.ours.qp.qp_num))
        self.passive = CMID(self.listener.request(), listen_id=self.listener.id)
        self.theirs = OwnPair(self.passive.context)
        self.theirs.move(self.passive, e.IBV_QPS_INIT, e.IBV_QPS_RTR, e.IBV_QPS_RTS)
        if ece:
            self.passive.set_local_ece(self.passive.get_remote_ece())
        self.passive.accept(ConnParam(qp_num=self.theirs.qp.qp_num))
        self.answer = next_event(self.active.event_channel, ce.RDMA_CM_EVENT_CONNECT_RESPONSE)
        self.ours.move(self.active, e.IBV_QPS_INIT, e.IBV_QPS_RTR, e.IBV_QPS_RTS)
        self.active.establish()
        pass_event(self.listener.channel, ce.RDMA_CM_EVENT_ESTABLISHED)

    def close(self):
        for end in (self.active, self.passive, self.listener, self.ours, self.theirs):
            end.close()


@pytest.fixture
def connected():
    with contextlib.closing(Connected()) as made:
        yield made


def test_messages_arrive(connected):
    connected.theirs.qp.post_recv(RecvWR(1, 1, [connected.theirs.sge()]))
    connected.ours.mr.write(b'by hand', 7)
    connected.ours.qp.post_send(SendWR(2, num_sge=1, sg=[connected.ours.sge()]))
    assert connected.ours.completion().status == e.IBV_WC_SUCCESS
    assert connected.theirs.completion().wr_id == 1
    assert connected.theirs.mr.read(7, 0) == b'by hand'


def test_they_know_each_other(connected):
    attr, _ = connected.ours.qp.query(e.IBV_QP_DEST_QPN)
    assert attr.dest_qp_num == connected.theirs.qp.qp_num
    assert connected.active.qpn is None


@pytest.mark.parametrize('end', ['active', 'passive'])
def test_ids_have_no_queue_pair(connected, end):
    one = getattr(connected, end)
    with pytest.raises(PyverbsUserError, match='no QP'):
        one.query_qp(e.IBV_QP_STATE)


def test_either_end_ends_it(connected):
    connected.active.disconnect()
    pass_event(connected.listener.channel, ce.RDMA_CM_EVENT_DISCONNECTED)
    connected.passive.disconnect()
    pass_event(connected.active.event_channel, ce.RDMA_CM_EVENT_DISCONNECTED)
    attr, _ = connected.ours.qp.query(e.IBV_QP_STATE)
    assert attr.qp_state == e.IBV_QPS_RTS  # the program's business


def test_establishing_is_for_pairs_of_ones_own(connection):
    with fails_with(errno.EINVAL):
        connection.active.establish()


def test_establishing_too_early(channel):
    with CMID(channel) as one, fails_with(errno.EINVAL):
        one.establish()


@pytest.mark.parametrize('state', [e.IBV_QPS_INIT, e.IBV_QPS_RTR, e.IBV_QPS_RTS])
def test_attributes_before_there_is_a_device(channel, state):
    with CMID(channel) as one, fails_with(errno.EINVAL):
        one.init_qp_attr(state)


@pytest.mark.parametrize('state', [e.IBV_QPS_RESET, e.IBV_QPS_ERR, e.IBV_QPS_SQD])
def test_states_that_no_connection_leads_to(connected, state):
    with fails_with(errno.EINVAL):
        connected.active.init_qp_attr(state)


@pytest.mark.parametrize('state', ['ready', None])
def test_states_that_are_none(connected, state):
    with pytest.raises((TypeError, PyverbsUserError)):
        connected.active.init_qp_attr(state)


def test_init_wants_port_key_and_access():
    with bound_to_peer(free_port()) as one:
        attr, mask = one.init_qp_attr(e.IBV_QPS_INIT)
        assert mask == (e.IBV_QP_STATE | e.IBV_QP_PKEY_INDEX | e.IBV_QP_PORT
                        | e.IBV_QP_ACCESS_FLAGS)
        assert (attr.port_num, attr.pkey_index) == (1, 0)


def test_a_shared_receive_queue_of_an_id(listener):
    with bound_to_peer(listener.port) as active:
        active.create_qp(attributes())
        active.connect(ConnParam())
        request = listener.request()
        pd = PD(active.context)
        srq = SRQ(pd, SrqInitAttr())
        with CMID(request, attributes(srq=srq), pd=pd, listen_id=listener.id) as passive:
            passive.accept()
            pass_event(active.event_channel, ce.RDMA_CM_EVENT_ESTABLISHED)
            memory = MR(pd, 64, e.IBV_ACCESS_LOCAL_WRITE)
            srq.post_recv(RecvWR(7, 1, [SGE(memory.buf, 64, memory.lkey)]))
            ours = active.reg_msgs(64)
            active.post_send(ours)
            done = passive.get_recv_comp()
            assert (done.status, done.wr_id) == (e.IBV_WC_SUCCESS, 7)
        srq.close()
        pd.close()


def test_extended_reliable_connections(listener):
    """The receiving half of the passive side, the sending half of the active one."""
    with bound_to_peer(listener.port) as active:
        context = active.context
        with asking_for('XRC'):
            domain = XRCD(context, XRCDInitAttr(e.IBV_XRCD_INIT_ATTR_FD
                                                | e.IBV_XRCD_INIT_ATTR_OFLAGS, 0o100, -1))
        ours = OwnPair(context, e.IBV_QPT_XRC_SEND)
        active.connect(ConnParam(srq=1, qp_num=ours.qp.qp_num))
        with listener.take() as passive:
            pd, cq = PD(context), CQ(context, 16)
            init = SrqInitAttrEx(max_wr=4)
            init.comp_mask = (e.IBV_SRQ_INIT_ATTR_TYPE | e.IBV_SRQ_INIT_ATTR_PD
                              | e.IBV_SRQ_INIT_ATTR_CQ | e.IBV_SRQ_INIT_ATTR_XRCD)
            init.srq_type, init.pd, init.cq, init.xrcd = e.IBV_SRQT_XRC, pd, cq, domain
            srq = SRQ(context, init)
            half = QP(context, QPInitAttrEx(e.IBV_QPT_XRC_RECV, xrcd=domain,
                                            comp_mask=e.IBV_QP_INIT_ATTR_XRCD))
            for state in (e.IBV_QPS_INIT, e.IBV_QPS_RTR):
                half.modify(*passive.init_qp_attr(state))
            passive.accept(ConnParam(srq=1, qp_num=half.qp_num))
            pass_event(active.event_channel, ce.RDMA_CM_EVENT_CONNECT_RESPONSE)
            ours.move(active, e.IBV_QPS_INIT, e.IBV_QPS_RTR, e.IBV_QPS_RTS)
            active.establish()
            for thing in (half, srq, cq, pd):
                thing.close()
        ours.close()
        domain.close()


# Enhanced connection establishment


def test_each_side_tells_the_other():
    with contextlib.closing(Connected(ECE(VENDOR, 0x10))) as made:
        for end in (made.active, made.passive):
            told = end.get_remote_ece()
            assert (told.vendor_id, told.options) == (VENDOR, 0x10)


def test_nothing_is_told_where_nothing_was_said(connected):
    for end in (connected.active, connected.passive):
        told = end.get_remote_ece()
        assert (told.vendor_id, told.options) == (0, 0)


def test_ece_wants_a_vendor(channel):
    with CMID(channel) as one, fails_with(errno.EINVAL):
        one.set_local_ece(ECE(0, 1))


@pytest.mark.parametrize('wrong', [None, 5])
def test_ece_is_an_object(channel, wrong):
    with CMID(channel) as one, pytest.raises(TypeError):
        one.set_local_ece(wrong)


def test_ece_of_the_librarys_queue_pairs():
    with CMID(there(free_port()), attributes()) as one:
        with fails_with(errno.EINVAL):
            one.set_local_ece(ECE(VENDOR, 1))
        with fails_with(errno.EINVAL):
            one.get_remote_ece()
