# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory and its registration: rights, places, lengths, changes; and what cannot be registered."""
import errno
import itertools
import mmap

import pytest

import pyverbs.enums as e
import pyverbs.mem_alloc as mem
from bed.device import asking_for, fails_with
from bed.end import ALL_ACCESS, THERE, pair, pattern
from bed.request import Request, issue
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.wr import SGE

W, RW, RR, RA = (e.IBV_ACCESS_LOCAL_WRITE, e.IBV_ACCESS_REMOTE_WRITE, e.IBV_ACCESS_REMOTE_READ,
                 e.IBV_ACCESS_REMOTE_ATOMIC)
NAMES = {W: 'local write', RW: 'remote write', RR: 'remote read', RA: 'remote atomic'}
RIGHTS = [sum(chosen) for count in range(5) for chosen in itertools.combinations(NAMES, count)]
NEEDS = {'write': RW, 'read': RR, 'fetch_add': RA}
PAGE = mmap.PAGESIZE


def names(rights):
    return ', '.join(name for bit, name in NAMES.items() if rights & bit) or 'none'


def is_possible(rights):
    """Remote writing and atomics want local writing, IBTA vol. 1, 10.6.3.1."""
    return bool(rights & W) or not rights & (RW | RA)


@pytest.fixture
def place():
    """-> the address of 16 pages of the program's own"""
    start = mem.mmap(length=16 * PAGE)
    yield start
    mem.munmap(start, 16 * PAGE)


@pytest.mark.parametrize('rights', RIGHTS, ids=names)
def test_each_combination_of_rights(pd, rights):
    if is_possible(rights):
        with MR(pd, 100, rights) as mr:
            assert mr.length == 100 and mr.lkey
    else:
        with fails_with(errno.EINVAL):
            MR(pd, 100, rights)


@pytest.mark.parametrize('name', NEEDS)
@pytest.mark.parametrize('rights', filter(is_possible, RIGHTS), ids=names)
def test_rights_are_what_peers_may_do(pairs, device, rights, name):
    end, peer = pairs.borrow()
    with MR(peer.pd, 4096, rights) as mr:
        issue(end, Request(name, 8, rkey=mr.rkey, remote=mr.buf))
        done = end.sent.one()
    allowed = rights & NEEDS[name]
    assert done.status == (e.IBV_WC_SUCCESS if allowed else e.IBV_WC_REM_ACCESS_ERR)


@pytest.mark.parametrize('length', (1, 7, 8, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 7 * PAGE + 5))
@pytest.mark.parametrize('offset', (0, 1, 8, PAGE - 1))
def test_any_place_and_length(pairs, place, length, offset):
    """The first and the last byte are reached, those beside them are not."""
    end, peer = pairs.borrow()
    mem.write(place, bytes(12 * PAGE), 12 * PAGE)
    with MR(peer.pd, length, ALL_ACCESS, address=place + offset) as mr:
        data = pattern(length)
        end.write(data)
        issue(end, Request('write', length, rkey=mr.rkey, remote=place + offset))
        assert end.sent.one().status == e.IBV_WC_SUCCESS
        assert mem.read(place, length + 1, offset) == data + b'\0'
        assert mem.read(place, offset, 0) == bytes(offset)
        issue(end, Request('write', length + 1, rkey=mr.rkey, remote=place + offset))
        assert end.sent.one().status == e.IBV_WC_REM_ACCESS_ERR


def test_the_same_memory_twice(pairs, place):
    end, peer = pairs.borrow()
    with MR(peer.pd, PAGE, ALL_ACCESS, address=place) as one, \
            MR(peer.pd, PAGE, W | RR, address=place) as other:
        assert one.lkey != other.lkey and one.rkey != other.rkey
        end.write(b'written once')
        issue(end, Request('write', 12, rkey=one.rkey, remote=place))
        issue(end, Request('read', 12, rkey=other.rkey, remote=place, offset=500))
        assert [done.status for done in end.sent.take(2)] == [e.IBV_WC_SUCCESS] * 2
        assert end.mr.read(12, 500) == b'written once'


def test_pieces_of_several_regions(pairs):
    end, peer = pairs.borrow()
    regions = [MR(end.pd, 100, W) for _ in range(3)]
    for number, region in enumerate(regions):
        region.write(bytes([65 + number]) * 10, 10)
    peer.clear(30)
    issue(end, Request('write', pieces=[SGE(one.buf, 10, one.lkey) for one in regions]))
    assert end.sent.one().status == e.IBV_WC_SUCCESS
    peer.expect(b'A' * 10 + b'B' * 10 + b'C' * 10, THERE)
    for region in regions:
        region.close()


def test_keys_that_went_do_not_come_back_at_once(pd):
    seen = set()
    for _ in range(20):
        with MR(pd, 100, W) as mr:
            assert mr.lkey not in seen
            seen.add(mr.lkey)


def test_memory_that_is_not_there(pd, place):
    mem.munmap(place + 4 * PAGE, PAGE)
    with fails_with(errno.EFAULT, errno.EINVAL, errno.ENOMEM):
        MR(pd, 16 * PAGE, W, address=place)
    with MR(pd, 4 * PAGE, W, address=place) as mr:
        assert mr.length == 4 * PAGE


def test_memory_that_may_only_be_read(pd):
    with open('/proc/self/exe', 'rb') as file, \
            mmap.mmap(file.fileno(), PAGE, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE) as fixed:
        start = address_of(fixed)
        with fails_with(errno.EFAULT, errno.EINVAL, errno.ENOMEM):
            MR(pd, PAGE, W | RW, address=start)
        # For reading it will do.
        MR(pd, PAGE, RR, address=start).close()
        fixed.close()


def address_of(mapping):
    """Where a mapping is: nothing of Python tells it of one that may only be read."""
    with open('/proc/self/maps', encoding='ascii') as maps:
        found = [line for line in maps if ' r--p 00000000 ' in line and '/python3' in line]
    return int(found[-1].split('-')[0], 16)


def test_no_memory_at_all(pd):
    for address in (0, 1 << 62):
        with fails_with(errno.EFAULT, errno.EINVAL, errno.ENOMEM):
            MR(pd, PAGE, W, address=address)


@pytest.mark.parametrize('bit', (1 << 12, 1 << 16, 1 << 19))
def test_rights_that_nobody_knows(pd, bit):
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
        MR(pd, PAGE, W | bit)


def test_rights_that_need_not_be_known(pd):
    """Bits 20 to 29 are optional."""
    with asking_for('optional rights'):
        MR(pd, PAGE, W | e.IBV_ACCESS_RELAXED_ORDERING).close()


# Changes

def test_rights_change(pairs):
    end, peer = pairs.borrow()
    with MR(peer.pd, PAGE, W) as mr:
        for rights, allowed in ((ALL_ACCESS, True), (W | RR, False), (W | RW, True)):
            with asking_for('registering again'):
                mr.rereg(e.IBV_REREG_MR_CHANGE_ACCESS, access=rights)
            end, peer_now = pairs.borrow()
            if peer_now is not peer:
                return  # the pair was made anew, with another domain
            issue(end, Request('write', 8, rkey=mr.rkey, remote=mr.buf))
            status = end.sent.one().status
            assert (status == e.IBV_WC_SUCCESS) == allowed


def test_the_domain_changes(device):
    end, peer = pair(device)
    other = PD(device.context)
    mr = MR(other, PAGE, ALL_ACCESS)
    with asking_for('registering again'):
        mr.rereg(e.IBV_REREG_MR_CHANGE_PD, peer.pd)
    other.close()
    issue(end, Request('write', 8, rkey=mr.rkey, remote=mr.buf))
    assert end.sent.one().status == e.IBV_WC_SUCCESS


def test_the_place_changes(device, place):
    end, peer = pair(device)
    mr = MR(peer.pd, PAGE, ALL_ACCESS, address=place)
    with asking_for('registering again'):
        mr.rereg(e.IBV_REREG_MR_CHANGE_TRANSLATION, addr=place + 8 * PAGE, length=2 * PAGE)
    end.write(b'elsewhere')
    issue(end, Request('write', 9, rkey=mr.rkey, remote=place + 9 * PAGE))
    assert end.sent.one().status == e.IBV_WC_SUCCESS
    assert mem.read(place, 9, 9 * PAGE) == b'elsewhere' and mr.length == 2 * PAGE
    issue(end, Request('write', 9, rkey=mr.rkey, remote=place))
    assert end.sent.one().status == e.IBV_WC_REM_ACCESS_ERR
    mr.close()


@pytest.mark.parametrize('flags', (0, 1 << 5, 0xff00))
def test_changes_that_cannot_be(pd, flags):
    with MR(pd, PAGE, W) as mr:
        with fails_with(errno.EINVAL, errno.EOPNOTSUPP, match='IBV_REREG_MR_ERR_INPUT'):
            mr.rereg(flags)
        mr.write(b'still there', 11)
