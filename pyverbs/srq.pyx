# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Shared receive queues, those of XRC and those that match tags included."""
cimport cython
from libc.stdint cimport uint32_t
from libc.stdlib cimport free

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject, check
from pyverbs.cq cimport CompletionQueue
from pyverbs.device cimport Context
from pyverbs.fields cimport PLACE, SPAN, Field, fill, part, ro, rw
from pyverbs.pd cimport PD
from pyverbs.wr cimport RecvWR, copy_sges, follow
from pyverbs.xrcd cimport XRCD

from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401

cdef v.ibv_srq_attr *attr_shape = NULL
cdef v.ibv_srq_init_attr *init = NULL
cdef v.ibv_srq_init_attr_ex *ex = NULL
cdef v.ibv_ops_wr *ops = NULL


cdef class SrqAttr(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_srq_attr))

    def __init__(self, max_wr=100, max_sge=1, srq_limit=0):
        fill(self, locals())

    max_wr = rw(PLACE(attr_shape.max_wr))
    max_sge = rw(PLACE(attr_shape.max_sge))
    srq_limit = rw(PLACE(attr_shape.srq_limit))


cdef class SrqInitAttr(PyverbsObject):
    """What an SRQ of a PD is made of."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_srq_init_attr))

    def __init__(self, SrqAttr attr=None):
        if attr is None:
            attr = SrqAttr()
        (<v.ibv_srq_init_attr *>self.raw).attr = (<v.ibv_srq_attr *>attr.alive())[0]

    max_wr = ro(PLACE(init.attr.max_wr))
    max_sge = ro(PLACE(init.attr.max_sge))
    srq_limit = ro(PLACE(init.attr.srq_limit))


@cython.no_gc_clear
cdef class SrqInitAttrEx(PyverbsObject):
    """What an SRQ of a context is made of; comp_mask says which members beyond the first three
    count."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_srq_init_attr_ex))

    def __init__(self, max_wr=100, max_sge=1, srq_limit=0):
        cdef v.ibv_srq_attr *attr = &(<v.ibv_srq_init_attr_ex *>self.raw).attr
        attr.max_wr = max_wr
        attr.max_sge = max_sge
        attr.srq_limit = srq_limit

    max_wr = ro(PLACE(ex.attr.max_wr))
    max_sge = ro(PLACE(ex.attr.max_sge))
    srq_limit = ro(PLACE(ex.attr.srq_limit))
    comp_mask = rw(PLACE(ex.comp_mask))
    srq_type = rw(PLACE(ex.srq_type))
    max_num_tags = rw(PLACE(ex.tm_cap.max_num_tags))
    max_ops = rw(PLACE(ex.tm_cap.max_ops))

    @property
    def pd(self):
        return self.domain

    @pd.setter
    def pd(self, PD value):
        self.domain = value

    @property
    def xrcd(self):
        return self.shared

    @xrcd.setter
    def xrcd(self, XRCD value):
        self.shared = value

    @property
    def cq(self):
        return self.queue

    @cq.setter
    def cq(self, CompletionQueue value):
        self.queue = value


cdef class SRQ(PyverbsCM):
    """A shared receive queue: SRQ(pd, SrqInitAttr) or SRQ(context, SrqInitAttrEx)."""

    def __init__(self, creator not None, attr not None):
        if isinstance(creator, PD):
            self._of_pd(creator, attr)
        else:
            self._of_context(creator, attr)

    cdef int _of_pd(self, PD pd, SrqInitAttr attr) except -1:
        cdef v.ibv_pd *domain = <v.ibv_pd *>pd.alive()
        cdef v.ibv_srq_init_attr *wanted = <v.ibv_srq_init_attr *>attr.alive()
        cdef v.ibv_srq *made
        self.begin((pd,))
        with nogil:
            made = v.ibv_create_srq(domain, wanted)
        return self.finish(made, sizeof(v.ibv_srq), 'create SRQ')

    cdef int _of_context(self, Context context, SrqInitAttrEx attr) except -1:
        cdef v.ibv_context *creator = <v.ibv_context *>context.alive()
        cdef v.ibv_srq_init_attr_ex *wanted = <v.ibv_srq_init_attr_ex *>attr.alive()
        cdef v.ibv_srq *made
        wanted.pd = NULL if attr.domain is None else <v.ibv_pd *>(<PD>attr.domain).alive()
        wanted.xrcd = NULL if attr.shared is None else <v.ibv_xrcd *>(<XRCD>attr.shared).alive()
        wanted.cq = NULL if attr.queue is None else (<CompletionQueue>attr.queue).c()
        self.begin((context, attr.domain, attr.shared, attr.queue))
        with nogil:
            made = v.ibv_create_srq_ex(creator, wanted)
        return self.finish(made, sizeof(v.ibv_srq), 'create SRQ')

    cdef int release(self) noexcept nogil:
        return v.ibv_destroy_srq(<v.ibv_srq *>self.raw)

    cdef v.ibv_srq *c(self) except NULL:
        return <v.ibv_srq *>self.alive()

    @property
    def srq(self):
        """The address of the C object."""
        return <size_t>self.alive()

    def query(self):
        """-> a SrqAttr"""
        cdef SrqAttr attr = SrqAttr()
        check(v.ibv_query_srq(self.c(), <v.ibv_srq_attr *>attr.raw), 'query SRQ')
        return attr

    def modify(self, SrqAttr attr not None, int comp_mask):
        check(v.ibv_modify_srq(self.c(), <v.ibv_srq_attr *>attr.alive(), comp_mask), 'modify SRQ')

    def get_srq_num(self):
        cdef uint32_t number = 0
        check(v.ibv_get_srq_num(self.c(), &number), 'get the number of an SRQ')
        return number

    def post_recv(self, RecvWR wr not None, RecvWR bad_wr=None):
        """Posts a request and those behind it; 'bad_wr' gets the first that failed."""
        cdef v.ibv_recv_wr *bad = NULL
        error = v.ibv_post_srq_recv(self.c(), wr.chain(), &bad)
        if error and bad_wr is not None:
            bad_wr.become(wr, bad)
        check(error, 'post receive to SRQ')

    def post_srq_ops(self, OpsWr wr not None, OpsWr bad_wr=None):
        """Posts operations on the list of tags. What 'wr' adds gets its handle."""
        cdef v.ibv_ops_wr *bad = NULL
        cdef v.ibv_srq *srq = self.c()
        error = v.ibv_post_srq_ops(srq, wr.chain(), &bad)
        if error and bad_wr is not None and bad != NULL:
            bad_wr.wr_id = bad.wr_id
        check(error, 'post operations to SRQ')


@cython.no_gc_clear
cdef class OpsWr(PyverbsCM):
    """An operation on the list of tags."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_ops_wr))

    def __init__(self, wr_id=0, opcode=v.IBV_WR_TAG_ADD, flags=v.IBV_OPS_SIGNALED,
                 OpsWr next_wr=None, unexpected_cnt=0, recv_wr_id=0, num_sge=None, tag=0, mask=0,
                 sg_list=None):
        cdef v.ibv_ops_wr *wr = <v.ibv_ops_wr *>self.alive()
        cdef int count = len(sg_list or ()) if num_sge is None else num_sge
        if not 0 <= count <= len(sg_list or ()):
            raise PyverbsUserError(f'num_sge cannot be {count}')
        cdef v.ibv_sge *copy = copy_sges(sg_list)
        free(wr.tm.add.sg_list)
        wr.tm.add.sg_list = copy
        wr.tm.add.num_sge = count
        self.wr_id = wr_id
        self.opcode = opcode
        self.flags = flags
        self.next = next_wr
        self.unexpected_cnt = unexpected_cnt
        self.recv_wr_id = recv_wr_id
        self.tag = tag
        self.mask = mask

    def __dealloc__(self):
        if self.raw != NULL:
            free((<v.ibv_ops_wr *>self.raw).tm.add.sg_list)

    cdef int release(self) noexcept nogil:
        free((<v.ibv_ops_wr *>self.raw).tm.add.sg_list)
        return 0

    wr_id = rw(PLACE(ops.wr_id))
    opcode = rw(PLACE(ops.opcode))
    flags = rw(PLACE(ops.flags))
    unexpected_cnt = rw(PLACE(ops.tm.unexpected_cnt))
    handle = rw(PLACE(ops.tm.handle))
    recv_wr_id = rw(PLACE(ops.tm.add.recv_wr_id))
    tag = rw(PLACE(ops.tm.add.tag), hex)
    mask = rw(PLACE(ops.tm.add.mask), hex)

    @property
    def next_wr(self):
        """The operation behind this one, or None."""
        return self.next

    @next_wr.setter
    def next_wr(self, OpsWr value):
        self.next = value

    cdef v.ibv_ops_wr *chain(self) except NULL:
        """-> the C list that begins with this operation."""
        cdef v.ibv_ops_wr *behind = NULL
        cdef v.ibv_ops_wr *wr
        for operation in reversed(follow(self)):
            wr = <v.ibv_ops_wr *>(<OpsWr>operation).alive()
            wr.next = behind
            behind = wr
        return behind
