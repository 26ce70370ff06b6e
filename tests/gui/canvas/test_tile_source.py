"""Tile source: pixels at screen scale, exactly placed, whatever the file is like."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wsiview.gui.canvas.file_tiles import as_bytes
from wsiview.gui.canvas.tile_source import OUTSIDE, ScreenTile, TileSource, Unwanted
from wsiview.scene.visible_tiles import Window
from wsiview.slide.array_slide import ArraySlide
from wsiview.slide.wrapped_slide import Unreadable, WrappedSlide


def always() -> bool:
    return True


def rgb(tile: ScreenTile) -> NDArray[np.uint8]:
    return as_bytes(tile.pixels)[..., 2::-1]


def centroid(pixels: NDArray[np.uint8], x: float, y: float, radius: float) -> tuple[float, float]:
    """Centre of the dark pixels near a place."""
    ys, xs = np.mgrid[: pixels.shape[0], : pixels.shape[1]] + 0.5
    dark = np.clip(235.0 - pixels[..., 0], 0, None) * (np.hypot(xs - x, ys - y) < radius)
    return float((dark * xs).sum() / dark.sum()), float((dark * ys).sum() / dark.sum())


@pytest.mark.parametrize("downsample", [0.3, 0.77, 1.0, 2.59, 2.61, 5.5, 7.4, 11.0])
def test_marks_lie_where_they_belong_at_every_level(odd, downsample: float) -> None:  # type: ignore[no-untyped-def]
    x, y = 777.0 / downsample, 1033.5 / downsample
    half = round(40 / downsample) + 4
    window = Window(downsample, round(x) - half, round(y) - half, 2 * half, 2 * half)
    pixels = rgb(TileSource(odd).render(window, always))
    found = centroid(pixels, x - window.x, y - window.y, 25 / downsample + 2)
    assert found == pytest.approx((x - window.x, y - window.y), abs=0.25)


def test_neighbouring_windows_meet_without_a_seam(odd) -> None:  # type: ignore[no-untyped-def]
    source = TileSource(odd)
    for downsample in (0.6, 1.9, 3.3):
        whole = rgb(source.render(Window(downsample, 20, 30, 300, 200), always))
        left = rgb(source.render(Window(downsample, 20, 30, 111, 200), always))
        right = rgb(source.render(Window(downsample, 131, 30, 189, 200), always))
        assert np.abs(whole.astype(int) - np.concatenate([left, right], axis=1)).max() <= 1


def test_at_one_to_one_pixels_are_those_of_the_slide(array: ArraySlide) -> None:
    pixels = rgb(TileSource(array).render(Window(1.0, 30, 50, 200, 100), always))
    assert np.array_equal(pixels, array.read(0, 30, 50, 200, 100))


def test_outside_the_slide_is_neutral_and_never_black_or_white(odd) -> None:  # type: ignore[no-untyped-def]
    pixels = rgb(TileSource(odd).render(Window(4.0, -50, -50, 100, 100), always))
    assert (pixels[:50] == OUTSIDE).all()
    assert (pixels[:, :50] == OUTSIDE).all()
    assert not (pixels[50:, 50:] == OUTSIDE).all(axis=2).any()


def test_a_slide_without_a_pyramid_is_read_piece_by_piece() -> None:
    class Flat(ArraySlide):
        largest = 0

        def read(self, level: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
            Flat.largest = max(Flat.largest, width * height)
            return super().read(level, x, y, width, height)

    slide = Flat(np.full((5000, 6000, 3), 200, np.uint8))
    slide.level_dimensions, slide.level_downsamples = slide.level_dimensions[:1], slide.level_downsamples[:1]
    pixels = rgb(TileSource(slide).render(Window(20.0, 0, 0, 300, 250), always))
    assert (pixels == 200).all()
    assert Flat.largest <= 1024 * 1024


def test_an_unreadable_tile_is_hatched_over_coarser_content_and_read_once(odd) -> None:  # type: ignore[no-untyped-def]
    odd.broken = {(0, 720, 960)}
    source = TileSource(odd)
    good = rgb(TileSource(type(odd)()).render(Window(1.0, 600, 900, 400, 400), always))
    tile = source.render(Window(1.0, 600, 900, 400, 400), always)
    assert tile.bad == {(0, 3, 4)}
    bad = rgb(tile)[60:300, 120:360].astype(int)
    near = np.abs(bad - good[60:300, 120:360]).max(axis=2) < 40
    assert 0.5 < near.mean() < 0.95, "the coarser level shows between the lines"
    assert np.array_equal(rgb(tile)[:60], good[:60])
    for _ in range(3):
        source.render(Window(1.0, 600, 900, 400, 400), always)
    assert odd.attempts == 1
    source.tiles.try_again()
    source.render(Window(1.0, 600, 900, 400, 400), always)
    assert odd.attempts == 2
    odd.broken = set()
    source.tiles.try_again()
    assert source.render(Window(1.0, 600, 900, 400, 400), always).bad == frozenset()
    assert source.tiles.bad == frozenset()


def test_a_place_that_a_built_level_could_not_hold_is_hatched_and_counted(odd) -> None:  # type: ignore[no-untyped-def]
    slide = WrappedSlide(odd)
    slide.built_levels, slide.unreadable = frozenset({1}), (Unreadable(0, 480, 720, 240, 240),)
    source, sound = TileSource(slide), TileSource(odd)
    window = Window(3.0, 130, 220, 200, 150)
    tile, plain = source.render(window, always), sound.render(window, always)
    inside = np.s_[240 - 220 : 320 - 220, 160 - 130 : 240 - 130]
    changed = (rgb(tile) != rgb(plain)).any(axis=2)
    assert 0.1 < changed[inside].mean() < 0.6, "lines over what is there"
    changed[18:102, 28:112] = False
    assert not changed.any(), "and none elsewhere"
    assert tile.bad == source.tiles.bad == {(0, 2, 3)}
    fine = source.render(Window(1.0, 480, 720, 100, 100), always)
    assert np.array_equal(fine.pixels, sound.render(Window(1.0, 480, 720, 100, 100), always).pixels)


def test_nothing_is_decoded_for_a_view_that_is_gone(odd) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unwanted):
        TileSource(odd).render(Window(1.0, 0, 0, 100, 100), lambda: False)
    assert odd.reads == 0
