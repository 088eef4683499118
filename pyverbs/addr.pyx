# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Addresses: GIDs, routes, and address handles."""
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject
from pyverbs.cq cimport WC
from pyverbs.fields cimport PLACE, SPAN, Field, Text, fill, rw, text
from pyverbs.pd cimport PD

from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError  # noqa: F401
from pyverbs.utils import gid_str, gid_str_to_array  # noqa: F401

cdef v.ibv_gid *gid_shape = NULL
cdef v.ibv_grh *grh = NULL
cdef v.ibv_global_route *route = NULL
cdef v.ibv_ah_attr *ah = NULL


def _octets(value):
    return bytes.fromhex(''.join(gid_str_to_array(value.gid if isinstance(value, GID) else value)))


def _groups(octets):
    return ':'.join(octets[i:i + 2].hex() for i in range(0, 16, 2))


cdef Text gid_at(uint64_t span):
    """A GID in a structure, as text; it can be set from text or from a GID."""
    return text(span, _octets, _groups)


cdef class GID(PyverbsObject):
    """A port's address: 16 bytes, as text eight groups of four digits."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_gid))

    def __init__(self, val=None):
        if val is not None:
            self.gid = val

    gid = gid_at(SPAN(gid_shape.raw))

    def __str__(self):
        return self.gid


cdef class GRH(PyverbsObject):
    """The global header that precedes a datagram in its receive buffer. Values are in network
    order, the way they arrive."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_grh))

    def __init__(self, GID sgid=None, GID dgid=None, version_tclass_flow=0, paylen=0, next_hdr=0,
                 hop_limit=1):
        arguments = locals()
        if sgid is None:
            del arguments['sgid']
        if dgid is None:
            del arguments['dgid']
        fill(self, arguments)

    dgid = gid_at(SPAN(grh.dgid))
    sgid = gid_at(SPAN(grh.sgid))
    version_tclass_flow = rw(PLACE(grh.version_tclass_flow))
    paylen = rw(PLACE(grh.paylen))
    next_hdr = rw(PLACE(grh.next_hdr))
    hop_limit = rw(PLACE(grh.hop_limit))


cdef class GlobalRoute(PyverbsObject):
    """What an address needs to leave its subnet."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_global_route))

    def __init__(self, GID dgid=None, flow_label=0, sgid_index=0, hop_limit=1, traffic_class=0):
        arguments = locals()
        if dgid is None:
            del arguments['dgid']
        fill(self, arguments)

    dgid = gid_at(SPAN(route.dgid))
    flow_label = rw(PLACE(route.flow_label))
    sgid_index = rw(PLACE(route.sgid_index))
    hop_limit = rw(PLACE(route.hop_limit))
    traffic_class = rw(PLACE(route.traffic_class))


cdef class AHAttr(PyverbsObject):
    """What an address handle is made of. Its route, 'gr', counts when is_global is set."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_ah_attr))

    def __init__(self, dlid=0, sl=0, src_path_bits=0, static_rate=0, is_global=0, port_num=1,
                 GlobalRoute gr=None):
        arguments = locals()
        del arguments['gr']
        fill(self, arguments)
        if gr is not None:
            memcpy(&(<v.ibv_ah_attr *>self.raw).grh, gr.alive(), sizeof(v.ibv_global_route))

    dlid = rw(PLACE(ah.dlid))
    sl = rw(PLACE(ah.sl))
    src_path_bits = rw(PLACE(ah.src_path_bits))
    static_rate = rw(PLACE(ah.static_rate))
    is_global = rw(PLACE(ah.is_global))
    port_num = rw(PLACE(ah.port_num))
    dgid = gid_at(SPAN(ah.grh.dgid))
    flow_label = rw(PLACE(ah.grh.flow_label))
    sgid_index = rw(PLACE(ah.grh.sgid_index))
    hop_limit = rw(PLACE(ah.grh.hop_limit))
    traffic_class = rw(PLACE(ah.grh.traffic_class))


cdef class AH(PyverbsCM):
    """An address handle.

    AH(pd, attr=AHAttr) or, to answer a datagram, AH(pd, wc=WC, grh=GRH, port_num=NUMBER); 'grh' may
    be left out when the completion has none.
    """

    def __init__(self, PD pd not None, **kwargs):
        if set(kwargs) == {'attr'}:
            self._from_attr(pd, kwargs['attr'])
        elif {'wc', 'port_num'} <= set(kwargs) <= {'wc', 'grh', 'port_num'}:
            self._from_wc(pd, kwargs['wc'], kwargs.get('grh'), kwargs['port_num'])
        else:
            raise PyverbsUserError('An AH is made of attr, or of wc, grh and port_num')

    cdef int _from_attr(self, PD pd, AHAttr attr) except -1:
        if attr is None:
            raise PyverbsUserError('An AH needs its attributes')
        cdef v.ibv_ah_attr *wanted = <v.ibv_ah_attr *>attr.alive()
        self.begin((pd,))
        return self.finish(v.ibv_create_ah(<v.ibv_pd *>pd.raw, wanted), sizeof(v.ibv_ah),
                           'create an AH')

    cdef int _from_wc(self, PD pd, WC wc, GRH header, int port_num) except -1:
        if wc is None:
            raise PyverbsUserError('An AH needs the completion that it answers')
        if not 0 < port_num < 256:
            raise PyverbsUserError(f'There is no port {port_num}')
        cdef v.ibv_wc *received = <v.ibv_wc *>wc.alive()
        cdef v.ibv_grh *global_header = NULL
        if header is not None:
            global_header = <v.ibv_grh *>header.alive()
        elif received.wc_flags & v.IBV_WC_GRH:
            raise PyverbsUserError('The completion says that there is a GRH, so it is needed')
        self.begin((pd,))
        return self.finish(
            v.ibv_create_ah_from_wc(<v.ibv_pd *>pd.raw, received, global_header, port_num),
            sizeof(v.ibv_ah), 'create an AH from a completion')

    cdef int release(self) noexcept nogil:
        return v.ibv_destroy_ah(<v.ibv_ah *>self.raw)
