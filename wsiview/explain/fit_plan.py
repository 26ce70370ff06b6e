"""Fit plan: which layer a fit takes and with which signs, how its patches and cells lie, and why so."""

from __future__ import annotations

from dataclasses import dataclass, field

from wsiview.clustering.geometry import EVALUATIONS, Geometry
from wsiview.clustering.rank import check_classes
from wsiview.errors import UsageError
from wsiview.explain.settings import FitSettings
from wsiview.features.evaluation import DenseRefused, choose_evaluation, dense_fault, lattice_of
from wsiview.features.reach import Reach, probe_reach
from wsiview.models.classifier import Classifier
from wsiview.models.default_layers import LayerUntold, default_of


@dataclass(frozen=True)
class FitPlan:
    """What the feature vectors of a fit are.

    Attributes
    ----------
    rectify
        Whether ReLU is applied to the recorded copy.
    signed
        Whether they may be negative, so that classes come from semi-NMF.
    channels
        Length of a vector.
    reason
        Why this evaluation was chosen, to be stored; empty where it was asked for.
    """

    layer: str
    rectify: bool
    signed: bool
    channels: int
    geometry: Geometry
    reason: dict[str, str] = field(default_factory=dict)


def fit_plan(classifier: Classifier, settings: FitSettings) -> FitPlan:
    """Choose what the settings leave open, after probing the layer.

    Raises
    ------
    UsageError, ModelError
        If there is no such layer or evaluation, or the layer can't be evaluated so.
    """
    check_classes(settings.n_classes)
    if settings.evaluation not in ("auto", *EVALUATIONS):
        raise UsageError(f"there is no evaluation {settings.evaluation!r}; there is auto, {', '.join(EVALUATIONS)}")
    layer, rectify, signed = _layer(classifier, settings.layer)
    reach = probe_reach(classifier, layer, rectify)
    geometry, reason = _geometry(classifier, settings, reach, layer, rectify, signed)
    return FitPlan(layer, rectify, signed, reach.channels, geometry, reason)


def _layer(classifier: Classifier, asked: str | None) -> tuple[str, bool, bool]:
    """Name, rectify and signed of the layer that is asked for, or of the bundle's own."""
    bundle = classifier.bundle
    if bundle.layer is not None and asked in (None, bundle.layer):
        return bundle.layer, bundle.rectify, bundle.signed
    default = default_of(bundle.architecture, bundle.options)
    layer = asked or default.layer
    if layer is None:
        raise LayerUntold(bundle.architecture)
    if layer != default.layer:  # nobody speaks of this one: it is taken for one like those that are spoken of
        rectify, signed = bundle.rectify, bundle.signed or default.signed
    elif bundle.layer is None:  # what the bundle says, it says of the default
        rectify, signed = default.rectify or bundle.rectify, bundle.signed
    else:  # what the bundle says, it says of another
        rectify, signed = default.rectify, default.signed
    return layer, rectify, signed and not rectify


def _geometry(
    classifier: Classifier, settings: FitSettings, reach: Reach, layer: str, rectify: bool, signed: bool
) -> tuple[Geometry, dict[str, str]]:
    bundle = classifier.bundle
    patch = settings.patch or bundle.patch_pixels
    step = settings.step or (bundle.stride_pixels if settings.patch is None else _half(patch, reach.stride[0]))
    evaluation, reason = settings.evaluation, {}
    if evaluation == "auto":
        choice = choose_evaluation(classifier, layer, reach, patch, step, rectify=rectify, signed=signed)
        evaluation, reason = choice.evaluation, {"evaluation_reason": choice.reason}
    elif evaluation == "dense" and (fault := dense_fault(lattice_of(reach), patch)) is not None:
        raise DenseRefused(layer, fault)
    geometry = Geometry(
        patch_pixels=patch,
        step_pixels=step,
        trim=bundle.trim if settings.trim is None else settings.trim,
        cell_stride=reach.stride,
        cell_centre=reach.centre,
        field=reach.field,
        spacing=bundle.spacing,
        label_region=min(bundle.label_region or step, patch),
        min_tissue=bundle.min_tissue,
        evaluation=evaluation,
    )
    return geometry, reason


def _half(patch: int, stride: int) -> int:
    """Half a patch, as a multiple of the layer's stride."""
    return max(stride, patch // 2 // stride * stride)
