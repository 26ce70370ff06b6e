"""Positioned reads of one file that may go, come back, or be replaced."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from wsiview.slide.slide_file import FileVanished, SlideFile, _Positioned

positioned = pytest.mark.skipif(not hasattr(os, "pread"), reason="this system has no positioned reads")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 1 MB."""
    path = tmp_path / "slide.bin"
    path.write_bytes(np.random.default_rng(0).bytes(1_000_000))
    return path


@pytest.fixture(params=["as this system reads", "without positioned reads"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without positioned reads":
        monkeypatch.delattr(os, "pread", raising=False)


@pytest.mark.usefixtures("either_way")
def test_threads_read_their_own_places(path: Path) -> None:
    data, file = path.read_bytes(), SlideFile(path)
    places = [int(at) for at in np.random.default_rng(1).integers(0, 1_000_000, 400)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda at: file.read(at, 999), places)) == [data[at : at + 999] for at in places]
    assert file.size == 1_000_000
    assert file.read(999_999, 10) == data[-1:]


@pytest.mark.usefixtures("either_way")
def test_nothing_stays_open(path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files can't be counted on this system")

    def count() -> int:
        return sum(os.path.realpath(link) == str(path) for link in Path("/proc/self/fd").iterdir())

    file = SlideFile(path)
    thread = threading.Thread(target=file.read, args=(0, 10))
    thread.start()
    thread.join()
    assert count() >= 1
    file.close()
    assert count() == 0
    with pytest.raises(ValueError, match="closed"):
        file.read(0, 1)


@positioned
def test_a_handle_that_went_stale_is_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, sound, stale = SlideFile(path), _Positioned.read, []

    def read(self: _Positioned, offset: int, count: int) -> bytes:
        if self in stale:
            raise OSError(116, "Stale file handle")
        return sound(self, offset, count)

    monkeypatch.setattr(_Positioned, "read", read)
    stale.append(file._source)
    assert file.read(5, 5) == path.read_bytes()[5:10]
    stale.append(file._source)
    path.rename(path.with_suffix(".away"))
    with pytest.raises(FileVanished, match="can't be reached"):
        file.read(5, 5)
    path.with_suffix(".away").rename(path)
    assert file.read(5, 5) == path.read_bytes()[5:10]


@positioned
def test_what_the_disk_can_t_read_is_no_vanished_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, sound = SlideFile(path), _Positioned.read

    def read(self: _Positioned, offset: int, count: int) -> bytes:
        if offset == 500_000:
            raise OSError(5, "Input/output error")
        return sound(self, offset, count)

    monkeypatch.setattr(_Positioned, "read", read)
    with pytest.raises(OSError, match="Input/output error"):
        file.read(500_000, 10)
    assert len(file.read(0, 10)) == 10


@pytest.mark.usefixtures("either_way")
def test_another_file_in_its_place_is_noticed_and_the_same_bytes_are_not(path: Path) -> None:
    file, data, stat = SlideFile(path), path.read_bytes(), path.stat()
    for content in (data, data[:-1] + bytes([data[-1] ^ 1])):
        other = path.with_suffix(".other")
        other.write_bytes(content)
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        os.replace(other, path)
        if content == data:
            file.check()
            assert file.read(0, 5) == data[:5]
            continue
        with pytest.raises(FileVanished, match="replaced"):
            file.check()
