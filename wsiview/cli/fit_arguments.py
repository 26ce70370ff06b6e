"""Fit arguments: what `wsiview fit` takes beside its slides and model."""

from __future__ import annotations

import argparse
from pathlib import Path

from wsiview.explain.settings import FitSettings

_DEFAULT = FitSettings()


def add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command on its parser."""
    parser.description = (
        "Find classes of tissue that look alike to the model: a non-negative matrix factorisation of what one of its "
        "layers makes of patches from several slides. A slide that fails is named and left out; the same command goes "
        "on where an interrupted one stopped."
    )
    parser.add_argument(
        "-k", type=_classes, default=[_DEFAULT.n_classes], metavar="K|A-B",
        help="number of classes, 2 to 16 (default 6); of a range such as 2-10 the largest that holds is kept, and what "
        "is known of each stands beside it in X.k.csv",
    )  # fmt: skip
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="X.clustering",
        help="file to write; the slides' names stand beside it, in X.names.json",
    )
    parser.add_argument(
        "--like",
        type=Path,
        metavar="OLD.clustering",
        help="of the same model and layer: classes that are alike to one of its classes take that one's letter",
    )
    _add_features(parser)
    _add_fitting(parser)
    parser.set_defaults(module="fit_command")


def _add_features(parser: argparse.ArgumentParser) -> None:
    """What a feature vector is."""
    parser.add_argument("--layer", metavar="NAME", help="layer to cluster (default: as the model's bundle says)")
    parser.add_argument(
        "--patch", type=int, metavar="PX", help="side of a patch, in the model's pixels (default: the model's)"
    )
    parser.add_argument(
        "--stride",
        type=int,
        metavar="PX",
        help="step between patches, likewise (default: the model's, or half of --patch)",
    )
    parser.add_argument(
        "--trim",
        type=int,
        metavar="N",
        help="outermost locations of a patch left out on each side (default: the model's)",
    )
    parser.add_argument(
        "--evaluation", default="auto", choices=["auto", "dense", "overlap"],
        help="overlap: by overlapping patches, as in the paper; dense: in large windows, without border effects "
        "(default: auto, what the layer allows and costs less)",
    )  # fmt: skip


def _add_fitting(parser: argparse.ArgumentParser) -> None:
    """How many vectors there are, and what is made of them."""
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the sample, the start and the refits (default 0)"
    )
    parser.add_argument(
        "--patches", type=int, default=_DEFAULT.max_patches, metavar="N",
        help=f"patches to sample over all slides (default {_DEFAULT.max_patches})",
    )  # fmt: skip
    parser.add_argument(
        "--vectors", type=int, default=_DEFAULT.max_vectors, metavar="N",
        help=f"feature vectors to take of them (default {_DEFAULT.max_vectors})",
    )  # fmt: skip
    parser.add_argument(
        "--disk", type=float, default=16.0, metavar="GB",
        help="room for the vectors beside --out while fitting (default 16); what finds none is computed again",
    )  # fmt: skip
    parser.add_argument(
        "--refits", type=int, default=10, metavar="N",
        help="fits on resampled patients that tell how often each class is found again (default 10; 0 for none)",
    )  # fmt: skip


def _classes(text: str) -> list[int]:
    """One number of classes, or all of a range; numbers out of bounds are told later, in a sentence."""
    first, dash, last = text.partition("-")
    found = list(range(int(first), int(last) + 1)) if dash and first else [int(text)]
    if not found:
        raise ValueError(text)
    return found
