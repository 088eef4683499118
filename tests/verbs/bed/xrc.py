# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ends of extended reliable connections: a queue pair that sends, a target that receives for shared
queues of its domain, and such a queue."""
import collections
import os

import pyverbs.enums as e
from bed.device import asking_for
from bed.end import ALL_ACCESS, RC, SEND_OPS, THERE, Address, End
from pyverbs.qp import QP, QPCap, QPEx, QPInitAttrEx
from pyverbs.srq import SRQ, SrqInitAttrEx
from pyverbs.wr import RecvWR
from pyverbs.xrcd import XRCD, XRCDInitAttr

SEND, RECV = e.IBV_QPT_XRC_SEND, e.IBV_QPT_XRC_RECV
SEND_OPS[SEND] = SEND_OPS[RC]
XrcAddress = collections.namedtuple('XrcAddress', (*Address._fields, 'target', 'srqn'))


def open_domain(context, fd=-1, oflags=os.O_CREAT):
    attr = XRCDInitAttr(e.IBV_XRCD_INIT_ATTR_FD | e.IBV_XRCD_INIT_ATTR_OFLAGS, oflags, fd)
    with asking_for('XRC domains'):
        return XRCD(context, attr)


def shared_queue(end, size=32, pieces=4):
    attr = SrqInitAttrEx(size, pieces)
    attr.comp_mask = (e.IBV_SRQ_INIT_ATTR_TYPE | e.IBV_SRQ_INIT_ATTR_XRCD | e.IBV_SRQ_INIT_ATTR_CQ
                      | e.IBV_SRQ_INIT_ATTR_PD)
    attr.srq_type, attr.pd, attr.xrcd, attr.cq = e.IBV_SRQT_XRC, end.pd, end.xrcd, end.received.cq
    return SRQ(end.context, attr)


class XrcEnd(End):
    def __init__(self, device, how='post_send', way='poll', **more):
        super().__init__(device, SEND, how, way, **more)

    def make_qp(self, cap, **_):
        self.xrcd = open_domain(self.context)
        self.srq = shared_queue(self)
        mask = e.IBV_QP_INIT_ATTR_PD
        send_ops = 0
        if self.how == 'ibv_wr':
            mask, send_ops = mask | e.IBV_QP_INIT_ATTR_SEND_OPS_FLAGS, SEND_OPS[SEND]
        kind = QPEx if self.how == 'ibv_wr' else QP
        self.qp = kind(self.context, QPInitAttrEx(
            SEND, scq=self.sent.cq, cap=QPCap(cap.max_send_wr, 0, cap.max_send_sge, 0,
                                              cap.max_inline_data),
            pd=self.pd, comp_mask=mask, send_ops_flags=send_ops))
        self.target = self.make_target()

    def make_target(self):
        return QP(self.context, QPInitAttrEx(RECV, comp_mask=e.IBV_QP_INIT_ATTR_XRCD,
                                             xrcd=self.xrcd))

    @property
    def receiver(self):
        return self.target

    def address(self):
        return XrcAddress(*super().address(), self.target.qp_num, self.srq.get_srq_num())

    def connect(self, peer, **changes):
        self.peer = peer
        self.qp.to_rts(self.attributes(peer, dest_qp_num=peer.target, **changes))
        self.target.to_rts(self.attributes(peer, qp_access_flags=ALL_ACCESS, **changes))

    def direct(self, wr, qkey=0):
        wr.set_qp_type_xrc(self.peer.srqn)

    def direct_built(self, qkey=0):
        self.qp.wr_set_xrc_srqn(self.peer.srqn)

    def receive(self, length, wr_id=1, offset=THERE):
        self.srq.post_recv(RecvWR(wr_id, 1, [self.sge(length, offset)]))
        self.receives += 1

    def is_fresh(self):
        return super().is_fresh() and self.target.qp_state == e.IBV_QPS_RTS
