"""Window: `wsiview [FILE…]` and `wsiview demo`."""

from __future__ import annotations

import argparse
import os
import sys

from wsiview.cli.reporting import Reporter
from wsiview.errors import UsageError, WsiviewError
from wsiview.progress import Progress


def run(arguments: argparse.Namespace, reporter: Reporter, progress: Progress) -> int:
    """Open the window; returns when it is closed."""
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise UsageError("there is no screen to open a window on; start wsiview in a desktop session")
    try:
        from wsiview.gui.application import open_window
    except ImportError as error:
        if "wsiview" in str(error.name):
            raise
        raise WsiviewError(
            f"the window can't be opened, because the system lacks a library ({error}); "
            "install the packages that the README names for Linux"
        ) from error
    return open_window(
        [str(path) for path in arguments.files],
        model=arguments.model,
        clustering=arguments.clustering,
        demo=arguments.demo,
    )
