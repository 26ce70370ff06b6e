"""Clustering file: tensors and one description in a safetensors file, and the slide names beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from wsiview.clustering.whole_file import write_whole
from wsiview.errors import ClusteringError

_KEY = "wsiview.clustering"
_KINDS = {"class_vectors": "F32", "weight_quantiles": "F64", "manifest": "I64"}
_LATER = {
    "normal_mean": "F64",
    "normal_cov": "F64",
    "normal_cut": "F64",
    "stability": "I64",
}  # which older files don't have


def write_parts(path: Path, tensors: Mapping[str, NDArray[Any]], description: Mapping[str, Any]) -> None:
    """Write, read back, compare, rename.

    Raises
    ------
    ClusteringError
        If the description is no plain JSON or the file can't be written.
    """
    try:
        text = json.dumps(description, ensure_ascii=False, sort_keys=True, allow_nan=False)
        # safetensors stores a Fortran-ordered array scrambled, without a word
        plain = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
        content = safetensors.numpy.save(plain, metadata={_KEY: text})
        again = safetensors.numpy.load(content)
        if any(not np.array_equal(again[name], array) for name, array in tensors.items()):
            raise ClusteringError(f"{path} was not written, because it would not read back the same: report this")
    except (TypeError, ValueError) as error:
        raise ClusteringError(f"{path} was not written, because its description is not plain JSON ({error})") from error
    write_file(path, content)


def write_file(path: Path, content: bytes) -> None:
    """Write a clustering, or what lies beside one, all or nothing.

    Raises
    ------
    ClusteringError
        If the file can't be written.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise ClusteringError(
            f"{path} can't be written ({error.strerror or error}): free some space or choose another folder"
        ) from error


def read_parts(path: Path, version: int) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Tensors and description.

    Raises
    ------
    ClusteringError
        If it is no clustering file of this version or an older one.
    """
    if not path.is_file():
        raise ClusteringError(f"{path} is not there or no file: check the name")
    try:
        with safe_open(str(path), framework="numpy") as stream:
            metadata = stream.metadata() or {}
            if _KEY not in metadata:
                raise ClusteringError(f"{path} is no clustering but some other safetensors file: choose a .clustering")
            description = _description(path, metadata[_KEY], version)
            missing = sorted(set(_KINDS) - set(stream.keys()))
            if missing:
                raise ClusteringError(f"{path} is incomplete, {', '.join(missing)} is missing: get it again")
            kinds = {**_KINDS, **{name: kind for name, kind in _LATER.items() if name in stream.keys()}}  # noqa: SIM118
            wrong = [name for name, kind in kinds.items() if stream.get_slice(name).get_dtype() != kind]
            if wrong:
                raise ClusteringError(f"{path} holds {', '.join(wrong)} in another number format: get it again")
            return {name: np.array(stream.get_tensor(name)) for name in kinds}, description
    except SafetensorError as error:
        raise ClusteringError(f"{path} is no clustering or a damaged one: get it again ({error})") from error
    except (OSError, ValueError) as error:
        raise ClusteringError(f"{path} can't be read: check it and its folder ({error})") from error


def _description(path: Path, text: str, version: int) -> dict[str, Any]:
    try:
        description = json.loads(text)
        found = description["version"]
        if isinstance(found, bool) or not isinstance(found, int):
            raise TypeError("version")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ClusteringError(f"{path} has a damaged description: get it again or fit anew") from error
    if found > version:
        raise ClusteringError(f"{path} was made by a newer wsiview (format {found}): update wsiview to open it")
    if found < 1:
        raise ClusteringError(f"{path} has a damaged description (format {found}): get it again or fit anew")
    result: dict[str, Any] = description
    return result


def names_path(path: Path | str) -> Path:
    """The side file of slide names, which never travels with the clustering."""
    path = Path(path)
    return path.with_name(f"{path.stem}.names.json")


def write_slide_names(path: Path | str, names: Mapping[str, str]) -> Path:
    """Write slide names beside the clustering at `path`.

    Parameters
    ----------
    names
        Slide fingerprint → name.

    Raises
    ------
    ClusteringError
        If the side file can't be written.
    """
    side = names_path(path)
    content = json.dumps({"version": 1, "names": dict(names)}, ensure_ascii=False, indent=1, sort_keys=True)
    write_file(side, content.encode())
    return side


def read_slide_names(path: Path | str) -> dict[str, str]:
    """Slide fingerprint → name from beside the clustering at `path`; empty where there is no side file.

    Raises
    ------
    ClusteringError
        If there is one and it is damaged or newer.
    """
    side = names_path(path)
    try:
        found = json.loads(side.read_text(encoding="utf-8"))
        if found["version"] > 1:
            raise ClusteringError(f"{side} was made by a newer wsiview: update wsiview or remove the file")
        return {str(key): str(value) for key, value in found["names"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ClusteringError(f"{side} is damaged: remove it, only names are lost") from error
