"""Config: reads the fields of a bundle's JSON, each fault as one sentence that names the file and the field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wsiview.errors import ModelError

_KINDS: Mapping[type, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list", dict: "an object",
}  # fmt: skip


class BundleError(ModelError):
    """A model folder that can't be used as it is."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class Config:
    """One JSON object of the file; every reader raises BundleError on a field that is missing or of another kind.

    Parameters
    ----------
    path
        The file, for the sentences.
    values
        The object.
    within
        Name of the object inside the file ("" for the whole).
    """

    def __init__(self, path: Path, values: Mapping[str, Any], within: str = "") -> None:
        self.path, self._values, self._within = path, values, within

    def __contains__(self, field: str) -> bool:
        """Whether the field is there and not null."""
        return self._values.get(field) is not None

    def __iter__(self) -> Iterator[str]:
        """Names of the fields."""
        return iter(self._values)

    def fault(self, field: str, reason: str) -> BundleError:
        """The error for one field: `reason` follows the field's name."""
        return BundleError(self.path, f"the field {self._within}{field} {reason}")

    def text(self, field: str, default: str | None = None, among: tuple[str, ...] = ()) -> str:
        """A text that is not empty, one of `among` if that is given."""
        value = str(self._value(field, str, default))
        if among and value not in among:
            raise self.fault(field, f"is {value!r}; it must be {' or '.join(among)}")
        if not value and default is None:
            raise self.fault(field, "is empty; fill it in")
        return value

    def whole(self, field: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number from `least` to `most`."""
        value = int(self._value(field, int, default))
        if not least <= value <= most:
            raise self.fault(field, f"is {value}; it must be from {least} to {most}")
        return value

    def number(self, field: str, least: float, most: float, default: float | None = None) -> float:
        """A finite number from `least` to `most`."""
        value = float(self._value(field, float, default))
        if not (math.isfinite(value) and least <= value <= most):
            raise self.fault(field, f"is {value:g}; it must be from {least:g} to {most:g}")
        return value

    def flag(self, field: str, default: bool) -> bool:
        """True or false."""
        return bool(self._value(field, bool, default))

    def items(self, field: str) -> list[Any]:
        """A list."""
        value: list[Any] = self._value(field, list, None)
        return value

    def anything(self, field: str) -> Any:
        """Whatever the field holds; the caller judges it."""
        if field not in self:
            raise self.fault(field, "is missing; fill it in")
        return self._values[field]

    def inner(self, field: str) -> Config:
        """An object inside this one; an empty one where it is absent."""
        return Config(self.path, self._value(field, dict, {}), f"{self._within}{field}.")

    def _value(self, field: str, kind: type, default: object) -> Any:
        value = self._values.get(field)
        if value is None:
            if default is None:
                raise self.fault(field, f"is missing; it must be {_KINDS[kind]}")
            return default
        accepted = (int, float) if kind is float else kind
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise self.fault(field, f"is {json.dumps(value)[:60]}; it must be {_KINDS[kind]}")
        return value


def read_config(path: Path) -> Config:
    """The whole file as one object.

    Raises
    ------
    BundleError
        If it can't be read, is no JSON, or holds something else than an object.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BundleError(path.parent, "has no config.json; choose the folder of a model bundle") from None
    except OSError as error:
        raise BundleError(path, f"can't be read ({error.strerror}); check the file and its permissions") from None
    except (ValueError, RecursionError) as error:
        raise BundleError(path, f"is not valid JSON ({error}); mend it in a text editor") from None
    if not isinstance(values, dict):
        raise BundleError(path, "holds no JSON object; it must start with { and name the model's fields")
    return Config(path, values)
