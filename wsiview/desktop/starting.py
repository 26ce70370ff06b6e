"""Starting: the command that starts this very wsiview again, from a menu and in any folder."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path

from wsiview.errors import WsiviewError


def starting_command() -> tuple[str, ...]:
    """Program and arguments, to be followed by files.

    Raises
    ------
    WsiviewError
        If wsiview is not installed, so that it starts from this folder alone.
    """
    if (script := console_script(sys.argv[0], sys.executable)) is not None:
        return (str(script),)
    try:
        metadata.version("wsiview")
    except metadata.PackageNotFoundError as error:
        raise WsiviewError(
            "this wsiview is not installed, so a menu could not start it; install it with pip and try again"
        ) from error
    return module_command(sys.executable)


def console_script(started_as: str, python: str) -> Path | None:
    """The script `wsiview` that this process was started as, else the one beside its Python; None without either.

    Links are kept, since they outlive what they point to when wsiview is updated.
    """
    for candidate in (Path(started_as).absolute(), Path(python).with_name("wsiview")):
        if candidate.name == "wsiview" and candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    return None


def module_command(python: str) -> tuple[str, ...]:
    """Start through Python, whichever folder it happens in: -P keeps that folder's modules out."""
    return python, "-P", "-m", "wsiview"
