"""Window: `wsiview [FILE…]` and `wsiview demo`."""

from __future__ import annotations

import argparse
import os
import sys
from types import ModuleType

from wsiview.cli.reporting import Reporter
from wsiview.errors import UsageError, WsiviewError
from wsiview.gui.start_request import StartRequest
from wsiview.progress import Progress


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Open a window, and return when it is closed; or have the one that is open take the files, and return at once."""
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise UsageError("there is no screen to open a window on; start wsiview in a desktop session")
    request = StartRequest.from_here(arguments.files, arguments.model, arguments.clustering, demo=arguments.demo)
    sharing = _sharing(reporter)
    shared = sharing is not None and not arguments.new_window
    if sharing is not None and shared:
        answer = sharing.hand_over(request)
        if answer is sharing.Answer.TAKEN:
            reporter.note("the window that is open takes it from here; --new-window opens another one")
            return 0
        shared = answer is sharing.Answer.NOBODY
    from wsiview.slide.opening import readiness  # which loads more than handing over takes

    with readiness():
        try:
            from wsiview.gui.application import open_window
        except ImportError as error:
            if "wsiview" in str(error.name):
                raise
            raise WsiviewError(
                f"the window can't be opened, because the system lacks a library ({error}); "
                "install the packages that the README names for Linux"
            ) from error
        return open_window(request, reachable=sharing is not None, shared=shared)


def _sharing(reporter: Reporter) -> ModuleType | None:
    """What windows find each other by; None where the system lacks a library for it, for a window can do without."""
    try:
        from wsiview.gui import single_instance
    except ImportError as error:
        if "wsiview" in str(error.name):
            raise
        reporter.note(f"files opened later will come in windows of their own; the system lacks a library ({error})")
        return None
    return single_instance
