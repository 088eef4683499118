# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Regions of every kind of memory, on demand, on the adapter, of files, of buffers of the
provider's making, with hints for the bus, and of imported names: each reached by every operation,
on either side."""
import errno
import os

import pytest

import pyverbs.enums as e
from bed.device import asking_for, fails_with, need
from bed.end import ALL_ACCESS, HERE, THERE, pattern
from bed.request import ATOMICS, Request, issue
from pyverbs.device import DM, AllocDmAttr, Context
from pyverbs.mr import (MR, Buf, BufMR, DmaBufMR, DmaHandleInitAttr, DMAHandle, DMMR, MREx)
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsRDMAError
from pyverbs.wr import SGE

PAGE = 4096
BYTES = 16 * PAGE
LENGTH = 3 * PAGE + 12
ZERO_BASED = ALL_ACCESS | e.IBV_ACCESS_ZERO_BASED
ON_DEMAND = ALL_ACCESS | e.IBV_ACCESS_ON_DEMAND


class Kind:
    """A region, the address that work requests use for its first byte, and its bytes."""

    def __init__(self, mr, start=None, keeps=()):
        self.mr, self.keeps = mr, keeps
        self.start = mr.buf if start is None else start

    def write(self, data):
        self.mr.write(data, len(data))

    def read(self, length):
        return self.mr.read(length, 0)


def on_demand(device, pd):
    need(device.extended.odp_caps.general_caps & e.IBV_ODP_SUPPORT, 'no on-demand memory')
    return Kind(MR(pd, BYTES, ON_DEMAND))


def implicit(device, pd):
    need(device.extended.odp_caps.general_caps & e.IBV_ODP_SUPPORT_IMPLICIT, 'no region of all')
    place = MR(pd, BYTES, ALL_ACCESS)
    return Kind(MR(pd, access=ON_DEMAND, implicit=True), place.buf, (place,)), place


def of_device(device, pd):
    need(device.extended.max_dm_size, 'no device memory')
    dm = DM(device.context, AllocDmAttr(BYTES))
    return Kind(DMMR(pd, BYTES, ZERO_BASED, dm, 0), 0, (dm,))


def of_exported_device_memory(device, pd):
    need(device.extended.max_dm_size, 'no device memory')
    dm = DM(device.context, AllocDmAttr(BYTES))
    with asking_for('dma-bufs of device memory'):
        fd = dm.export_dmabuf_fd()
    try:
        with asking_for('regions of dma-bufs'):
            return Kind(DmaBufMR(pd, BYTES - PAGE, ALL_ACCESS, fd, PAGE), PAGE, (dm,))
    finally:
        os.close(fd)


def of_a_buffer(device, pd):
    with asking_for('buffers'):
        buf = Buf(pd, BYTES)
    return Kind(BufMR(pd, buf, access=ALL_ACCESS), buf.addr, (buf,))


def with_hints(device, pd):
    attr = DmaHandleInitAttr(e.IBV_DMAH_INIT_ATTR_MASK_PH, ph=2)
    with asking_for('DMA handles'):
        dmah = DMAHandle(device.context, attr)
    return Kind(MREx(pd, BYTES, ALL_ACCESS, dmah=dmah), None, (dmah,))


def at_an_address_of_its_own(device, pd):
    return Kind(MREx(pd, BYTES, ALL_ACCESS, iova=0x70000), 0x70000)


KINDS = (on_demand, of_device, of_a_buffer, with_hints, at_an_address_of_its_own)


def carry_out(end, name, size, local, remote, lkey, rkey):
    request = Request(name, size, pieces=[SGE(local, size, lkey)], rkey=rkey, remote=remote,
                      operands=(0, 5))
    if name == 'fetch_add':
        request.operands = (5, 0)
    issue(end, request)
    return end.sent.one().status


@pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize('name', ('write', 'read') + ATOMICS)
def test_peers_reach_it(pairs, device, kind, name):
    end, peer = pairs.borrow()
    there = kind(device, peer.pd)
    size = 8 if name in ATOMICS else LENGTH
    there.write(bytes(size) if name in ATOMICS else pattern(size, 3))
    end.write(pattern(size, 4))
    status = carry_out(end, name, size, end.mr.buf + HERE, there.start, end.mr.lkey, there.mr.rkey)
    assert status == e.IBV_WC_SUCCESS
    assert there.read(size) == {'write': pattern(size, 4), 'read': pattern(size, 3)}.get(
        name, (5).to_bytes(8, 'little'))
    assert end.mr.read(size, HERE) == {'write': pattern(size, 4),
                                       'read': pattern(size, 3)}.get(name, bytes(8))
    close(there)


def close(kind):
    for thing in (kind.mr, *kind.keeps):
        thing.close()


@pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize('name', ('send', 'write', 'read'))
def test_requests_use_it(pairs, device, kind, name):
    end, peer = pairs.borrow()
    here = kind(device, end.pd)
    here.write(pattern(LENGTH, 5))
    peer.write(pattern(LENGTH, 6), THERE)
    if name == 'send':
        peer.receive(LENGTH)
    status = carry_out(end, name, LENGTH, here.start, peer.mr.buf + THERE, here.mr.lkey,
                       peer.mr.rkey)
    assert status == e.IBV_WC_SUCCESS
    if name == 'send':
        assert peer.received.one().status == e.IBV_WC_SUCCESS
    seed = 6 if name == 'read' else 5
    assert here.read(LENGTH) == peer.mr.read(LENGTH, THERE) == pattern(LENGTH, seed)
    close(here)


def test_memory_of_an_exported_file_is_the_devices(pairs, device):
    end, peer = pairs.borrow()
    there = of_exported_device_memory(device, peer.pd)
    dm, = there.keeps
    end.write(pattern(LENGTH))
    assert carry_out(end, 'write', LENGTH, end.mr.buf + HERE, there.start + 8, end.mr.lkey,
                     there.mr.rkey) == e.IBV_WC_SUCCESS
    assert dm.copy_from_dm(PAGE + 8, LENGTH // 4 * 4) == pattern(LENGTH)[:LENGTH // 4 * 4]
    close(there)


def test_memory_of_an_exported_buffer_is_the_buffers(pairs, device):
    end, peer = pairs.borrow()
    with asking_for('buffers'):
        buf = Buf(peer.pd, BYTES)
    with asking_for('dma-bufs of buffers'):
        fd = buf.export_dmabuf_fd()
    with asking_for('regions of dma-bufs'):
        there = DmaBufMR(peer.pd, BYTES, ALL_ACCESS, fd)
    os.close(fd)
    with BufMR(peer.pd, buf, access=ALL_ACCESS) as same:
        end.write(pattern(LENGTH))
        assert carry_out(end, 'write', LENGTH, end.mr.buf + HERE, PAGE, end.mr.lkey,
                         there.rkey) == e.IBV_WC_SUCCESS
        assert same.read(LENGTH, PAGE) == pattern(LENGTH)
    there.close()
    buf.close()


def test_region_of_all_memory(pairs, device):
    end, peer = pairs.borrow()
    there, place = implicit(device, peer.pd)
    end.write(pattern(LENGTH))
    assert carry_out(end, 'write', LENGTH, end.mr.buf + HERE, there.start, end.mr.lkey,
                     there.mr.rkey) == e.IBV_WC_SUCCESS
    assert place.read(LENGTH, 0) == pattern(LENGTH)
    close(there)


@pytest.mark.parametrize('advice', (e.IBV_ADVISE_MR_ADVICE_PREFETCH,
                                    e.IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
                                    e.IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT))
@pytest.mark.parametrize('flags', (0, e.IBV_ADVISE_MR_FLAG_FLUSH))
def test_advice(device, pd, advice, flags):
    kind = on_demand(device, pd)
    ranges = [SGE(kind.start, PAGE, kind.mr.lkey), SGE(kind.start + PAGE, 100, kind.mr.lkey)]
    pd.advise_mr(advice, flags, ranges)
    close(kind)


@pytest.mark.parametrize('what, code', (
    ('key', errno.ENOENT), ('pinned', errno.ENOENT), ('domain', errno.EPERM),
    ('range', errno.EFAULT)))
def test_advice_that_cannot_be_followed(device, context, pd, what, code):
    kind = on_demand(device, pd)
    with PD(context) as other, MR(pd, PAGE, ALL_ACCESS) as pinned:
        lkey = {'key': kind.mr.lkey + 1, 'pinned': pinned.lkey}.get(what, kind.mr.lkey)
        domain = other if what == 'domain' else pd
        length = BYTES + 1 if what == 'range' else PAGE
        with fails_with(code):
            domain.advise_mr(e.IBV_ADVISE_MR_ADVICE_PREFETCH, e.IBV_ADVISE_MR_FLAG_FLUSH,
                             [SGE(kind.start, length, lkey)])
    close(kind)


@pytest.mark.parametrize('attr', (
    DmaHandleInitAttr(e.IBV_DMAH_INIT_ATTR_MASK_PH, ph=4),
    DmaHandleInitAttr(e.IBV_DMAH_INIT_ATTR_MASK_CPU_ID, cpu_id=0),
    DmaHandleInitAttr(e.IBV_DMAH_INIT_ATTR_MASK_CPU_ID | e.IBV_DMAH_INIT_ATTR_MASK_TPH_MEM_TYPE,
                      cpu_id=1 << 20)), ids=('hint', 'processor alone', 'no such processor'))
def test_hints_that_cannot_be(device, attr):
    with asking_for('DMA handles'):
        DMAHandle(device.context, DmaHandleInitAttr()).close()
    with fails_with(errno.EINVAL):
        DMAHandle(device.context, attr)


def test_device_memory_is_limited(device):
    most = device.extended.max_dm_size
    need(most, 'no device memory')
    with fails_with(errno.EINVAL, errno.ENOMEM):
        DM(device.context, AllocDmAttr(most + 1))
    with fails_with(errno.EINVAL):
        DM(device.context, AllocDmAttr(0))
    with device.again() as context, DM(context, AllocDmAttr(most)):
        with fails_with(errno.ENOMEM):
            DM(context, AllocDmAttr(4))


@pytest.mark.parametrize('offset, length', ((2, 4), (0, 6), (4092, 8), (8192, 4)))
def test_copies_that_cannot_be(device, offset, length):
    need(device.extended.max_dm_size, 'no device memory')
    with DM(device.context, AllocDmAttr(4096)) as dm:
        with fails_with(errno.EINVAL, errno.EFAULT):
            dm.copy_to_dm(offset, bytes(length), length)
        with fails_with(errno.EINVAL, errno.EFAULT):
            dm.copy_from_dm(offset, length)


def test_files_that_are_no_dma_bufs(pd):
    read, write = os.pipe()
    with pytest.raises(PyverbsRDMAError) as caught:
        DmaBufMR(pd, PAGE, 0, read)
    need(caught.value.error_code != errno.EOPNOTSUPP, 'no regions of dma-bufs')
    assert caught.value.error_code == errno.EINVAL
    os.close(read)
    os.close(write)


def test_names_of_objects_that_exist(device):
    with asking_for('imported contexts'):
        context = Context(cmd_fd=os.dup(device.context.cmd_fd))
    with PD(device.context) as pd, MR(pd, BYTES, ALL_ACCESS) as mr:
        again = PD(context, handle=pd.handle)
        same = MR(again, handle=mr.handle)
        assert (same.lkey, same.rkey, same.length) == (mr.lkey, mr.rkey, BYTES)
        # Of another kind: kernels tell that apart.
        with fails_with(errno.ENOENT, errno.EINVAL):
            PD(context, handle=mr.handle)
        with fails_with(errno.ENOENT):
            MR(again, handle=1 << 20)
        same.unimport()
        again.unimport()
        assert MR(pd, 8, 0).lkey
    context.close()


def test_names_of_device_memory(device):
    need(device.extended.max_dm_size, 'no device memory')
    with asking_for('imported contexts'):
        context = Context(cmd_fd=os.dup(device.context.cmd_fd))
    with DM(device.context, AllocDmAttr(4096)) as dm:
        same = DM(context, handle=dm.handle)
        dm.copy_to_dm(256, pattern(64), 64)
        assert same.copy_from_dm(256, 64) == pattern(64)
        same.unimport()
        assert dm.copy_from_dm(256, 64) == pattern(64)
    context.close()
