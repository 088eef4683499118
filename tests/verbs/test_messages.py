# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every transport, operation, way to post and way to read completions, with sizes around the
borders of packets: each byte and each member of the completions."""
import pytest

import pyverbs.enums as e
import world
from bed.end import ALL_ACCESS, HERE, HOWS, KINDS, RC, THERE, UC, UD, End, pair, pattern
from bed.queue import WAYS
from bed.request import ATOMICS, OPERATIONS, Request, check_received, check_sent, issue
from pyverbs.mr import MR
from pyverbs.wr import SGE

MTU = 1024
SIZES = (0, 1, MTU - 1, MTU, MTU + 1, 3 * MTU, 20000)
MTUS = (e.IBV_MTU_256, e.IBV_MTU_512, e.IBV_MTU_1024, e.IBV_MTU_2048, e.IBV_MTU_4096)


def sizes(kind):
    """A datagram is one packet."""
    return SIZES if kind != UD else [size for size in SIZES if size <= MTU]


def marks(way, size):
    """In a guest, which is slow, a short run has two sizes for each way but the first."""
    short = not world.KERNEL or way == 'poll' or size in (0, MTU + 1)
    return () if short else (pytest.mark.long,)


MATRIX = [pytest.param(KINDS[kind], name, how, way, size, marks=marks(way, size),
                       id=f'{kind}-{name}-{how}-{way}-{size}')
          for name, operation in OPERATIONS.items() if name not in ATOMICS
          for kind in KINDS if KINDS[kind] in operation.kinds
          for how in HOWS for way in WAYS for size in sizes(KINDS[kind])]


def follow(end, peer):
    """A message behind a write: when it is there, so is what the write has written."""
    peer.receive(0)
    issue(end, Request('send'))
    end.sent.one(), peer.received.one()


def carry_out(end, peer, request, seed=1):
    """One request, from fresh memory to checked memory."""
    data, operation = pattern(request.size, seed), request.operation
    source, at, target, to = ((peer, THERE, end, HERE) if request.name == 'read'
                              else (end, HERE, peer, THERE))
    target.clear(request.size, to)
    source.write(data, at)
    if operation.takes:
        peer.receive(request.size if 'send' in request.name else 0)
    issue(end, request)
    check_sent(end.sent.one(), end, request)
    if operation.takes:
        check_received(peer.received.one(), peer, request)
    elif end.kind == UC:
        follow(end, peer)
    target.expect(data, to)


@pytest.mark.parametrize('kind, name, how, way, size', MATRIX)
def test_data_arrives_and_completions_tell_it(pairs, kind, name, how, way, size):
    carry_out(*pairs.borrow(kind, how, way), Request(name, size), seed=size)


@pytest.mark.parametrize('mtu', MTUS, ids=lambda mtu: f'{128 << mtu}')
@pytest.mark.parametrize('kind', (RC, UC), ids=('RC', 'UC'))
def test_each_mtu(device, kind, mtu):
    octets = 128 << mtu
    if mtu > device.port.active_mtu:
        pytest.skip(f'packets of {octets} bytes do not pass this port')
    end, peer = pair(device, kind, connected={'path_mtu': mtu})
    names = [name for name, operation in OPERATIONS.items()
             if kind in operation.kinds and name not in ATOMICS]
    for name in names:
        for size in (octets - 1, octets, octets + 1, 2 * octets - 1, 2 * octets + 1):
            carry_out(end, peer, Request(name, size), size)


@pytest.mark.parametrize('how', HOWS)
def test_the_largest_datagram(pairs, device, how):
    for size in (device.mtu - 1, device.mtu):
        carry_out(*pairs.borrow(UD, how), Request('send_imm', size), size)


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
def test_immediate_data_is_carried_as_it_is(pairs, kind, how):
    end, peer = pairs.borrow(kind, how)
    for imm in (0, 1, 0x80000000, 0xffffffff):
        carry_out(end, peer, Request('send_imm', 8, imm=imm))


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
def test_numbers_of_requests_come_back_whole(pairs, kind, how):
    end, peer = pairs.borrow(kind, how)
    for wr_id in (0, 1, 1 << 31, 1 << 63, (1 << 64) - 1):
        peer.receive(8, wr_id=wr_id)
        request = Request('send', 8, wr_id=wr_id)
        issue(end, request)
        check_sent(end.sent.one(), end, request)
        check_received(peer.received.one(), peer, request, wr_id)


@pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
def test_both_ends_send(pairs, kind):
    ends = pairs.borrow(kind)
    for lap in range(40):
        carry_out(*ends, Request('send', 100 + lap), lap)
        carry_out(*reversed(ends), Request('send', 200 + lap), lap)


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
def test_a_queue_pair_that_talks_to_itself(device, kind, how):
    end = End(device, kind, how)
    end.connect(end.address())
    carry_out(end, end, Request('send', 500))


def test_a_megabyte(device):
    """More packets than a sequence number has left before it wraps."""
    end, peer = pair(device)
    source, target = (MR(one.pd, 1 << 20, ALL_ACCESS) for one in (end, peer))
    data = pattern(4099) * 255
    source.write(data, len(data))
    pieces = [SGE(source.buf, len(data), source.lkey)]
    issue(end, Request('write', pieces=pieces, remote=target.buf, rkey=target.rkey))
    assert end.sent.one().status == e.IBV_WC_SUCCESS
    assert target.read(1 << 20, 0) == data + bytes((1 << 20) - len(data))
