# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the modules use of <infiniband/verbs.h>. Enumerations are plain integers here; their names
# for Python come from libibverbs_enums. A name that begins with an underscore stands for a member
# of C that has no type name.
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from posix.time cimport timespec

cdef extern from "<infiniband/verbs.h>" nogil:
    enum:
        IBV_ACCESS_HUGETLB
        IBV_REG_MR_MASK_IOVA
        IBV_REG_MR_MASK_ADDR
        IBV_REG_MR_MASK_FD
        IBV_REG_MR_MASK_FD_OFFSET
        IBV_REG_MR_MASK_DMAH
        IBV_REG_MR_MASK_BUF
        IBV_REREG_MR_CHANGE_TRANSLATION, IBV_REREG_MR_CHANGE_PD
        IBV_WC_GRH
        IBV_WR_SEND
        IBV_QPT_UD
        IBV_QPS_RESET
        IBV_QPS_INIT
        IBV_MTU_1024
        IBV_QP_STATE
        IBV_WQT_RQ
        IBV_FLOW_ATTR_NORMAL
        IBV_FLOW_SPEC_ETH
        IBV_FLOW_SPEC_IPV4_EXT
        IBV_FLOW_SPEC_IPV6
        IBV_FLOW_SPEC_TCP
        IBV_FLOW_SPEC_UDP
        IBV_FLOW_SPEC_INNER
        IBV_WR_TAG_ADD
        IBV_OPS_SIGNALED
        IBV_WR_BIND_MW
        IBV_WR_TSO
        IBV_SEND_SIGNALED
        IBV_GID_TYPE_ROCE_V2
        IBV_VALUES_MASK_RAW_CLOCK
    # Devices
    struct _gid_global:
        uint64_t subnet_prefix, interface_id
    union ibv_gid:
        uint8_t raw[16]
        _gid_global words "global"
    struct ibv_gid_entry:
        ibv_gid gid
        uint32_t gid_index, port_num, gid_type, ndev_ifindex
    struct ibv_device:
        int node_type, transport_type
    struct ibv_context:
        ibv_device *device
        int cmd_fd, async_fd, num_comp_vectors
    struct ibv_device_attr:
        char fw_ver[64]
        uint64_t node_guid, sys_image_guid, max_mr_size, page_size_cap
        uint32_t vendor_id, vendor_part_id, hw_ver
        int max_qp, max_qp_wr
        unsigned int device_cap_flags
        int max_sge, max_sge_rd, max_cq, max_cqe, max_mr, max_pd, max_qp_rd_atom, max_ee_rd_atom
        int max_res_rd_atom, max_qp_init_rd_atom, max_ee_init_rd_atom, atomic_cap, max_ee
        int max_rdd, max_mw, max_raw_ipv6_qp, max_raw_ethy_qp, max_mcast_grp
        int max_mcast_qp_attach, max_total_mcast_qp_attach, max_ah, max_fmr, max_map_per_fmr
        int max_srq, max_srq_wr, max_srq_sge
        uint16_t max_pkeys
        uint8_t local_ca_ack_delay, phys_port_cnt
    struct _odp_caps_per_transport_caps:
        uint32_t rc_odp_caps, uc_odp_caps, ud_odp_caps
    struct ibv_odp_caps:
        uint64_t general_caps
        _odp_caps_per_transport_caps per_transport_caps
    struct ibv_tso_caps:
        uint32_t max_tso, supported_qpts
    struct ibv_rss_caps:
        uint32_t supported_qpts, max_rwq_indirection_tables, max_rwq_indirection_table_size
        uint64_t rx_hash_fields_mask
        uint8_t rx_hash_function
    struct ibv_packet_pacing_caps:
        uint32_t qp_rate_limit_min, qp_rate_limit_max, supported_qpts
    struct ibv_tm_caps:
        uint32_t max_rndv_hdr_size, max_num_tags, flags, max_ops, max_sge
    struct ibv_cq_moderation_caps:
        uint16_t max_cq_count, max_cq_period
    struct ibv_pci_atomic_caps:
        uint16_t fetch_add, swap, compare_swap
    struct ibv_device_attr_ex:
        ibv_device_attr orig_attr
        uint32_t comp_mask
        ibv_odp_caps odp_caps
        uint64_t completion_timestamp_mask, hca_core_clock, device_cap_flags_ex
        ibv_tso_caps tso_caps
        ibv_rss_caps rss_caps
        uint32_t max_wq_type_rq
        ibv_packet_pacing_caps packet_pacing_caps
        uint32_t raw_packet_caps
        ibv_tm_caps tm_caps
        ibv_cq_moderation_caps cq_mod_caps
        uint64_t max_dm_size
        ibv_pci_atomic_caps pci_atomic_caps
        uint32_t xrc_odp_caps, phys_port_cnt_ex
    struct ibv_query_device_ex_input:
        uint32_t comp_mask
    struct ibv_port_attr:
        int state, max_mtu, active_mtu, gid_tbl_len
        uint32_t port_cap_flags, max_msg_sz, bad_pkey_cntr, qkey_viol_cntr
        uint16_t pkey_tbl_len, lid, sm_lid
        uint8_t lmc, max_vl_num, sm_sl, subnet_timeout, init_type_reply, active_width
        uint8_t active_speed, phys_state, link_layer, flags
        uint16_t port_cap_flags2
        uint32_t active_speed_ex
    struct ibv_values_ex:
        uint32_t comp_mask
        timespec raw_clock
    union _async_event_element:
        ibv_cq *cq
        ibv_qp *qp
        ibv_srq *srq
        ibv_wq *wq
        int port_num
    struct ibv_async_event:
        _async_event_element element
        int event_type
    struct ibv_comp_cntr_caps:
        uint64_t max_value
        uint32_t max_counters, supported_qp_attach_ops

    # Addresses
    struct ibv_global_route:
        ibv_gid dgid
        uint32_t flow_label
        uint8_t sgid_index, hop_limit, traffic_class
    struct ibv_grh:
        uint32_t version_tclass_flow
        uint16_t paylen
        uint8_t next_hdr, hop_limit
        ibv_gid sgid, dgid
    struct ibv_ah_attr:
        ibv_global_route grh
        uint16_t dlid
        uint8_t sl, src_path_bits, static_rate, is_global, port_num
    struct ibv_ah:
        ibv_context *context
        ibv_pd *pd
        uint32_t handle

    # Domains and memory
    struct ibv_pd:
        ibv_context *context
        uint32_t handle
    struct ibv_td:
        ibv_context *context
    struct ibv_td_init_attr:
        uint32_t comp_mask
    struct ibv_parent_domain_init_attr:
        ibv_pd *pd
        ibv_td *td
        uint32_t comp_mask
        void *(*alloc)(ibv_pd *, void *, size_t, size_t, uint64_t) noexcept
        void (*free)(ibv_pd *, void *, void *, uint64_t) noexcept
        void *pd_context
    struct ibv_mr:
        ibv_context *context
        ibv_pd *pd
        void *addr
        size_t length
        uint32_t handle, lkey, rkey
    struct ibv_dm:
        ibv_context *context
        uint32_t comp_mask, handle
    struct ibv_alloc_dm_attr:
        size_t length
        uint32_t log_align_req, comp_mask
    struct ibv_dmah:
        ibv_context *context
    struct ibv_dmah_init_attr:
        uint32_t comp_mask, cpu_id
        uint8_t ph, tph_mem_type
    struct ibv_buf:
        pass
    struct ibv_mr_init_attr:
        size_t length
        int access
        uint64_t comp_mask, iova
        void *addr
        int fd
        uint64_t fd_offset
        ibv_dmah *dmah
        ibv_buf *buf
    struct ibv_mw_bind_info:
        ibv_mr *mr
        uint64_t addr, length
        unsigned int mw_access_flags
    struct ibv_mw_bind:
        uint64_t wr_id
        unsigned int send_flags
        ibv_mw_bind_info bind_info
    struct ibv_mw:
        ibv_context *context
        ibv_pd *pd
        uint32_t rkey, handle
        int type
    struct ibv_xrcd:
        ibv_context *context
    struct ibv_xrcd_init_attr:
        uint32_t comp_mask
        int fd, oflags

    # Completions
    struct ibv_comp_channel:
        ibv_context *context
        int fd, refcnt
    struct ibv_wc:
        uint64_t wr_id
        int status, opcode
        uint32_t vendor_err, byte_len, imm_data, invalidated_rkey, qp_num, src_qp
        unsigned int wc_flags
        uint16_t pkey_index, slid
        uint8_t sl, dlid_path_bits
    struct ibv_cq:
        ibv_context *context
        ibv_comp_channel *channel
        void *cq_context
        uint32_t handle
        int cqe
        uint32_t comp_events_completed, async_events_completed
    struct ibv_cq_ex:
        ibv_context *context
        ibv_comp_channel *channel
        void *cq_context
        uint32_t handle
        int cqe
        uint32_t comp_events_completed, async_events_completed, comp_mask
        int status
        uint64_t wr_id
        # Functions; what matters is whether they are there
        void *read_opcode
        void *read_vendor_err
        void *read_byte_len
        void *read_imm_data
        void *read_qp_num
        void *read_src_qp
        void *read_wc_flags
        void *read_slid
        void *read_sl
        void *read_dlid_path_bits
        void *read_completion_ts
        void *read_cvlan
        void *read_flow_tag
        void *read_tm_info
        void *read_completion_wallclock_ns
    struct ibv_poll_cq_attr:
        uint32_t comp_mask
    struct ibv_wc_tm_info:
        uint64_t tag
        uint32_t priv
    struct ibv_cq_init_attr_ex:
        uint32_t cqe
        void *cq_context
        ibv_comp_channel *channel
        uint32_t comp_vector
        uint64_t wc_flags
        uint32_t comp_mask, flags
        ibv_pd *parent_domain
    struct ibv_comp_cntr:
        ibv_context *context
        uint32_t handle
    struct ibv_comp_cntr_init_attr:
        uint32_t comp_mask
        int type
        uint32_t flags

    # Work requests
    struct ibv_sge:
        uint64_t addr
        uint32_t length, lkey
    struct ibv_data_buf:
        void *addr
        size_t length
    struct ibv_recv_wr:
        uint64_t wr_id
        ibv_recv_wr *next
        ibv_sge *sg_list
        int num_sge
    struct _send_wr_wr_rdma:
        uint64_t remote_addr
        uint32_t rkey
    struct _send_wr_wr_atomic:
        uint64_t remote_addr, compare_add, swap
        uint32_t rkey
    struct _send_wr_wr_ud:
        ibv_ah *ah
        uint32_t remote_qpn, remote_qkey
    struct _send_wr_qp_type_xrc:
        uint32_t remote_srqn
    union _send_wr_wr:
        _send_wr_wr_rdma rdma
        _send_wr_wr_atomic atomic
        _send_wr_wr_ud ud
    union _send_wr_qp_type:
        _send_wr_qp_type_xrc xrc
    struct _send_wr_bind_mw:
        ibv_mw *mw
        uint32_t rkey
        ibv_mw_bind_info bind_info
    struct _send_wr_tso:
        void *hdr
        uint16_t hdr_sz, mss
    struct ibv_send_wr:
        uint64_t wr_id
        ibv_send_wr *next
        ibv_sge *sg_list
        int num_sge, opcode
        unsigned int send_flags
        uint32_t imm_data, invalidate_rkey
        _send_wr_wr wr
        _send_wr_qp_type qp_type
        _send_wr_bind_mw bind_mw
        _send_wr_tso tso
    struct _ops_wr_tm_add:
        uint64_t recv_wr_id
        ibv_sge *sg_list
        int num_sge
        uint64_t tag, mask
    struct _ops_wr_tm:
        uint32_t unexpected_cnt, handle
        _ops_wr_tm_add add
    struct ibv_ops_wr:
        uint64_t wr_id
        ibv_ops_wr *next
        int opcode, flags
        _ops_wr_tm tm

    # Queues
    struct ibv_srq_attr:
        uint32_t max_wr, max_sge, srq_limit
    struct ibv_srq_init_attr:
        void *srq_context
        ibv_srq_attr attr
    struct ibv_tm_cap:
        uint32_t max_num_tags, max_ops
    struct ibv_srq_init_attr_ex:
        void *srq_context
        ibv_srq_attr attr
        uint32_t comp_mask
        int srq_type
        ibv_pd *pd
        ibv_xrcd *xrcd
        ibv_cq *cq
        ibv_tm_cap tm_cap
    struct ibv_srq:
        ibv_context *context
        void *srq_context
        ibv_pd *pd
        uint32_t handle, events_completed
    struct ibv_wq:
        ibv_context *context
        void *wq_context
        ibv_pd *pd
        ibv_cq *cq
        uint32_t wq_num, handle
        int state, wq_type
        uint32_t events_completed, comp_mask
    struct ibv_wq_init_attr:
        void *wq_context
        int wq_type
        uint32_t max_wr, max_sge
        ibv_pd *pd
        ibv_cq *cq
        uint32_t comp_mask, create_flags
    struct ibv_wq_attr:
        uint32_t attr_mask
        int wq_state, curr_wq_state
        uint32_t flags, flags_mask
    struct ibv_rwq_ind_table:
        ibv_context *context
        int ind_tbl_handle, ind_tbl_num
        uint32_t comp_mask
    struct ibv_rwq_ind_table_init_attr:
        uint32_t log_ind_tbl_size
        ibv_wq **ind_tbl
        uint32_t comp_mask
    struct ibv_rx_hash_conf:
        uint8_t rx_hash_function, rx_hash_key_len
        uint8_t *rx_hash_key
        uint64_t rx_hash_fields_mask
    struct ibv_qp_cap:
        uint32_t max_send_wr, max_recv_wr, max_send_sge, max_recv_sge, max_inline_data
    struct ibv_qp_init_attr:
        void *qp_context
        ibv_cq *send_cq
        ibv_cq *recv_cq
        ibv_srq *srq
        ibv_qp_cap cap
        int qp_type, sq_sig_all
    struct ibv_qp_init_attr_ex:
        void *qp_context
        ibv_cq *send_cq
        ibv_cq *recv_cq
        ibv_srq *srq
        ibv_qp_cap cap
        int qp_type, sq_sig_all
        uint32_t comp_mask
        ibv_pd *pd
        ibv_xrcd *xrcd
        uint32_t create_flags
        uint16_t max_tso_header
        ibv_rwq_ind_table *rwq_ind_tbl
        ibv_rx_hash_conf rx_hash_conf
        uint32_t source_qpn
        uint64_t send_ops_flags
    struct ibv_qp_attr:
        int qp_state, cur_qp_state, path_mtu, path_mig_state
        uint32_t qkey, rq_psn, sq_psn, dest_qp_num
        unsigned int qp_access_flags
        ibv_qp_cap cap
        ibv_ah_attr ah_attr, alt_ah_attr
        uint16_t pkey_index, alt_pkey_index
        uint8_t en_sqd_async_notify, sq_draining, max_rd_atomic, max_dest_rd_atomic
        uint8_t min_rnr_timer, port_num, timeout, retry_cnt, rnr_retry, alt_port_num
        uint8_t alt_timeout
        uint32_t rate_limit
    struct ibv_qp:
        ibv_context *context
        void *qp_context
        ibv_pd *pd
        ibv_cq *send_cq
        ibv_cq *recv_cq
        ibv_srq *srq
        uint32_t handle, qp_num
        int state, qp_type
        uint32_t events_completed
    struct ibv_qp_ex:
        ibv_qp qp_base
        uint64_t comp_mask, wr_id
        unsigned int wr_flags
        # Functions; what matters is whether they are there
        void *wr_atomic_cmp_swp
        void *wr_atomic_fetch_add
        void *wr_bind_mw
        void *wr_local_inv
        void *wr_rdma_read
        void *wr_rdma_write
        void *wr_rdma_write_imm
        void *wr_send
        void *wr_send_imm
        void *wr_send_inv
        void *wr_send_tso
        void *wr_set_ud_addr
        void *wr_set_xrc_srqn
        void *wr_set_inline_data
        void *wr_set_inline_data_list
        void *wr_set_sge
        void *wr_set_sge_list
        void *wr_start
        void *wr_complete
        void *wr_abort
        void *wr_atomic_write
        void *wr_flush
    struct ibv_ece:
        uint32_t vendor_id, options, comp_mask
    struct ibv_qp_rate_limit_attr:
        uint32_t rate_limit, max_burst_sz
        uint16_t typical_pkt_sz
        uint32_t comp_mask
    struct ibv_qp_attach_comp_cntr_attr:
        uint32_t comp_mask, op_mask

    # Flows
    struct ibv_flow:
        uint32_t comp_mask
        ibv_context *context
        uint32_t handle
    struct ibv_flow_attr:
        uint32_t comp_mask
        int type
        uint16_t size, priority
        uint8_t num_of_specs, port
        uint32_t flags
    struct ibv_flow_eth_filter:
        uint8_t dst_mac[6]
        uint8_t src_mac[6]
        uint16_t ether_type, vlan_tag
    struct ibv_flow_spec_eth:
        int type
        uint16_t size
        ibv_flow_eth_filter val, mask
    struct ibv_flow_ipv4_ext_filter:
        uint32_t src_ip, dst_ip
        uint8_t proto, tos, ttl, flags
    struct ibv_flow_spec_ipv4_ext:
        int type
        uint16_t size
        ibv_flow_ipv4_ext_filter val, mask
    struct ibv_flow_ipv6_filter:
        uint8_t src_ip[16]
        uint8_t dst_ip[16]
        uint32_t flow_label
        uint8_t next_hdr, traffic_class, hop_limit
    struct ibv_flow_spec_ipv6:
        int type
        uint16_t size
        ibv_flow_ipv6_filter val, mask
    struct ibv_flow_tcp_udp_filter:
        uint16_t dst_port, src_port
    struct ibv_flow_spec_tcp_udp:
        int type
        uint16_t size
        ibv_flow_tcp_udp_filter val, mask

    # Verbs
    const char *ibv_wc_status_str(int status)
    ibv_qp_ex *ibv_qp_to_qp_ex(ibv_qp *qp)
    void ibv_wr_atomic_cmp_swp(ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
        uint64_t compare, uint64_t swap)
    void ibv_wr_atomic_fetch_add(ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr, uint64_t add)
    void ibv_wr_bind_mw(ibv_qp_ex *qp, ibv_mw *mw, uint32_t rkey,
        const ibv_mw_bind_info *bind_info)
    void ibv_wr_local_inv(ibv_qp_ex *qp, uint32_t invalidate_rkey)
    void ibv_wr_rdma_read(ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
    void ibv_wr_rdma_write(ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
    void ibv_wr_flush(ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr, size_t len,
        uint8_t type, uint8_t level)
    void ibv_wr_rdma_write_imm(ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
        uint32_t imm_data)
    void ibv_wr_send(ibv_qp_ex *qp)
    void ibv_wr_send_imm(ibv_qp_ex *qp, uint32_t imm_data)
    void ibv_wr_send_inv(ibv_qp_ex *qp, uint32_t invalidate_rkey)
    void ibv_wr_send_tso(ibv_qp_ex *qp, void *hdr, uint16_t hdr_sz, uint16_t mss)
    void ibv_wr_set_ud_addr(ibv_qp_ex *qp, ibv_ah *ah, uint32_t remote_qpn, uint32_t remote_qkey)
    void ibv_wr_set_xrc_srqn(ibv_qp_ex *qp, uint32_t remote_srqn)
    void ibv_wr_set_inline_data(ibv_qp_ex *qp, void *addr, size_t length)
    void ibv_wr_set_inline_data_list(ibv_qp_ex *qp, size_t num_buf, const ibv_data_buf *buf_list)
    void ibv_wr_set_sge(ibv_qp_ex *qp, uint32_t lkey, uint64_t addr, uint32_t length)
    void ibv_wr_set_sge_list(ibv_qp_ex *qp, size_t num_sge, const ibv_sge *sg_list)
    void ibv_wr_start(ibv_qp_ex *qp)
    int ibv_wr_complete(ibv_qp_ex *qp)
    void ibv_wr_abort(ibv_qp_ex *qp)
    void ibv_wr_atomic_write(ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
        const void *atomic_wr)
    ibv_cq *ibv_cq_ex_to_cq(ibv_cq_ex *cq)
    int ibv_start_poll(ibv_cq_ex *cq, ibv_poll_cq_attr *attr)
    int ibv_next_poll(ibv_cq_ex *cq)
    void ibv_end_poll(ibv_cq_ex *cq)
    int ibv_wc_read_opcode(ibv_cq_ex *cq)
    uint32_t ibv_wc_read_vendor_err(ibv_cq_ex *cq)
    uint32_t ibv_wc_read_byte_len(ibv_cq_ex *cq)
    uint32_t ibv_wc_read_imm_data(ibv_cq_ex *cq)
    uint32_t ibv_wc_read_invalidated_rkey(ibv_cq_ex *cq)
    uint32_t ibv_wc_read_qp_num(ibv_cq_ex *cq)
    uint32_t ibv_wc_read_src_qp(ibv_cq_ex *cq)
    unsigned int ibv_wc_read_wc_flags(ibv_cq_ex *cq)
    uint32_t ibv_wc_read_slid(ibv_cq_ex *cq)
    uint8_t ibv_wc_read_sl(ibv_cq_ex *cq)
    uint8_t ibv_wc_read_dlid_path_bits(ibv_cq_ex *cq)
    uint64_t ibv_wc_read_completion_ts(ibv_cq_ex *cq)
    uint64_t ibv_wc_read_completion_wallclock_ns(ibv_cq_ex *cq)
    uint16_t ibv_wc_read_cvlan(ibv_cq_ex *cq)
    uint32_t ibv_wc_read_flow_tag(ibv_cq_ex *cq)
    void ibv_wc_read_tm_info(ibv_cq_ex *cq, ibv_wc_tm_info *tm_info)
    int ibv_post_wq_recv(ibv_wq *wq, ibv_recv_wr *recv_wr, ibv_recv_wr **bad_recv_wr)
    ibv_device **ibv_get_device_list(int *num_devices)
    void ibv_free_device_list(ibv_device **list)
    const char *ibv_get_device_name(ibv_device *device)
    int ibv_get_device_index(ibv_device *device)
    uint64_t ibv_get_device_guid(ibv_device *device)
    ibv_context *ibv_open_device(ibv_device *device)
    int ibv_close_device(ibv_context *context)
    ibv_context *ibv_import_device(int cmd_fd)
    ibv_pd *ibv_import_pd(ibv_context *context, uint32_t pd_handle)
    void ibv_unimport_pd(ibv_pd *pd)
    ibv_mr *ibv_import_mr(ibv_pd *pd, uint32_t mr_handle)
    void ibv_unimport_mr(ibv_mr *mr)
    ibv_dm *ibv_import_dm(ibv_context *context, uint32_t dm_handle)
    void ibv_unimport_dm(ibv_dm *dm)
    int ibv_get_async_event(ibv_context *context, ibv_async_event *event)
    void ibv_ack_async_event(ibv_async_event *event)
    int ibv_query_device(ibv_context *context, ibv_device_attr *device_attr)
    int ibv_query_port(ibv_context *context, uint8_t port_num, ibv_port_attr *port_attr)
    int ibv_query_port_speed(ibv_context *context, uint32_t port_num, uint64_t *port_speed)
    int ibv_query_gid(ibv_context *context, uint8_t port_num, int index, ibv_gid *gid)
    int ibv_query_gid_ex(ibv_context *context, uint32_t port_num, uint32_t gid_index,
        ibv_gid_entry *entry, uint32_t flags)
    ssize_t ibv_query_gid_table(ibv_context *context, ibv_gid_entry *entries, size_t max_entries,
        uint32_t flags)
    int ibv_query_pkey(ibv_context *context, uint8_t port_num, int index, uint16_t *pkey)
    int ibv_get_pkey_index(ibv_context *context, uint8_t port_num, uint16_t pkey)
    ibv_pd *ibv_alloc_pd(ibv_context *context)
    int ibv_dealloc_pd(ibv_pd *pd)
    ibv_flow *ibv_create_flow(ibv_qp *qp, ibv_flow_attr *flow)
    int ibv_destroy_flow(ibv_flow *flow_id)
    ibv_xrcd *ibv_open_xrcd(ibv_context *context, ibv_xrcd_init_attr *xrcd_init_attr)
    int ibv_close_xrcd(ibv_xrcd *xrcd)
    ibv_mr *ibv_reg_mr(ibv_pd *pd, void *addr, size_t length, int access)
    ibv_mr *ibv_reg_mr_iova(ibv_pd *pd, void *addr, size_t length, uint64_t iova, int access)
    ibv_mr *ibv_reg_dmabuf_mr(ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova, int fd,
        int access)
    ibv_mr *ibv_reg_mr_ex(ibv_pd *pd, ibv_mr_init_attr *mr_init_attr)
    int ibv_rereg_mr(ibv_mr *mr, int flags, ibv_pd *pd, void *addr, size_t length, int access)
    int ibv_dereg_mr(ibv_mr *mr)
    ibv_mw *ibv_alloc_mw(ibv_pd *pd, int type)
    int ibv_dealloc_mw(ibv_mw *mw)
    uint32_t ibv_inc_rkey(uint32_t rkey)
    int ibv_bind_mw(ibv_qp *qp, ibv_mw *mw, ibv_mw_bind *mw_bind)
    ibv_comp_channel *ibv_create_comp_channel(ibv_context *context)
    int ibv_destroy_comp_channel(ibv_comp_channel *channel)
    int ibv_advise_mr(ibv_pd *pd, int advice, uint32_t flags, ibv_sge *sg_list, uint32_t num_sge)
    ibv_dm *ibv_alloc_dm(ibv_context *context, ibv_alloc_dm_attr *attr)
    int ibv_free_dm(ibv_dm *dm)
    int ibv_dm_export_dmabuf_fd(ibv_dm *dm)
    int ibv_memcpy_to_dm(ibv_dm *dm, uint64_t dm_offset, const void *host_addr, size_t length)
    int ibv_memcpy_from_dm(void *host_addr, ibv_dm *dm, uint64_t dm_offset, size_t length)
    ibv_mr *ibv_alloc_null_mr(ibv_pd *pd)
    ibv_mr *ibv_reg_dm_mr(ibv_pd *pd, ibv_dm *dm, uint64_t dm_offset, size_t length,
        unsigned int access)
    ibv_cq *ibv_create_cq(ibv_context *context, int cqe, void *cq_context,
        ibv_comp_channel *channel, int comp_vector)
    ibv_cq_ex *ibv_create_cq_ex(ibv_context *context, ibv_cq_init_attr_ex *cq_attr)
    int ibv_resize_cq(ibv_cq *cq, int cqe)
    int ibv_destroy_cq(ibv_cq *cq)
    int ibv_get_cq_event(ibv_comp_channel *channel, ibv_cq **cq, void **cq_context)
    void ibv_ack_cq_events(ibv_cq *cq, unsigned int nevents)
    int ibv_poll_cq(ibv_cq *cq, int num_entries, ibv_wc *wc)
    int ibv_req_notify_cq(ibv_cq *cq, int solicited_only)
    int ibv_query_comp_cntr_caps(ibv_context *context, ibv_comp_cntr_caps *caps)
    ibv_comp_cntr *ibv_create_comp_cntr(ibv_context *context, ibv_comp_cntr_init_attr *cc_attr)
    int ibv_destroy_comp_cntr(ibv_comp_cntr *comp_cntr)
    int ibv_set_comp_cntr(ibv_comp_cntr *comp_cntr, uint64_t value)
    int ibv_set_err_comp_cntr(ibv_comp_cntr *comp_cntr, uint64_t value)
    int ibv_inc_comp_cntr(ibv_comp_cntr *comp_cntr, uint64_t amount)
    int ibv_inc_err_comp_cntr(ibv_comp_cntr *comp_cntr, uint64_t amount)
    int ibv_read_comp_cntr(ibv_comp_cntr *comp_cntr, uint64_t *value)
    int ibv_read_err_comp_cntr(ibv_comp_cntr *comp_cntr, uint64_t *value)
    ibv_srq *ibv_create_srq(ibv_pd *pd, ibv_srq_init_attr *srq_init_attr)
    ibv_srq *ibv_create_srq_ex(ibv_context *context, ibv_srq_init_attr_ex *srq_init_attr_ex)
    int ibv_modify_srq(ibv_srq *srq, ibv_srq_attr *srq_attr, int srq_attr_mask)
    int ibv_query_srq(ibv_srq *srq, ibv_srq_attr *srq_attr)
    int ibv_get_srq_num(ibv_srq *srq, uint32_t *srq_num)
    int ibv_destroy_srq(ibv_srq *srq)
    int ibv_post_srq_recv(ibv_srq *srq, ibv_recv_wr *recv_wr, ibv_recv_wr **bad_recv_wr)
    int ibv_post_srq_ops(ibv_srq *srq, ibv_ops_wr *op, ibv_ops_wr **bad_op)
    ibv_qp *ibv_create_qp(ibv_pd *pd, ibv_qp_init_attr *qp_init_attr)
    ibv_qp *ibv_create_qp_ex(ibv_context *context, ibv_qp_init_attr_ex *qp_init_attr_ex)
    ibv_td *ibv_alloc_td(ibv_context *context, ibv_td_init_attr *init_attr)
    int ibv_dealloc_td(ibv_td *td)
    ibv_pd *ibv_alloc_parent_domain(ibv_context *context, ibv_parent_domain_init_attr *attr)
    void *ibv_alloc_buf(ibv_pd *pd, size_t size, ibv_buf **buf)
    int ibv_export_buf_dmabuf_fd(ibv_buf *buf)
    void ibv_free_buf(ibv_buf *buf)
    ibv_mr *ibv_reg_buf_mr(ibv_pd *pd, ibv_buf *buf, void *addr, size_t length, int access)
    ibv_dmah *ibv_alloc_dmah(ibv_context *context, ibv_dmah_init_attr *attr)
    int ibv_dealloc_dmah(ibv_dmah *dmah)
    int ibv_query_rt_values_ex(ibv_context *context, ibv_values_ex *values)
    int ibv_query_device_ex(ibv_context *context, const ibv_query_device_ex_input *input,
        ibv_device_attr_ex *attr)
    int ibv_modify_qp(ibv_qp *qp, ibv_qp_attr *attr, int attr_mask)
    int ibv_modify_qp_rate_limit(ibv_qp *qp, ibv_qp_rate_limit_attr *attr)
    int ibv_qp_attach_comp_cntr(ibv_qp *qp, ibv_comp_cntr *comp_cntr,
        ibv_qp_attach_comp_cntr_attr *attr)
    int ibv_query_qp_data_in_order(ibv_qp *qp, int op, uint32_t flags)
    int ibv_query_qp(ibv_qp *qp, ibv_qp_attr *attr, int attr_mask, ibv_qp_init_attr *init_attr)
    int ibv_destroy_qp(ibv_qp *qp)
    ibv_wq *ibv_create_wq(ibv_context *context, ibv_wq_init_attr *wq_init_attr)
    int ibv_modify_wq(ibv_wq *wq, ibv_wq_attr *wq_attr)
    int ibv_destroy_wq(ibv_wq *wq)
    ibv_rwq_ind_table *ibv_create_rwq_ind_table(ibv_context *context,
        ibv_rwq_ind_table_init_attr *init_attr)
    int ibv_destroy_rwq_ind_table(ibv_rwq_ind_table *rwq_ind_table)
    int ibv_post_send(ibv_qp *qp, ibv_send_wr *wr, ibv_send_wr **bad_wr)
    int ibv_post_recv(ibv_qp *qp, ibv_recv_wr *wr, ibv_recv_wr **bad_wr)
    ibv_ah *ibv_create_ah(ibv_pd *pd, ibv_ah_attr *attr)
    ibv_ah *ibv_create_ah_from_wc(ibv_pd *pd, ibv_wc *wc, ibv_grh *grh, uint8_t port_num)
    int ibv_destroy_ah(ibv_ah *ah)
    int ibv_attach_mcast(ibv_qp *qp, const ibv_gid *gid, uint16_t lid)
    int ibv_detach_mcast(ibv_qp *qp, const ibv_gid *gid, uint16_t lid)
    int ibv_fork_init()
    int ibv_is_fork_initialized()
    const char *ibv_node_type_str(int node_type)
    const char *ibv_port_state_str(int port_state)
    const char *ibv_event_type_str(int event)
    int ibv_set_ece(ibv_qp *qp, ibv_ece *ece)
    int ibv_query_ece(ibv_qp *qp, ibv_ece *ece)
