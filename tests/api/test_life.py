# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Objects live as long as they are needed, close in any order, and are never used after that."""
import errno
import gc
import itertools
import os
import random
import subprocess
import sys
import threading

import pytest

import pyverbs.device as d
import pyverbs.enums as e
from bed import Side, fails_with, pair, softhca
from pyverbs.addr import AH
from pyverbs.cq import CQ, CQEX, CompChannel, CqInitAttrEx, PollCqAttr
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsUserError
from pyverbs.qp import QP, QPCap, QPInitAttr
from pyverbs.srq import SRQ, SrqAttr, SrqInitAttr
from pyverbs.wr import SGE, RecvWR, SendWR


def name():
    return d.get_device_list()[0].name


def family():
    """One of everything, made of each other."""
    made = {'context': d.Context(name=name())}
    made['pd'] = PD(made['context'])
    made['channel'] = CompChannel(made['context'])
    made['cq'] = CQ(made['context'], 10, None, made['channel'])
    made['cqex'] = CQEX(made['context'], CqInitAttrEx(10))
    made['mr'] = MR(made['pd'], 4096, e.IBV_ACCESS_LOCAL_WRITE)
    made['srq'] = SRQ(made['pd'], SrqInitAttr(SrqAttr(10)))
    made['qp'] = QP(made['pd'], QPInitAttr(e.IBV_QPT_RC, scq=made['cq'], rcq=made['cqex'],
                                           srq=made['srq']))
    return made


def is_open(thing):
    try:
        getattr(thing, 'fd' if isinstance(thing, CompChannel) else 'cq' if 'CQ' in str(type(thing))
                else {d.Context: 'context', PD: 'pd', MR: 'lkey', SRQ: 'srq', QP: 'qp'}[type(thing)])
    except PyverbsUserError:
        return False
    return True


CHILDREN = {'context': {'pd', 'channel', 'cq', 'cqex', 'mr', 'srq', 'qp'},
            'pd': {'mr', 'srq', 'qp'}, 'channel': {'cq', 'qp'}, 'cq': {'qp'}, 'cqex': {'qp'},
            'srq': {'qp'}, 'mr': set(), 'qp': set()}


@pytest.mark.parametrize('which', CHILDREN)
def test_closing_closes_what_was_made_of_it_and_nothing_else(which):
    made = family()
    made[which].close()
    closed = {one for one, thing in made.items() if not is_open(thing)}
    assert closed == CHILDREN[which] | {which}
    made[which].close()


def test_any_order_of_closing_is_safe():
    orders = random.Random(1).sample(list(itertools.permutations(CHILDREN)), 300)
    for order in orders:
        made = family()
        for which in order:
            made[which].close()
            made[which].close()
        assert not any(is_open(thing) for thing in made.values())


def test_any_order_of_forgetting_is_safe():
    orders = random.Random(2).sample(list(itertools.permutations(CHILDREN)), 300)
    for order in orders:
        made = family()
        for which in order:
            del made[which]


def test_children_keep_their_parents():
    made = family()
    qp, mr = made['qp'], made['mr']
    made.clear()
    gc.collect()
    assert qp.query(e.IBV_QP_STATE)[0].qp_state == e.IBV_QPS_RESET
    mr.write('x', 1)


def test_cycles_through_the_program_are_collected():
    class Holder:
        pass

    before = sum(isinstance(thing, Holder) for thing in gc.get_objects())
    for _ in range(50):
        holder = Holder()
        holder.made = family()
        holder.made['holder'] = holder
    del holder
    gc.collect()
    assert sum(isinstance(thing, Holder) for thing in gc.get_objects()) == before


def test_derived_classes_close_by_their_own_close():
    calls = []

    class Named(QP):
        def close(self):
            calls.append(self.qp_num)
            super().close()

    class Forgetful(QP):
        def close(self):
            calls.append(None)

    made = family()
    init = QPInitAttr(e.IBV_QPT_RC, scq=made['cq'], rcq=made['cq'])
    first, second = Named(made['pd'], init), Forgetful(made['pd'], init)
    number = first.qp_num
    made['context'].close()
    assert sorted(calls, key=str) == sorted([number, None], key=str)
    assert not is_open(made['pd'])
    for qp in (first, second):
        with pytest.raises(PyverbsUserError):
            qp.qp_num


def test_with_statements_close():
    with d.Context(name=name()) as context, PD(context) as pd:
        pass
    for thing in (context, pd):
        assert not is_open(thing)
    with pytest.raises(ZeroDivisionError):
        with d.Context(name=name()) as context:
            1 / 0
    assert not is_open(context)


def arguments(method):
    """Something for each parameter of a method; Cython leaves them in the docstring."""
    words = (method.__doc__ or '').split('(', 1)[1].split(')')[0].split(',')[1:]
    return [1 for word in words if '=' not in word]


@pytest.mark.parametrize('which', CHILDREN)
def test_nothing_works_after_close(which):
    thing = family()[which]
    thing.close()
    for attribute in dir(thing):
        if attribute.startswith('_') or attribute in ('close', 'set_log_level', 'unimport'):
            continue
        if attribute in ('name', 'ctx', 'logger', 'comp_channel'):
            continue
        with pytest.raises((PyverbsUserError, TypeError)):
            value = getattr(thing, attribute)
            value(*arguments(value))


def test_closed_parents_make_nothing():
    made = family()
    made['context'].close()
    context, pd, cq = made['context'], made['pd'], made['cq']
    for make in (lambda: PD(context), lambda: CQ(context, 1), lambda: CompChannel(context),
                 lambda: MR(pd, 10, 0), lambda: SRQ(pd, SrqInitAttr()),
                 lambda: QP(pd, QPInitAttr(e.IBV_QPT_RC, scq=cq, rcq=cq))):
        with pytest.raises(PyverbsUserError, match='closed'):
            make()


def test_making_twice_is_refused(context):
    pd = PD(context)
    with pytest.raises(PyverbsUserError, match='already'):
        pd.__init__(context)
    mr = MR(pd, 100, 0)
    start = mr.buf
    with pytest.raises(PyverbsUserError, match='already'):
        mr.__init__(pd, 100, 0)
    assert mr.buf == start
    mr.read(100, 0)


def test_requests_notice_what_was_closed(context):
    side, peer = pair(context, e.IBV_QPT_UD)
    wr = SendWR(num_sge=1, sg=[side.sge(1)])
    address = side.address(peer)
    wr.set_wr_ud(address, 1, 1)
    address.close()
    with pytest.raises(PyverbsUserError, match='AH is closed'):
        side.qp.post_send(wr)
    first = RecvWR(1, next_wr=RecvWR(2))
    first.next_wr.close()
    with pytest.raises(PyverbsUserError, match='RecvWR is closed'):
        side.qp.post_recv(first)
    one = SGE(side.mr.buf, 1, side.mr.lkey)
    one.close()
    with pytest.raises(PyverbsUserError, match='SGE is closed'):
        RecvWR(1, 1, [one])


@pytest.fixture
def no_switching():
    """Threads change only where one waits."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(60)
    yield
    sys.setswitchinterval(before)


def test_a_context_that_a_thread_waits_on_does_not_close(context, no_switching):
    started, result = threading.Event(), []

    def wait():
        started.set()
        result.append(context.get_async_event())

    pd = PD(context)
    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    started.wait()
    with fails_with(errno.EBUSY, 'in use'):
        context.close()
    assert is_open(context) and is_open(pd) and waiting.is_alive()
    softhca('link', 'down')
    waiting.join(10)
    softhca('link', 'up')
    assert result[0].event_type == e.IBV_EVENT_PORT_ERR
    context.close()


def test_a_channel_that_a_thread_waits_on_does_not_close(context, no_switching):
    side, peer = pair(context, way='event')
    queue, started = peer.received, threading.Event()

    def wait():
        started.set()
        queue.channel.get_cq_event(queue.cq)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    started.wait()
    for thing in (queue.channel, context):
        with fails_with(errno.EBUSY, 'in use'):
            thing.close()
    peer.receive(1)
    side.qp.post_send(SendWR(1, num_sge=1, sg=[side.sge(1)]))
    waiting.join(10)
    assert not waiting.is_alive()
    queue.channel.close()


def test_an_open_poll_and_an_open_request_are_ended_by_closing(context):
    sides = pair(context, way='ex', extended=True)
    for side in sides:
        side.receive(8)
    side, peer = sides
    side.qp.wr_start()
    side.qp.wr_id, side.qp.wr_flags = 1, e.IBV_SEND_SIGNALED
    side.qp.wr_send()
    side.qp.wr_set_sge(side.sge(8))
    side.qp.wr_complete()
    while side.sent.cq.start_poll(PollCqAttr()):
        pass
    side.qp.wr_start()
    side.qp.close()
    with pytest.raises(PyverbsUserError):
        side.sent.cq.read_opcode()
    while peer.received.cq.start_poll(PollCqAttr()):
        pass
    context.close()


SCRIPT = """
import sys
import pyverbs.device as d, pyverbs.enums as e
from pyverbs.pd import PD
from pyverbs.cq import CQ, CompChannel
from pyverbs.mr import MR
from pyverbs.qp import QP, QPInitAttr
{names[0]} = context = d.Context(name=d.get_device_list()[0].name)
{names[1]} = pd = PD(context)
{names[2]} = channel = CompChannel(context)
{names[3]} = cq = CQ(context, 10, None, channel)
{names[4]} = mr = MR(pd, 100, 0)
{names[5]} = qp = QP(pd, QPInitAttr(e.IBV_QPT_RC, scq=cq, rcq=cq))
sys.kept = [{kept}]
class Cycle: pass
cycle = Cycle()
cycle.itself, cycle.all = cycle, [qp, mr, cq, channel, pd, context]
"""


@pytest.mark.parametrize('seed', range(6))
def test_the_interpreter_ends_well_with_everything_open(seed):
    names = random.Random(seed).sample('pqrstuvw', 6)
    kept = ('', 'context', 'qp', 'pd, mr', 'cq', 'qp, context')[seed]
    done = subprocess.run([sys.executable, '-X', 'faulthandler', '-c',
                           SCRIPT.format(names=names, kept=kept)],
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, '')


def resident():
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def churn(times, context, chance):
    """Makes, and closes or forgets, in an order of chance."""
    for _ in range(times):
        pd = PD(context)
        cq = CQ(context, 4)
        mr = MR(pd, 8192, e.IBV_ACCESS_LOCAL_WRITE)
        qp = QP(pd, QPInitAttr(e.IBV_QPT_UD, scq=cq, rcq=cq, cap=QPCap(1, 1)))
        wr = SendWR(1, num_sge=1, sg=[SGE(mr.buf, 1, mr.lkey)], next_wr=SendWR(2))
        address = AH(pd, attr=AHATTR)
        things = [pd, cq, mr, qp, wr, address]
        chance.shuffle(things)
        for thing in things[:chance.randrange(7)]:
            thing.close()
        del pd, cq, mr, qp, wr, address, things


AHATTR = None


@pytest.mark.long
def test_ten_thousand_lives_leave_no_memory_behind(context):
    global AHATTR
    AHATTR = Side(context, e.IBV_QPT_UD).route()
    chance = random.Random(3)
    churn(1000, context, chance)
    gc.collect()
    before = resident()
    churn(10000, context, chance)
    gc.collect()
    grown = resident() - before
    assert grown < 2 << 20, f'{grown} bytes'


def test_errors_leave_nothing_behind(context):
    for _ in range(3):
        with fails_with(22):
            CQ(context, -1)
        with fails_with(22):
            MR(PD(context), 100, e.IBV_ACCESS_REMOTE_WRITE)
    with pytest.raises(TypeError):
        PD(None)
