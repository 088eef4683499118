# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What devices and ports say about themselves. Programs find these classes in pyverbs.device."""
from libc.stdint cimport uint32_t

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsObject
from pyverbs.fields cimport PLACE, SPAN, Field, fill, part, ro, rw

from pyverbs import names
from pyverbs.utils import gid_str

cdef v.ibv_device_attr *dev = NULL
cdef v.ibv_device_attr_ex *ex = NULL
cdef v.ibv_odp_caps *odp = NULL
cdef v.ibv_tso_caps *tso = NULL
cdef v.ibv_rss_caps *rss = NULL
cdef v.ibv_packet_pacing_caps *pacing = NULL
cdef v.ibv_tm_caps *tm = NULL
cdef v.ibv_cq_moderation_caps *moderation = NULL
cdef v.ibv_pci_atomic_caps *atomic = NULL
cdef v.ibv_comp_cntr_caps *cntr = NULL
cdef v.ibv_query_device_ex_input *ex_input = NULL
cdef v.ibv_port_attr *port = NULL
cdef v.ibv_gid_entry *entry = NULL


cdef class DeviceAttr(PyverbsObject):
    """Answer of Context.query_device(). GUIDs are in network order."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_device_attr))

    @property
    def fw_version(self):
        return (<v.ibv_device_attr *>self.alive()).fw_ver.decode()

    @property
    def fw_ver(self):
        """The same, by the name that C has."""
        return self.fw_version

    node_guid = ro(PLACE(dev.node_guid), names.guid_format)
    sys_image_guid = ro(PLACE(dev.sys_image_guid), names.guid_format)
    max_mr_size = ro(PLACE(dev.max_mr_size), hex)
    page_size_cap = ro(PLACE(dev.page_size_cap), hex)
    vendor_id = ro(PLACE(dev.vendor_id), hex)
    vendor_part_id = ro(PLACE(dev.vendor_part_id))
    hw_ver = ro(PLACE(dev.hw_ver))
    max_qp = ro(PLACE(dev.max_qp))
    max_qp_wr = ro(PLACE(dev.max_qp_wr))
    device_cap_flags = ro(PLACE(dev.device_cap_flags), names.translate_device_caps)
    max_sge = ro(PLACE(dev.max_sge))
    max_sge_rd = ro(PLACE(dev.max_sge_rd))
    max_cq = ro(PLACE(dev.max_cq))
    max_cqe = ro(PLACE(dev.max_cqe))
    max_mr = ro(PLACE(dev.max_mr))
    max_pd = ro(PLACE(dev.max_pd))
    max_qp_rd_atom = ro(PLACE(dev.max_qp_rd_atom))
    max_ee_rd_atom = ro(PLACE(dev.max_ee_rd_atom))
    max_res_rd_atom = ro(PLACE(dev.max_res_rd_atom))
    max_qp_init_rd_atom = ro(PLACE(dev.max_qp_init_rd_atom))
    max_ee_init_rd_atom = ro(PLACE(dev.max_ee_init_rd_atom))
    atomic_caps = ro(PLACE(dev.atomic_cap))
    max_ee = ro(PLACE(dev.max_ee))
    max_rdd = ro(PLACE(dev.max_rdd))
    max_mw = ro(PLACE(dev.max_mw))
    max_raw_ipv6_qps = ro(PLACE(dev.max_raw_ipv6_qp))
    max_raw_ethy_qp = ro(PLACE(dev.max_raw_ethy_qp))
    max_mcast_grp = ro(PLACE(dev.max_mcast_grp))
    max_mcast_qp_attach = ro(PLACE(dev.max_mcast_qp_attach))
    max_ah = ro(PLACE(dev.max_ah))
    max_fmr = ro(PLACE(dev.max_fmr))
    max_map_per_fmr = ro(PLACE(dev.max_map_per_fmr))
    max_srq = ro(PLACE(dev.max_srq))
    max_srq_wr = ro(PLACE(dev.max_srq_wr))
    max_srq_sge = ro(PLACE(dev.max_srq_sge))
    max_pkeys = ro(PLACE(dev.max_pkeys))
    local_ca_ack_delay = ro(PLACE(dev.local_ca_ack_delay))
    phys_port_cnt = ro(PLACE(dev.phys_port_cnt))


cdef class ODPCaps(PyverbsObject):
    """On-demand paging by transport."""
    cdef public uint32_t xrc_odp_caps

    def __cinit__(self):
        self.allot(sizeof(v.ibv_odp_caps))

    general_caps = ro(PLACE(odp.general_caps))
    rc_odp_caps = ro(PLACE(odp.per_transport_caps.rc_odp_caps))
    uc_odp_caps = ro(PLACE(odp.per_transport_caps.uc_odp_caps))
    ud_odp_caps = ro(PLACE(odp.per_transport_caps.ud_odp_caps))


cdef class TSOCaps(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_tso_caps))

    max_tso = ro(PLACE(tso.max_tso))
    supported_qpts = ro(PLACE(tso.supported_qpts))


cdef class RSSCaps(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_rss_caps))

    supported_qpts = ro(PLACE(rss.supported_qpts))
    max_rwq_indirection_tables = ro(PLACE(rss.max_rwq_indirection_tables))
    max_rwq_indirection_table_size = ro(PLACE(rss.max_rwq_indirection_table_size))
    rx_hash_fields_mask = ro(PLACE(rss.rx_hash_fields_mask))
    rx_hash_function = ro(PLACE(rss.rx_hash_function))


cdef class PacketPacingCaps(PyverbsObject):
    """Rates in kbit/s."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_packet_pacing_caps))

    qp_rate_limit_min = ro(PLACE(pacing.qp_rate_limit_min))
    qp_rate_limit_max = ro(PLACE(pacing.qp_rate_limit_max))
    supported_qpts = ro(PLACE(pacing.supported_qpts))


cdef class TMCaps(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_tm_caps))

    max_rndv_hdr_size = ro(PLACE(tm.max_rndv_hdr_size))
    max_num_tags = ro(PLACE(tm.max_num_tags))
    flags = ro(PLACE(tm.flags))
    max_ops = ro(PLACE(tm.max_ops))
    max_sge = ro(PLACE(tm.max_sge))


cdef class CQModerationCaps(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_cq_moderation_caps))

    max_cq_count = ro(PLACE(moderation.max_cq_count))
    max_cq_period = ro(PLACE(moderation.max_cq_period))


cdef class PCIAtomicCaps(PyverbsObject):
    """Sizes of operands, ibv_pci_atomic_op_size."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_pci_atomic_caps))

    fetch_add = ro(PLACE(atomic.fetch_add))
    swap = ro(PLACE(atomic.swap))
    compare_swap = ro(PLACE(atomic.compare_swap))


cdef class CompCntrCaps(PyverbsObject):
    """Answer of Context.query_comp_cntr_caps()."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_comp_cntr_caps))

    max_value = ro(PLACE(cntr.max_value))
    max_counters = ro(PLACE(cntr.max_counters))
    supported_qp_attach_ops = ro(PLACE(cntr.supported_qp_attach_ops))


cdef class QueryDeviceExInput(PyverbsObject):
    def __cinit__(self):
        self.allot(sizeof(v.ibv_query_device_ex_input))

    def __init__(self, comp_mask):
        (<v.ibv_query_device_ex_input *>self.raw).comp_mask = comp_mask


cdef class DeviceAttrEx(PyverbsObject):
    """Answer of Context.query_device_ex()."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_device_attr_ex))

    comp_mask = rw(PLACE(ex.comp_mask))
    orig_attr = part(SPAN(ex.orig_attr), DeviceAttr, writable=False)

    @property
    def odp_caps(self):
        # One number of it lies elsewhere.
        caps = part(SPAN(ex.odp_caps), ODPCaps).__get__(self, None)
        caps.xrc_odp_caps = (<v.ibv_device_attr_ex *>self.alive()).xrc_odp_caps
        return caps

    completion_timestamp_mask = ro(PLACE(ex.completion_timestamp_mask), hex)
    hca_core_clock = ro(PLACE(ex.hca_core_clock))
    device_cap_flags_ex = ro(PLACE(ex.device_cap_flags_ex), hex)
    tso_caps = part(SPAN(ex.tso_caps), TSOCaps, writable=False)
    rss_caps = part(SPAN(ex.rss_caps), RSSCaps, writable=False)
    max_wq_type_rq = ro(PLACE(ex.max_wq_type_rq))
    packet_pacing_caps = part(SPAN(ex.packet_pacing_caps), PacketPacingCaps, writable=False)
    raw_packet_caps = ro(PLACE(ex.raw_packet_caps))
    tm_caps = part(SPAN(ex.tm_caps), TMCaps, writable=False)
    cq_mod_caps = part(SPAN(ex.cq_mod_caps), CQModerationCaps, writable=False)
    max_dm_size = ro(PLACE(ex.max_dm_size))
    pci_atomic_caps = part(SPAN(ex.pci_atomic_caps), PCIAtomicCaps, writable=False)
    phys_port_cnt_ex = ro(PLACE(ex.phys_port_cnt_ex))


cdef class PortAttr(PyverbsObject):
    """Answer of Context.query_port()."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_port_attr))

    state = ro(PLACE(port.state), names.port_state_to_str)
    max_mtu = ro(PLACE(port.max_mtu), names.translate_mtu)
    active_mtu = ro(PLACE(port.active_mtu), names.translate_mtu)
    gid_tbl_len = ro(PLACE(port.gid_tbl_len))
    port_cap_flags = ro(PLACE(port.port_cap_flags), names.translate_port_cap_flags)
    max_msg_sz = ro(PLACE(port.max_msg_sz), hex)
    bad_pkey_cntr = ro(PLACE(port.bad_pkey_cntr))
    qkey_viol_cntr = ro(PLACE(port.qkey_viol_cntr))
    pkey_tbl_len = ro(PLACE(port.pkey_tbl_len))
    lid = ro(PLACE(port.lid))
    sm_lid = ro(PLACE(port.sm_lid))
    lmc = ro(PLACE(port.lmc))
    max_vl_num = ro(PLACE(port.max_vl_num))
    sm_sl = ro(PLACE(port.sm_sl))
    subnet_timeout = ro(PLACE(port.subnet_timeout))
    init_type_reply = ro(PLACE(port.init_type_reply))
    active_width = ro(PLACE(port.active_width), names.width_to_str)
    active_speed = ro(PLACE(port.active_speed), names.speed_to_str)
    active_speed_ex = ro(PLACE(port.active_speed_ex))
    phys_state = ro(PLACE(port.phys_state), names.phys_state_to_str)
    link_layer = ro(PLACE(port.link_layer), names.translate_link_layer)
    flags = ro(PLACE(port.flags))
    port_cap_flags2 = ro(PLACE(port.port_cap_flags2), names.translate_port_cap_flags2)


cdef class GIDEntry(PyverbsObject):
    """An entry of a port's GID table."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_gid_entry))

    def __init__(self, subnet_prefix=0, interface_id=0, gid_index=0, port_num=0, gid_type=0,
                 ndev_ifindex=0):
        cdef v.ibv_gid_entry *made = <v.ibv_gid_entry *>self.raw
        made.gid.words.subnet_prefix = subnet_prefix
        made.gid.words.interface_id = interface_id
        made.gid_index = gid_index
        made.port_num = port_num
        made.gid_type = gid_type
        made.ndev_ifindex = ndev_ifindex

    gid_subnet_prefix = ro(PLACE(entry.gid.words.subnet_prefix), hex)
    gid_interface_id = ro(PLACE(entry.gid.words.interface_id), hex)
    gid_index = ro(PLACE(entry.gid_index))
    port_num = ro(PLACE(entry.port_num))
    gid_type = ro(PLACE(entry.gid_type), names.translate_gid_type)
    ndev_ifindex = ro(PLACE(entry.ndev_ifindex))

    def gid_str(self):
        """-> the GID as text."""
        return gid_str(self.gid_subnet_prefix, self.gid_interface_id)
