"""A watched slide says when its file is gone, and never hands out pixels of another one."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.slide.opening import open_slide
from wsiview.slide.slide import Slide, SlideUnopenable, SlideVanished, TileUnreadable
from wsiview.slide.watched_slide import Presence, SlideReplaced, WatchedSlide, open_watched
from wsiview.slide.wrapped_slide import WrappedSlide

Noise = Callable[[int, int], NDArray[np.uint8]]


@pytest.fixture
def path(write_pyramid: Callable[..., Path], noise: Noise) -> Path:
    return write_pyramid(noise(300, 400))


@pytest.fixture
def other(write_pyramid: Callable[..., Path], noise: Noise) -> Path:
    """Another slide of the same size."""
    return write_pyramid(np.ascontiguousarray(noise(300, 400)[::-1]), name="other.tiff")


@pytest.fixture
def slide(path: Path) -> Any:
    with open_watched(path, open_slide) as made:
        yield made


def test_it_is_the_slide_in_everything_else(slide: WatchedSlide, path: Path, noise: Noise) -> None:
    assert isinstance(slide, Slide)
    assert np.array_equal(slide.read(0, 10, 20, 100, 90), noise(300, 400)[20:110, 10:110])
    with open_slide(path) as plain:
        for name in ("path", "name", "reader", "vendor", "dimensions", "mpp", "fingerprint", "level_tiles"):
            assert getattr(slide, name) == getattr(plain, name)


def test_a_file_that_is_away_is_gone_and_back_when_it_is_back(slide: WatchedSlide, path: Path) -> None:
    away = path.with_name("away.tiff")
    path.rename(away)
    assert slide.look() is Presence.GONE
    with pytest.raises(SlideVanished, match="check the disk or network connection"):
        slide.read(0, 0, 0, 50, 50)
    away.rename(path)
    assert slide.read(0, 0, 0, 50, 50).shape == (50, 50, 3)
    assert slide.presence is Presence.THERE


@pytest.mark.parametrize("how", ["written over", "renamed into its place", "longer"])
def test_a_replaced_file_is_not_read_even_when_the_first_is_put_back(
    slide: WatchedSlide, path: Path, other: Path, how: str
) -> None:
    kept = shutil.copy2(path, path.with_name("kept.tiff"))
    if how == "written over":
        path.write_bytes(other.read_bytes())
    elif how == "longer":
        path.write_bytes(path.read_bytes() + b"\0")
    else:
        other.rename(path)
    with pytest.raises(SlideReplaced, match=r"^made.tiff was replaced while it was open; open it again$"):
        slide.read(0, 0, 0, 50, 50)
    os.replace(kept, path)
    assert slide.look() is Presence.REPLACED
    with pytest.raises(SlideReplaced):
        slide.read(0, 0, 0, 50, 50)


def test_pixels_read_while_the_file_was_replaced_are_not_handed_out(path: Path, other: Path) -> None:
    class Late(WrappedSlide):
        def read(self, *place: int) -> NDArray[np.uint8]:
            pixels = super().read(*place)
            other.rename(path)
            return pixels

    slide = open_watched(path, lambda found: Late(open_slide(found)))
    with pytest.raises(SlideReplaced):
        slide.read(0, 0, 0, 50, 50)


def test_the_same_file_under_another_number_is_the_same_slide_and_another_is_not(
    slide: WatchedSlide, path: Path, other: Path
) -> None:
    status = path.stat()
    os.replace(shutil.copy2(path, path.with_name("copy.tiff")), path)
    assert path.stat().st_ino != status.st_ino
    assert slide.look() is Presence.THERE
    assert slide.read(0, 0, 0, 50, 50).shape == (50, 50, 3)
    assert other.stat().st_size == status.st_size
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(other, path)
    assert slide.look() is Presence.REPLACED


def test_a_file_that_is_being_written_is_not_opened(path: Path) -> None:
    def slow(found: Path) -> Slide:
        made = open_slide(found)
        found.write_bytes(found.read_bytes() + b"\0")
        return made

    with pytest.raises(SlideUnopenable, match="it is being written to"):
        open_watched(path, slow)
    with pytest.raises(SlideUnopenable, match="there is no such file"):
        open_watched(path.with_name("missing.tiff"), open_slide)


def test_a_reader_that_stumbles_over_the_disk_says_so(path: Path) -> None:
    class Stumbling(WrappedSlide):
        def read(self, *place: int) -> NDArray[np.uint8]:
            raise OSError(5, "Input/output error")

    slide = open_watched(path, lambda found: Stumbling(open_slide(found)))
    with pytest.raises(TileUnreadable, match="the disk can't read it"):
        slide.read(0, 0, 0, 50, 50)


def test_closing_waits_for_nobody(path: Path) -> None:
    gate = threading.Event()

    class Hanging(WrappedSlide):
        def close(self) -> None:
            gate.wait()
            super().close()

    slide = open_watched(path, lambda found: Hanging(open_slide(found)))
    slide.close()
    assert not gate.is_set(), "it returned while the reader still hung"
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "slide-closing":
            thread.join(5)
    with pytest.raises(TileUnreadable, match="closed"):
        slide.read(0, 0, 0, 50, 50)
