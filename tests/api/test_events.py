# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Events: of completion queues, of ports, of queues; acknowledged or not."""
import errno
import os
import signal
import threading

import pytest

import pyverbs.device as d
import pyverbs.enums as e
from bed import fails_with, pair, readable, softhca
from pyverbs.cq import CQ, CompChannel
from pyverbs.mr import MR
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError
from pyverbs.qp import QP, QPAttr, QPCap, QPInitAttr
from pyverbs.srq import SRQ, SrqAttr, SrqInitAttr
from pyverbs.wr import RecvWR, SendWR


def send(side, peer, flags=e.IBV_SEND_SIGNALED):
    peer.receive(8)
    side.qp.post_send(SendWR(1, num_sge=1, sg=[side.sge(8)], send_flags=flags))


def announced(channel):
    return readable(channel.fd, 0)


def test_an_armed_queue_announces_one_completion(context):
    side, peer = pair(context, way='event')
    channel, cq = peer.received.channel, peer.received.cq
    send(side, peer)
    channel.get_cq_event(cq)
    cq.ack_events(1)
    send(side, peer)
    side.sent.take(2)
    assert not announced(channel)
    cq.req_notify()
    assert len(peer.received.take(2)) == 2


def test_a_queue_armed_for_solicited_messages_ignores_others(context):
    side, peer = pair(context, way='event')
    channel, cq = peer.received.channel, peer.received.cq
    send(side, peer)
    channel.get_cq_event(cq)
    peer.received.entries()
    cq.req_notify(solicited_only=True)
    send(side, peer)
    side.sent.take(2)
    assert not announced(channel)
    send(side, peer, e.IBV_SEND_SIGNALED | e.IBV_SEND_SOLICITED)
    channel.get_cq_event(cq)


def test_more_acknowledged_than_taken_is_refused(context):
    side, peer = pair(context, way='event')
    send(side, peer)
    peer.received.channel.get_cq_event(peer.received.cq)
    with pytest.raises(PyverbsUserError, match='2 events'):
        peer.received.cq.ack_events(2)
    peer.received.cq.ack_events(1)
    with pytest.raises(PyverbsUserError):
        peer.received.cq.ack_events(1)


def test_a_queue_closes_with_events_that_nobody_acknowledged(context):
    side, peer = pair(context, way='event')
    send(side, peer)
    peer.received.channel.get_cq_event(peer.received.cq)
    peer.received.cq.close()


def test_an_event_of_another_queue_is_an_error_and_is_not_lost(context):
    channel = CompChannel(context)
    side, peer = pair(context, way='event')
    other = CQ(context, 10, None, channel)
    send(side, peer)
    with pytest.raises(PyverbsRDMAError, match='expected'):
        peer.received.channel.get_cq_event(other)
    peer.received.cq.ack_events(1)


def test_a_signal_interrupts_waiting(context):
    class Rung(Exception):
        pass

    def ring(*_):
        raise Rung

    channel = CompChannel(context)
    before = signal.signal(signal.SIGALRM, ring)
    try:
        for waits in (lambda: channel.get_cq_event(None), context.get_async_event):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(Rung):
                waits()
    finally:
        signal.signal(signal.SIGALRM, before)
    channel.close()


def test_a_channel_that_must_not_wait_says_so(context):
    channel = CompChannel(context)
    os.set_blocking(channel.fd, False)
    with fails_with(errno.EAGAIN):
        channel.get_cq_event(None)


def test_the_link_going_down_and_up_are_events(context):
    softhca('link', 'down')
    event = context.get_async_event()
    assert event.event_type == e.IBV_EVENT_PORT_ERR and 'PORT_ERR' in str(event)
    event.ack()
    assert context.query_port(1).state == e.IBV_PORT_DOWN
    softhca('link', 'up')
    event = context.get_async_event()
    assert event.event_type == e.IBV_EVENT_PORT_ACTIVE
    event.ack()
    event.ack()


def limit_event(context, pd):
    """-> an SRQ and the event that it has fewer receives than its limit"""
    side, peer = pair(context)
    srq = SRQ(pd, SrqInitAttr(SrqAttr(10)))
    qp = QP(pd, QPInitAttr(e.IBV_QPT_RC, scq=peer.sent.cq, rcq=peer.received.cq, srq=srq,
                           cap=QPCap(1, 0, 1, 0)))
    peer.qp.close()
    peer.qp, peer.pd = qp, pd
    peer.mr = MR(pd, 4096, e.IBV_ACCESS_LOCAL_WRITE)
    side.qp.modify(QPAttr(qp_state=e.IBV_QPS_RESET), e.IBV_QP_STATE)
    for one, other in ((side, peer), (peer, side)):
        one.qp.to_rts(one.attributes(other))
    for number in range(2):
        srq.post_recv(RecvWR(number, 1, [peer.sge(8, 0)]))
    srq.modify(SrqAttr(srq_limit=2), e.IBV_SRQ_LIMIT)
    side.qp.post_send(SendWR(1, num_sge=1, sg=[side.sge(8)]))
    return srq, context.get_async_event()


@pytest.mark.parametrize('end', ('acknowledged', 'forgotten', 'open'))
def test_an_srq_closes_whatever_became_of_its_event(context, pd, end):
    srq, event = limit_event(context, pd)
    assert event.event_type == e.IBV_EVENT_SRQ_LIMIT_REACHED
    if end == 'acknowledged':
        event.ack()
    elif end == 'forgotten':
        del event
    closing = threading.Thread(target=srq.close, daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive(), 'closing waits for an acknowledgement that will not come'
    if end == 'open':
        event.ack()


def test_event_objects_of_the_program_are_harmless():
    event = d.AsyncEvent(e.IBV_EVENT_CQ_ERR)
    event.ack()
    assert event.event_type == e.IBV_EVENT_CQ_ERR
