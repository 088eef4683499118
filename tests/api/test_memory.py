# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Domains, registered memory, address handles, shared receive queues: their limits and errors."""
import mmap
import sys

import pytest

import pyverbs.enums as e
import pyverbs.mem_alloc as mem
from bed import Side, fails_with, pair
from pyverbs.addr import AH, GID, GRH, AHAttr, GlobalRoute
from pyverbs.cq import WC, CQ
from pyverbs.mr import MR, MREx
from pyverbs.pd import PD, ParentDomain, ParentDomainContext, ParentDomainInitAttr
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError
from pyverbs.qp import QP, QPCap, QPInitAttr
from pyverbs.srq import SRQ, SrqAttr, SrqInitAttr, SrqInitAttrEx
from pyverbs.wr import SGE, RecvWR, SendWR
from test_traffic import post


def test_memory_is_read_and_written(pd):
    mr = MR(pd, 100, e.IBV_ACCESS_LOCAL_WRITE)
    assert mr.read(100, 0) == bytes(100) and mr.length == 100
    mr.write('text', 4)
    mr.write(b'bytes', 3, 97)
    assert mr.read(4, 0) == b'text' and mr.read(3, 97) == b'byt'
    assert SGE(mr.buf, 100, mr.lkey).read(3, 97) == b'byt'
    for length, offset in ((101, 0), (1, 100), (2, 99), (-1, 5), (1, -1)):
        with pytest.raises((PyverbsUserError, OverflowError)):
            mr.read(length, offset)
    with pytest.raises(PyverbsUserError):
        mr.write('12', 2, 99)
    with pytest.raises(PyverbsUserError):
        SGE(mr.buf, 100, mr.lkey).read(2, 99)


def test_memory_of_the_program_is_registered_where_it_is(pd):
    place = mem.mmap(length=8192)
    with MR(pd, 8192, e.IBV_ACCESS_LOCAL_WRITE, address=place) as mr:
        mr.write('here', 4, 8)
        assert mr.buf == place and mem.read(place, 4, 8) == b'here'
    assert mem.read(place, 4, 8) == b'here'
    mem.munmap(place, 8192)


@pytest.mark.parametrize('access', (e.IBV_ACCESS_REMOTE_WRITE, e.IBV_ACCESS_REMOTE_ATOMIC))
def test_remote_writes_need_local_ones(pd, access):
    with fails_with(22, 'register'):
        MR(pd, 100, access)


def test_registrations_that_cannot_be(pd):
    with fails_with(22):
        MR(pd, 0, 0)
    with pytest.raises(PyverbsRDMAError):
        MR(pd, 100, e.IBV_ACCESS_LOCAL_WRITE, address=1 << 62)
    with pytest.raises(PyverbsRDMAError):
        MR(pd, 1 << 60, 0)
    with pytest.raises(PyverbsUserError):
        MR(pd, 100, 0, colour='red')
    with pytest.raises(TypeError):
        MR(None, 100, 0)


def test_reregistration_changes_access_and_domain(context, pd):
    mr, other = MR(pd, 4096, e.IBV_ACCESS_LOCAL_WRITE), PD(context)
    try:
        mr.rereg(e.IBV_REREG_MR_CHANGE_ACCESS | e.IBV_REREG_MR_CHANGE_PD, other,
                 access=e.IBV_ACCESS_LOCAL_WRITE | e.IBV_ACCESS_REMOTE_READ)
    except PyverbsRDMAError as error:
        assert error.error_code == 95
        return
    other.close()
    with pytest.raises(PyverbsUserError):
        mr.lkey


def test_reregistration_checks_its_arguments(pd):
    mr = MR(pd, 4096, 0)
    with pytest.raises(PyverbsRDMAError, match='IBV_REREG_MR_ERR_INPUT'):
        mr.rereg(0xff00)
    mr.read(1, 0)


def test_extended_registration(context):
    side, peer = pair(context)
    place = mem.mmap(length=4096)
    mr = MREx(peer.pd, 4096, side.mr.length and 7, address=place)
    assert mr.length == 4096 and mr.buf == place
    peer.mr = mr
    side.mr.write('far', 3)
    post(side, peer, 'write', 3, remote=place)
    assert side.sent.one().status == 0 and mem.read(place, 3) == b'far'
    mr.close()
    mem.munmap(place, 4096)


def test_a_parent_domain_serves_like_its_domain(context, pd):
    calls = []

    def allocate(domain, about, size, alignment, kind):
        calls.append(('allocate', domain is pd, about.user_data, size > 0, alignment > 0))
        return e._IBV_ALLOCATOR_USE_DEFAULT

    def free(domain, about, address, kind):
        calls.append(('free', address))

    about = ParentDomainContext(pd, allocate, free, 'mine')
    mask = (e.IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS | e.IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT)
    domain = ParentDomain(context, ParentDomainInitAttr(pd, about, mask))
    cq = CQ(context, 10)
    QP(domain, QPInitAttr(e.IBV_QPT_RC, scq=cq, rcq=cq))
    assert calls == [('allocate', True, 'mine', True, True)] * 2
    pd.close()
    with pytest.raises(PyverbsUserError):
        domain.pd


def test_address_handles(pd, context):
    port = context.query_port(1)
    route = GlobalRoute(context.query_gid(1, 0), sgid_index=0, hop_limit=9)
    with AH(pd, attr=AHAttr(dlid=port.lid, is_global=1, gr=route)):
        pass
    if port.link_layer == e.IBV_LINK_LAYER_ETHERNET:
        with fails_with(22):
            AH(pd, attr=AHAttr())
    else:
        AH(pd, attr=AHAttr(dlid=port.lid)).close()
    for wrong in ({}, {'attr': None}, {'attr': 5}, {'wc': WC()}, {'attr': AHAttr(), 'wc': WC()},
                  {'wc': WC(), 'port_num': 0}, {'wc': WC(), 'port_num': 300},
                  {'wc': WC(wc_flags=e.IBV_WC_GRH), 'port_num': 1}):
        with pytest.raises((PyverbsUserError, TypeError)):
            AH(pd, **wrong)
    with fails_with(22):
        AH(pd, attr=AHAttr(port_num=99))


def received_header(side):
    """-> the header in front of the last datagram"""
    octets = side.mr.read(40, 32768)
    sgid, dgid = (GID(':'.join(octets[at + i:at + i + 2].hex() for i in range(0, 16, 2)))
                  for at in (8, 24))
    first = int.from_bytes(octets[:4], sys.byteorder)
    return GRH(sgid, dgid, first, int.from_bytes(octets[4:6], sys.byteorder), octets[6], octets[7])


def test_a_datagram_is_answered(context):
    side, peer = pair(context, e.IBV_QPT_UD)
    peer.receive(8)
    post(side, peer, 'send', 8)
    assert side.sent.one().status == 0
    came = peer.received.one()
    wc = WC(wc_flags=came.wc_flags, slid=context.query_port(1).lid, qp_num=came.qp_num,
            src_qp=came.src_qp)
    header = received_header(peer) if came.wc_flags & e.IBV_WC_GRH else None
    with AH(peer.pd, wc=wc, grh=header, port_num=1) as address:
        side.receive(8)
        wr = SendWR(7, num_sge=1, sg=[peer.sge(8)])
        wr.set_wr_ud(address, came.src_qp, 0x11111111)
        peer.qp.post_send(wr)
        assert side.received.one().status == 0


def test_a_shared_queue_serves_several(context, pd, cq, mr):
    srq = SRQ(pd, SrqInitAttr(SrqAttr(20, 2)))
    for number in range(4):
        srq.post_recv(RecvWR(number, 1, [SGE(mr.buf + number * 8, 8, mr.lkey)]))
    for number in range(2):
        side, peer = Side(context, e.IBV_QPT_RC), Side(context, e.IBV_QPT_RC)
        qp = QP(pd, QPInitAttr(e.IBV_QPT_RC, scq=cq, rcq=cq, srq=srq, cap=QPCap(4, 0, 1, 0)))
        peer.qp.close()
        peer.qp = qp
        for one, other in ((side, peer), (peer, side)):
            one.qp.to_rts(one.attributes(other))
        side.mr.write(bytes([65 + number]) * 8, 8)
        post(side, peer, 'send', 8)
        assert side.sent.one().status == 0
        while True:
            count, came = cq.poll()
            if count:
                break
        assert came[0].wr_id == number and came[0].qp_num == qp.qp_num
        assert mr.read(8, number * 8) == bytes([65 + number]) * 8


def test_shared_queue_attributes(pd):
    attr = SrqInitAttr(SrqAttr(20, 2))
    srq = SRQ(pd, attr)
    told = srq.query()
    assert told.max_wr >= 20 and told.max_sge >= 2 and told.srq_limit == 0
    srq.modify(SrqAttr(srq_limit=5), e.IBV_SRQ_LIMIT)
    assert srq.query().srq_limit == 5
    with fails_with(22):
        srq.modify(SrqAttr(srq_limit=told.max_wr + 1), e.IBV_SRQ_LIMIT)
    with fails_with(22):
        SRQ(pd, SrqInitAttr(SrqAttr(1 << 30)))
    assert srq.get_srq_num() > 0


def test_a_full_shared_queue_names_the_request(pd, mr):
    srq = SRQ(pd, SrqInitAttr(SrqAttr(4)))
    room = srq.query().max_wr
    chain, bad = None, RecvWR()
    for number in reversed(range(room + 1)):
        chain = RecvWR(number, 1, [SGE(mr.buf, 1, mr.lkey)], chain)
    with fails_with(12, 'SRQ'):
        srq.post_recv(chain, bad)
    assert bad.wr_id == room


def test_a_shared_queue_of_a_context(context, pd):
    attr = SrqInitAttrEx(30)
    attr.comp_mask = e.IBV_SRQ_INIT_ATTR_PD | e.IBV_SRQ_INIT_ATTR_TYPE
    attr.srq_type, attr.pd = e.IBV_SRQT_BASIC, pd
    with SRQ(context, attr) as srq:
        assert srq.query().max_wr >= 30
    with pytest.raises(TypeError):
        SRQ(context, SrqInitAttr())


def test_completion_queues(context):
    cq = CQ(context, 10)
    assert cq.cqe >= 10 and cq.poll(5) == (0, []) and cq.poll(0) == (0, [])
    cq.resize(500)
    assert cq.cqe >= 500
    with pytest.raises(PyverbsUserError):
        cq.poll(-1)
    for wrong in (0, -1, 1 << 30):
        with fails_with(22):
            CQ(context, wrong)
    with pytest.raises(PyverbsRDMAError):
        cq.resize(1 << 30)
    with pytest.raises(PyverbsRDMAError):
        CQ(context, 10, comp_vector=100000)


def test_memory_by_address():
    place = mem.posix_memalign(100, 64)
    assert place % 64 == 0 and mem.read(place, 100) == bytes(100)
    mem.writebe32(place, 0x01020304, 4)
    mem.writebe64(place, 0x0102030405060708, 8)
    assert mem.read(place, 12, 4) == bytes((1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8))
    assert mem.read32(place, 4) == 0x04030201 and mem.read64(place, 8) == 0x0807060504030201
    mem.write(place, 'abc', 2)
    assert mem.read(place, 3) == b'ab\0'
    mem.free(place)
    page = mem.mmap(length=mmap.PAGESIZE)
    mem.write(page, b'x', 1)
    mem.madvise(page, mmap.PAGESIZE)
    assert mem.read(page, 1) == b'\0'
    mem.munmap(page, mmap.PAGESIZE)
    for wrong in (lambda: mem.munmap(1, 1), lambda: mem.posix_memalign(1, 3),
                  lambda: mem.malloc(1 << 62), lambda: mem.mmap(length=0)):
        with pytest.raises(MemoryError):
            wrong()
    with pytest.raises(PyverbsRDMAError):
        mem.madvise(1, 1)
    with pytest.raises(PyverbsUserError):
        mem.read32(0)
