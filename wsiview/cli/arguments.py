"""Arguments: what each command takes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wsiview import __version__
from wsiview.cli.bundle_arguments import add_bundle_arguments, add_sample_arguments
from wsiview.cli.fit_arguments import add_fit_arguments
from wsiview.explain.settings import PREDICTIONS

_COMMANDS = {
    "demo": "open a synthetic slide with a model and a clustering to try things on",
    "bundle": "make a model bundle of a checkpoint",
    "fit": "find classes of tissue that look alike to the model, on several slides",
    "map": "lay these classes over whole slides",
    "analyze": "write the paper's tables from maps",
    "info": "say what a file is, and whether it can be used",
    "desktop": "menu entry and file types for the current user",
}


_STATUS = (
    "",
    "`wsiview COMMAND --help` explains each. They end with status 0 when all is done, 3 when it is done but parts of",
    "slides could not be read, 2 when the command was wrong, 1 when something could not be done.",
)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments as a namespace, `module` being the command's; exits with status 2 on wrong usage."""
    if argv and argv[0] in _COMMANDS:
        return _commands().parse_args(argv)
    return _window().parse_args(argv)


def _window() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wsiview",
        description="See what a tile classifier sees in a whole-slide image: opens a window. Groups tissue that looks\n"
        "alike to the network; not a diagnosis.",
        epilog="\n".join(["commands:", *(f"  {name:<10}{what}" for name, what in _COMMANDS.items()), *_STATUS]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"wsiview {__version__}")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="slides, or maps of slides")
    parser.add_argument("--model", type=Path, help="model bundle to explain (a folder)")
    parser.add_argument("--clustering", type=Path, help="its clustering, to lay over the slide")
    _new_window(parser)
    parser.set_defaults(module="window_command", json=False, demo=False)
    return parser


def _commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wsiview")
    commands = parser.add_subparsers(required=True)
    describe = {
        "demo": _demo, "bundle": _bundle, "fit": _fit, "map": _map, "analyze": _analyze, "info": _info,
        "desktop": _desktop,
    }  # fmt: skip
    for name, what in _COMMANDS.items():
        describe[name](commands.add_parser(name, help=what))
    return parser


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.description = "Open a synthetic slide with a small classifier and its clustering; nothing is downloaded."
    _new_window(parser)
    parser.set_defaults(module="window_command", json=False, demo=True, files=[], model=None, clustering=None)


def _new_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--new-window", action="store_true", help="open another window even if there is one")


def _fit(parser: argparse.ArgumentParser) -> None:
    _slides(parser)
    add_fit_arguments(parser)


def _map(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Compute the cluster map of each slide, as OME-Zarr. A slide that fails is named and left out; the same "
        "command goes on with maps that are not finished, and leaves finished ones as they are."
    )
    _slides(parser)
    parser.add_argument(
        "--clustering", type=Path, required=True, action="append", metavar="X.clustering",
        help="from `wsiview fit`; given several times, each makes a map of its own, in one pass where that can be",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the maps")
    parser.add_argument(
        "--saliency", default="gradcam", metavar="NAMES", help="influence maps to store: gradcam (default), or none"
    )
    parser.add_argument(
        "--evaluation", choices=["dense", "overlap"],
        help="overlap: by overlapping patches, as in the paper; dense: in large windows, without border effects "
        "(default: as the clustering was fitted)",
    )  # fmt: skip
    parser.add_argument(
        "--predictions", type=_patches, default=PREDICTIONS, metavar="N|all",
        help="patches a slide that the model scores where the evaluation is dense, drawn at random "
        f"(default {PREDICTIONS}); by overlapping patches all are scored",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of that draw (default 0)")
    parser.set_defaults(module="map_command")


def _analyze(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write class similarity (Fig. 4), Table 1 and Table 2 of the paper as CSV, with counts, over all maps. Needs "
        "finished maps of one model and one clustering."
    )
    parser.add_argument(
        "maps", nargs="+", type=Path, metavar="MAP",
        help="folders that `wsiview map` has made; or a CSV that names them in the column slide, and whose they are in "
        "the column patient, by whom the cross-validation is then grouped",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the tables")
    parser.add_argument(
        "--patches", type=int, default=10_000, metavar="N", help="patches to draw over all maps (default 10000)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the draw and of the cross-validation (default 0)"
    )
    parser.add_argument(
        "--sampling", default="random", choices=["random", "stratified"],
        help="stratified: half of the patches positive to the model, which changes accuracy, precision and recall "
        "(default: random)",
    )  # fmt: skip
    _json(parser)
    parser.set_defaults(module="analyze_command")


def _info(parser: argparse.ArgumentParser) -> None:
    parser.description = "Say what a slide, model, clustering, map or review file is, and whether it can be used."
    parser.add_argument("file", type=Path, metavar="FILE", help="the slide, bundle, clustering, map or review")
    add_sample_arguments(parser, "of a model: show the patches with the highest and lowest scores of this slide")
    parser.add_argument(
        "--out", type=Path, metavar="FILE.png", help="where to save that picture (default: MODEL.scores.png)"
    )
    _json(parser)
    parser.set_defaults(module="info_command")


def _bundle(parser: argparse.ArgumentParser) -> None:
    add_bundle_arguments(parser)
    _json(parser)


def _desktop(parser: argparse.ArgumentParser) -> None:
    parser.description = "Put wsiview into the menu and let slides open with it, for the current user; or undo that."
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--install", action="store_true", help="menu entry, icon and file types; again to renew them")
    what.add_argument("--remove", action="store_true", help="take away what --install has put there")
    _json(parser)
    parser.set_defaults(module="desktop_command")


def _slides(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "slides", nargs="+", type=Path, metavar="SLIDE",
        help="slides, or a cohort: a CSV with the column slide and, where known, patient, used_in_fit and others",
    )  # fmt: skip
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="model bundle (a folder)")
    parser.add_argument("--mpp", type=float, metavar="M", help="µm per pixel of all slides, whatever they say")
    parser.add_argument(
        "--allow-upsampling", action="store_true", help="take slides that are much coarser than what the model reads"
    )
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda or mps (default: the best there is)")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads to use (default: one a core)")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="work slide by slide on a running Dask cluster, such as tcp://host:8786, whose workers have wsiview and "
        "see the same files under the same paths",
    )  # fmt: skip
    _json(parser)


def _patches(text: str) -> int:
    """A number of patches; 0 for all."""
    if text == "all":
        return 0
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="report in JSON lines, for programs")
