"""Map view: what a cluster map's own words make of the grids and layers on screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.maps.cluster_map import ClusterMap
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks

Patches = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Positions (n, 2), level-0 corners, and logits (n, targets)."""


def grids_of(cluster_map: ClusterMap) -> MapGrids:
    """Empty grids for a map; its blocks follow one by one."""
    return MapGrids(
        cluster_map.shape,
        cluster_map.cell_to_level0,
        cluster_map.n_classes,
        block=cluster_map.block_side,
        strength_scale=cluster_map.strength_scale,
        saliency_scales=cluster_map.attributes.get("saliency_scales"),
        field=_pair(cluster_map, "field_level0"),
    )


def stack_of(cluster_map: ClusterMap) -> LayerStack:
    """The layers that a map is first shown with."""
    return LayerStack(default_looks(cluster_map.n_classes))


def put_predictions(grids: MapGrids, cluster_map: ClusterMap, patches: Sequence[Patches]) -> None:
    """Give the grids the model's scores for its target, of the patches computed so far."""
    label, patch = _pair(cluster_map, "label_region_level0"), _pair(cluster_map, "patch_level0")
    if label is None or patch is None or not any(len(positions) for positions, _ in patches):
        return
    model = cluster_map.attributes.get("model", {})
    logits = np.concatenate([logits for _, logits in patches])
    values = scores(logits, int(model.get("target", 0)), model.get("activation"))
    grids.set_predictions(np.concatenate([positions for positions, _ in patches]), values, label, patch)


def scores(logits: NDArray[np.float32], target: int, activation: str | None) -> NDArray[np.float32]:
    """The model's score (n,) for one target, from its logits (n, targets); NaN stays NaN.

    Without a word on the activation one output is taken as a sigmoid's, several as a softmax's.
    """
    values = logits.astype(np.float64)
    if activation is None:
        activation = "sigmoid" if values.shape[1] == 1 else "softmax"
    if activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-np.clip(values[:, target], -60, 60))), np.float32)
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers[:, target] / powers.sum(axis=1), np.float32)


def _pair(cluster_map: ClusterMap, name: str) -> tuple[float, float] | None:
    value: Any = cluster_map.attributes.get(name)
    return (float(value[0]), float(value[1])) if isinstance(value, list | tuple) and len(value) == 2 else None
