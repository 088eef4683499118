# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Verbs end to end: programs that test one subject each, once on our libraries and once, unchanged,
on Debian's. The second run is the witness that a case asks for what every application may expect;
what fails only in the first is our provider's or library's fault. No run leaves anything behind.

A case may end with what the device lacks. On softhca nothing may be lacking."""

import pathlib
import re

import pytest

import world
from harness import BUILD, OWN, free_port, wait_for

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = BUILD / "tests" / "bin"
LIBRARIES = ("own", pytest.param("stock", marks=pytest.mark.stock))
# Ports differ in how packets find their way.
BOTH_PORTS = ("messages", "datagrams", "gids", "dynamic")
# What only Ethernet ports offer, and of the devices there are, softhca's.
OF_ETHERNET = ("ethernet", "flow_counters", "flows", "frames", "spreading")
# What of the devices there are only softhca's offer, without a kernel.
OF_SOFTHCA = ("tags", "tag_rules")
# Cases that wait for somebody to act meanwhile, run by a test of their own.
ACCOMPANIED = ("link", "disasters")
# About what softhca's adapters have not, so that there is nothing to test without a kernel.
OF_KERNELS = () if world.KERNEL else ("placement", "growth")
# About memory that goes while it is registered, of which a kernel keeps the pages.
OF_THE_SHIM = ("vanishing",)
# What stock libraries let pass or do otherwise, by family.
STRICTER = {
    # They write into the memory of queues what a request needs, and leave the rest as it was. Those that
    # end a handle of ibv_open_qp() or post to a target die of it, and completions of an SRQ of a domain
    # stay when it ends. They lose their way where the header of a long payload goes on at the start of
    # the ring.
    "mlx5": ("addresses_that_cannot_be", "copies_around_the_end_of_all_offsets",
             "queues_in_used_memory", "target_lives_as_long_as_anybody_has_it_open",
             "target_takes_no_requests", "completions_go_with_their_srq",
             "requests_of_every_kind",
             # Of lists of tags they check little, hide a queue of requests that is four times as
             # long as need be, take that away even when the list stays, and tell nothing by the plain
             # poll.
             "as_many_changes_as_the_device_takes", "changes_that_cannot_be", "a_queue_in_use",
             "the_plain_poll"),
    # They take any opcode, know no alignment, leave bad_wr alone, put inline data and lists of
    # pieces down without their lengths in ibv_wr_* calls, and step over two completions when
    # ibv_end_poll() follows an ENOENT. Each type has the calls of all.
    "rxe": ("unknown_opcode_at_each_position", "atomic_out_of_alignment",
            "receives_of_its_own_are_refused", "full_queue_in_a_series_of_calls",
            "rc_small_messages", "rc_segmented_messages", "rc_least_mtu", "rc_greatest_mtu",
            "uc_small_messages", "uc_segmented_messages", "ud_messages",
            "one_queue_pair_and_completion_queue", "queue_pairs_of_their_own",
            "extended_polling", "extended_polling_by_one_thread", "largest_requests",
            "an_invalidation_is_flagged", "calls_that_a_type_has_not", "first_error_is_kept",
            "each_type_has_its_calls"),
}[world.FAMILY]
# The status of a case that the device cannot serve; it says why.
SKIPPED = 77
# Whose refusal comes once, from a queue pair in error: if it is lost, the peer never learns why.
REFUSED_ONCE = ("bad_key_of_another_process", "wrong_access_key", "wrong_remote_key",
                "receive_too_short", "srq_that_there_is_not", "srq_of_another_domain",
                "key_of_another_pd_than_the_srq")
# Cases whose objects are never ended, nor their memory given back.
LEAVING = ("close_with_live_objects", "exit_with_live_objects", "target_opened_by_its_number",
           "a_context_outlives_its_first_name")


def cases(subject):
    return re.findall(r"^CASE\((\w+)\)$", (HERE / (subject + ".c")).read_text(), re.MULTILINE)


def environment(libraries, **more):
    return {"LD_LIBRARY_PATH": str(BUILD / "lib") if libraries == "own" else "", **more}


def command(subject, case):
    return [PROGRAMS / ("verbs_" + subject), case]


def ports_of(subject):
    if subject in OF_ETHERNET:
        return ("eth",)
    return world.port_types(("ib", "eth") if subject in BOTH_PORTS else ("ib",))


def libraries_of(subject, case):
    return ("own",) if case in STRICTER else ("own", "stock")


def runs(subjects, wanted=lambda case: True):
    """Subject, case, port type and libraries of every run."""
    for subject in subjects:
        for port in ports_of(subject):
            for case in filter(wanted, cases(subject)):
                for libraries in libraries_of(subject, case):
                    marks = (pytest.mark.stock,) if libraries == "stock" else ()
                    names = filter(None, (subject, case, port, libraries))
                    yield pytest.param(subject, case, port, libraries, marks=marks,
                                       id="-".join(names))


def leaving(case):
    return {"LSAN_OPTIONS": "exitcode=0"} if case in LEAVING else {}


def check(fabric, result, case):
    if world.KERNEL and result.status == SKIPPED:
        pytest.skip(re.search("^skip: (.*)$", result.output, re.MULTILINE).group(1))
    assert result.status == 0 and "ok " + case in result.output.splitlines(), repr(result)
    fabric.check_nothing_left()


@pytest.mark.parametrize("subject, case, port, libraries", runs(
    sorted(path.stem for path in HERE.glob("*.c") if path.stem not in
           ACCOMPANIED + OF_KERNELS + OF_THE_SHIM +
           (OF_ETHERNET + OF_SOFTHCA if world.KERNEL else ()))))
def test_verbs(fabric, subject, case, port, libraries):
    check(fabric, fabric.run(command(subject, case), world.port_option(port), 100,
                             environment(libraries, **leaving(case))), case)


@pytest.mark.needs("shim")
@pytest.mark.parametrize("subject, case, port, libraries", runs(OF_THE_SHIM))
def test_registered_memory_vanishes(fabric, subject, case, port, libraries):
    check(fabric, fabric.run(command(subject, case), world.port_option(port), 100,
                             environment(libraries)), case)


@pytest.mark.needs("mlx5")
@pytest.mark.parametrize("subject, case, port, libraries",
                         runs(("completion_queues",) if world.KERNEL else
                              ("completion_queues", "messages", "errors", "dynamic")))
def test_large_completions(fabric, subject, case, port, libraries):
    """With completion queue entries of 128 bytes."""
    check(fabric, fabric.run(command(subject, case), world.port_option(port), 100,
                             environment(libraries, MLX5_CQE_SIZE="128", **leaving(case))), case)


@pytest.mark.needs("faults")
@pytest.mark.parametrize("subject, case, port, libraries",
                         runs(("messages", "processes", "dynamic", "xrc", "xrc_domains", "tags"),
                              lambda case: not case.startswith(("uc", "ud", *REFUSED_ONCE))))
def test_with_losses(fabric, subject, case, port, libraries):
    """Reliable traffic only: of the rest something is lost, as it should be."""
    faults = " --fault drop=1%,dup=1%,reorder=1%"
    check(fabric, fabric.run(command(subject, case), world.port_option(port) + faults, 100,
                             environment(libraries, **leaving(case))), case)


@pytest.mark.needs("shim")
@pytest.mark.parametrize("subject, case", [(subject, case) for subject in ("tags", "tag_rules")
                                           for case in cases(subject)])
def test_tags_on_ethernet(fabric, subject, case):
    """Where stock libraries cannot make a list: they give its queue of requests no address."""
    check(fabric, fabric.run(command(subject, case), "--port-type eth", 100, environment("own")),
          case)


@pytest.mark.needs("shim")
@pytest.mark.parametrize("choice", ({"SOFTHCA_UARS": "static"}, {"SOFTHCA_ABI": "write"}),
                         ids=("static-registers", "old-kernel"))
@pytest.mark.parametrize("subject, case, port, libraries", runs(("lists", "shared_receives")))
def test_on_older_kernels(fabric, subject, case, port, libraries, choice):
    """Whose drivers have fewer doorbell registers, or no ioctl."""
    check(fabric, fabric.run(command(subject, case), world.port_option(port), 100,
                             environment(libraries, **choice, **leaving(case))), case)


@pytest.mark.needs("shim")
@pytest.mark.parametrize("case", cases("sharing"))
def test_sharing_with_fixed_register_pages(fabric, case):
    """Which all names of a context have in common; stock libraries do not import then."""
    check(fabric, fabric.run(command("sharing", case), "", 100,
                             environment("own", SOFTHCA_UARS="static", **leaving(case))), case)


@pytest.mark.needs("softhca")
@pytest.mark.parametrize("libraries", LIBRARIES)
def test_link_goes_down_and_up(fabric, libraries):
    running = fabric.start(command("link", "down_and_up"), "", environment(libraries))
    for said, direction in (("running", "down"), ("down", "up")):
        wait_for(lambda: said in running.output().splitlines(), said, alive=running.process)
        fabric.order("link", direction)
    check(fabric, running.finish(60), "down_and_up")


# A lost adapter takes no objects back, so what a library has for them stays until the end.
LEAKS = {"ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


@pytest.mark.needs("softhca")
@pytest.mark.parametrize("libraries", LIBRARIES)
def test_adapter_is_lost(fabric, libraries):
    running = fabric.start(command("disasters", "adapter_is_lost"), "",
                           environment(libraries, **LEAKS))
    wait_for(lambda: "running" in running.output().splitlines(), "running", alive=running.process)
    fabric.order("fault", "kill")
    check(fabric, running.finish(60), "adapter_is_lost")


@pytest.mark.needs("softhca")
@pytest.mark.parametrize("words", (("link", "down"), ("fault", "kill")), ids=" ".join)
@pytest.mark.parametrize("libraries", LIBRARIES)
def test_requests_to_a_lost_peer_are_given_up(fabric, libraries, words):
    tcp = environment(libraries, OV_TCP_PORT=str(free_port()), OV_TCP_HOST="127.0.0.1")
    far = fabric.start(command("disasters", "far_end"), "--host 1", {**tcp, **LEAKS})
    wait_for(lambda: "listening" in far.output().splitlines(), "listening", alive=far.process)
    near = fabric.start(command("disasters", "near_end"), "--host 2", tcp)
    wait_for(lambda: "running" in near.output().splitlines(), "running", alive=near.process)
    fabric.order(*words, "--host", "1")
    result = near.finish(60).ok()
    assert "given up" in result.output.splitlines() and "event" not in result.output
    far = far.finish(60).ok()
    assert far.output.count("event IBV_EVENT_%s\n" % {
        "link": "PORT_ERR", "fault": "DEVICE_FATAL"}[words[0]]) == 1, repr(far)
    fabric.check_nothing_left()
