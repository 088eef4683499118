# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our libibverbs on real kernels: how devices are found, opened and asked, which way commands take,
and what is said when that is not possible."""

import re

import pytest

import harness
from steps import Steps

pytestmark = pytest.mark.guest

# Ways to the same answers; the first is how a program goes by itself.
WAYS = {
    "plain": "",
    "write": "$inside/older_kernel ioctl",
    "sysfs": "$inside/older_kernel netlink",
    "write-sysfs": "$inside/older_kernel ioctl,netlink",
}

PINGPONG = """
port=%(port)d
%(way)s $own/ibv_rc_pingpong -p $port -g 1 -n 20 %(how)s >server 2>&1 &
once 20 grep -q :$(printf %%04X $port).*' 0A ' /proc/net/tcp /proc/net/tcp6 || exit 1
%(way)s $own/ibv_rc_pingpong -p $port -g 1 -n 20 %(how)s 127.0.0.1
client=$?
wait $! && [ $client = 0 ] || { cat server; exit 1; }
"""

ASYNC = """
$own/ibv_asyncwatch >events 2>&1 &
once 20 grep -q 'async event FD' events
ip link set dummy0 down; once 20 grep EVENT_PORT_ERR events
ip link set dummy0 up; once 20 grep EVENT_PORT_ACTIVE events
ip address add 10.9.9.9/24 dev dummy0; once 20 grep EVENT_GID_CHANGE events
kill $!
cat events
ip address delete 10.9.9.9/24 dev dummy0
"""

MANY = """
for i in $(seq 20); do
	ip link add net$i type dummy && rdma link add many$i type rxe netdev net$i || exit 1
done
$own/ibv_devices
$own/ibv_devinfo -d many7
for i in $(seq 20); do
	rdma link delete many$i; ip link delete net$i
done
"""


def rxe_steps():
    steps = Steps()
    steps.add("kernel", "uname -r")
    steps.add("devices", "$own/ibv_devices")
    for name, way in WAYS.items():
        steps.add("devinfo-" + name, way + " $own/ibv_devinfo -v")
    steps.add("gids", "cd /sys/class/infiniband/rxe0/ports/1; for i in $(seq 0 20); do "
              "echo $i $(cat gids/$i) $(cat gid_attrs/types/$i 2>/dev/null); done")
    steps.add("guid", "cat /sys/class/infiniband/rxe0/node_guid")
    steps.add("trace-plain", "strace -f -e trace=socket,ioctl,write $own/ibv_devinfo")
    steps.add("trace-write", "%s strace -f -e trace=socket,ioctl,write $own/ibv_devinfo"
              % WAYS["write-sysfs"])
    port = 18600
    for name in "plain", "write":
        for how in "", "-e":
            steps.add("pingpong-%s%s" % (name, how),
                      PINGPONG % {"way": WAYS[name], "how": how, "port": port})
            port += 1
    steps.add("async", ASYNC)
    steps.add("async-write", ASYNC.replace("$own", WAYS["write"] + " $own", 1))
    steps.add("down", "ip link set dummy0 down; $own/ibv_devinfo -v; ip link set dummy0 up")
    steps.add("many", MANY)
    steps.add("renamed", "rdma dev set rxe0 name foo; $own/ibv_devices; $own/ibv_devinfo -d foo; "
              "rdma dev set foo name rxe0")
    steps.add("unserved", "mkdir alone; cp -L %s/lib/libibverbs.so.1 alone; "
              "IBV_SHOW_WARNINGS=1 LD_LIBRARY_PATH=alone $own/ibv_devices" % harness.BUILD)
    steps.add("forbidden", "chmod 600 /dev/infiniband/uverbs0; IBV_SHOW_WARNINGS=1 "
              "setpriv --reuid 65534 --clear-groups $own/ibv_devinfo; status=$?; "
              "chmod 666 /dev/infiniband/uverbs0; exit $status")
    steps.add("allowed", "setpriv --reuid 65534 --clear-groups $own/ibv_devinfo")
    steps.add("no-node", "mv /dev/infiniband/uverbs0 .; IBV_SHOW_WARNINGS=1 $own/ibv_devinfo; "
              "status=$?; mv uverbs0 /dev/infiniband; exit $status")
    steps.add("gone-and-new", "$inside/gone_and_new %s/lib/libibverbs.so.1" % harness.BUILD)
    steps.add("none", "rdma link delete rxe0; $own/ibv_devices; $own/ibv_devinfo")
    steps.add("no-module", "/run/guest/busybox rmmod rdma_rxe rdma_ucm ib_umad ib_uverbs; $own/ibv_devices")
    steps.add("dmesg", "dmesg")
    return steps


@pytest.fixture(scope="module", params=["6.1", pytest.param("current", marks=pytest.mark.long)])
def rxe(request):
    return rxe_steps().run("--device", "rxe", "--kernel", request.param)


def test_devices_are_those_of_sysfs(rxe):
    guid = rxe["guid"].ok().output.strip().replace(":", "")
    lines = rxe["devices"].ok().output.splitlines()[2:]
    assert [line.split() for line in lines] == [["rxe0", guid]]


@pytest.mark.parametrize("way", [name for name in WAYS if name != "plain"])
def test_every_way_gives_the_same_answers(rxe, way):
    plain = rxe["devinfo-plain"].ok().output
    assert "PORT_ACTIVE" in plain and "GRH_REQUIRED" in plain
    assert rxe["devinfo-" + way].ok().output == plain


def test_commands_take_the_way_that_the_kernel_has(rxe):
    plain, write = rxe["trace-plain"].ok().output, rxe["trace-write"].ok().output
    assert "NETLINK_RDMA) = " in plain and "EPROTONOSUPPORT" not in plain
    # What is asked to find out, then commands and methods.
    assert len(re.findall(r"RDMA_VERBS_IOCTL.* = 0$", plain, re.MULTILINE)) >= 3
    assert "NETLINK_RDMA) = -1 EPROTONOSUPPORT" in write
    assert re.findall(r"RDMA_VERBS_IOCTL.* = (.*)$", write,
                      re.MULTILINE) == ["-1 ENOTTY (Inappropriate ioctl for device)"]


def test_the_gid_table_is_that_of_sysfs(rxe):
    entries = []
    for line in rxe["gids"].ok().output.splitlines():
        index, gid, *kind = line.split(maxsplit=2)
        if gid.replace(":", "").strip("0"):
            entries.append((int(index), gid, *kind))
    shown = re.findall(r"GID\[ *(\d+)\]:\s+(\S+), (.*)$", rxe["devinfo-plain"].output,
                       re.MULTILINE)
    assert len(entries) >= 2 and len(shown) == len(entries)
    for (index, gid, kind), (shown_index, _, shown_kind) in zip(entries, shown):
        assert index == int(shown_index)
        assert kind == shown_kind == "RoCE v2"
    assert shown[1][1] == "::ffff:192.168.77.1"


@pytest.mark.parametrize("way", ["plain", "write"])
@pytest.mark.parametrize("how", ["", "-e"])
def test_messages_pass_whichever_way_commands_take(rxe, way, how):
    assert "20 iters" in rxe["pingpong-%s%s" % (way, how)].ok().output


@pytest.mark.parametrize("step", ["async", "async-write"])
def test_events_of_the_port_arrive(rxe, step):
    events = re.findall(r"event_type (\w+).*port 1", rxe[step].ok().output)
    assert events[:2] == ["IBV_EVENT_PORT_ERR", "IBV_EVENT_PORT_ACTIVE"]
    assert "IBV_EVENT_GID_CHANGE" in events[2:]


def test_a_port_that_is_down_says_so(rxe):
    assert "PORT_DOWN" in rxe["down"].ok().output


def test_many_devices_are_all_found(rxe):
    output = rxe["many"].ok().output
    names = [line.split()[0] for line in output.partition("hca_id")[0].splitlines()[2:]]
    assert names == ["rxe0"] + ["many%d" % number for number in range(1, 21)]
    assert re.search(r"hca_id:\s+many7$", output, re.MULTILINE)


def test_a_renamed_device_has_its_new_name(rxe):
    output = rxe["renamed"].ok().output
    assert "rxe0" not in output
    assert re.search(r"hca_id:\s+foo$", output, re.MULTILINE)


def test_a_device_without_provider_is_named_with_its_driver(rxe):
    assert ("rxe0: no provider for it (kernel driver number 14, no modalias)"
            in rxe["unserved"].ok().output)


def test_a_device_that_must_not_be_opened_is_named(rxe):
    assert rxe["forbidden"].status == 1
    assert "rxe0: its char device uverbs0: Permission denied" in rxe["forbidden"].output
    assert "cannot open rxe0: Permission denied" in rxe["forbidden"].output
    assert "PORT_ACTIVE" in rxe["allowed"].ok().output


def test_a_device_without_a_node_is_named(rxe):
    assert rxe["no-node"].status == 1
    assert ("rxe0: its char device uverbs0: No such file or directory" in rxe["no-node"].output)


def test_devices_go_and_come_while_a_program_holds_a_list(rxe):
    told = rxe["gone-and-new"].ok().output.splitlines()
    # The node may outlive the device for a moment.
    assert told.pop(4) in ("gone: rxe0 No such file or directory",
                           "gone: rxe0 No such device or address")
    assert told == [
        "again: same",
        "speed: Operation not supported",
        "renamed: other opened",
        "by the old entry: rxe0 opened",
        "left: 0",
        "new: rxe0 opened",
        "index: another",
    ]


def test_no_device_is_no_error_of_the_list(rxe):
    assert rxe["none"].status == 1
    listed, _, told = rxe["none"].output.partition("ibv_devinfo: ")
    assert len(listed.splitlines()) == 2
    assert "there is no RDMA device" in told


def test_a_kernel_without_uverbs_is_an_error(rxe):
    assert rxe["no-module"].status == 1
    assert "is the kernel's RDMA support loaded?" in rxe["no-module"].output


def test_the_kernel_has_nothing_to_complain_about(rxe):
    assert not re.search(r"WARNING:|BUG:|Oops", rxe["dmesg"].ok().output)
