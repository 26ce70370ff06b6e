"""Checkpoint: the tensors of a network in a file that training wrote, whatever else lies beside them; never run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wsiview.models.config import BundleError
from wsiview.models.pickled_tensors import TensorReader, is_tensor, pickled_tensors
from wsiview.models.weights import read_safetensors
from wsiview.models.weights_file import refuse_programs

_HOLDERS = ("state_dict", "model_state_dict", "model", "net", "network", "weights")
"""Where trainers put the network's tensors, first come first taken."""

_BESIDE = (
    "lightning", "lightning_fabric", "pytorch_lightning", "lightning_utilities", "omegaconf", "torchmetrics",
    "argparse", "collections", "datetime", "decimal", "enum", "pathlib", "uuid", "typing", "numpy",
)  # fmt: skip
"""Packages whose objects trainers leave beside the tensors."""
_OF_BUILTINS = ("set", "frozenset", "slice", "complex", "bytearray", "object", "int", "float", "str", "list", "dict")
_KINDS = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


class RunsCode(BundleError):
    """The pickle names something that opening it would call."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(
            path,
            f"names {name}, which opening it would run, so it is not opened; load it where you trust it and save only "
            "the network's state_dict with safetensors as model.safetensors",
        )
        self.name = name


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The network's tensors by name, from safetensors, a state dict, or a checkpoint of Lightning or a like trainer.

    Of a checkpoint's other contents – optimisers, callbacks, hyperparameters – nothing is built: what the pickle names
    of well-known packages becomes an empty stand-in, and any other name is refused.

    Raises
    ------
    BundleError
        If it can't be read, is a program, names something that would run, or holds no network's tensors.
    """
    if not path.is_file():
        raise BundleError(path, "is no file; give the checkpoint's own file" if path.exists() else "does not exist")
    if path.suffix.lower() == ".safetensors":
        return read_safetensors(path)
    refuse_programs(path)
    stranger: list[str] = []

    class Reader(_CheckpointReader):
        strangers = stranger

    tensors: dict[str, Tensor] = {}
    try:
        for name, kind, shape, data in pickled_tensors(path, Reader, _network):
            numbers = torch.frombuffer(bytearray(data), dtype=_KINDS[kind]) if data else torch.empty(0)
            tensors[name] = numbers.reshape(shape).to(_KINDS[kind])
    except BundleError:
        if stranger:
            raise RunsCode(path, stranger[0]) from None
        raise
    if not tensors:
        raise BundleError(path, "holds no tensors of a network; give a checkpoint or a state_dict")
    return tensors


def _network(held: Any) -> Any:
    """The dictionary of tensors in a checkpoint; what trainers store in it beside tensors is left out."""
    if isinstance(held, Mapping) and not any(is_tensor(value) for value in held.values()):
        for holder in _HOLDERS:
            if isinstance(held.get(holder), dict):
                held = held[holder]
                break
    if not isinstance(held, dict):
        return held
    return {name: value for name, value in held.items() if is_tensor(value)}


class _StandIn:
    """Takes whatever a pickle gives an object, and forgets it."""

    def __init__(self, *given: object, **named: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, value: object) -> None:
        """Forget it."""

    def extend(self, values: object) -> None:
        """Forget them."""

    def add(self, value: object) -> None:
        """Forget it."""


class _CheckpointReader(TensorReader):
    """An unpickler that puts a stand-in for what lies beside the tensors, and calls nothing of anybody's."""

    strangers: list[str]

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name: never the thing itself."""
        try:
            return super().find_class(module, name)
        except Exception:
            root = module.partition(".")[0]
            plain = module in ("builtins", "__builtin__") and name in _OF_BUILTINS
            kind = module == "torch" and isinstance(getattr(torch, name, None), torch.dtype)
            if not (plain or kind or root in _BESIDE or (module, name) in (("torch", "device"), ("torch", "Size"))):
                self.strangers.append(f"{module}.{name}")
                raise
            return type(name, (_StandIn,), {})  # one of its own, for a pickle may write on it
