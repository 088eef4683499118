# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Receive work queues, and the tables and hashes that spread packets over them."""
cimport cython
from libc.stdint cimport uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject, check
from pyverbs.cq cimport CompletionQueue
from pyverbs.device cimport Context
from pyverbs.fields cimport PLACE, Field, fill, ro, rw
from pyverbs.pd cimport PD
from pyverbs.wr cimport RecvWR

from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401

cdef v.ibv_wq *wq_shape = NULL
cdef v.ibv_wq_init_attr *init = NULL
cdef v.ibv_wq_attr *attr_shape = NULL
cdef v.ibv_rx_hash_conf *conf = NULL


@cython.no_gc_clear
cdef class WQInitAttr(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_wq_init_attr))

    def __init__(self, wq_context=None, PD wq_pd=None, CompletionQueue wq_cq=None,
                 wq_type=v.IBV_WQT_RQ, max_wr=100, max_sge=1, comp_mask=0, create_flags=0):
        cdef v.ibv_wq_init_attr *attr = <v.ibv_wq_init_attr *>self.raw
        attr.wq_type = wq_type
        attr.max_wr = max_wr
        attr.max_sge = max_sge
        attr.comp_mask = comp_mask
        attr.create_flags = create_flags
        self.wq_context = wq_context
        self.domain, self.queue = wq_pd, wq_cq

    wq_type = rw(PLACE(init.wq_type))

    @property
    def pd(self):
        return self.domain

    @pd.setter
    def pd(self, PD value):
        self.domain = value

    @property
    def cq(self):
        return self.queue

    @cq.setter
    def cq(self, CompletionQueue value):
        self.queue = value


cdef class WQAttr(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_wq_attr))

    def __init__(self, attr_mask=0, wq_state=0, curr_wq_state=0, flags=0, flags_mask=0):
        fill(self, locals())

    attr_mask = rw(PLACE(attr_shape.attr_mask))
    wq_state = rw(PLACE(attr_shape.wq_state))
    curr_wq_state = rw(PLACE(attr_shape.curr_wq_state))
    flags = rw(PLACE(attr_shape.flags))
    flags_mask = rw(PLACE(attr_shape.flags_mask))


cdef class WQ(PyverbsCM):
    """A receive queue of its own, for an indirection table."""

    def __init__(self, Context ctx not None, WQInitAttr attr not None):
        cdef v.ibv_context *context = ctx.c()
        cdef v.ibv_wq_init_attr *wanted = <v.ibv_wq_init_attr *>attr.alive()
        cdef v.ibv_wq *made
        if attr.domain is None or attr.queue is None:
            raise PyverbsUserError('A WQ needs a PD and a CQ')
        wanted.pd = <v.ibv_pd *>(<PD>attr.domain).alive()
        wanted.cq = (<CompletionQueue>attr.queue).c()
        self.begin((ctx, attr.domain, attr.queue))
        with nogil:
            made = v.ibv_create_wq(context, wanted)
        self.finish(made, sizeof(v.ibv_wq), 'create WQ')

    cdef int release(self) noexcept nogil:
        return v.ibv_destroy_wq(<v.ibv_wq *>self.raw)

    wqn = ro(PLACE(wq_shape.wq_num))

    def modify(self, WQAttr wq_attr not None):
        check(v.ibv_modify_wq(<v.ibv_wq *>self.alive(), <v.ibv_wq_attr *>wq_attr.alive()),
              'modify WQ')

    def post_recv(self, RecvWR wr not None, RecvWR bad_wr=None):
        """Posts a request and those behind it; 'bad_wr' gets the first that failed."""
        cdef v.ibv_recv_wr *bad = NULL
        error = v.ibv_post_wq_recv(<v.ibv_wq *>self.alive(), wr.chain(), &bad)
        if error and bad_wr is not None:
            bad_wr.become(wr, bad)
        check(error, 'post receive to WQ')

    def add_ref(self, PyverbsCM obj not None):
        """Closes 'obj' before this."""
        obj.adopt(self)


@cython.no_gc_clear
cdef class RwqIndTableInitAttr(PyverbsObject):
    """2 ** log_ind_tbl_size WQs."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_rwq_ind_table_init_attr))

    def __init__(self, log_ind_tbl_size=5, wqs_list=None, comp_mask=0):
        cdef v.ibv_rwq_ind_table_init_attr *attr = <v.ibv_rwq_ind_table_init_attr *>self.raw
        self.table = tuple(wqs_list or ())
        attr.log_ind_tbl_size = log_ind_tbl_size
        attr.comp_mask = comp_mask


@cython.no_gc_clear
cdef class RwqIndTable(PyverbsCM):
    """The table that a hash of the packet is an index of."""

    def __init__(self, Context ctx not None, RwqIndTableInitAttr attr not None):
        cdef v.ibv_context *context = ctx.c()
        cdef v.ibv_rwq_ind_table_init_attr wanted
        cdef v.ibv_rwq_ind_table *made
        wanted = (<v.ibv_rwq_ind_table_init_attr *>attr.alive())[0]
        if wanted.log_ind_tbl_size > 20 or len(attr.table) != 1 << wanted.log_ind_tbl_size:
            raise PyverbsUserError(f'A table of 2 ** {wanted.log_ind_tbl_size} WQs was given '
                                   f'{len(attr.table)}')
        wanted.ind_tbl = <v.ibv_wq **>calloc(len(attr.table), sizeof(v.ibv_wq *))
        if wanted.ind_tbl == NULL:
            raise MemoryError()
        try:
            for i, wq in enumerate(attr.table):
                wanted.ind_tbl[i] = <v.ibv_wq *>(<WQ?>wq).alive()
            self.begin((ctx,) + attr.table)
            with nogil:
                made = v.ibv_create_rwq_ind_table(context, &wanted)
            self.finish(made, sizeof(v.ibv_rwq_ind_table), 'create an indirection table')
            self.table = attr.table
        finally:
            free(wanted.ind_tbl)

    cdef int release(self) noexcept nogil:
        return v.ibv_destroy_rwq_ind_table(<v.ibv_rwq_ind_table *>self.raw)

    @property
    def wqs(self):
        """The WQs, in their order."""
        return list(self.table or ())

    def add_ref(self, PyverbsCM obj not None):
        """Closes 'obj' before this."""
        obj.adopt(self)


cdef class RxHashConf(PyverbsObject):
    """How packets are hashed. The key is bytes or a list of numbers."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_rx_hash_conf))

    def __init__(self, rx_hash_function=0, rx_hash_key_len=0, rx_hash_key=None,
                 rx_hash_fields_mask=0):
        self.rx_hash_function = rx_hash_function
        self.rx_hash_fields_mask = rx_hash_fields_mask
        if rx_hash_key is not None:
            self.rx_hash_key = rx_hash_key
        self.rx_hash_key_len = rx_hash_key_len

    def __dealloc__(self):
        free(self.key)

    rx_hash_function = rw(PLACE(conf.rx_hash_function))
    rx_hash_fields_mask = rw(PLACE(conf.rx_hash_fields_mask))

    @property
    def rx_hash_key_len(self):
        return (<v.ibv_rx_hash_conf *>self.raw).rx_hash_key_len

    @rx_hash_key_len.setter
    def rx_hash_key_len(self, uint8_t value):
        (<v.ibv_rx_hash_conf *>self.raw).rx_hash_key_len = value

    @property
    def rx_hash_key(self):
        return self.key[:(<v.ibv_rx_hash_conf *>self.raw).rx_hash_key_len]

    @rx_hash_key.setter
    def rx_hash_key(self, value):
        # Room for any length that may be set, so that nothing behind the key is ever read.
        cdef bytes octets = bytes(value)
        if len(octets) > 255:
            raise PyverbsUserError('A key has 255 bytes at most')
        if self.key == NULL:
            self.key = <uint8_t *>calloc(1, 255)
        if self.key == NULL:
            raise MemoryError()
        memcpy(self.key, <const char *>octets, len(octets))
        (<v.ibv_rx_hash_conf *>self.raw).rx_hash_key = self.key
        (<v.ibv_rx_hash_conf *>self.raw).rx_hash_key_len = len(octets)
