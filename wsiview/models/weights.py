"""Weights: the tensors of a bundle, put into its network; nothing in a weights file is ever executed."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from wsiview.models.bundle import Bundle
from wsiview.models.config import BundleError
from wsiview.models.default_layers import SHARED, VGGS
from wsiview.models.pickled_tensors import is_old
from wsiview.models.safetensors_file import read_header
from wsiview.models.weights_file import refuse_programs


def load_weights(module: nn.Module, bundle: Bundle) -> None:
    """Put the bundle's tensors into the network, as float32; every name and shape must fit.

    The module may have been built on torch's `meta` device: its tensors are replaced, not filled.

    Raises
    ------
    BundleError
        If the file can't be read, doesn't fit the architecture, or holds numbers that are not finite.
    """
    tensors = read_tensors(bundle.weights_path)
    _check_fits(tensors, module.state_dict(), bundle)
    for name, tensor in tensors.items():
        if tensor.is_floating_point():
            tensors[name] = tensor = tensor.float()
            if not bool(torch.isfinite(tensor).all()):
                raise BundleError(bundle.weights_path, f"the tensor {name!r} holds NaN or infinity; save it again")
    module.load_state_dict(tensors, strict=True, assign=True)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The named tensors of a safetensors file or of a `.pt` state dict.

    Raises
    ------
    BundleError
        If the file is damaged, is a program, or holds something else than tensors.
    """
    if path.suffix.lower() == ".safetensors":
        return read_safetensors(path)
    return _read_pickle(path)


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The named tensors of a safetensors file.

    Raises
    ------
    BundleError
        If the file is damaged or can't be read.
    """
    read_header(path)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise BundleError(path, f"can't be read as safetensors ({error}); copy or download it again") from None


def _read_pickle(path: Path) -> dict[str, Tensor]:
    refuse_programs(path)
    try:
        if not is_old(path) and not zipfile.is_zipfile(path):  # refused by the fingerprint, so here as well
            raise pickle.UnpicklingError
        held = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise BundleError(path, f"can't be read ({error.strerror}); check the file and its permissions") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError, TypeError):
        raise BundleError(
            path,
            "is damaged, or holds more than tensors, which could run code; "
            "save the network's state_dict with safetensors as model.safetensors",
        ) from None
    if not isinstance(held, Mapping) or not all(isinstance(value, Tensor) for value in held.values()):
        raise BundleError(path, "holds no plain state_dict; save the network's with safetensors as model.safetensors")
    return {str(name): tensor.detach() for name, tensor in held.items()}


def misfit(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str | None:
    """What keeps tensors from a network, the first few by name; None if all names and shapes fit."""
    # Batch norm's counter matters in training only; files older than it are fine.
    missing = [name for name in wanted if name not in found and not name.endswith("num_batches_tracked")]
    unknown = [name for name in found if name not in wanted]
    bent = [name for name in wanted if name in found and found[name].shape != wanted[name].shape]
    shapes = [f"{name} {tuple(found[name].shape)} instead of {tuple(wanted[name].shape)}" for name in bent]
    faults = [
        f"{len(names)} {kind} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
        for kind, names in (("missing", missing), ("unknown", unknown), ("of another shape", shapes))
        if names
    ]
    if not faults:
        return None
    positions = any("pos_embed" in name for name in bent)
    return f"tensors {'; '.join(faults)}" + (
        "; its positions are fixed, so give the patch size that it was trained with" if positions else ""
    )


def _check_fits(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], bundle: Bundle) -> None:
    fault = misfit(found, wanted)
    if fault is not None:
        raise BundleError(
            bundle.weights_path,
            f"does not fit the architecture {bundle.architecture!r} with {bundle.num_classes} outputs: "
            f"{fault}; check the architecture in config.json{other_name(bundle.architecture)}",
        )


def other_name(architecture: str) -> str:
    """Where torchvision and timm have different networks of one name, what to write for the other."""
    if architecture in VGGS:
        return f" (timm's network of that name is 'timm/{architecture}')"
    if architecture in SHARED:
        return f" (torchvision's network of that name is 'torchvision/{architecture}')"
    return ""
