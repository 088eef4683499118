/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the extended query tells: on-demand paging, clocks, offloads, atomics on PCI. */
#include <inttypes.h>

#include "devinfo.h"

static const struct devinfo_bit odp_bits[] = {
	{IBV_ODP_SUPPORT, "ODP_SUPPORT"},
	{IBV_ODP_SUPPORT_IMPLICIT, "ODP_SUPPORT_IMPLICIT"},
	{0, NULL},
};

static const struct devinfo_bit odp_transport_bits[] = {
	{IBV_ODP_SUPPORT_SEND, "SUPPORT_SEND"},
	{IBV_ODP_SUPPORT_RECV, "SUPPORT_RECV"},
	{IBV_ODP_SUPPORT_WRITE, "SUPPORT_WRITE"},
	{IBV_ODP_SUPPORT_READ, "SUPPORT_READ"},
	{IBV_ODP_SUPPORT_ATOMIC, "SUPPORT_ATOMIC"},
	{IBV_ODP_SUPPORT_SRQ_RECV, "SUPPORT_SRQ"},
	{IBV_ODP_SUPPORT_FLUSH, "SUPPORT_FLUSH"},
	{IBV_ODP_SUPPORT_ATOMIC_WRITE, "SUPPORT_ATOMIC_WRITE"},
	{0, NULL},
};

static void print_odp_transport(const char *label, uint32_t caps)
{
	devinfo_heading(DEVINFO_DEVICE, label);
	devinfo_bits(caps, odp_transport_bits, "NO SUPPORT");
}

static void print_odp(const struct ibv_device_attr_ex *attr)
{
	const struct ibv_odp_caps *odp = &attr->odp_caps;

	devinfo_heading(DEVINFO_DEVICE, "general_odp_caps");
	devinfo_bits(odp->general_caps, odp_bits, NULL);
	print_odp_transport("rc_odp_caps", odp->per_transport_caps.rc_odp_caps);
	print_odp_transport("uc_odp_caps", odp->per_transport_caps.uc_odp_caps);
	print_odp_transport("ud_odp_caps", odp->per_transport_caps.ud_odp_caps);
	print_odp_transport("xrc_odp_caps", attr->xrc_odp_caps);
}

static void print_clock(const struct ibv_device_attr_ex *attr)
{
	if (attr->completion_timestamp_mask)
		devinfo_field(DEVINFO_DEVICE, "completion timestamp_mask", "0x%016" PRIx64,
			      attr->completion_timestamp_mask);
	else
		devinfo_field(DEVINFO_DEVICE, "completion timestamp_mask", "not supported");
	if (attr->hca_core_clock)
		devinfo_field(DEVINFO_DEVICE, "hca_core_clock", "%" PRIu64 "kHZ",
			      attr->hca_core_clock);
	else
		devinfo_field(DEVINFO_DEVICE, "hca_core_clock", "not supported");
}

static const struct devinfo_bit raw_packet_bits[] = {
	{IBV_RAW_PACKET_CAP_CVLAN_STRIPPING, "C-VLAN stripping offload"},
	{IBV_RAW_PACKET_CAP_SCATTER_FCS, "Scatter FCS offload"},
	{IBV_RAW_PACKET_CAP_IP_CSUM, "IP csum offload"},
	{IBV_RAW_PACKET_CAP_DELAY_DROP, "Delay drop"},
	{0, NULL},
};

/* Those above the 32 bits of device_cap_flags, which repeats below them. */
static const struct devinfo_bit extended_bits[] = {
	{IBV_DEVICE_RAW_SCATTER_FCS, "RAW_SCATTER_FCS"},
	{IBV_DEVICE_PCI_WRITE_END_PADDING, "PCI_WRITE_END_PADDING"},
	{IBV_DEVICE_CC_DMA_BOUNCE, "CC_DMA_BOUNCE"},
	{0, NULL},
};

static void print_raw_packet(const struct ibv_device_attr_ex *attr)
{
	const uint64_t extended = attr->device_cap_flags_ex & ~(uint64_t)UINT32_MAX;

	devinfo_heading(DEVINFO_DEVICE, "raw packet caps");
	devinfo_bits(attr->raw_packet_caps, raw_packet_bits, "NO SUPPORT");
	devinfo_field(DEVINFO_DEVICE, "device_cap_flags_ex", "0x%" PRIX64,
		      attr->device_cap_flags_ex);
	devinfo_bits(extended, extended_bits, NULL);
}

#define QP_TYPE(name)                                                                              \
	{                                                                                          \
		1u << IBV_QPT_##name, "SUPPORT_" #name                                             \
	}

static const struct devinfo_bit qp_type_bits[] = {
	QP_TYPE(RC),	   QP_TYPE(UC),	      QP_TYPE(UD), QP_TYPE(RAW_PACKET),
	QP_TYPE(XRC_SEND), QP_TYPE(XRC_RECV), {0, NULL},
};

static void print_qp_types(uint32_t types)
{
	devinfo_heading(DEVINFO_CAPS, "supported_qp");
	devinfo_bits(types, qp_type_bits, "NO SUPPORT");
}

static void print_tso(const struct ibv_tso_caps *caps)
{
	devinfo_heading(DEVINFO_DEVICE, "tso_caps");
	devinfo_field(DEVINFO_CAPS, "max_tso", "%u", caps->max_tso);
	if (caps->max_tso)
		print_qp_types(caps->supported_qpts);
}

static const struct devinfo_bit hash_bits[] = {
	{IBV_RX_HASH_SRC_IPV4, "SRC_IPV4"},
	{IBV_RX_HASH_DST_IPV4, "DST_IPV4"},
	{IBV_RX_HASH_SRC_IPV6, "SRC_IPV6"},
	{IBV_RX_HASH_DST_IPV6, "DST_IPV6"},
	{IBV_RX_HASH_SRC_PORT_TCP, "SRC_PORT_TCP"},
	{IBV_RX_HASH_DST_PORT_TCP, "DST_PORT_TCP"},
	{IBV_RX_HASH_SRC_PORT_UDP, "SRC_PORT_UDP"},
	{IBV_RX_HASH_DST_PORT_UDP, "DST_PORT_UDP"},
	{IBV_RX_HASH_IPSEC_SPI, "IPSEC_SPI"},
	{(uint32_t)IBV_RX_HASH_INNER, "INNER"},
	{0, NULL},
};

static void print_rss(const struct ibv_rss_caps *caps)
{
	devinfo_heading(DEVINFO_DEVICE, "rss_caps");
	devinfo_field(DEVINFO_CAPS, "max_rwq_indirection_tables", "%u",
		      caps->max_rwq_indirection_tables);
	devinfo_field(DEVINFO_CAPS, "max_rwq_indirection_table_size", "%u",
		      caps->max_rwq_indirection_table_size);
	devinfo_field(DEVINFO_CAPS, "rx_hash_function", "0x%x", caps->rx_hash_function);
	devinfo_field(DEVINFO_CAPS, "rx_hash_fields_mask", "0x%" PRIX64, caps->rx_hash_fields_mask);
	devinfo_bits(caps->rx_hash_fields_mask, hash_bits, NULL);
	if (caps->supported_qpts)
		print_qp_types(caps->supported_qpts);
}

static void print_pacing(const struct ibv_packet_pacing_caps *caps)
{
	devinfo_heading(DEVINFO_DEVICE, "packet_pacing_caps");
	devinfo_field(DEVINFO_CAPS, "qp_rate_limit_min", "%ukbps", caps->qp_rate_limit_min);
	devinfo_field(DEVINFO_CAPS, "qp_rate_limit_max", "%ukbps", caps->qp_rate_limit_max);
	if (caps->qp_rate_limit_max)
		print_qp_types(caps->supported_qpts);
}

static void print_tag_matching(const struct ibv_tm_caps *caps)
{
	static const struct devinfo_bit bits[] = {{IBV_TM_CAP_RC, "IBV_TM_CAP_RC"}, {0, NULL}};

	if (!caps->max_num_tags) {
		devinfo_field(DEVINFO_DEVICE, "tm_caps", "tag matching not supported");
		return;
	}
	devinfo_heading(DEVINFO_DEVICE, "tm_caps");
	devinfo_field(DEVINFO_CAPS, "max_rndv_hdr_size", "%u", caps->max_rndv_hdr_size);
	devinfo_field(DEVINFO_CAPS, "max_num_tags", "%u", caps->max_num_tags);
	devinfo_field(DEVINFO_CAPS, "max_ops", "%u", caps->max_ops);
	devinfo_field(DEVINFO_CAPS, "max_sge", "%u", caps->max_sge);
	devinfo_heading(DEVINFO_CAPS, "flags");
	devinfo_bits(caps->flags, bits, NULL);
}

static void print_moderation(const struct ibv_cq_moderation_caps *caps)
{
	devinfo_heading(DEVINFO_DEVICE, "cq moderation caps");
	devinfo_field(DEVINFO_CAPS, "max_cq_count", "%u", caps->max_cq_count);
	devinfo_field(DEVINFO_CAPS, "max_cq_period", "%u us", caps->max_cq_period);
}

static const struct devinfo_bit pci_atomic_bits[] = {
	{IBV_PCI_ATOMIC_OPERATION_4_BYTE_SIZE_SUP, "4 bytes"},
	{IBV_PCI_ATOMIC_OPERATION_8_BYTE_SIZE_SUP, "8 bytes"},
	{IBV_PCI_ATOMIC_OPERATION_16_BYTE_SIZE_SUP, "16 bytes"},
	{0, NULL},
};

static void print_pci_atomic(const struct ibv_pci_atomic_caps *caps)
{
	devinfo_heading(DEVINFO_DEVICE, "pci_atomic_caps");
	devinfo_heading(DEVINFO_CAPS, "fetch_add");
	devinfo_bits(caps->fetch_add, pci_atomic_bits, "NO SUPPORT");
	devinfo_heading(DEVINFO_CAPS, "swap");
	devinfo_bits(caps->swap, pci_atomic_bits, "NO SUPPORT");
	devinfo_heading(DEVINFO_CAPS, "compare_swap");
	devinfo_bits(caps->compare_swap, pci_atomic_bits, "NO SUPPORT");
}

void devinfo_print_caps(const struct ibv_device_attr_ex *attr)
{
	print_odp(attr);
	print_clock(attr);
	print_raw_packet(attr);
	print_tso(&attr->tso_caps);
	print_rss(&attr->rss_caps);
	devinfo_field(DEVINFO_DEVICE, "max_wq_type_rq", "%u", attr->max_wq_type_rq);
	print_pacing(&attr->packet_pacing_caps);
	print_tag_matching(&attr->tm_caps);
	print_moderation(&attr->cq_mod_caps);
	devinfo_field(DEVINFO_DEVICE, "maximum available device memory", "%" PRIu64 "Bytes",
		      attr->max_dm_size);
	print_pci_atomic(&attr->pci_atomic_caps);
}
