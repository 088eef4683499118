# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Completion queues: what they hold, how they grow, whom they wake, and how they are read."""
import errno
import os

import pytest

import pyverbs.enums as e
from bed.device import asking_for, fails_with, lacking
from bed.end import HOWS, RC, UC, UD, End, pair
from bed.queue import WAYS, Queue, readable
from bed.request import Request, check_received, issue
from pyverbs.cq import CQ, CQEX, CompChannel, CqInitAttrEx, PollCqAttr
from pyverbs.pyverbs_error import PyverbsUserError
from pyverbs.qp import QP, QPCap, QPInitAttr

WAY = pytest.mark.parametrize('way', WAYS)
SOLICITED = e.IBV_SEND_SIGNALED | e.IBV_SEND_SOLICITED


def failing(end, count):
    """Requests that complete at once, with an error, in the error state."""
    end.fail()
    for number in range(count):
        issue(end, Request('send', 8, wr_id=number))


@WAY
def test_an_empty_queue(context, way):
    queue = Queue(context, way)
    assert queue.entries() == [] == queue.entries()


@pytest.mark.parametrize('batch', (1, 3, 16, 17, 200))
def test_as_many_at_a_time_as_asked_for(device, batch):
    end, _ = pair(device)
    failing(end, 20)
    found = []
    while len(found) < 20:
        count, entries = end.sent.cq.poll(batch)
        assert count == len(entries) <= batch
        found += entries
    assert [one.wr_id for one in found] == list(range(20))
    assert end.sent.cq.poll(batch) == (0, [])


def test_entries_in_order_over_many_laps(device):
    """The ring wraps, and with it the bit that tells new entries from old ones."""
    end, _ = pair(device, cap=QPCap(8, 8, 1, 1, 0))
    with asking_for('resizing'):
        end.sent.cq.resize(8)
    for lap in range(100):
        requests = [Request('write', 8, wr_id=10 * lap + number) for number in range(7)]
        issue(end, *requests)
        assert [done.wr_id for done in end.sent.take(7)] == [one.wr_id for one in requests]


@pytest.mark.parametrize('there', (0, 1, 15))
def test_growing_keeps_what_is_there(device, there):
    end, _ = pair(device)
    failing(end, there)
    for size in (1000, 300, 64):
        with asking_for('resizing'):
            end.sent.cq.resize(size)
        assert end.sent.cq.cqe >= size
    assert [done.wr_id for done in end.sent.entries()] == list(range(there))
    issue(end, Request('send', 8, wr_id=99))
    assert end.sent.one().wr_id == 99


def test_sizes_that_it_cannot_have(device):
    end, _ = pair(device)
    failing(end, 20)
    with asking_for('resizing'):
        end.sent.cq.resize(200)
    for size in (0, device.attr.max_cqe + 1):
        with fails_with(errno.EINVAL):
            end.sent.cq.resize(size)
    with fails_with(errno.EINVAL):
        end.sent.cq.resize(3)
    assert len(end.sent.take(20)) == 20


def test_completions_of_a_queue_pair_go_with_it(device):
    end = End(device)
    shared = CQ(device.context, 100)
    made = [QP(end.pd, QPInitAttr(RC, scq=shared, rcq=shared, cap=QPCap(8, 8))) for _ in range(2)]
    for qp in made:
        end.qp, end.how = qp, 'post_send'
        end.connect(end.address())
        failing(end, 3)
    numbers = [qp.qp_num for qp in made]
    made[0].close()
    entries = shared.poll(20)[1]
    if device.family.no_purge:
        lacking(device.family.no_purge)
    assert [one.qp_num for one in entries] == [numbers[1]] * 3


# Events

def announced(queue):
    return readable(queue.channel.fd, 0)


def send(end, peer, flags=e.IBV_SEND_SIGNALED):
    peer.receive(8)
    issue(end, Request('send', 8, flags=flags))
    end.sent.one()


@pytest.fixture
def listening(device):
    """-> a polling end, and one that waits for events"""
    end, peer = End(device), End(device, way='event')
    end.connect(peer.address()), peer.connect(end.address())
    return end, peer


def test_one_event_for_each_arming(listening):
    end, peer = listening
    queue = peer.received
    send(end, peer)
    queue.channel.get_cq_event(queue.cq)
    send(end, peer)
    assert not announced(queue)
    queue.cq.ack_events(1)
    queue.cq.req_notify()
    assert len(queue.entries()) == 2
    send(end, peer)
    queue.wait()
    assert len(queue.entries()) == 1


def test_a_solicited_one_only(listening):
    end, peer = listening
    queue = peer.received
    send(end, peer)
    queue.wait()
    queue.entries()
    send(end, peer)  # uses up that it is armed for all
    queue.channel.get_cq_event(queue.cq)
    queue.cq.ack_events(1)
    queue.entries()
    queue.cq.req_notify(solicited_only=True)
    send(end, peer)
    assert not announced(queue)
    send(end, peer, SOLICITED)
    assert readable(queue.channel.fd, 20)
    queue.channel.get_cq_event(queue.cq)
    queue.cq.ack_events(1)
    assert len(queue.entries()) == 2


def test_an_error_is_worth_an_event_to_those_who_want_solicited_ones(device):
    end = End(device, way='event')
    end.connect(end.address())
    queue = end.received
    end.receive(8)
    queue.cq.req_notify(solicited_only=True)
    end.fail()
    assert readable(queue.channel.fd, 20)
    queue.channel.get_cq_event(queue.cq)
    queue.cq.ack_events(1)
    assert queue.one_now().status == e.IBV_WC_WR_FLUSH_ERR


def test_several_queues_announce_on_one_channel(device, context):
    channel, ends = CompChannel(context), []
    for _ in range(3):
        end = End(device, context=context)
        cq = CQ(context, 10, None, channel)
        cq.req_notify()
        end.qp = QP(end.pd, QPInitAttr(UD, scq=cq, rcq=cq, cap=QPCap(4, 4)))
        end.kind, end.sent.cq = UD, cq
        end.connect(end.address())
        ends.append(end)
    for end in reversed(ends):
        issue(end, Request('send', 8))
        channel.get_cq_event(end.sent.cq)
        end.sent.cq.ack_events(1)
        assert end.sent.one().status == e.IBV_WC_SUCCESS


def test_a_channel_that_does_not_wait(context):
    channel = CompChannel(context)
    os.set_blocking(channel.fd, False)
    with fails_with(errno.EAGAIN):
        channel.get_cq_event(None)


# Entry by entry

@pytest.mark.parametrize('kind', (RC, UC, UD), ids=('RC', 'UC', 'UD'))
@pytest.mark.parametrize('how', HOWS)
def test_an_entry_says_what_a_plain_queue_says(device, kind, how):
    found = []
    for way in ('poll', 'extended'):
        end, peer = pair(device, kind, how, way)
        peer.receive(100)
        request = Request('send_imm', 100)
        issue(end, request)
        end.sent.one()
        came = peer.received.one()
        check_received(came, peer, request)
        found.append(came._replace(qp_num=0, src_qp=0, vendor_err=0))
    assert found[0] == found[1]


@pytest.mark.parametrize('flag, read', (
    (e.IBV_WC_EX_WITH_BYTE_LEN, 'byte_len'), (e.IBV_WC_EX_WITH_IMM, 'imm_data'),
    (e.IBV_WC_EX_WITH_QP_NUM, 'qp_num'), (e.IBV_WC_EX_WITH_SRC_QP, 'src_qp'),
    (e.IBV_WC_EX_WITH_SLID, 'slid'), (e.IBV_WC_EX_WITH_SL, 'sl'),
    (e.IBV_WC_EX_WITH_DLID_PATH_BITS, 'dlid_path_bits')))
def test_each_member_alone(device, flag, read):
    """Asked for alone it is read, and the others cannot be."""
    cq, end = CQEX(device.context, CqInitAttrEx(10, wc_flags=flag)), End(device, UD)
    end.qp = QP(end.pd, QPInitAttr(UD, scq=end.sent.cq, rcq=cq, cap=QPCap(4, 4)))
    end.connect(end.address())
    end.receive(40)
    issue(end, Request('send_imm', 40, imm=0x55))
    end.sent.one()
    while cq.start_poll(PollCqAttr()):
        pass
    wanted = {'byte_len': 80, 'imm_data': 0x55, 'qp_num': end.qp.qp_num, 'src_qp': end.qp.qp_num,
              'slid': end.peer.lid, 'sl': 0, 'dlid_path_bits': 0}
    assert (cq.status, cq.wr_id, cq.read_opcode()) == (0, 1, e.IBV_WC_RECV)
    if (read, device.is_ethernet) != ('slid', True):
        assert getattr(cq, 'read_' + read)() == wanted[read]
    cq.end_poll()
    end.close()


def test_wishes_that_nobody_knows(context):
    for attr in (CqInitAttrEx(10, wc_flags=1 << 40), CqInitAttrEx(10, comp_mask=1 << 20)):
        with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
            CQEX(context, attr)


def test_a_poll_that_has_not_begun(context):
    cq = CQEX(context, CqInitAttrEx(10))
    assert cq.start_poll(PollCqAttr()) == errno.ENOENT
    with pytest.raises(PyverbsUserError):
        cq.read_opcode()
