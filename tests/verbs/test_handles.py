# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Address handles and the routes of datagrams: each kind of GID, answers by what has arrived, the
header in front of a datagram, and paths that cannot be."""
import errno
import socket

import pytest

import pyverbs.enums as e
import world
from bed.device import PORT, fails_with
from bed.end import HEADER, QKEY, RC, THERE, UC, UD, End, pair
from bed.request import Request, issue
from pyverbs.addr import AH, GID, GRH, AHAttr, GlobalRoute
from pyverbs.cq import WC
from pyverbs.wr import SendWR

BY_GID = errno.EINVAL, errno.ENODATA


def routes(device):
    """-> attributes of paths to this port by each of its GIDs"""
    for entry in device.context.query_gid_table(64):
        yield entry, AHAttr(dlid=device.port.lid, is_global=1, port_num=PORT, gr=GlobalRoute(
            GID(entry.gid_str()), sgid_index=entry.gid_index, hop_limit=9, flow_label=0x12345,
            traffic_class=0x28))


def test_datagrams_by_each_gid(device):
    end, peer = pair(device, UD)
    for entry, attr in routes(device):
        with AH(end.pd, attr=attr) as handle:
            peer.receive(8)
            wr = SendWR(7, num_sge=1, sg=[end.sge(8)])
            wr.set_wr_ud(handle, peer.qp.qp_num, QKEY)
            end.qp.post_send(wr)
            assert end.sent.one().status == e.IBV_WC_SUCCESS
            came = peer.received.one()
        assert came.wc_flags & e.IBV_WC_GRH and came.byte_len == 8 + HEADER
        check_header(peer.mr.read(HEADER, THERE - HEADER), entry)


def check_header(header, entry):
    """A GRH, or in the last half of its room an IPv4 header, by the kind of GID. What a kernel's IP
    layer makes of class and label on the way is its business."""
    raw = bytes.fromhex(entry.gid_str().replace(':', ''))
    if entry.gid_type == e.IBV_GID_TYPE_ROCE_V2 and raw[:12] == bytes(10) + b'\xff\xff':
        assert header[20] == 0x45 and (world.KERNEL or header[21] == 0x28)
        assert header[32:36] == header[36:40] == raw[12:]
        return
    assert header[0] >> 4 == 6 and header[8:24] == header[24:40] == raw
    assert world.KERNEL or int.from_bytes(header[:4], 'big') == 6 << 28 | 0x28 << 20 | 0x12345


@pytest.mark.parametrize('kind', (RC, UC), ids=('RC', 'UC'))
def test_connections_by_each_gid(device, kind):
    for _, path in routes(device):
        end, peer = End(device, kind), End(device, kind)
        for one, other in ((end, peer), (peer, end)):
            one.connect(other.address(), ah_attr=path)
        peer.receive(3000)
        issue(end, Request('send', 3000))
        assert end.sent.one().status == peer.received.one().status == e.IBV_WC_SUCCESS
        end.close(), peer.close()


@pytest.mark.parametrize('header', (False, True), ids=('local', 'global'))
def test_an_answer_by_what_has_arrived(device, header):
    if device.is_ethernet and not header:
        with fails_with(errno.EINVAL):
            AH(End(device, UD).pd, attr=AHAttr(dlid=1))
        return
    end, peer = pair(device, UD)
    peer.receive(8)
    path = next(routes(device))[1] if header else device.route(device.port.lid, device.gid)
    wr = SendWR(7, num_sge=1, sg=[end.sge(8)])
    wr.set_wr_ud(AH(end.pd, attr=path), peer.qp.qp_num, QKEY)
    end.qp.post_send(wr)
    assert end.sent.one().status == e.IBV_WC_SUCCESS
    came = peer.received.one()
    wc = WC(wc_flags=came.wc_flags, slid=came.slid, qp_num=came.qp_num, src_qp=came.src_qp)
    with AH(peer.pd, wc=wc, grh=header_of(peer), port_num=PORT) as back:
        end.receive(8)
        answer = SendWR(7, num_sge=1, sg=[peer.sge(8)])
        answer.set_wr_ud(back, came.src_qp, QKEY)
        peer.qp.post_send(answer)
        assert end.received.one().src_qp == peer.qp.qp_num


def header_of(end):
    """-> the header in front of the last datagram, as a GRH"""
    octets = end.mr.read(HEADER, THERE - HEADER)
    gids = (GID(':'.join(octets[at + i:at + i + 2].hex() for i in range(0, 16, 2)))
            for at in (8, 24))
    return GRH(*gids, socket.htonl(int.from_bytes(octets[:4], 'big')),
               socket.htons(int.from_bytes(octets[4:6], 'big')), octets[6], octets[7])


@pytest.mark.parametrize('change', ({'port_num': 0}, {'port_num': 2}, {'port_num': 255},
                                    {'sgid_index': 255, 'is_global': 1}), ids=str)
def test_paths_that_cannot_be(device, pd, change):
    path = next(routes(device))[1]
    for name, value in change.items():
        setattr(path, name, value)
    if 'sgid_index' in change and not device.is_ethernet:
        AH(pd, attr=path).close()  # an InfiniBand port has nothing to look up there
        return
    with fails_with(*BY_GID):
        AH(pd, attr=path)


def test_an_empty_gid(device, pd):
    path = next(routes(device))[1]
    path.sgid_index = min(device.port.gid_tbl_len - 1, 255)
    if not device.is_ethernet:
        AH(pd, attr=path).close()
        return
    with fails_with(*BY_GID):
        AH(pd, attr=path)


def test_handles_are_many_and_equal(device, pd):
    path = next(routes(device))[1]
    handles = [AH(pd, attr=path) for _ in range(50)]
    for handle in handles[::2]:
        handle.close()
    pd.close()
