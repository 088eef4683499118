# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the modules use of <rdma/rdma_cma.h> and <rdma/rdma_verbs.h>.
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from pyverbs cimport libibverbs as v

cdef extern from "<sys/socket.h>" nogil:
    ctypedef unsigned int socklen_t
    struct sockaddr:
        pass
    struct sockaddr_storage:
        pass

cdef extern from "<infiniband/sa.h>" nogil:
    enum:
        AF_IB

cdef extern from "<netdb.h>" nogil:
    enum:
        EAI_SYSTEM
    const char *gai_strerror(int code)

cdef extern from "<rdma/rdma_cma.h>" nogil:
    enum:
        RDMA_CM_EVENT_CONNECT_REQUEST
        RDMA_PS_TCP
        RAI_PASSIVE
        RAI_FAMILY

    struct rdma_event_channel:
        int fd

    struct rdma_addrinfo:
        int ai_flags
        int ai_family
        int ai_qp_type
        int ai_port_space
        socklen_t ai_src_len
        socklen_t ai_dst_len
        sockaddr *ai_src_addr
        sockaddr *ai_dst_addr

    struct rdma_conn_param:
        const void *private_data
        uint8_t private_data_len
        uint8_t responder_resources
        uint8_t initiator_depth
        uint8_t flow_control
        uint8_t retry_count
        uint8_t rnr_retry_count
        uint8_t srq
        uint32_t qp_num

    struct rdma_ud_param:
        const void *private_data
        uint8_t private_data_len
        v.ibv_ah_attr ah_attr
        uint32_t qp_num
        uint32_t qkey

    struct rdma_cm_event:
        rdma_cm_id *id
        rdma_cm_id *listen_id
        int event
        int status
        rdma_conn_param conn "param.conn"
        rdma_ud_param ud "param.ud"

    struct rdma_cm_id:
        v.ibv_context *verbs
        rdma_event_channel *channel
        v.ibv_qp *qp
        uint8_t port_num
        v.ibv_comp_channel *send_cq_channel
        v.ibv_cq *send_cq
        v.ibv_comp_channel *recv_cq_channel
        v.ibv_cq *recv_cq
        v.ibv_srq *srq
        v.ibv_pd *pd
        int qp_type

    struct rdma_cm_join_mc_attr_ex:
        uint32_t comp_mask
        uint32_t join_flags
        sockaddr *addr

    rdma_event_channel *rdma_create_event_channel()
    void rdma_destroy_event_channel(rdma_event_channel *channel)
    int rdma_create_id(rdma_event_channel *channel, rdma_cm_id **id, void *context, int ps)
    int rdma_create_ep(rdma_cm_id **id, rdma_addrinfo *res, v.ibv_pd *pd,
                       v.ibv_qp_init_attr *qp_init_attr)
    void rdma_destroy_ep(rdma_cm_id *id)
    int rdma_destroy_id(rdma_cm_id *id)
    int rdma_bind_addr(rdma_cm_id *id, sockaddr *addr)
    int rdma_resolve_addr(rdma_cm_id *id, sockaddr *src_addr, sockaddr *dst_addr, int timeout_ms)
    int rdma_resolve_route(rdma_cm_id *id, int timeout_ms)
    int rdma_create_qp(rdma_cm_id *id, v.ibv_pd *pd, v.ibv_qp_init_attr *qp_init_attr)
    void rdma_destroy_qp(rdma_cm_id *id)
    int rdma_connect(rdma_cm_id *id, rdma_conn_param *conn_param)
    int rdma_establish(rdma_cm_id *id)
    int rdma_listen(rdma_cm_id *id, int backlog)
    int rdma_get_request(rdma_cm_id *listen, rdma_cm_id **id)
    int rdma_accept(rdma_cm_id *id, rdma_conn_param *conn_param)
    int rdma_reject(rdma_cm_id *id, const void *private_data, uint8_t private_data_len)
    int rdma_disconnect(rdma_cm_id *id)
    int rdma_join_multicast(rdma_cm_id *id, sockaddr *addr, void *context)
    int rdma_join_multicast_ex(rdma_cm_id *id, rdma_cm_join_mc_attr_ex *attr, void *context)
    int rdma_leave_multicast(rdma_cm_id *id, sockaddr *addr)
    int rdma_get_cm_event(rdma_event_channel *channel, rdma_cm_event **event)
    int rdma_ack_cm_event(rdma_cm_event *event)
    v.ibv_context **rdma_get_devices(int *num_devices)
    void rdma_free_devices(v.ibv_context **list)
    const char *rdma_event_str(int event)
    int rdma_set_option(rdma_cm_id *id, int level, int optname, void *optval, size_t optlen)
    int rdma_getaddrinfo(const char *node, const char *service, const rdma_addrinfo *hints,
                         rdma_addrinfo **res)
    void rdma_freeaddrinfo(rdma_addrinfo *res)
    int rdma_init_qp_attr(rdma_cm_id *id, v.ibv_qp_attr *qp_attr, int *qp_attr_mask)
    int rdma_set_local_ece(rdma_cm_id *id, v.ibv_ece *ece)
    int rdma_get_remote_ece(rdma_cm_id *id, v.ibv_ece *ece)
    int rdma_resolve_addrinfo(rdma_cm_id *id, const char *node, const char *service,
                              const rdma_addrinfo *hints)
    int rdma_query_addrinfo(rdma_cm_id *id, rdma_addrinfo **info)

cdef extern from "<rdma/rdma_verbs.h>" nogil:
    int rdma_post_recv(rdma_cm_id *id, void *context, void *addr, size_t length, v.ibv_mr *mr)
    int rdma_post_send(rdma_cm_id *id, void *context, void *addr, size_t length, v.ibv_mr *mr,
                       int flags)
    int rdma_post_ud_send(rdma_cm_id *id, void *context, void *addr, size_t length, v.ibv_mr *mr,
                          int flags, v.ibv_ah *ah, uint32_t remote_qpn)
    int rdma_post_read(rdma_cm_id *id, void *context, void *addr, size_t length, v.ibv_mr *mr,
                       int flags, uint64_t remote_addr, uint32_t rkey)
    int rdma_post_write(rdma_cm_id *id, void *context, void *addr, size_t length, v.ibv_mr *mr,
                        int flags, uint64_t remote_addr, uint32_t rkey)
    int rdma_get_send_comp(rdma_cm_id *id, v.ibv_wc *wc)
    int rdma_get_recv_comp(rdma_cm_id *id, v.ibv_wc *wc)
