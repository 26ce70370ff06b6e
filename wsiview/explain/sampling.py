"""Sampling: feature vectors of patches of a slide, drawn at random within bounds, the same for the same seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wsiview import __version__
from wsiview.errors import SlideError
from wsiview.explain.features_cache import FeaturesCache, Part, rounded
from wsiview.explain.fit_plan import FitPlan
from wsiview.explain.patch_vectors import patch_vectors
from wsiview.explain.planning import patch_plan
from wsiview.explain.request import BLOCK, batch_size
from wsiview.explain.settings import FitSettings
from wsiview.features.reach import patch_locations
from wsiview.models.classifier import Classifier
from wsiview.slide.slide import Slide
from wsiview.slide.virtual_level import VirtualLevel
from wsiview.tiling.patch_grid import patch_grid
from wsiview.tiling.tissue import tissue_mask

Opening = Callable[[], Slide]


@dataclass(frozen=True)
class Sample:
    """One slide's part of the vectors.

    Attributes
    ----------
    places
        Level-0 corners (m, 2) of its readable patches.
    unreadable
        How many of the drawn patches were not.
    key
        What the vectors depend on, as a digest.
    fingerprint
        Of the slide.
    computed
        Whether any part was not found in the cache.
    """

    parts: tuple[Part, ...]
    places: NDArray[np.int64]
    unreadable: int
    key: str
    fingerprint: str
    computed: bool


class Sampler:
    """Draws the same patches and locations of a slide for the same seed, whatever was cached."""

    def __init__(
        self,
        classifier: Classifier,
        plan: FitPlan,
        settings: FitSettings,
        n_slides: int,
        cache: FeaturesCache,
    ) -> None:
        geometry = plan.geometry
        self._classifier, self._plan, self._geometry, self._settings = classifier, plan, geometry, settings
        self._batch = batch_size(geometry.patch_pixels)
        self._locations = patch_locations(classifier, plan.layer, geometry.patch_pixels)
        self._vectors = patch_vectors(classifier, plan.layer, plan.rectify, geometry, signed=plan.signed)
        self._patches_a_slide = max(1, settings.max_patches // n_slides)
        self._vectors_a_slide = max(1, settings.max_vectors // n_slides)
        self._cache = cache

    def sample(
        self, open_: Opening, mpp: tuple[float, float] | None, index: int, report: Callable[[str, int, int], None]
    ) -> Sample:
        """Sample the slide with number `index` among all.

        Raises
        ------
        SlideError
            If there is no tissue, or the slide can't be read at the model's resolution.
        Cancelled
            When `report` says so.
        """
        with open_() as slide:
            level, chosen, rng = self._draw(slide, mpp, index)
            key = self._key(slide, level, chosen[0])
            return self._run(slide, level, chosen[1], rng, key, open_, mpp, report)

    def _draw(
        self, slide: Slide, mpp: tuple[float, float] | None, index: int
    ) -> tuple[VirtualLevel, tuple[NDArray[np.int64], NDArray[np.int64]], np.random.Generator]:
        """The slide at the model's resolution, which of its patches are drawn and where they lie."""
        geometry = self._geometry
        known = mpp or slide.mpp
        level = self._level(slide, mpp)
        grid = patch_grid(
            level.size, geometry.patch_pixels, geometry.step_pixels, geometry.trim,
            geometry.cell_stride, geometry.cell_centre, self._locations,
        )  # fmt: skip
        kept = grid.kept(tissue_mask(slide, known), level.scale, geometry.min_tissue)
        plan = patch_plan(grid, kept, self._batch, BLOCK)
        if plan.n_patches == 0:
            raise SlideError(f"no tissue was found on {slide.path.name}; leave it out, or lower min_tissue")
        rng = np.random.default_rng([self._settings.seed, index])
        chosen = np.sort(rng.permutation(plan.n_patches)[: self._patches_a_slide])
        return level, (chosen, grid.origins(plan.rows[chosen], plan.cols[chosen])), rng

    def _level(self, slide: Slide, mpp: tuple[float, float] | None) -> VirtualLevel:
        spacing = self._geometry.spacing
        known = None if spacing is None else mpp or slide.mpp
        return VirtualLevel(slide, spacing, known, allow_upsampling=self._settings.allow_upsampling)

    def _run(
        self,
        slide: Slide,
        level: VirtualLevel,
        origins: NDArray[np.int64],
        rng: np.random.Generator,
        key: str,
        open_: Opening,
        mpp: tuple[float, float] | None,
        report: Callable[[str, int, int], None],
    ) -> Sample:
        locations = self._vectors.locations
        each = max(1, min(locations, self._vectors_a_slide // len(origins)))
        parts, places, computed = [], [], False
        stage = f"features of {slide.name}"
        for first in range(0, len(origins), self._batch):
            report(stage, first, len(origins))
            batch = origins[first : first + self._batch]
            # Drawn whether or not the part is cached, so that going on gives the same sample as never stopping.
            picks = np.sort(np.argsort(rng.random((len(batch), locations)), axis=1)[:, :each], axis=1)
            name = f"{key}-{first:06d}"
            readable = self._cache.readable(name)
            if readable is None:
                computed = True
                vectors, readable = self._features(level, batch, picks)
                self._cache.keep(name, vectors, readable)
            parts.append(Part(name, int(readable.sum()) * each, partial(self._again, open_, mpp, batch, picks)))
            places.append(np.rint(batch[readable] * np.array(level.scale)).astype(np.int64))
        report(stage, len(origins), len(origins))
        kept = np.concatenate(places)
        return Sample(tuple(parts), kept, len(origins) - len(kept), key, slide.fingerprint, computed)

    def _again(
        self, open_: Opening, mpp: tuple[float, float] | None, origins: NDArray[np.int64], picks: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Vectors that there was no room for."""
        with open_() as slide:
            return self._features(self._level(slide, mpp), origins, picks)[0]

    def _features(
        self, level: VirtualLevel, origins: NDArray[np.int64], picks: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The picked vectors of the readable patches (n, C), and which patches were readable."""
        vectors, readable = self._vectors.of(level, origins)
        drawn = np.take_along_axis(vectors, picks[:, :, None], axis=1)[readable]
        return rounded(drawn.reshape(-1, vectors.shape[2])), readable

    def _key(self, slide: Slide, level: VirtualLevel, chosen: NDArray[np.int64]) -> str:
        """What a cached part depends on, as a digest."""
        settings = {**asdict(self._settings), "n_classes": None}  # the same vectors serve every K
        facts = {
            "slide": slide.fingerprint, "reader": slide.reader, "model": self._classifier.bundle.fingerprint,
            "layer": self._plan.layer, "rectify": self._plan.rectify, "scale": level.scale,
            "geometry": asdict(self._geometry), "settings": settings, "vectors": self._vectors_a_slide,
            "patches": hashlib.sha256(chosen.tobytes()).hexdigest(), "software": __version__,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
