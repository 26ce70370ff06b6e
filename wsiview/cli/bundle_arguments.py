"""Bundle arguments: what `wsiview bundle` takes."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_bundle_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command on its parser."""
    parser.description = (
        "Make a model bundle of a checkpoint: a state dict, safetensors, or what Lightning wrote. "
        "Nothing in the file is run, and nothing is downloaded."
    )
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="file with the network's tensors")
    parser.add_argument(
        "--architecture", required=True, metavar="NAME",
        help="vgg16-gmp (the paper's), vgg-pool, torchvision's name, timm's, or one that an installed package offers",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the bundle's folder")
    parser.add_argument("--force", action="store_true", help="replace a bundle that is there")
    _outputs(parser.add_argument_group("outputs"))
    _pixels(parser.add_argument_group("pixels"))
    _layer(parser.add_argument_group("what is explained"))
    tensors = parser.add_argument_group("tensors")
    tensors.add_argument("--prefix", metavar="TEXT", help="what stands before the network's names (default: found)")
    tensors.add_argument("--options", metavar="JSON", help='of vgg-pool, as {"blocks": [[64, 64], [128, 128]]}')
    about = parser.add_argument_group("about it")
    about.add_argument("--name", help="what it is called (default: as the folder)")
    about.add_argument("--license", default="", metavar="TEXT", help="on what terms the model may be used")
    about.add_argument("--description", default="", metavar="TEXT", help="what it was trained for, on what")
    add_sample_arguments(parser, "after that, show the patches with the highest and lowest scores of this slide")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE.png", help="where to save that picture (default: FOLDER.scores.png)"
    )
    parser.set_defaults(module="bundle_command")


def add_sample_arguments(parser: argparse.ArgumentParser, purpose: str) -> None:
    """What drawing patches of a slide takes."""
    group = parser.add_argument_group("a look at its scores")
    group.add_argument("--slide", type=Path, metavar="SLIDE", help=purpose)
    group.add_argument("--patches", type=int, default=400, metavar="N", help="tissue patches to draw (default 400)")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="of the draw (default 0)")
    group.add_argument("--mpp", type=float, metavar="M", help="µm per pixel of the slide, whatever it says")
    group.add_argument("--allow-upsampling", action="store_true", help="read a slide much coarser than the model's")
    group.add_argument("--device", metavar="NAME", help="cpu, cuda or mps (default: the best there is)")
    group.add_argument("--threads", type=int, metavar="N", help="processor threads to use (default: one a core)")


def _outputs(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--classes", required=True, metavar="A,B,…", help="name of each output, in their order")
    group.add_argument("--target", metavar="NAME|N", help="the output to explain, by name or number from 0")
    group.add_argument(
        "--activation",
        choices=["sigmoid", "softmax"],
        help="from outputs to scores (default: sigmoid for one output, else softmax)",
    )
    group.add_argument(
        "--threshold", type=float, metavar="SHARE", help="score from which a patch counts as positive (default 0.5)"
    )


def _pixels(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--patch", type=int, required=True, metavar="PX", help="side of a patch, in pixels of --spacing")
    group.add_argument(
        "--spacing", required=True, metavar="M|level0", help="µm per pixel that it was trained at, or level0: as it is"
    )
    group.add_argument(
        "--resize", type=int, metavar="PX", help="side that patches are resized to for the network (default: none)"
    )
    group.add_argument(
        "--mean", required=True, metavar="R,G,B|imagenet", help="of the normalisation, for pixels of 0 to 1, or to 255"
    )
    group.add_argument("--std", required=True, metavar="R,G,B|imagenet", help="likewise")


def _layer(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--layer", metavar="NAME", help="layer to explain (default: the architecture's)")
    sign = group.add_mutually_exclusive_group()
    sign.add_argument("--rectify", action="store_true", help="take the positive part of a layer that is negative too")
    sign.add_argument("--signed", action="store_true", help="take both signs; classes then come from semi-NMF")
    group.add_argument("--stride", type=int, metavar="PX", help="step between patches (default: half a patch)")
    group.add_argument("--trim", type=int, metavar="N", help="outermost locations left out on each side (default 2)")
    group.add_argument("--label-region", type=int, metavar="PX", help="side of the square that the label speaks of")
    group.add_argument("--min-tissue", type=float, metavar="SHARE", help="tissue that a patch needs (default 0.1)")
