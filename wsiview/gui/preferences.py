"""Preferences: what the window remembers between two days; one small INI file in the user's data folder."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QByteArray, QSettings

from wsiview.geometry import Affine, Point
from wsiview.resources import user_data_folder
from wsiview.scene.palette import Color
from wsiview.scene.registration import Pair, Registration

RECENT = 12  # files that the list of recent ones keeps


class Preferences:
    """Typed access to the settings file.

    Parameters
    ----------
    path
        The file; None takes `preferences.ini` in the user's data folder.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read the file."""
        if path is None:
            path = user_data_folder() / "preferences.ini"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    def save(self) -> None:
        """Bring everything to disk."""
        self._settings.sync()

    # What was open

    def recent_paths(self) -> tuple[Path, ...]:
        """The same with those that are gone; no disk is asked."""
        return tuple(Path(name) for name in self._list("recent/files"))

    def add_recent(self, path: Path) -> None:
        """Put a file at the head of the list."""
        name = os.path.abspath(path)  # which asks no disk, as resolving would
        names = [name, *(other for other in self._list("recent/files") if other != name)]
        self._put("recent/files", json.dumps(names[:RECENT]))

    def drop_recent(self, path: Path) -> None:
        """Take one file off the list."""
        self._put("recent/files", json.dumps([str(other) for other in self.recent_paths() if other != path]))

    def forget_recent(self) -> None:
        """Empty the list."""
        self._put("recent/files", "[]")

    def folder(self, kind: str) -> Path:
        """Where a file of this kind (slide, model, clustering, picture) was last chosen."""
        path = Path(self._text(f"folders/{kind}"))
        return path if self._text(f"folders/{kind}") and path.is_dir() else Path.home()

    def set_folder(self, kind: str, path: Path) -> None:
        """Remember where a file of this kind was chosen."""
        self._put(f"folders/{kind}", str(path))

    # What a slide does not say itself

    def mpp(self, slide_fingerprint: str) -> tuple[float, float] | None:
        """µm per level-0 pixel (x, y) that was given by hand for a slide."""
        values = self._list(f"mpp/{slide_fingerprint}")
        return (float(values[0]), float(values[1])) if len(values) == 2 else None

    def set_mpp(self, slide_fingerprint: str, mpp: tuple[float, float]) -> None:
        """Remember a slide's scale."""
        self._put(f"mpp/{slide_fingerprint}", json.dumps(list(mpp)))

    # How slides lie upon each other

    def registration(self, first_fingerprint: str, second_fingerprint: str) -> Registration | None:
        """How two slides were aligned, in whichever order that was."""
        found = _registration(self._text(_pair_key(first_fingerprint, second_fingerprint)))
        if found is None:
            found = _registration(self._text(_pair_key(second_fingerprint, first_fingerprint)))
            return None if found is None else found.inverse
        return found

    def set_registration(self, first_fingerprint: str, second_fingerprint: str, how: Registration | None) -> None:
        """Remember how two slides lie upon each other, or forget it."""
        self._settings.remove(_pair_key(second_fingerprint, first_fingerprint))
        key = _pair_key(first_fingerprint, second_fingerprint)
        if how is None:
            self._settings.remove(key)
            return
        pairs = [[pair.first.x, pair.first.y, pair.second.x, pair.second.y] for pair in how.pairs]
        self._put(key, json.dumps({"to_second": how.to_second.rows, "pairs": pairs}))

    # What a reader made their own

    def colors(self, clustering_fingerprint: str) -> dict[int, Color]:
        """Colours chosen by hand, by class index."""
        text = self._text(f"colors/{clustering_fingerprint}")
        try:
            return {int(index): (int(c[0]), int(c[1]), int(c[2])) for index, c in json.loads(text or "{}").items()}
        except (ValueError, TypeError, AttributeError, IndexError):
            return {}

    def set_colors(self, clustering_fingerprint: str, colors: dict[int, Color]) -> None:
        """Remember colours chosen by hand."""
        self._put(f"colors/{clustering_fingerprint}", json.dumps({str(k): list(v) for k, v in colors.items()}))

    # The window

    def theme(self) -> Literal["system", "light", "dark"]:
        """Whether windows are light or dark, by choice or as the system has it."""
        text = self._text("window/theme")
        return "light" if text == "light" else "dark" if text == "dark" else "system"

    def set_theme(self, theme: Literal["system", "light", "dark"]) -> None:
        """Remember light or dark."""
        self._put("window/theme", theme)

    def icc_colors(self) -> bool:
        """Whether slides are shown in the colours of their ICC profiles."""
        return self._text("window/icc_colors") == "on"

    def set_icc_colors(self, on: bool) -> None:
        """Remember whose colours."""
        self._put("window/icc_colors", "on" if on else "off")

    def window(self, layout: str) -> tuple[QByteArray, QByteArray] | None:
        """Geometry and dock state, if they were saved by the same layout of docks."""
        if self._text("window/layout") != layout:
            return None
        geometry, state = self._settings.value("window/geometry"), self._settings.value("window/state")
        if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
            return geometry, state
        return None

    def set_window(self, layout: str, geometry: QByteArray, state: QByteArray) -> None:
        """Remember geometry and docks."""
        self._put("window/layout", layout)
        self._settings.setValue("window/geometry", geometry)
        self._settings.setValue("window/state", state)

    def _put(self, key: str, value: str) -> None:
        self._settings.setValue(key, value)

    def _text(self, key: str) -> str:
        value = self._settings.value(key, "")
        return value if isinstance(value, str) else ""

    def _list(self, key: str) -> list[str]:
        # JSON, because QSettings reads a list of one as a bare string.
        try:
            values = json.loads(self._text(key) or "[]")
        except ValueError:
            return []
        return [str(value) for value in values] if isinstance(values, list) else []


def _pair_key(first_fingerprint: str, second_fingerprint: str) -> str:
    return f"registrations/{first_fingerprint}/{second_fingerprint}"


def _registration(text: str) -> Registration | None:
    """What `set_registration` wrote; None for anything else."""
    try:
        kept = json.loads(text)
        pairs = [Pair(Point(float(a), float(b)), Point(float(c), float(d))) for a, b, c, d in kept["pairs"]]
        to = Affine.from_rows(kept["to_second"])
    except (ValueError, TypeError, KeyError):
        return None
    sound = all(math.isfinite(value) for row in to.rows for value in row) and to.a * to.d != to.b * to.c
    return Registration(to, tuple(pairs)) if sound else None
