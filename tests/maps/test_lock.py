from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from wsiview.maps import lock
from wsiview.maps.faults import MapLocked

_TAKE = """
import sys
from pathlib import Path
from wsiview.errors import MapError
from wsiview.maps import lock
path = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    lock.take(path, path.parent)
    print("mine", flush=True)
except MapError:
    print("locked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / lock.NAME


def dead_lock(path: Path, **changes: object) -> None:
    """What a process leaves that was killed: its number is in use again, by this one."""
    holder = {"host": platform.node(), "pid": os.getpid(), "started": 1.0, "token": "0" * 32}
    path.write_text(json.dumps({**holder, **changes}))


def test_a_held_lock_names_host_and_process(path: Path) -> None:
    held = lock.take(path, path.parent)
    with pytest.raises(MapLocked, match=rf"process {os.getpid()} on {platform.node()}"):
        lock.take(path, path.parent)
    held.release()
    lock.take(path, path.parent).release()
    assert list(path.parent.iterdir()) == []


def test_the_lock_of_a_process_whose_number_is_used_again_is_taken_over(path: Path) -> None:
    dead_lock(path)
    held = lock.take(path, path.parent)
    assert held.is_held()
    assert [file.name for file in path.parent.iterdir()] == [lock.NAME]


def test_the_lock_of_an_ended_process_is_taken_over(path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead_lock(path, pid=ended.pid)
    assert lock.take(path, path.parent).is_held()


def test_a_lock_of_another_computer_is_never_taken_over(path: Path) -> None:
    dead_lock(path, host="elsewhere")
    before = path.read_bytes()
    with pytest.raises(MapLocked, match=r"on elsewhere; wait for it, or, if it surely runs no more, delete"):
        lock.take(path, path.parent)
    assert path.read_bytes() == before


def test_a_torn_lock_is_waited_for_at_first_and_taken_over_when_old(path: Path) -> None:
    path.write_bytes(b'{"host"')
    with pytest.raises(MapLocked, match="another process"):
        lock.take(path, path.parent)
    os.utime(path, (0, 0))
    assert lock.take(path, path.parent).is_held()


def test_a_process_that_died_while_taking_over_stands_in_nobodys_way(path: Path) -> None:
    dead_lock(path)
    dead_lock(path.with_name(f"{lock.NAME}.{'0' * 12}"), token="1" * 32)
    assert lock.take(path, path.parent).is_held()


def test_a_lock_that_was_taken_over_is_not_released_by_its_old_holder(path: Path) -> None:
    old = lock.take(path, path.parent)
    dead_lock(path)
    new = lock.take(path, path.parent)
    old.release()
    assert not old.is_held()
    assert new.is_held()


def test_of_many_that_find_a_dead_lock_one_gets_it(path: Path) -> None:
    dead_lock(path)
    command = [sys.executable, "-c", _TAKE, str(path)]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    answers = sorted(child.stdout.readline().strip() for child in children if child.stdout is not None)
    for child in children:
        child.communicate("\n", timeout=30)
    assert answers == ["locked"] * 5 + ["mine"]


def test_a_process_holds_its_lock_until_it_ends_even_if_nobody_has_asked_how(path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _TAKE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    assert [child.stdout.readline() for _ in range(2)] == ["ready\n", "mine\n"]
    assert json.loads(path.read_text())["started"] == pytest.approx(psutil.Process(child.pid).create_time(), abs=1)
    with pytest.raises(MapLocked, match=f"process {child.pid}"):
        lock.take(path, path.parent)
    child.kill()
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
        assert lock.take(path, path.parent).is_held()
    child.communicate()
