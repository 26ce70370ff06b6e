"""Windows: the registry values and the Start menu's shortcut that tell the desktop of wsiview."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath

from wsiview.desktop.file_types import CLUSTERING, SHARED, SLIDES, FileType

CLASSES = r"Software\Classes"
"""Below HKEY_CURRENT_USER: what this user alone opens with what."""
_SLIDE, _CLUSTERING = "wsiview.slide", "wsiview.clustering"
SHORTCUT = PureWindowsPath(r"Microsoft\Windows\Start Menu\Programs\wsiview.lnk")
"""Below %APPDATA%."""

MAKE_SHORTCUT = (
    "$link = (New-Object -ComObject WScript.Shell).CreateShortcut($env:WSIVIEW_LINK); "
    "$link.TargetPath = $env:WSIVIEW_PROGRAM; $link.Arguments = $env:WSIVIEW_ARGUMENTS; "
    "$link.IconLocation = $env:WSIVIEW_ICON; $link.Description = 'Whole-slide viewer'; $link.Save()"
)
"""For PowerShell. What varies comes through the environment, where nothing needs quoting."""


@dataclass(frozen=True, slots=True)
class RegistryValue:
    """A text below HKEY_CURRENT_USER; the name "" is a key's default value."""

    key: str
    name: str
    text: str


def registry_plan(command: Sequence[str], icon: PureWindowsPath) -> tuple[RegistryValue, ...]:
    """Every value to write so that Explorer opens slides and clusterings with `command`.

    Each kind is a ProgID of our own. Suffixes only get it added to what they can be opened with: whatever the user
    has chosen for a suffix stays chosen, and where there is nothing else it is ours.
    """
    kinds = ((_SLIDE, "Whole-slide image", (*SLIDES, *SHARED)), (_CLUSTERING, CLUSTERING.comment, (CLUSTERING,)))
    values = []
    for program, comment, types in kinds:
        own = rf"{CLASSES}\{program}"
        values += [
            RegistryValue(own, "", comment),
            RegistryValue(rf"{own}\DefaultIcon", "", str(icon)),
            RegistryValue(rf"{own}\shell\open\command", "", f'{subprocess.list2cmdline(command)} "%1"'),
        ]
        values += [RegistryValue(rf"{CLASSES}\{end}\OpenWithProgids", program, "") for end in _suffixes(types)]
    return tuple(values)


def keys_to_clear(values: Iterable[RegistryValue]) -> tuple[str, ...]:
    """The keys that may be empty once the values are deleted, innermost first, never `CLASSES` itself."""
    keys: set[str] = set()
    for value in values:
        below = value.key.removeprefix(CLASSES + "\\").split("\\")
        keys.update("\\".join((CLASSES, *below[: depth + 1])) for depth in range(len(below)))
    return tuple(sorted(keys, key=lambda key: (-key.count("\\"), key)))


def shortcut_settings(link: PureWindowsPath, command: Sequence[str], icon: PureWindowsPath) -> dict[str, str]:
    """The environment that `MAKE_SHORTCUT` needs."""
    return {
        "WSIVIEW_LINK": str(link),
        "WSIVIEW_PROGRAM": command[0],
        "WSIVIEW_ARGUMENTS": subprocess.list2cmdline(command[1:]),
        "WSIVIEW_ICON": f"{icon},0",
    }


def without_console(command: Sequence[str]) -> tuple[str, ...]:
    """The command with the Python that opens no console window beside ours."""
    python = PureWindowsPath(command[0])
    return (str(python.with_name("pythonw.exe")), *command[1:]) if python.stem == "python" else tuple(command)


def _suffixes(types: Iterable[FileType]) -> list[str]:
    # Windows looks at what follows the last dot only.
    return sorted({"." + suffix.rpartition(".")[2] for kind in types for suffix in kind.suffixes})
