"""Weights file: which file of a bundle holds the tensors, whether it is safe to read, and the tensors' digest."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Protocol

from wsiview.models.config import BundleError
from wsiview.models.pickled_tensors import pickled_tensors
from wsiview.models.safetensors_file import pieces, read_header

_WAY_OUT = "save its state_dict with safetensors as model.safetensors"
_PICKLES = (".pt", ".pth", ".bin")


class Digest(Protocol):
    """What hashlib's hashes have in common."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""


def find_weights(folder: Path) -> Path:
    """`model.safetensors`, else the only safetensors file, else the only state dict (`.pt`, `.pth` or `.bin`).

    Folders of the WSInfer zoo hold the same network several times; its TorchScript copy is passed over.

    Raises
    ------
    BundleError
        If there is none, more than one, or nothing but what may run code.
    """
    if (folder / "model.safetensors").is_file():
        return folder / "model.safetensors"
    for suffixes in ((".safetensors",), _PICKLES):
        found = sorted(file for file in folder.iterdir() if file.suffix.lower() in suffixes and file.is_file())
        plain = [file for file in found if program_in(file) is None] if suffixes == _PICKLES else found
        if len(plain) > 1:
            names = ", ".join(file.name for file in plain)
            raise BundleError(folder, f"has several weights files ({names}); keep one, or name it model.safetensors")
        if plain:
            return plain[0]
        if found:
            refuse_programs(found[0])
    raise BundleError(folder, f"has no weights; {_WAY_OUT} in that folder")


def refuse_programs(path: Path) -> None:
    """Refuse TorchScript and torch.export files, without running anything.

    Raises
    ------
    BundleError
        With the way out.
    """
    program = program_in(path)
    if program is not None:
        raise BundleError(path, f"is a {program}; {_WAY_OUT}")


def program_in(path: Path) -> str | None:
    """What kind of program a file is, by the names inside its zip; None if it is none.

    Raises
    ------
    BundleError
        If the file can't be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        return None  # a pickle of before torch 1.6, or no weights at all: reading it with weights_only tells
    except OSError as error:
        raise BundleError(path, f"can't be read ({error.strerror}); check the file and its permissions") from None
    inner = [name.partition("/")[2] for name in names] + names
    exported = ("serialized_exported_program.json", "serialized_state_dict.pt", "archive_format")
    if any(name in exported or name.startswith("models/") for name in inner):
        return "torch.export program, which can run code when it is opened"
    if any(name == "constants.pkl" or name.startswith("code/") for name in inner):
        return "TorchScript program, which hides what it is and can run code"
    return None


def hash_weights(path: Path, digest: Digest) -> None:
    """Feed every tensor, sorted by name, to the digest: name, dtype, shape, then its raw little-endian bytes.

    The same tensors give the same digest, in whichever of the two formats they are kept.

    Raises
    ------
    BundleError
        If the file is damaged or holds something else than tensors.
    """
    if path.suffix.lower() == ".safetensors":
        for entry in read_header(path):
            digest.update(_title(entry.name, entry.dtype, entry.shape))
            for piece in pieces(path, entry):
                digest.update(piece)
    else:
        for name, dtype, shape, data in pickled_tensors(path):
            digest.update(_title(name, dtype, shape))
            digest.update(data)


def _title(name: str, dtype: str, shape: tuple[int, ...]) -> bytes:
    return json.dumps([name, dtype, list(shape)], separators=(",", ":")).encode()
