"""Painter: turns the plan into pixels, one chunk at a time, the same whichever chunk comes first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsiview.demo.layout import MARGIN, PLAN_STEP
from wsiview.demo.noise import Field, enlarge
from wsiview.demo.nuclei import Kind, Nuclei
from wsiview.demo.plan import CHUNK, Plan
from wsiview.demo.sprites import HALF, TURNS, VARIANTS
from wsiview.demo.stain import FULL, colour_table, coloured
from wsiview.demo.textures import FIBRE_ANGLES, FIBRE_SCALE, PERIOD, Textures

STEP = CHUNK // PLAN_STEP


def _ramp(field: Field, width: float) -> Field:
    """0 below -width/2, 1 above +width/2, linear between."""
    ramp = field * np.float32(1 / width)
    ramp += np.float32(0.5)
    return np.asarray(np.clip(ramp, 0, 1, out=ramp), np.float32)


class Painter:
    """Paints the chunks of one plan; may be called from many threads.

    Parameters
    ----------
    plan
        What lies where.
    textures
        The finest detail.
    seed
        Of the choice among sprites.
    """

    def __init__(self, plan: Plan, textures: Textures, seed: int) -> None:
        """Get ready to paint."""
        self._plan, self._textures = plan, textures
        self._rough = textures.medium * np.float32(0.55) + textures.coarse
        self._speckle = np.float32(0.014) * textures.fine + np.float32(0.030) * textures.medium
        self._table = colour_table()
        y, x = np.mgrid[:CHUNK, :CHUNK].astype(np.int32) % PERIOD
        self._in_texture = y * PERIOD + x
        self._chosen = np.random.default_rng([seed, 2]).integers(VARIANTS, size=len(plan.nuclei.x))
        self._by_chunk = _by_chunk(plan.nuclei)

    def _field(self, field: Field, row: int, col: int) -> Field:
        """One coarse field at level-0 resolution (CHUNK, CHUNK)."""
        part = field[row * STEP : (row + 1) * STEP + 2 * MARGIN, col * STEP : (col + 1) * STEP + 2 * MARGIN]
        return enlarge(part, CHUNK, CHUNK, (MARGIN, MARGIN, MARGIN + STEP, MARGIN + STEP))

    def is_glass(self, row: int, col: int) -> bool:
        """Whether the chunk holds no tissue."""
        part = self._plan.tissue[
            row * STEP : (row + 1) * STEP + 2 * MARGIN, col * STEP : (col + 1) * STEP + 2 * MARGIN
        ]
        return bool(part.max() < -16)

    def _fibre(self, row: int, col: int) -> Field:
        """Fibrils (CHUNK, CHUNK), about unit variance, faded from one angle's texture into the next."""
        cos, sin = (self._field(part, row, col) for part in self._plan.flow)
        angle = np.arctan2(sin, cos)
        angle *= np.float32(FIBRE_ANGLES / (2 * np.pi))
        angle += np.float32(FIBRE_ANGLES)
        lower = angle.astype(np.int32)
        angle -= lower
        lower %= FIBRE_ANGLES
        lower *= PERIOD * PERIOD
        lower += self._in_texture
        first = self._textures.fibres[lower].astype(np.float32)
        lower += PERIOD * PERIOD
        lower %= self._textures.fibres.size
        second = self._textures.fibres[lower].astype(np.float32)
        norm = np.sqrt(angle * angle + (1 - angle) ** 2)
        norm /= np.minimum(np.hypot(cos, sin), 1)
        mixed = (first - 128) * (1 - angle) + (second - 128) * angle
        return np.asarray(mixed / (norm * np.float32(FIBRE_SCALE)), np.float32)

    def _stroma(self, row: int, col: int) -> Field:
        """Eosin of the fibromuscular stroma (CHUNK, CHUNK), with clefts between the bundles."""
        fibre, bundle = self._fibre(row, col), self._field(self._plan.bundle, row, col)
        eosin = np.float32(0.62) + np.float32(0.085) * fibre
        eosin += np.float32(0.085) * bundle
        cleft = fibre * np.float32(-0.5) - bundle * np.float32(0.8) - np.float32(1.75)
        eosin -= np.float32(0.5) * _ramp(cleft, 1.0)
        return np.asarray(np.maximum(eosin, np.float32(0.03), out=eosin), np.float32)

    def densities(self, row: int, col: int) -> tuple[Field, Field]:
        """Haematoxylin and eosin (CHUNK, CHUNK) without the nuclei."""
        plan = self._plan
        depth, wall, kind, secretion = (
            self._field(f, row, col)
            for f in (plan.glands.depth, plan.glands.wall, plan.glands.tumour, plan.glands.secretion)
        )
        kind = _ramp(kind - np.float32(0.5), 0.2)
        rough = self._rough
        inside = _ramp(depth + np.float32(0.35) * self._textures.medium, 1.1)
        # The free border of benign cells is frayed, that of tumour cells sharp.
        fray = rough * (np.float32(1.5) - kind)
        lumen = _ramp(depth - wall - fray, 1.6)
        cell = inside - inside * lumen
        apical = np.clip(depth / (wall + np.float32(1)), 0, 1)
        speckle = self._speckle
        benign = np.float32(0.37) - np.float32(0.09) * apical + speckle
        malignant = np.float32(0.43) - np.float32(0.05) * apical + speckle
        content = secretion * np.clip(np.float32(0.10) + np.float32(0.022) * rough, 0, 1) + np.float32(0.015)
        content += kind * secretion * np.float32(0.18)
        membrane = np.exp(-((depth - np.float32(0.2)) ** 2) * np.float32(0.9)) * np.float32(0.12)
        eosin = self._stroma(row, col) * (1 - inside)
        eosin += cell * (benign + kind * (malignant - benign)) + (inside - cell) * content + membrane
        blue = (1 - inside) * np.float32(0.035) + cell * (np.float32(0.045) + np.float32(0.095) * kind)
        blue += cell * np.float32(0.6) * np.abs(speckle)
        return self._cut(row, col, blue, eosin, rough)

    def _cut(self, row: int, col: int, blue: Field, eosin: Field, rough: Field) -> tuple[Field, Field]:
        """The densities inside the tissue's ragged edge, times the section's thickness."""
        plan = self._plan
        tissue = _ramp(self._field(plan.tissue, row, col) + np.float32(2.4) * rough, 2.4)
        tissue *= self._field(plan.thickness, row, col)
        eosin *= tissue
        blue *= tissue
        blue *= self._field(plan.blue, row, col)
        return blue, eosin

    def _nuclei(self, row: int, col: int) -> NDArray[np.uint8]:
        """Density bytes of the chunk's nuclei (CHUNK, CHUNK)."""
        canvas = np.zeros((CHUNK + 4 * HALF, CHUNK + 4 * HALF), np.uint8)
        nuclei = self._plan.nuclei
        members = self._by_chunk.get((row, col), _NOBODY)
        lefts = np.round(nuclei.x[members] - col * CHUNK).astype(int) + HALF
        tops = np.round(nuclei.y[members] - row * CHUNK).astype(int) + HALF
        turns = np.round(nuclei.angle[members] * (TURNS / np.pi)).astype(int) % TURNS
        stamps = zip(
            lefts.tolist(), tops.tolist(), nuclei.kind[members].tolist(), self._chosen[members].tolist(),
            turns.tolist(), strict=True,
        )  # fmt: skip
        for left, top, kind, variant, turn in stamps:
            part = canvas[top : top + 2 * HALF, left : left + 2 * HALF]
            np.maximum(part, self._textures.sprites[kind, variant, turn], out=part)
        return canvas[2 * HALF : 2 * HALF + CHUNK, 2 * HALF : 2 * HALF + CHUNK]

    def paint(self, row: int, col: int) -> NDArray[np.uint8]:
        """The chunk's pixels, RGB (CHUNK, CHUNK, 3)."""
        blue, eosin = self.densities(row, col)
        stamped = self._nuclei(row, col).astype(np.float32)
        stamped *= np.float32(FULL / 255)
        # Chromatin displaces the cytoplasm above and below it, but not all of it.
        eosin *= 1 - np.float32(0.45) * np.minimum(stamped, 1)
        stamped *= self._field(self._plan.blue, row, col)
        np.maximum(blue, stamped, out=blue)
        blue += np.float32(0.006) * self._textures.fine
        blue *= np.float32(255 / FULL)
        eosin *= np.float32(255 / FULL)
        return coloured(
            self._table, np.clip(blue, 0, 255).astype(np.uint8), np.clip(eosin + 0.5, 0, 255).astype(np.uint8)
        )


_NOBODY = np.zeros(0, np.intp)
_KINDS = len(Kind)


def _by_chunk(nuclei: Nuclei) -> dict[tuple[int, int], NDArray[np.intp]]:
    """Which nuclei each chunk must stamp, those of its neighbours that reach in included, in painting order."""
    found = []
    number = np.arange(len(nuclei.x))
    for dy in (-HALF, HALF):
        for dx in (-HALF, HALF):
            row = np.floor((nuclei.y + dy) / CHUNK).astype(np.int64)
            col = np.floor((nuclei.x + dx) / CHUNK).astype(np.int64)
            found.append(np.stack([row, col, number], axis=1))
    rows = np.unique(np.concatenate(found), axis=0)
    starts = np.flatnonzero(np.any(np.diff(rows[:, :2], axis=0, prepend=-9), axis=1))
    groups = np.split(rows, starts[1:]) if len(rows) else []
    return {(int(group[0, 0]), int(group[0, 1])): group[:, 2] for group in groups}
