# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The device that the tests run on. Verbs are called in pytest's own process, so one that was
started plainly starts itself again where the device is: under `softhca run`, in a guest, or, within
a guest, with the build's libraries."""
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

import harness  # noqa: E402
import world  # noqa: E402

# Its assertions tell what they compare, as those of the tests do.
pytest.register_assert_rewrite('bed')

READY = 'OV_VERBS_FABRIC'
GUEST = 'guest:'


def pytest_addoption(parser):
    group = parser.getgroup('verbs', 'tests of verbs')
    group.addoption('--device', default='mlx5', metavar='FAMILY',
                    help="softhca's adapter of this family, or with guest:FAMILY a device of the "
                    "kernel in a guest (default: mlx5; in a guest: the one that is there)")
    group.addoption('--port-type', default='ib', choices=('ib', 'eth'),
                    help="the kind of softhca's port")


def pytest_cmdline_main(config):
    if READY in os.environ:
        return
    arguments = [str(word) for word in config.invocation_params.args]
    device = config.getoption('--device')
    pytest_again = [sys.executable, *(['-B'] if sys.dont_write_bytecode else []), '-m', 'pytest',
                    *arguments]
    # tests/witness/test_verbs_on_stock.py chooses others.
    python = os.environ.get('OV_PYTHON', str(harness.BUILD / 'python'))
    libraries = os.environ.get('OV_LIBRARIES', str(harness.BUILD / 'lib'))
    paths = [python, os.environ.get('PYTHONPATH')]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, paths)),
                       LD_LIBRARY_PATH=libraries)
    if world.KERNEL:
        environment[READY] = 'none'
        command = pytest_again
    elif device.startswith(GUEST):
        command = [str(HERE.parent / 'guest/suite'), '--device', device[len(GUEST):],
                   *(word for word in without_device(arguments))]
    else:
        environment.update({READY: f'verbs-{os.getpid()}', 'SOFTHCA_STRICT': '1'})
        command = [str(harness.OWN / 'softhca'), 'run', '--device', device, '--fabric',
                   environment[READY], '--port-type', config.getoption('--port-type'), '--',
                   *pytest_again]
    config.pluginmanager.getplugin('capturemanager').stop_global_capturing()
    sys.stdout.flush()
    os.execve(command[0], command, environment)


def without_device(arguments):
    """The arguments for a pytest that is where the device is."""
    words = iter(arguments)
    for word in words:
        if word == '--device':
            next(words)
        elif not word.startswith('--device='):
            yield word


def pytest_configure(config):
    # What cannot be closed when it is collected says so.
    config.addinivalue_line('filterwarnings', 'error::pytest.PytestUnraisableExceptionWarning')


def pytest_ignore_collect(collection_path, config):
    """Frames are of Ethernet ports alone, and no kernel here has those with such queue pairs."""
    if collection_path.name == 'test_frames.py':
        return world.KERNEL or config.getoption('--port-type') != 'eth'
    return None


@pytest.fixture(scope='session')
def device():
    """The device, open; its context is shared."""
    from bed.device import Device
    with Device() as opened:
        yield opened


@pytest.fixture(scope='session')
def pairs(device):
    """Connected pairs, to be borrowed: see bed/end.py."""
    from bed.end import Pairs
    return Pairs(device)


@pytest.fixture
def context(device):
    """A context of the test's own: all that is made of it goes with it."""
    with device.again() as opened:
        yield opened


@pytest.fixture
def pd(context):
    from pyverbs.pd import PD
    return PD(context)


@pytest.fixture
def cq(context):
    from pyverbs.cq import CQ
    return CQ(context, 100)


@pytest.fixture
def mr(pd):
    from bed.end import ALL_ACCESS
    from pyverbs.mr import MR
    return MR(pd, 65536, ALL_ACCESS)
