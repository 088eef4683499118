# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Objects of all kinds, made, used, closed and forgotten in any order, by processes of their own,
so that one that crashes is noticed. The program is bed/disorder.py."""
import collections
import os
import pathlib
import subprocess
import sys

import pytest

import world

HERE = pathlib.Path(__file__).resolve().parent
SEEDS, STEPS = (3, 300) if world.KERNEL else (12, 1500)
ALWAYS = {'context', 'pd', 'channel', 'cq', 'cqex', 'mr', 'ah', 'srq', 'qp', 'qpex', 'receive',
          'send'}
made = collections.Counter()


def run(seed, steps=STEPS):
    paths = (str(HERE), str(HERE.parent), os.environ['PYTHONPATH'])
    return subprocess.run([sys.executable, '-B', '-X', 'faulthandler', HERE / 'bed/disorder.py',
                           str(seed), str(steps)], capture_output=True, text=True, timeout=300,
                          env=dict(os.environ, PYTHONPATH=os.pathsep.join(paths)))


@pytest.mark.parametrize('seed', range(SEEDS))
def test_any_order_is_safe(seed):
    done = run(seed)
    assert (done.returncode, done.stderr) == (0, ''), done.stdout
    for line in done.stdout.splitlines():
        count, kind = line.split(' ', 1)
        made[kind] += int(count)


def test_all_kinds_took_part():
    assert set(made) >= ALWAYS, made


@pytest.mark.long
@pytest.mark.parametrize('seed', range(100, 140))
def test_any_order_is_safe_for_long(seed):
    done = run(seed, 5 * STEPS)
    assert (done.returncode, done.stderr) == (0, ''), done.stdout
