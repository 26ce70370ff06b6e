"""Scale bar: round lengths that are as long as they say."""

import pytest

from wsiview.scene.scale_bar import magnification, scale_bar


@pytest.mark.parametrize("downsample", [0.25, 1.0, 3.7, 40.0, 700.0])
@pytest.mark.parametrize("mpp", [0.1, 0.25, 0.499, 4.0])
def test_the_bar_is_as_long_as_it_says(downsample: float, mpp: float) -> None:
    bar = scale_bar(downsample, mpp, 180)
    number, unit = bar.text.split(" ")
    microns = float(number) * {"mm": 1000, "µm": 1, "nm": 0.001}[unit]
    assert bar.length * downsample * mpp == pytest.approx(microns)
    assert 180 / 2.5 - 1e-6 <= bar.length <= 180 + 1e-6


def test_forty_times_is_a_quarter_of_a_micron() -> None:
    assert magnification(0.25) == "40× · 0.25 µm/px"
    assert scale_bar(0.5, 0.25, 100, pixel_ratio=2.0).magnification == "40× · 0.25 µm/px"


def test_an_uncalibrated_slide_says_so() -> None:
    bar = scale_bar(4.0, None, 180)
    assert bar.text == "uncalibrated, 500 px"
    assert bar.length == pytest.approx(125)
    assert "×" not in bar.magnification
