"""Arguments: what each command takes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wsiview import __version__
from wsiview.cli.bundle_arguments import add_bundle_arguments, add_sample_arguments
from wsiview.cli.fit_arguments import add_fit_arguments
from wsiview.explain.settings import PREDICTIONS

_COMMANDS = ("demo", "fit", "map", "analyze", "bundle", "info", "desktop")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments as a namespace, `module` being the command's; exits with status 2 on wrong usage."""
    if argv and argv[0] in _COMMANDS:
        return _commands().parse_args(argv)
    return _window().parse_args(argv)


def _window() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wsiview",
        description="See what a tile classifier sees in a whole-slide image. Groups tissue that looks alike to the "
        "network; not a diagnosis.",
        epilog=f"Commands: {', '.join(_COMMANDS)}; `wsiview COMMAND --help` explains each.",
    )
    parser.add_argument("--version", action="version", version=f"wsiview {__version__}")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a slide, or a map of one")
    parser.add_argument("--model", type=Path, help="model bundle to explain (a folder)")
    parser.add_argument("--clustering", type=Path, help="clustering to lay over the slide")
    _new_window(parser)
    parser.set_defaults(module="window_command", json=False, demo=False)
    return parser


def _commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wsiview")
    commands = parser.add_subparsers(required=True)
    _demo(commands.add_parser("demo", help="open the synthetic demo case"))
    _fit(commands.add_parser("fit", help="fit a clustering on several slides"))
    _map(commands.add_parser("map", help="compute cluster maps of slides"))
    _analyze(commands.add_parser("analyze", help="write the paper's tables from maps"))
    _bundle(commands.add_parser("bundle", help="make a model bundle of a checkpoint"))
    _info(commands.add_parser("info", help="say what a file is"))
    _desktop(commands.add_parser("desktop", help="menu entry and file types for the current user"))
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
    parser.description = "Compute the cluster map of each slide; an interrupted map goes on where it stopped."
    _slides(parser)
    parser.add_argument(
        "--clustering", type=Path, required=True, action="append", metavar="X.clustering",
        help="may be given several times: one map for each",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the maps")
    parser.add_argument("--saliency", default="gradcam", help="saliency maps to store: gradcam, or none")
    parser.add_argument(
        "--evaluation", choices=["dense", "overlap"],
        help="as in the paper by overlapping patches, or without border effects in large windows "
        "(default: as the clustering was fitted)",
    )  # fmt: skip
    parser.add_argument(
        "--predictions", type=_patches, default=PREDICTIONS, metavar="N|all",
        help=f"dense: patches a slide that the model scores, drawn at random (default {PREDICTIONS})",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of that draw (default 0)")
    parser.set_defaults(module="map_command")


def _analyze(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write class similarity (Fig. 4), Table 1 and Table 2 of the paper as CSV, with counts."
    parser.add_argument("maps", nargs="+", type=Path, metavar="MAP", help="finished maps, or a cohort's CSV")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--patches", type=int, default=10_000, help="patches to draw (default 10000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sampling", default="random", choices=["random", "stratified"])
    _json(parser)
    parser.set_defaults(module="analyze_command")


def _info(parser: argparse.ArgumentParser) -> None:
    parser.description = "Say what a slide, model, clustering, map or review file is, and whether it can be used."
    parser.add_argument("file", type=Path, metavar="FILE")
    add_sample_arguments(parser, "of a model: show the patches with the highest and lowest scores of this slide")
    parser.add_argument("--out", type=Path, metavar="FILE.png", help="the picture (default: MODEL.scores.png)")
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
    parser.add_argument("slides", nargs="+", type=Path, metavar="SLIDE", help="slides, or a cohort's CSV")
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="model bundle (a folder)")
    parser.add_argument("--mpp", type=float, metavar="M", help="µm per pixel of slides that don't tell their own")
    parser.add_argument("--allow-upsampling", action="store_true", help="map slides much coarser than the model's")
    parser.add_argument("--device", help="cpu, cuda or mps (default: the best there is)")
    parser.add_argument("--threads", type=int, help="processor threads to use (default: all cores)")
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
    parser.add_argument("--json", action="store_true", help="report in JSON lines")
