# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What calls on ids take: addresses, and parameters of connections and of multicast. Programs find
these classes in pyverbs.cmid."""
cimport cython
from libc.errno cimport errno
from libc.string cimport memset

from pyverbs cimport librdmacm as cm
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.fields cimport PLACE, Field, rw

from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError

cdef cm.rdma_conn_param *conn = NULL
cdef cm.rdma_cm_join_mc_attr_ex *join = NULL

# The length of private data has eight bits.
MOST_PRIVATE_DATA = 255


cdef bytes name_bytes(name):
    return None if name is None else str(name).encode()


cdef bytes private_bytes(data):
    """-> str or bytes as private data, None as none"""
    cdef bytes octets = b'' if data is None else data.encode() if isinstance(data, str) else bytes(data)
    if len(octets) > MOST_PRIVATE_DATA:
        raise PyverbsUserError(f'{len(octets)} bytes of private data, {MOST_PRIVATE_DATA} is most')
    return octets


cdef cm.rdma_addrinfo *look_up(node, service, cm.rdma_addrinfo *hints) except NULL:
    """-> a list that has to be freed"""
    cdef bytes place = name_bytes(node), port = name_bytes(service)
    cdef const char *place_text = NULL
    cdef const char *port_text = NULL
    cdef cm.rdma_addrinfo *found = NULL
    cdef int code, error
    if place is not None:
        place_text = place
    if port is not None:
        port_text = port
    with nogil:
        code = cm.rdma_getaddrinfo(place_text, port_text, hints, &found)
        error = errno
    if code == 0:
        return found
    what = f'Failed to find an address of {node}, service {service}'
    if code in (-1, cm.EAI_SYSTEM):
        raise PyverbsRDMAError(what, error)
    raise PyverbsRDMAError(f'{what}: {cm.gai_strerror(code).decode()}')


@cython.no_gc_clear
cdef class AddrInfo(PyverbsCM):
    """Addresses: of this side ('src', where RAI_PASSIVE is among the flags or there is no 'dst'), of
    the peer, or of both. Names and services are looked up, as by getaddrinfo(3); with RAI_FAMILY they
    are a GID and a service ID, of AF_IB. Without arguments it is empty until get_addrinfo()."""

    def __init__(self, src=None, dst=None, src_service=None, dst_service=None, port_space=0,
                 flags=0):
        self.fresh()
        if any(one is not None for one in (src, dst, src_service, dst_service)):
            self.get_addrinfo(src, dst, src_service, dst_service, port_space, flags)

    def get_addrinfo(self, src=None, dst=None, src_service=None, dst_service=None, port_space=0,
                     flags=0):
        """Looks up other addresses in place of these."""
        cdef cm.rdma_addrinfo hints
        cdef cm.rdma_addrinfo *found
        cdef cm.rdma_addrinfo *source = NULL
        memset(&hints, 0, sizeof(hints))
        hints.ai_flags = flags
        hints.ai_port_space = port_space
        if flags & cm.RAI_FAMILY:
            hints.ai_family = cm.AF_IB
        ours = src is not None or src_service is not None
        theirs = dst is not None or dst_service is not None
        if not ours and not theirs:
            raise PyverbsUserError('An address needs a name or a service')
        if ours:
            hints.ai_flags |= cm.RAI_PASSIVE
            source = look_up(src, src_service, &hints)
            if not theirs or flags & cm.RAI_PASSIVE:
                self.take(source)
                return
            hints.ai_flags = flags
            hints.ai_src_addr = source.ai_src_addr
            hints.ai_src_len = source.ai_src_len
        try:
            found = look_up(dst, dst_service, &hints)
        finally:
            cm.rdma_freeaddrinfo(source)
        self.take(found)

    cdef int take(self, cm.rdma_addrinfo *info) except -1:
        """The list becomes this object's, in place of the one that it has."""
        self.close()
        self.begin(())
        return self.finish(info, sizeof(cm.rdma_addrinfo), 'keep an address')

    cdef int release(self) noexcept nogil:
        cm.rdma_freeaddrinfo(<cm.rdma_addrinfo *>self.raw)
        return 0

    cdef cm.rdma_addrinfo *c(self) except NULL:
        return <cm.rdma_addrinfo *>self.alive()

    cdef cm.sockaddr *source(self) except NULL:
        if self.c().ai_src_addr == NULL:
            raise PyverbsUserError('This AddrInfo has no address of this side')
        return self.c().ai_src_addr

    cdef cm.sockaddr *destination(self) except NULL:
        if self.c().ai_dst_addr == NULL:
            raise PyverbsUserError('This AddrInfo has no address of the peer')
        return self.c().ai_dst_addr

    cdef cm.sockaddr *group(self) except NULL:
        """-> the address of a multicast group, on whichever side it was given"""
        return self.c().ai_dst_addr if self.c().ai_dst_addr != NULL else self.source()


cdef class ConnParam(PyverbsObject):
    """Parameters of a connection. 'qp_num' and 'srq' count for queue pairs that an id does not have;
    'data_len' makes room for private data, zeros until set_private_data()."""

    def __cinit__(self):
        self.allot(sizeof(cm.rdma_conn_param))
        self.data = b''

    def __init__(self, resources=1, depth=1, flow_control=0, retry=5, rnr_retry=5, srq=0, qp_num=0,
                 data_len=0):
        cdef cm.rdma_conn_param *param = <cm.rdma_conn_param *>self.raw
        param.responder_resources = resources
        param.initiator_depth = depth
        param.flow_control = flow_control
        param.retry_count = retry
        param.rnr_retry_count = rnr_retry
        param.srq = srq
        param.qp_num = qp_num
        self.set_private_data(bytes(data_len))

    qpn = rw(PLACE(conn.qp_num), hex)

    @property
    def private_data(self):
        self.alive()
        return self.data

    def set_private_data(self, data):
        """Takes str or bytes, 255 at most; how much of it a call takes is up to the call."""
        self.alive()
        self.data = private_bytes(data)

    cdef cm.rdma_conn_param *prepare(self) except NULL:
        cdef cm.rdma_conn_param *param = <cm.rdma_conn_param *>self.alive()
        param.private_data = <const char *>self.data
        param.private_data_len = len(self.data)
        return param

    def __str__(self):
        cdef cm.rdma_conn_param *param = <cm.rdma_conn_param *>self.alive()
        lines = [('responder resources', param.responder_resources),
                 ('initiator depth', param.initiator_depth),
                 ('flow control', param.flow_control), ('retry count', param.retry_count),
                 ('RNR retry count', param.rnr_retry_count), ('SRQ', param.srq),
                 ('qpn', hex(param.qp_num)), ('private_data', self.data.hex() or 'none')]
        return '\n'.join(['ConnParam'] + [f'  {name:<24}: {value}' for name, value in lines])


@cython.no_gc_clear
cdef class JoinMCAttrEx(PyverbsObject):
    """A group to join and how: 'comp_mask' of rdma_cm_join_mc_attr_mask says which of address and
    'join_flags', of rdma_cm_mc_join_flags, count."""

    def __cinit__(self):
        self.allot(sizeof(cm.rdma_cm_join_mc_attr_ex))

    def __init__(self, AddrInfo addr not None, comp_mask=0, join_flags=0):
        self.addr = addr
        self.comp_mask = comp_mask
        self.join_flags = join_flags

    comp_mask = rw(PLACE(join.comp_mask))
    join_flags = rw(PLACE(join.join_flags))

    cdef cm.rdma_cm_join_mc_attr_ex *prepare(self) except NULL:
        cdef cm.rdma_cm_join_mc_attr_ex *attr = <cm.rdma_cm_join_mc_attr_ex *>self.alive()
        if self.addr is None:
            raise PyverbsUserError('This JoinMCAttrEx has no address')
        attr.addr = self.addr.group()
        return attr
