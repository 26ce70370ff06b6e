"""Magnification and orientation: what the steps are, and how a turned view is told."""

from __future__ import annotations

import pytest

from wsiview.geometry import Point, Size
from wsiview.scene.magnification import OBJECTIVE, PRESETS, preset_at
from wsiview.scene.orientation import orientation
from wsiview.scene.viewport import Viewport

VIEW = Viewport(Point(300, 200), 2.0, Size(400, 300))


def test_the_steps_are_those_of_a_microscope() -> None:
    assert [(preset.digit, preset.name, preset.microns) for preset in PRESETS] == [
        (1, "1×", 10.0), (2, "2×", 5.0), (3, "4×", 2.5), (4, "10×", 1.0), (5, "20×", 0.5), (6, "40×", 0.25),
    ]  # fmt: skip
    assert all(int(preset.name[:-1]) * preset.microns == OBJECTIVE for preset in PRESETS)


def test_a_step_is_in_use_only_where_the_scale_is_known_and_hits_it() -> None:
    ten = preset_at(1.0004)
    assert ten is not None
    assert ten.name == "10×"
    assert preset_at(1.01) is None
    assert preset_at(None) is None


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (VIEW, ""),
        (VIEW.turned(90), "turned 90°"),
        (VIEW.turned(-90), "turned 270°"),
        (VIEW.turned(360), ""),
        (VIEW.turned(12.5).turned(-13), "turned 359.5°"),
        (VIEW.mirrored(), "mirrored"),
        (VIEW.turned(90).mirrored(), "turned 270°, mirrored"),
        (VIEW.turned(33).mirrored().righted(), ""),
    ],
)
def test_a_turned_view_says_so(view: Viewport, words: str) -> None:
    assert orientation(view) == words


@pytest.mark.parametrize("rotation", [0.0, 90.0, 31.0, 200.0])
@pytest.mark.parametrize("flipped", [False, True])
def test_a_mirror_exchanges_left_and_right_of_the_screen_however_the_view_is_turned(
    rotation: float, flipped: bool
) -> None:
    view = Viewport(VIEW.center, VIEW.downsample, VIEW.size, rotation, flipped)
    x, y = view.to_device.apply(350, 260)
    assert view.mirrored().to_device.apply(350, 260) == pytest.approx((400 - x, y))
    assert view.mirrored().mirrored().to_device.apply(350, 260) == pytest.approx((x, y))


def test_a_turn_is_clockwise_on_screen_also_when_mirrored() -> None:
    for view in (VIEW, VIEW.mirrored()):
        x, y = view.to_device.apply(350, 200)
        turned = view.turned(90).to_device.apply(350, 200)
        assert turned == pytest.approx((200 - (y - 150), 150 + (x - 200)))
