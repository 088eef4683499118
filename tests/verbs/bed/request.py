# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Requests by name, posted either way, and what their completions have to tell."""
import collections
import dataclasses

import pyverbs.enums as e
from bed.end import HEADER, HERE, QKEY, RC, THERE, UC, UD
from pyverbs.qp import DataBuffer
from pyverbs.wr import SendWR

IMM = 0x11223344
# `takes`: the peer's receive; `carries`: immediate data.
Operation = collections.namedtuple('Operation', 'opcode wc kinds takes carries')
OPERATIONS = {
    'send': Operation(e.IBV_WR_SEND, e.IBV_WC_SEND, (RC, UC, UD), True, False),
    'send_imm': Operation(e.IBV_WR_SEND_WITH_IMM, e.IBV_WC_SEND, (RC, UC, UD), True, True),
    'write': Operation(e.IBV_WR_RDMA_WRITE, e.IBV_WC_RDMA_WRITE, (RC, UC), False, False),
    'write_imm': Operation(e.IBV_WR_RDMA_WRITE_WITH_IMM, e.IBV_WC_RDMA_WRITE, (RC, UC), True,
                           True),
    'read': Operation(e.IBV_WR_RDMA_READ, e.IBV_WC_RDMA_READ, (RC,), False, False),
    'compare_swap': Operation(e.IBV_WR_ATOMIC_CMP_AND_SWP, e.IBV_WC_COMP_SWAP, (RC,), False,
                              False),
    'fetch_add': Operation(e.IBV_WR_ATOMIC_FETCH_AND_ADD, e.IBV_WC_FETCH_ADD, (RC,), False, False),
}
ATOMICS = ('compare_swap', 'fetch_add')


@dataclasses.dataclass
class Request:
    """What is left out is that of the ends; `operands` are an atomic's."""
    name: str
    size: int = 0
    wr_id: int = 7
    flags: int = e.IBV_SEND_SIGNALED
    offset: int = HERE
    pieces: list = None
    remote: int = None
    rkey: int = None
    imm: int = IMM
    operands: tuple = (0, 0)
    qkey: int = QKEY

    @property
    def operation(self):
        return OPERATIONS[self.name]


def places(end, request):
    """-> pieces of local memory; the peer's key and address"""
    pieces = request.pieces
    if pieces is None:
        pieces = [end.sge(8 if request.name in ATOMICS else request.size, request.offset)]
    rkey = end.peer.rkey if request.rkey is None else request.rkey
    remote = end.peer.memory + THERE if request.remote is None else request.remote
    return pieces, rkey, remote


def work_request(end, request, next_wr=None):
    """-> the request for ibv_post_send()"""
    pieces, rkey, remote = places(end, request)
    operation = request.operation
    wr = SendWR(request.wr_id, operation.opcode, len(pieces),
                request.imm if operation.carries else 0, pieces, request.flags, next_wr)
    if request.name in ATOMICS:
        wr.set_wr_atomic(rkey, remote, *request.operands)
    elif 'send' not in request.name:
        wr.set_wr_rdma(rkey, remote)
    end.direct(wr, request.qkey)
    return wr


def build(end, request):
    """The request by ibv_wr_...() calls, between wr_start() and wr_complete()."""
    qp = end.qp
    pieces, rkey, remote = places(end, request)
    qp.wr_id, qp.wr_flags = request.wr_id, request.flags & ~e.IBV_SEND_INLINE
    {'send': lambda: qp.wr_send(),
     'send_imm': lambda: qp.wr_send_imm(request.imm),
     'write': lambda: qp.wr_rdma_write(rkey, remote),
     'write_imm': lambda: qp.wr_rdma_write_imm(rkey, remote, request.imm),
     'read': lambda: qp.wr_rdma_read(rkey, remote),
     'compare_swap': lambda: qp.wr_atomic_cmp_swp(rkey, remote, *request.operands),
     'fetch_add': lambda: qp.wr_atomic_fetch_add(rkey, remote, request.operands[0])
     }[request.name]()
    end.direct_built(request.qkey)
    set_pieces(qp, request, pieces)


def set_pieces(qp, request, pieces):
    """Each of the four calls that name data."""
    if request.flags & e.IBV_SEND_INLINE:
        buffers = [DataBuffer(piece.addr, piece.length) for piece in pieces]
        if len(pieces) == 1:
            qp.wr_set_inline_data(pieces[0].addr, pieces[0].length)
        else:
            qp.wr_set_inline_data_list(len(buffers), buffers)
    elif len(pieces) == 1:
        qp.wr_set_sge(pieces[0])
    else:
        qp.wr_set_sge_list(len(pieces), pieces)


def issue(end, *requests):
    """Posts them the end's way: one list, or one series of calls."""
    if end.how == 'post_send':
        chain = None
        for request in reversed(requests):
            chain = work_request(end, request, chain)
        end.qp.post_send(chain)
        return
    end.qp.wr_start()
    for request in requests:
        build(end, request)
    end.qp.wr_complete()


def check_sent(done, end, request):
    assert (done.wr_id, done.status, done.opcode) == (request.wr_id, e.IBV_WC_SUCCESS,
                                                      request.operation.wc)
    # The senders of some devices are told that they have sent immediate data.
    assert (done.qp_num, done.wc_flags & ~e.IBV_WC_WITH_IMM) == (end.qp.qp_num, 0)
    if request.name == 'read':
        assert done.byte_len == request.size
    elif request.name in ATOMICS:
        assert done.byte_len == 8


def check_received(came, end, request, wr_id=1):
    """The completion of the receive that a request of the peer has taken."""
    written = request.name.startswith('write')
    assert (came.wr_id, came.status) == (wr_id, e.IBV_WC_SUCCESS)
    assert came.opcode == (e.IBV_WC_RECV_RDMA_WITH_IMM if written else e.IBV_WC_RECV)
    assert came.qp_num == end.receiver.qp_num
    assert came.byte_len == request.size + (HEADER if end.kind == UD else 0)
    flags = e.IBV_WC_WITH_IMM if request.operation.carries else 0
    if request.operation.carries:
        assert came.imm_data == request.imm
    if end.kind == UD:
        assert (came.src_qp, came.dlid_path_bits) == (end.peer.qp_num, 0)
        # In its place mlx5 tells what the header is on Ethernet: GRH, IPv6 or IPv4.
        assert came.sl in ((0, 1, 2) if end.device.is_ethernet else (0,))
        if end.device.is_ethernet:
            flags |= e.IBV_WC_GRH
        else:
            assert came.slid == end.peer.lid
    # Whether there was a GRH is told of datagrams; of others it may be.
    meant = came.wc_flags if end.kind == UD else came.wc_flags & ~e.IBV_WC_GRH
    assert meant == flags
