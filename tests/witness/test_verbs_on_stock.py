# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of the device, and of what tests/verbs asks for: the same suite with Debian's libibverbs
and libmlx5 in place of ours, and their librdmacm, below our pyverbs. What they do otherwise stands in
DIFFERENCES, with the reason, and nowhere else; a difference that is gone fails here as well."""
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

import weaken
from harness import BUILD, ROOT

pytestmark = pytest.mark.stock

# Newer than rdma-core 44, which Debian 12 has.
MISSING = {"IBVERBS_1.%d" % minor for minor in range(15, 30)} | {"RDMACM_1.4"}
# Tests of refusals that mean harm there: libmlx5 looks for a domain where there is none, posts
# receives where there is no queue, and takes the handle of another context's object for that of one
# of its own. librdmacm resolves the route of an id without a device.
FATAL = ("test_a_target_without_a_domain", "test_parts_that_do_not_go_together", "test_any_order",
         "test_all_kinds_took_part", "test_an_id_that_nothing_was_done_with")
# Patterns of tests' names, and what is otherwise there.
DIFFERENCES = {
    r"test_(peers_reach|requests_use)_it\[.*-(of_a_buffer|with_hints|at_an_address_of_its_own)\]|"
    r"test_hints_that_cannot_be\[.*|test_memory_of_an_exported_.*":
        "newer than rdma-core 44",
    r"test_types_have_names\[RDMA_CM_EVENT_(ADDRINFO_.*|USER|INTERNAL)\]|"
    r"test_names_are_looked_up_at_once\[.*|test_a_name_that_there_is_not|test_either_the_subnet_or_names":
        "newer than librdmacm 44",
    r"test_they_lead_to_ports_of_infiniband_only|test_names_are_gids\[(192.*|localhost)\]|"
    r"test_services_are_numbers\[(http|)\]|test_services_that_can_be\[(0xffff|1844.*)\]":
        "librdmacm 44 leaves addresses of AF_IB to ibacm, and takes a GID for a name of IPv6",
    r"test_a_program_without_memory\[.*":
        "libmlx5 sets no errno when the program's allocator has nothing",
    r"test_paths_that_cannot_be\[\{'port_num.*|test_.*\[create an AH\]":
        "libmlx5 does not look whether there is such a port",
    r"test_the_old_value_wants_one_piece":
        "libmlx5 does not count the pieces of an atomic; the device fails the request",
    r"test_operations_that_the_transport_has_not\[.*":
        "libmlx5 writes any opcode for any transport; the device fails the request",
    r"test_reads_and_atomics_carry_no_data\[.*":
        "libmlx5 ignores IBV_SEND_INLINE where there is nothing to carry",
    r"test_more_data_within_requests_than_can_be\[4294967295\]":
        "libmlx5 computes with max_inline_data in 32 bits, which wrap",
    r"test_changes_that_cannot_be\[0\]":
        "libibverbs leaves a change of nothing to the kernel and calls it the command's failure",
    r"test_its_size_changes_where_the_device_says_so|test_it_is_full":
        "libmlx5 tells the kernel one receive more than it uses, and the kernel rounds up: a query "
        "tells twice what the shared queue takes",
    r"test_posting_a_send\[..-(RESET|INIT|RTR|ERR)-post_send\]":
        "libmlx5 gives a send queue no room before RTS: it is full, whatever its state",
    r"test_posting_a_send\[..-ERR-ibv_wr\]":
        "the same, and in ibv_wr_*() calls the state comes first: not even in error are requests "
        "taken, and flushed, by one that never was in RTS",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """-> (test, whether it passed) of the suite on stock libraries"""
    scratch = tmp_path_factory.mktemp("stock")
    weaken.fill(weaken.weaken(BUILD / "python", scratch / "python", MISSING), scratch / "newer.so")
    environment = dict(os.environ, OV_PYTHON=str(scratch / "python"), OV_LIBRARIES="",
                       LD_PRELOAD=str(scratch / "newer.so"))
    wanted = "not (%s)" % " or ".join(FATAL)
    done = subprocess.run([sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                           "-m", "not long", "-k", wanted, "--junitxml", scratch / "results.xml",
                           "tests/verbs"], cwd=ROOT, env=environment, text=True,
                          capture_output=True, timeout=300)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    cases = ElementTree.parse(scratch / "results.xml").iter("testcase")
    return [(case.get("name"), case.find("failure") is None and case.find("error") is None)
            for case in cases if case.find("skipped") is None]


def matching(name):
    return any(re.fullmatch(known, name) for known in DIFFERENCES)


def test_debians_libraries_pass(results):
    failed = [name for name, passed in results if not passed and not matching(name)]
    assert len(results) > 1500 and not failed, failed


@pytest.mark.parametrize("known", DIFFERENCES)
def test_they_still_differ(results, known):
    outcomes = {passed for name, passed in results if re.fullmatch(known, name)}
    assert outcomes == {False}, DIFFERENCES[known]


def test_it_was_the_stock_library(tmp_path):
    missing = weaken.weaken(BUILD / "python", tmp_path / "python", MISSING)
    weaken.fill(missing, tmp_path / "newer.so")
    shown = subprocess.run([BUILD / "bin/softhca", "run", "--", sys.executable, "-c",
                            "import pyverbs.device; print(open('/proc/self/maps').read())"],
                           env=dict(os.environ, PYTHONPATH=str(tmp_path / "python"),
                                    LD_LIBRARY_PATH="", LD_PRELOAD=str(tmp_path / "newer.so")),
                           text=True, capture_output=True, check=True)
    loaded = set(re.findall(r"/\S*libibverbs\.so\S*", shown.stdout))
    assert loaded and not any(str(BUILD) in path for path in loaded), loaded
