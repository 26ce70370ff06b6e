"""Bundle writing: a model's folder, all or nothing, and read back before it is called done."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from wsiview.errors import ModelError, UsageError
from wsiview.models.bundle import Bundle, BundleError, read_bundle


class Draft:
    """A bundle that is being written, in a folder of its own beside the place where it will be.

    Parameters
    ----------
    place
        Where it will be.
    folder
        Where it is for now.
    """

    def __init__(self, place: Path, folder: Path) -> None:
        self._place, self._folder = place, folder

    def write_weights(self, tensors: Mapping[str, Tensor]) -> None:
        """Write the tensors, and read them back bit for bit.

        Raises
        ------
        BundleError
            If the disk keeps something else than was written.
        """
        path = self._folder / "model.safetensors"
        # Tensors that share memory, or run through it in another order, are written out one by one.
        plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
        save_file(plain, path)
        kept = load_file(path)
        same = kept.keys() == plain.keys() and all(
            kept[name].dtype == tensor.dtype and torch.equal(kept[name], tensor) for name, tensor in plain.items()
        )
        if not same:
            raise BundleError(self._place, "does not read back as it was written; check the disk, or choose another")
        _flush(path)

    def write_config(self, config: Mapping[str, Any]) -> Bundle:
        """Write what describes the model, and read it as any command would.

        Raises
        ------
        ModelError
            If the description contradicts itself, in words that name the field.
        """
        path = self._folder / "config.json"
        path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        _flush(path)
        try:
            return read_bundle(self._folder)
        except BundleError as error:
            raise ModelError(f"the model can't be described so: {error.reason}") from None


@contextmanager
def drafting(place: Path, *, replace: bool = False) -> Iterator[Draft]:
    """Write a bundle: when the block ends it is at its place, and if the block fails nothing is.

    Parameters
    ----------
    replace
        Whether another bundle may be there already; it stays until the new one is whole.

    Raises
    ------
    UsageError
        If something is there that may not be replaced.
    BundleError
        If it can't be written.
    """
    check_place(place, replace=replace)
    folder: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        yield Draft(place, folder)
        folder.chmod(0o755)  # temporary folders are private
        _move(folder, place)
        _flush(place.parent)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BundleError(place, f"can't be written ({reason}); choose another --out, or make room") from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def check_place(place: Path, *, replace: bool) -> None:
    """Make sure that a bundle may be written there, before any work.

    Raises
    ------
    UsageError
        If something is there that may not be replaced.
    """
    if not place.exists() and not place.is_symlink():
        return
    if not place.is_dir() or not (place / "config.json").is_file():
        raise UsageError(f"{place} is there and no model bundle, so it is left alone; choose another --out")
    if not replace:
        raise UsageError(f"{place} is there already; choose another --out, or replace it with --force")


def _move(folder: Path, place: Path) -> None:
    """Put the folder at its place; what was there is out of the way first, and gone after."""
    if not place.exists():
        folder.rename(place)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{place.name}-old-", dir=place.parent))
    place.rename(old / place.name)
    try:
        folder.rename(place)
    except OSError:
        (old / place.name).rename(place)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _flush(path: Path) -> None:
    """Have the disk keep it before it counts as written."""
    if path.is_dir() and os.name == "nt":
        return  # folders can't be opened there
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
