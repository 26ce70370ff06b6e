"""Fit arguments: what `wsiview fit` takes beside its slides and model."""

from __future__ import annotations

import argparse
from pathlib import Path

from wsiview.explain.settings import FitSettings

_DEFAULT = FitSettings()


def add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command on its parser."""
    parser.description = "Fit the classes of a layer by non-negative matrix factorisation over several slides."
    parser.add_argument(
        "-k", type=_classes, default=[_DEFAULT.n_classes], metavar="K|A-B",
        help="number of classes, 2 to 16 (default 6); of a range such as 2-10 the largest that holds is kept, and what "
        "is known of each stands beside it in X.k.csv",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="X.clustering", help="file to write")
    parser.add_argument(
        "--like", type=Path, metavar="OLD.clustering", help="put classes that are alike to its classes in their places"
    )
    parser.add_argument("--layer", help="layer to cluster (default: the model's)")
    parser.add_argument("--patch", type=int, metavar="PX", help="patch side in the model's pixels")
    parser.add_argument("--stride", type=int, metavar="PX", help="step between patches")
    parser.add_argument("--trim", type=int, metavar="N", help="outermost locations left out on each side")
    parser.add_argument(
        "--evaluation", default="auto", choices=["auto", "dense", "overlap"],
        help="as in the paper by overlapping patches, or without border effects in large windows "
        "(default: what the layer allows and costs less)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the sample and the start (default 0)")
    parser.add_argument(
        "--patches", type=int, default=_DEFAULT.max_patches,
        help=f"patches to sample over all slides (default {_DEFAULT.max_patches})",
    )  # fmt: skip
    parser.add_argument(
        "--vectors", type=int, default=_DEFAULT.max_vectors,
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
    parser.set_defaults(module="fit_command")


def _classes(text: str) -> list[int]:
    """One number of classes, or all of a range; numbers out of bounds are told later, in a sentence."""
    first, dash, last = text.partition("-")
    found = list(range(int(first), int(last) + 1)) if dash and first else [int(text)]
    if not found:
        raise ValueError(text)
    return found
