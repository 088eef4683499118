# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Completion queues, whichever way they are read: polled, by events, or entry by entry."""
import collections
import select
import time

import pyverbs.enums as e
import world
from pyverbs.cq import CQ, CQEX, CompChannel, CqInitAttrEx, PollCqAttr

WAYS = ('poll', 'event', 'extended')
SECONDS = 60 if world.KERNEL else 20
# Without the index of a P_Key, which is for the queue pairs of management alone.
MEMBERS = ('wr_id status opcode vendor_err byte_len imm_data qp_num src_qp wc_flags slid sl '
           'dlid_path_bits')
Completion = collections.namedtuple('Completion', MEMBERS)
# Of a completion with an error only these count (IBTA vol. 1, 11.4.2.1), and vendor_err of no
# other.
OF_ERRORS = {'vendor_err', 'qp_num'}
READ = MEMBERS.split()[2:]


def readable(fd, seconds):
    """Whether a descriptor has something to read within that time."""
    waiting = select.poll()
    waiting.register(fd, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def of_entry(cq):
    """-> the entry that a CQEX is at"""
    wanted = OF_ERRORS if cq.status else set(READ) - {'vendor_err'}
    found = dict.fromkeys(MEMBERS.split(), 0)
    found.update((name, getattr(cq, 'read_' + name)()) for name in wanted)
    found.update(wr_id=cq.wr_id, status=cq.status)
    return Completion(**found)


class Queue:
    def __init__(self, context, way='poll', size=200):
        self.way, self.channel, self.taken = way, None, 0
        if way == 'event':
            self.channel = CompChannel(context)
            self.cq = CQ(context, size, None, self.channel)
            self.cq.req_notify()
        elif way == 'extended':
            self.cq = CQEX(context, CqInitAttrEx(size, wc_flags=e.IBV_WC_STANDARD_FLAGS))
        else:
            self.cq = CQ(context, size)

    def entries(self):
        """-> what is there now"""
        if self.way == 'extended':
            found = self._read()
        else:
            found = [Completion(*(getattr(wc, name) for name in Completion._fields))
                     for wc in self.cq.poll(64)[1]]
        self.taken += len(found)
        return found

    def _read(self):
        found = []
        result = self.cq.start_poll(PollCqAttr())
        if result:
            return found
        while result == 0:
            found.append(of_entry(self.cq))
            result = self.cq.poll_next()
        self.cq.end_poll()
        return found

    def wait(self):
        """Waits for an event and arms the queue again; what it was about may have been read
        meanwhile."""
        assert readable(self.channel.fd, SECONDS), 'no event'
        self.channel.get_cq_event(self.cq)
        self.cq.ack_events(1)
        self.cq.req_notify()

    def take(self, count):
        """-> that many completions and not one more; waits for them"""
        found, deadline = [], time.monotonic() + SECONDS
        while len(found) < count:
            if self.way == 'event':
                self.wait()
            found += self.entries()
            assert time.monotonic() < deadline, f'{len(found)} of {count} came: {found}'
        assert len(found) == count, f'{count} were expected: {found}'
        return found

    def one_now(self):
        """-> the one that has to be there already"""
        found = self.entries()
        assert len(found) == 1, found
        return found[0]

    def one(self):
        return self.take(1)[0]
