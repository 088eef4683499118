# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Requests that fail: what the completions at both ends tell, what becomes of the queue pairs, and
that everything posted comes back (IBTA vol. 1, 9.9 and 10.10)."""
import errno

import pytest

import pyverbs.enums as e
from bed.device import fails_with
from bed.end import (ALL_ACCESS, FILLING, GUARD, HERE, HOWS, QKEY, RC, SIZE, THERE, UC, UD, End,
                     connect, pair)
from bed.queue import WAYS
from bed.request import ATOMICS, Request, issue
from bed.state import ERR, RTS
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.wr import SGE, RecvWR, SendWR

REMOTE = ('write', 'write_imm', 'read', 'compare_swap', 'fetch_add')
IMPATIENT = {'timeout': 8, 'retry_cnt': 1, 'rnr_retry': 1}
HOW = pytest.mark.parametrize('how', HOWS)
WAY = pytest.mark.parametrize('way', WAYS)


def check_failed(end, meant, wr_id=7):
    done = end.sent.one()
    assert done.wr_id == wr_id and done.qp_num == end.qp.qp_num
    assert end.device.family.means(done.status, meant), f'{done}, {e.ibv_wc_status(meant)!r} meant'
    if meant == e.IBV_WC_REM_ACCESS_ERR and end.device.family.has_syndromes:
        assert done.vendor_err
    assert end.qp.qp_state == ERR
    return done


def attempt(end, peer, request):
    """Posts it, and the receive that it would take."""
    if request.operation.takes:
        peer.receive(8, wr_id=90)
    issue(end, request)


def check_refused(end, peer, request):
    """By the peer, for what it asks of the memory there."""
    attempt(end, peer, request)
    check_failed(end, e.IBV_WC_REM_ACCESS_ERR)
    if request.operation.takes:
        came = peer.received.one()
        assert came.wr_id == 90
        # Refused in its first packet, it has not taken the receive yet.
        assert came.status in (end.device.family.receive_of_refused_write, e.IBV_WC_WR_FLUSH_ERR)


def refused(ends, request):
    """The same, and neither end has been written to."""
    end, peer = ends
    end.clear(SIZE - 2 * GUARD, GUARD)
    peer.clear(SIZE - 2 * GUARD, GUARD)
    check_refused(end, peer, request)
    assert peer.qp.qp_state == ERR
    for one in ends:
        assert one.mr.read(SIZE, 0) == FILLING * SIZE


@WAY
@HOW
@pytest.mark.parametrize('name', REMOTE)
def test_a_wrong_remote_key(device, name, how, way):
    ends = pair(device, RC, how, way)
    refused(ends, Request(name, 8, rkey=ends[1].mr.rkey ^ 0xff00))


@pytest.mark.parametrize('name', REMOTE)
def test_a_key_with_another_tag(device, name):
    """Its index is that of the region; the tag below is not."""
    ends = pair(device)
    refused(ends, Request(name, 8, rkey=ends[1].mr.rkey ^ 1))


@pytest.mark.parametrize('offset, size', ((-1, 1), (-8, 16), (SIZE, 1), (SIZE - 7, 8),
                                          (SIZE - 1024, 2048), (1 << 40, 8)))
@pytest.mark.parametrize('name', REMOTE[:3])
def test_beyond_the_remote_region(device, name, offset, size):
    ends = pair(device)
    refused(ends, Request(name, size, remote=ends[1].mr.buf + offset))


@pytest.mark.parametrize('name, missing', (
    ('write', e.IBV_ACCESS_REMOTE_WRITE), ('write_imm', e.IBV_ACCESS_REMOTE_WRITE),
    ('read', e.IBV_ACCESS_REMOTE_READ), ('compare_swap', e.IBV_ACCESS_REMOTE_ATOMIC),
    ('fetch_add', e.IBV_ACCESS_REMOTE_ATOMIC)))
def test_rights_that_the_remote_region_lacks(device, name, missing):
    end, peer = pair(device)
    poor = MR(peer.pd, 4096, ALL_ACCESS & ~missing)
    check_refused(end, peer, Request(name, 8, rkey=poor.rkey, remote=poor.buf))
    assert poor.read(4096, 0) == bytes(4096)


@pytest.mark.parametrize('name, missing', (
    ('write', e.IBV_ACCESS_REMOTE_WRITE), ('read', e.IBV_ACCESS_REMOTE_READ),
    ('fetch_add', e.IBV_ACCESS_REMOTE_ATOMIC)))
def test_rights_that_the_remote_queue_pair_lacks(device, name, missing):
    end, peer = End(device), End(device)
    end.connect(peer.address())
    peer.connect(end.address(), qp_access_flags=ALL_ACCESS & ~missing)
    issue(end, Request(name, 8))
    done = end.sent.one()
    assert done.status in (e.IBV_WC_REM_INV_REQ_ERR, e.IBV_WC_REM_ACCESS_ERR)
    assert end.qp.qp_state == ERR


@pytest.mark.parametrize('name', REMOTE)
def test_memory_of_another_domain(device, name):
    end, peer = pair(device)
    foreign = MR(PD(device.context), 4096, ALL_ACCESS)
    check_refused(end, peer, Request(name, 8, rkey=foreign.rkey, remote=foreign.buf))


@pytest.mark.parametrize('name', REMOTE)
def test_memory_that_is_not_registered_any_more(device, name):
    end, peer = pair(device)
    gone = MR(peer.pd, 4096, ALL_ACCESS)
    request = Request(name, 8, rkey=gone.rkey, remote=gone.buf)
    gone.close()
    check_refused(end, peer, request)


@HOW
@pytest.mark.parametrize('name', ('send', 'send_imm', *REMOTE))
def test_a_wrong_local_key(device, name, how):
    end, peer = pair(device, RC, how)
    peer.receive(8)
    piece = end.sge(8)
    piece.lkey ^= 0xff00
    issue(end, Request(name, 8, pieces=[piece]))
    check_failed(end, e.IBV_WC_LOC_PROT_ERR)


@pytest.mark.parametrize('name', ('send', 'write', 'read'))
def test_beyond_the_local_region(device, name):
    end, peer = pair(device)
    peer.receive(8)
    issue(end, Request(name, 8, pieces=[end.sge(8, SIZE - 7)]))
    check_failed(end, e.IBV_WC_LOC_PROT_ERR)


@pytest.mark.parametrize('name', ('read', *ATOMICS))
def test_into_local_memory_that_may_not_be_written(device, name):
    end, _ = pair(device)
    fixed = MR(end.pd, 4096, 0)
    issue(end, Request(name, 8, pieces=[SGE(fixed.buf, 8, fixed.lkey)]))
    check_failed(end, e.IBV_WC_LOC_PROT_ERR)
    assert fixed.read(8, 0) == bytes(8)


@WAY
@pytest.mark.parametrize('size', (9, 1025, 5000))
def test_a_message_longer_than_the_receive(device, size, way):
    end, peer = pair(device, way=way)
    peer.receive(size - 1, wr_id=21)
    issue(end, Request('send', size))
    check_failed(end, e.IBV_WC_REM_INV_REQ_ERR)
    came = peer.received.one()
    assert came.wr_id == 21 and device.family.means(came.status, e.IBV_WC_LOC_LEN_ERR)
    assert peer.qp.qp_state == ERR


@pytest.mark.parametrize('spoil', ('key', 'range', 'rights'))
def test_a_receive_whose_memory_is_wrong(device, spoil):
    end, peer = pair(device)
    piece = peer.sge(8, SIZE - 4 if spoil == 'range' else THERE)
    if spoil == 'key':
        piece.lkey ^= 0xff00
    fixed = MR(peer.pd, 4096, 0)
    if spoil == 'rights':
        piece = SGE(fixed.buf, 8, fixed.lkey)
    peer.qp.post_recv(RecvWR(31, 1, [piece]))
    issue(end, Request('send', 8))
    check_failed(end, e.IBV_WC_REM_OP_ERR)
    came = peer.received.one()
    assert came.wr_id == 31 and device.family.means(came.status, e.IBV_WC_LOC_PROT_ERR)


def test_the_peer_has_no_receive(device):
    end, peer = pair(device, connected=IMPATIENT)
    issue(end, Request('send', 8))
    check_failed(end, e.IBV_WC_RNR_RETRY_EXC_ERR)
    assert peer.qp.qp_state == RTS


def test_the_peer_has_a_receive_late(device):
    end, peer = pair(device)
    issue(end, Request('send', 8))
    assert end.sent.entries() == []
    peer.receive(8)
    assert end.sent.one().status == peer.received.one().status == e.IBV_WC_SUCCESS


@pytest.mark.parametrize('name', ('send', *REMOTE))
def test_the_peer_is_gone(device, name):
    end, peer = pair(device, connected=IMPATIENT)
    peer.qp.close()
    issue(end, Request(name, 8))
    check_failed(end, e.IBV_WC_RETRY_EXC_ERR)


@WAY
@HOW
def test_what_comes_behind_an_error_is_flushed(device, how, way):
    end, peer = pair(device, RC, how, way)
    for number in range(4):
        end.receive(8, wr_id=50 + number)
    issue(end, Request('write', 8, wr_id=1),
          Request('write', 8, wr_id=2, rkey=peer.mr.rkey ^ 0xff00),
          Request('write', 8, wr_id=3), Request('read', 8, wr_id=4, flags=0))
    done = end.sent.take(4)
    flushed = e.IBV_WC_WR_FLUSH_ERR
    assert [(one.wr_id, one.status) for one in done] == [
        (1, e.IBV_WC_SUCCESS), (2, e.IBV_WC_REM_ACCESS_ERR), (3, flushed), (4, flushed)]
    assert [(one.wr_id, one.status) for one in end.received.take(4)] == [
        (50 + number, flushed) for number in range(4)]
    assert {one.qp_num for one in done} == {end.qp.qp_num}


def test_errors_are_told_of_requests_that_ask_for_no_completion(device):
    end, peer = pair(device)
    issue(end, Request('write', 8, flags=0, rkey=peer.mr.rkey ^ 0xff00))
    check_failed(end, e.IBV_WC_REM_ACCESS_ERR)


@HOW
def test_both_ends_work_again_after_reset(device, how):
    ends = pair(device, RC, how)
    for _ in range(3):
        refused(ends, Request('write', 8, rkey=1))
        for end in ends:
            end.reset()
            assert end.sent.entries() == end.received.entries() == []
        connect(*ends)
        ends[1].receive(8)
        issue(ends[0], Request('send', 8))
        assert ends[0].sent.one().status == ends[1].received.one().status == e.IBV_WC_SUCCESS


# Unreliable: the sender does not learn what became of it.

@pytest.mark.parametrize('change', ({'rkey': 0x1200}, {'remote': 16}), ids=('key', 'range'))
def test_an_unreliable_write_that_is_refused(device, change):
    end, peer = pair(device, UC)
    peer.clear(8)
    issue(end, Request('write', 8, **change))
    assert end.sent.one().status == e.IBV_WC_SUCCESS and end.qp.qp_state == RTS
    peer.expect(FILLING * 8)


@pytest.mark.parametrize('kind', (UC, UD), ids=('UC', 'UD'))
def test_an_unreliable_message_without_a_receive(device, kind):
    """Is dropped; the next one finds a receive."""
    end, peer = pair(device, kind)
    issue(end, Request('send', 8))
    assert end.sent.one().status == e.IBV_WC_SUCCESS
    assert peer.received.entries() == []
    peer.receive(16)
    issue(end, Request('send', 16))
    assert end.sent.one().status == e.IBV_WC_SUCCESS
    assert peer.received.one().byte_len == (56 if kind == UD else 16)


def test_a_datagram_by_a_wrong_key(device):
    end, peer = pair(device, UD)
    peer.receive(8)
    issue(end, Request('send', 8, qkey=QKEY ^ 1))
    assert end.sent.one().status == e.IBV_WC_SUCCESS
    issue(end, Request('send_imm', 8, imm=77))
    assert end.sent.one().status == e.IBV_WC_SUCCESS
    assert peer.received.one().imm_data == 77


def test_a_datagram_to_nobody(device):
    end, peer = pair(device, UD)
    end.peer = end.peer._replace(qp_num=0xabcdef)
    issue(end, Request('send', 8))
    assert end.sent.one().status == e.IBV_WC_SUCCESS and end.qp.qp_state == RTS


# What is refused at once.

@pytest.mark.parametrize('opcode', (e.IBV_WR_TSO + 50, 1000))
@pytest.mark.parametrize('kind', (RC, UC, UD), ids=('RC', 'UC', 'UD'))
def test_opcodes_that_nobody_knows(device, kind, opcode):
    end, _ = pair(device, kind)
    wr, bad = SendWR(5, opcode, 1, 0, [end.sge(8, HERE)]), SendWR()
    if kind == UD:
        wr.set_wr_ud(end.handle(end.peer), end.peer.qp_num, QKEY)
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
        end.qp.post_send(wr, bad)
    assert bad.wr_id == 5 and end.qp.qp_state == RTS


@pytest.mark.parametrize('kind, opcode', (
    (UC, e.IBV_WR_RDMA_READ), (UC, e.IBV_WR_ATOMIC_FETCH_AND_ADD), (UD, e.IBV_WR_RDMA_WRITE),
    (UD, e.IBV_WR_RDMA_READ), (UD, e.IBV_WR_ATOMIC_CMP_AND_SWP)))
def test_operations_that_the_transport_has_not(device, kind, opcode):
    end, peer = pair(device, kind)
    wr = SendWR(5, opcode, 1, 0, [end.sge(8, HERE)])
    wr.set_wr_atomic(peer.mr.rkey, peer.mr.buf, 0)
    if kind == UD:
        wr.set_wr_ud(end.handle(end.peer), end.peer.qp_num, QKEY)
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
        end.qp.post_send(wr)
    assert end.qp.qp_state == RTS and end.sent.entries() == []


@pytest.mark.parametrize('name', ('read', *ATOMICS))
def test_reads_and_atomics_carry_no_data(device, name):
    end, peer = pair(device)
    with fails_with(errno.EINVAL):
        issue(end, Request(name, 8, flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE))
    assert end.is_fresh()
