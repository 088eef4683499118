# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Completion queues, their channels, and completions."""
cimport cython
from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EINTR, ENOENT, EOPNOTSUPP, errno
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject, check
from pyverbs.device cimport Context
from pyverbs.fields cimport PLACE, Field, fill, ro, rw
from pyverbs.pd cimport PD

from pyverbs import names
from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.names import (cqe_flags_to_str, cqe_opcode_to_str,  # noqa: F401
                           create_wc_flags_to_str, flags_to_str)
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401

cdef v.ibv_comp_channel *channel_shape = NULL
cdef v.ibv_cq *cq_shape = NULL
cdef v.ibv_cq_ex *cq_ex_shape = NULL
cdef v.ibv_cq_init_attr_ex *init_attr = NULL
cdef v.ibv_poll_cq_attr *poll_attr = NULL
cdef v.ibv_wc_tm_info *tm_info = NULL
cdef v.ibv_wc *wc = NULL


def cqe_status_to_str(status):
    return v.ibv_wc_status_str(status).decode()


cdef class CompChannel(PyverbsCM):
    """Where completion queues that are armed announce completions."""

    def __init__(self, Context context not None):
        cdef v.ibv_context *creator = <v.ibv_context *>context.alive()
        self.begin((context,))
        self.finish(v.ibv_create_comp_channel(creator), sizeof(v.ibv_comp_channel),
                    'create a completion channel')

    cdef int release(self) noexcept nogil:
        return v.ibv_destroy_comp_channel(<v.ibv_comp_channel *>self.raw)

    fd = ro(PLACE(channel_shape.fd))

    def get_cq_event(self, expected_cq):
        """Waits for an event, which has to be of this CQ or CQEX; ack_events() acknowledges it, and
        closing the queue does it for those that are left."""
        cdef v.ibv_comp_channel *channel = <v.ibv_comp_channel *>self.pin()
        cdef v.ibv_cq *found
        cdef void *context
        cdef int result, error
        try:
            while True:
                with nogil:
                    result = v.ibv_get_cq_event(channel, &found, &context)
                    error = errno
                if result == 0:
                    break
                if error != EINTR:
                    raise PyverbsRDMAError('Failed to get a CQ event', error)
                PyErr_CheckSignals()
            self._delivered(found, expected_cq)
        finally:
            self.unpin()

    cdef int _delivered(self, v.ibv_cq *found, CompletionQueue expected_cq) except -1:
        cdef CompletionQueue queue = <CompletionQueue?>self.descendant(found)
        if queue.closing:
            v.ibv_ack_cq_events(found, 1)  # another thread is waiting for it
        else:
            queue.unacked += 1
        if queue is not expected_cq:
            raise PyverbsRDMAError('The event is not of the expected CQ')
        return 0


@cython.no_gc_clear
cdef class CompletionQueue(PyverbsCM):
    """What CQ and CQEX have in common."""

    cdef v.ibv_cq *c(self) except NULL:
        return <v.ibv_cq *>self.alive()

    cdef int release(self) noexcept nogil:
        if self.unacked:
            v.ibv_ack_cq_events(<v.ibv_cq *>self.raw, self.unacked)
            self.unacked = 0
        return v.ibv_destroy_cq(<v.ibv_cq *>self.raw)

    cqe = ro(PLACE(cq_shape.cqe))
    handle = ro(PLACE(cq_shape.handle))

    @property
    def comp_channel(self):
        return self.channel

    @property
    def cq(self):
        """The address of the C object."""
        return <size_t>self.alive()

    def req_notify(self, solicited_only=False):
        """Arms the queue: the next completion makes an event."""
        check(v.ibv_req_notify_cq(self.c(), bool(solicited_only)), 'request notify CQ')

    def ack_events(self, unsigned int num_events):
        """Acknowledges events of get_cq_event()."""
        if num_events > self.unacked:
            raise PyverbsUserError(f'{num_events} events are acknowledged, {self.unacked} are open')
        v.ibv_ack_cq_events(self.c(), num_events)
        self.unacked -= num_events


cdef class CQ(CompletionQueue):
    """A completion queue with room for 'cqe' completions or more."""

    def __init__(self, Context context not None, int cqe, cq_context=None, CompChannel channel=None,
                 int comp_vector=0):
        cdef v.ibv_context *creator = <v.ibv_context *>context.alive()
        cdef v.ibv_comp_channel *events = NULL
        cdef v.ibv_cq *made
        if channel is not None:
            events = <v.ibv_comp_channel *>channel.alive()
        self.begin((context, channel))
        with nogil:
            made = v.ibv_create_cq(creator, cqe, NULL, events, comp_vector)
        self.finish(made, sizeof(v.ibv_cq), 'create a CQ')
        self.channel = channel

    def poll(self, int num_entries=1):
        """-> (number, [WC]): completions that are there, 'num_entries' at most."""
        if num_entries < 0:
            raise PyverbsUserError('A number of entries cannot be negative')
        cdef v.ibv_wc few[16]
        cdef v.ibv_wc *entries = few
        cdef v.ibv_cq *cq = self.c()
        cdef int i, count
        if num_entries > 16:
            entries = <v.ibv_wc *>calloc(num_entries, sizeof(v.ibv_wc))
            if entries == NULL:
                raise MemoryError()
        memset(entries, 0, num_entries * sizeof(v.ibv_wc))
        try:
            count = v.ibv_poll_cq(cq, num_entries, entries)
            if count < 0:
                raise PyverbsRDMAErrno('Failed to poll CQ')
            found = []
            for i in range(count):
                one = WC.__new__(WC)
                memcpy((<WC>one).raw, &entries[i], sizeof(v.ibv_wc))
                found.append(one)
            return count, found
        finally:
            if entries != few:
                free(entries)

    def resize(self, int cqe):
        check(v.ibv_resize_cq(self.c(), cqe), 'resize CQ')


@cython.no_gc_clear
cdef class CqInitAttrEx(PyverbsObject):
    """What a CQEX is made of."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_cq_init_attr_ex))

    def __init__(self, cqe=100, CompChannel channel=None, comp_vector=0, wc_flags=0, comp_mask=0,
                 flags=0, PD parent_domain=None):
        arguments = locals()
        del arguments['channel']
        fill(self, arguments)
        self.comp_channel = channel

    cqe = rw(PLACE(init_attr.cqe))
    comp_vector = rw(PLACE(init_attr.comp_vector))
    wc_flags = rw(PLACE(init_attr.wc_flags), names.create_wc_flags_to_str)
    comp_mask = rw(PLACE(init_attr.comp_mask))
    flags = rw(PLACE(init_attr.flags))

    @property
    def comp_channel(self):
        return self.channel

    @comp_channel.setter
    def comp_channel(self, CompChannel value):
        self.channel = value

    @property
    def parent_domain(self):
        return self.domain

    @parent_domain.setter
    def parent_domain(self, PD value):
        self.domain = value


cdef class CQEX(CompletionQueue):
    """A completion queue that is read entry by entry, between start_poll() and end_poll().

    The read_... methods need an entry, and the flag of CqInitAttrEx.wc_flags that belongs to them.
    """

    def __init__(self, Context context not None, CqInitAttrEx init_attr):
        cdef v.ibv_context *creator = <v.ibv_context *>context.alive()
        cdef v.ibv_cq_init_attr_ex *attr
        cdef v.ibv_cq_ex *made
        if init_attr is None:
            init_attr = CqInitAttrEx()
        attr = <v.ibv_cq_init_attr_ex *>init_attr.alive()
        attr.channel = NULL
        attr.parent_domain = NULL
        if init_attr.channel is not None:
            attr.channel = <v.ibv_comp_channel *>(<CompChannel>init_attr.channel).alive()
        if init_attr.domain is not None:
            attr.parent_domain = <v.ibv_pd *>(<PD>init_attr.domain).alive()
        self.begin((context, init_attr.channel, init_attr.domain))
        with nogil:
            made = v.ibv_create_cq_ex(creator, attr)
        self.finish(made, sizeof(v.ibv_cq_ex), 'create an extended CQ')
        self.channel = init_attr.channel

    cdef void quiesce(self):
        # A poll holds the queue's lock, which destroying the queue or a QP of it takes.
        if self.polling:
            self.polling = False
            v.ibv_end_poll(<v.ibv_cq_ex *>self.raw)

    def start_poll(self, PollCqAttr attr):
        """-> 0 with an entry to read, ENOENT without; in the latter case there is no poll to end.
        """
        cdef v.ibv_poll_cq_attr none
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        none.comp_mask = 0
        if self.polling:
            raise PyverbsUserError('This CQEX is being polled')
        result = v.ibv_start_poll(
            cq, &none if attr is None else <v.ibv_poll_cq_attr *>attr.alive())
        self.polling = result == 0
        if result not in (0, ENOENT):
            raise PyverbsRDMAError('Failed to start a poll', result)
        return result

    def poll_next(self):
        """-> 0 with the next entry to read, ENOENT when there is none."""
        result = v.ibv_next_poll(self.current(True))
        if result not in (0, ENOENT):
            raise PyverbsRDMAError('Failed to poll the next entry', result)
        return result

    def end_poll(self):
        """Ends a poll. Without one it does nothing."""
        self.c()
        self.quiesce()

    cdef v.ibv_cq_ex *current(self, bint there) except NULL:
        """-> the queue, with an entry to read and a function that reads what is asked for."""
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        if not self.polling:
            raise PyverbsUserError('There is no entry: start_poll() has to come first')
        if not there:
            raise PyverbsRDMAError('The CQEX was made without the flag for this', EOPNOTSUPP)
        return cq

    # Not from current(): the structure has them between polls as well.
    status = rw(PLACE(cq_ex_shape.status), cqe_status_to_str)
    wr_id = rw(PLACE(cq_ex_shape.wr_id))

    def read_opcode(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_opcode(self.current(cq.read_opcode != NULL))

    def read_vendor_err(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_vendor_err(self.current(cq.read_vendor_err != NULL))

    def read_byte_len(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_byte_len(self.current(cq.read_byte_len != NULL))

    def read_imm_data(self):
        """-> immediate data in network order"""
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_imm_data(self.current(cq.read_imm_data != NULL))

    def read_qp_num(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_qp_num(self.current(cq.read_qp_num != NULL))

    def read_src_qp(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_src_qp(self.current(cq.read_src_qp != NULL))

    def read_wc_flags(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_wc_flags(self.current(cq.read_wc_flags != NULL))

    def read_slid(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_slid(self.current(cq.read_slid != NULL))

    def read_sl(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_sl(self.current(cq.read_sl != NULL))

    def read_dlid_path_bits(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_dlid_path_bits(self.current(cq.read_dlid_path_bits != NULL))

    def read_timestamp(self):
        """-> the device's clock when the entry was written"""
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_completion_ts(self.current(cq.read_completion_ts != NULL))

    def read_completion_wallclock_ns(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_completion_wallclock_ns(
            self.current(cq.read_completion_wallclock_ns != NULL))

    def read_cvlan(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_cvlan(self.current(cq.read_cvlan != NULL))

    def read_flow_tag(self):
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        return v.ibv_wc_read_flow_tag(self.current(cq.read_flow_tag != NULL))

    def read_tm_info(self):
        """-> a WcTmInfo"""
        cdef v.ibv_cq_ex *cq = <v.ibv_cq_ex *>self.c()
        cdef WcTmInfo info = WcTmInfo()
        v.ibv_wc_read_tm_info(self.current(cq.read_tm_info != NULL), <v.ibv_wc_tm_info *>info.raw)
        return info


cdef class WC(PyverbsObject):
    """A completion."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_wc))

    def __init__(self, wr_id=0, status=0, opcode=0, vendor_err=0, byte_len=0, qp_num=0, src_qp=0,
                 imm_data=0, wc_flags=0, pkey_index=0, slid=0, sl=0, dlid_path_bits=0):
        fill(self, locals())

    wr_id = rw(PLACE(wc.wr_id))
    status = rw(PLACE(wc.status), cqe_status_to_str)
    opcode = rw(PLACE(wc.opcode), names.cqe_opcode_to_str)
    vendor_err = rw(PLACE(wc.vendor_err))
    byte_len = rw(PLACE(wc.byte_len))
    imm_data = rw(PLACE(wc.imm_data))
    qp_num = rw(PLACE(wc.qp_num))
    src_qp = rw(PLACE(wc.src_qp))
    wc_flags = rw(PLACE(wc.wc_flags), names.cqe_flags_to_str)
    pkey_index = rw(PLACE(wc.pkey_index))
    slid = rw(PLACE(wc.slid))
    sl = rw(PLACE(wc.sl))
    dlid_path_bits = rw(PLACE(wc.dlid_path_bits))


cdef class PollCqAttr(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_poll_cq_attr))

    comp_mask = rw(PLACE(poll_attr.comp_mask))


cdef class WcTmInfo(PyverbsObject):
    """Tag matching: the tag and the sender's own data."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_wc_tm_info))

    tag = rw(PLACE(tm_info.tag))
    priv = rw(PLACE(tm_info.priv))
