"""Trial process: has a child process, which may die, do something with a slide first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from wsiview.slide.slide import SlideUnopenable
from wsiview.slide.tried import remember, stamps_of

REFUSED = 3
"""Exit status of the trial when the file is refused with a sentence."""
NO_CONSOLE: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""For processes started on Windows, where each would open a window of its own."""


def try_apart(module: str, path: Path, *arguments: str, timeout: float) -> bytes:
    """Have a child process open a slide; what it does no harm to is opened without a trial from then on.

    Parameters
    ----------
    module
        Run with the path and further arguments; its status is 0, or REFUSED with a JSON reason on stdout.
    timeout
        Seconds that the child may take.

    Returns
    -------
    What the child wrote to stdout.

    Raises
    ------
    SlideUnopenable
        If the file is refused, or the child died or took too long.
    """
    seen = stamps_of(path)
    try:
        trial = subprocess.run(
            command(module, os.fspath(path.absolute()), *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            env=environment(),
            creationflags=NO_CONSOLE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise too_slow(path, timeout) from error
    if trial.returncode == REFUSED:
        raise SlideUnopenable(path, json.loads(trial.stdout)["reason"])
    if trial.returncode != 0:
        raise SlideUnopenable(path, "it breaks the program that decodes it; check the file or copy it again")
    remember(path, seen)
    return trial.stdout


def command(module: str, *arguments: str) -> list[str]:
    """What starts a module of wsiview as a process."""
    return [sys.executable, "-m", module, *arguments]


def environment() -> dict[str, str]:
    """This process's environment, in which the child finds the same wsiview wherever it was started."""
    root = str(Path(__file__).resolve().parents[2])
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, others] if others else [root])}


def too_slow(path: Path, timeout: float) -> SlideUnopenable:
    """The refusal of a slide that takes longer than `timeout` seconds."""
    return SlideUnopenable(
        path, f"reading it took more than {timeout:g} s; check the file and the connection to its disk"
    )
