"""Memory that nothing uses goes back to the system, and is not looked for where nothing has grown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wsiview.heap import resident

GROWTH = """
import numpy as np
from wsiview.heap import Slack, resident, share_heap

share_heap()
slack = Slack(16 << 20)
slack.check()
pieces = [np.ones(60_000, np.uint8) for _ in range(2000)]
slack.check()
del pieces[::2]  # holes, which can be used again, but by what is as small
larger = [np.ones(100_000, np.uint8) for _ in range(400)]
grown = resident()
slack.check()
print(grown >> 20, resident() >> 20)
slack.check()
print(resident() >> 20, sum(map(len, pieces + larger)) >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told what to do")
def test_what_lies_unused_between_pieces_in_use_is_given_back() -> None:
    told = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True).stdout
    grown, after, later, used = map(int, told.split())
    assert used == 95
    assert grown - after > 40, "of 60 MB of holes nearly all is free"
    assert later == pytest.approx(after, abs=2)


def test_the_memory_that_the_process_takes_is_that_of_its_status() -> None:
    status = Path("/proc/self/status")
    if not status.exists():
        assert resident() > 0
        return
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    assert resident() == pytest.approx(1024 * int(line.split()[1]), rel=0.05)
