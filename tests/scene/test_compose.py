"""Compose: cells lie where they belong, and look as the method says."""

from dataclasses import replace

import numpy as np
import pytest

from wsiview.geometry import Affine
from wsiview.scene.compose import compose, drawing_key, flattened, table
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.marks import CROSS, DOT, PLATE, VEIL
from wsiview.scene.plane import Appearance, Plane, appearance
from wsiview.scene.strength import FULL_ALPHA, SPECK_ALPHA
from wsiview.scene.strongest import CASING, FILL, GAP, OUTLINE, SPARSE, UNDECIDED
from wsiview.scene.visible_tiles import Window

STACK = LayerStack(default_looks(3))
FAR, MIDDLE, NEAR = Appearance(8.0), Appearance(2.0), Appearance(0.5)


def planes(grids: MapGrids, stack: LayerStack, window: Window, look: Appearance) -> dict[str, Plane]:
    return {plane.role: plane for plane in compose(grids, stack, window, look)}


@pytest.mark.parametrize("downsample", [0.31, 1.0, 2.2, 9.7])
def test_each_pixel_shows_the_cell_under_its_centre(grids: MapGrids, downsample: float) -> None:
    window = Window(downsample, round(1250 / downsample), round(90 / downsample), 200, 150)
    codes = planes(grids, STACK, window, FAR)["strongest"].codes
    assert codes is not None
    for y in range(0, 150, 7):
        for x in range(0, 200, 3):
            at = grids.cell_at(Window(downsample, window.x + x, window.y + y, 1, 1).region.center)
            values = None if at is None else grids.values_at(*at)
            if values is None or values.strongest is None:
                assert codes[y, x] == 0
            elif values.undecided:
                assert codes[y, x] in (UNDECIDED + values.strongest, UNDECIDED + (values.second or 0))
            else:
                assert codes[y, x] == FILL + values.strongest


def test_neighbouring_windows_join(grids: MapGrids) -> None:
    stack = replace(STACK, saliency="gradcam/0", classes=tuple(replace(c, hatched=True) for c in STACK.classes))
    for look in (FAR, MIDDLE, NEAR, Appearance(0.5, 2.0)):
        whole = flattened(compose(grids, stack, Window(1.3, 900, 40, 200, 90), look), stack, look, (90, 200))
        left = flattened(compose(grids, stack, Window(1.3, 900, 40, 77, 90), look), stack, look, (90, 77))
        right = flattened(compose(grids, stack, Window(1.3, 977, 40, 123, 90), look), stack, look, (90, 123))
        assert np.array_equal(whole, np.concatenate([left, right], axis=1))


def test_fills_give_way_to_outlines_as_one_comes_nearer(grids: MapGrids) -> None:
    kinds = {}
    for look in (FAR, MIDDLE, NEAR):
        plane = planes(grids, STACK, Window(1.0, 1200, 100, 300, 200), look)["strongest"]
        alpha = table(plane, STACK, look)[:, 3]
        assert plane.codes is not None
        kinds[look.band] = ({int(code) for code in np.unique(plane.codes)}, alpha)
    assert kinds["far"][1][FILL] == round(0.45 * 255)
    assert kinds["middle"][1][FILL] == round(0.30 * 255)
    assert kinds["near"][1][FILL] == 0
    assert OUTLINE not in kinds["far"][0]
    assert OUTLINE in kinds["middle"][0]
    assert {OUTLINE, CASING, SPARSE} <= kinds["near"][0]


def test_the_bands_are_told_by_microns_per_screen_pixel() -> None:
    assert [appearance(d, 0.5, 1.0).band for d in (9, 8, 2, 1.9)] == ["far", "middle", "middle", "near"]
    assert appearance(4.0, 0.5, 2.0).microns == appearance(8.0, 0.5, 1.0).microns
    assert appearance(8.0, None, 1.0).microns == 2.0


def test_hidden_classes_are_transparent_by_table_alone(grids: MapGrids) -> None:
    hidden = STACK.with_class(0, replace(STACK.classes[0], visible=False, color=(1, 2, 3), threshold=0.5))
    assert drawing_key(hidden) == drawing_key(STACK)
    plane = planes(grids, STACK, Window(1.0, 1100, 100, 64, 64), FAR)["strongest"]
    assert table(plane, STACK, FAR)[FILL, 3] > 0
    assert table(plane, hidden, FAR)[FILL, 3] == 0
    assert table(plane, hidden, FAR)[FILL + 1, 3] > 0


def test_hatched_classes_have_gaps(grids: MapGrids) -> None:
    stack = STACK.with_class(0, replace(STACK.classes[0], hatched=True))
    codes = planes(grids, stack, Window(1.0, 1100, 100, 64, 64), FAR)["strongest"].codes
    assert codes is not None
    assert np.mean(codes == GAP) == pytest.approx(0.5, abs=0.02)
    assert drawing_key(stack) != drawing_key(STACK)


def test_states_look_different(grids: MapGrids) -> None:
    rows = {row: grids.cell_region(row, 10) for row in (0, 1, 2, 5)}
    seen = {}
    for row, region in rows.items():
        window = Window(0.1, round(region.x / 0.1) + 2, round(region.y / 0.1) + 2, 60, 40)
        plane = planes(grids, STACK, window, FAR).get("marks")
        seen[row] = set() if plane is None or plane.codes is None else set(np.unique(plane.codes).tolist())
    assert seen[0] == {0, DOT}
    assert seen[1] == {VEIL}
    assert seen[2] == {CROSS, PLATE}
    assert seen[5] == set()


def test_strength_is_linear_and_nothing_below_the_threshold(grids: MapGrids) -> None:
    for index, strength in ((0, 1.0), (1, 0.5), (2, 0.15)):
        stack = replace(STACK, strongest=False, strength=(index,))
        col = 10 if index != 1 else 60
        region = grids.cell_region(80, col)
        window = Window(1.0, round(region.center.x), round(region.center.y), 1, 1)
        rgba = flattened(compose(grids, stack, window, FAR), stack, FAR, (1, 1))[0, 0]
        assert rgba[3] == pytest.approx(255 * FULL_ALPHA * strength, abs=2)
        above = stack.with_class(index, replace(stack.classes[index], threshold=strength + 0.02))
        assert flattened(compose(grids, above, window, FAR), above, FAR, (1, 1))[0, 0, 3] == 0


def test_a_strength_too_weak_for_a_colour_leaves_specks_and_none_leaves_nothing(grids: MapGrids) -> None:
    one = replace(STACK, strongest=False, strength=(2,))
    hatched = one.with_class(2, replace(one.classes[2], hatched=True, threshold=0.4))
    two = replace(one, strength=(1, 2))
    windows = {row: Window(0.1, round(grids.cell_region(row, 70).x / 0.1) + 2, round(row * 51) - 195, 60, 40)
               for row in (20, 80)}  # fmt: skip
    for stack in (replace(one, classes=hatched.classes), one.with_class(2, replace(one.classes[2], threshold=0.4))):
        none, weak = (flattened(compose(grids, stack, windows[row], FAR), stack, FAR, (40, 60)) for row in (20, 80))
        assert not none.any()
        assert 0 < (weak[..., 3] > 0).mean() < 0.06
        assert set(np.unique(weak[..., 3])) == {0, round(255 * SPECK_ALPHA)}
    shy = tuple(replace(look, threshold=0.9) for look in two.classes)
    both = replace(two, classes=shy)
    seen = flattened(compose(grids, both, windows[80], FAR), both, FAR, (40, 60))
    assert 0 < (seen[..., 3] > 0).mean() < 0.06, "B at 0.5 and C at 0.15, both under 90 %"
    stronger = np.rint(np.array(STACK.classes[1].color) * SPECK_ALPHA)
    assert (seen[seen[..., 3] > 0][:, :3] == stronger).all()


def test_of_several_strengths_the_strongest_is_the_most_opaque() -> None:
    rng = np.random.default_rng(1)
    grids = MapGrids((64, 64), Affine.scaling(1, 1), 5)
    weights = (3 * rng.random((5, 64, 64))).astype(np.float32)  # most are beyond full strength
    weights[:, :8] = 0.7 + 1e-5 * rng.random((5, 8, 64))  # the same to three figures
    weights[:, 8:10] = 0.7
    grids.put(0, 0, weights, np.full((64, 64), 2, np.uint8))
    base = LayerStack(default_looks(5), strongest=False, strength=(0, 1, 2, 3, 4))
    for look in ("default", "paper"):
        stack = replace(base, look=look)
        window = Window(1.0, 0, 0, 64, 64)
        shares = []
        for index in range(5):
            # What a class adds is what changes when its colour goes from black to white.
            pictures = []
            for color in ((0, 0, 0), (255, 255, 255)):
                classes = tuple(
                    replace(c, color=color if k == index else (0, 0, 0)) for k, c in enumerate(stack.classes)
                )
                painted = replace(stack, classes=classes)
                pictures.append(flattened(compose(grids, painted, window, FAR), painted, FAR, (64, 64)))
            shares.append(pictures[1][..., 0].astype(int) - pictures[0][..., 0])
        assert np.array_equal(np.argmax(shares, axis=0), weights.argmax(axis=0))


def test_contours_lie_at_quarters_of_the_scale_and_negative_ones_are_dashed(grids: MapGrids) -> None:
    stack = replace(STACK, strongest=False, saliency="gradcam/0")
    look = Appearance(0.5)
    window = Window(0.5, round(1000 / 0.5), round(200 / 0.5), 1320, 60)
    plane = planes(grids, stack, window, look)["mixed"]
    assert plane.rgba is not None
    white = (plane.rgba[..., :3].min(axis=2) > 200).mean(axis=0)
    columns = np.flatnonzero(white > 0.2)
    places = (columns + window.x + 0.5) * 0.5
    value = -1 + 2 * ((places - 1000.5) / 7.3 - 0.5) / 89
    assert np.abs(np.abs(value) * 4 - np.rint(np.abs(value) * 4)).max() < 0.02
    assert {round(v) for v in value * 4} == {-3, -2, -1, 1, 2, 3}
    assert white[columns[value > 0]].max() > 0.95
    assert white[columns[value < 0]].max() < 0.7


def test_predictions_are_drawn_on_label_regions_only(grids: MapGrids) -> None:
    grids.set_predictions(np.array([[1100, 100]]), np.array([0.5], np.float32), (40, 40), (100, 100))
    stack = replace(STACK, strongest=False, prediction=True)
    plane = planes(grids, stack, Window(1.0, 1100, 100, 100, 100), FAR)["prediction"]
    assert plane.codes is not None
    ys, xs = np.nonzero(plane.codes)
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (30, 69, 30, 69)


def test_opacity_is_applied_once_to_everything(grids: MapGrids) -> None:
    window = Window(1.0, 1100, 100, 32, 32)
    full = flattened(compose(grids, STACK, window, FAR), STACK, FAR, (32, 32))
    half = replace(STACK, opacity=0.5)
    assert np.abs(flattened(compose(grids, half, window, FAR), half, FAR, (32, 32)) - full / 2).max() <= 1
    hidden = replace(STACK, hidden=True)
    assert not flattened(compose(grids, hidden, window, FAR), hidden, FAR, (32, 32)).any()


def test_the_papers_look_amplifies_weak_signals_and_turns_influence_green(grids: MapGrids) -> None:
    stack = replace(STACK, look="paper", saliency="gradcam/0")
    region = grids.cell_region(80, 86)  # B at strength 0.5, C at 0.15, influence nearly 1
    window = Window(1.0, round(region.center.x), round(region.center.y), 1, 1)
    rgba = flattened(compose(grids, stack, window, FAR), stack, FAR, (1, 1))[0, 0]
    assert rgba[3] > 255 * 0.9
    assert rgba[1] > rgba[0]
