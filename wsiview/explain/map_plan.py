"""Map plan: what a map's store must know before the first block, and what the map says about itself."""

from __future__ import annotations

from typing import Any

from wsiview import __version__
from wsiview.clustering.clustering import Clustering
from wsiview.clustering.colors import class_color
from wsiview.explain.cohort import was_fitted_on
from wsiview.explain.layout import Layout
from wsiview.explain.request import MapRequest
from wsiview.maps.plan import MapPlan
from wsiview.models.bundle import Bundle
from wsiview.models.classifier import Classifier
from wsiview.slide.slide import Slide

NUMERICS = 3
"""Raised whenever the same request comes to give other last bits, so that no map is half of one and half of another."""


def map_plan(
    request: MapRequest, slide: Slide, classifier: Classifier, clustering: Clustering, places: Layout
) -> MapPlan:
    """What the map's store must know before the first block."""
    patches, scale = places.patches, places.level.scale
    stride = clustering.geometry.cell_stride
    return MapPlan(
        shape=patches.shape,
        block=patches.block,
        n_classes=clustering.n_classes,
        target_names=classifier.bundle.class_names,
        cell_to_level0=places.cell_to_level0,
        cell_microns=_cell_microns(request.mpp or slide.mpp, scale, stride),
        covered=places.covered,
        positions=places.positions,
        first_patch=places.run.first_patch,
        saliency=request.saliency_names,
        class_names=clustering.letters,
        class_colors=tuple(class_color(index) for index in range(clustering.n_classes)),
        attributes=_attributes(request, slide, classifier.bundle, clustering, places),
    )


def _cell_microns(
    mpp: tuple[float, float] | None, scale: tuple[float, float], stride: tuple[int, int]
) -> tuple[float, float] | None:
    if mpp is None:
        return None
    return stride[0] * scale[0] * mpp[0], stride[1] * scale[1] * mpp[1]


def _attributes(
    request: MapRequest, slide: Slide, bundle: Bundle, clustering: Clustering, places: Layout
) -> dict[str, Any]:
    """What the map says about itself."""
    scale, cells = places.level.scale, places.grid.cells

    def level0(side_x: float, side_y: float) -> list[float]:
        return [side_x * scale[0], side_y * scale[1]]

    return {
        "slide": {
            "name": slide.name,
            "fingerprint": slide.fingerprint,
            "dimensions": [slide.dimensions.width, slide.dimensions.height],
            "mpp": list(request.mpp or slide.mpp or ()) or None,
        },
        "model": _model(bundle),
        "clustering": _clustering(request, slide, clustering),
        **_windows(places),
        "cells": {"stride": cells.stride, "centre": cells.centre, "locations": places.grid.locations},
        "parameters": {**request.parameters, "tissue": places.tissue.digest(), "scale": list(scale)},
        "digest": request.digest(),
        "software": f"wsiview {__version__}",
        "numerics": NUMERICS,
        "strength_scale": clustering.strength_scale,
        "patch_level0": level0(request.patch, request.patch),
        "label_region_level0": level0(request.label_region, request.label_region),
        "field_level0": level0(*clustering.geometry.field),
    }


def _model(bundle: Bundle) -> dict[str, Any]:
    """The network, and how its outputs are read."""
    return {
        "name": bundle.name,
        "fingerprint": bundle.fingerprint,
        "activation": bundle.activation,
        "threshold": bundle.threshold,
        "target": bundle.target,
        "linear_head": bundle.architecture in ("vgg-pool", "vgg16-gmp") or None,
    }


def _clustering(request: MapRequest, slide: Slide, clustering: Clustering) -> dict[str, Any]:
    """The clustering, and how it stands to this slide."""
    normal = clustering.normal.get(request.evaluation)
    return {
        "name": clustering.name,
        "fingerprint": clustering.fingerprint,
        "gram": clustering.gram.tolist(),
        "fitted_on_this_slide": was_fitted_on(slide.fingerprint, clustering.slides, request.used_in_fit),
        "normal": None if normal is None else normal.to_json(),
        **({"inherited": dict(clustering.inherited)} if clustering.inherited else {}),
        **({"method": clustering.parameters["method"]} if clustering.signed else {}),
    }


def _windows(places: Layout) -> dict[str, Any]:
    """How a dense map's windows lie; nothing for overlap, whose maps say what they always did."""
    lattice = places.lattice
    if lattice is None:
        return {}
    halo = {"before": lattice.before, "field": lattice.field}
    kept = {"kept": places.patches.n_patches, "run": places.run.n_patches}
    return {"windows": {"cells": places.window_side, **halo}, "predictions": kept, "evaluation": places.reason}
