# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the device, its port and its tables say of themselves: the same to every query and every
reader. ibv_devinfo is the other reader; the kernel's files in sysfs are the third."""
import errno
import os
import pathlib
import re
import subprocess

import pytest

import harness
import pyverbs.device as d
import pyverbs.enums as e
from bed.device import PORT, fails_with
from bed.end import End

# ibv_devinfo's names of attributes that have others here.
OTHER_NAMES = {'port_lid': 'lid', 'port_lmc': 'lmc', 'port_flags': 'flags',
               'atomic_cap': 'atomic_caps', 'max_raw_ipv6_qp': 'max_raw_ipv6_qps'}
SHOWN = {'node_guid': d.guid_format, 'sys_image_guid': d.guid_format, 'fw_ver': str,
         'link_layer': d.translate_link_layer}
PARTS = {'tso_caps': ('max_tso',),
         'rss_caps': ('max_rwq_indirection_tables', 'max_rwq_indirection_table_size',
                      'rx_hash_function', 'rx_hash_fields_mask'),
         'packet_pacing_caps': ('qp_rate_limit_min', 'qp_rate_limit_max'),
         'cq_mod_caps': ('max_cq_count', 'max_cq_period')}


@pytest.fixture(scope='module')
def told(device):
    """-> {name: text} of all that ibv_devinfo tells; a name that is also one in a later group means
    the device's own"""
    text = subprocess.run([harness.OWN / 'ibv_devinfo', '-v', '-d', device.name], text=True,
                          capture_output=True, check=True).stdout
    return dict(reversed(re.findall(r'^\s*([\w ]+):\t+(\S.*)$', text, re.MULTILINE)))


def number(text):
    """As ibv_devinfo writes them: alone, with a unit, or in brackets behind their meaning."""
    found = re.search(r'\((\d+)\)$', text) or re.match(r'(0x[0-9a-fA-F]+|\d+)', text)
    return int(found.group(1), 0)


def compare(told, attr, least):
    compared = []
    for name, text in told.items():
        mine = OTHER_NAMES.get(name, name)
        if not hasattr(attr, mine):
            continue
        compared.append(name)
        value = getattr(attr, mine)
        assert SHOWN[name](value) == text if name in SHOWN else value == number(text), name
    assert len(compared) >= least, compared


def test_ibv_devinfo_tells_the_same_of_the_device(told, device):
    compare(told, device.attr, 35)


def test_ibv_devinfo_tells_the_same_of_the_port(told, device):
    compare(told, device.context.query_port(PORT), 18)  # its counters count


def test_ibv_devinfo_tells_the_same_of_what_is_newer(told, device):
    assert number(told['device_cap_flags_ex']) == device.extended.device_cap_flags_ex
    assert number(told['max_wq_type_rq']) == device.extended.max_wq_type_rq
    assert number(told['num_comp_vectors']) == device.context.num_comp_vectors
    assert number(told['maximum available device memory']) == device.extended.max_dm_size
    for part, names in PARTS.items():
        for name in names:
            assert number(told[name]) == getattr(getattr(device.extended, part), name), name


def test_ibv_devinfo_tells_the_same_clock(told, device):
    mask = device.extended.completion_timestamp_mask
    if mask:
        assert number(told['completion timestamp_mask']) == mask
        assert number(told['hca_core_clock']) == device.extended.hca_core_clock


def test_all_gids_are_listed_alike(told, device):
    listed = {int(re.search(r'\d+', name).group()): text for name, text in told.items()
              if name.startswith('GID')}
    table = device.context.query_gid_table(256)
    assert {entry.gid_index for entry in table} >= set(listed)
    for entry in table:
        assert device.context.query_gid(PORT, entry.gid_index).gid == entry.gid_str()
        alone = device.context.query_gid_ex(PORT, entry.gid_index)
        assert (alone.gid_str(), alone.gid_type, alone.port_num, alone.ndev_ifindex) == (
            entry.gid_str(), entry.gid_type, PORT, entry.ndev_ifindex)


def ibdev(device):
    base = pathlib.Path(os.environ.get('SYSFS_PATH', '/sys'))
    return base / 'class/infiniband' / device.name


def test_sysfs_tells_the_same_tables(device):
    folder = ibdev(device) / 'ports' / str(PORT)
    for entry in device.context.query_gid_table(256):
        assert (folder / 'gids' / str(entry.gid_index)).read_text().strip() == entry.gid_str()
    for index in range(device.port.pkey_tbl_len):
        found = int((folder / 'pkeys' / str(index)).read_text(), 16)
        swapped = device.context.query_pkey(PORT, index)
        assert int.from_bytes(swapped.to_bytes(2, 'little'), 'big') == found


def test_sysfs_tells_the_same_device(device):
    folder = ibdev(device)
    assert (folder / 'node_guid').read_text().strip() == d.guid_format(device.attr.node_guid)
    # A driver without firmware has an empty file.
    assert (folder / 'fw_ver').read_text().strip() in ('', device.attr.fw_version)
    assert int((folder / 'ports/1/state').read_text().split(':')[0]) == device.port.state


def test_the_list_of_devices_has_it(device):
    listed = {one.name.decode(): one for one in d.get_device_list()}
    one = listed[device.name]
    assert f'{one.guid:016x}' == d.guid_format(device.attr.node_guid).replace(':', '')
    assert one.node_type == e.IBV_NODE_CA and one.transport_type == e.IBV_TRANSPORT_IB


def test_all_answers_stay_what_they_are(device):
    with device.again() as context:
        for ask in (lambda one: one.query_device(), lambda one: one.query_device_ex(),
                    lambda one: one.query_port(PORT)):
            assert str(ask(context)) == str(ask(device.context)) == str(ask(context))


@pytest.mark.parametrize('name', ('max_qp', 'max_qp_wr', 'max_sge', 'max_cq', 'max_cqe', 'max_mr',
                                  'max_pd', 'max_qp_rd_atom', 'max_qp_init_rd_atom', 'max_ah',
                                  'max_srq', 'max_srq_wr', 'max_srq_sge', 'max_pkeys',
                                  'max_mr_size', 'page_size_cap', 'phys_port_cnt'))
def test_there_is_some_of_each(device, name):
    assert getattr(device.attr, name) > 0
    assert getattr(device.extended.orig_attr, name) == getattr(device.attr, name)


def test_a_port_that_is_up(device):
    port = device.port
    assert port.state == e.IBV_PORT_ACTIVE and port.phys_state == 5  # LinkUp, IBTA vol. 1, 14.2.5.6
    assert e.IBV_MTU_256 <= port.active_mtu <= port.max_mtu <= e.IBV_MTU_4096
    assert port.active_width in (1, 2, 4, 8, 16) and (port.active_speed or port.active_speed_ex)
    assert port.max_msg_sz >= 1 << 20 and port.gid_tbl_len >= 1 and port.pkey_tbl_len >= 1
    if device.is_ethernet:
        assert port.lid == 0
    else:
        assert 0 < port.lid < 0xc000


@pytest.mark.parametrize('port', (0, 2, 255))
def test_ports_that_are_not(device, port):
    context = device.context
    with fails_with(errno.EINVAL):
        context.query_port(port)
    for ask in (context.query_gid, context.query_pkey, context.query_gid_ex):
        with fails_with(errno.EINVAL, errno.ENOENT, errno.ENODATA, -1):
            ask(port, 0)


def test_indices_beyond_the_tables(device):
    context, port = device.context, device.port
    for ask, length in ((context.query_gid, port.gid_tbl_len),
                        (context.query_gid_ex, port.gid_tbl_len),
                        (context.query_pkey, port.pkey_tbl_len)):
        for index in (length, length + 1, 1 << 30):
            with fails_with(errno.EINVAL, errno.ENOENT, errno.ENODATA):
                ask(PORT, index)


def test_a_table_of_gids_that_has_no_room(device):
    count = len(device.context.query_gid_table(256))
    assert len(device.context.query_gid_table(count)) == count
    with fails_with(errno.EINVAL):
        device.context.query_gid_table(count - 1)


def test_the_default_partition_is_found(device):
    pkey = device.context.query_pkey(PORT, 0)
    assert pkey == 0xffff and device.context.get_pkey_index(PORT, pkey) == 0


def test_the_order_of_data_is_told(device):
    end = End(device)
    for opcode in (e.IBV_WR_SEND, e.IBV_WR_RDMA_WRITE, e.IBV_WR_RDMA_READ):
        assert end.qp.query_data_in_order(opcode) in (0, 1)
    end.close()
