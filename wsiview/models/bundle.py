"""Bundle: a classifier as a folder – its config, the place of its weights, its fingerprint; free of torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wsiview.errors import ModelError
from wsiview.models.config import BundleError, Config, read_config
from wsiview.models.default_layers import VGG16_GMP, Default, LayerUntold, default_of
from wsiview.models.transform import Transform, Triple, read_transform
from wsiview.models.vgg_options import read_vgg_options
from wsiview.models.weights_file import find_weights, hash_weights

__all__ = ["LARGEST_PATCH", "Bundle", "BundleError", "read_bundle"]

LARGEST_PATCH = 8192  # pixels on a side


@dataclass(frozen=True)
class Bundle:
    """A model's folder, read and checked.

    All lengths are in pixels that the network reads, that is after Resize, at `spacing`.

    Attributes
    ----------
    name
        What it is called; by default as its folder, since folders of the WSInfer zoo do not say.
    options
        What `vgg-pool` and `vgg16-gmp` are built from; empty for other architectures.
    patch_pixels
        Side of the square that the network reads.
    spacing
        Effective µm per pixel: the config's spacing × patch side / Resize; None: level-0 pixels as they are.
    mean, std
        Normalisation per channel, for pixels from 0 to 1.
    layer
        The layer to explain; None: the architecture's default, which also decides on `rectify`.
    signed
        Whether the layer gives numbers of both signs, as transformers do; then classes come from semi-NMF.
    stride_pixels
        Distance of neighbouring patches; by default half a patch, rounded down to a multiple of the default layer's
        stride (at least one such stride).
    trim
        Locations dropped on each side of a patch; by default 2, or fewer where that would leave gaps.
    label_region
        Side of the central square that the label speaks of; by default `stride_pixels`.
    target
        The output that is explained; by default 1 of two outputs, else 0.
    contrast
        What a target's logit is measured against: "others" (their mean) or "none".
    """

    path: Path
    name: str
    architecture: str
    options: Mapping[str, Any]
    num_classes: int
    class_names: tuple[str, ...]
    patch_pixels: int
    spacing: float | None
    mean: Triple
    std: Triple
    layer: str | None
    rectify: bool
    stride_pixels: int
    trim: int
    label_region: int
    target: int
    contrast: str
    activation: str
    threshold: float
    min_tissue: float
    license: str
    description: str
    weights_path: Path
    signed: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over the sorted tensors and the canonical JSON of what changes the output.

        A mended description, another layer or target leave it as it is.

        Raises
        ------
        BundleError
            If the weights can't be read.
        """
        digest = hashlib.sha256()
        hash_weights(self.weights_path, digest)
        digest.update(json.dumps(self._output_facts(), sort_keys=True, separators=(",", ":")).encode())
        return digest.hexdigest()

    def _output_facts(self) -> dict[str, Any]:
        return {
            "architecture": self.architecture,
            # Dropout does nothing outside training.
            "options": {key: value for key, value in self.options.items() if key != "dropout"},
            "transform": {"mean": self.mean, "std": self.std},
            "patch": self.patch_pixels,
            "spacing": self.spacing,
            "class_names": self.class_names,
        }


def read_bundle(path: Path | str) -> Bundle:
    """Read a model's folder; its weights are found, and looked at only as far as their kind.

    Raises
    ------
    BundleError
        In one sentence that names the file and the field, and says what to do.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise BundleError(folder, f"{'is a file' if folder.exists() else 'does not exist'}; choose the model's folder")
    config = read_config(folder / "config.json")
    if config.text("spec_version").split(".")[0] != "1":
        raise config.fault("spec_version", f"is {config.text('spec_version')!r}; this version of wsiview reads 1.x")
    extra = config.inner("wsiview")
    architecture = config.text("architecture")
    options, default = _network(config, extra, architecture)
    transform = read_transform(config, config.whole("patch_size_pixels", 1, LARGEST_PATCH), _spacing(config))
    names = _class_names(config)
    layer = extra.text("layer") if "layer" in extra else None
    if layer is None and default.layer is None:
        raise extra.fault("layer", f"is missing: {LayerUntold(architecture)}")
    rectify = extra.flag("rectify", default.rectify and layer == default.layer)
    layout: dict[str, Any] = _layout(extra, transform, default, layer)
    return Bundle(
        path=folder,
        name=config.text("name", folder.resolve().name),
        architecture=architecture,
        options=MappingProxyType(options),
        num_classes=len(names),
        class_names=names,
        patch_pixels=transform.side,
        spacing=transform.spacing,
        mean=transform.mean,
        std=transform.std,
        layer=layer,
        rectify=rectify,
        signed=extra.flag("signed", default.signed and not rectify),
        **layout,
        **_outputs(extra, len(names)),
        min_tissue=extra.number("min_tissue", 0, 1, 0.1),
        license=extra.text("license", ""),
        description=extra.text("description", ""),
        weights_path=find_weights(folder),
    )


def _spacing(config: Config) -> float | None:
    return config.number("spacing_um_px", 0.01, 1000) if "spacing_um_px" in config else None


def _class_names(config: Config) -> tuple[str, ...]:
    count = config.whole("num_classes", 1, 100_000)
    names = config.items("class_names")
    if any(not isinstance(name, str) or not name for name in names):
        raise config.fault("class_names", "must be a list of texts, one for each output")
    if len(names) != count:
        raise config.fault("class_names", f"has {len(names)} names for num_classes {count}; name each output once")
    return tuple(names)


def _network(config: Config, extra: Config, architecture: str) -> tuple[dict[str, Any], Default]:
    """What the network is built from, and what is explained of it by default."""
    if architecture == "vgg-pool":
        options = read_vgg_options(extra)
        return options, default_of(architecture, options)
    try:
        default = default_of(architecture, {})
    except ModelError as error:
        raise config.fault("architecture", f"can't be used: {error}") from None
    if "architecture" in extra:
        raise extra.fault("architecture", f"is only for vgg-pool, not for {architecture}; remove it")
    return dict(VGG16_GMP) if architecture == "vgg16-gmp" else {}, default


def _layout(extra: Config, transform: Transform, default: Default, layer: str | None) -> dict[str, int]:
    """Stride, trim and label region; defaults leave no gap between trimmed patches of the default layer."""
    side, cell = transform.side, default.stride
    stride = extra.whole("stride_pixels", 1, side, min(side, max(cell, side // 2 // cell * cell)))
    # Another layer may be finer than the default one; then only the patch itself bounds the trim.
    is_default = layer in (None, default.layer)
    most = max(0, (side // cell - 1) // 2) if is_default else side // 2
    trim = extra.whole("trim", 0, most, max(0, min(2, (side - stride) // (2 * cell))))
    return {"stride_pixels": stride, "trim": trim, "label_region": extra.whole("label_region", 1, side, stride)}


def _outputs(extra: Config, count: int) -> dict[str, Any]:
    """Which output is explained, and how outputs become scores."""
    activation = extra.text("activation", "sigmoid" if count == 1 else "softmax", ("sigmoid", "softmax"))
    if activation == "softmax" and count == 1:
        raise extra.fault("activation", "is softmax, which is always 1 for a single output; make it sigmoid")
    return {
        "activation": activation,
        "target": extra.whole("target", 0, count - 1, 1 if count == 2 else 0),
        # Independent sigmoid outputs have no rivals to be measured against.
        "contrast": extra.text("contrast", "others" if activation == "softmax" else "none", ("others", "none")),
        "threshold": extra.number("threshold", 0, 1, 0.5),
    }
