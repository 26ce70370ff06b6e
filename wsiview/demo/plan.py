"""Plan: everything about a slide that a coarse raster can hold, made before the first pixel is painted."""

from __future__ import annotations

import math
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.demo.flow import bundles, directions
from wsiview.demo.glands import GlandFields, rasterise, scatter_glands
from wsiview.demo.layout import MARGIN, PLAN_STEP, Frame, depth_fields
from wsiview.demo.noise import Field, fractal_noise, smooth_noise
from wsiview.demo.nuclei import Nuclei, place_nuclei
from wsiview.progress import Progress

STRUCTURES = {"glass": 0, "stroma": 1, "benign epithelium": 2, "lumen": 3, "tumour": 4}
"""Value of each structure in the ground-truth mask."""

CHUNK = 512
"""Level-0 pixels per side of the square that is painted at once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Coarse fields (rows, cols), PLAN_STEP level-0 pixels each, and the nuclei.

    Attributes
    ----------
    tissue
        Depth below the tissue's surface, µm.
    glands
        Depth inside glands, walls, kind, secretion.
    flow
        The fibres' direction as (cos 2a, sin 2a).
    bundle
        Fibre bundles, unit variance.
    thickness, blue
        Factors on both stains and on haematoxylin alone, about 1.
    """

    frame: Frame
    tissue: Field
    glands: GlandFields
    flow: tuple[Field, Field]
    bundle: Field
    thickness: Field
    blue: Field
    nuclei: Nuclei


def _walls(frame: Frame, glands: GlandFields, rng: np.random.Generator) -> GlandFields:
    """The glands with walls that swell and thin; only benign ones form tufts."""
    tufts = fractal_noise(frame.shape, frame.wavelength(55), 2, rng)
    swell = np.where(glands.tumour > 0.5, 0.06 * tufts, 0.26 * tufts + 0.06 * np.maximum(tufts, 0) ** 2)
    wall = glands.wall * np.clip(1 + swell, 0.62, 2.2)
    return GlandFields(glands.depth, np.asarray(wall, np.float32), glands.tumour, glands.secretion)


def _thickness(frame: Frame, tissue: Field, rng: np.random.Generator) -> Field:
    """How much stain the section holds: slow waves, a darker rim, two folds."""
    waves = 1 + np.float32(0.06) * smooth_noise(frame.shape, frame.wavelength(1300), rng)
    waves += np.float32(0.05) * fractal_noise(frame.shape, frame.wavelength(260), 3, rng)
    rim = np.float32(0.22) * np.exp(-np.maximum(tissue, 0) / np.float32(22))
    course = smooth_noise(frame.shape, frame.wavelength(1800), rng)
    present = np.clip(smooth_noise(frame.shape, frame.wavelength(900), rng) - np.float32(1.0), 0, 0.6)
    fold = present * np.exp(-((course * np.float32(36)) ** 2))
    return np.asarray(np.clip(waves + rim, 0.75, 1.4) + fold, np.float32)


def make_plan(width: int, height: int, mpp: float, seed: int, progress: Progress, pool: Executor) -> Plan:
    """The plan of a slide of that many level-0 pixels; equal for equal arguments."""
    rng = np.random.default_rng(seed)
    step = CHUNK // PLAN_STEP
    frame = Frame(
        math.ceil(height / CHUNK) * step + 2 * MARGIN, math.ceil(width / CHUNK) * step + 2 * MARGIN, mpp * PLAN_STEP
    )
    progress.report("planning the tissue", 0, 5)
    tissue, zone = depth_fields(frame, width * mpp, height * mpp, rng)
    progress.report("planning the tissue", 1, 5)
    glands = _walls(frame, rasterise(frame, scatter_glands(frame, tissue, zone, rng), rng, pool), rng)
    progress.report("planning the tissue", 2, 5)
    flow = directions(frame, glands.depth, rng)
    bundle = bundles(*flow, rng, pool)
    progress.report("planning the tissue", 3, 5)
    thickness = _thickness(frame, tissue, rng)
    blue = 1 + np.float32(0.07) * smooth_noise(frame.shape, frame.wavelength(1500), rng)
    nuclei = place_nuclei(frame, tissue, glands, flow, rng)
    progress.report("planning the tissue", 5, 5)
    return Plan(frame, tissue, glands, flow, bundle, thickness, np.asarray(blue, np.float32), nuclei)


def structure_mask(plan: Plan, width: int, height: int) -> NDArray[np.uint8]:
    """What lies where: values of STRUCTURES, one pixel per PLAN_STEP level-0 pixels (rows, cols)."""
    glands = plan.glands
    mask = np.full(plan.frame.shape, STRUCTURES["stroma"], np.uint8)
    benign = glands.tumour < 0.5
    mask[benign & (glands.depth > 0)] = STRUCTURES["benign epithelium"]
    mask[benign & (glands.depth > glands.wall)] = STRUCTURES["lumen"]
    # The slips of stroma between crowded tumour glands are read as tumour.
    mask[~benign & (glands.depth > -3.0)] = STRUCTURES["tumour"]
    mask[plan.tissue < 0] = STRUCTURES["glass"]
    rows, cols = math.ceil(height / PLAN_STEP), math.ceil(width / PLAN_STEP)
    return np.ascontiguousarray(mask[MARGIN : MARGIN + rows, MARGIN : MARGIN + cols])
