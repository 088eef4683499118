# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What in a kernel's log nobody wants to read."""

import re

# Something in the kernel went wrong, whoever caused it.
SPLAT = re.compile(r"WARNING:|BUG:|Oops|blocked for more than|rcu.*stall|Call Trace|UBSAN|KASAN"
                   r"|refcount_t")
# The driver of mlx5 is unhappy with its adapter.
MLX5 = re.compile(r"mlx5.*(health|timeout|timed out|syndrome|fail|error)", re.IGNORECASE)
# What the simplest adapter provokes: no ISSI, no vendor-specific capability, no clock.
MLX5_EXCUSED = re.compile(r"ISSI|vendor specific|device_frequency")
# A driver that has lost its adapter, or waited in vain for an answer.
MLX5_LOST = re.compile(r"mlx5.*(health|timeout|timed out|fatal|not responding)", re.IGNORECASE)


# rxe waits 50 s for a region that is deregistered while a queue pair is in the middle of a write to it,
# which takes as long as that lives, and then complains. The lines between these two belong together.
RXE_WAITED = re.compile(r"\[ cut here \]-+\n[^\n]*__rxe_cleanup.*?---\[ end trace [^\n]*\n", re.DOTALL)


def splats(log):
    return [line for line in log.splitlines() if SPLAT.search(line)]


def without_rxe_waits(log):
    """Of a guest whose programs, stock ones too, take back memory that the peer may write to."""
    return RXE_WAITED.sub("", log)


def mlx5_complaints(log):
    return [line for line in log.splitlines()
            if MLX5.search(line) and not MLX5_EXCUSED.search(line)]


def mlx5_losses(log):
    return [line for line in log.splitlines() if MLX5_LOST.search(line)]
