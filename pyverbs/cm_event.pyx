# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Events that tell what happens to ids, and their channels. Programs find these classes in
pyverbs.cmid.

The library waits for the acknowledgement of an id's events before it destroys the id. So an event
is a child of the id that it is about, and closing the id acknowledges it.
"""
cimport cython
from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EINTR, errno
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from pyverbs cimport libibverbs as v
from pyverbs cimport librdmacm as cm
from pyverbs.addr cimport AHAttr
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.fields cimport PLACE, SPAN, Field, part, ro

from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError

cdef cm.rdma_event_channel *channel_shape = NULL
cdef cm.rdma_cm_event *event_shape = NULL
cdef cm.rdma_ud_param *ud = NULL


def event_to_str(event):
    return cm.rdma_event_str(event).decode()


cdef class CMEventChannel(PyverbsCM):
    """Where ids announce what happens to them; 'fd' can be polled for it."""

    def __init__(self):
        cdef cm.rdma_event_channel *made
        self.begin(())
        with nogil:
            made = cm.rdma_create_event_channel()
        self.finish(made, sizeof(cm.rdma_event_channel), 'create an event channel')

    cdef int release(self) noexcept nogil:
        cm.rdma_destroy_event_channel(<cm.rdma_event_channel *>self.raw)
        return 0

    fd = ro(PLACE(channel_shape.fd))


@cython.no_gc_clear
cdef class CMEvent(PyverbsCM):
    """The next event of a channel; waits for it. What it tells can be read until it is closed, also
    when it has been acknowledged. A connect request that no CMID is made of is rejected then."""

    def __init__(self, CMEventChannel channel not None):
        cdef cm.rdma_cm_event *copied
        cdef cm.rdma_cm_event *event
        self.fresh()
        copied = <cm.rdma_cm_event *>malloc(sizeof(cm.rdma_cm_event))
        if copied == NULL:
            raise MemoryError()
        self.channel = channel
        channel.pin()
        try:
            event = self.wait()
            self.begin((channel,))
            copied[0] = event[0]
            self.finish(copied, sizeof(cm.rdma_cm_event), 'get an event')
            copied = NULL
            self.event = event
            self.belong()
        finally:
            channel.unpin()
            free(copied)

    cdef cm.rdma_cm_event *wait(self) except NULL:
        cdef cm.rdma_event_channel *channel = <cm.rdma_event_channel *>self.channel.raw
        cdef cm.rdma_cm_event *event
        cdef int result, error
        while True:
            with nogil:
                result = cm.rdma_get_cm_event(channel, &event)
                error = errno
            if result == 0:
                return event
            if error != EINTR:
                raise PyverbsRDMAError('Failed to get an event', error)
            PyErr_CheckSignals()

    cdef int belong(self) except -1:
        """Finds who it is about, and keeps what has gone with the acknowledgement."""
        cdef PyverbsCM owner
        self.data = b''
        self.datagram = self.event.id.qp_type == v.IBV_QPT_UD
        if self.event.event == cm.RDMA_CM_EVENT_CONNECT_REQUEST:
            self.requested = self.event.id
            owner = self.channel.descendant(self.event.listen_id)
        else:
            owner = self.channel.descendant(self.event.id)
        if self.event.conn.private_data_len:
            self.data = (<const char *>self.event.conn.private_data)[
                :self.event.conn.private_data_len]
        if owner is None:
            return 0
        if owner.closing:
            self.acknowledge()  # another thread is waiting for it
            return 0
        return self.adopt(owner)

    cdef PyverbsCM descendant(self, void *raw):
        # Events of an id that no CMID stands for yet belong to its request.
        if raw != NULL and self.requested == raw:
            return self
        return PyverbsCM.descendant(self, raw)

    cdef void acknowledge(self):
        if self.event != NULL:
            cm.rdma_ack_cm_event(self.event)
            self.event = NULL

    cdef int release(self) noexcept nogil:
        if self.requested != NULL:
            cm.rdma_destroy_id(self.requested)
            self.requested = NULL
        if self.event != NULL:
            cm.rdma_ack_cm_event(self.event)
            self.event = NULL
        free(self.raw)
        return 0

    def ack_cm_event(self):
        """Acknowledges the event; closing it, or the id that it is about, does so too."""
        self.alive()
        if self.event == NULL:
            raise PyverbsUserError('The event has been acknowledged already')
        self.acknowledge()

    event_type = ro(PLACE(event_shape.event), event_to_str)
    status = ro(PLACE(event_shape.status))

    @property
    def private_data(self):
        """What the peer has sent with it, as bytes; what goes over InfiniBand is padded with zeros to
        the size of the message's field."""
        self.alive()
        return self.data

    def event_str(self):
        """-> the name of the event's type"""
        return event_to_str(self.event_type)


cdef class UDParam(PyverbsObject):
    """What an event of an id for datagrams tells of the peer or the group."""

    def __cinit__(self):
        self.allot(sizeof(cm.rdma_ud_param))

    def __init__(self, CMEvent cm_event not None):
        cdef cm.rdma_cm_event *event = <cm.rdma_cm_event *>cm_event.alive()
        if not cm_event.datagram:
            raise PyverbsUserError('The event is not of an id for datagrams')
        memcpy(self.raw, &event.ud, sizeof(cm.rdma_ud_param))

    qp_num = ro(PLACE(ud.qp_num), hex)
    qkey = ro(PLACE(ud.qkey), hex)
    ah_attr = part(SPAN(ud.ah_attr), AHAttr, False)
