# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Devices and what they are asked."""
import os

import pytest

import pyverbs.device as d
import pyverbs.enums as e
from bed import fails_with
from pyverbs.addr import GID, AHAttr, GlobalRoute
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError


def test_the_list_names_what_can_be_opened():
    devices = d.get_device_list()
    assert len(devices) == 1
    device = devices[0]
    assert isinstance(device.name, bytes) and device.guid > 0
    assert device.node_type == e.IBV_NODE_CA and device.transport_type == e.IBV_TRANSPORT_IB
    assert device.name.decode() in str(device) and 'CA' in str(device)
    for name in (device.name, device.name.decode()):
        with d.Context(name=name) as context:
            assert context.name == device.name.decode()


def test_contexts_that_cannot_be_opened():
    with fails_with(19, 'nosuch0'):
        d.Context(name='nosuch0')
    with pytest.raises(PyverbsUserError):
        d.Context()
    with pytest.raises(PyverbsUserError):
        d.Context(colour='red')
    with pytest.raises(PyverbsRDMAError):
        d.Context(cmd_fd=-1)


def test_a_context_has_a_descriptor_and_vectors(context):
    assert os.fstat(context.cmd_fd) and context.num_comp_vectors > 0 and context.context > 0


def test_device_attributes(context):
    attr = context.query_device()
    assert attr.max_qp > 0 and attr.max_cqe > 0 and attr.max_sge > 0 and attr.phys_port_cnt == 1
    assert attr.fw_version.count('.') == 2 and attr.fw_version in str(attr)
    assert attr.fw_ver == attr.fw_version
    number = int(d.guid_format(attr.node_guid).replace(':', ''), 16)
    assert number == d.get_device_list()[0].guid


def test_extended_attributes_contain_the_others(context):
    attr, extended = context.query_device(), context.query_device_ex()
    for name in ('max_qp', 'max_cqe', 'fw_version', 'node_guid', 'vendor_id'):
        assert getattr(extended.orig_attr, name) == getattr(attr, name)
    assert extended.phys_port_cnt_ex in (0, attr.phys_port_cnt)
    for part in ('odp_caps', 'tso_caps', 'rss_caps', 'packet_pacing_caps', 'tm_caps',
                 'cq_mod_caps', 'pci_atomic_caps'):
        assert str(getattr(extended, part)).startswith(type(getattr(extended, part)).__name__)
    with pytest.raises(AttributeError):
        extended.tso_caps = extended.tso_caps
    caps = extended.odp_caps
    del extended
    assert caps.general_caps >= 0
    context.query_device_ex(d.QueryDeviceExInput(0))


def test_extended_attributes_refuse_unknown_questions(context):
    with fails_with(22):
        context.query_device_ex(d.QueryDeviceExInput(1))


def test_port_attributes(context):
    attr = context.query_port(1)
    assert attr.state == e.IBV_PORT_ACTIVE and 'Active' in str(attr)
    assert attr.lid or attr.link_layer == e.IBV_LINK_LAYER_ETHERNET
    assert attr.gid_tbl_len > 0 and attr.pkey_tbl_len > 0 and attr.max_msg_sz >= 1 << 20


@pytest.mark.parametrize('port', (0, 2, 255, 256, 257, 1 << 20))
def test_ports_that_do_not_exist(context, port):
    for ask in (context.query_port, lambda port: context.query_gid(port, 0),
                lambda port: context.query_pkey(port, 0),
                lambda port: context.query_gid_ex(port, 0)):
        with pytest.raises(PyverbsRDMAError) as caught:
            ask(port)
        assert caught.value.error_code > 0


def test_gids(context):
    gid = context.query_gid(1, 0)
    entry = context.query_gid_ex(1, 0)
    assert entry.gid_str() == gid.gid == str(gid) and gid.gid.startswith('fe80:')
    assert (entry.port_num, entry.gid_index) == (1, 0)
    table = context.query_gid_table(100)
    assert [one.gid_str() for one in table if one.gid_index == 0] == [gid.gid]
    assert len(context.query_gid_table(len(table))) == len(table)
    with fails_with(22):
        context.query_gid_table(len(table) - 1)
    kind = context.query_gid_type(1, 0)
    assert kind in e.ibv_gid_type_sysfs.__members__.values()
    with fails_with(95):
        context.query_gid_table(100, 5)
    with pytest.raises(PyverbsRDMAError):
        context.query_gid(1, 10000)


def test_pkeys(context):
    pkey = context.query_pkey(1, 0)
    assert pkey == 0xffff and context.get_pkey_index(1, pkey) == 0
    with pytest.raises(PyverbsRDMAError):
        context.query_pkey(1, 10000)
    with pytest.raises(PyverbsRDMAError):
        context.get_pkey_index(1, 0x1234)


def test_gid_text():
    text = 'fe80:0000:0000:0000:0002:c903:0000:1234'
    assert GID(text).gid == text == GlobalRoute(GID(text)).dgid == AHAttr(gr=GlobalRoute(
        GID(text))).dgid
    for wrong in ('', 'fe80::1', text + ':0000', text.replace('f', 'g'), text[:-1]):
        with pytest.raises(PyverbsUserError):
            GID(wrong)
    with pytest.raises((TypeError, AttributeError)):
        GID(5)
