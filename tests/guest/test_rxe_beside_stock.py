# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kernel's rxe with our libraries, beside Debian's on the same device of the same kernel."""

import pytest

import kernel_log
import pingpongs
from steps import Steps

pytestmark = pytest.mark.guest

COUNT = 200


@pytest.fixture(scope="module", params=["6.1", pytest.param("current", marks=pytest.mark.long)])
def rxe(request):
    steps = Steps()
    pingpongs.add(steps, "-g 1", COUNT)
    steps.add("dmesg", "dmesg")
    return steps.run("--device", "rxe", "--kernel", request.param)


@pytest.mark.parametrize("library, transport, waiting", pingpongs.ALL)
def test_messages_pass(rxe, library, transport, waiting):
    assert "%d iters" % COUNT in rxe[pingpongs.name(library, transport, waiting)].ok().output


def test_own_libraries_are_no_slower(rxe, record_property):
    """Only told, since time in an emulator says little: a test of ratios is tests/bench."""
    for transport in pingpongs.TRANSPORTS:
        for waiting in pingpongs.WAITING:
            own, stock = (pingpongs.microseconds(
                rxe[pingpongs.name(library, transport, waiting)].ok())
                for library in pingpongs.LIBRARIES)
            told = "%s%s: own %.0f us, stock %.0f us" % (transport, waiting, own, stock)
            record_property("speed", told)
            print(told)
            assert own > 0 and stock > 0


def test_kernel_has_nothing_to_complain_about(rxe):
    log = rxe["dmesg"].ok().output
    assert kernel_log.splats(log) == [], log
