# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Parent domains: queues in memory that the program gives, and what becomes of it when it gives
none."""
import errno
import types

import pytest

import pyverbs.enums as e
import pyverbs.mem_alloc as mem
from bed.device import asking_for, fails_with
from bed.end import ALL_ACCESS, KINDS, SIZE, End, connect, pattern
from bed.request import Request, check_sent, issue
from pyverbs.cq import CQEX, CqInitAttrEx
from pyverbs.mr import MR
from pyverbs.pd import ParentDomain, ParentDomainContext, ParentDomainInitAttr
from pyverbs.srq import SRQ, SrqAttr, SrqInitAttr

ALLOCATORS = (e.IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS
              | e.IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT)


class Memory:
    """Gives memory, until it is told otherwise, and knows what it has given."""

    def __init__(self, pd):
        self.given, self.answer, self.asked = {}, None, 0
        self.about = ParentDomainContext(pd, self.give, self.take_back, self)

    def give(self, pd, about, size, alignment, kind):
        assert about.user_data is self and size > 0 and alignment & (alignment - 1) == 0
        self.asked += 1
        if self.answer is not None:
            return self.answer
        place = mem.posix_memalign(size, max(alignment, 8))
        self.given[place] = size
        return place

    def take_back(self, pd, about, place, kind):
        assert place % 8 == 0
        del self.given[place]  # exactly once
        mem.free(place)


@pytest.fixture
def memory(context, pd):
    return Memory(pd)


@pytest.fixture
def domain(context, pd, memory):
    with asking_for('memory of the program for queues'):
        return ParentDomain(context, ParentDomainInitAttr(pd, memory.about, ALLOCATORS))


def queue_pair(device, context, domain, kind):
    """An end whose queue pair is of the domain, and so are its regions."""
    beside = types.SimpleNamespace(pd=domain, mr=MR(domain, SIZE, ALL_ACCESS))
    return End(device, kind, context=context, beside=beside)


@pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
def test_queue_pairs_work_in_memory_of_the_program(device, context, domain, memory, kind):
    end, peer = queue_pair(device, context, domain, kind), End(device, kind)
    assert memory.given
    connect(end, peer)
    for lap in range(50):
        end.write(pattern(100, lap))
        peer.clear(100)
        peer.receive(100)
        request = Request('send', 100)
        issue(end, request)
        check_sent(end.sent.one(), end, request)
        assert peer.received.one().status == e.IBV_WC_SUCCESS
        peer.expect(pattern(100, lap))
    end.qp.close()
    assert not memory.given


def test_completion_and_shared_queues_are_there_as_well(context, domain, memory):
    cq = CQEX(context, CqInitAttrEx(20, comp_mask=e.IBV_CQ_INIT_ATTR_MASK_PD,
                                    parent_domain=domain))
    first = len(memory.given)
    srq = SRQ(domain, SrqInitAttr(SrqAttr(10)))
    assert 0 < first < len(memory.given)
    for thing in (cq, srq):
        thing.close()
    assert not memory.given


@pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
def test_a_program_without_memory(device, context, domain, memory, kind):
    """Nothing is made, and nothing is left."""
    memory.answer = 0
    with fails_with(errno.ENOMEM):
        queue_pair(device, context, domain, kind)
    with fails_with(errno.ENOMEM):
        SRQ(domain, SrqInitAttr(SrqAttr(10)))
    assert memory.asked and not memory.given


def test_a_program_that_leaves_it_to_the_library(device, context, domain, memory):
    memory.answer = e._IBV_ALLOCATOR_USE_DEFAULT
    end = queue_pair(device, context, domain, e.IBV_QPT_RC)
    end.connect(end.address())
    end.receive(8)
    issue(end, Request('send', 8))
    assert end.sent.one().status == end.received.one().status == e.IBV_WC_SUCCESS
    assert memory.asked and not memory.given


def test_a_parent_domain_without_allocators(device, context, pd):
    with asking_for('parent domains'):
        domain = ParentDomain(context, ParentDomainInitAttr(pd))
    end = queue_pair(device, context, domain, e.IBV_QPT_UD)
    end.connect(end.address())
    end.receive(8)
    issue(end, Request('send', 8))
    assert end.sent.one().status == end.received.one().status == e.IBV_WC_SUCCESS


def test_wishes_that_nobody_knows(context, pd):
    with asking_for('parent domains'):
        ParentDomain(context, ParentDomainInitAttr(pd)).close()
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
        ParentDomain(context, ParentDomainInitAttr(pd, None, 1 << 20))
