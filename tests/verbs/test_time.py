# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The device's clock, and the times of completions by it and by the wall."""
import errno
import time

import pytest

import pyverbs.enums as e
from bed.device import asking_for, fails_with, need
from bed.end import RC, UC, UD, End
from bed.request import Request, issue
from pyverbs.cq import CQEX, CqInitAttrEx, PollCqAttr
from pyverbs.qp import QPCap

CLOCK, WALL = (e.IBV_WC_EX_WITH_COMPLETION_TIMESTAMP,
               e.IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK)


def raw_clock(context):
    """-> cycles of the device: of the two numbers the second is the whole"""
    with asking_for('a clock'):
        return context.query_rt_values_ex()[1]


class Stamping:
    """What an end's completion queue is, when it reads times as well."""

    def __init__(self, device, flags):
        with asking_for('times of completions'):
            self.cq = CQEX(device.context, CqInitAttrEx(64, wc_flags=flags))

    def one(self, read):
        while self.cq.start_poll(PollCqAttr()):
            pass
        assert self.cq.status == e.IBV_WC_SUCCESS
        found = getattr(self.cq, read)()
        self.cq.end_poll()
        return found


def stamped(device, kind, flags):
    end = End(device, kind)
    sent, received = Stamping(device, flags), Stamping(device, flags)
    end.sent, end.received, end.how = sent, received, 'post_send'
    end.make_qp(QPCap(8, 8, 1, 1))
    end.connect(end.address())
    return end


@pytest.fixture(autouse=True)
def has_clock(device):
    need(device.extended.completion_timestamp_mask, 'the device stamps no completions')


def test_the_clock_runs_at_its_rate(device):
    """hca_core_clock is in kHz. The shim sees readings coming in contexts that have a queue."""
    end = stamped(device, RC, CLOCK)
    start, started = raw_clock(device.context), time.monotonic()
    while time.monotonic() < started + 0.05:
        pass
    cycles = raw_clock(device.context) - start
    elapsed = time.monotonic() - started
    expected = elapsed * 1000 * device.extended.hca_core_clock
    assert cycles & device.extended.completion_timestamp_mask == cycles
    assert 0.5 * expected < cycles < 1.5 * expected
    end.close()


@pytest.mark.parametrize('kind', (RC, UC, UD), ids=('RC', 'UC', 'UD'))
def test_completions_are_stamped_in_their_time(device, kind):
    end = stamped(device, kind, CLOCK)
    last = raw_clock(device.context)
    for _ in range(5):
        end.receive(8)
        issue(end, Request('send', 8))
        for queue in (end.sent, end.received):
            stamp = queue.one('read_timestamp')
            assert last <= stamp <= raw_clock(device.context)
        last = raw_clock(device.context)


def test_completions_know_the_time_of_day(device):
    end = stamped(device, RC, WALL)
    before = time.time_ns()
    end.receive(8)
    issue(end, Request('send', 8))
    stamp = end.sent.one('read_completion_wallclock_ns')
    assert before - 10**9 < stamp < time.time_ns() + 10**9


def test_times_cannot_be_read_that_were_not_asked_for(device):
    end = stamped(device, RC, CLOCK)
    end.receive(8)
    issue(end, Request('send', 8))
    with fails_with(errno.EOPNOTSUPP):
        end.sent.one('read_completion_wallclock_ns')
    end.sent.cq.end_poll()


def test_values_that_nobody_knows(device):
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
        device.context.query_rt_values_ex(1 << 20)
