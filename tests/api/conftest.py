# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tests here call verbs in their own process, so that process runs on softhca: started without,
pytest starts itself again under `softhca run`, with the build's pyverbs and libraries."""
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('OV_BUILD', ROOT / 'build'))
FABRIC = 'OV_API_FABRIC'

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))


def pytest_addoption(parser):
    parser.addoption('--port-type', default='ib', choices=('ib', 'eth'),
                     help='the kind of port to run on')


def pytest_cmdline_main(config):
    if FABRIC in os.environ:
        return
    fabric = f'api-{os.getpid()}'
    paths = [str(BUILD / 'python'), os.environ.get('PYTHONPATH')]
    environment = dict(os.environ, LD_LIBRARY_PATH=str(BUILD / 'lib'), SOFTHCA_STRICT='1',
                       PYTHONPATH=os.pathsep.join(filter(None, paths)), **{FABRIC: fabric})
    command = [str(BUILD / 'bin/softhca'), 'run', '--fabric', fabric, '--port-type',
               config.getoption('--port-type'), '--', sys.executable,
               *(['-B'] if sys.dont_write_bytecode else []), '-m', 'pytest',
               *config.invocation_params.args]
    config.pluginmanager.getplugin('capturemanager').stop_global_capturing()
    os.execve(command[0], command, environment)


def pytest_configure(config):
    # What cannot be closed when it is collected says so.
    config.addinivalue_line('filterwarnings', 'error::pytest.PytestUnraisableExceptionWarning')
    config.addinivalue_line('markers', 'long: takes more than some seconds')


@pytest.fixture
def context():
    import pyverbs.device as d
    with d.Context(name=d.get_device_list()[0].name) as opened:
        yield opened


@pytest.fixture
def pd(context):
    from pyverbs.pd import PD
    with PD(context) as made:
        yield made


@pytest.fixture
def cq(context):
    from pyverbs.cq import CQ
    with CQ(context, 100) as made:
        yield made


@pytest.fixture
def mr(pd):
    import pyverbs.enums as e
    from pyverbs.mr import MR
    access = (e.IBV_ACCESS_LOCAL_WRITE | e.IBV_ACCESS_REMOTE_WRITE | e.IBV_ACCESS_REMOTE_READ
              | e.IBV_ACCESS_REMOTE_ATOMIC)
    with MR(pd, 65536, access) as made:
        yield made
