"""Nuclei: where each one lies, of which kind it is and which way it points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from wsiview.demo.glands import GlandFields
from wsiview.demo.layout import MARGIN, PLAN_STEP, Frame
from wsiview.demo.noise import Field, smooth_noise

Places = NDArray[np.float64]
"""Positions (n, 2) as (row, col) in plan pixels, continuous: the centre of pixel (0, 0) is (0, 0)."""


class Kind(IntEnum):
    """What a nucleus belongs to."""

    LUMINAL = 0
    BASAL = 1
    FIBROBLAST = 2
    TUMOUR = 3
    LYMPHOCYTE = 4


@dataclass(frozen=True, slots=True)
class Nuclei:
    """All nuclei (n,): centres in level-0 pixels, kind, angle of the long axis in radians (y down)."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    kind: NDArray[np.uint8]
    angle: NDArray[np.float32]


def _at(field: Field, places: Places) -> NDArray[np.float64]:
    """The field's values (n,) at continuous places."""
    return np.asarray(ndimage.map_coordinates(field, places.T, order=1, mode="nearest"), np.float64)


def _thinned(places: Places, spacing: NDArray[np.float64]) -> NDArray[np.intp]:
    """Indices of places of which no two are nearer than their mean spacing (plan pixels); earlier ones win."""
    if len(places) < 2:
        return np.arange(len(places))
    pairs = cKDTree(places).query_pairs(float(spacing.max()), output_type="ndarray")
    apart = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    pairs = pairs[apart < (spacing[pairs[:, 0]] + spacing[pairs[:, 1]]) / 2]
    pairs = np.sort(pairs, axis=1)
    open_, kept = np.ones(len(places), bool), np.zeros(len(places), bool)
    for _ in range(12):
        live = pairs[open_[pairs[:, 0]] & open_[pairs[:, 1]]]
        winners = open_.copy()
        winners[live[:, 1]] = False
        kept |= winners
        open_ &= ~winners
        open_[pairs[winners[pairs[:, 0]], 1]] = False
        open_[pairs[winners[pairs[:, 1]], 0]] = False
        if not open_.any():
            break
    return np.flatnonzero(kept)


class _Ground:
    """The fields that placing needs, with the slope of the depth inside glands."""

    def __init__(self, frame: Frame, tissue: Field, glands: GlandFields, flow: tuple[Field, Field]) -> None:
        self.frame, self.tissue, self.glands = frame, tissue, glands
        self.cos, self.sin = flow
        slope = np.gradient(glands.depth)
        self.gy: Field = np.asarray(slope[0], np.float32)
        self.gx: Field = np.asarray(slope[1], np.float32)

    def layer(
        self, where: NDArray[np.bool_], depth_um: float, scatter_um: float, spacing_um: float, rng: np.random.Generator
    ) -> tuple[Places, NDArray[np.float64]]:
        """Places along the line of one depth inside glands, and the inward angle there."""
        depth = self.glands.depth
        band = np.argwhere(where & (np.abs(depth - depth_um) < 2.2) & (self.tissue > 4))
        places = np.repeat(band, 2, axis=0) + rng.uniform(-0.5, 0.5, (2 * len(band), 2))
        wanted = depth_um + rng.normal(0, scatter_um, len(places))
        for _ in range(2):
            slope = np.stack([_at(self.gy, places), _at(self.gx, places)], axis=1)
            steep = np.maximum((slope**2).sum(axis=1), 0.6)
            places = places + np.clip((wanted - _at(depth, places)) / steep, -1.5, 1.5)[:, None] * slope
        places = places[rng.permutation(len(places))]
        spacing = spacing_um / self.frame.pixel_um * rng.uniform(0.85, 1.25, len(places))
        places = places[_thinned(places, spacing)]
        return places, np.arctan2(_at(self.gy, places), _at(self.gx, places))

    def field(
        self, density: Field, spacing_um: float, rng: np.random.Generator
    ) -> tuple[Places, NDArray[np.float64]]:
        """Places strewn by a density (per plan pixel), and the fibres' angle there."""
        places = np.argwhere(rng.random(density.shape, np.float32) < density).astype(np.float64)
        places += rng.uniform(-0.5, 0.5, places.shape)
        places = places[rng.permutation(len(places))]
        spacing = np.full(len(places), spacing_um / self.frame.pixel_um)
        places = places[_thinned(places, spacing)]
        return places, np.arctan2(_at(self.sin, places), _at(self.cos, places)) / 2


def _stromal_density(ground: _Ground, rng: np.random.Generator) -> tuple[Field, Field]:
    """Share of plan pixels that get a fibroblast, and that get a lymphocyte."""
    frame = ground.frame
    stroma = (ground.glands.depth < -3.5) & (ground.tissue > 5)
    waves = smooth_noise(frame.shape, frame.wavelength(250), rng)
    fibroblasts = np.where(stroma, np.clip(0.011 + 0.006 * waves, 0.003, 0.05), 0)
    # Inflammation gathers in a few spots.
    spots = smooth_noise(frame.shape, frame.wavelength(420), rng)
    lymphocytes = np.where(stroma, np.clip((spots - 1.75) * 0.5, 0.0004, 0.25), 0)
    return fibroblasts.astype(np.float32), lymphocytes.astype(np.float32)


def place_nuclei(
    frame: Frame, tissue: Field, glands: GlandFields, flow: tuple[Field, Field], rng: np.random.Generator
) -> Nuclei:
    """Every nucleus of the slide, in the order in which they are painted."""
    ground = _Ground(frame, tissue, glands, flow)
    tumour = glands.tumour > 0.5
    fibroblasts, lymphocytes = _stromal_density(ground, rng)
    groups = [
        (Kind.FIBROBLAST, *ground.field(fibroblasts, 9.0, rng), 0.16),
        (Kind.LYMPHOCYTE, *ground.field(lymphocytes, 7.0, rng), 1.5),
        (Kind.BASAL, *ground.layer(~tumour, 3.0, 0.5, 12.0, rng), 0.12),
        (Kind.LUMINAL, *ground.layer(~tumour, 10.0, 1.3, 6.3, rng), 0.3),
        (Kind.TUMOUR, *ground.layer(tumour, 7.0, 1.2, 8.6, rng), 0.5),
    ]
    # A second row where the wall is thick, as in tufts.
    tufts = ~tumour & (glands.wall > 24)
    groups.append((Kind.LUMINAL, *ground.layer(tufts, 16.5, 1.5, 8.5, rng), 0.4))
    turned = (Kind.BASAL,)
    xs, ys, kinds, angles = [], [], [], []
    for kind, places, angle, wobble in groups:
        xs.append((places[:, 1] - MARGIN + 0.5) * PLAN_STEP)
        ys.append((places[:, 0] - MARGIN + 0.5) * PLAN_STEP)
        kinds.append(np.full(len(places), kind, np.uint8))
        quarter = np.pi / 2 if kind in turned else 0.0
        angles.append(angle + quarter + rng.normal(0, wobble, len(places)))
    return Nuclei(
        np.concatenate(xs).astype(np.float32), np.concatenate(ys).astype(np.float32), np.concatenate(kinds),
        np.concatenate(angles).astype(np.float32),
    )  # fmt: skip
