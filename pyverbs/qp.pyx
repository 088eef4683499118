# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Queue pairs."""
cimport cython
from libc.errno cimport EOPNOTSUPP
from libc.stdint cimport uintptr_t
from libc.stdlib cimport calloc, free

from pyverbs cimport libibverbs as v
from pyverbs.addr cimport AH
from pyverbs.base cimport PyverbsCM, check, check_errno
from pyverbs.comp_cntr cimport CompCntr
from pyverbs.device cimport Context
from pyverbs.fields cimport PLACE, Field, ro, rw
from pyverbs.mr cimport MW, MWBind, MWBindInfo
from pyverbs.pd cimport PD
from pyverbs.qp_attr cimport (ECE, DataBuffer, QPAttachCompCntrAttr, QPAttr, QPInitAttr,
                              QPInitAttrEx, QPRateLimitAttr)
from pyverbs.wr cimport SGE, RecvWR, SendWR, copy_sges

import pyverbs.libibverbs_enums as e
import pyverbs.qp_attr as attributes
from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401
from pyverbs.utils import (access_flags_to_str, gid_str, mig_state_to_str,  # noqa: F401
                           mtu_to_str, qp_state_to_str, qp_type_to_str)

# What is cimported is no name of the module.
globals().update((name, getattr(attributes, name)) for name in (
    'ECE', 'DataBuffer', 'QPAttachCompCntrAttr', 'QPAttr', 'QPCap', 'QPInitAttr', 'QPInitAttrEx',
    'QPRateLimitAttr'))

cdef v.ibv_qp *qp_shape = NULL
cdef v.ibv_qp_ex *ex = NULL


def _masks():
    """-> {(type of QP, next state): attributes} for the way up to RTS; IBTA vol. 1, 11.2.5.2."""
    path = e.IBV_QP_AV | e.IBV_QP_PATH_MTU | e.IBV_QP_DEST_QPN | e.IBV_QP_RQ_PSN
    target = path | e.IBV_QP_MAX_DEST_RD_ATOMIC | e.IBV_QP_MIN_RNR_TIMER
    asks = (e.IBV_QP_TIMEOUT | e.IBV_QP_RETRY_CNT | e.IBV_QP_RNR_RETRY | e.IBV_QP_SQ_PSN
            | e.IBV_QP_MAX_QP_RD_ATOMIC)
    port = e.IBV_QP_PKEY_INDEX | e.IBV_QP_PORT
    access = port | e.IBV_QP_ACCESS_FLAGS
    ways = {
        e.IBV_QPT_RC: (access, target, asks),
        e.IBV_QPT_UC: (access, path, e.IBV_QP_SQ_PSN),
        e.IBV_QPT_UD: (port | e.IBV_QP_QKEY, 0, e.IBV_QP_SQ_PSN),
        e.IBV_QPT_XRC_SEND: (access, path, asks),
        e.IBV_QPT_XRC_RECV: (access, target, e.IBV_QP_TIMEOUT | e.IBV_QP_SQ_PSN),
        e.IBV_QPT_RAW_PACKET: (e.IBV_QP_PORT, 0, 0),
    }
    states = e.IBV_QPS_INIT, e.IBV_QPS_RTR, e.IBV_QPS_RTS
    return {(int(kind), int(state)): int(mask | e.IBV_QP_STATE)
            for kind, way in ways.items() for state, mask in zip(states, way)}


_MASKS = _masks()


cdef class QP(PyverbsCM):
    """A queue pair: QP(pd, QPInitAttr) or QP(context, QPInitAttrEx). With a QPAttr it is brought up
    as far as it can be without a peer: to RTS what needs none, the others to INIT."""

    def __init__(self, creator not None, init_attr not None, QPAttr qp_attr=None):
        self.make(creator, init_attr, sizeof(v.ibv_qp))
        if qp_attr is None:
            return
        try:
            if self.qp_type in (e.IBV_QPT_UD, e.IBV_QPT_RAW_PACKET):
                self.to_rts(qp_attr)
            elif (self.qp_type, e.IBV_QPS_INIT) in _MASKS:
                self.to_init(qp_attr)
        except PyverbsError:
            self.close()
            raise

    cdef int make(self, creator, init_attr, size_t extent) except -1:
        if isinstance(init_attr, QPInitAttrEx):
            self._of_context(creator, init_attr, extent)
        else:
            self._of_pd(creator, init_attr)
        return 0

    cdef int _of_pd(self, PD pd, QPInitAttr init_attr) except -1:
        cdef v.ibv_pd *domain = <v.ibv_pd *>pd.alive()
        cdef v.ibv_qp_init_attr *attr = init_attr.prepare()
        cdef v.ibv_qp *made
        self.begin((pd,) + init_attr.objects())
        with nogil:
            made = v.ibv_create_qp(domain, attr)
        return self.finish(made, sizeof(v.ibv_qp), 'create QP')

    cdef int _of_context(self, Context context, QPInitAttrEx init_attr, size_t extent) except -1:
        cdef v.ibv_context *creator = <v.ibv_context *>context.alive()
        cdef v.ibv_qp_init_attr_ex *attr = init_attr.prepare()
        cdef v.ibv_qp *made
        self.begin((context,) + init_attr.objects())
        with nogil:
            made = v.ibv_create_qp_ex(creator, attr)
        if made != NULL and v.ibv_qp_to_qp_ex(made) == NULL:
            extent = sizeof(v.ibv_qp)
        return self.finish(made, extent, 'create QP')

    cdef int release(self) noexcept nogil:
        return v.ibv_destroy_qp(<v.ibv_qp *>self.raw)

    cdef v.ibv_qp *c(self) except NULL:
        return <v.ibv_qp *>self.alive()

    cdef v.ibv_qp *idle(self) except NULL:
        """c(), for calls that take the lock of the send queue"""
        return self.c()

    qp_num = ro(PLACE(qp_shape.qp_num), hex)
    qp_type = ro(PLACE(qp_shape.qp_type), qp_type_to_str)

    @property
    def qp(self):
        """The address of the C object."""
        return <size_t>self.alive()

    @property
    def qp_state(self):
        """The state as the device has it."""
        return self.query(v.IBV_QP_STATE)[0].qp_state

    # States

    def modify(self, QPAttr qp_attr not None, int comp_mask):
        """Changes what 'comp_mask', of ibv_qp_attr_mask, names."""
        cdef v.ibv_qp_attr *attr = <v.ibv_qp_attr *>qp_attr.alive()
        cdef v.ibv_qp *qp
        cdef int error
        self.idle()
        qp = <v.ibv_qp *>self.pin()
        with nogil:
            error = v.ibv_modify_qp(qp, attr, comp_mask)
        self.unpin()
        check(error, 'modify QP')

    cdef int step(self, qp_attr, int state) except -1:
        """Goes the next step of the way up."""
        cdef int kind = self.qp_type
        qp_attr.qp_state = state
        try:
            self.modify(qp_attr, _MASKS.get((kind, state), v.IBV_QP_STATE))
        except PyverbsRDMAError as error:
            named = PyverbsRDMAError(f'Failed to modify QP state to {qp_state_to_str(state)}',
                                     error.error_code)
            named._tell(error._reason)
            raise named from None
        return 0

    def to_init(self, QPAttr qp_attr not None):
        """From RESET to INIT."""
        self.step(qp_attr, e.IBV_QPS_INIT)

    def to_rtr(self, QPAttr qp_attr not None):
        """To RTR, by way of INIT where the QP is still in RESET."""
        if self.qp_state == e.IBV_QPS_RESET:
            self.to_init(qp_attr)
        self.step(qp_attr, e.IBV_QPS_RTR)

    def to_rts(self, QPAttr qp_attr not None):
        """To RTS, by way of the states that come before."""
        if self.qp_state in (e.IBV_QPS_RESET, e.IBV_QPS_INIT):
            self.to_rtr(qp_attr)
        self.step(qp_attr, e.IBV_QPS_RTS)

    def query(self, int attr_mask):
        """-> (QPAttr, QPInitAttr)"""
        cdef QPAttr attr = QPAttr.__new__(QPAttr)
        cdef QPInitAttr init_attr = QPInitAttr.__new__(QPInitAttr)
        check(v.ibv_query_qp(self.c(), <v.ibv_qp_attr *>attr.raw, attr_mask,
                             <v.ibv_qp_init_attr *>init_attr.raw), 'query QP')
        return attr, init_attr

    def modify_rate_limit(self, QPRateLimitAttr attr not None):
        check(v.ibv_modify_qp_rate_limit(self.idle(), <v.ibv_qp_rate_limit_attr *>attr.alive()),
              'modify the rate limit of a QP')

    def query_data_in_order(self, int op, unsigned int flags=0):
        """-> whether data of this opcode arrives in order; with the flag for it, in which sense"""
        return check_errno(v.ibv_query_qp_data_in_order(self.c(), op, flags),
                           'query the order of data')

    def set_ece(self, ECE ece not None):
        check(v.ibv_set_ece(self.c(), <v.ibv_ece *>ece.alive()), 'set ECE')

    def query_ece(self):
        cdef ECE ece = ECE()
        check(v.ibv_query_ece(self.c(), <v.ibv_ece *>ece.raw), 'query ECE')
        return ece

    def attach_comp_cntr(self, CompCntr comp_cntr not None, QPAttachCompCntrAttr attr not None):
        """Lets a counter count this QP's operations, until the QP is closed."""
        check(v.ibv_qp_attach_comp_cntr(self.c(), <v.ibv_comp_cntr *>comp_cntr.alive(),
                                        <v.ibv_qp_attach_comp_cntr_attr *>attr.alive()),
              'attach a completion counter')
        self.adopt(comp_cntr)

    # Requests

    def post_send(self, SendWR wr not None, SendWR bad_wr=None):
        """Posts a request and those behind it; 'bad_wr' gets the first that failed."""
        cdef v.ibv_send_wr *bad = NULL
        cdef v.ibv_qp *qp = self.idle()
        error = v.ibv_post_send(qp, wr.chain(qp.qp_type == v.IBV_QPT_UD), &bad)
        if error and bad_wr is not None:
            bad_wr.become(wr, bad)
        check(error, 'post send')

    def post_recv(self, RecvWR wr not None, RecvWR bad_wr=None):
        """Posts a request and those behind it; 'bad_wr' gets the first that failed."""
        cdef v.ibv_recv_wr *bad = NULL
        error = v.ibv_post_recv(self.c(), wr.chain(), &bad)
        if error and bad_wr is not None:
            bad_wr.become(wr, bad)
        check(error, 'post recv')

    def bind_mw(self, MW mw not None, MWBind mw_bind not None):
        """Posts the binding of a type 1 memory window."""
        check(v.ibv_bind_mw(self.idle(), <v.ibv_mw *>mw.alive(),
                            <v.ibv_mw_bind *>mw_bind.alive()), 'bind MW')


@cython.no_gc_clear
cdef class QPEx(QP):
    """A queue pair whose requests are built by calls: wr_start(); then for each request wr_id and
    wr_flags, one call that says what it does, and wr_set_... for what it works on; wr_complete().
    QPInitAttrEx.send_ops_flags names the operations. Immediate data is in network order.
    """

    def __init__(self, creator not None, init_attr not None, QPAttr qp_attr=None):
        QP.__init__(self, creator, init_attr, qp_attr)
        if isinstance(init_attr, QPInitAttrEx):
            self.ind_table = init_attr.ind_table

    cdef int make(self, creator, init_attr, size_t extent) except -1:
        return QP.make(self, creator, init_attr, sizeof(v.ibv_qp_ex))

    cdef void quiesce(self):
        # Building holds the lock of the send queue.
        if self.building:
            self.building = 0
            v.ibv_wr_abort(<v.ibv_qp_ex *>self.raw)

    cdef v.ibv_qp *idle(self) except NULL:
        if self.building:
            raise PyverbsUserError('Requests are being built: wr_complete() or wr_abort() first')
        return self.c()

    cdef v.ibv_qp_ex *c_ex(self) except NULL:
        self.alive()
        if self.extent < sizeof(v.ibv_qp_ex):
            raise PyverbsRDMAError('The QP was made without send_ops_flags', EOPNOTSUPP)
        return <v.ibv_qp_ex *>self.raw

    cdef v.ibv_qp_ex *request(self, bint there) except NULL:
        """-> the QP, ready for the next request, which it has a function for"""
        cdef v.ibv_qp_ex *qp = self.c_ex()
        if not there:
            raise PyverbsRDMAError('The QP was made without the flag for this', EOPNOTSUPP)
        if not self.building:
            raise PyverbsUserError('wr_start() has to come first')
        self.building = 2
        return qp

    cdef v.ibv_qp_ex *detail(self, bint there) except NULL:
        """-> the QP, with a request to complete"""
        cdef v.ibv_qp_ex *qp = self.c_ex()
        if not there:
            raise PyverbsRDMAError('The QP has no such call', EOPNOTSUPP)
        if self.building != 2:
            raise PyverbsUserError('There is no request yet')
        return qp

    comp_mask = rw(PLACE(ex.comp_mask))
    wr_id = rw(PLACE(ex.wr_id))
    wr_flags = rw(PLACE(ex.wr_flags))

    def wr_start(self):
        cdef v.ibv_qp_ex *qp = self.c_ex()
        self.idle()
        v.ibv_wr_start(qp)
        self.building = 1

    def wr_complete(self):
        """Posts what was built; if any of it was wrong, nothing."""
        cdef v.ibv_qp_ex *qp = self.c_ex()
        if not self.building:
            raise PyverbsUserError('wr_start() has to come first')
        self.building = 0
        check(v.ibv_wr_complete(qp), 'complete work requests')

    def wr_abort(self):
        """Drops what was built."""
        self.c_ex()
        self.quiesce()

    # What a request does

    def wr_send(self):
        v.ibv_wr_send(self.request(self.c_ex().wr_send != NULL))

    def wr_send_imm(self, v.uint32_t data):
        v.ibv_wr_send_imm(self.request(self.c_ex().wr_send_imm != NULL), data)

    def wr_send_inv(self, v.uint32_t invalidate_rkey):
        v.ibv_wr_send_inv(self.request(self.c_ex().wr_send_inv != NULL), invalidate_rkey)

    def wr_send_tso(self, hdr, v.uint16_t hdr_sz, v.uint16_t mss):
        """'hdr' is bytes or an address."""
        cdef void *header = address_of(hdr, hdr_sz)
        v.ibv_wr_send_tso(self.request(self.c_ex().wr_send_tso != NULL), header, hdr_sz, mss)

    def wr_rdma_write(self, v.uint32_t rkey, v.uint64_t remote_addr):
        v.ibv_wr_rdma_write(self.request(self.c_ex().wr_rdma_write != NULL), rkey, remote_addr)

    def wr_rdma_write_imm(self, v.uint32_t rkey, v.uint64_t remote_addr, v.uint32_t data):
        v.ibv_wr_rdma_write_imm(self.request(self.c_ex().wr_rdma_write_imm != NULL), rkey,
                                remote_addr, data)

    def wr_rdma_read(self, v.uint32_t rkey, v.uint64_t remote_addr):
        v.ibv_wr_rdma_read(self.request(self.c_ex().wr_rdma_read != NULL), rkey, remote_addr)

    def wr_atomic_cmp_swp(self, v.uint32_t rkey, v.uint64_t remote_addr, v.uint64_t compare,
                          v.uint64_t swap):
        v.ibv_wr_atomic_cmp_swp(self.request(self.c_ex().wr_atomic_cmp_swp != NULL), rkey,
                                remote_addr, compare, swap)

    def wr_atomic_fetch_add(self, v.uint32_t rkey, v.uint64_t remote_addr, v.uint64_t add):
        v.ibv_wr_atomic_fetch_add(self.request(self.c_ex().wr_atomic_fetch_add != NULL), rkey,
                                  remote_addr, add)

    def wr_atomic_write(self, v.uint32_t rkey, v.uint64_t remote_addr, atomic_wr):
        """'atomic_wr' is eight bytes or their address."""
        cdef void *value = address_of(atomic_wr, 8)
        v.ibv_wr_atomic_write(self.request(self.c_ex().wr_atomic_write != NULL), rkey, remote_addr,
                              value)

    def wr_flush(self, v.uint32_t rkey, v.uint64_t remote_addr, size_t length, v.uint8_t ptype,
                 v.uint8_t level):
        v.ibv_wr_flush(self.request(self.c_ex().wr_flush != NULL), rkey, remote_addr, length, ptype,
                       level)

    def wr_bind_mw(self, MW mw not None, v.uint32_t rkey, MWBindInfo bind_info not None):
        cdef v.ibv_mw *window = <v.ibv_mw *>mw.alive()
        cdef v.ibv_mw_bind_info *info = <v.ibv_mw_bind_info *>bind_info.alive()
        v.ibv_wr_bind_mw(self.request(self.c_ex().wr_bind_mw != NULL), window, rkey, info)

    def wr_local_inv(self, v.uint32_t invalidate_rkey):
        v.ibv_wr_local_inv(self.request(self.c_ex().wr_local_inv != NULL), invalidate_rkey)

    # What it works on

    def wr_set_ud_addr(self, AH ah not None, v.uint32_t remote_qpn, v.uint32_t remote_rkey):
        """The last one is the remote queue's Q_Key."""
        cdef v.ibv_ah *address = <v.ibv_ah *>ah.alive()
        v.ibv_wr_set_ud_addr(self.detail(self.c_ex().wr_set_ud_addr != NULL), address, remote_qpn,
                             remote_rkey)

    def wr_set_xrc_srqn(self, v.uint32_t remote_srqn):
        v.ibv_wr_set_xrc_srqn(self.detail(self.c_ex().wr_set_xrc_srqn != NULL), remote_srqn)

    def wr_set_sge(self, SGE sge not None):
        cdef v.ibv_sge *place = <v.ibv_sge *>sge.alive()
        v.ibv_wr_set_sge(self.detail(self.c_ex().wr_set_sge != NULL), place.lkey, place.addr,
                         place.length)

    def wr_set_sge_list(self, num_sge, sg_list):
        cdef v.ibv_qp_ex *qp = self.detail(self.c_ex().wr_set_sge_list != NULL)
        cdef size_t count = room_for(num_sge, sg_list)
        cdef v.ibv_sge *places = copy_sges(sg_list)
        v.ibv_wr_set_sge_list(qp, count, places)
        free(places)

    def wr_set_inline_data(self, addr, size_t length):
        """'addr' is bytes or an address."""
        cdef void *start = address_of(addr, length)
        v.ibv_wr_set_inline_data(self.detail(self.c_ex().wr_set_inline_data != NULL), start, length)

    def wr_set_inline_data_list(self, num_buf, buf_list):
        """'buf_list' has DataBuffers."""
        cdef v.ibv_qp_ex *qp = self.detail(self.c_ex().wr_set_inline_data_list != NULL)
        cdef size_t count = room_for(num_buf, buf_list)
        cdef v.ibv_data_buf *buffers = <v.ibv_data_buf *>calloc(count or 1, sizeof(v.ibv_data_buf))
        if buffers == NULL:
            raise MemoryError()
        try:
            for i in range(count):
                buffers[i] = (<v.ibv_data_buf *>(<DataBuffer?>buf_list[i]).alive())[0]
            v.ibv_wr_set_inline_data_list(qp, count, buffers)
        finally:
            free(buffers)


cdef void *address_of(thing, size_t length) except? NULL:
    """-> where bytes are, or the address that a number is"""
    if isinstance(thing, bytes):
        if <size_t>len(thing) < length:
            raise PyverbsUserError(f'{length} bytes are asked for, {len(thing)} are there')
        return <void *><char *>(<bytes>thing)
    return <void *><uintptr_t>thing


cdef size_t room_for(count, things) except? 0:
    if not 0 <= count <= len(things):
        raise PyverbsUserError(f'{count} elements are asked for, {len(things)} are there')
    return count
