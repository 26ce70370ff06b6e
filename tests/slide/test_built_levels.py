"""Levels that a slide lacks are built exactly, in little memory, once, and whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.geometry import Size
from wsiview.progress import Cancelled, Progress, Step
from wsiview.slide import level_cache, missing_levels
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.built_slide import BuiltSlide
from wsiview.slide.level_building import CHUNK, MISSING, PENDING, build_levels
from wsiview.slide.level_cache import LevelCache, LevelsNotKept
from wsiview.slide.level_file import TILE
from wsiview.slide.missing_levels import MissingLevel
from wsiview.slide.slide import SlideVanished, TileUnreadable

Pixels = NDArray[np.uint8]
WIDTH, HEIGHT = 2501, 2103


class FlatSlide(ArraySlide):
    """A slide of one level, which counts what is asked of it and keeps an eye on what it has handed out."""

    def __init__(self, pixels: Pixels) -> None:
        super().__init__(pixels, name="flat", tile=256)
        self._levels = self._levels[:1]
        self.level_dimensions, self.level_downsamples = self.level_dimensions[:1], self.level_downsamples[:1]
        self.level_tiles = self.level_tiles[:1]
        self.broken: set[tuple[int, int]] = set()
        self.gone = False
        self.reads = self.largest = self.alive = self.most_alive = 0

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        if self.gone:
            raise SlideVanished(self.path, level, x, y, width, height, "gone")
        for col, row in self.broken:
            if x < (col + 1) * 256 and col * 256 < x + width and y < (row + 1) * 256 and row * 256 < y + height:
                raise TileUnreadable(self.path, level, x, y, width, height, "damaged")
        pixels = super().read(level, x, y, width, height)
        self.reads, self.largest = self.reads + 1, max(self.largest, width * height)
        self.alive += width * height
        self.most_alive = max(self.most_alive, self.alive)
        weakref.finalize(pixels, self._let_go, width * height)
        return pixels

    def _let_go(self, area: int) -> None:
        self.alive -= area


class Nobody:
    """Keeps no tile."""

    def begin(self, level: int, row: int, col: int, pixels: Pixels) -> None:
        pass

    def put(self, level: int, row: int, col: int, pixels: Pixels) -> None:
        pass


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    random = np.random.default_rng(5)
    coarse = random.integers(60, 250, (HEIGHT // 32 + 1, WIDTH // 32 + 1, 3), dtype=np.uint8)
    return np.ascontiguousarray(np.kron(coarse, np.ones((32, 32, 1), np.uint8))[:HEIGHT, :WIDTH])


@pytest.fixture
def flat(pixels: Pixels) -> FlatSlide:
    return FlatSlide(pixels)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LevelCache:
    """A cache for which this small slide is a huge one."""
    monkeypatch.setattr(missing_levels, "MOST_COARSEST", 1 << 18)
    monkeypatch.setattr(missing_levels, "ENOUGH", 1 << 18)
    return LevelCache(tmp_path / "levels")


def means(pixels: Pixels, factor: int) -> NDArray[np.float64]:
    """Of squares, those at the far edges of what is there."""
    height, width = pixels.shape[:2]
    down, across = np.arange(0, height, factor), np.arange(0, width, factor)
    sums = np.add.reduceat(np.add.reduceat(pixels.astype(np.int64), down, axis=0), across, axis=1)
    counts = np.outer(np.diff([*down, height]), np.diff([*across, width]))
    return sums / counts[..., None]


def levels_of(slide: FlatSlide, factors: tuple[int, ...]) -> list[MissingLevel]:
    size = slide.dimensions
    return [
        MissingLevel(0, k, Size(-(-size.width // k), -(-size.height // k)), (float(k), float(k))) for k in factors
    ]


def test_each_pixel_is_the_mean_of_those_below_it(flat: FlatSlide, pixels: Pixels) -> None:
    levels = levels_of(flat, (4, 16))
    made = [np.zeros((level.size.height, level.size.width, 3), np.uint8) for level in levels]

    class Sheets(Nobody):
        def put(self, level: int, row: int, col: int, pixels: Pixels) -> None:
            assert pixels.shape[0] <= TILE
            assert not made[level][row * TILE, col * TILE].any(), "each tile is made once"
            made[level][row * TILE : row * TILE + pixels.shape[0], col * TILE : col * TILE + pixels.shape[1]] = pixels

    steps: list[Step] = []
    assert build_levels(flat, levels, Sheets(), Progress(steps.append), "Preparing") == ()
    assert np.abs(made[0] - means(pixels, 4)).max() <= 0.5
    assert np.abs(made[1] - means(pixels, 16)).max() <= 1.0, "rounded once more"
    assert [step.done for step in steps] == [*range(1, steps[0].total + 1)]


def test_no_more_than_one_square_of_the_source_is_in_memory(flat: FlatSlide) -> None:
    kept = [0]

    class Scale(Nobody):
        def put(self, level: int, row: int, col: int, pixels: Pixels) -> None:
            kept[0] += pixels.shape[0] * pixels.shape[1]

    build_levels(flat, levels_of(flat, (4, 16, 64)), Scale(), Progress(), "Preparing")
    assert flat.largest <= CHUNK * CHUNK
    assert flat.most_alive <= CHUNK * CHUNK, "a square is let go before the next is read"
    assert kept[0] >= WIDTH * HEIGHT / 16


def test_levels_are_built_once_and_found_again(flat: FlatSlide, cache: LevelCache, pixels: Pixels) -> None:
    assert cache.find(flat) is None
    built = cache.build(flat, Progress())
    assert isinstance(built, BuiltSlide)
    assert [size.width for size in built.level_dimensions] == [WIDTH, -(-WIDTH // 4), -(-WIDTH // 16)]
    assert built.level_downsamples == ((1, 1), (4, 4), (16, 16))
    assert built.built_levels == {1, 2}
    before, flat.reads = flat.reads, 0
    assert before > 0
    again = cache.find(flat)
    assert again is not None
    whole = again.read(1, -3, 5, 700, 600)
    assert flat.reads == 0, "built levels are read from the cache"
    inside = whole[: -(-HEIGHT // 4) - 5, 3 : 3 + -(-WIDTH // 4)]
    assert np.abs(inside - means(pixels, 4)[5:, : inside.shape[1]]).mean() < 1.5, "JPEG of good quality"
    assert (whole[:, :3] == 255).all()
    assert (whole[-(-HEIGHT // 4) - 5 :] == 255).all()
    assert np.array_equal(again.read(0, 100, 50, 70, 60), pixels[50:110, 100:170]), "the file's own level is its own"


def test_levels_can_be_looked_at_while_they_are_built(flat: FlatSlide, cache: LevelCache, pixels: Pixels) -> None:
    growing: list[BuiltSlide] = []
    seen: list[tuple[float, bool]] = []
    size = Size(-(-WIDTH // 16), -(-HEIGHT // 16))

    def look(step: Step) -> None:
        slide = growing[0]
        coarse = slide.read(2, 0, 0, size.width, size.height)
        pending = float((coarse == PENDING).all(axis=2).mean())
        seen.append((pending, slide.is_whole(2, 0, 0, size.width, size.height)))
        there = (coarse != PENDING).any(axis=2)
        assert np.abs(coarse - means(pixels, 16))[there].sum() <= 1.5 * 3 * there.sum(), "what is there is right"
        fine = slide.read(1, 500, 400, 120, 120)
        assert slide.is_whole(1, 500, 400, 120, 120)
        assert np.abs(fine - means(pixels, 4)[400:520, 500:620]).mean() < 1.5, "and made on the spot where quick"

    cache.build(flat, Progress(look), on_begin=growing.append)
    assert seen[0] == (1.0, False)
    assert [pending for pending, _ in seen] == sorted((pending for pending, _ in seen), reverse=True)
    assert seen[-1][0] < 0.1


def test_another_program_can_read_what_was_built(flat: FlatSlide, cache: LevelCache) -> None:
    import tifffile

    built = cache.build(flat, Progress())
    assert built is not None
    with tifffile.TiffFile(cache.path_of(flat)) as tiff:
        for page, level in zip(tiff.pages, (1, 2), strict=True):
            size = built.level_dimensions[level]
            assert np.array_equal(page.asarray(), built.read(level, 0, 0, size.width, size.height))


def test_unreadable_places_are_remembered_and_look_like_no_tissue(flat: FlatSlide, cache: LevelCache) -> None:
    flat.broken = {(5, 3)}
    assert cache.build(flat, Progress()) is not None
    built = cache.find(flat)
    assert built is not None
    assert [(part.level, part.x, part.y, part.width, part.height) for part in built.unreadable] == [
        (0, 1280, 768, 256, 256)
    ]
    assert np.abs(built.read(1, 330, 200, 40, 40).astype(int) - MISSING).max() < 12
    flat.broken = set()
    assert cache.find(flat) is None, "what can be read by now is built again"


def test_giving_up_leaves_nothing_behind(flat: FlatSlide, cache: LevelCache) -> None:
    progress = Progress(lambda step: progress.cancel())
    with pytest.raises(Cancelled):
        cache.build(flat, progress)
    assert list(cache.folder.iterdir()) == []
    flat.gone = True
    with pytest.raises(SlideVanished):
        cache.build(flat, Progress())
    assert list(cache.folder.iterdir()) == []


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "text"])
def test_damaged_levels_are_never_shown(
    flat: FlatSlide, cache: LevelCache, harm: str, pixels: Pixels
) -> None:
    assert cache.build(flat, Progress()) is not None
    path = cache.path_of(flat)
    content = bytearray(path.read_bytes())
    if harm == "flip":
        content[2000] ^= 0xFF
    path.write_bytes({"cut": content[:-4000], "flip": content, "empty": b"", "text": b"II*\0no TIFF"}[harm])
    told: list[bool] = []
    built = cache.find(flat, lambda: told.append(True))
    if harm != "flip":
        assert built is None
        assert not path.exists()
        return
    assert built is not None
    size = built.level_dimensions[1]
    with pytest.raises(TileUnreadable, match="it is made again"):
        built.read(1, 0, 0, size.width, size.height)
    assert told == [True]


def test_a_file_that_was_written_since_gets_new_levels(
    cache: LevelCache, write_pyramid: Callable[..., Path], pixels: Pixels
) -> None:
    from wsiview.slide.opening import open_slide

    path = write_pyramid(pixels[:900, :1000])
    with open_slide(path) as slide:
        assert cache.build(slide, Progress()) is not None
        first = cache.path_of(slide)
    os.utime(path, (1, 1))
    with open_slide(path) as slide:
        assert cache.find(slide) is None
        assert cache.build(slide, Progress()) is not None
        assert list(cache.folder.iterdir()) == [cache.path_of(slide)] != [first], "the stale ones are dropped"


def test_the_levels_used_longest_ago_are_dropped(pixels: Pixels, cache: LevelCache) -> None:
    slides = [FlatSlide(np.roll(pixels, 32 * n, axis=1)) for n in range(3)]
    for n, slide in enumerate(slides):
        assert cache.build(slide, Progress()) is not None
        if n < 2:
            os.utime(cache.path_of(slide), (n + 1, n + 1))
    assert cache.find(slides[0]) is not None, "used now"
    cache.most_bytes = int(2.5 * cache.path_of(slides[0]).stat().st_size)
    newest = FlatSlide(np.roll(pixels, 320, axis=1))
    assert cache.build(newest, Progress()) is not None
    assert [cache.path_of(slide).exists() for slide in slides] == [True, False, False]
    assert cache.path_of(newest).exists()


def test_a_folder_that_can_not_be_used_is_said_in_a_sentence(flat: FlatSlide, cache: LevelCache) -> None:
    cache.folder.write_bytes(b"no folder")
    with pytest.raises(LevelsNotKept, match=r"^The overview of flat can't be kept \(.+\); the slide can be looked at"):
        cache.build(flat, Progress())


_FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from wsiview.progress import Progress
from wsiview.slide import missing_levels
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.level_cache import LevelCache, LevelsNotKept
missing_levels.MOST_COARSEST = missing_levels.ENOUGH = 1 << 20
slide = ArraySlide(np.random.default_rng(0).integers(0, 255, (2100, 2100, 3), dtype=np.uint8), name="noise")
slide.level_dimensions, slide.level_downsamples = slide.level_dimensions[:1], slide.level_downsamples[:1]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    LevelCache(Path(sys.argv[1])).build(slide, Progress())
except LevelsNotKept as error:
    print(error)
"""


@pytest.mark.parametrize("limit", [20_000, 330_000])
def test_a_full_disk_is_said_and_nothing_is_left(tmp_path: Path, limit: int) -> None:
    folder = tmp_path / "levels"
    child = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(folder), str(limit)], capture_output=True, text=True, check=True
    )
    assert child.stdout.startswith("The overview of noise can't be kept (")
    assert list(folder.iterdir()) == []


def test_a_disk_without_room_is_not_filled(
    flat: FlatSlide, cache: LevelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1 << 20

    monkeypatch.setattr(level_cache.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(LevelsNotKept, match="the disk is full") as refused:
        cache.build(flat, Progress())
    assert isinstance(refused.value.__cause__, OSError)
    assert refused.value.__cause__.errno == errno.ENOSPC
    assert flat.reads == 0
