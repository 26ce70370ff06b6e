"""Bundle: `wsiview bundle`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from wsiview.cli.bundle_config import config_of, options_of
from wsiview.cli.reporting import Reporter
from wsiview.cli.score_sheet import check_sample, show_scores
from wsiview.errors import ModelError, UsageError
from wsiview.features.layer_trial import LayerTrial, try_layer
from wsiview.models.architectures import build_architecture
from wsiview.models.bundle import Bundle, read_bundle
from wsiview.models.bundle_writing import check_place, drafting
from wsiview.models.checkpoint import read_checkpoint
from wsiview.models.classifier import load_classifier
from wsiview.models.default_layers import Default, default_of
from wsiview.models.tensor_names import Adopted, adopt
from wsiview.models.timm_networks import last_stage
from wsiview.models.weights import misfit, other_name
from wsiview.progress import Progress


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Make a bundle of a checkpoint, and show a slide's most extreme patches if one is named."""
    out: Path = arguments.out
    picture: Path = arguments.picture or out.with_name(out.name + ".scores.png")
    check_sample(arguments, picture)
    check_place(out, replace=arguments.force)
    config = config_of(arguments)
    extra: dict[str, Any] = config["wsiview"]
    default = default_of(arguments.architecture, options_of(config))
    adopted = _adopt(arguments, config)
    extra["layer"] = arguments.layer or default.layer or _last_layer(arguments, config)
    extra |= {flag: True for flag in ("rectify", "signed") if getattr(arguments, flag)}
    with drafting(out, replace=arguments.force) as draft:
        draft.write_weights(adopted.tensors)
        # How far apart the layer's locations lie is seen once it has run; so are patches laid out after that.
        first = draft.write_config(config)
        progress.report("trying the layer", 0, 1)
        trial = try_layer(load_classifier(first, "cpu"), extra["layer"])
        progress.report("trying the layer", 1, 1)
        _check_sign(first, trial)
        extra |= {"rectify": first.rectify, "signed": first.signed, **_layout(arguments, first.patch_pixels, trial)}
        fingerprint = draft.write_config(config).fingerprint
    bundle = read_bundle(out)
    if bundle.fingerprint != fingerprint:
        raise ModelError(f"{out}: does not read back as it was written; check the disk, or choose another")
    _report(bundle, adopted, trial, default, reporter)
    return 0 if arguments.slide is None else show_scores(bundle, arguments, picture, reporter, progress)


def _adopt(arguments: argparse.Namespace, config: dict[str, Any]) -> Adopted:
    """The checkpoint's tensors by the architecture's names, all of them fitting."""
    outputs, side = config["num_classes"], arguments.resize or arguments.patch
    with torch.device("meta"):
        wanted = build_architecture(arguments.architecture, options_of(config), outputs, side).state_dict()
    found = read_checkpoint(arguments.checkpoint)
    adopted = adopt(found, wanted, arguments.architecture, arguments.prefix)
    fault = misfit(adopted.tensors, wanted)
    if fault is not None:
        raise ModelError(
            f"{arguments.checkpoint}: does not fit the architecture {arguments.architecture!r} with {outputs} outputs: "
            f"{fault}; check --architecture{other_name(arguments.architecture)}, --classes and --prefix"
        )
    for name, tensor in adopted.tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(
                f"{arguments.checkpoint}: the tensor {name!r} holds NaN or infinity, as after a training that failed; "
                "choose an earlier checkpoint"
            )
    return adopted


def _last_layer(arguments: argparse.Namespace, config: dict[str, Any]) -> str:
    """The last stage that timm tells of its network, where no default layer is known."""
    side = arguments.resize or arguments.patch
    module = build_architecture(arguments.architecture, {}, config["num_classes"], side)
    layer = last_stage(module)
    if layer is None:
        names = [name for name, _ in module.named_modules() if name]
        raise UsageError(
            f"--layer is needed, since none of {arguments.architecture!r} is known; it ends in {', '.join(names[-5:])}"
        )
    return layer


def _check_sign(bundle: Bundle, trial: LayerTrial) -> None:
    """Negative numbers are nobody's surprise later on."""
    if trial.negative and not bundle.rectify and not bundle.signed:
        raise UsageError(
            f"the layer {bundle.layer!r} gives negative numbers; choose the ReLU after it with --layer, "
            "add --rectify to take its positive part, or --signed for both signs"
        )


def _layout(arguments: argparse.Namespace, side: int, trial: LayerTrial) -> dict[str, int]:
    """Step, trim and label region, so that trimmed patches leave no gap on the layer's own grid."""
    reach = trial.reach
    cell, locations = max(reach.stride), min(reach.shape)
    step = arguments.stride or max(cell, side // 2 // cell * cell)
    if any(step % stride for stride in reach.stride) or not 1 <= step <= side:
        near = min(side, max(cell, round(step / cell) * cell))
        raise UsageError(f"--stride {step}: give a multiple of the layer's {cell} px up to {side}; use {near}, say")
    most = (locations - step // min(reach.stride)) // 2
    if most < 0:
        raise UsageError(f"--stride {step}: the layer's {locations} locations a patch leave gaps; give {cell}, say")
    trim = min(2, most) if arguments.trim is None else arguments.trim
    if not 0 <= trim <= most:
        raise UsageError(f"--trim {trim}: at a stride of {step} px give from 0 to {most}, so that no gaps are left")
    region = step if arguments.label_region is None else arguments.label_region
    if not 1 <= region <= side:
        raise UsageError(f"--label-region {region}: give from 1 to {side} pixels")
    return {"stride_pixels": step, "trim": trim, "label_region": region}


def _report(bundle: Bundle, adopted: Adopted, trial: LayerTrial, default: Default, reporter: Reporter) -> None:
    if adopted.prefix:
        reporter.note(f"the network was found under {adopted.prefix!r}")
    if adopted.left_out:
        few = ", ".join(adopted.left_out[:3]) + (", …" if len(adopted.left_out) > 3 else "")
        reporter.note(f"{len(adopted.left_out)} tensors that are not the network's were left out ({few})")
    if trial.reach.note:
        reporter.note(trial.reach.note)
    if bundle.layer != default.layer:
        reporter.note(f"the layer {bundle.layer!r} was chosen; look whether it is the one that should be explained")
    reach = trial.reach
    sign = ", both signs" if bundle.signed else ", rectified" if bundle.rectify else ""
    reporter.result(
        f"{bundle.path}: {bundle.architecture} with {bundle.num_classes} outputs "
        f"({', '.join(bundle.class_names[:6])}{', …' if bundle.num_classes > 6 else ''}); layer {bundle.layer}: "
        f"{reach.channels} channels, {reach.shape[1]} × {reach.shape[0]} locations a patch{sign}",
        bundle=str(bundle.path), fingerprint=bundle.fingerprint, architecture=bundle.architecture,
        outputs=list(bundle.class_names), target=bundle.class_names[bundle.target], layer=bundle.layer,
        channels=reach.channels, locations=list(reach.shape), stride=bundle.stride_pixels, trim=bundle.trim,
        signed=bundle.signed, prefix=adopted.prefix, left_out=list(adopted.left_out),
    )  # fmt: skip
