"""Registry: writes and clears what the Windows plan says; can be imported on Windows only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import winreg
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from wsiview.desktop import windows
from wsiview.desktop.outcome import Outcome
from wsiview.errors import WsiviewError
from wsiview.resources import resource

assert sys.platform == "win32"  # so that what follows is checked as what it is

_ASSOCIATIONS_CHANGED = 0x08000000
_PATIENCE = 60  # seconds that PowerShell may take


def install(command: Sequence[str]) -> Outcome:
    """Write the registry's values and the shortcut; if any fails, all of it is cleared.

    Raises
    ------
    WsiviewError
        If Windows refuses.
    """
    values, link = _plan(command), _shortcut()
    try:
        for value in values:
            with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, value.key, 0, winreg.KEY_SET_VALUE) as key:
                winreg.SetValueEx(key, value.name, 0, winreg.REG_SZ, value.text)
        _make_shortcut(link, windows.without_console(command))
    except (OSError, subprocess.SubprocessError) as error:
        _clear(values, link)
        raise WsiviewError(f"Windows refused file types or shortcut ({error}); nothing was installed") from error
    _announce()
    return Outcome((*(_named(value) for value in values), str(link)))


def remove(command: Sequence[str]) -> Outcome:
    """Clear the values, the keys that are empty without them, and the shortcut.

    Raises
    ------
    WsiviewError
        If Windows refuses.
    """
    try:
        gone = _clear(_plan(command), _shortcut())
    except OSError as error:
        raise WsiviewError(f"Windows refused to remove all ({error}); try again") from error
    _announce()
    return Outcome(gone)


def _plan(command: Sequence[str]) -> tuple[windows.RegistryValue, ...]:
    return windows.registry_plan(windows.without_console(command), _icon())


def _clear(values: Sequence[windows.RegistryValue], link: Path) -> tuple[str, ...]:
    gone = []
    for value in values:
        with contextlib.suppress(FileNotFoundError):
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, value.key, 0, winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, value.name)
            gone.append(_named(value))
    for name in windows.keys_to_clear(values):
        with contextlib.suppress(FileNotFoundError):
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, name) as key:
                subkeys, names, _ = winreg.QueryInfoKey(key)
            if subkeys == names == 0:
                winreg.DeleteKey(winreg.HKEY_CURRENT_USER, name)
    if link.exists():
        link.unlink()
        gone.append(str(link))
    return tuple(gone)


def _make_shortcut(link: Path, command: Sequence[str]) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    settings = windows.shortcut_settings(PureWindowsPath(link), command, _icon())
    subprocess.run(
        ["powershell", "-NoProfile", "-NonInteractive", "-Command", windows.MAKE_SHORTCUT],
        env={**os.environ, **settings},
        capture_output=True,
        timeout=_PATIENCE,
        check=True,
        creationflags=subprocess.CREATE_NO_WINDOW,
    )


def _shortcut() -> Path:
    roaming = os.environ.get("APPDATA")
    return Path(roaming or Path.home() / "AppData" / "Roaming") / windows.SHORTCUT


def _icon() -> PureWindowsPath:
    return PureWindowsPath(resource("icons/wsiview.ico"))


def _named(value: windows.RegistryValue) -> str:
    return "\\".join(part for part in ("HKEY_CURRENT_USER", value.key, value.name) if part)


def _announce() -> None:
    """Explorer reads its associations again."""
    ctypes.windll.shell32.SHChangeNotify(_ASSOCIATIONS_CHANGED, 0, None, None)
