# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Regions whose pages come when they are needed, go, and come again: what is there is looked up in
the kernel's own account of the process."""
import errno
import mmap

import pytest

import pyverbs.enums as e
import pyverbs.mem_alloc as mem
from bed.device import asking_for, fails_with, need
from bed.end import ALL_ACCESS, HERE, HOWS, RC, THERE, pair, pattern
from bed.request import ATOMICS, OPERATIONS, Request, check_sent, issue
from pyverbs.mr import MR
from pyverbs.wr import SGE, RecvWR

PAGE = mmap.PAGESIZE
ON_DEMAND = ALL_ACCESS | e.IBV_ACCESS_ON_DEMAND
EVERYTHING = (1 << 64) - 1


@pytest.fixture
def pages():
    """-> the address of 16 pages that nobody has touched"""
    start = mem.mmap(length=16 * PAGE)
    yield start
    mem.munmap(start, 16 * PAGE)


@pytest.fixture
def on_demand(device):
    need(device.extended.odp_caps.general_caps & e.IBV_ODP_SUPPORT, 'the device pages nothing in')


def resident(start, count):
    """How many of these pages the kernel has given memory."""
    with open('/proc/self/pagemap', 'rb') as pagemap:
        pagemap.seek(start // PAGE * 8)
        entries = pagemap.read(8 * count)
    return sum(entries[8 * i + 7] >> 7 for i in range(count))


def test_registering_on_demand_brings_no_pages(on_demand, pd, pages):
    with MR(pd, 16 * PAGE, ON_DEMAND, address=pages):
        assert resident(pages, 16) == 0
    with MR(pd, 16 * PAGE, ALL_ACCESS, address=pages):
        assert resident(pages, 16) == 16


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('name', OPERATIONS)
def test_each_operation_brings_the_pages_it_needs(on_demand, pairs, pages, name, how):
    end, peer = pairs.borrow(RC, how)
    with MR(peer.pd, 16 * PAGE, ON_DEMAND, address=pages) as mr:
        remote, size = pages + 2 * PAGE + 100, 8 if name in ATOMICS else 2 * PAGE
        remote += 4 if name in ATOMICS else 0
        request = Request(name, size, rkey=mr.rkey, remote=remote)
        end.write(pattern(size))
        if request.operation.takes:
            length = 0 if name == 'write_imm' else size
            peer.qp.post_recv(RecvWR(1, 1, [SGE(remote, length, mr.lkey)]))
            peer.receives += 1
        issue(end, request)
        check_sent(end.sent.one(), end, request)
        if request.operation.takes:
            assert peer.received.one().status == e.IBV_WC_SUCCESS
        if name == 'read' or name in ATOMICS:
            assert end.mr.read(size, HERE) == bytes(size)
        else:
            assert mem.read(remote, size) == pattern(size)


def test_pages_go_and_come(on_demand, pairs, pages):
    end, peer = pairs.borrow()
    with MR(peer.pd, 16 * PAGE, ON_DEMAND, address=pages) as mr:
        for lap in range(5):
            end.write(pattern(5000, lap))
            issue(end, Request('write', 5000, rkey=mr.rkey, remote=pages + 10))
            assert end.sent.one().status == e.IBV_WC_SUCCESS
            assert mem.read(pages, 5000, 10) == pattern(5000, lap)
            mem.madvise(pages, 16 * PAGE)  # drops them
            assert mem.read(pages, 100) == bytes(100)


def test_a_region_of_all_memory(on_demand, device, pairs, pages):
    need(device.extended.odp_caps.general_caps & e.IBV_ODP_SUPPORT_IMPLICIT,
         'the device has no region of all memory')
    end, peer = pairs.borrow()
    with MR(peer.pd, 0, ON_DEMAND, implicit=True) as mr:
        for place in (pages, peer.mr.buf + THERE):
            end.write(b'anywhere')
            issue(end, Request('write', 8, rkey=mr.rkey, remote=place))
            assert end.sent.one().status == e.IBV_WC_SUCCESS and mem.read(place, 8) == b'anywhere'


def test_pages_that_are_not_there(on_demand, device, pages):
    end, peer = pair(device)
    mr = MR(peer.pd, 16 * PAGE, ON_DEMAND, address=pages)
    mem.munmap(pages + 8 * PAGE, PAGE)
    issue(end, Request('write', 8, rkey=mr.rkey, remote=pages + 8 * PAGE))
    assert end.sent.one().status in (e.IBV_WC_REM_ACCESS_ERR, e.IBV_WC_REM_OP_ERR)
    mr.close()


@pytest.mark.parametrize('advice', (e._IBV_ADVISE_MR_ADVICE_PREFETCH,
                                    e._IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE))
def test_advice_brings_pages(on_demand, pd, pages, advice):
    with MR(pd, 16 * PAGE, ON_DEMAND, address=pages) as mr, asking_for('advice'):
        pd.advise_mr(advice, e._IBV_ADVISE_MR_FLAG_FLUSH, [SGE(pages + PAGE, 3 * PAGE, mr.lkey)])
        assert resident(pages, 16) >= 3


@pytest.mark.parametrize('spoil', ('advice', 'flags', 'key', 'range', 'none'))
def test_advice_that_cannot_be_followed(on_demand, pd, pages, spoil):
    mr = MR(pd, 4 * PAGE, ON_DEMAND, address=pages)
    advice = 99 if spoil == 'advice' else e._IBV_ADVISE_MR_ADVICE_PREFETCH
    flags = 1 << 20 if spoil == 'flags' else e._IBV_ADVISE_MR_FLAG_FLUSH
    piece = SGE(pages + (4 * PAGE if spoil == 'range' else 0), PAGE,
                mr.lkey ^ (0xff00 if spoil == 'key' else 0))
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP, errno.ENOENT, errno.EFAULT):
        pd.advise_mr(advice, flags, [] if spoil == 'none' else [piece])
    mr.close()


def test_an_implicit_region_is_on_demand_and_whole(on_demand, pd):
    with fails_with(errno.EINVAL):
        MR(pd, EVERYTHING, ALL_ACCESS, address=0)
    with fails_with(errno.EINVAL):
        MR(pd, EVERYTHING, ON_DEMAND, address=PAGE)
