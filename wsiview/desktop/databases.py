"""Databases: has the desktop's own tools read what was added or taken away."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

MIME, APPLICATIONS, ICONS = Path("mime"), Path("applications"), Path("icons/hicolor")
_TOOLS = (("update-mime-database", MIME, "file types"), ("update-desktop-database", APPLICATIONS, "programs"))
_PATIENCE = 60  # seconds that a tool may take


def refresh(home: Path) -> tuple[str, ...]:
    """Refresh the databases of a data folder; a sentence for each that could not be."""
    notes = []
    for tool, folder, what in _TOOLS:
        if not (home / folder).is_dir():
            continue
        if shutil.which(tool) is None:
            notes.append(f"{tool} is not installed, so the desktop may notice the change in its {what} only later")
        elif (reason := _run(tool, home / folder)) is not None:
            notes.append(f"{tool} failed ({reason}), so the desktop may not notice the change in its {what}")
    if (home / ICONS).is_dir():
        os.utime(home / ICONS)  # icon caches older than their folder are not believed
    return tuple(notes)


def generated(home: Path) -> set[str]:
    """The files and folders of the databases that nobody but a tool has made, relative to the data folder."""
    packages = home / MIME / "packages"
    found = [path for path in (home / MIME).rglob("*") if not path.is_relative_to(packages)]
    caches = (home / APPLICATIONS).glob("mimeinfo.cache")
    return {str(path.relative_to(home)) for path in (*found, *caches)}


def drop_generated(home: Path, names: tuple[str, ...]) -> None:
    """Delete those of the named files that nothing is left to be made from, and folders that are empty."""
    packages, entries = (home / MIME / "packages").glob("*.xml"), (home / APPLICATIONS).rglob("*.desktop")
    needed = {str(folder) for folder, sources in ((MIME, packages), (APPLICATIONS, entries)) if any(sources)}
    for name in sorted(names, reverse=True):  # what lies in a folder comes before it
        path = home / name
        if path.is_dir():
            with contextlib.suppress(OSError):  # something else lies in it
                path.rmdir()
        elif Path(name).parts[0] not in needed:
            path.unlink(missing_ok=True)


def _run(tool: str, folder: Path) -> str | None:
    """Run a tool on a folder; what went wrong, or None."""
    try:
        done = subprocess.run([tool, str(folder)], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else " ".join(done.stderr.split()) or f"status {done.returncode}"
