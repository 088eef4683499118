# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connected queue pairs of every kind, and what comes out of their completion queues, whichever way
it is taken."""
import collections
import errno
import os
import select
import subprocess
import time

import pytest

import pyverbs.enums as e
from conftest import BUILD, FABRIC
from pyverbs.addr import AH, AHAttr, GlobalRoute
from pyverbs.cq import CQ, CQEX, CompChannel, CqInitAttrEx, PollCqAttr
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsRDMAError
from pyverbs.qp import QP, QPAttr, QPCap, QPEx, QPInitAttr, QPInitAttrEx
from pyverbs.wr import SGE, RecvWR

SECONDS = 20
QKEY = 0x11111111
ALL_ACCESS = (e.IBV_ACCESS_LOCAL_WRITE | e.IBV_ACCESS_REMOTE_WRITE | e.IBV_ACCESS_REMOTE_READ
              | e.IBV_ACCESS_REMOTE_ATOMIC)
SEND_OPS = {
    e.IBV_QPT_RC: (e.IBV_QP_EX_WITH_SEND | e.IBV_QP_EX_WITH_SEND_WITH_IMM
                   | e.IBV_QP_EX_WITH_RDMA_WRITE | e.IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM
                   | e.IBV_QP_EX_WITH_RDMA_READ | e.IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP
                   | e.IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD),
    e.IBV_QPT_UC: (e.IBV_QP_EX_WITH_SEND | e.IBV_QP_EX_WITH_SEND_WITH_IMM
                   | e.IBV_QP_EX_WITH_RDMA_WRITE | e.IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM),
    e.IBV_QPT_UD: e.IBV_QP_EX_WITH_SEND | e.IBV_QP_EX_WITH_SEND_WITH_IMM,
}

Completion = collections.namedtuple('Completion',
                                    'wr_id status opcode byte_len imm_data wc_flags qp_num src_qp')


def fails_with(code, match=None):
    """A context in which a PyverbsRDMAError of that errno must come, with its reason."""
    class Expected:
        def __enter__(self):
            self.raises = pytest.raises(PyverbsRDMAError, match=match)
            self.caught = self.raises.__enter__()
            return self.caught

        def __exit__(self, *exc):
            caught = self.raises.__exit__(*exc)
            error = self.caught.value
            assert error.error_code == code, f'{error}, {errno.errorcode[code]} was expected'
            assert f'Errno: {code}, {os.strerror(code)}' in str(error)
            return caught
    return Expected()


def softhca(*arguments):
    """A command for the fabric of this process."""
    subprocess.run([BUILD / 'bin/softhca', *arguments, '--fabric', os.environ[FABRIC]], check=True,
                   stdout=subprocess.DEVNULL)


def readable(fd, seconds):
    """Whether a descriptor has something to read within that time."""
    waiting = select.poll()
    waiting.register(fd, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


class Queue:
    """A completion queue read by polling, by events, or entry by entry."""

    def __init__(self, context, way, size=200):
        self.way, self.channel = way, None
        if way == 'event':
            self.channel = CompChannel(context)
            self.cq = CQ(context, size, None, self.channel)
            self.cq.req_notify()
        elif way == 'ex':
            self.cq = CQEX(context, CqInitAttrEx(size, wc_flags=e.IBV_WC_STANDARD_FLAGS))
        else:
            self.cq = CQ(context, size)

    def entries(self):
        """What is there now."""
        if self.way != 'ex':
            return [Completion(wc.wr_id, wc.status, wc.opcode, wc.byte_len, wc.imm_data,
                               wc.wc_flags, wc.qp_num, wc.src_qp) for wc in self.cq.poll(20)[1]]
        found = []
        result = self.cq.start_poll(PollCqAttr())
        if result:
            return found
        while result == 0:
            found.append(self.entry())
            result = self.cq.poll_next()
        self.cq.end_poll()
        return found

    def entry(self):
        cq = self.cq
        if cq.status:
            return Completion(cq.wr_id, cq.status, None, 0, 0, 0, cq.read_qp_num(), 0)
        return Completion(cq.wr_id, cq.status, cq.read_opcode(), cq.read_byte_len(),
                          cq.read_imm_data(), cq.read_wc_flags(), cq.read_qp_num(),
                          cq.read_src_qp())

    def take(self, count):
        """-> that many completions; waits for them."""
        found, deadline = [], time.monotonic() + SECONDS
        while len(found) < count:
            now = self.entries()
            found += now
            if now or self.way != 'event':
                assert time.monotonic() < deadline, f'{len(found)} of {count} came: {found}'
                continue
            assert readable(self.channel.fd, SECONDS), f'no event after {found}'
            self.channel.get_cq_event(self.cq)
            self.cq.ack_events(1)
            self.cq.req_notify()
        assert len(found) == count, f'{count} were expected: {found}'
        return found

    def one(self):
        return self.take(1)[0]


class Side:
    """A queue pair with memory and completion queues of its own."""

    def __init__(self, context, kind, way='poll', extended=False, size=65536, cap=None, srq=None):
        self.context, self.kind = context, kind
        self.pd = PD(context)
        self.mr = MR(self.pd, size, ALL_ACCESS)
        self.sent, self.received = Queue(context, way), Queue(context, way)
        cap = cap or QPCap(32, 32, 4, 4, 64)
        queues = {'scq': self.sent.cq, 'rcq': self.received.cq, 'cap': cap, 'srq': srq}
        if extended:
            mask = e.IBV_QP_INIT_ATTR_PD | e.IBV_QP_INIT_ATTR_SEND_OPS_FLAGS
            self.qp = QPEx(context, QPInitAttrEx(kind, pd=self.pd, comp_mask=mask,
                                                 send_ops_flags=SEND_OPS[kind], **queues))
        else:
            self.qp = QP(self.pd, QPInitAttr(kind, sq_sig_all=0, **queues))

    def route(self, is_global=None):
        """An address of this side, for its peer."""
        port = self.context.query_port(1)
        if is_global is None:
            is_global = port.link_layer == e.IBV_LINK_LAYER_ETHERNET
        route = GlobalRoute(self.context.query_gid(1, 0), hop_limit=5)
        return AHAttr(dlid=port.lid, is_global=int(is_global), port_num=1, gr=route)

    def attributes(self, peer):
        attr = QPAttr(port_num=1, path_mtu=e.IBV_MTU_1024)
        attr.qp_access_flags = ALL_ACCESS
        attr.dest_qp_num = peer.qp.qp_num
        attr.max_rd_atomic = attr.max_dest_rd_atomic = 4
        attr.min_rnr_timer = 12
        attr.timeout, attr.retry_cnt, attr.rnr_retry = 14, 7, 7
        attr.qkey = QKEY
        attr.ah_attr = peer.route()
        return attr

    def sge(self, length, offset=0):
        return SGE(self.mr.buf + offset, length, self.mr.lkey)

    def receive(self, length, offset=32768, wr_id=1):
        """Posts a receive; a datagram's header comes in front."""
        if self.kind == e.IBV_QPT_UD:
            length += 40
        self.qp.post_recv(RecvWR(wr_id, 1, [self.sge(length, offset)]))

    def received_bytes(self, length, offset=32768):
        return self.mr.read(length, offset + (40 if self.kind == e.IBV_QPT_UD else 0))

    def address(self, peer):
        return AH(self.pd, attr=peer.route())


def pair(context, kind=e.IBV_QPT_RC, **options):
    """-> two sides, connected"""
    sides = Side(context, kind, **options), Side(context, kind, **options)
    for side, peer in zip(sides, reversed(sides)):
        side.qp.to_rts(side.attributes(peer))
    return sides


def pattern(length, seed=1):
    """Bytes that no shift leaves alike."""
    return bytes((i * 7 + (i >> 8) * 13 + seed) & 255 for i in range(length))
