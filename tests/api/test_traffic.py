# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every transport, operation, way to post, way to take completions, and sizes around the borders of
packets."""
import struct

import pytest

import pyverbs.enums as e
from bed import QKEY, fails_with, pair, pattern
from pyverbs.pyverbs_error import PyverbsUserError
from pyverbs.qp import DataBuffer, QPCap
from pyverbs.wr import RecvWR, SendWR

RC, UC, UD = e.IBV_QPT_RC, e.IBV_QPT_UC, e.IBV_QPT_UD
MTU = 1024
SIZES = (0, 1, 63, 64, 65, MTU - 1, MTU, MTU + 1, 4 * MTU, 20000)
WAYS = ('poll', 'event', 'ex')
HOWS = ('post_send', 'ibv_wr')
IMM = 0x11223344
# What the peer gets: a message, data in its memory, or both
OPERATIONS = {
    'send': (e.IBV_WR_SEND, e.IBV_WC_SEND, (RC, UC, UD)),
    'send_imm': (e.IBV_WR_SEND_WITH_IMM, e.IBV_WC_SEND, (RC, UC, UD)),
    'write': (e.IBV_WR_RDMA_WRITE, e.IBV_WC_RDMA_WRITE, (RC, UC)),
    'write_imm': (e.IBV_WR_RDMA_WRITE_WITH_IMM, e.IBV_WC_RDMA_WRITE, (RC, UC)),
    'read': (e.IBV_WR_RDMA_READ, e.IBV_WC_RDMA_READ, (RC,)),
}
MATRIX = [pytest.param(kind, name, how, way, id=f'{kind.name[8:]}-{name}-{how}-{way}')
          for name, (_, _, kinds) in OPERATIONS.items() for kind in kinds
          for how in HOWS for way in WAYS]


def post(side, peer, name, size, wr_id=7, flags=e.IBV_SEND_SIGNALED, remote=None, offset=0):
    """One request by ibv_post_send(); the peer's memory is at 32768 in its MR."""
    wr = SendWR(wr_id, OPERATIONS[name][0], 1, IMM if 'imm' in name else 0,
                [side.sge(size, offset)], flags)
    if side.kind == UD:
        wr.set_wr_ud(side.address(peer), peer.qp.qp_num, QKEY)
    elif name in ('write', 'write_imm', 'read'):
        wr.set_wr_rdma(peer.mr.rkey, peer.mr.buf + 32768 if remote is None else remote)
    side.qp.post_send(wr)


def build(side, peer, name, size, wr_id=7, flags=e.IBV_SEND_SIGNALED, finish=True):
    """The same by ibv_wr_...()."""
    qp, remote = side.qp, (peer.mr.rkey, peer.mr.buf + 32768)
    qp.wr_start()
    qp.wr_id, qp.wr_flags = wr_id, flags
    {'send': lambda: qp.wr_send(), 'send_imm': lambda: qp.wr_send_imm(IMM),
     'write': lambda: qp.wr_rdma_write(*remote),
     'write_imm': lambda: qp.wr_rdma_write_imm(*remote, IMM),
     'read': lambda: qp.wr_rdma_read(*remote)}[name]()
    if side.kind == UD:
        address = side.address(peer)
        qp.wr_set_ud_addr(address, peer.qp.qp_num, QKEY)
    qp.wr_set_sge(side.sge(size))
    if finish:
        qp.wr_complete()


def issue(how, *arguments, **options):
    (build if how == 'ibv_wr' else post)(*arguments, **options)


@pytest.mark.parametrize('kind, name, how, way', MATRIX)
def test_data_arrives_and_completions_tell_it(context, kind, name, how, way):
    side, peer = pair(context, kind, way=way, extended=how == 'ibv_wr')
    for size in SIZES:
        if kind == UD and size > 4096:
            continue  # a datagram is one packet, of the port's MTU at most
        data = pattern(size, size)
        source, target = (peer, side) if name == 'read' else (side, peer)
        source.mr.write(data, size, 32768 if name == 'read' else 0)
        target.mr.write(b'\xee' * 25000, 25000, 0 if name == 'read' else 32768)
        if name in ('send', 'send_imm', 'write_imm'):
            peer.receive(0 if name == 'write_imm' else size)
        issue(how, side, peer, name, size)
        done = side.sent.one()
        assert (done.wr_id, done.status, done.opcode) == (7, 0, OPERATIONS[name][1])
        if name in ('send', 'send_imm', 'write_imm'):
            check_received(peer.received.one(), side, name, size)
        if name == 'read':
            assert side.mr.read(size + 1, 0) == data + b'\xee'
        elif kind != UC or name != 'write':
            assert peer.received_bytes(size + 1) == data + b'\xee'


def check_received(came, side, name, size):
    assert (came.wr_id, came.status) == (1, 0)
    assert came.opcode == (e.IBV_WC_RECV_RDMA_WITH_IMM if name == 'write_imm' else e.IBV_WC_RECV)
    assert came.byte_len == size + (40 if side.kind == UD else 0)
    assert bool(came.wc_flags & e.IBV_WC_WITH_IMM) == ('imm' in name)
    if 'imm' in name:
        assert came.imm_data == IMM
    if side.kind == UD:
        assert came.src_qp == side.qp.qp_num


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('way', WAYS)
def test_compare_and_swap(context, how, way):
    side, peer = pair(context, RC, way=way, extended=how == 'ibv_wr')
    for start, compare, swap, after in ((5, 5, 9, 9), (5, 6, 9, 5), (2**64 - 1, 2**64 - 1, 0, 0)):
        peer.mr.write(struct.pack('=Q', start), 8, 32768)
        if how == 'ibv_wr':
            side.qp.wr_start()
            side.qp.wr_id, side.qp.wr_flags = 3, e.IBV_SEND_SIGNALED
            side.qp.wr_atomic_cmp_swp(peer.mr.rkey, peer.mr.buf + 32768, compare, swap)
            side.qp.wr_set_sge(side.sge(8))
            side.qp.wr_complete()
        else:
            wr = SendWR(3, e.IBV_WR_ATOMIC_CMP_AND_SWP, 1, 0, [side.sge(8)])
            wr.set_wr_atomic(peer.mr.rkey, peer.mr.buf + 32768, compare, swap)
            side.qp.post_send(wr)
        done = side.sent.one()
        assert (done.status, done.opcode) == (0, e.IBV_WC_COMP_SWAP)
        assert struct.unpack('=Q', side.mr.read(8, 0))[0] == start
        assert struct.unpack('=Q', peer.mr.read(8, 32768))[0] == after


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('way', WAYS)
def test_fetch_and_add(context, how, way):
    side, peer = pair(context, RC, way=way, extended=how == 'ibv_wr')
    for start, add, after in ((1, 41, 42), (2**64 - 1, 2, 1)):
        peer.mr.write(struct.pack('=Q', start), 8, 32768)
        if how == 'ibv_wr':
            side.qp.wr_start()
            side.qp.wr_id, side.qp.wr_flags = 3, e.IBV_SEND_SIGNALED
            side.qp.wr_atomic_fetch_add(peer.mr.rkey, peer.mr.buf + 32768, add)
            side.qp.wr_set_sge(side.sge(8))
            side.qp.wr_complete()
        else:
            wr = SendWR(3, e.IBV_WR_ATOMIC_FETCH_AND_ADD, 1, 0, [side.sge(8)])
            wr.set_wr_atomic(peer.mr.rkey, peer.mr.buf + 32768, add)
            side.qp.post_send(wr)
        done = side.sent.one()
        assert (done.status, done.opcode) == (0, e.IBV_WC_FETCH_ADD)
        assert struct.unpack('=Q', side.mr.read(8, 0))[0] == start
        assert struct.unpack('=Q', peer.mr.read(8, 32768))[0] == after


@pytest.mark.parametrize('kind', (RC, UC, UD), ids=('RC', 'UC', 'UD'))
def test_inline_data_is_taken_at_once(context, kind):
    side, peer = pair(context, kind)
    peer.receive(64)
    side.mr.write(pattern(64), 64)
    post(side, peer, 'send', 64, flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE)
    side.mr.write(b'\0' * 64, 64)
    assert side.sent.one().status == 0 and peer.received.one().status == 0
    assert peer.received_bytes(64) == pattern(64)


@pytest.mark.parametrize('kind', (RC, UC, UD), ids=('RC', 'UC', 'UD'))
@pytest.mark.parametrize('pieces', (1, 3), ids=('one', 'list'))
def test_inline_data_of_the_builder(context, kind, pieces):
    side, peer = pair(context, kind, extended=True)
    peer.receive(60)
    side.mr.write(pattern(60), 60)
    side.qp.wr_start()
    side.qp.wr_id, side.qp.wr_flags = 1, e.IBV_SEND_SIGNALED
    side.qp.wr_send()
    address = side.address(peer)
    if kind == UD:
        side.qp.wr_set_ud_addr(address, peer.qp.qp_num, QKEY)
    if pieces == 1:
        side.qp.wr_set_inline_data(side.mr.buf, 60)
    else:
        side.qp.wr_set_inline_data_list(3, [DataBuffer(side.mr.buf + i * 20, 20)
                                            for i in range(3)])
    side.qp.wr_complete()
    assert side.sent.one().status == 0 and peer.received.one().status == 0
    assert peer.received_bytes(60) == pattern(60)


@pytest.mark.parametrize('how', HOWS)
def test_lists_of_pieces_are_gathered_and_scattered(context, how):
    side, peer = pair(context, RC, extended=how == 'ibv_wr')
    side.mr.write(pattern(3000), 3000)
    pieces = [side.sge(1000, 2000), side.sge(0, 0), side.sge(500, 100), side.sge(1, 0)]
    expected = pattern(3000)[2000:3000] + pattern(3000)[100:600] + pattern(3000)[:1]
    peer.qp.post_recv(RecvWR(1, 3, [peer.sge(7, 0), peer.sge(1400, 100), peer.sge(400, 5000)]))
    if how == 'ibv_wr':
        side.qp.wr_start()
        side.qp.wr_id, side.qp.wr_flags = 1, e.IBV_SEND_SIGNALED
        side.qp.wr_send()
        side.qp.wr_set_sge_list(4, pieces)
        side.qp.wr_complete()
    else:
        side.qp.post_send(SendWR(1, num_sge=4, sg=pieces))
    assert side.sent.one().status == 0 and peer.received.one().byte_len == 1501
    assert peer.mr.read(7, 0) + peer.mr.read(1400, 100) + peer.mr.read(94, 5000) == expected


def test_a_list_of_requests_is_posted_in_order(context):
    side, peer = pair(context)
    receives = sends = None
    for number in reversed(range(10)):
        side.mr.write(bytes([number] * 8), 8, number * 8)
        receives = RecvWR(number, 1, [peer.sge(8, 32768 + number * 8)], receives)
        sends = SendWR(100 + number, num_sge=1, sg=[side.sge(8, number * 8)], next_wr=sends)
    peer.qp.post_recv(receives)
    side.qp.post_send(sends)
    assert [done.wr_id for done in side.sent.take(10)] == list(range(100, 110))
    assert [came.wr_id for came in peer.received.take(10)] == list(range(10))
    assert peer.mr.read(80, 32768) == side.mr.read(80, 0)


def test_several_requests_are_built_before_one_doorbell(context):
    side, peer = pair(context, extended=True)
    side.qp.wr_start()
    for number in range(5):
        peer.receive(8, 32768 + number * 8, number)
        side.qp.wr_id = 50 + number
        side.qp.wr_flags = e.IBV_SEND_SIGNALED if number == 4 else 0
        side.qp.wr_send()
        side.qp.wr_set_sge(side.sge(8, number))
    assert side.sent.entries() == []
    side.qp.wr_complete()
    assert side.sent.one().wr_id == 54
    assert [came.wr_id for came in peer.received.take(5)] == list(range(5))


def test_what_was_built_can_be_dropped(context):
    side, peer = pair(context, extended=True)
    peer.receive(8)
    build(side, peer, 'send', 8, wr_id=1, finish=False)
    side.qp.wr_abort()
    build(side, peer, 'send', 8, wr_id=2)
    assert side.sent.one().wr_id == 2
    assert peer.received.one().wr_id == 1 and peer.received.entries() == []


def test_building_in_the_wrong_order_is_refused(context):
    side, peer = pair(context, extended=True)
    qp = side.qp
    for call in (qp.wr_send, qp.wr_complete, lambda: qp.wr_set_sge(side.sge(1))):
        with pytest.raises(PyverbsUserError):
            call()
    qp.wr_start()
    for call in (qp.wr_start, lambda: qp.wr_set_sge(side.sge(1)),
                 lambda: qp.post_send(SendWR(num_sge=1, sg=[side.sge(1)]))):
        with pytest.raises(PyverbsUserError):
            call()
    qp.wr_abort()
    peer.receive(1)
    build(side, peer, 'send', 1)
    assert side.sent.one().status == 0


def test_operations_that_were_not_asked_for_are_refused(context):
    side, peer = pair(context, UC, extended=True)
    side.qp.wr_start()
    with fails_with(95):
        side.qp.wr_rdma_read(peer.mr.rkey, peer.mr.buf)
    with fails_with(95):
        side.qp.wr_atomic_fetch_add(peer.mr.rkey, peer.mr.buf, 1)
    side.qp.wr_abort()


def test_unsignaled_requests_make_no_completion(context):
    side, peer = pair(context)
    for number in range(3):
        peer.receive(8)
        post(side, peer, 'send', 8, wr_id=number, flags=e.IBV_SEND_SIGNALED if number == 2 else 0)
    assert side.sent.one().wr_id == 2
    assert len(peer.received.take(3)) == 3 and side.sent.entries() == []


def test_full_queues_say_so_and_name_the_request(context):
    side, _ = pair(context, cap=QPCap(4, 4, 1, 1, 0))
    room = side.qp.query(e.IBV_QP_CAP)[0].cap.max_recv_wr
    chain, bad = None, RecvWR()
    for number in reversed(range(room + 1)):
        chain = RecvWR(number, 1, [side.sge(1)], chain)
    with fails_with(12, 'post recv'):
        side.qp.post_recv(chain, bad)
    assert bad.wr_id == room


def test_a_request_with_more_pieces_than_the_queue_takes_is_refused(context):
    side, peer = pair(context, cap=QPCap(4, 4, 1, 1, 0))
    wr = SendWR(9, num_sge=40, sg=[side.sge(1)] * 40)
    bad = SendWR()
    with pytest.raises(Exception) as caught:
        side.qp.post_send(wr, bad)
    assert caught.value.error_code in (12, 22) and bad.wr_id == 9


def test_requests_that_lack_what_they_need_are_refused(context):
    side, _ = pair(context, UD)
    with pytest.raises(PyverbsUserError, match='set_wr_ud'):
        side.qp.post_send(SendWR(num_sge=1, sg=[side.sge(1)]))
    with pytest.raises(PyverbsUserError, match='set_bind_wr'):
        wr = SendWR(opcode=e.IBV_WR_BIND_MW)
        wr.set_wr_ud(side.address(side), 1, QKEY)
        side.qp.post_send(wr)


def test_a_list_without_an_end_is_refused(context):
    side, _ = pair(context)
    first = SendWR(1)
    first.next_wr = SendWR(2, next_wr=first)
    with pytest.raises(PyverbsUserError, match='no end'):
        side.qp.post_send(first)
    first = RecvWR(1)
    first.next_wr = first
    with pytest.raises(PyverbsUserError, match='no end'):
        side.qp.post_recv(first)
