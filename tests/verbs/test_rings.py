# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rings that wrap, lists and series of requests, selective signalling, fences, and what becomes of
those behind a request that is refused."""
import errno
import random

import pytest

import pyverbs.enums as e
from bed.device import fails_with
from bed.end import HERE, HOWS, KINDS, RC, THERE, UD, End, pair, pattern
from bed.request import (ATOMICS, OPERATIONS, Request, build, check_received, check_sent, issue,
                         work_request)
from pyverbs.qp import QPCap
from pyverbs.wr import RecvWR, SendWR

KIND_IDS = pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
HOW = pytest.mark.parametrize('how', HOWS)
SMALL = QPCap(8, 8, 4, 4, 100)
FIT = e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE


@HOW
@KIND_IDS
def test_requests_of_every_length_over_many_laps(device, kind, how):
    """Some are longer than a block of the ring, so that they begin everywhere and wrap everywhere.
    """
    end, peer = pair(device, kind, how, cap=SMALL)
    chance = random.Random(5)
    for lap in range(200):
        count, size = chance.randint(1, 4), chance.randint(0, 100)
        inline = chance.random() < 0.5
        data = pattern(size, lap)
        end.write(data)
        cuts = sorted(chance.randint(0, size) for _ in range(count - 1))
        pieces = [end.sge(to - at, HERE + at) for at, to in zip((0, *cuts), (*cuts, size))]
        peer.clear(size)
        peer.receive(size, wr_id=lap)
        request = Request(chance.choice(('send', 'send_imm')), size, wr_id=lap, pieces=pieces,
                          flags=FIT if inline else e.IBV_SEND_SIGNALED)
        issue(end, request)
        check_sent(end.sent.one(), end, request)
        check_received(peer.received.one(), peer, request, wr_id=lap)
        peer.expect(data)


@HOW
def test_operations_mixed(device, how):
    end, peer = pair(device, RC, how)
    chance, names = random.Random(6), [name for name in OPERATIONS if name not in ATOMICS]
    for lap in range(60):
        batch = [Request(chance.choice(names + list(ATOMICS)), 8, wr_id=100 * lap + i)
                 for i in range(chance.randint(1, 10))]
        takers = [request for request in batch if request.operation.takes]
        for number, _ in enumerate(takers):
            peer.receive(8, wr_id=number)
        issue(end, *batch)
        for done, request in zip(end.sent.take(len(batch)), batch):
            check_sent(done, end, request)
        for number, (came, request) in enumerate(zip(peer.received.take(len(takers)), takers)):
            check_received(came, peer, request, wr_id=number)


@HOW
@KIND_IDS
def test_a_list_is_carried_out_in_order(pairs, kind, how):
    end, peer = pairs.borrow(kind, how)
    for number in range(16):
        peer.receive(8, wr_id=number, offset=THERE + 64 * number)
        end.write(bytes([number]) * 8, HERE + 64 * number)
    issue(end, *(Request('send_imm', 8, wr_id=50 + number, imm=number, offset=HERE + 64 * number)
                 for number in range(16)))
    assert [done.wr_id for done in end.sent.take(16)] == list(range(50, 66))
    came = peer.received.take(16)
    assert [(one.wr_id, one.imm_data) for one in came] == [(n, n) for n in range(16)]
    for number in range(16):
        assert peer.mr.read(8, THERE + 64 * number) == bytes([number]) * 8


@HOW
@KIND_IDS
def test_those_that_ask_for_no_completion(device, kind, how):
    """Make none, and give their room back with the next one that does."""
    end, peer = pair(device, kind, how, cap=SMALL)
    room = end.qp.query(e.IBV_QP_CAP)[0].cap.max_send_wr
    for lap in range(20):
        for number in range(room):
            peer.receive(8) if number < 8 else None
        batch = min(room, 8)
        issue(end, *(Request('send', 8, wr_id=number, flags=0) for number in range(batch - 1)),
              Request('send', 8, wr_id=1000 + lap))
        assert end.sent.one().wr_id == 1000 + lap
        assert len(peer.received.take(batch)) == batch
        for _ in range(peer.receives - peer.received.taken):
            issue(end, Request('send', 8))
            end.sent.one(), peer.received.one()
    assert end.sent.entries() == []


@HOW
@KIND_IDS
def test_a_queue_pair_that_signals_all(device, kind, how):
    end, peer = pair(device, kind, how, sq_sig_all=1)
    for number in range(5):
        peer.receive(8)
        issue(end, Request('send', 8, wr_id=number, flags=0))
    assert [done.wr_id for done in end.sent.take(5)] == list(range(5))


@HOW
def test_a_fence_waits_for_reads(device, how):
    end, peer = pair(device, RC, how)
    for lap in range(20):
        peer.write(pattern(4000, lap), THERE)
        end.clear(4000, HERE)
        issue(end, Request('read', 4000, flags=0),
              Request('write', 4000, remote=peer.mr.buf + THERE + 8192,
                      flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_FENCE))
        assert end.sent.one().status == e.IBV_WC_SUCCESS
        assert peer.mr.read(4000, THERE + 8192) == pattern(4000, lap)


@pytest.mark.parametrize('place', range(4))
@KIND_IDS
def test_a_bad_request_within_a_list(device, kind, place):
    """Those before it are carried out; it is named; those behind it are not."""
    end, peer = pair(device, kind)
    chain, bad = None, SendWR()
    for number in reversed(range(4)):
        peer.receive(8)
        chain = work_request(end, Request('send', 8, wr_id=number), chain)
        if number == place:
            chain.opcode = 99
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
        end.qp.post_send(chain, bad)
    assert bad.wr_id == place
    assert [done.wr_id for done in end.sent.take(place)] == list(range(place))
    assert len(peer.received.take(place)) == place


@KIND_IDS
def test_a_list_longer_than_the_room(device, kind):
    end, _ = pair(device, kind, cap=SMALL)
    room = end.qp.query(e.IBV_QP_CAP)[0].cap.max_send_wr
    chain, bad = None, SendWR()
    for number in reversed(range(room + 3)):
        chain = work_request(end, Request('send', 8, wr_id=number), chain)
    end.fail()
    with fails_with(errno.ENOMEM):
        end.qp.post_send(chain, bad)
    assert bad.wr_id >= 8
    assert [done.wr_id for done in end.sent.take(bad.wr_id)] == list(range(bad.wr_id))


@KIND_IDS
def test_a_series_that_was_dropped(device, kind):
    end, peer = pair(device, kind, 'ibv_wr')
    for _ in range(30):
        end.qp.wr_start()
        for number in range(5):
            build(end, Request('send', 8, wr_id=number))
        end.qp.wr_abort()
    peer.receive(8)
    issue(end, Request('send', 8, wr_id=77))
    assert end.sent.one().wr_id == 77 and len(peer.received.take(1)) == 1


@KIND_IDS
def test_a_series_with_a_fault_posts_nothing(device, kind):
    end, peer = pair(device, kind, 'ibv_wr', cap=SMALL)
    room = end.qp.query(e.IBV_QP_CAP)[0].cap.max_inline_data
    with fails_with(errno.ENOMEM, errno.EINVAL):
        issue(end, Request('send', 8), Request('send', room + 1, flags=FIT), Request('send', 8))
    assert end.sent.entries() == []
    peer.receive(8)
    issue(end, Request('send', 8, wr_id=78))
    assert end.sent.one().wr_id == 78 and peer.received.one().wr_id == 1


@KIND_IDS
def test_receives_posted_in_lists_over_many_laps(device, kind):
    end, peer = pair(device, kind, cap=SMALL)
    header = 40 if kind == UD else 0
    for lap in range(40):
        chain = None
        for number in reversed(range(5)):
            chain = RecvWR(number, 1, [peer.sge(8 + header, THERE + 100 * number)], chain)
        peer.qp.post_recv(chain)
        for number in range(5):
            issue(end, Request('send_imm', 8, imm=5 * lap + number))
            end.sent.one()
        assert [(came.wr_id, came.imm_data) for came in peer.received.take(5)] == [
            (number, 5 * lap + number) for number in range(5)]


def test_several_queue_pairs_share_queues_of_completions(device):
    """Each completion says whose it is."""
    ends = [End(device) for _ in range(4)]
    for end in ends:
        end.sent, end.received = ends[0].sent, ends[0].received
        end.make_qp(SMALL)
        end.connect(end.address())
    for lap in range(10):
        for number, end in enumerate(ends):
            end.receive(8, wr_id=10 + number)
            issue(end, Request('send', 8, wr_id=number))
        numbers = [end.qp.qp_num for end in ends]
        done = sorted((one.wr_id, one.qp_num) for one in ends[0].sent.take(4))
        came = sorted((one.wr_id, one.qp_num) for one in ends[0].received.take(4))
        assert done == list(enumerate(numbers)), lap
        assert came == [(10 + place, number) for place, number in enumerate(numbers)]
