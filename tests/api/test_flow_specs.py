# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Flow specs: values, masks, and what stays unlooked at."""
import pytest

import pyverbs.enums as e
from bed import Side
from pyverbs.flow import Flow, FlowAttr
from pyverbs.pyverbs_error import PyverbsUserError
from pyverbs.spec import EthSpec, Ipv4ExtSpec, Ipv6Spec, Spec, TcpUdpSpec

SPECS = {
    'eth': (EthSpec, (), {'dst_mac': '01:02:03:04:05:06', 'src_mac': 'a0:b0:c0:d0:e0:f0',
                          'ether_type': 0x800, 'vlan_tag': 7}),
    'ipv4': (Ipv4ExtSpec, (), {'dst_ip': '10.1.2.3', 'src_ip': '192.168.0.1', 'proto': 17,
                               'tos': 3, 'ttl': 64, 'flags': 2}),
    'ipv6': (Ipv6Spec, (), {'dst_ip': 'fe80::1', 'src_ip': '2001:db8::2', 'flow_label': 0x12345,
                            'next_hdr': 6, 'traffic_class': 5, 'hop_limit': 9}),
    'tcp': (TcpUdpSpec, (e.IBV_FLOW_SPEC_TCP,), {'dst_port': 4791, 'src_port': 80}),
}
KINDS = pytest.mark.parametrize('kind', SPECS)


def is_nothing(value):
    return value in (0, EthSpec.ZERO_MAC, '0.0.0.0', Ipv6Spec.EMPTY_IPV6)


def full(cls, name):
    return Ipv6Spec.FLOW_LABEL_MASK if name == 'flow_label' else getattr(cls, name).ones()


@KINDS
def test_a_value_without_a_mask_is_compared_in_full(kind):
    cls, first, values = SPECS[kind]
    for name, value in values.items():
        spec = cls(*first, **{name: value})
        assert getattr(spec, name) == value and getattr(spec, name + '_mask') == full(cls, name)
        assert all(is_nothing(getattr(spec, other)) and is_nothing(getattr(spec, other + '_mask'))
                   for other in values if other != name)


@KINDS
def test_a_mask_is_what_it_is_given(kind):
    cls, first, values = SPECS[kind]
    masks = {name + '_mask': value for name, value in values.items()}
    spec = cls(*first, **values, **masks)
    assert all(getattr(spec, name) == value for name, value in {**values, **masks}.items())
    spec = cls(*first, **masks)
    assert all(is_nothing(getattr(spec, name)) for name in values)


@KINDS
def test_specs_have_a_size_and_print_their_type(kind):
    cls, first, values = SPECS[kind]
    outer, inner = cls(*first, **values), cls(*first, **values, is_inner=True)
    assert outer.size == inner.size > 4
    assert 'IBV_FLOW_SPEC_' in str(outer) and 'INNER' not in str(outer) and 'INNER' in str(inner)
    assert all(name in str(outer) for name in values)


def test_numbers_are_in_network_order_in_the_structure():
    spec = TcpUdpSpec(e.IBV_FLOW_SPEC_UDP, dst_port=0x0102)
    assert spec.dst_port == 0x0102 and Spec.type_to_str(e.IBV_FLOW_SPEC_UDP) == 'IBV_FLOW_SPEC_UDP'
    for wrong in (1 << 16, -1):
        with pytest.raises(OverflowError):
            spec.dst_port = wrong


@pytest.mark.parametrize('make', (
    lambda: EthSpec('01:02'), lambda: EthSpec('xx:02:03:04:05:06'), lambda: Ipv4ExtSpec('1.2.3'),
    lambda: Ipv4ExtSpec('fe80::1'), lambda: Ipv6Spec('10.0.0.1'), lambda: TcpUdpSpec(0)))
def test_nonsense_is_refused(make):
    with pytest.raises(PyverbsUserError):
        make()


def test_a_rule_needs_the_specs_that_it_counts(context):
    attr = FlowAttr(2)
    attr.specs.append(EthSpec('01:02:03:04:05:06'))
    qp = Side(context, e.IBV_QPT_UD).qp
    with pytest.raises(PyverbsUserError, match='2 specs'):
        Flow(qp, attr)
    attr.specs.append('no spec')
    with pytest.raises(TypeError):
        Flow(qp, attr)
