# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections: ids, their addresses, queue pairs and memory. Events are in cm_event.pyx, what calls
take in cm_param.pyx; this module has the names of both.

Calls leave the reason of a failure in the PyverbsRDMAError: what each errno means stands in the man
page of the function of the same name. Without a channel they wait for what they have begun; with
one an event tells of it. Times are in milliseconds, lengths in bytes.
"""
cimport cython
from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EBUSY, EINTR, EIO, ENODEV, ENOMEM, errno
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from pyverbs cimport libibverbs as v
from pyverbs cimport librdmacm as cm
from pyverbs.addr cimport AH
from pyverbs.base cimport PyverbsCM, PyverbsObject, check
from pyverbs.cm_event cimport CMEvent, CMEventChannel
from pyverbs.cm_param cimport (AddrInfo, ConnParam, JoinMCAttrEx, name_bytes, private_bytes)
from pyverbs.cq cimport WC
from pyverbs.device cimport Context, device_of
from pyverbs.fields cimport PLACE, Field, ro
from pyverbs.mr cimport MR
from pyverbs.pd cimport PD
from pyverbs.qp_attr cimport ECE, QPAttr, QPInitAttr

import operator
import sys
import weakref

import pyverbs.cm_event as events
import pyverbs.cm_param as params
import pyverbs.libibverbs_enums as e
import pyverbs.librdmacm_enums as ce
from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401

# What is cimported is no name of the module.
globals().update((name, getattr(params, name)) for name in ('AddrInfo', 'ConnParam', 'JoinMCAttrEx'))
globals().update((name, getattr(events, name))
                 for name in ('CMEvent', 'CMEventChannel', 'UDParam', 'event_to_str'))

cdef cm.rdma_cm_id *id_shape = NULL


def get_devices():
    """-> a Device for each device that ids can be of"""
    cdef int count = 0
    cdef v.ibv_context **contexts
    with nogil:
        contexts = cm.rdma_get_devices(&count)
    if contexts == NULL:
        raise PyverbsRDMAErrno('Failed to get the devices of librdmacm')
    try:
        return [device_of(contexts[i].device) for i in range(count)]
    finally:
        cm.rdma_free_devices(contexts)


cdef class CMContext(Context):
    """The device that an id is bound to, which librdmacm keeps open."""

    cdef int release(self) noexcept nogil:
        return 0


@cython.no_gc_clear
cdef class CMPD(PD):
    """The protection domain that librdmacm has for ids that were given none."""

    cdef int release(self) noexcept nogil:
        return 0


cdef bint stems_from(PyverbsCM thing, PyverbsCM ancestor):
    for parent in thing.parents or ():
        if parent is ancestor or stems_from(parent, ancestor):
            return True
    return False


@cython.no_gc_clear
cdef class CMID(PyverbsCM):
    """One end of a connection, or a listener.

    CMID(CMEventChannel): what happens is told by events of the channel.
    CMID(AddrInfo): bound, or with its route resolved, and with 'qp_init_attr' a queue pair, which for
    a listener is one for each request; its calls wait. CMID(): neither address nor channel.
    CMID(CMEvent, listen_id=LISTENER): the id of a connect request.

    'pd' is for the queue pair and memory; without it librdmacm's own for the device is, which the id
    has from the time that it is bound to one.
    """

    def __init__(self, creator=None, QPInitAttr qp_init_attr=None, PD pd=None,
                 port_space=ce.RDMA_PS_TCP, CMID listen_id=None):
        self.fresh()
        self.kept = ()
        if pd is not None:
            pd.alive()
        self.own_pd = pd
        if isinstance(creator, AddrInfo):
            self._of_address(creator, qp_init_attr)
            return
        if isinstance(creator, CMEvent):
            self._of_event(creator, listen_id)
            if qp_init_attr is None:
                return
            try:
                self.create_qp(qp_init_attr)
            except PyverbsError:
                self.close()
                raise
            return
        if qp_init_attr is not None:
            raise PyverbsUserError('There is no device yet: create_qp() when the address is resolved')
        self._of_channel(creator, port_space)

    cdef int _of_channel(self, CMEventChannel channel, int port_space) except -1:
        cdef cm.rdma_event_channel *events = NULL
        cdef cm.rdma_cm_id *made = NULL
        if channel is not None:
            events = <cm.rdma_event_channel *>channel.alive()
        self.begin((channel, self.own_pd))
        with nogil:
            if cm.rdma_create_id(events, &made, NULL, port_space):
                made = NULL
        self.channel = channel
        return self.finish(made, sizeof(cm.rdma_cm_id), 'create an id')

    cdef int _of_address(self, AddrInfo address, QPInitAttr init_attr) except -1:
        cdef cm.rdma_addrinfo *info = address.c()
        cdef v.ibv_qp_init_attr *attr = NULL
        cdef v.ibv_pd *domain = NULL
        cdef cm.rdma_cm_id *made = NULL
        cdef tuple objects = ()
        if init_attr is not None:
            attr = init_attr.prepare()
            objects = init_attr.objects()
        if self.own_pd is not None:
            domain = <v.ibv_pd *>self.own_pd.alive()
        self.begin((self.own_pd,) + objects)
        address.pin()
        with nogil:
            if cm.rdma_create_ep(&made, info, domain, attr):
                made = NULL
        address.unpin()
        return self.finish(made, sizeof(cm.rdma_cm_id), 'create an endpoint')

    cdef int _of_event(self, CMEvent event, CMID listener) except -1:
        event.alive()
        if event.requested == NULL:
            raise PyverbsUserError('This event is no connect request, or its id has been taken')
        if listener is not None and (<cm.rdma_cm_event *>event.raw).listen_id != listener.c():
            raise PyverbsUserError('The request is of another listener')
        self.channel = event.channel
        self.begin((event.channel, self.own_pd))
        self.finish(event.requested, sizeof(cm.rdma_cm_id), 'take an id')
        event.requested = NULL
        for child in event.open_children():
            (<PyverbsCM>child).forsake(event)
            (<PyverbsCM>child).adopt(self)
        return 0

    cdef int wrapped(self, cm.rdma_cm_id *id, PyverbsCM parent) except -1:
        """For an id that is there, with the domain of another."""
        self.kept = ()
        self.begin((parent,))
        return self.finish(id, sizeof(cm.rdma_cm_id), 'take an id')

    cdef cm.rdma_cm_id *c(self) except NULL:
        return <cm.rdma_cm_id *>self.alive()

    cdef int done(self, int result, int error, str what) except -1:
        """The end of each call; -> its result"""
        self.unpin()
        if result >= 0:
            return result
        if error == EINTR:
            PyErr_CheckSignals()
        raise PyverbsRDMAError('Failed to ' + what, error)

    # The end

    cdef void settle(self):
        """Acknowledges what is left: the library would wait for it."""
        for child in self.open_children():
            if isinstance(child, CMEvent):
                (<CMEvent>child).acknowledge()

    cdef int end_queue_pair(self) noexcept nogil:
        """-> 0 or errno. Groups keep a queue pair in use."""
        cdef cm.rdma_cm_id *id = <cm.rdma_cm_id *>self.raw
        cdef joined *group
        while self.groups != NULL:
            group = self.groups
            cm.rdma_leave_multicast(id, <cm.sockaddr *>&group.address)
            self.groups = group.next
            free(group)
        errno = 0
        if id.qp != NULL:
            cm.rdma_destroy_qp(id)
        if id.qp == NULL or errno in (EIO, ENODEV):
            return 0
        return errno or EBUSY

    cdef int close_children(self) except -1:
        # The queue pair goes before the queues and memory that were made of this id's domain.
        cdef int error
        for child in self.open_children():
            if isinstance(child, CMEvent):
                child.close()
        self.closing = True
        with nogil:
            error = self.end_queue_pair()
        self.closing = False
        check(error, 'destroy the QP of an id')
        self.kept = ()
        return PyverbsCM.close_children(self)

    cdef int release(self) noexcept nogil:
        cdef int error = self.end_queue_pair()
        if error == 0:
            cm.rdma_destroy_ep(<cm.rdma_cm_id *>self.raw)
        return error

    # What it is

    port_num = ro(PLACE(id_shape.port_num))

    @property
    def event_channel(self):
        """Its channel; None where calls wait."""
        self.alive()
        return self.channel

    @property
    def qpn(self):
        """The number of its QP, None without."""
        cdef cm.rdma_cm_id *id = self.c()
        return None if id.qp == NULL else id.qp.qp_num

    @property
    def dev_name(self):
        """The name of the device that it is bound to; None before."""
        cdef cm.rdma_cm_id *id = self.c()
        return None if id.verbs == NULL else v.ibv_get_device_name(id.verbs.device).decode()

    @property
    def context(self):
        """The device that it is bound to; None before."""
        cdef cm.rdma_cm_id *id = self.c()
        cdef CMContext made
        if id.verbs == NULL:
            return None
        seen = self.context_seen and self.context_seen()
        if seen is not None and (<PyverbsCM>seen).raw != NULL:
            return seen
        made = CMContext.__new__(CMContext)
        made.begin(())
        made.finish(id.verbs, sizeof(v.ibv_context), 'know a device')
        made.name = self.dev_name
        self.context_seen = weakref.ref(made)
        return made

    @property
    def pd(self):
        """Its protection domain; None while it is bound to no device."""
        cdef cm.rdma_cm_id *id = self.c()
        cdef CMPD made
        if self.own_pd is not None:
            return self.own_pd
        if id.pd == NULL:
            return None
        seen = self.pd_seen and self.pd_seen()
        if seen is not None and (<PyverbsCM>seen).raw != NULL:
            return seen
        made = CMPD.__new__(CMPD)
        made.ctx = self.context
        made.begin((made.ctx, self))
        made.finish(id.pd, sizeof(v.ibv_pd), 'know a PD')
        self.pd_seen = weakref.ref(made)
        return made

    # Addresses

    def bind_addr(self, AddrInfo lai not None):
        """Binds to the address of this side."""
        cdef cm.sockaddr *address = lai.source()
        cdef cm.rdma_cm_id *id = <cm.rdma_cm_id *>self.pin()
        with nogil:
            result = cm.rdma_bind_addr(id, address)
            error = errno
        self.done(result, error, 'bind an id')

    def resolve_addr(self, AddrInfo rai not None, timeout_ms=2000):
        """Finds the device that leads to the peer's address."""
        cdef cm.sockaddr *to = rai.destination()
        cdef cm.sockaddr *start = rai.c().ai_src_addr
        cdef int timeout = timeout_ms
        cdef cm.rdma_cm_id *id = <cm.rdma_cm_id *>self.pin()
        rai.pin()
        with nogil:
            result = cm.rdma_resolve_addr(id, start, to, timeout)
            error = errno
        rai.unpin()
        self.done(result, error, 'resolve an address')

    def resolve_route(self, timeout_ms=2000):
        """Finds the way to the address that has been resolved."""
        cdef int timeout = timeout_ms
        cdef cm.rdma_cm_id *id = <cm.rdma_cm_id *>self.pin()
        with nogil:
            result = cm.rdma_resolve_route(id, timeout)
            error = errno
        self.done(result, error, 'resolve a route')

    def resolve_addrinfo(self, node=None, service=None, port_space=0, flags=0):
        """Looks a name up, or with RAI_SA a service of the subnet; query_addrinfo() has the result
        after the event."""
        cdef bytes place = name_bytes(node), port = name_bytes(service)
        cdef const char *place_text = NULL
        cdef const char *port_text = NULL
        cdef cm.rdma_addrinfo hints
        cdef cm.rdma_cm_id *id
        memset(&hints, 0, sizeof(hints))
        hints.ai_flags = flags
        hints.ai_port_space = port_space
        if place is not None:
            place_text = place
        if port is not None:
            port_text = port
        id = <cm.rdma_cm_id *>self.pin()
        with nogil:
            result = cm.rdma_resolve_addrinfo(id, place_text, port_text, &hints)
            error = errno
        self.done(result, error, 'resolve a name')

    def query_addrinfo(self):
        """-> an AddrInfo, what resolve_addrinfo() has found"""
        cdef AddrInfo made = AddrInfo.__new__(AddrInfo)
        cdef cm.rdma_addrinfo *info = NULL
        if cm.rdma_query_addrinfo(self.c(), &info):
            raise PyverbsRDMAErrno('Failed to query addresses')
        made.take(info)
        return made

    # Queue pairs

    cdef int keep(self, tuple things) except -1:
        """What a queue pair is made of becomes a parent, unless it was made of this id itself."""
        for thing in things:
            if thing is None:
                continue
            if stems_from(thing, self):
                self.kept += (thing,)
            else:
                self.adopt(thing)
        return 0

    def create_qp(self, QPInitAttr qp_init not None):
        """Makes a queue pair, with completion queues where there are none."""
        cdef v.ibv_qp_init_attr *attr = qp_init.prepare()
        cdef v.ibv_pd *domain = NULL
        cdef tuple objects = qp_init.objects()
        cdef cm.rdma_cm_id *id = self.c()
        if id.verbs == NULL:
            raise PyverbsUserError('This CMID is not bound to a device yet')
        if self.own_pd is not None:
            domain = <v.ibv_pd *>self.own_pd.alive()
        self.pin()
        with nogil:
            result = cm.rdma_create_qp(id, domain, attr)
            error = errno
        self.done(result, error, 'create the QP of an id')
        self.keep(objects)

    cdef cm.rdma_cm_id *ready(self) except NULL:
        cdef cm.rdma_cm_id *id = self.c()
        if id.qp == NULL:
            raise PyverbsUserError('This CMID has no QP')
        return id

    def query_qp(self, int attr_mask):
        """-> (QPAttr, QPInitAttr)"""
        cdef QPAttr attr = QPAttr.__new__(QPAttr)
        cdef QPInitAttr init_attr = QPInitAttr.__new__(QPInitAttr)
        check(v.ibv_query_qp(self.ready().qp, <v.ibv_qp_attr *>attr.raw, attr_mask,
                             <v.ibv_qp_init_attr *>init_attr.raw), 'query the QP of an id')
        return attr, init_attr

    def init_qp_attr(self, qp_state):
        """-> (QPAttr, mask): what a queue pair of the program's own needs for that state"""
        cdef QPAttr attr = QPAttr.__new__(QPAttr)
        cdef int mask = 0
        attr.qp_state = qp_state
        if cm.rdma_init_qp_attr(self.c(), <v.ibv_qp_attr *>attr.raw, &mask):
            raise PyverbsRDMAErrno('Failed to get the attributes of a QP')
        return attr, mask

    # Connections

    def listen(self, backlog=0):
        """Lets requests come, as many as 'backlog' at once; 0 is the kernel's choice."""
        cdef int most = backlog
        cdef cm.rdma_cm_id *id = <cm.rdma_cm_id *>self.pin()
        with nogil:
            result = cm.rdma_listen(id, most)
            error = errno
        self.done(result, error, 'listen')

    def get_request(self):
        """-> a CMID, the next request of a listener whose calls wait; so do those of the new one."""
        cdef cm.rdma_cm_id *made = NULL
        cdef cm.rdma_cm_id *id = <cm.rdma_cm_id *>self.pin()
        cdef CMID request = CMID.__new__(CMID)
        while True:
            with nogil:
                result = cm.rdma_get_request(id, &made)
                error = errno
            if result == 0 or error != EINTR:
                break
            try:
                PyErr_CheckSignals()
            except BaseException:
                self.unpin()
                raise
        self.done(result, error, 'get a request')
        request.own_pd = self.own_pd
        request.wrapped(made, self.own_pd)
        for parent in self.parents:
            request.adopt(parent)
        return request

    def connect(self, ConnParam param=None):
        """Asks the peer for a connection."""
        cdef cm.rdma_conn_param *wanted = NULL
        cdef cm.rdma_cm_id *id
        if param is not None:
            wanted = param.prepare()
        id = <cm.rdma_cm_id *>self.pin()
        with nogil:
            result = cm.rdma_connect(id, wanted)
            error = errno
        self.done(result, error, 'connect')

    def accept(self, ConnParam param=None):
        """Says yes to a request."""
        cdef cm.rdma_conn_param *wanted = NULL
        cdef cm.rdma_cm_id *id
        if param is not None:
            wanted = param.prepare()
        id = <cm.rdma_cm_id *>self.pin()
        with nogil:
            result = cm.rdma_accept(id, wanted)
            error = errno
        self.done(result, error, 'accept')

    def reject(self, private_data=None):
        """Says no to a request, with str or bytes for the peer."""
        cdef bytes data = private_bytes(private_data)
        if cm.rdma_reject(self.c(), <const char *>data, len(data)):
            raise PyverbsRDMAErrno('Failed to reject')

    def establish(self):
        """Completes a connection whose queue pair is the program's, after CONNECT_RESPONSE."""
        if cm.rdma_establish(self.c()):
            raise PyverbsRDMAErrno('Failed to establish')

    def disconnect(self):
        """Ends the connection."""
        cdef cm.rdma_cm_id *id = <cm.rdma_cm_id *>self.pin()
        with nogil:
            result = cm.rdma_disconnect(id)
            error = errno
        self.done(result, error, 'disconnect')

    def set_option(self, int level, int optname, optval, size_t optlen):
        """'optval' is bytes, or a number of 'optlen' bytes."""
        cdef bytes value
        if isinstance(optval, (bytes, bytearray)):
            value = bytes(optval)
            if <size_t>len(value) < optlen:
                raise PyverbsUserError(f'{optlen} bytes are asked for, {len(value)} are there')
        else:
            value = operator.index(optval).to_bytes(optlen, sys.byteorder)
        if cm.rdma_set_option(self.c(), level, optname, <char *>value, optlen):
            raise PyverbsRDMAErrno('Failed to set an option')

    def set_local_ece(self, ECE ece not None):
        """What enhanced connection establishment is to tell the peer."""
        if cm.rdma_set_local_ece(self.c(), <v.ibv_ece *>ece.alive()):
            raise PyverbsRDMAErrno('Failed to set ECE')

    def get_remote_ece(self):
        """-> ECE, what the peer has told"""
        cdef ECE ece = ECE()
        if cm.rdma_get_remote_ece(self.c(), <v.ibv_ece *>ece.raw):
            raise PyverbsRDMAErrno('Failed to get ECE')
        return ece

    # Multicast

    def join_multicast(self, AddrInfo addr=None, JoinMCAttrEx mc_attr=None, context=0):
        """Joins a group, by its address or by attributes. 'context' is a number that nothing here
        looks at."""
        cdef cm.rdma_cm_join_mc_attr_ex *attr = NULL
        cdef cm.sockaddr *address
        cdef void *number = <void *><size_t>context
        cdef cm.rdma_cm_id *id = self.c()
        cdef joined *group
        if (addr is None) == (mc_attr is None):
            raise PyverbsUserError('A group is joined by an address or by attributes')
        if mc_attr is not None:
            attr = mc_attr.prepare()
            addr = mc_attr.addr
        address = addr.group()
        group = <joined *>calloc(1, sizeof(joined))
        if group == NULL:
            raise MemoryError()
        memcpy(&group.address, address, addr.c().ai_dst_len or addr.c().ai_src_len)
        self.pin()
        with nogil:
            if attr != NULL:
                result = cm.rdma_join_multicast_ex(id, attr, number)
            else:
                result = cm.rdma_join_multicast(id, address, number)
            error = errno
        if result:
            free(group)
        else:
            group.next = self.groups
            self.groups = group
        self.done(result, error, 'join a group')

    def leave_multicast(self, AddrInfo addr not None):
        """Leaves a group; events of the id are acknowledged with it."""
        cdef cm.sockaddr_storage address
        cdef joined **place = &self.groups
        cdef joined *group
        cdef cm.rdma_cm_id *id = self.c()
        memset(&address, 0, sizeof(address))
        memcpy(&address, addr.group(), addr.c().ai_dst_len or addr.c().ai_src_len)
        self.settle()
        self.pin()
        with nogil:
            result = cm.rdma_leave_multicast(id, <cm.sockaddr *>&address)
            error = errno
        self.done(result, error, 'leave a group')
        while place[0] != NULL:
            if memcmp(&place[0].address, &address, sizeof(address)) == 0:
                group = place[0]
                place[0] = group.next
                free(group)
                return
            place = &place[0].next

    # Memory and requests

    def reg_msgs(self, size):
        """-> MR: memory to send from and receive into"""
        return self._register(size, e.IBV_ACCESS_LOCAL_WRITE)

    def reg_read(self, size=0):
        """-> MR: memory that the peer may read"""
        return self._register(size, e.IBV_ACCESS_LOCAL_WRITE | e.IBV_ACCESS_REMOTE_READ)

    def reg_write(self, size=0):
        """-> MR: memory that the peer may write"""
        return self._register(size, e.IBV_ACCESS_LOCAL_WRITE | e.IBV_ACCESS_REMOTE_WRITE)

    def _register(self, size, access):
        domain = self.pd
        if domain is None:
            raise PyverbsUserError('This CMID is not bound to a device yet')
        return MR(domain, size, access)

    cdef void *memory(self, MR mr, length, size_t *extent) except NULL:
        extent[0] = mr.c().length if length is None else length
        return mr.range(extent[0], 0)

    def post_recv(self, MR mr not None, length=None):
        """Posts memory to receive into: the first bytes of the MR, all of them by default."""
        cdef size_t extent
        cdef void *place = self.memory(mr, length, &extent)
        cdef cm.rdma_cm_id *id = self.c()
        if id.qp == NULL and id.srq == NULL:
            raise PyverbsUserError('This CMID has no QP')
        if cm.rdma_post_recv(id, NULL, place, extent, mr.c()):
            raise PyverbsRDMAErrno('Failed to post a receive')

    def post_send(self, MR mr not None, flags=e.IBV_SEND_SIGNALED, length=None):
        """Sends the first bytes of the MR."""
        cdef size_t extent
        cdef void *place = self.memory(mr, length, &extent)
        if cm.rdma_post_send(self.ready(), NULL, place, extent, mr.c(), flags):
            raise PyverbsRDMAErrno('Failed to post a send')

    def post_ud_send(self, MR mr not None, AH ah not None, rqpn=0, flags=e.IBV_SEND_SIGNALED,
                     length=None):
        """Sends the first bytes of the MR as a datagram."""
        cdef size_t extent
        cdef void *place = self.memory(mr, length, &extent)
        cdef v.ibv_ah *address = <v.ibv_ah *>ah.alive()
        if cm.rdma_post_ud_send(self.ready(), NULL, place, extent, mr.c(), flags, address, rqpn):
            raise PyverbsRDMAErrno('Failed to post a datagram')

    def post_read(self, MR mr not None, length, uint64_t remote_addr, uint32_t rkey, flags=0):
        """Reads from the peer's memory into the MR."""
        cdef size_t extent
        cdef void *place = self.memory(mr, length, &extent)
        if cm.rdma_post_read(self.ready(), NULL, place, extent, mr.c(), flags, remote_addr, rkey):
            raise PyverbsRDMAErrno('Failed to post a read')

    def post_write(self, MR mr not None, length, uint64_t remote_addr, uint32_t rkey, flags=0):
        """Writes the first bytes of the MR into the peer's memory."""
        cdef size_t extent
        cdef void *place = self.memory(mr, length, &extent)
        if cm.rdma_post_write(self.ready(), NULL, place, extent, mr.c(), flags, remote_addr, rkey):
            raise PyverbsRDMAErrno('Failed to post a write')

    cdef WC completion(self, comp_call *wait, str what):
        """Signals are looked at while it waits."""
        cdef cm.rdma_cm_id *id = self.c()
        cdef WC made = WC.__new__(WC)
        cdef int result, error
        self.pin()
        while True:
            with nogil:
                result = wait(id, <v.ibv_wc *>made.raw)
                error = errno
            if result >= 0 or error != EINTR:
                break
            try:
                PyErr_CheckSignals()
            except BaseException:
                self.unpin()
                raise
        self.done(result, error, what)
        return made

    def get_send_comp(self):
        """-> WC, the next completion of a send; waits for it"""
        if self.c().send_cq_channel == NULL:
            raise PyverbsUserError('This CMID has made no queue for sends')
        return self.completion(cm.rdma_get_send_comp, 'get the completion of a send')

    def get_recv_comp(self):
        """-> WC, the next completion of a receive; waits for it"""
        if self.c().recv_cq_channel == NULL:
            raise PyverbsUserError('This CMID has made no queue for receives')
        return self.completion(cm.rdma_get_recv_comp, 'get the completion of a receive')
