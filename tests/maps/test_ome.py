from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.ome import image_metadata, level_shapes
from wsiview.maps.plan import MapPlan


def test_levels_halve_until_all_fits_into_a_block() -> None:
    assert level_shapes((150, 200), 64) == ((150, 200), (75, 100), (38, 50))
    assert level_shapes((64, 1), 64) == ((64, 1),)


def nodes(path: Path) -> list[Any]:
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    location = parse_url(path, mode="r")
    assert location is not None
    return list(Reader(location)())


def place(node: Any, level: int, row: float, col: float) -> tuple[float, float]:
    """Where the foreign reader's metadata puts the centre of a cell: (x, y)."""
    scale, translation = node.metadata["coordinateTransformations"][level]
    (y_scale, x_scale), (y_shift, x_shift) = scale["scale"][-2:], translation["translation"][-2:]
    return col * x_scale + x_shift, row * y_scale + y_shift


@pytest.mark.parametrize("level", [0, 1, 2])
def test_ome_zarrs_own_reader_puts_cells_where_we_do(finished: Path, level: int) -> None:
    found, (image, *others) = ClusterMap.open(finished), nodes(finished)
    label = next(node for node in others if node.metadata.get("name") == "argmax")
    mpp = np.array([0.25, 0.26])
    factor = 2**level
    for node in (image, label):
        for row, col in [(0, 0), (17, 5), (3, 23)]:
            # A coarse cell covers factor × factor fine ones: its centre lies half of that from its corner.
            corner = np.array(found.cell_to_level0.apply(col * factor, row * factor))
            next_corner = np.array(found.cell_to_level0.apply((col + 1) * factor, (row + 1) * factor))
            ours = (corner + next_corner) / 2 * mpp
            cell = (next_corner - corner) * mpp / factor
            assert np.abs((np.array(place(node, level, row, col)) - ours) / cell).max() < 0.01
    assert np.array_equal(np.asarray(image.data[level]), found.weights_at(level))
    assert np.asarray(label.data[0]).max() == 3
    assert np.array_equal(np.asarray(label.data[0]), found.argmax())


def test_ome_zarrs_own_reader_finds_names_colours_and_units(finished: Path) -> None:
    image, *others = nodes(finished)
    assert image.metadata["channel_names"] == ["A", "B", "C"]
    assert image.metadata["colormap"][1][1] == pytest.approx([0xDF / 255, 0x50 / 255, 0x20 / 255])
    assert image.metadata["contrast_limits"] == [[0.0, 2.0]] * 3
    assert [axis.get("unit") for axis in image.metadata["axes"]] == [None, "micrometer", "micrometer"]
    label = next(node for node in others if node.metadata.get("name") == "argmax")
    assert label.metadata["properties"] == {1: {"class": "A"}, 2: {"class": "B"}, 3: {"class": "C"}}


def test_without_a_scale_places_are_level_0_pixels_without_a_unit(
    path: Path, plan: MapPlan, write_map: Callable[[Path, MapPlan], None]
) -> None:
    bare = replace(plan, cell_microns=None)
    axes = image_metadata(bare, "S")["multiscales"][0]["axes"]
    assert all("unit" not in axis for axis in axes)
    scale, translation = image_metadata(bare, "S")["multiscales"][0]["datasets"][1]["coordinateTransformations"]
    assert scale["scale"] == [1.0, 32.5, 33.0]
    assert translation["translation"] == [0.0, 3.25 + 16.25, -7.5 + 16.5]
    write_map(path, bare)
    assert ClusterMap.open(path).attributes["length_unit"] == "level-0 pixel"
