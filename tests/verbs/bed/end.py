# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ends of connections: a queue pair with memory and completion queues of its own, and pairs of them
in one process. The memory has a place for what the end works on, HERE, and one for what its peer
reaches, THERE; around what is expected the bytes of filling must stay."""
import collections

import pyverbs.enums as e
from bed.device import PORT
from bed.queue import Queue
from pyverbs.addr import AH
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.qp import QP, QPAttr, QPCap, QPEx, QPInitAttr, QPInitAttrEx
from pyverbs.wr import SGE, RecvWR

RC, UC, UD = e.IBV_QPT_RC, e.IBV_QPT_UC, e.IBV_QPT_UD
KINDS = {'RC': RC, 'UC': UC, 'UD': UD}
HOWS = ('post_send', 'ibv_wr')
QKEY = 0x11111111
PSN = 0xfffff0  # sequence numbers soon wrap
HEADER = 40  # in front of every datagram: a GRH, or room for one
HERE, THERE, SIZE = 64, 65536, 131072
FILLING, GUARD = b'\xee', 16
ALL_ACCESS = (e.IBV_ACCESS_LOCAL_WRITE | e.IBV_ACCESS_REMOTE_WRITE | e.IBV_ACCESS_REMOTE_READ
              | e.IBV_ACCESS_REMOTE_ATOMIC)
_MESSAGES = e.IBV_QP_EX_WITH_SEND | e.IBV_QP_EX_WITH_SEND_WITH_IMM
_WRITES = e.IBV_QP_EX_WITH_RDMA_WRITE | e.IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM
SEND_OPS = {
    RC: (_MESSAGES | _WRITES | e.IBV_QP_EX_WITH_RDMA_READ | e.IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP
         | e.IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD),
    UC: _MESSAGES | _WRITES,
    UD: _MESSAGES,
}

# What one end has to know of the other.
Address = collections.namedtuple('Address', 'lid gid qp_num rkey memory')


def pattern(length, seed=1):
    """Bytes that no shift leaves alike."""
    return bytes((i * 7 + (i >> 8) * 13 + seed) & 255 for i in range(length))


class End:
    """`how` is the way its requests are posted, `way` the one its completions are read. One that is
    `beside` another has that one's domain and memory."""

    def __init__(self, device, kind=RC, how='post_send', way='poll', cap=None, context=None,
                 beside=None, **more):
        self.device, self.kind, self.how = device, kind, how
        self.context = context or device.context
        self.pd = beside.pd if beside else PD(self.context)
        self.mr = beside.mr if beside else MR(self.pd, SIZE, ALL_ACCESS)
        self.sent, self.received = Queue(self.context, way), Queue(self.context, way)
        self.receives, self.handles = 0, {}
        self.make_qp(cap or QPCap(32, 32, 4, 4, 64), **more)

    def make_qp(self, cap, sq_sig_all=0, srq=None, send_ops=None):
        queues = {'scq': self.sent.cq, 'rcq': self.received.cq, 'cap': cap, 'srq': srq,
                  'sq_sig_all': sq_sig_all}
        if self.how == 'post_send':
            self.qp = QP(self.pd, QPInitAttr(self.kind, **queues))
            return
        mask = e.IBV_QP_INIT_ATTR_PD | e.IBV_QP_INIT_ATTR_SEND_OPS_FLAGS
        self.qp = QPEx(self.context, QPInitAttrEx(
            self.kind, pd=self.pd, comp_mask=mask, **queues,
            send_ops_flags=SEND_OPS[self.kind] if send_ops is None else send_ops))

    def address(self):
        return Address(self.device.context.query_port(PORT).lid, self.device.gid, self.qp.qp_num,
                       self.mr.rkey, self.mr.buf)

    def attributes(self, peer, **changes):
        """-> all that any state wants, for a connection with the end at the address `peer`"""
        attr = QPAttr(port_num=PORT, path_mtu=e.IBV_MTU_1024)
        attr.qp_access_flags = ALL_ACCESS
        attr.dest_qp_num = peer.qp_num
        attr.ah_attr = self.device.route(peer.lid, peer.gid)
        attr.rq_psn = attr.sq_psn = PSN
        attr.max_rd_atomic = attr.max_dest_rd_atomic = 4
        attr.min_rnr_timer = 12
        attr.timeout, attr.retry_cnt, attr.rnr_retry = 14, 7, 7
        attr.qkey = QKEY
        for name, value in changes.items():
            setattr(attr, name, value)
        return attr

    def connect(self, peer, **changes):
        self.peer = peer
        self.qp.to_rts(self.attributes(peer, **changes))

    @property
    def receiver(self):
        """The queue pair that the completions of receives name."""
        return self.qp

    def direct(self, wr, qkey=QKEY):
        """What a request has to know of its receiver, where the connection does not."""
        if self.kind == UD:
            wr.set_wr_ud(self.handle(self.peer), self.peer.qp_num, qkey)

    def direct_built(self, qkey=QKEY):
        """The same for a request by ibv_wr_...()."""
        if self.kind == UD:
            self.qp.wr_set_ud_addr(self.handle(self.peer), self.peer.qp_num, qkey)

    def handle(self, peer):
        """-> an address handle; one is enough for each peer"""
        where = peer.lid, peer.gid
        if where not in self.handles:
            self.handles[where] = AH(self.pd, attr=self.device.route(*where))
        return self.handles[where]

    # Memory

    def sge(self, length, offset=HERE):
        return SGE(self.mr.buf + offset, length, self.mr.lkey)

    def write(self, data, offset=HERE):
        self.mr.write(data, len(data), offset)

    def clear(self, length, offset=THERE):
        self.write(FILLING * (length + 2 * GUARD), offset - GUARD)

    def expect(self, data, offset=THERE):
        """These bytes have come, and nothing before or behind them."""
        found = self.mr.read(len(data) + 2 * GUARD, offset - GUARD)
        assert found[GUARD:-GUARD] == data, f'{len(data)} bytes differ'
        assert found[-GUARD:] == FILLING * GUARD, 'bytes behind'
        if self.kind != UD:
            assert found[:GUARD] == FILLING * GUARD, 'bytes before'

    def receive(self, length, wr_id=1, offset=THERE):
        """Posts a receive. The header of a datagram comes before the offset."""
        header = HEADER if self.kind == UD else 0
        self.qp.post_recv(RecvWR(wr_id, 1, [self.sge(length + header, offset - header)]))
        self.receives += 1

    # Afterwards

    def is_fresh(self):
        """Whether it is as when it had been connected."""
        return (self.qp.qp_state == e.IBV_QPS_RTS and self.receives == self.received.taken
                and not self.sent.entries() and not self.received.entries())

    def reset(self):
        self.qp.modify(QPAttr(qp_state=e.IBV_QPS_RESET), e.IBV_QP_STATE)

    def fail(self):
        self.qp.modify(QPAttr(qp_state=e.IBV_QPS_ERR), e.IBV_QP_STATE)

    def close(self):
        """With its domain goes all but the completion queues."""
        for thing in (self.pd, self.sent.cq, self.received.cq):
            thing.close()


def connect(one, other, **changes):
    for end, peer in ((one, other), (other, one)):
        end.connect(peer.address(), **changes)


def pair(device, kind=RC, how='post_send', way='poll', connected=None, **more):
    """-> two ends, connected with the attributes of `connected`"""
    ends = tuple(End(device, kind, how, way, **more) for _ in range(2))
    connect(*ends, **connected or {})
    return ends


class Pairs:
    """Pairs that many tests use, because making one takes longer than a message. What a test did
    not leave as it was is made anew."""

    def __init__(self, device):
        self.device, self.made = device, {}

    def borrow(self, kind=RC, how='post_send', way='poll'):
        key = kind, how, way
        found = self.made.get(key)
        if found and not all(end.is_fresh() for end in found):
            for end in found:
                end.close()
            found = None
        self.made[key] = found or pair(self.device, *key)
        return self.made[key]
