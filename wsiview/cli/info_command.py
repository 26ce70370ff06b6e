"""Info: `wsiview info`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from wsiview.cli.reporting import Reporter
from wsiview.clustering.clustering import LETTERS, Clustering
from wsiview.errors import SlideError, UsageError
from wsiview.explain.alignment import Alignment
from wsiview.maps.cluster_map import ClusterMap
from wsiview.maps.faults import MapMismatch
from wsiview.models.bundle import read_bundle
from wsiview.progress import Progress
from wsiview.review.store import describe as describe_review
from wsiview.slide.opening import open_checked

Facts = dict[str, Any]

_NO_SLIDE = (".clustering", ".csv", ".geojson", ".json", ".ozx", ".zarr")


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Say what a file is, or refuse it in one sentence; of a model also show what it makes of a slide."""
    path: Path = arguments.file
    kind, facts = describe(path)
    if arguments.slide is not None and kind != "model bundle":
        raise UsageError(f"--slide: {path} is a {kind}; only of a model can the scores on a slide be shown")
    width = max(map(len, facts))
    lines = [f"{path}: {kind}", *(f"  {name:<{width}}  {_text(value)}" for name, value in facts.items())]
    reporter.result("\n".join(lines), kind=kind, file=str(path), **facts)
    return 0 if arguments.slide is None else _scores(path, arguments, reporter, progress)


def _scores(path: Path, arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    from wsiview.cli.score_sheet import check_sample, show_scores  # which needs torch, as the rest of `info` does not

    folder = path.resolve()
    picture: Path = arguments.out or folder.with_name(f"{folder.name}.scores.png")
    check_sample(arguments, picture)
    return show_scores(read_bundle(path), arguments, picture, reporter, progress)


def describe(path: Path) -> tuple[str, Facts]:
    """What kind of thing a path is, and its facts."""
    if path.suffix == ".clustering":
        return "clustering", _clustering(path)
    if path.suffix == ".wsireview":
        return "review", describe_review(path)
    if path.suffix == ".ozx" or (path / "zarr.json").exists() or path.name.endswith(".ome.zarr"):
        return "cluster map", _map(path)
    if path.is_dir() and (path / "config.json").exists():
        return "model bundle", _model(path)
    return "slide", _slide(path)


def _slide(path: Path) -> Facts:
    with open_checked(path) as slide:
        mpp = slide.mpp
        return {
            "name": slide.name,
            "format": slide.vendor,
            "reader": slide.reader,
            "width": slide.dimensions.width,
            "height": slide.dimensions.height,
            "mpp": None if mpp is None else [round(one, 6) for one in mpp],
            "scale": "not in the file or not credible: mapping needs --mpp" if mpp is None else "given by the file",
            "levels": [f"{size.width} × {size.height}" for size in slide.level_dimensions],
            "downsamples": [round(x, 4) for x, _ in slide.level_downsamples],
            "bounds": None if (b := slide.bounds) is None else [b.x, b.y, b.width, b.height],
            "associated": list(slide.associated),
            "fingerprint": slide.fingerprint,
        }


def _model(path: Path) -> Facts:
    bundle = read_bundle(path)
    return {
        "name": bundle.name,
        "architecture": bundle.architecture,
        "outputs": list(bundle.class_names),
        "target": bundle.class_names[bundle.target],
        "patch": bundle.patch_pixels,
        "stride": bundle.stride_pixels,
        "trim": bundle.trim,
        "mpp": bundle.spacing,
        "layer": bundle.layer or "the architecture's default",
        "signed": bundle.signed,
        "license": bundle.license,
        "description": bundle.description,
        "fingerprint": bundle.fingerprint,
    }


def _clustering(path: Path) -> Facts:
    clustering = Clustering.load(path)
    geometry = clustering.geometry
    return {
        "name": clustering.name,
        "classes": clustering.n_classes,
        "channels": clustering.n_channels,
        "share": [round(share, 4) for share in clustering.share],
        "dead": [letter for letter, dead in zip(clustering.letters, clustering.dead, strict=True) if dead],
        "model": f"{clustering.model_name} ({clustering.model_fingerprint[:8]})",
        "layer": clustering.layer,
        "evaluation": geometry.evaluation,
        "patch": geometry.patch_pixels,
        "stride": geometry.step_pixels,
        "trim": geometry.trim,
        "mpp": geometry.spacing,
        "slides": len(clustering.slides),
        "vectors": clustering.parameters.get("vectors"),
        **_holding(clustering),
        "created": clustering.created,
        "fingerprint": clustering.fingerprint,
    }


def _holding(clustering: Clustering) -> Facts:
    """How well the classes hold: over resampled patients, against an older clustering, and in the network itself."""
    told, letters, old = clustering.parameters, clustering.letters, clustering.inherited
    again = [f"{one} in {n} of {of}" for one, (n, of) in zip(letters, clustering.stability.tolist(), strict=False)]
    taken = zip(letters, old.get("classes", ()), old.get("cosine", ()), strict=False)
    return {
        "classes tried": told.get("classes_tried", []),
        "found again": again,
        "resampled": told.get("resampled"),
        "inherited": [
            f"{one} from {LETTERS[index]} ({cosine:.3f})" for one, index, cosine in taken if index is not None
        ],
        "inherited from": old["clustering"][:8] if old else None,
        "fidelity": _fidelity(told.get("fidelity")),
    }


def _fidelity(told: Any) -> str | None:
    if not isinstance(told, dict):
        return None
    if "skipped" in told:
        return f"not measured: {told['skipped']}"
    try:
        above = "unknown" if told["above_majority"] is None else f"{told['above_majority']:.3f}"
        return (
            f"agreement above the majority share {above} ({told['agreement']:.1%} of {told['patches']} patches keep "
            f"the model's label, the commonest has {told['majority']:.1%}); RMSE of logits {told['rmse']:.4g}"
        )
    except (KeyError, TypeError, ValueError):
        return "not readable"


def _map(path: Path) -> Facts:
    found = ClusterMap.open(path)
    found.check_whole()
    names = {thing: found.attributes.get(thing, {}).get("name") for thing in ("slide", "model", "clustering")}
    return {
        **names,
        "classes": found.n_classes,
        "cells": f"{found.shape[1]} × {found.shape[0]}",
        "saliency": list(found.saliency_names),
        "patches": len(found.positions),
        "blocks done": f"{int(found.done().sum())} of {found.done().size}",
        "complete": found.complete,
        "placement": _placement(found),
        "digest": found.digest,
    }


def _placement(found: ClusterMap) -> str:
    """Whether the map lies on the tissue of its slide, where that lies beside it."""
    told = found.attributes.get("slide", {})
    for path in sorted(found.path.parent.iterdir()):
        if path == found.path or told.get("name") not in (path.stem, path.name) or path.suffix in _NO_SLIDE:
            continue
        try:
            with open_checked(path) as slide:
                if slide.fingerprint == told.get("fingerprint"):
                    return Alignment(slide).check(found).words
        except SlideError:
            continue
        except MapMismatch as error:
            return f"does not fit {path.name}: {error.reason}"
    return "not checked, because its slide does not lie beside it"


def _text(value: Any) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
