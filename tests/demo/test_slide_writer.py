"""The writer alone, on pixels whose answer is known."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openslide
import pytest

from wsiview.demo.slide_writer import PyramidWriter, halved


def test_halving_rounds_the_mean_of_four() -> None:
    pixels = np.array([[0, 1], [1, 1]], np.uint8)[..., None].repeat(3, axis=2)
    assert halved(pixels).tolist() == [[[1, 1, 1]]]


@pytest.mark.parametrize(("width", "height"), [(1024, 512), (1300, 777), (513, 2100)])
def test_chunks_come_back_where_they_were_put(tmp_path: Path, width: int, height: int) -> None:
    writer = PyramidWriter(width, height, 512, (244, 242, 245))
    square = np.empty((512, 512, 3), np.uint8)
    square[:] = (40, 90, 160)
    writer.put(0, 0, square)
    path = tmp_path / "slide.tiff"
    with ThreadPoolExecutor(1) as pool:
        writer.write(path, 0.35, "a test", pool, lambda: None)
    with openslide.OpenSlide(path) as opened:
        assert opened.dimensions == (width, height)
        for level, (right, bottom) in enumerate(opened.level_dimensions):
            pixels = np.asarray(opened.read_region((0, 0), level, (right, bottom)).convert("RGB"), int)
            side = 512 >> level
            if side < 8:
                continue
            margin = 8 if side > 32 else 2
            inner = pixels[: max(1, side - margin), : max(1, side - margin)]
            assert np.abs(inner - (40, 90, 160)).max() < 12
            beyond = pixels[side + margin :]
            if beyond.size:
                assert np.abs(beyond - (244, 242, 245)).max() < 12
