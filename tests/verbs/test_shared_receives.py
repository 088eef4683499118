# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Shared receive queues: whom they serve, their limit and its event, and what they refuse."""
import errno

import pytest

import pyverbs.enums as e
from bed.device import asking_for, fails_with, lacking
from bed.end import (ALL_ACCESS, HEADER, HOWS, RC, THERE, UC, UD, End, connect, pattern)
from bed.queue import WAYS
from bed.request import Request, check_received, check_sent, issue
from pyverbs.cq import CQ
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.qp import QP, QPCap, QPInitAttr
from pyverbs.srq import SRQ, SrqAttr, SrqInitAttr, SrqInitAttrEx
from pyverbs.wr import SGE, RecvWR

KINDS = pytest.mark.parametrize('kind', (RC, UC, UD), ids=('RC', 'UC', 'UD'))
SLOT = 4096


class Shared:
    """A shared queue and ends that take their receives from it; all have one domain."""

    def __init__(self, device, kind, count=1, how='post_send', way='poll', size=32, pieces=2):
        first = End(device, UD)  # for its domain and memory
        self.pd, self.mr = first.pd, first.mr
        self.srq = SRQ(self.pd, SrqInitAttr(SrqAttr(size, pieces)))
        self.kind, self.served, self.senders = kind, [], []
        for _ in range(count):
            end = End(device, kind, how, way, beside=first, srq=self.srq, cap=QPCap(16, 0, 4, 0, 0))
            sender = End(device, kind, how, way)
            connect(end, sender)
            self.served.append(end)
            self.senders.append(sender)

    def receive(self, length, wr_id):
        """The slot of memory is that of the number."""
        header = HEADER if self.kind == UD else 0
        piece = self.served[0].sge(length + header, THERE + wr_id * SLOT - header)
        self.srq.post_recv(RecvWR(wr_id, 1, [piece]))


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('way', WAYS)
@KINDS
def test_receives_go_to_whoever_gets_a_message(device, kind, how, way):
    shared = Shared(device, kind, 3, how, way)
    for number in range(9):
        shared.receive(1000, number)
    for number in range(9):
        end, sender = shared.served[number % 3], shared.senders[number % 3]
        data = pattern(500 + number, number)
        sender.write(data)
        request = Request('send_imm', len(data))
        issue(sender, request)
        check_sent(sender.sent.one(), sender, request)
        check_received(end.received.one(), end, request, wr_id=number)
        assert shared.mr.read(len(data), THERE + number * SLOT) == data


@pytest.mark.parametrize('kind', (RC, UC), ids=('RC', 'UC'))
def test_a_write_with_immediate_data_takes_one(device, kind):
    shared = Shared(device, kind)
    shared.receive(0, 5)
    request = Request('write_imm', 300)
    issue(shared.senders[0], request)
    check_received(shared.served[0].received.one(), shared.served[0], request, wr_id=5)


def test_senders_wait_for_an_empty_queue(device):
    shared = Shared(device, RC, 2)
    for sender in shared.senders:
        issue(sender, Request('send', 8))
    assert all(sender.sent.entries() == [] for sender in shared.senders)
    shared.receive(8, 0)
    shared.receive(8, 1)
    for end, sender in zip(shared.served, shared.senders):
        assert sender.sent.one().status == end.received.one().status == e.IBV_WC_SUCCESS


def test_it_laps(device):
    shared = Shared(device, RC, size=4)
    for lap in range(200):
        shared.receive(100, lap % 8)
        issue(shared.senders[0], Request('send', 64))
        shared.senders[0].sent.one()
        assert shared.served[0].received.one().wr_id == lap % 8


def test_its_attributes(device, pd):
    srq = SRQ(pd, SrqInitAttr(SrqAttr(20, 2, 3)))
    told = srq.query()
    assert told.max_wr >= 20 and told.max_sge >= 2
    for limit in (5, 0, told.max_wr):
        srq.modify(SrqAttr(srq_limit=limit), e.IBV_SRQ_LIMIT)
        assert srq.query().srq_limit == limit
    for limit in (told.max_wr + 1, 1 << 31):
        with fails_with(errno.EINVAL):
            srq.modify(SrqAttr(srq_limit=limit), e.IBV_SRQ_LIMIT)
    assert srq.query().srq_limit == told.max_wr


def test_a_change_of_what_nobody_knows(device, pd):
    if not device.family.checks_ranges:
        lacking(f'{device.family.name} does not look at this mask')
    srq = SRQ(pd, SrqInitAttr(SrqAttr(20)))
    for mask in (1 << 10, e.IBV_SRQ_LIMIT | 1 << 30):
        with fails_with(errno.EINVAL):
            srq.modify(SrqAttr(srq_limit=1), mask)
    assert srq.query().srq_limit == 0


def test_its_size_changes_where_the_device_says_so(device, pd):
    srq = SRQ(pd, SrqInitAttr(SrqAttr(20)))
    if device.attr.device_cap_flags & e.IBV_DEVICE_SRQ_RESIZE:
        srq.modify(SrqAttr(max_wr=50), e.IBV_SRQ_MAX_WR)
        assert srq.query().max_wr >= 50
    else:
        with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
            srq.modify(SrqAttr(max_wr=50), e.IBV_SRQ_MAX_WR)
        assert srq.query().max_wr < 50


def test_its_limit_is_told_once(device):
    with device.again() as context:
        own = End(device, UD, context=context)
        srq = SRQ(own.pd, SrqInitAttr(SrqAttr(16, 1)))
        end, sender = End(device, RC, beside=own, srq=srq, context=context), End(device, RC)
        connect(end, sender)
        for number in range(4):
            srq.post_recv(RecvWR(number, 1, [own.sge(8)]))
        srq.modify(SrqAttr(srq_limit=3), e.IBV_SRQ_LIMIT)
        for number in range(3):
            issue(sender, Request('send', 8))
            assert sender.sent.one().status == end.received.one().status == e.IBV_WC_SUCCESS
        event = context.get_async_event()
        assert event.event_type == e.IBV_EVENT_SRQ_LIMIT_REACHED
        event.ack()
        assert srq.query().srq_limit == 0


def test_it_is_full(device, pd, mr):
    srq = SRQ(pd, SrqInitAttr(SrqAttr(5, 1)))
    room, chain, bad = srq.query().max_wr, None, RecvWR()
    for number in reversed(range(room + 1)):
        chain = RecvWR(number, 1, [SGE(mr.buf, 1, mr.lkey)], chain)
    with fails_with(errno.ENOMEM):
        srq.post_recv(chain, bad)
    assert bad.wr_id == room


def test_more_pieces_than_it_takes(device, pd, mr):
    srq = SRQ(pd, SrqInitAttr(SrqAttr(5, 2)))
    pieces = [SGE(mr.buf, 1, mr.lkey)] * (srq.query().max_sge + 1)
    with fails_with(errno.EINVAL):
        srq.post_recv(RecvWR(1, len(pieces), pieces))
    srq.post_recv(RecvWR(1, len(pieces) - 1, pieces))


@KINDS
def test_its_queue_pairs_take_no_receives_themselves(device, kind):
    shared = Shared(device, kind)
    with fails_with(errno.EINVAL, errno.ENOMEM):
        shared.served[0].receive(8)


def test_a_bad_receive_hits_the_one_who_takes_it(device):
    shared = Shared(device, RC, 2)
    piece = shared.served[0].sge(8)
    piece.lkey ^= 0xff00
    shared.srq.post_recv(RecvWR(1, 1, [piece]))
    shared.receive(8, 2)
    issue(shared.senders[0], Request('send', 8))
    assert device.family.means(shared.senders[0].sent.one().status, e.IBV_WC_REM_OP_ERR)
    came = shared.served[0].received.one()
    assert came.wr_id == 1 and device.family.means(came.status, e.IBV_WC_LOC_PROT_ERR)
    issue(shared.senders[1], Request('send', 8))
    assert shared.served[1].received.one().wr_id == 2


def test_errors_of_one_leave_the_receives_to_others(device):
    shared = Shared(device, RC, 2)
    for number in range(3):
        shared.receive(8, number)
    shared.served[0].fail()
    issue(shared.senders[1], Request('send', 8))
    assert shared.served[1].received.one().wr_id == 0
    assert shared.served[0].received.entries() == []


def test_one_of_a_context(device, context, pd):
    attr = SrqInitAttrEx(30)
    attr.comp_mask = e.IBV_SRQ_INIT_ATTR_PD | e.IBV_SRQ_INIT_ATTR_TYPE
    attr.srq_type, attr.pd = e.IBV_SRQT_BASIC, pd
    with asking_for('shared queues of a context'):
        assert SRQ(context, attr).query().max_wr >= 30


def test_one_of_another_domain_serves_as_well(device):
    """The keys of its receives count in its own domain, IBTA vol. 1, 10.2.9.4."""
    pd = PD(device.context)
    mr, srq = MR(pd, 4096, ALL_ACCESS), SRQ(pd, SrqInitAttr(SrqAttr(4)))
    end, sender = End(device, RC, srq=srq), End(device, RC)
    connect(end, sender)
    srq.post_recv(RecvWR(1, 1, [SGE(mr.buf, 8, mr.lkey)]))
    sender.write(b'12345678')
    issue(sender, Request('send', 8))
    if end.received.one().status:
        lacking('the device looks for the keys in the domain of the queue pair')
    assert mr.read(8, 0) == b'12345678'


def test_a_queue_pair_of_it_needs_no_receive_sizes(device, pd, cq):
    srq = SRQ(pd, SrqInitAttr(SrqAttr(4)))
    qp = QP(pd, QPInitAttr(RC, scq=cq, rcq=cq, srq=srq, cap=QPCap(4, 0, 1, 0)))
    assert qp.query(e.IBV_QP_CAP)[0].cap.max_recv_wr == 0
    other = CQ(device.context, 4)
    other.close()
