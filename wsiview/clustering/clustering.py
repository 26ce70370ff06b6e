"""Clustering: K class vectors and where they came from, as one `.clustering` file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsiview.clustering.clustering_file import read_parts, write_parts
from wsiview.clustering.faults import fault_of
from wsiview.clustering.geometry import Geometry
from wsiview.clustering.normality import Normality
from wsiview.errors import ClusteringError

VERSION = 1
LETTERS = "ABCDEFGHIJKLMNOP"
_LARGEST_99 = 2  # column of the 99th percentile in weight_quantiles


WEAKLY_IDENTIFIED = (
    "The layer's features have both signs, so its classes come from semi-NMF: these are weakly identified, since other "
    "groups may describe the features as well. Look at how often each is found again before naming it."
)
"""Said wherever such a clustering is made or shown."""


@dataclass(frozen=True, eq=False)
class Clustering:
    """A fitted NMF of one layer of one model; arrays are read-only.

    Attributes
    ----------
    name
        What the user calls it; the file's stem at first.
    class_vectors
        H (K, C) float32, non-negative rows of unit L2 norm or, if dead, zero; ordered by share of the total weight.
    weight_quantiles
        (K + 1, 4) float64: 50th, 95th, 99th, 99.9th percentile of each class's weights; last row: of the largest.
    manifest
        (n, 3) int64: slide index, level-0 x, y of each patch that was fitted on.
    layer, rectify
        Where in the model the feature vectors come from, and whether ReLU is applied to the recorded copy.
    model_name, model_fingerprint
        The bundle's.
    geometry
        How patches and cells lie.
    slides
        Fingerprints, in the order of the manifest's indices. Never names.
    share
        (K,) each class's part of the total weight.
    objective
        ‖V − WH‖² after each pass.
    parameters
        Every fit parameter and the seed, plain JSON values.
    normal
        Evaluation → which feature vectors look like those of the fit; empty in older files.
    stability
        (K, 2) int64: in how many refits on resampled patients each class was found again, and of how many; (0, 2) in
        older files and where none were made.
    inherited
        From an older clustering whose classes were matched: `clustering` (its fingerprint), and for each class
        `classes` (index of the one it is alike to, or null) and `cosine`. What is known of those is inherited, not
        re-read.
    created
        ISO 8601, with time zone.
    software
        Name → version.
    """

    name: str
    class_vectors: NDArray[np.float32]
    weight_quantiles: NDArray[np.float64]
    manifest: NDArray[np.int64]
    layer: str
    rectify: bool
    model_name: str
    model_fingerprint: str
    geometry: Geometry
    slides: tuple[str, ...] = ()
    share: tuple[float, ...] = ()
    objective: tuple[float, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    normal: Mapping[str, Normality] = field(default_factory=dict)
    stability: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    inherited: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    software: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take read-only copies of the arrays and refuse what no fit gives.

        Raises
        ------
        ClusteringError
            With the reason.
        """
        for name, kind in (
            ("class_vectors", "f4"),
            ("weight_quantiles", "f8"),
            ("manifest", "i8"),
            ("stability", "i8"),
        ):
            array = np.array(getattr(self, name), dtype=kind, order="C", copy=True)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        fault = fault_of(self.class_vectors, self.weight_quantiles, self.manifest, len(self.slides), self.signed)
        if fault is None and len(self.share) not in (0, len(self.class_vectors)):
            fault = f"it has {len(self.share)} shares for {len(self.class_vectors)} classes"
        if fault is None and self.stability.shape not in ((0, 2), (len(self.class_vectors), 2)):
            fault = f"its stability has the shape {self.stability.shape}"
        if fault is not None:
            raise ClusteringError(f"the clustering {self.name!r} can't be used, because {fault}: fit it again")

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.class_vectors)

    @property
    def n_channels(self) -> int:
        """C."""
        return int(self.class_vectors.shape[1])

    @property
    def signed(self) -> bool:
        """Whether class vectors may be negative, the layer's features being so."""
        return self.parameters.get("method") == "semi-nmf"

    @property
    def letters(self) -> tuple[str, ...]:
        """What the classes are called before anyone names them: "A", "B", …"""
        return tuple(LETTERS[: self.n_classes])

    @property
    def dead(self) -> tuple[bool, ...]:
        """Which classes no feature vector uses."""
        return tuple(not row.any() for row in self.class_vectors)

    @cached_property
    def gram(self) -> NDArray[np.float64]:
        """G = H Hᵀ (K, K) float64, summed in a fixed order, so that its bits don't depend on a BLAS."""
        h = self.class_vectors.astype(np.float64)
        gram: NDArray[np.float64] = (h[:, None, :] * h[None, :, :]).sum(axis=2)
        gram.flags.writeable = False
        return gram

    @property
    def strength_scale(self) -> float:
        """The weight shown as full strength: 99th percentile of the largest weight, the next one up if that is 0."""
        largest = self.weight_quantiles[-1, _LARGEST_99:]
        return next((float(value) for value in largest if value > 0), 1.0)

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 over class vectors, model and layer; names and dates change nothing."""
        parts = {"shape": list(self.class_vectors.shape), "model": self.model_fingerprint, "layer": self.layer}
        head = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(head.encode() + b"\n" + self.class_vectors.astype("<f4").tobytes()).hexdigest()

    def save(self, path: Path | str) -> None:
        """Write one `.clustering` file, all or nothing.

        Raises
        ------
        ClusteringError
            If it can't be written there; an older file of that name is then untouched.
        """
        tensors: dict[str, NDArray[Any]] = {
            "class_vectors": self.class_vectors,
            "weight_quantiles": self.weight_quantiles,
            "manifest": self.manifest,
        }
        if len(self.stability):
            tensors["stability"] = self.stability
        if self.normal:
            tensors["normal_mean"] = np.stack([one.mean for one in self.normal.values()])
            tensors["normal_cov"] = np.stack([one.cov for one in self.normal.values()])
            tensors["normal_cut"] = np.array([one.cut for one in self.normal.values()])
        write_parts(Path(path), tensors, self._description())

    @classmethod
    def load(cls, path: Path | str) -> Clustering:
        """Read a `.clustering` file.

        Raises
        ------
        ClusteringError
            If it is missing, damaged, of another kind, made by a newer version, or holds what no fit gives.
        """
        path = Path(path)
        tensors, description = read_parts(path, VERSION)
        try:
            return cls._from_parts(tensors, description)
        except ClusteringError as error:
            raise ClusteringError(f"{path}: {error}") from error
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise ClusteringError(
                f"{path} can't be used, because its description is damaged ({reason}): get it again or fit anew"
            ) from error

    def _description(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "name": self.name,
            "K": self.n_classes,
            "channels": self.n_channels,
            "layer": self.layer,
            "rectify": self.rectify,
            "model": {"name": self.model_name, "fingerprint": self.model_fingerprint},
            "geometry": self.geometry.to_json(),
            "slides": list(self.slides),
            "share": list(self.share),
            "objective": list(self.objective),
            "parameters": dict(self.parameters),
            "calibrated": list(self.normal),
            **({"inherited": dict(self.inherited)} if self.inherited else {}),
            "created": self.created,
            "software": dict(self.software),
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def _from_parts(cls, tensors: Mapping[str, NDArray[Any]], text: Mapping[str, Any]) -> Clustering:
        vectors = tensors["class_vectors"]
        if [text["K"], text["channels"]] != list(vectors.shape):
            raise ValueError(f"it speaks of {text['K']} × {text['channels']} numbers, there are {vectors.shape}")
        if not isinstance(text["rectify"], bool) or not isinstance(text["model"]["fingerprint"], str):
            raise TypeError("the model or the layer is not named properly")
        if not all(isinstance(text[key], str) for key in ("name", "layer", "created")):
            raise TypeError("a name is not a text")
        result = cls(
            name=text["name"],
            class_vectors=vectors,
            weight_quantiles=tensors["weight_quantiles"],
            manifest=tensors["manifest"],
            layer=text["layer"],
            rectify=text["rectify"],
            model_name=str(text["model"]["name"]),
            model_fingerprint=text["model"]["fingerprint"],
            geometry=Geometry.from_json(text["geometry"]),
            slides=tuple(str(one) for one in text["slides"]),
            share=tuple(_finite(one) for one in text["share"]),
            objective=tuple(_finite(one) for one in text["objective"]),
            parameters=dict(text["parameters"]),
            normal=_normal(tensors, text.get("calibrated", [])),
            stability=tensors.get("stability", np.zeros((0, 2), np.int64)),
            inherited=_inherited(text.get("inherited", {}), len(vectors)),
            created=text["created"],
            software={str(key): str(value) for key, value in text["software"].items()},
        )
        if result.fingerprint != text["fingerprint"]:
            raise ValueError("its class vectors are not the ones it was saved with")
        return result


def _normal(tensors: Mapping[str, NDArray[Any]], evaluations: Sequence[str]) -> dict[str, Normality]:
    """The normal range of each evaluation, from the rows of three tensors; none where the file has none."""
    if not evaluations:
        return {}
    rows = zip(tensors["normal_mean"], tensors["normal_cov"], tensors["normal_cut"], strict=True)
    ranges = [Normality(mean, cov, float(cut)) for mean, cov, cut in rows]
    return dict(zip(map(str, evaluations), ranges, strict=True))


def _inherited(value: Any, classes: int) -> dict[str, Any]:
    """The inheritance as it was written, or nothing."""
    if value and (len(value["classes"]) != classes or len(value["cosine"]) != classes):
        raise ValueError("its inheritance speaks of another number of classes")
    if value and not all(one is None or one in range(len(LETTERS)) for one in value["classes"]):
        raise ValueError("its inheritance speaks of a class that there can't be")
    return (
        {**value, "clustering": str(value["clustering"]), "cosine": list(map(_finite, value["cosine"]))}
        if value
        else {}
    )


def _finite(value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise ValueError("a share or objective is not finite")
    return number
