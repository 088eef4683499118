# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A program: disorder.py SEED STEPS makes objects of each kind of each other, uses, closes and
forgets them in an order of chance, and ends with what is left. It prints how many of each kind
there were."""
import collections
import gc
import random
import sys

import pyverbs.enums as e
from bed.device import REFUSALS, Device
from bed.end import ALL_ACCESS
from pyverbs.addr import AH
from pyverbs.comp_cntr import CompCntr, CompCntrInitAttr
from pyverbs.cq import CQ, CQEX, CompChannel, CqInitAttrEx
from pyverbs.device import DM, AllocDmAttr, Context
from pyverbs.mr import MR, MW, Buf, BufMR, DmaHandleInitAttr, DMAHandle, DMMR, MREx
from pyverbs.pd import PD, ParentDomain, ParentDomainInitAttr
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError
from pyverbs.qp import QP, QPAttr, QPCap, QPEx, QPInitAttr, QPInitAttrEx
from pyverbs.srq import SRQ, SrqAttr, SrqInitAttr
from pyverbs.wq import WQ, WQInitAttr
from pyverbs.wr import SGE, RecvWR, SendWR
from pyverbs.xrcd import XRCD, XRCDInitAttr

CAP = QPCap(4, 4, 1, 1, 0)


def domain(pool):
    return pool.some('pd', 'parent domain')


def queue(pool):
    return pool.some('cq', 'cqex')


def make_qp(pool):
    kind = pool.chance.choice((e.IBV_QPT_RC, e.IBV_QPT_UC, e.IBV_QPT_UD))
    srq = pool.some('srq') if pool.chance.random() < 0.3 and pool.of['srq'] else None
    return QP(domain(pool), QPInitAttr(kind, scq=queue(pool), rcq=queue(pool), srq=srq, cap=CAP))


def make_qpex(pool):
    mask = e.IBV_QP_INIT_ATTR_PD | e.IBV_QP_INIT_ATTR_SEND_OPS_FLAGS
    return QPEx(pool.some('context'), QPInitAttrEx(
        e.IBV_QPT_UD, scq=queue(pool), rcq=queue(pool), pd=domain(pool), cap=CAP, comp_mask=mask,
        send_ops_flags=e.IBV_QP_EX_WITH_SEND))


KINDS = {
    'context': lambda pool: Context(name=pool.device.name),
    'pd': lambda pool: PD(pool.some('context')),
    'parent domain': lambda pool: ParentDomain(pool.some('context'),
                                               ParentDomainInitAttr(pool.some('pd'))),
    'channel': lambda pool: CompChannel(pool.some('context')),
    'cq': lambda pool: CQ(pool.some('context'), 8, None, pool.some('channel')),
    'cqex': lambda pool: CQEX(pool.some('context'), CqInitAttrEx(8)),
    'mr': lambda pool: MR(domain(pool), 4096, ALL_ACCESS),
    'mrex': lambda pool: MREx(domain(pool), 4096, ALL_ACCESS),
    'ah': lambda pool: AH(domain(pool), attr=pool.device.route(pool.device.port.lid,
                                                               pool.device.gid)),
    'srq': lambda pool: SRQ(domain(pool), SrqInitAttr(SrqAttr(4))),
    'qp': make_qp,
    'qpex': make_qpex,
    'receive': lambda pool: RecvWR(1, next_wr=RecvWR(2)),
    'send': lambda pool: SendWR(1, next_wr=SendWR(2)),
    'type 1 window': lambda pool: MW(pool.some('pd'), e.IBV_MW_TYPE_1),
    'type 2 window': lambda pool: MW(pool.some('pd'), e.IBV_MW_TYPE_2),
    'device memory': lambda pool: DM(pool.some('context'), AllocDmAttr(256)),
    'region of device memory': lambda pool: DMMR(pool.some('pd'), 256, e.IBV_ACCESS_ZERO_BASED
                                                 | ALL_ACCESS, pool.some('device memory'), 0),
    'buffer': lambda pool: Buf(pool.some('pd'), 4096),
    'region of a buffer': lambda pool: BufMR(pool.some('pd'), pool.some('buffer'), 4096, 1),
    'XRC domain': lambda pool: XRCD(pool.some('context'), XRCDInitAttr(3, 0o100, -1)),
    'work queue': lambda pool: WQ(pool.some('context'), WQInitAttr(
        wq_type=e.IBV_WQT_RQ, max_wr=4, max_sge=1, wq_pd=pool.some('pd'),
        wq_cq=pool.some('cq'))),
    'counter': lambda pool: CompCntr(pool.some('context'), CompCntrInitAttr()),
    'DMA handle': lambda pool: DMAHandle(pool.some('context'), DmaHandleInitAttr()),
}


class Nothing(Exception):
    """Of what something would be made there is nothing."""


class Pool:
    def __init__(self, seed):
        self.chance, self.device = random.Random(seed), Device()
        self.of = collections.defaultdict(list)  # things with the contexts that they are of
        self.kinds, self.made, self.home = list(KINDS), collections.Counter(), None

    def some(self, *kinds):
        """-> one of these, mostly of the same context; it may be closed"""
        there = [thing for kind in kinds for thing, home in self.of[kind]
                 if self.home is None or home is self.home]
        if not there:
            raise Nothing
        return self.chance.choice(there)

    def make(self):
        kind = self.chance.choice(self.kinds)
        if kind == 'context' and len(self.of['context']) > 3:
            return
        self.home = None
        try:
            if kind != 'context' and self.chance.random() < 0.9:
                self.home = self.some('context')
            thing = KINDS[kind](self)
            self.of[kind].append((thing, thing if kind == 'context' else self.home))
            self.made[kind] += 1
        except (Nothing, PyverbsUserError):
            pass  # a parent that is missing or closed
        except PyverbsRDMAError as error:
            if error.error_code in REFUSALS:
                self.kinds.remove(kind)
            # What was chosen is of different contexts: that is the verbs' to refuse.

    def anything(self):
        kind = self.some_kind()
        return kind, self.chance.choice(self.of[kind])[0]

    def some_kind(self):
        return self.chance.choice([kind for kind in self.of if self.of[kind]])

    def close(self):
        """A few of the closed are kept, to be used again."""
        kind, thing = self.anything()
        thing.close()
        if self.chance.random() < 0.8:
            self.of[kind] = [one for one in self.of[kind] if one[0] is not thing]

    def forget(self):
        kind = self.some_kind()
        self.of[kind].pop(self.chance.randrange(len(self.of[kind])))

    def use(self):
        kind, thing = self.anything()
        try:
            str(thing)
            if kind in ('qp', 'qpex'):
                thing.modify(QPAttr(qp_state=e.IBV_QPS_INIT, port_num=1),
                             e.IBV_QP_STATE | e.IBV_QP_PORT | e.IBV_QP_PKEY_INDEX
                             | (e.IBV_QP_QKEY if thing.qp_type == e.IBV_QPT_UD
                                else e.IBV_QP_ACCESS_FLAGS))
                region = self.some('mr')
                thing.post_recv(RecvWR(1, 1, [SGE(region.buf, 8, region.lkey)]))
        except (Nothing, PyverbsUserError, PyverbsRDMAError):
            pass  # closed, in use, in another state: anything but a crash

    def step(self):
        act = self.chance.choices((self.make, self.use, self.close, self.forget, gc.collect),
                                  (60, 20, 6, 6, 1))[0]
        if act == self.make or any(self.of.values()):
            act()


def main(seed, steps):
    pool = Pool(seed)
    for _ in range(steps):
        pool.step()
    for kind, count in sorted(pool.made.items()):
        print(count, kind)
    # What remains open goes as the interpreter sees fit, some of it in a cycle.
    cycle = [pool]
    cycle.append(cycle)
    sys.kept = pool.of if seed % 2 else None


if __name__ == '__main__':
    main(int(sys.argv[1]), int(sys.argv[2]))
