# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Work requests and the memory they name.

A request keeps copies of its SGEs. Its C structure is linked to those behind it when it is posted,
so that a request which has been closed meanwhile is noticed.
"""
cimport cython
from libc.stdint cimport uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from pyverbs cimport libibverbs as v
from pyverbs.addr cimport AH
from pyverbs.base cimport PyverbsCM
from pyverbs.fields cimport PLACE, Field, fill, ro, rw
from pyverbs.mr cimport MW, MWBindInfo

from pyverbs import names
from pyverbs.base import PyverbsRDMAErrno, inc_rkey  # noqa: F401
from pyverbs.names import send_flags_to_str  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsUserError  # noqa: F401

cdef v.ibv_sge *sge = NULL
cdef v.ibv_recv_wr *recv = NULL
cdef v.ibv_send_wr *send = NULL


cdef class SGE(PyverbsCM):
    """A range of registered memory."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_sge))

    def __init__(self, addr, length, lkey):
        fill(self, locals())

    addr = rw(PLACE(sge.addr), hex)
    length = rw(PLACE(sge.length))
    lkey = rw(PLACE(sge.lkey), hex)

    def read(self, length, offset):
        """-> bytes of the range"""
        cdef v.ibv_sge *place = <v.ibv_sge *>self.alive()
        if not 0 <= offset <= offset + length <= place.length:
            raise PyverbsUserError(f'{length} bytes at {offset} are not in {place.length} bytes')
        cdef const uint8_t *start = <const uint8_t *><uintptr_t>place.addr + <size_t>offset
        return start[:length]


cdef v.ibv_sge *copy_sges(sges) except? NULL:
    """-> an array, to be freed, of what a sequence of SGEs holds; NULL for an empty one."""
    if not sges:
        return NULL
    cdef v.ibv_sge *copy = <v.ibv_sge *>calloc(len(sges), sizeof(v.ibv_sge))
    if copy == NULL:
        raise MemoryError()
    try:
        for i, one in enumerate(sges):
            copy[i] = (<v.ibv_sge *>(<SGE?>one).alive())[0]
    except BaseException:
        free(copy)
        raise
    return copy


cdef list list_sges(v.ibv_sge *sges, int count):
    return [SGE(sges[i].addr, sges[i].length, sges[i].lkey) for i in range(count)]


cdef int check_count(count, int room) except -1:
    if not 0 <= count <= room:
        raise PyverbsUserError(f'num_sge cannot be {count}: there are {room} SGEs')
    return count


cdef list follow(first):
    """-> a request and those behind it; a chain that comes back to itself is refused."""
    cdef list found = []
    seen = set()
    while first is not None:
        if id(first) in seen:
            raise PyverbsUserError('The list of work requests has no end')
        seen.add(id(first))
        found.append(first)
        first = first.next_wr
    return found


@cython.no_gc_clear
cdef class RecvWR(PyverbsCM):
    """A receive request."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_recv_wr))

    def __init__(self, wr_id=0, num_sge=0, sg=None, RecvWR next_wr=None):
        cdef v.ibv_recv_wr *wr = <v.ibv_recv_wr *>self.alive()
        cdef v.ibv_sge *copy = copy_sges(sg)
        free(wr.sg_list)
        wr.sg_list = copy
        self.room = len(sg or ())
        self.wr_id = wr_id
        self.num_sge = num_sge
        self.next = next_wr

    def __dealloc__(self):
        if self.raw != NULL:
            free((<v.ibv_recv_wr *>self.raw).sg_list)

    cdef int release(self) noexcept nogil:
        free((<v.ibv_recv_wr *>self.raw).sg_list)
        return 0

    wr_id = rw(PLACE(recv.wr_id))

    @property
    def num_sge(self):
        """How many of its SGEs the request uses."""
        return (<v.ibv_recv_wr *>self.alive()).num_sge

    @num_sge.setter
    def num_sge(self, value):
        (<v.ibv_recv_wr *>self.alive()).num_sge = check_count(value, self.room)

    @property
    def next_wr(self):
        """The request behind this one, or None."""
        return self.next

    @next_wr.setter
    def next_wr(self, RecvWR value):
        self.next = value

    @property
    def sg_list(self):
        cdef v.ibv_recv_wr *wr = <v.ibv_recv_wr *>self.alive()
        return list_sges(wr.sg_list, wr.num_sge)

    cdef v.ibv_recv_wr *chain(self) except NULL:
        """-> the C list that begins with this request."""
        cdef v.ibv_recv_wr *behind = NULL
        cdef v.ibv_recv_wr *wr
        for request in reversed(follow(self)):
            wr = <v.ibv_recv_wr *>(<RecvWR>request).alive()
            wr.next = behind
            behind = wr
        return behind

    cdef int become(self, RecvWR first, v.ibv_recv_wr *which) except -1:
        """Takes over what the request of a list has that posting has failed at."""
        for request in follow(first):
            if (<RecvWR>request).raw == which:
                self.__init__(request.wr_id, request.num_sge, request.sg_list, request.next_wr)
        return 0


@cython.no_gc_clear
cdef class SendWR(PyverbsCM):
    """A send request. The set_... methods fill in what its opcode and the queue's type need beyond
    the arguments here."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_send_wr))
        self.needs = {}

    def __init__(self, wr_id=0, opcode=v.IBV_WR_SEND, num_sge=0, imm_data=0, sg=None,
                 send_flags=v.IBV_SEND_SIGNALED, SendWR next_wr=None):
        self.alive()
        self.sg_list = sg
        self.wr_id = wr_id
        self.opcode = opcode
        self.num_sge = num_sge
        self.imm_data = imm_data
        self.send_flags = send_flags
        self.next = next_wr

    def __dealloc__(self):
        if self.raw != NULL:
            free((<v.ibv_send_wr *>self.raw).sg_list)

    cdef int release(self) noexcept nogil:
        free((<v.ibv_send_wr *>self.raw).sg_list)
        return 0

    wr_id = rw(PLACE(send.wr_id))
    opcode = rw(PLACE(send.opcode))
    send_flags = rw(PLACE(send.send_flags), names.send_flags_to_str)
    imm_data = rw(PLACE(send.imm_data))
    rkey = ro(PLACE(send.bind_mw.rkey))
    rdma_rkey = ro(PLACE(send.wr.rdma.rkey))
    rdma_remote_addr = ro(PLACE(send.wr.rdma.remote_addr), hex)

    @property
    def num_sge(self):
        """How many of its SGEs the request uses."""
        return (<v.ibv_send_wr *>self.alive()).num_sge

    @num_sge.setter
    def num_sge(self, value):
        (<v.ibv_send_wr *>self.alive()).num_sge = check_count(value, self.room)

    @property
    def next_wr(self):
        """The request behind this one, or None."""
        return self.next

    @next_wr.setter
    def next_wr(self, SendWR value):
        self.next = value

    @property
    def sg_list(self):
        cdef v.ibv_send_wr *wr = <v.ibv_send_wr *>self.alive()
        return list_sges(wr.sg_list, wr.num_sge)

    @sg_list.setter
    def sg_list(self, value):
        cdef v.ibv_send_wr *wr = <v.ibv_send_wr *>self.alive()
        cdef v.ibv_sge *copy = copy_sges(value)
        free(wr.sg_list)
        wr.sg_list = copy
        wr.num_sge = self.room = len(value or ())

    def set_wr_ud(self, AH ah not None, rqpn, rqkey):
        """For UD: where the datagram goes."""
        cdef v.ibv_send_wr *wr = <v.ibv_send_wr *>self.alive()
        wr.wr.ud.ah = <v.ibv_ah *>ah.alive()
        wr.wr.ud.remote_qpn = rqpn
        wr.wr.ud.remote_qkey = rqkey
        self.needs['ah'] = ah

    def set_wr_rdma(self, rkey, addr):
        """For RDMA writes and reads: the peer's memory."""
        cdef v.ibv_send_wr *wr = <v.ibv_send_wr *>self.alive()
        wr.wr.rdma.remote_addr = addr
        wr.wr.rdma.rkey = rkey
        self.needs.pop('ah', None)

    def set_wr_atomic(self, rkey, addr, compare_add, swap=0):
        """For atomics: the peer's eight bytes and the operands."""
        cdef v.ibv_send_wr *wr = <v.ibv_send_wr *>self.alive()
        wr.wr.atomic.remote_addr = addr
        wr.wr.atomic.rkey = rkey
        wr.wr.atomic.compare_add = compare_add
        wr.wr.atomic.swap = swap
        self.needs.pop('ah', None)

    def set_bind_wr(self, MW mw not None, MWBindInfo bind_info not None):
        """For binding a type 2 memory window; its key is increased for the binding."""
        cdef v.ibv_send_wr *wr = <v.ibv_send_wr *>self.alive()
        wr.bind_mw.mw = <v.ibv_mw *>mw.alive()
        wr.bind_mw.rkey = v.ibv_inc_rkey(wr.bind_mw.mw.rkey)
        wr.bind_mw.bind_info = (<v.ibv_mw_bind_info *>bind_info.alive())[0]
        self.needs['mw'] = mw
        self.needs['bind_info'] = bind_info

    def set_qp_type_xrc(self, remote_srqn):
        """For XRC: the receive queue at the peer."""
        (<v.ibv_send_wr *>self.alive()).qp_type.xrc.remote_srqn = remote_srqn

    cdef v.ibv_send_wr *chain(self, bint datagram) except NULL:
        """-> the C list that begins with this request."""
        cdef v.ibv_send_wr *behind = NULL
        cdef v.ibv_send_wr *wr
        for request in reversed(follow(self)):
            wr = <v.ibv_send_wr *>(<SendWR>request).alive()
            (<SendWR>request).check_needs(wr.opcode, datagram)
            wr.next = behind
            behind = wr
        return behind

    cdef int become(self, SendWR first, v.ibv_send_wr *which) except -1:
        """Takes over what the request of a list has that posting has failed at."""
        for request in follow(first):
            if (<SendWR>request).raw == which:
                self.__init__(request.wr_id, request.opcode, request.num_sge, request.imm_data,
                              request.sg_list, request.send_flags, request.next_wr)
        return 0

    cdef int check_needs(self, int opcode, bint datagram) except -1:
        """Pointers are followed unseen: the right ones have to be there."""
        for need in self.needs.values():
            (<PyverbsCM>need).alive()
        if datagram and 'ah' not in self.needs:
            raise PyverbsUserError('A datagram needs an address: set_wr_ud()')
        if opcode == v.IBV_WR_BIND_MW and 'mw' not in self.needs:
            raise PyverbsUserError('Binding needs a memory window: set_bind_wr()')
        if opcode == v.IBV_WR_TSO:
            raise PyverbsUserError('TSO is for QPEx.wr_send_tso()')
        return 0
