# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Data in several pieces, and data within the request: gathered, scattered, at the borders of
packets and of the request's own blocks of 16 and 64 bytes."""
import errno

import pytest

import pyverbs.enums as e
from bed.device import fails_with
from bed.end import HERE, HOWS, KINDS, RC, THERE, UD, pair, pattern
from bed.request import Request, check_received, check_sent, issue
from pyverbs.qp import QPCap
from pyverbs.wr import RecvWR

STRIDE = 2500
LENGTHS = {
    'one byte each': (1, 1, 1, 1),
    'empty ones between': (0, 5, 0, 7),
    'all empty': (0, 0, 0, 0),
    'a packet each': (1024, 1024, 1024, 1024),
    'borders within packets': (1000, 48, 2000, 1),
    'borders beside those of packets': (1023, 2, 1023, 1025),
    'the last is empty': (1500, 0),
    'one': (2100,),
}
KIND_IDS = pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)


@pytest.fixture(scope='module')
def wide(device):
    """Pairs whose requests have room for the data itself, one for each kind and way."""
    made = {}

    def borrow(kind, how):
        if (kind, how) not in made or not all(end.is_fresh() for end in made[kind, how]):
            made[kind, how] = pair(device, kind, how, cap=QPCap(
                16, 16, 4, 5, device.family.inline_bytes))
        return made[kind, how]
    return borrow


def scatter(end, lengths, start, step=STRIDE):
    return [end.sge(length, start + i * step) for i, length in enumerate(lengths)]


@pytest.mark.parametrize('lengths', LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize('how', HOWS)
@KIND_IDS
def test_gathered_and_scattered(pairs, kind, how, lengths):
    end, peer = pairs.borrow(kind, how)
    total = sum(lengths)
    if kind == UD and total > end.device.mtu:
        lengths = tuple(length // 4 for length in lengths)
        total = sum(lengths)
    data = pattern(total)
    at = 0
    for i, length in enumerate(lengths):
        end.write(data[at:at + length], HERE + i * STRIDE)
        at += length
    # Other borders at the receiver: a third, another third, and more than the rest.
    cuts = (total // 3, total // 3, total - total // 3 * 2 + 9)
    header = [peer.sge(40, 1000)] if kind == UD else []
    for i, cut in enumerate(cuts):
        peer.clear(cut, THERE + 8192 * i)
    peer.qp.post_recv(RecvWR(1, len(header) + 3, header + scatter(peer, cuts, THERE, 8192)))
    peer.receives += 1
    request = Request('send', total, pieces=scatter(end, lengths, HERE))
    issue(end, request)
    check_sent(end.sent.one(), end, request)
    check_received(peer.received.one(), peer, request)
    peer.expect(data[:cuts[0]])
    peer.expect(data[cuts[0]:2 * cuts[0]], THERE + 8192)
    assert peer.mr.read(cuts[2], THERE + 16384) == data[2 * cuts[0]:] + b'\xee' * 9


@pytest.mark.parametrize('how', HOWS)
def test_a_read_is_scattered(pairs, how):
    end, peer = pairs.borrow(RC, how)
    data = pattern(3000)
    peer.write(data, THERE)
    lengths = (7, 1017, 1500, 476)
    request = Request('read', 3000, pieces=scatter(end, lengths, HERE))
    issue(end, request)
    check_sent(end.sent.one(), end, request)
    found = b''.join(end.mr.read(length, HERE + i * STRIDE) for i, length in enumerate(lengths))
    assert found == data


def inline_sizes(room):
    """Around the blocks of 16 and 64 bytes, and up to what there is room for."""
    around = {border + step for border in range(0, room + 1, 16) for step in (-1, 0, 1)}
    return sorted(size for size in around | {room} if 0 <= size <= room)


@pytest.mark.parametrize('name', ('send', 'send_imm', 'write', 'write_imm'))
@pytest.mark.parametrize('how', HOWS)
@KIND_IDS
def test_data_within_the_request(wide, kind, how, name):
    if kind == UD and 'write' in name:
        name = 'send'
    end, peer = wide(kind, how)
    room = end.qp.query(e.IBV_QP_CAP)[0].cap.max_inline_data
    assert room >= end.device.family.inline_bytes
    for size in inline_sizes(room):
        data = pattern(size, size)
        peer.clear(size)
        end.write(data)
        peer.receive(size)
        request = Request(name, size, flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE)
        issue(end, request)
        end.write(bytes(size))  # it has been taken already
        check_sent(end.sent.one(), end, request)
        if name == 'write':
            issue(end, Request('send'))
            end.sent.one(), peer.received.one()
        else:
            check_received(peer.received.one(), peer, request)
        peer.expect(data)


@pytest.mark.parametrize('how', HOWS)
@KIND_IDS
def test_pieces_within_the_request(wide, kind, how):
    end, peer = wide(kind, how)
    data = pattern(300)
    end.write(data)
    for cuts in ((0, 0), (1, 2), (13, 51), (63, 64), (64, 128), (0, 300)):
        pieces = [end.sge(to - at, HERE + at)
                  for at, to in zip((0, *cuts), (*cuts, 300))]
        peer.clear(300)
        peer.receive(300)
        request = Request('send', 300, flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE, pieces=pieces)
        issue(end, request)
        check_sent(end.sent.one(), end, request)
        check_received(peer.received.one(), peer, request)
        peer.expect(data)


@pytest.mark.parametrize('how', HOWS)
@KIND_IDS
def test_more_within_the_request_than_there_is_room_for(wide, kind, how):
    end, peer = wide(kind, how)
    room = end.qp.query(e.IBV_QP_CAP)[0].cap.max_inline_data
    with fails_with(errno.ENOMEM, errno.EINVAL):
        issue(end, Request('send', room + 1, flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE))
    peer.receive(room)
    issue(end, Request('send', room, flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE))
    assert end.sent.one().status == peer.received.one().status == e.IBV_WC_SUCCESS


def test_data_within_the_request_needs_no_key(wide):
    end, peer = wide(RC, 'post_send')
    piece = end.sge(20)
    piece.lkey = 0xdead
    end.write(pattern(20))
    peer.clear(20)
    peer.receive(20)
    issue(end, Request('send', 20, flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE, pieces=[piece]))
    assert end.sent.one().status == peer.received.one().status == e.IBV_WC_SUCCESS
    peer.expect(pattern(20))


@pytest.mark.parametrize('how', HOWS)
def test_as_many_pieces_as_the_device_takes(device, how):
    count = device.attr.max_sge
    end, peer = pair(device, RC, how, cap=QPCap(8, 8, count, count))
    data = pattern(37 * count)
    for i in range(count):
        end.write(data[37 * i:37 * i + 37], HERE + 100 * i)
    peer.qp.post_recv(RecvWR(1, count, scatter(peer, [37] * count, THERE, 100)))
    request = Request('send', len(data), pieces=scatter(end, [37] * count, HERE, 100))
    issue(end, request)
    check_sent(end.sent.one(), end, request)
    check_received(peer.received.one(), peer, request)
    assert b''.join(peer.mr.read(37, THERE + 100 * i) for i in range(count)) == data


@pytest.mark.parametrize('how', HOWS)
@KIND_IDS
def test_more_pieces_than_were_granted(device, kind, how):
    end, peer = pair(device, kind, how, cap=QPCap(8, 8, 2, 2))
    cap = end.qp.query(e.IBV_QP_CAP)[0].cap
    with fails_with(errno.EINVAL, errno.ENOMEM):
        issue(end, Request('send', pieces=[end.sge(1)] * (cap.max_send_sge + 1)))
    with fails_with(errno.EINVAL, errno.ENOMEM):
        end.qp.post_recv(RecvWR(1, cap.max_recv_sge + 1, [end.sge(1)] * (cap.max_recv_sge + 1)))
    assert end.sent.entries() == end.received.entries() == []
    assert end.is_fresh()
