# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Compare-and-swap and fetch-and-add, by either way to post them, at the edges of 64 bits."""
import errno
import struct

import pytest

import pyverbs.enums as e
from bed.device import fails_with, lacking
from bed.end import HERE, HOWS, RC, THERE, End, connect, pair
from bed.queue import WAYS
from bed.request import Request, check_sent, issue

TOP, LAST = 1 << 63, (1 << 64) - 1
# What was there, the operands, and what is there afterwards.
SWAPS = ((5, (5, 9), 9), (5, (6, 9), 5), (LAST, (LAST, 0), 0), (0, (0, LAST), LAST),
         (TOP, (TOP, 1), 1), (1, (TOP | 1, 7), 1),
         (0x1122334455667788, (0x1122334455667788, TOP), TOP))
SUMS = ((5, 3, 8), (5, 0, 5), (LAST, 1, 0), (LAST, LAST, LAST - 1), (TOP, TOP, 0),
        (0xffffffff, 1, 1 << 32), (1 << 32, LAST, 0xffffffff))
CASES = ([pytest.param('compare_swap', *case, id=f'swap-{i}') for i, case in enumerate(SWAPS)]
         + [pytest.param('fetch_add', start, (add, 0), after, id=f'add-{i}')
            for i, (start, add, after) in enumerate(SUMS)])


def words(end, count, offset):
    return struct.unpack(f'={count}Q', end.mr.read(8 * count, offset))


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('name, before, operands, after', CASES)
def test_both_sides_see_what_they_should(pairs, how, way, name, before, operands, after):
    end, peer = pairs.borrow(RC, how, way)
    end.clear(8, HERE)
    peer.clear(8)
    peer.write(struct.pack('=Q', before), THERE)
    request = Request(name, operands=operands)
    issue(end, request)
    check_sent(end.sent.one(), end, request)
    end.expect(struct.pack('=Q', before), HERE)
    peer.expect(struct.pack('=Q', after))


def test_the_old_value_wants_one_piece(pairs):
    end, peer = pairs.borrow()
    if not end.device.family.checks_values:
        lacking(f'{end.device.family.name} does not count the pieces')
    for pieces in ([], [end.sge(3, 200), end.sge(5, 300)]):
        with fails_with(errno.EINVAL):
            issue(end, Request('fetch_add', operands=(1, 0), pieces=pieces))
    assert end.is_fresh()


@pytest.mark.parametrize('offset', range(1, 8))
def test_out_of_alignment(device, offset):
    end, peer = pair(device)
    peer.clear(16)
    issue(end, Request('fetch_add', operands=(1, 0), remote=peer.mr.buf + THERE + offset))
    status = end.sent.one().status
    assert device.family.means(status, e.IBV_WC_REM_INV_REQ_ERR)
    peer.expect(b'\xee' * 16)


def test_no_addition_is_lost(device):
    """From two queue pairs to one word, more of them than may be under way at once."""
    first, target = pair(device)
    second, beside = End(device), End(device, beside=target)
    connect(second, beside)
    target.write(struct.pack('=Q', 0), THERE)
    rounds, batch = 5, 20
    for _ in range(rounds):
        for end in (first, second):
            issue(end, *(Request('fetch_add', operands=(3, 0), wr_id=number, offset=64 + 8 * number)
                         for number in range(batch)))
        for end in (first, second):
            assert [(done.wr_id, done.status) for done in end.sent.take(batch)] == [
                (number, e.IBV_WC_SUCCESS) for number in range(batch)]
    assert words(target, 1, THERE) == (3 * 2 * rounds * batch,)


def test_each_old_value_comes_once(device):
    end, peer = pair(device)
    peer.write(struct.pack('=Q', 100), THERE)
    issue(end, *(Request('fetch_add', operands=(1, 0), offset=64 + 8 * number)
                 for number in range(20)))
    end.sent.take(20)
    assert words(end, 20, 64) == tuple(range(100, 120))
